import type { LabelAudit, Suspect } from "../../../src/core/training/labelAudit";
import type { Engine } from "../../../src/engine/engine";
import type {
  DuplicateCounts,
  GroupView,
  Leakage,
  LeakageCounts,
  NearReport,
  QualityExample,
  Report,
  SampleView,
  TierCounts,
} from "../../../src/core/leakage/report";
import { MEASURES } from "../../../src/core/near/near";
import { NOTHING_SAID, type ReviewState } from "../../../src/core/review/review";
import { DEFAULT_OPTIONS } from "../../../src/core/sanitize/options";
import type { ApplyResult, PlanSummary, PlanChange } from "../../../src/core/sanitize/plan";
import type {
  EpochScore,
  ExperimentResult,
  ExperimentSummary,
  TrainingRun,
  TrainingSize,
} from "../../../src/core/training/experiment";
import { headlineAccuracy } from "../../../src/core/training/costs";
import type { Cost, Interval } from "../../../src/core/training/leakageCost";
import { completeExperiment, planRuns } from "../../../src/core/training/planRuns";
import { runCli } from "../../../src/cli/cli";
import type { Environment } from "../../../src/cli/output/terminal";

const LETTERS = "A B C D E F G H I J".split(" ");

const counts = (groups: number, samples: number): { groups: number; samples: number; extra: number } => ({
  groups,
  samples,
  extra: samples - groups,
});

function leak(split: string, into: string, samples: number, file = samples): Leakage[] {
  const of = (tier: "file" | "pixel", n: number): Leakage => ({
    split,
    in: into,
    tier,
    samples: n,
    groups: n,
    pairs: n,
    withoutBlank: { samples: Math.max(0, n - 1), groups: Math.max(0, n - 1), pairs: Math.max(0, n - 1) },
  });
  return [of("file", file), of("pixel", samples)];
}

/** A report with a leak, duplicates, a conflict, blank, unreadable and invalid images. */
export function leakyReport(change: Partial<Report> = {}): Report {
  const classes = Object.fromEntries(LETTERS.map((name) => [name, 1500]));
  return {
    schema: "cleansplit/report@1",
    near: null,
    dataset: {
      name: "letters",
      inputs: ["/data/letters"],
      units: [
        {
          path: "/data/letters/train",
          split: "train",
          role: "train",
          samples: 15364,
          reason: 'Folder "train" is named as a train split.',
        },
        {
          path: "/data/letters/test",
          split: "test",
          role: "test",
          samples: 3493,
          reason: 'Folder "test" is named as a test split.',
        },
      ],
      ignored: [{ path: "train/.DS_Store", reason: "not an image" }],
      notes: [],
    },
    splits: [
      { name: "train", role: "train", samples: 15364, unreadable: 0, invalid: 0, classes },
      { name: "test", role: "test", samples: 3493, unreadable: 2, invalid: 1, classes },
    ],
    classes: LETTERS,
    duplicates: {
      file: { ...counts(200, 500), withoutBlank: counts(199, 400) },
      pixel: { ...counts(210, 520), withoutBlank: counts(209, 420) },
    },
    leakage: [...leak("train", "test", 236, 230), ...leak("test", "train", 73, 70)],
    conflicts: { groups: 2, samples: 11 },
    blank: { samples: 100 },
    unreadable: [
      { sample: 7, id: "test/A/x.png", split: "test", reason: "the file is empty" },
      { sample: 8, id: "test/A/y.png", split: "test", reason: "the file is empty" },
    ],
    invalid: [{ sample: 9, id: "a.npz#test[3]", split: "test", reason: "label 108 of 10 classes" }],
    collisions: { groups: 1, samples: 2 },
    quality: {
      nearlyBlank: { samples: 1, threshold: 6, examples: [qualityExample(11, "its grey levels differ by 1.4 of 255")] },
      oddSize: { samples: 1, rule: "majority", examples: [qualityExample(12, "28 x 56 pixels")] },
      oddAspect: { samples: 0, examples: [] },
      wrongExtension: {
        samples: 1,
        kinds: [{ extension: ".png", format: "jpeg", samples: 1 }],
        examples: [qualityExample(13, "named .png, but it is a JPEG file")],
      },
      mixedModes: {
        samples: 1,
        modes: [
          { mode: "L", samples: 18853 },
          { mode: "RGB", samples: 1 },
        ],
        examples: [qualityExample(13, "its mode is RGB")],
      },
      sizes: { distinct: 2, mostCommon: { width: 28, height: 28, samples: 18853 } },
      balance: [
        {
          split: "train",
          largest: { label: "A", samples: 1500 },
          smallest: { label: "J", samples: 100 },
          ratio: 15,
          imbalanced: true,
        },
      ],
    },
    timing: { seconds: 1.25, samples: 18857 },
    ...change,
  };
}

/** What a search for near duplicates adds to a report: `leaking` test images, and a pair within train. */
export function withNear(report: Report, leaking = 5, change: Partial<NearReport> = {}): Report {
  const add = (tier: TierCounts, more: number): TierCounts => {
    const plus = (counts: DuplicateCounts): DuplicateCounts => ({
      groups: counts.groups + more,
      samples: counts.samples + 2 * more,
      extra: counts.extra + more,
    });
    return { ...plus(tier), withoutBlank: plus(tier.withoutBlank) };
  };
  const plus = (counts: LeakageCounts): LeakageCounts => ({
    samples: counts.samples + leaking,
    groups: counts.groups + leaking,
    pairs: counts.pairs + leaking,
  });
  return {
    ...report,
    duplicates: { ...report.duplicates, near: add(report.duplicates.pixel, leaking + (leaking > 0 ? 1 : 0)) },
    leakage: report.leakage.flatMap((leak): Leakage[] =>
      leak.tier === "pixel"
        ? [leak, { ...leak, ...plus(leak), tier: "near", withoutBlank: plus(leak.withoutBlank) }]
        : [leak],
    ),
    near: {
      measure: MEASURES.glyphs,
      reason: "Nearly all pictures are tiny and of nearly two tones.",
      threshold: 9,
      reach: 16,
      limited: null,
      compared: 18000,
      degenerate: 120,
      pairs: leaking + (leaking > 0 ? 1 : 0),
      chance: 0.4,
      histogram: { bounds: [0, 1, 2], within: [3, 4], between: [5, 6] },
      conflicts: { groups: 0, samples: 0 },
      precision: [],
      decisions: { file: null, duplicate: 0, different: 0, stale: 0 },
      ...change,
    },
  };
}

/** A report without a fault. */
export function cleanReport(): Report {
  const none = { ...counts(0, 0), withoutBlank: counts(0, 0) };
  const nothing = { samples: 0, examples: [] };
  return leakyReport({
    splits: leakyReport().splits.map((split) => ({ ...split, unreadable: 0, invalid: 0 })),
    duplicates: { file: none, pixel: none },
    leakage: [...leak("train", "test", 0), ...leak("test", "train", 0)],
    conflicts: { groups: 0, samples: 0 },
    blank: { samples: 0 },
    unreadable: [],
    invalid: [],
    collisions: { groups: 0, samples: 0 },
    quality: {
      nearlyBlank: { ...nothing, threshold: 6 },
      oddSize: { ...nothing, rule: "majority" },
      oddAspect: nothing,
      wrongExtension: { ...nothing, kinds: [] },
      mixedModes: { ...nothing, modes: [{ mode: "L", samples: 18857 }] },
      sizes: { distinct: 1, mostCommon: { width: 28, height: 28, samples: 18857 } },
      balance: [],
    },
  });
}

function qualityExample(sample: number, reason: string): QualityExample {
  const { id, split, file, isImageFile } = sampleView(sample);
  return { sample, id, split, reason, file, isImageFile };
}

export function sampleView(sample: number, split = "train"): SampleView {
  const id = `${split}/A/${sample}.png`;
  return { sample, id, split, label: "A", width: 28, height: 28, file: `/data/letters/${id}`, isImageFile: true };
}

export const GROUPS: readonly GroupView[] = Array.from({ length: 3 }, (_, group) => ({
  group,
  tier: "file",
  size: 9 - group,
  splits: ["train", "test"],
  labels: ["A", "B"],
  conflict: group === 0,
  blank: group === 1,
  decided: group === 2,
  worst: null,
  members: [sampleView(2 * group), sampleView(2 * group + 1, "test")].map((view) => ({
    ...view,
    nearness: null,
    choice: null,
  })),
}));

/** Somebody kept three images and dropped two; of one more that was dropped the content changed. */
export const REVIEW: ReviewState = {
  ...NOTHING_SAID,
  keep: 3,
  drop: 2,
  stale: 1,
  file: "/data/.cleansplit/choices.json",
};

export const PLAN: PlanSummary = {
  plan: "plan-1",
  options: DEFAULT_OPTIONS,
  moved: 0,
  undecided: 0,
  edited: 0,
  policy: "Test is protected first, then validation: what they share with train leaves train.",
  splits: [
    {
      name: "train",
      role: "train",
      movedOut: 0,
      movedIn: 0,
      before: 15364,
      after: 14900,
      removed: {
        leaks: 236,
        duplicate: 217,
        conflict: 11,
        unreadable: 0,
        invalid: 0,
        balance: 0,
        split: 0,
        edited: 0,
        label: 0,
        choice: 0,
      },
      shapeBefore: "15,364 images",
      shapeAfter: "14,900 images",
      classes: { A: { before: 15364, after: 14900 } },
    },
    {
      name: "test",
      role: "test",
      movedOut: 0,
      movedIn: 0,
      before: 3493,
      after: 3490,
      removed: {
        leaks: 0,
        duplicate: 0,
        conflict: 0,
        unreadable: 2,
        invalid: 1,
        balance: 0,
        split: 0,
        edited: 0,
        label: 0,
        choice: 0,
      },
      shapeBefore: "3,493 images",
      shapeAfter: "3,490 images",
      classes: { A: { before: 3493, after: 3490 } },
    },
  ],
  before: 18857,
  after: 18390,
  outputs: ["train/ (14,900 images)", "test/ (3,490 images)"],
  collisions: [],
};

export const CHANGES: readonly PlanChange[] = Array.from({ length: 501 }, (_, index) => ({
  sample: sampleView(index),
  action: "leave",
  to: null,
  reason: index === 0 ? "unreadable" : "leaks",
  tier: index === 0 ? null : "file",
  twin: index === 0 ? null : sampleView(index, "test"),
  nearness: null,
  detail: "It also occurs in test.",
}));

const APPLIED: ApplyResult = {
  folder: "/data/letters-sanitized",
  certificate: "/data/sanitized/cleansplit-certificate.json",
  manifest: "/data/letters-sanitized/cleansplit-manifest.json",
  files: 18391,
  samples: 18390,
  verified: ["All 18,390 images were read again and equal their source."],
};

/** A training by the recipe of the course, with two seeds. */
export function experimentResult(change: Partial<ExperimentResult> = {}): ExperimentResult {
  const spec = completeExperiment({ sizes: [50, 1000, "all"], seeds: [1, 2] });
  const available = { original: 15364, sanitized: 14904 };
  const plan = planRuns(spec, available);
  const epoch = (index: number): EpochScore => ({
    loss: 2 - index / 10,
    accuracy: 0.5 + index / 50,
    valLoss: 1.9 - index / 10,
    valAccuracy: 0.52 + index / 50,
  });
  const accuracies: Readonly<Record<string, number>> = { 50: 0.55, 1000: 0.78, all: 0.822 };
  const results = plan.map((planned): TrainingRun => {
    const accuracy = (accuracies[planned.size] ?? 0) + planned.seed / 1000 - (planned.data === "original" ? 0 : 0.004);
    return {
      ...planned,
      backend: "kernel",
      curve: [epoch(1), epoch(2)],
      seconds: 1.5,
      isKept: planned.size === "all" && planned.seed === 1,
      scores: {
        original: { loss: 0.7, accuracy, samples: 3493 },
        sanitized: { loss: 0.7, accuracy: accuracy - 0.001, samples: 3448 },
        clean: { loss: 0.7, accuracy: accuracy - 0.003, samples: 3415 },
        leaked: { loss: 0.3, accuracy: 0.96, samples: 78 },
      },
    };
  });
  return {
    schema: "cleansplit/experiment@1",
    experiment: EXPERIMENT,
    dataset: { name: "letters", fingerprint: "sha256:0" },
    started: "2026-11-26T04:35:36.915Z",
    status: "done",
    error: null,
    spec,
    backends: { softmax: { backend: "kernel", reason: "CleanSplit's own kernel" } },
    features: "28 x 28 grey, (p - 127.5) / 255",
    classes: LETTERS,
    samples: {
      train: available,
      validation: { original: 3360, sanitized: 3291 },
      test: { original: 3493, sanitized: 3448, clean: 3415, leaked: 78 },
    },
    plan,
    runs: results.map((result, run) => ({ run, curve: result.curve, result })),
    costs: spec.sizes.map((size): Cost => costAt(size, accuracies[size] ?? 0)),
    ...change,
  };
}

/** Names {@link experimentResult}. */
export const EXPERIMENT = "20261126-043536-fded92";

function costAt(size: TrainingSize, accuracy: number): Cost {
  const around = (value: number): Interval => ({ value, low: value - 0.01, high: value + 0.01 });
  const models = { test: around(accuracy), clean: around(accuracy - 0.003), leaked: around(0.96) };
  return {
    model: "softmax",
    size,
    trained: { original: size === "all" ? 15364 : size, sanitized: size === "all" ? 14904 : size },
    seeds: 2,
    samples: { test: 3493, leaked: 78, leakedGroups: 36 },
    original: models,
    sanitized: { ...models, sanitized: around(accuracy - 0.001) },
    drop: around(0.003),
    composition: around(0.003),
    memorising: around(0),
    difference: around(0.004),
    sentence: `The sentence of size ${size}.`,
  };
}

/** The line of {@link experimentResult} in a list. */
export function experimentSummary(change: Partial<ExperimentSummary> = {}): ExperimentSummary {
  const { experiment, dataset, started, status, spec, runs, plan, costs } = experimentResult();
  return {
    experiment,
    dataset,
    started,
    status,
    spec,
    finished: runs.length,
    planned: plan.length,
    sentence: costs.at(-1)?.sentence ?? null,
    accuracy: headlineAccuracy(costs),
    ...change,
  };
}

/** Two suspects, of which the first has a duplicate that contradicts it. */
export const SUSPECTS: readonly Suspect[] = [0, 1].map((at) => ({
  ...sampleView(at, at === 0 ? "test" : "train"),
  label: "D",
  suggested: "B",
  ofLabel: 0.0004,
  ofSuggested: 0.9953,
  duplicates: at === 0 ? 2 : 0,
  conflicting: at === 0 ? 1 : 0,
  verdict: null,
}));

/** The audit that found them. */
export const AUDIT: LabelAudit = {
  schema: "cleansplit/label-audit@1",
  audit: "audit-1",
  model: "Softmax regression",
  samples: 1000,
  accuracy: 0.878,
  folds: 5,
  suspects: 2,
  conflicting: 1,
  estimatedErrors: 0.0021,
  classes: LETTERS,
  splits: ["train", "test"],
  pairs: [{ label: "D", suggested: "B", estimated: 2.1, suspects: 2 }],
  judged: { right: 0, wrong: 0 },
  sentence: "2 of 1,000 labels should be looked at: to a model that did not see their images, they look wrong.",
};

/** An engine that answers at once; methods can be replaced. */
export function stubEngine({ inspect, ...change }: Partial<Engine> = {}): Engine {
  let inspected = leakyReport();
  return {
    inspect: async (request, run) => {
      if (inspect === undefined) run.progress({ phase: "reading", done: 500, total: 1000 });
      const result = await (inspect?.(request, run) ?? { inspection: "inspection-1", report: leakyReport() });
      inspected = result.report;
      return result;
    },
    groups: async ({ query }) => ({
      total: GROUPS.length,
      from: query.from,
      groups: GROUPS.slice(query.from, query.from + query.count),
    }),
    findGroup: async () => null,
    findSamples: async ({ names }) => names.map(() => null),
    near: async () => withNear(inspected, inspected.duplicates.pixel.groups > 0 ? 5 : 0),
    pairs: async ({ from }) => ({ total: 0, from, pairs: [] }),
    doubtful: async () => [],
    review: async () => ({ review: REVIEW, report: null }),
    undoReview: async () => ({ review: REVIEW, report: null }),
    redoReview: async () => ({ review: REVIEW, report: null }),
    reviewState: async () => REVIEW,
    compare: async () => {
      const png = new Uint8Array();
      const nearness = { score: 4.5, transform: "as it is", shift: [0, 0], verdict: null } as const;
      return { first: png, second: png, difference: png, width: 28, height: 28, nearness };
    },
    thumbnails: async () => [],
    exportReport: async ({ file }) => ({ files: [file] }),
    marks: async () => [],
    examine: async () => [],
    plan: async () => PLAN,
    changes: async ({ from, count }) => ({
      total: CHANGES.length,
      from,
      changes: CHANGES.slice(from, from + count),
    }),
    previews: async () => [],
    planFile: async () => "{}",
    readPlan: async () => PLAN,
    verify: async ({ folder }) => ({ folder, ok: true, files: 0, samples: 0, verified: [], problems: [] }),
    undo: async ({ folder }) => ({ folder, files: 0, kept: [] }),
    quarantine: async () => ({ folder: "/data/letters-quarantine", files: 0 }),
    restore: async ({ folder }) => ({ folder, files: 0, kept: [] }),
    apply: async (_, run) => {
      run.progress({ phase: "writing", done: 1, total: 2 });
      return APPLIED;
    },
    runExperiment: async (_, run) => {
      const result = experimentResult();
      run.progress({ type: "status", status: "loading" });
      run.progress({ type: "loading", done: 1, total: 2 });
      run.progress({ type: "snapshot", experiment: { ...result, status: "training", runs: [], costs: [] } });
      for (const { run: number, curve, result: trained } of result.runs) {
        curve.forEach((score, epoch) => run.progress({ type: "epochs", run: number, epoch, scores: [score] }));
        if (trained !== null) run.progress({ type: "run", run: number, result: trained });
      }
      run.progress({ type: "cost", costs: result.costs });
      run.progress({ type: "status", status: "done" });
      return result;
    },
    installNative: async (_, run) => {
      run.progress({ step: "Fetching packages", detail: "" });
      run.progress({ step: "Fetching packages", detail: "tfjs-4.22.0.tgz" });
      return { folder: "/cache/native", version: "4.22.0" };
    },
    auditLabels: async (_, run) => {
      run.progress({ phase: "predicting", done: 500, total: 1000 });
      return AUDIT;
    },
    suspects: async ({ query: { from, count } }) => ({
      total: SUSPECTS.length,
      suspects: SUSPECTS.slice(from, from + count),
    }),
    judgeLabels: async ({ samples, verdict }) => ({
      ...AUDIT,
      judged: { right: 0, wrong: 0, ...(verdict === null ? {} : { [verdict]: samples.length }) },
    }),
    resumeExperiment: async (_, run) => {
      run.progress({ type: "snapshot", experiment: experimentResult() });
      return experimentResult();
    },
    pauseExperiment: async () => undefined,
    experiments: async () => [experimentSummary()],
    experiment: async () => experimentResult(),
    forgetExperiment: async () => undefined,
    runDetails: async () => {
      throw new Error("No details are asked for.");
    },
    mistakes: async () => ({ total: 0, mistakes: [] }),
    exportExperiment: async ({ file }) => ({ files: [file] }),
    exportModel: async ({ folder }) => ({ folder, files: ["model.json"] }),
    sample: async ({ into }) => ({ folder: into }),
    close: async () => undefined,
    ...change,
  };
}

/** What a command line printed and answered. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Engines that were made and not closed. */
  readonly open: number;
}

/** Runs a command line on an engine, as if in a terminal of `columns` or, without them, in a pipe. */
export async function run(
  argv: readonly string[],
  options: {
    readonly engine?: Partial<Engine>;
    readonly columns?: number;
    readonly env?: Environment;
    readonly cwd?: string;
    readonly signal?: AbortSignal;
    readonly platform?: string;
  } = {},
): Promise<Outcome> {
  const written = { stdout: "", stderr: "" };
  let open = 0;
  const output = (
    name: "stdout" | "stderr",
  ): { write(text: string): void; isTTY: boolean; columns: number | undefined } => ({
    write: (text) => {
      written[name] += text;
    },
    isTTY: options.columns !== undefined,
    columns: options.columns,
  });
  const code = await runCli(argv, {
    stdout: output("stdout"),
    stderr: output("stderr"),
    env: options.env ?? {},
    cwd: options.cwd ?? "/data",
    signal: options.signal ?? new AbortController().signal,
    platform: options.platform ?? "linux",
    createEngine: () => {
      open += 1;
      const engine = stubEngine(options.engine);
      return {
        ...engine,
        close: async () => {
          open -= 1;
          await engine.close();
        },
      };
    },
  });
  return { code, ...written, open };
}
