// Runs in the extension host of a real VS Code in place of tests: does with CleanSplit what a person does with a large
// dataset, and measures meanwhile how long the host's event loop was not free. `host.mjs` starts it and reads its result.
import { readFileSync } from "node:fs";
import { constants, monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import * as vscode from "vscode";
import type { DatasetSession } from "../../src/host/session";
import { activated, inspect, rowOf, rowsOf, until } from "../integration/extension";

/** What was measured while one thing was done. Times in milliseconds unless said otherwise. */
export interface PhaseMeasure {
  readonly phase: string;
  readonly seconds: number;
  /** Of `monitorEventLoopDelay` with a resolution of 1 ms, which is part of every value. */
  readonly histogram: { readonly p99: number; readonly max: number };
  /** The longest times that a timer of 2 ms came too late, the longest first. */
  readonly gaps: readonly Gap[];
  readonly over50: number;
  readonly longestCollection: { readonly ms: number; readonly kind: string } | null;
}

/** A time in which the event loop was not free. */
export interface Gap {
  readonly ms: number;
  /** Of it, how long the thread ran. */
  readonly running: number;
  /** Of it, how long the thread could have run but other threads had the processors. */
  readonly waiting: number;
  /** Seconds since the phase began. */
  readonly at: number;
}

/** How long stopping took, from asking to the rejected inspection; `null` when the inspection ended before. */
export interface CancelMeasure {
  readonly when: string;
  readonly ms: number | null;
}

export interface ProbeResult {
  readonly vscode: string;
  readonly phases: readonly PhaseMeasure[];
  readonly inspections: readonly { readonly samples: number; readonly seconds: number }[];
  /** Updates of progress, and the most of them within one second. */
  readonly progress: { readonly updates: number; readonly mostInOneSecond: number };
  readonly cancels: readonly CancelMeasure[];
  /** Rows that the tree was asked for, and files that the Explorer asked about. */
  readonly rows: number;
  readonly decorations: { readonly asked: number; readonly marked: number };
}

/** What stands before the result in the output. */
export const RESULT = "PROBE-RESULT ";

const TICK = 2;
const GAPS_KEPT = 5;

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weak callbacks",
};

/** Watches the event loop of this thread. */
class LoopWatch {
  readonly phases: PhaseMeasure[] = [];
  readonly #histogram = monitorEventLoopDelay({ resolution: 1 });
  readonly #collections = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } };
      if (duration <= this.#longest.ms) continue;
      this.#longest = { ms: duration, kind: COLLECTIONS[detail?.kind ?? 0] ?? "other" };
    }
  });
  readonly #timer = setInterval(() => this.#tick(), TICK);
  #longest = { ms: 0, kind: "" };
  #gaps: Gap[] = [];
  #over50 = 0;
  #started = performance.now();
  #last = performance.now();
  #used = threadTimes();

  constructor() {
    this.#collections.observe({ entryTypes: ["gc"] });
    this.#histogram.enable();
  }

  /** Measures while `work` is done. */
  async during<T>(phase: string, work: () => Promise<T>): Promise<T> {
    await sleep(20);
    this.#longest = { ms: 0, kind: "" };
    this.#gaps = [];
    this.#over50 = 0;
    this.#started = performance.now();
    this.#histogram.reset();
    try {
      return await work();
    } finally {
      // Whatever blocked the loop to the very end is seen by the next ticks.
      await sleep(20);
      this.phases.push({
        phase,
        seconds: (performance.now() - this.#started) / 1000,
        histogram: { p99: this.#histogram.percentile(99) / 1e6, max: this.#histogram.max / 1e6 },
        gaps: this.#gaps,
        over50: this.#over50,
        longestCollection: this.#longest.ms > 0 ? this.#longest : null,
      });
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
    this.#collections.disconnect();
  }

  #tick(): void {
    const now = performance.now();
    const used = threadTimes();
    const ms = now - this.#last - TICK;
    if (ms > 50) this.#over50 += 1;
    if (ms > 5) {
      const [running, waiting] = [used.running - this.#used.running, used.waiting - this.#used.waiting];
      const gap = { ms, running, waiting, at: (now - this.#started) / 1000 };
      this.#gaps = [...this.#gaps, gap].sort((a, b) => b.ms - a.ms).slice(0, GAPS_KEPT);
    }
    this.#last = now;
    this.#used = used;
  }
}

/** How long the main thread ran, and how long it waited for a processor, so far; by the scheduler's own account. */
function threadTimes(): { readonly running: number; readonly waiting: number } {
  const [running = 0, waiting = 0] = readFileSync("/proc/self/schedstat", "latin1").split(" ").map(Number);
  return { running: running / 1e6, waiting: waiting / 1e6 };
}

/** Measures everything and prints the result. */
export async function run(): Promise<void> {
  const folder = process.env["CLEANSPLIT_PROBE_FOLDER"] ?? "";
  const { sessions, tree, decorations, reports } = await activated();

  let rows = 0;
  const getTreeItem = tree.getTreeItem.bind(tree);
  tree.getTreeItem = (node) => {
    rows += 1;
    return getTreeItem(node);
  };
  const asked = { asked: 0, marked: 0 };
  const provide = decorations.provideFileDecoration.bind(decorations);
  decorations.provideFileDecoration = (uri) => {
    asked.asked += 1;
    const answer = provide(uri);
    void Promise.resolve(answer).then((decoration) => (asked.marked += decoration === undefined ? 0 : 1));
    return answer;
  };

  await vscode.commands.executeCommand("cleansplit.datasets.focus");
  // The workbench starts its own extensions for a while.
  await sleep(15_000);
  const watch = new LoopWatch();
  await watch.during("nothing is done", () => sleep(10_000));

  const times: number[] = [];
  const session = sessions.add({ inputs: [folder], assignments: [] });
  const listener = session.onDidProgress(() => times.push(performance.now()));
  await watch.during("first inspection", () => inspect(folder));
  const inspections = [timingOf(session)];
  await watch.during("5 s after its result", () => sleep(5000));
  await watch.during("inspected again", () => session.inspect());
  inspections.push(timingOf(session));
  listener.dispose();
  await watch.during("5 s after the second result", () => sleep(5000));

  await watch.during("opening groups in the tree", () => openTree());
  await watch.during("marks in the Explorer", () => openExplorer(session));
  await watch.during("opening the report", async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    await until("the report to close", () => reports.size === 0);
    const report = reports.show(session);
    await sleep(3000);
    for (const filter of [{ conflict: true }, { blank: true }, {}]) {
      report.filterGroups(filter);
      await sleep(1500);
    }
  });
  await watch.during("a plan of what leaves", async () => {
    await session.sanitizing.makePlan();
    await sleep(2000);
  });

  const cancels: CancelMeasure[] = [];
  await watch.during("stopping inspections", async () => {
    for (const [title, share] of [
      ["Listing", 0],
      ["Reading", 0.1],
      ["Reading", 0.5],
      ["Reading", 0.9],
      ["Comparing", 0],
    ] as const) {
      const when = share === 0 ? title : `${title}, ${share * 100} %`;
      cancels.push({ when, ms: await stop(session, title, share) });
      // The engine may still be comparing.
      await sleep(3000);
    }
  });
  watch.stop();

  const result: ProbeResult = {
    vscode: vscode.version,
    phases: watch.phases,
    inspections,
    progress: { updates: times.length, mostInOneSecond: mostWithin(times, 1000) },
    cancels,
    rows,
    decorations: asked,
  };
  console.log(RESULT + JSON.stringify(result));
}

function timingOf({ result }: DatasetSession): { samples: number; seconds: number } {
  const { samples = 0, seconds = NaN } = result?.report.timing ?? {};
  return { samples, seconds };
}

/** Opens every branch with groups as a person does with the arrow keys, then further pages of one of them. */
async function openTree(): Promise<void> {
  const { tree } = await activated();
  await vscode.commands.executeCommand("cleansplit.datasets.focus");
  await vscode.commands.executeCommand("list.focusLast");
  // Blank images, unreadable, conflicts, duplicate groups, from below so that rows above stay where they are.
  for (let row = 0; row < 4; row++) {
    await vscode.commands.executeCommand("list.expand");
    await sleep(1000);
    await vscode.commands.executeCommand("list.focusUp");
  }
  const duplicates = await rowOf("duplicates", await rowOf("dataset"));
  for (const tier of await rowsOf("tier", duplicates)) {
    for (let page = 0; page < 3; page++) {
      const children = await rowsOf("more", tier);
      for (const more of children) tree.showMore(more);
      await sleep(500);
    }
  }
}

/** Shows files of the dataset in the Explorer: those of conflicts and of duplicates, in folders with many files. */
async function openExplorer(session: DatasetSession): Promise<void> {
  const run = { signal: new AbortController().signal, progress: () => undefined };
  for (const conflict of [true, false]) {
    const query = { conflict, from: 0, count: 3, membersEach: 2 };
    const page = await session.read((engine, inspection) => engine.groups({ inspection, query }, run));
    for (const { file } of page.groups.flatMap(({ members }) => members)) {
      await vscode.commands.executeCommand("revealInExplorer", vscode.Uri.file(file));
      await sleep(1000);
    }
  }
}

/** Inspects, stops when a phase is so far, and answers the milliseconds until the inspection was rejected. */
async function stop(session: DatasetSession, title: string, share: number): Promise<number | null> {
  let asked = NaN;
  const listener = session.onDidProgress((view) => {
    if (!Number.isNaN(asked) || view.title !== title || view.done < share * view.total) return;
    asked = performance.now();
    void session.cancel();
  });
  const rejected = await session.inspect().then(
    () => NaN,
    () => performance.now(),
  );
  listener.dispose();
  return Number.isNaN(rejected - asked) ? null : rejected - asked;
}

function mostWithin(times: readonly number[], span: number): number {
  return Math.max(0, ...times.map((from, i) => times.slice(i).filter((time) => time - from < span).length));
}
