// How long the extension host of a real VS Code is not free while CleanSplit inspects a large dataset in it.
import path from "node:path";
import { build } from "esbuild";
import { startVsCode } from "../support/vscode/session.mjs";
import { digits, ROOT, table } from "./report.mjs";
import { prepareTree } from "./tree.mjs";

/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */
/** @import { PhaseMeasure, ProbeResult } from "./hostProbe" */

const FILES = 529_114;
const TIMEOUT_MS = 10 * 60_000;
/** As in `hostProbe.ts`, which is no module of Node. */
const RESULT = "PROBE-RESULT ";

/** @param {Options} options @returns {Promise<Result>} */
export async function host({ files = FILES }) {
  const { folder, truth } = await prepareTree(files);
  const testsPath = path.join(ROOT, "out/test/bench/hostProbe.js");
  await build({
    entryPoints: [path.join(ROOT, "test/bench/hostProbe.ts")],
    outfile: testsPath,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["vscode"],
    logLevel: "warning",
  });
  const result = await probe(folder, testsPath);
  for (const { phase, gaps } of result.phases) {
    const texts = gaps.map((gap) => {
      const [ms, running, waiting] = [gap.ms, gap.running, gap.waiting].map(Math.round);
      return `${ms} ms after ${gap.at.toFixed(1)} s (running ${running}, waiting ${waiting})`;
    });
    console.log(`  ${phase}: ${texts.join(", ")}`);
  }
  const extra = `${truth.duplicates.pixel.samples.toLocaleString("en")} of them in groups of equal images`;
  const seconds = result.inspections.map((inspection) => `${digits(inspection.seconds)} s`);
  const cancels = result.cancels.map(
    ({ when, ms }) => `${when}: ${ms === null ? "not reached" : `${ms.toFixed(0)} ms`}`,
  );
  return {
    data: result,
    markdown: [
      `VS Code ${result.vscode} as server, with Chromium on the same machine, on ${files.toLocaleString("en")} PNG files, ` +
        `${extra}; report, tree, status bar and Explorer marks are on. Inspections took ${seconds.join(" and, from the index, ")}. ` +
        `The tree was asked for ${result.rows.toLocaleString("en")} rows, and ${result.decorations.asked} files and folders ` +
        `were asked about for the Explorer, of which ${result.decorations.marked} are marked.`,
      "How long the event loop was not free, in milliseconds: by `monitorEventLoopDelay` (its resolution of 1 ms is part of " +
        "every value), and by how late a timer of 2 ms came at worst. Of that worst time the thread ran for a part, and for " +
        "another part it waited for a processor that others used.",
      table(
        [
          "",
          "p99",
          "max",
          "timer late by at most",
          "of it running",
          "of it waiting",
          "over 50 ms",
          "longest collection",
        ],
        result.phases.map(phaseRow),
      ),
      `Progress was shown ${result.progress.updates} times, at most ${result.progress.mostInOneSecond} times in one second. ` +
        `Stopping took, from asking until the inspection was rejected: ${cancels.join(", ")}.`,
    ],
  };
}

/** @param {PhaseMeasure} measure */
function phaseRow({ phase, seconds, histogram, gaps, over50, longestCollection }) {
  const [worst] = gaps;
  const part = (/** @type {"ms" | "running" | "waiting"} */ of) => (worst === undefined ? "< 5" : worst[of].toFixed(0));
  return [
    `${phase} (${seconds.toFixed(0)} s)`,
    digits(histogram.p99),
    histogram.max.toFixed(0),
    ...[part("ms"), part("running"), part("waiting")],
    String(over50),
    longestCollection === null ? "none" : `${digits(longestCollection.ms)} (${longestCollection.kind})`,
  ];
}

/** @param {string} folder @param {string} testsPath @returns {Promise<ProbeResult>} */
async function probe(folder, testsPath) {
  /** @type {string | undefined} */
  let answer;
  /** @type {(code: number) => void} */
  let end = () => undefined;
  /** @type {Promise<number>} */
  const ended = new Promise((resolve) => (end = resolve));
  const session = await startVsCode({
    extension: ROOT,
    folder,
    testsPath,
    env: { CLEANSPLIT_PROBE_FOLDER: folder },
    onTestOutput: (text) => {
      if (text.startsWith(RESULT)) answer = text.slice(RESULT.length);
      else console.log(`  ${text}`);
    },
    onTestExit: end,
  });
  const timer = setTimeout(() => end(1), TIMEOUT_MS);
  try {
    const code = await ended;
    if (code === 0 && answer !== undefined) return JSON.parse(answer);
    throw new Error(`The probe in VS Code ended with ${code}.\n${session.log().slice(-4000)}`);
  } finally {
    clearTimeout(timer);
    await session.close();
  }
}
