import { headlineAccuracy } from "../../../src/core/training/costs";
import { costSentence } from "../../../src/core/training/costSentence";
import {
  DEFAULT_EXPERIMENT,
  planRuns,
  type Cost,
  type EpochScore,
  type ExperimentResult,
  type ExperimentSpec,
  type ExperimentStatus,
  type ExperimentSummary,
  type Interval,
  type Mistake,
  type PlannedRun,
  type RunDetails,
  type RunProgress,
  type Score,
  type ScoredRun,
  type TestSet,
  type TrainingData,
  type TrainingRun,
  type TrainingState,
} from "../../../src/protocol/training";

/** What is fixed about the dataset that is trained on. */
const TEST: Readonly<Record<TestSet, number>> = { original: 3_493, sanitized: 3_401, clean: 3_415, leaked: 78 };
const TRAIN: Readonly<Record<TrainingData, number>> = { original: 13_901, sanitized: 13_402 };

/** What a made-up experiment is like. */
export interface FakeTraining {
  readonly name: string;
  readonly spec: ExperimentSpec;
  readonly classes: readonly string[];
  /** Whether test images are leaked. */
  readonly leaks: boolean;
  readonly status: ExperimentStatus;
  /** Runs that are finished, and epochs of the next one. */
  readonly finished: number;
  readonly epochs: number;
  readonly started: string;
  readonly experiment: string;
}

const LETTERS = "A B C D E F G H I J".split(" ");

const USUAL: FakeTraining = {
  name: "notmnist_split",
  spec: DEFAULT_EXPERIMENT,
  classes: LETTERS,
  leaks: true,
  status: "done",
  finished: 50,
  epochs: 0,
  started: "2026-11-26T04:15:37.000Z",
  experiment: "2026-11-26-041537",
};

/** An experiment as the engine keeps it, with made-up numbers that look like those of letters. */
export function fakeExperiment(change: Partial<FakeTraining> = {}): ExperimentResult {
  const fake = { ...USUAL, ...change };
  const { spec, leaks, status, finished } = fake;
  const plan = planRuns(spec, TRAIN);
  const runs = plan.slice(0, finished).map((planned, run): RunProgress => {
    const result = resultOf(planned, leaks);
    return { run, curve: result.curve, result };
  });
  const next = plan[finished];
  if (next !== undefined && fake.epochs > 0) {
    const curve = Array.from({ length: fake.epochs }, (_, epoch) => scoreAt(next, epoch + 1));
    runs.push({ run: finished, curve, result: null });
  }
  return {
    schema: "cleansplit/experiment@1",
    experiment: fake.experiment,
    dataset: { name: fake.name, fingerprint: "0f343b0931126a20f133d67c2b018a3b" },
    started: fake.started,
    status,
    error: status === "failed" ? "The trainer ended unexpectedly (signal SIGKILL). What finished is kept." : null,
    spec,
    backends: Object.fromEntries(
      spec.models.map((model) => [
        model,
        model === "softmax" || model === "knn"
          ? { backend: "kernel", reason: "the fastest for this model" }
          : { backend: "wasm", reason: "the native library is not installed" },
      ]),
    ),
    features: "28 x 28 grey, (p - 127.5) / 255",
    classes: fake.classes,
    samples: { train: TRAIN, validation: { original: 3_476, sanitized: 3_354 }, test: testOf(leaks) },
    plan,
    runs,
    costs: costsOf(plan, runs, leaks),
  };
}

function testOf(leaks: boolean): Readonly<Record<TestSet, number>> {
  return leaks ? TEST : { original: TEST.original, sanitized: TEST.original, clean: TEST.original, leaked: 0 };
}

/** A number from -1 to 1 that is the same for the same words. */
function noise(...words: readonly (string | number)[]): number {
  let hash = 2166136261;
  for (const letter of words.join(" ")) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return (hash >>> 8) / 2 ** 23 - 1;
}

/** The accuracy that a model reaches on images that nobody has seen. */
function best({ model, data, trained, seed }: PlannedRun): number {
  const gain = { softmax: 0, "softmax-l2": 0.006, knn: 0.02, mlp: 0.05, cnn: 0.075 }[model];
  const spread = 0.05 / Math.sqrt(trained / 50);
  const share = 1 - 0.62 * (trained / 25) ** -0.36;
  return Math.min(
    0.97,
    0.56 + 0.29 * share + gain + (data === "original" ? 0.002 : 0) + spread * noise(model, seed, trained),
  );
}

/** The scores of a run after `epoch` epochs, as such runs go. */
export function scoreAt(planned: PlannedRun, epoch: number): EpochScore {
  const accuracy = best(planned) * (1 - 0.45 * Math.exp(-epoch / 4));
  const wave = 0.003 * noise(planned.seed, planned.size, epoch);
  return {
    loss: 2.3 * (1 - accuracy) + 0.1,
    accuracy: accuracy + 0.01,
    valLoss: 2.3 * (1 - accuracy) + 0.19 - 2 * wave,
    valAccuracy: accuracy - 0.006 + wave,
  };
}

/** A finished run. */
export function resultOf(planned: PlannedRun, leaks = true): TrainingRun {
  const test = testOf(leaks);
  const clean = best(planned);
  const seen = planned.data === "original" && planned.size === "all" ? (planned.model === "knn" ? 1 : 0.975) : 0.93;
  const leaked = Math.min(1, Math.max(clean + 0.06, seen + 0.01 * noise(planned.seed, planned.data)));
  const share = test.leaked / test.original;
  const score = (accuracy: number, samples: number): Score | null =>
    samples === 0
      ? null
      : { loss: 2.4 * (1 - accuracy) + 0.05, accuracy: Math.round(accuracy * samples) / samples, samples };
  return {
    ...planned,
    backend: planned.model === "mlp" || planned.model === "cnn" ? "wasm" : "kernel",
    curve: Array.from({ length: planned.epochs }, (_, epoch) => scoreAt(planned, epoch + 1)),
    scores: {
      original: score((1 - share) * clean + share * leaked, test.original),
      sanitized: score(clean + 0.002, test.sanitized),
      clean: score(clean, test.clean),
      leaked: score(leaked, test.leaked),
    },
    seconds: planned.trained / 9_000,
    isKept: planned.size === "all",
  };
}

function costsOf(plan: readonly PlannedRun[], runs: readonly RunProgress[], leaks: boolean): Cost[] {
  const done = runs.flatMap(({ result }) => result ?? []);
  const cells = new Map(plan.map((planned) => [`${planned.model} ${planned.size}`, planned]));
  return [...cells.values()].flatMap(({ model, size }): Cost[] => {
    const own = done.filter((run) => run.model === model && run.size === size);
    const of = (data: TrainingData): TrainingRun[] => own.filter((run) => run.data === data);
    const seeds = Math.min(of("original").length, of("sanitized").length);
    return seeds === 0 ? [] : [costOf(of("original").slice(0, seeds), of("sanitized").slice(0, seeds), leaks)];
  });
}

function costOf(original: readonly TrainingRun[], sanitized: readonly TrainingRun[], leaks: boolean): Cost {
  const test = testOf(leaks);
  const share = test.leaked / test.original;
  const mean = (runs: readonly TrainingRun[], set: TestSet): number =>
    runs.reduce((sum, run) => sum + (run.scores[set]?.accuracy ?? 0), 0) / runs.length;
  const spread = (runs: readonly TrainingRun[], set: TestSet): number => {
    const values = runs.map((run) => run.scores[set]?.accuracy ?? 0);
    return (Math.max(...values) - Math.min(...values)) / 2;
  };
  const score = (runs: readonly TrainingRun[], set: TestSet): Interval => {
    const value = mean(runs, set);
    const width = 1.96 * Math.sqrt((value * (1 - value)) / Math.max(1, test[set])) + spread(runs, set) / 2;
    return { value, low: Math.max(0, value - width), high: Math.min(1, value + width) };
  };
  const around = (value: number, width: number): Interval => ({ value, low: value - width, high: value + width });
  const drop = around(mean(original, "original") - mean(original, "clean"), 0.0014);
  const composition = around(share * (mean(sanitized, "leaked") - mean(sanitized, "clean")), 0.0016);
  const memorising = around(drop.value - composition.value, 0.0012);
  const [first] = original;
  const [other] = sanitized;
  const known = {
    original: { test: score(original, "original"), clean: score(original, "clean"), leaked: score(original, "leaked") },
    sanitized: {
      test: score(sanitized, "original"),
      clean: score(sanitized, "clean"),
      leaked: score(sanitized, "leaked"),
      sanitized: score(sanitized, "sanitized"),
    },
    difference: around(mean(original, "original") - mean(sanitized, "sanitized"), 0.006),
  };
  const cost: Omit<Cost, "sentence"> = {
    model: first?.model ?? "softmax",
    size: first?.size ?? "all",
    trained: { original: first?.trained ?? 0, sanitized: other?.trained ?? 0 },
    seeds: original.length,
    samples: { test: test.original, leaked: test.leaked, leakedGroups: Math.round(test.leaked * 0.9) },
    original: leaks ? known.original : { ...known.original, leaked: null },
    sanitized: leaks ? known.sanitized : { ...known.sanitized, leaked: null },
    drop: leaks ? drop : null,
    composition: leaks ? composition : null,
    memorising: leaks ? memorising : null,
    difference: known.difference,
  };
  return { ...cost, sentence: costSentence(cost) };
}

/** One line of the list for an experiment. */
export function summaryOf(experiment: ExperimentResult): ExperimentSummary {
  const { dataset, started, status, spec, plan, runs, costs } = experiment;
  const cost = costs.findLast(({ model }) => model === spec.models[0]);
  return {
    experiment: experiment.experiment,
    dataset,
    started,
    status,
    spec,
    finished: runs.filter(({ result }) => result !== null).length,
    planned: plan.length,
    sentence: cost === undefined ? null : costSentence(cost),
    accuracy: headlineAccuracy(costs),
  };
}

/** What the predictions of a run say, made to fit its accuracy. */
export function detailsOf(experiment: ExperimentResult, { run, set }: ScoredRun): RunDetails {
  const result = experiment.runs.find((progress) => progress.run === run)?.result;
  if (!result) throw new Error(`Run ${run} is not finished.`);
  const score = result.scores[set] ?? { loss: 0, accuracy: 0, samples: 0 };
  const { classes } = experiment;
  const each = Math.round(score.samples / classes.length);
  const confusion = classes.map((label, row) => {
    const wrong = Math.min(1, Math.max(0, (1 - score.accuracy) * (1 + 0.5 * noise(label, "class"))));
    const weights = classes.map((other, column) => (column === row ? 0 : (1 + noise(label, other)) ** 3));
    const sum = weights.reduce((a, b) => a + b, 0) || 1;
    // What is left over by rounding goes to the next class, so that many classes share a few mistakes.
    let rest = 0;
    const counts = weights.map((weight) => {
      const share = (each * wrong * weight) / sum + rest;
      rest = share - Math.round(share);
      return Math.round(share);
    });
    counts[row] = each - counts.reduce((a, b) => a + b, 0);
    return counts;
  });
  const columns = classes.map((_, column) => confusion.reduce((sum, row) => sum + (row[column] ?? 0), 0));
  return {
    run: result,
    evaluation: {
      set,
      score,
      classes: classes.map((name, index) => ({
        name,
        samples: each,
        recall: each === 0 ? null : (confusion[index]?.[index] ?? 0) / each,
        precision: columns[index] === 0 ? null : (confusion[index]?.[index] ?? 0) / (columns[index] ?? 1),
      })),
      confusion,
      calibration: {
        bins: Array.from({ length: 10 }, (_, bin) => ({
          from: bin / 10,
          to: (bin + 1) / 10,
          samples: bin === 0 ? 0 : Math.round(score.samples * (bin === 9 ? 0.52 : 0.06)),
          confidence: bin === 0 ? 0 : bin / 10 + 0.055,
          accuracy: bin === 0 ? 0 : Math.min(0.99, bin / 10 + 0.055 + 0.05 * Math.sin(bin)),
        })),
        error: 0.031,
      },
    },
  };
}

/** The images that a run got wrong, the most confident first. */
export function mistakesOf(
  experiment: ExperimentResult,
  scored: ScoredRun,
  cell: { readonly label: number; readonly predicted: number } | null,
): readonly Mistake[] {
  const { evaluation } = detailsOf(experiment, scored);
  const mistakes = evaluation.confusion.flatMap((row, label) =>
    row.flatMap((count, predicted) =>
      label === predicted || (cell !== null && (cell.label !== label || cell.predicted !== predicted))
        ? []
        : Array.from({ length: count }, (_, index): Mistake => {
            const sample = 17_377 + ((label * 349 + predicted * 31 + index * 7) % 3_493);
            const name = experiment.classes[label] ?? "";
            return {
              sample: experiment.dataset.fingerprint === "changed" ? null : sample,
              id: `test/${name}/${btoa(`${label}${predicted}${index}`).slice(0, 10)}.png`,
              label: name,
              predicted: experiment.classes[predicted] ?? "",
              confidence: 0.985 - 0.6 * ((index + 0.5) / (count + 1)) - 0.02 * Math.abs(noise(label, predicted)),
              leaked: sample % 41 === 0,
            };
          }),
    ),
  );
  return mistakes.sort((a, b) => b.confidence - a.confidence);
}

const KEPT = [
  fakeExperiment(),
  fakeExperiment({
    experiment: "2026-11-25-181002",
    started: "2026-11-25T18:10:02.000Z",
    spec: { ...DEFAULT_EXPERIMENT, models: ["knn"], sizes: [1000, "all"], seeds: [1, 2, 3] },
    finished: 8,
  }),
  fakeExperiment({
    experiment: "2026-11-25-090112",
    started: "2026-11-25T09:01:12.000Z",
    spec: { ...DEFAULT_EXPERIMENT, models: ["softmax", "cnn"], epochs: 5, learningRate: 0.05 },
    status: "interrupted",
    finished: 62,
    epochs: 3,
  }),
];

/** The scenarios of the training page. */
export const TRAINING_SCENARIOS: Readonly<Record<string, () => TrainingState>> = {
  idle: () => state(null, { kept: [] }),
  uninspected: () => state(null, { kept: [], inspection: "none" }),
  inspecting: () => state(null, { kept: [], inspection: "running" }),
  untrusted: () => state(null, { kept: [], trusted: false }),
  untrustedDone: () => state(fakeExperiment(), { trusted: false }),
  loading: () => ({ ...state(null, { kept: [] }), status: "loading", loading: { done: 9_200, total: 20_870 } }),
  searching: () => ({
    ...state(null, { kept: [] }),
    status: "loading",
    loading: { phase: "near", done: 9_200, total: 20_870 },
  }),
  changed: () => {
    const experiment = fakeExperiment();
    return state({ ...experiment, dataset: { ...experiment.dataset, fingerprint: "changed" } });
  },
  first: () => state(fakeExperiment({ status: "training", finished: 0 })),
  training: () => state(fakeExperiment({ status: "training", finished: 25, epochs: 9 }), { secondsLeft: 42 }),
  paused: () => state(fakeExperiment({ status: "paused", finished: 25, epochs: 9 })),
  done: () => state(fakeExperiment()),
  clean: () => state(fakeExperiment({ leaks: false })),
  cancelled: () => state(fakeExperiment({ status: "cancelled", finished: 25, epochs: 9 })),
  failed: () => state(fakeExperiment({ status: "failed", finished: 13, epochs: 4 })),
  refused: () => state(fakeExperiment(), { error: "The training cannot start: choose at least one size." }),
  interrupted: () => state(fakeExperiment({ status: "interrupted", finished: 25, epochs: 9 })),
  three: () => {
    const spec = { ...DEFAULT_EXPERIMENT, models: ["softmax", "knn", "cnn"] as const, seeds: [1, 2, 3] };
    return state(fakeExperiment({ spec, finished: Infinity }));
  },
  single: () => {
    const spec = { ...DEFAULT_EXPERIMENT, data: ["original"] as const, sizes: ["all"] as const, seeds: [1] };
    return state(fakeExperiment({ spec, finished: 1 }));
  },
  many: () => {
    const classes = Array.from(
      { length: 120 },
      (_, index) => `${index % 2 === 0 ? "English springer" : "tench, Tinca tinca"} ${index}`,
    );
    return state(fakeExperiment({ classes }));
  },
  hostile: () => {
    const classes = [
      "<img src=x onerror=alert(1)>",
      "a\u202Egnp.exe",
      "x".repeat(300),
      "",
      "D",
      "E",
      "F",
      "G",
      "H",
      "I",
    ];
    return state(fakeExperiment({ classes, name: '"><script>alert(1)</script>' }));
  },
};

/** The kept experiments of the scenarios. */
export function keptExperiment(experiment: string): ExperimentResult {
  const found = KEPT.find((kept) => kept.experiment === experiment);
  if (found === undefined) throw new Error("This experiment is not kept any more.");
  return found;
}

function state(experiment: ExperimentResult | null, change: Partial<TrainingState> = {}): TrainingState {
  const others = KEPT.filter((kept) => kept.experiment !== experiment?.experiment).map(summaryOf);
  return {
    name: experiment?.dataset.name ?? "notmnist_split",
    status: experiment?.status ?? "idle",
    experiment,
    loading: null,
    secondsLeft: null,
    error: null,
    kept: [...(experiment === null ? [] : [summaryOf(experiment)]), ...others],
    next: DEFAULT_EXPERIMENT,
    inspection: "done",
    trusted: true,
    sequence: 100,
    ...change,
  };
}
