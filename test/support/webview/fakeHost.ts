/// <reference lib="dom" />
/*
 * The extension host as a page sees it, inside the page: `acquireVsCodeApi`, and behind it answers that are made up.
 * `?scenario=` chooses what there is; tests read and drive it through `window.fake`.
 */
import { callerOf, serveCalls, type Port } from "../../../src/protocol/channel";
import type {
  ComparisonView,
  ReportHost,
  ReportPage,
  ReportState,
  ReviewAction,
  ThumbnailView,
} from "../../../src/protocol/report";
import type { LabelsHost, LabelsPage, LabelsState } from "../../../src/protocol/labels";
import type {
  ExperimentResult,
  ExperimentStatus,
  PlannedRun,
  TrainingDelta,
  TrainingHost,
  TrainingPage,
  TrainingState,
} from "../../../src/protocol/training";
import { DEFAULT_OPTIONS } from "../../../src/protocol/report";
import { speakLanguage } from "../../../webview-ui/src/shared/language";
import { DATASETS, FakeReport, stateOf, type FakeDataset } from "./fakeReport";
import { FakeLabels } from "./fakeLabels";
import { said } from "./said";
import { detailsOf, keptExperiment, mistakesOf, resultOf, scoreAt, TRAINING_SCENARIOS } from "./fakeTraining";

/** One call of the page, as a test reads it. */
export interface FakeCall {
  readonly method: string;
  readonly parameters: readonly unknown[];
}

/** What a test can do with the fake host. */
export interface Fake {
  readonly calls: FakeCall[];
  readonly violations: string[];
  readonly liveBlobs: Set<string>;
  readonly report: ReportPage;
  readonly training: TrainingPage;
  readonly labelsPage: LabelsPage;
  /** The state that `ready` answers; a test may change it. */
  reportState: ReportState;
  trainingState: TrainingState;
  /** Deltas of the experiment that is trained: an epoch, which counts from 0, and the end of a run. */
  epochOf: (sequence: number, run: number, epoch: number) => TrainingDelta;
  finishedRun: (sequence: number, run: number) => TrainingDelta;
  labelsState: LabelsState;
  /** Shows `reportState` changed by `change`. */
  update(change: Partial<ReportState>): void;
  /** Does a step of the review as another part of the editor would. */
  review(action: ReviewAction): void;
  /** Shows `trainingState` changed by `change`. */
  updateTraining(change: Partial<TrainingState>): void;
  /** Methods that fail, with their message. */
  readonly failing: Map<string, string>;
}

declare global {
  interface Window {
    fake: Fake;
    setTheme(name: string): void;
    acquireVsCodeApi(): unknown;
  }
}

// As the engine does, whose sentences pages show.
speakLanguage();
const scenario = new URLSearchParams(location.search).get("scenario") ?? "leak";

// Everything is copied on its way, as between processes, and arrives later.
const hostListeners = new Set<(message: unknown) => void>();
const hostPort: Port = {
  post: (message) => {
    const copy = structuredClone(message);
    setTimeout(() => window.dispatchEvent(new MessageEvent("message", { data: copy })));
  },
  listen: (listener) => {
    hostListeners.add(listener);
    return () => hostListeners.delete(listener);
  },
};
const STATE_KEY = `view of ${location.pathname}`;
window.acquireVsCodeApi = () => ({
  postMessage: (message: unknown) => {
    const copy = structuredClone(message);
    setTimeout(() => {
      for (const listener of hostListeners) listener(copy);
    });
  },
  getState: (): unknown => JSON.parse(sessionStorage.getItem(STATE_KEY) ?? "null"),
  setState: (state: unknown) => sessionStorage.setItem(STATE_KEY, JSON.stringify(state)),
});

const DECODING = {
  title: said("Decoding lookalikes"),
  text: said("1,204 of 3,480 images · 310/s · 7 s left"),
  done: 1_204,
  total: 3_480,
};

const SEARCHING = {
  title: said("Searching near duplicates"),
  text: said("8,204 of 18,632 images · 4,100/s · 3 s left"),
  done: 8_204,
  total: 18_632,
};

/** A review that is under way: some images are to stay, some to leave, and a group is done with. */
function reviewSome(report: FakeReport): void {
  const { groups } = report.groups({ sort: "size", from: 1, count: 4, membersEach: 3 });
  const [a = [], b = [], c = [], d = []] = groups.map(({ members }) => members.map(({ sample }) => sample));
  report.do({ type: "keep-one", sample: a[1] ?? 0, insteadOf: a.slice(0, 1) });
  report.do({ type: "choose", samples: b.slice(1), choice: "drop" });
  report.do({ type: "choose", samples: c, choice: "keep" });
  report.do({ type: "choose", samples: d, choice: "drop" });
  report.undo();
}

function reportScenario(): { readonly fake: FakeReport; readonly state: ReportState } {
  const dataset: FakeDataset =
    scenario in DATASETS
      ? DATASETS[scenario as keyof typeof DATASETS]
      : scenario === "clean" || scenario === "warning"
        ? { ...DATASETS.letters, groups: 0, faults: 0 }
        : scenario === "single"
          ? { ...DATASETS.letters, splits: [{ name: "all", role: "other", samples: 13_901 }] }
          : scenario === "nolabels"
            ? { ...DATASETS.photos, classes: [] }
            : DATASETS.letters;
  const fake = new FakeReport(scenario === "nearPhotos" ? DATASETS.photos : dataset, scenario.startsWith("near"));
  if (scenario === "edited" || scenario === "reviewed") reviewSome(fake);
  const base = stateOf(fake, scenario === "clean" || scenario === "warning" ? scenario : "leak");
  const none: ReportState = { ...base, inspection: null, report: null, verdict: null, quality: [] };
  const progress = {
    title: said("Reading"),
    text: said("12,480 of 20,870 images · 9,800/s · 1 s left"),
    done: 12_480,
    total: 20_870,
  };
  const paused = { ...progress, text: said("12,480 of 20,870 images") };
  const states: Readonly<Record<string, ReportState>> = {
    empty: none,
    loading: { ...none, progress, canPause: true },
    paused: { ...none, paused },
    counting: {
      ...none,
      progress: { title: said("Listing"), text: said("3,120 images found"), done: 3_120, total: 0 },
    },
    decoding: { ...none, progress: DECODING, canPause: true },
    decodingAgain: { ...base, progress: DECODING, canPause: true },
    failed: { ...none, error: said("The folder /data/notmnist_split is not there any more.") },
    noImages: {
      ...none,
      error: said(
        "/data/notes holds no images. Expected folders of images such as train/cat/1.png, a list of images (CSV, JSON), an archive of images (tar, zip, Parquet, TFRecord), or a pickle, IDX, .npy, .npz, HDF5, MATLAB (.mat) or CIFAR file. 1 entry was ignored, e.g. a/notes.txt: not an image, archive or array file by its name.",
      ),
    },
    again: { ...base, progress, canPause: true },
    pausedAgain: { ...base, paused },
    searching: { ...base, search: { status: "searching", progress: SEARCHING, error: null } },
    searchCancelled: { ...base, search: { status: "cancelled", progress: null, error: null } },
    searchFailed: {
      ...base,
      search: { status: "failed", progress: null, error: said("The engine ran out of memory.") },
    },
    reviewUntrusted: { ...base, trusted: false },
    nearUntrusted: { ...base, trusted: false },
    nearPlan: { ...base, plan: fake.plan() },
    lists: { ...base, corrected: ["/home/someone/datasets/skin-lesions/metadata.csv#dev"] },
    plan: { ...base, plan: fake.plan() },
    runs: { ...base, runs: TRAINING_SCENARIOS["done"]?.().kept ?? [] },
    untrusted: { ...base, plan: fake.plan(), trusted: false },
    asks: { ...base, plan: fake.plan({ ...DEFAULT_OPTIONS, conflicts: "ask" }) },
    moves: { ...base, plan: fake.plan({ ...DEFAULT_OPTIONS, policy: "move-groups" }), canQuarantine: true },
    edited: { ...base, plan: { ...fake.plan(), edited: 3 }, planFile: "letters-plan.json" },
    interrupted: { ...base, plan: fake.plan(), interrupted: "/data/notmnist_split-sanitized" },
    applied: {
      ...base,
      applied: {
        folder: "/data/notmnist_split-sanitized",
        certificate: "/data/notmnist_split-sanitized/cleansplit-certificate.json",
        manifest: "/data/notmnist_split-sanitized/cleansplit-manifest.json",
        files: 20_204,
        samples: 20_203,
        verified: [
          "20,203 images were read back and have the bytes of their originals.",
          "No image of one split occurs in another one.",
          "Labels and images have the same number in every split.",
        ].map(said),
      },
    },
    error: { ...base, error: said("Writing failed: there is no space left on the device. Nothing was left behind.") },
  };
  return { fake, state: states[scenario] ?? base };
}

const { fake: data, state } = reportScenario();
const labels = new FakeLabels(data, scenario);

function plannedRun(run: number): PlannedRun {
  const planned = fake.trainingState.experiment?.plan[run];
  if (planned === undefined) throw new Error(`No run ${run} is planned.`);
  return planned;
}

const fake: Fake = {
  calls: [],
  violations: [],
  liveBlobs: new Set(),
  report: callerOf<ReportPage>(hostPort),
  training: callerOf<TrainingPage>(hostPort),
  labelsPage: callerOf<LabelsPage>(hostPort),
  reportState: state,
  trainingState: (TRAINING_SCENARIOS[scenario] ?? TRAINING_SCENARIOS["done"])?.() as TrainingState,
  epochOf: (sequence, run, epoch) => {
    const score = scoreAt(plannedRun(run), epoch + 1);
    return { sequence, type: "event", event: { type: "epochs", run, epoch, scores: [score] }, secondsLeft: 30 };
  },
  finishedRun: (sequence, run) => {
    const result = resultOf(plannedRun(run));
    return { sequence, type: "event", event: { type: "run", run, result }, secondsLeft: 30 };
  },
  labelsState: labels.state(scenario),
  update: (change) => {
    fake.reportState = { ...fake.reportState, ...change };
    void fake.report.show(fake.reportState);
  },
  review: (action) => {
    data.do(action);
    fake.update({ review: data.review(), report: data.report() });
  },
  updateTraining: (change) => {
    const sequence = fake.trainingState.sequence + 1;
    fake.trainingState = { ...fake.trainingState, ...change, sequence };
    void fake.training.change({ sequence, type: "state", state: fake.trainingState });
  },
  failing: new Map(),
};
window.fake = fake;

document.addEventListener("securitypolicyviolation", (event) => {
  fake.violations.push(
    `${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${String(event.lineNumber)}`,
  );
});

// Pictures that are never revoked would be a leak of the page.
const create = URL.createObjectURL.bind(URL);
const revoke = URL.revokeObjectURL.bind(URL);
URL.createObjectURL = (blob) => {
  const url = create(blob);
  fake.liveBlobs.add(url);
  return url;
};
URL.revokeObjectURL = (url) => {
  fake.liveBlobs.delete(url);
  revoke(url);
};

const STARTING = { title: "Reading", text: "0 of 20,870 images", done: 0, total: 20_870 };
let plans = 1;
/** The plan as it is after a choice: another one with one image less to decide. */
function replanned(): Partial<ReportState> {
  const { plan } = fake.reportState;
  if (plan === null) return {};
  return { plan: { ...plan, plan: `plan-${String(++plans)}`, undecided: Math.max(0, plan.undecided - 1) } };
}
const reportHost: Omit<ReportHost, "ready"> = {
  groups: async (query) => data.groups(query),
  thumbnails: async (samples) => Promise.all(samples.map(thumbnail)),
  changes: async (from, count) => {
    const plan = fake.reportState.plan;
    if (plan === null) return { total: 0, from, changes: [] };
    const total = plan.before - plan.after + plan.moved;
    const length = Math.max(0, Math.min(count, total - from));
    return { total, from, changes: Array.from({ length }, (_, index) => data.change(from + index, plan)) };
  },
  openSample: async () => undefined,
  revealSample: async () => undefined,
  revealInTree: async () => undefined,
  copySampleId: async () => undefined,
  setRole: async () => undefined,
  undoCorrection: async () => undefined,
  inspect: async () => fake.update({ error: null, progress: STARTING, canPause: true }),
  cancel: async () => fake.update({ progress: null, canPause: false, paused: null }),
  pause: async () => fake.update({ progress: null, canPause: false, paused: fake.reportState.progress }),
  resume: async () => fake.update({ paused: null, progress: STARTING, canPause: true }),
  searchNear: async () => fake.update({ search: { status: "searching", progress: null, error: null } }),
  cancelSearch: async () => fake.update({ search: { status: "cancelled", progress: null, error: null } }),
  setThreshold: async (threshold) => {
    data.setThreshold(threshold);
    fake.update({ report: data.report() });
  },
  doubtful: async (count) => data.doubtful(count),
  review: async (action) => {
    const isJudged = data.do(action);
    fake.update({ review: data.review(), ...replanned(), ...(isJudged ? { report: data.report() } : {}) });
  },
  undoReview: async () => {
    data.undo();
    fake.update({ review: data.review(), ...replanned(), report: data.report() });
  },
  redoReview: async () => {
    data.redo();
    fake.update({ review: data.review(), ...replanned(), report: data.report() });
  },
  compare: async (first, second) => comparison(first, second),
  previews: async (options) => data.previews(options),
  makePlan: async (options) => fake.update({ plan: data.plan(options), planFile: null, applied: null }),
  discardPlan: async () => fake.update({ plan: null }),
  setImages: async (images) => fake.update({ images }),
  openPlan: async () => undefined,
  applyPlan: async () => undefined,
  resumeWriting: async () => undefined,
  quarantine: async () => undefined,
  undoCopy: async () => fake.update({ applied: null, interrupted: null }),
  inspectFolder: async () => undefined,
  openFile: async () => undefined,
  train: async () => undefined,
  openRun: async () => undefined,
  exportReport: async () => undefined,
  saveCharts: async () => undefined,
  auditLabels: async () => undefined,
  openFolder: async () => undefined,
};
/** The experiment that the page shows now, or one that is kept. */
function experimentOf(id: string): ExperimentResult {
  const { experiment } = fake.trainingState;
  return experiment?.experiment === id ? experiment : keptExperiment(id);
}
function setStatus(status: ExperimentStatus): void {
  const { experiment } = fake.trainingState;
  fake.updateTraining({ status, experiment: experiment === null ? null : { ...experiment, status } });
}
const trainingHost: Omit<TrainingHost, "ready"> = {
  start: async (next) => fake.updateTraining({ status: "loading", experiment: null, loading: null, next }),
  resume: async () => setStatus("training"),
  setPaused: async (paused) => setStatus(paused ? "paused" : "training"),
  cancel: async () => setStatus("cancelled"),
  inspect: async () => fake.updateTraining({ inspection: "running" }),
  openReport: async () => undefined,
  experiment: async (id) => experimentOf(id),
  forget: async (id) =>
    fake.updateTraining({ kept: fake.trainingState.kept.filter(({ experiment }) => experiment !== id) }),
  details: async (scored) => detailsOf(experimentOf(scored.experiment), scored),
  mistakes: async (scored, cell, from, count) => {
    const all = mistakesOf(experimentOf(scored.experiment), scored, cell);
    return { total: all.length, mistakes: all.slice(from, from + count) };
  },
  thumbnails: async (samples) => Promise.all(samples.map(thumbnail)),
  openSample: async () => undefined,
  exportExperiment: async () => undefined,
  exportModel: async () => undefined,
  saveChart: async () => undefined,
};
function tellLabels(change: Partial<LabelsState>): void {
  fake.labelsState = { ...fake.labelsState, ...change };
  void fake.labelsPage.show(fake.labelsState);
}
/** Samples that show nothing in the fake report. */
const BLANK_PICTURES = 8_000;
const labelsHost: Omit<LabelsHost, "ready"> = {
  start: async () => tellLabels(labels.state("running")),
  cancel: async () => tellLabels({ status: "cancelled", progress: null }),
  suspects: async (query) => labels.suspects(query),
  // The first pictures of the report are those of its groups of blank ones.
  thumbnails: async (samples) =>
    Promise.all(samples.map(async (sample) => ({ ...(await thumbnail(BLANK_PICTURES + 41 * sample)), sample }))),
  judge: async (samples, verdict) => tellLabels({ audit: labels.judge(samples, verdict) }),
  openSample: async () => undefined,
  openReport: async () => undefined,
  reviewPlan: async () => undefined,
};
const pages: Readonly<Record<string, { readonly host: object; readonly state: () => unknown }>> = {
  "/report": { host: reportHost, state: () => fake.reportState },
  "/training": { host: trainingHost, state: () => fake.trainingState },
  "/labels": { host: labelsHost, state: () => fake.labelsState },
};
const shown = pages[location.pathname];
const answers: Readonly<Record<string, (...parameters: unknown[]) => Promise<unknown>>> = {
  ...shown?.host,
  ready: async () => shown?.state(),
};

serveCalls(
  hostPort,
  new Proxy(answers, {
    get: (methods, name) => {
      const method = typeof name === "string" ? methods[name] : undefined;
      if (method === undefined || typeof name !== "string") return undefined;
      return (...parameters: unknown[]) => {
        fake.calls.push({ method: name, parameters });
        const failure = fake.failing.get(name);
        return failure === undefined ? method(...parameters) : Promise.reject(new Error(failure));
      };
    },
  }),
);

/** One picture laid over another that is the same but for a few strokes. */
async function comparison(first: number, second: number): Promise<ComparisonView> {
  const { png, width, height } = await thumbnail(first);
  const [a, b, difference] = [0, 1, 2].map(() => new OffscreenCanvas(width, height).getContext("2d"));
  const nearness = data.nearness(first, second);
  if (png.length === 0 || !a || !b || !difference) {
    return { first: png, second: png, difference: png, width, height, nearness };
  }
  const picture = await createImageBitmap(new Blob([new Uint8Array(png)]));
  a.drawImage(picture, 0, 0);
  b.drawImage(picture, 0, 0);
  b.fillStyle = "rgb(255 255 255 / 0.4)";
  b.fillRect(width * 0.2, height * 0.3, width * 0.1, height * 0.3);
  b.fillStyle = "rgb(0 0 0 / 0.5)";
  b.fillRect(width * 0.5, height * 0.5, width * 0.3, height * 0.08);
  const [before, after] = [a, b].map((context) => context.getImageData(0, 0, width, height).data);
  const pixels = difference.createImageData(width, height);
  pixels.data.set(
    pixels.data.map((_, at) => (at % 4 === 3 ? 255 : 128 + ((after?.[at] ?? 0) - (before?.[at] ?? 0)) / 2)),
  );
  difference.putImageData(pixels, 0, 0);
  const [laid, marked] = await Promise.all([b, difference].map(({ canvas }) => pngOf(canvas)));
  return { first: png, second: laid ?? png, difference: marked ?? png, width, height, nearness };
}

async function pngOf(canvas: OffscreenCanvas): Promise<Uint8Array> {
  const blob = await canvas.convertToBlob({ type: "image/png" });
  return new Uint8Array(await blob.arrayBuffer());
}

/** A picture that looks like its dataset: letters in grey, or something like a photo. */
async function thumbnail(sample: number): Promise<ThumbnailView> {
  const { seed, label } = data.pictureOf(sample);
  const [fullWidth, fullHeight] = data.dataset.size;
  const scale = Math.min(1, 192 / Math.max(fullWidth, fullHeight));
  const width = Math.round(fullWidth * scale);
  const height = Math.round(fullHeight * scale);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null || sample % 97 === 13) return { sample, png: new Uint8Array(), width, height };
  if (width > 64) {
    const sky = context.createLinearGradient(0, 0, width, height);
    sky.addColorStop(0, `hsl(${(seed * 47) % 360} 45% 62%)`);
    sky.addColorStop(1, `hsl(${(seed * 47 + 60) % 360} 40% 28%)`);
    context.fillStyle = sky;
    context.fillRect(0, 0, width, height);
    for (let leaf = 0; leaf < 9; leaf++) {
      context.fillStyle = `hsl(${80 + ((seed * 13 + leaf * 9) % 60)} 55% ${25 + ((leaf * 7) % 30)}% / 0.8)`;
      context.beginPath();
      context.ellipse((leaf * 71 + seed * 31) % width, (leaf * 43 + seed * 17) % height, 34, 14, leaf, 0, 7);
      context.fill();
    }
  } else {
    context.fillStyle = "black";
    context.fillRect(0, 0, width, height);
    if (seed !== 0) {
      const fonts = ["serif", "sans-serif", "monospace", "cursive"];
      context.fillStyle = "white";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.font = `${seed % 2 === 0 ? "bold" : ""} ${20 + (seed % 9)}px ${fonts[seed % fonts.length] ?? "serif"}`;
      context.fillText((label ?? "A").slice(0, 1), width / 2, height / 2 + 2);
    }
  }
  return { sample, png: await pngOf(canvas), width, height };
}
