// The report page with 100,000 groups in a real Chromium: how soon it is painted, how it scrolls, what memory it takes.
// The extension host is the fake one of the page tests, in the page itself: what it makes up counts, too.
/* global requestAnimationFrame */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startHarness } from "../support/webview/harness.mjs";
import { spread } from "./measure.mjs";
import { digits, table } from "./report.mjs";

/** @import { CDPSession, Page } from "playwright-core" */
/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const SCROLL_SECONDS = 5;
/** As a hand turns a wheel fast: so many notches of 120 pixels in a second. */
const WHEEL_PER_SECOND = 30;
const WHEEL_PIXELS = 120;

/**
 * One page from its opening to its end.
 * @typedef {object} Visit
 * @property {number} paint from the state with the report to the frame that shows its verdict and its first groups, in ms
 * @property {number} framesPerSecond while it is scrolled
 * @property {number} longestFrame in ms
 * @property {number} cpuPerFrame what the renderer computed for a frame, in ms
 * @property {number} pixels scrolled
 * @property {number} heap JavaScript objects after a collection, in MB
 * @property {number} own memory of the renderer at its largest while scrolling, in MB: what no file is behind, so without the
 *   program of Chromium, which all its processes share
 * @property {number} resident all of it at its largest, in MB, the program too
 */

/** @param {Options} options @returns {Promise<Result>} */
export async function webview({ runs }) {
  const harness = await startHarness();
  /** @type {Visit[]} */
  const visits = [];
  try {
    for (let run = 0; run < runs; run++) {
      const page = await harness.open("report", { scenario: "huge", viewport: { width: 1180, height: 900 } });
      visits.push(await visit(page));
      await page.context().close();
    }
  } finally {
    await harness.close();
  }
  const row = (/** @type {string} */ what, /** @type {keyof Visit} */ of, /** @type {string} */ unit) => {
    const { median, min, max } = spread(visits.map((measured) => measured[of]));
    return [what, ...[median, min, max].map((value) => `${digits(value)} ${unit}`)];
  };
  return {
    data: visits,
    markdown: [
      `The report with 100,000 groups, opened ${visits.length} times in Chromium without a graphics card, 1180 × 900 pixels. The ` +
        `groups are scrolled by the mouse wheel for ${SCROLL_SECONDS} seconds, ${WHEEL_PER_SECOND} notches a second. The page, ` +
        "and the pictures that stand in for those of the engine, are computed in the same process.",
      table(
        ["", "median", "least", "most"],
        [
          row("from the report to the first frame with it", "paint", "ms"),
          row("frames a second while scrolling", "framesPerSecond", ""),
          row("longest frame", "longestFrame", "ms"),
          row("CPU of the renderer for a frame", "cpuPerFrame", "ms"),
          row("JavaScript heap after scrolling", "heap", "MB"),
          row("memory of the renderer at most", "own", "MB"),
          row("the same with the program of Chromium, which processes share", "resident", "MB"),
        ],
      ),
    ],
  };
}

/** @param {Page} page @returns {Promise<Visit>} */
async function visit(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const grid = page.getByRole("grid", { name: /groups/i }).first();
  await grid.getByRole("row").first().waitFor();
  const paint = await paintAgain(page);
  await grid.scrollIntoViewIfNeeded();
  const pid = await rendererOf(page, session);
  const scrolling = await scroll(page, session, pid);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  return { paint, ...scrolling, heap: usedSize / 1e6, resident: memoryOf(pid, "VmHWM") };
}

/** Takes the report away and shows it again. @param {Page} page @returns {Promise<number>} ms */
function paintAgain(page) {
  return page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const { report, inspection, verdict, quality } = window.fake.reportState;
    window.fake.update({ report: null, inspection: null, verdict: null, quality: [] });
    while (document.querySelector("#verdict") !== null) await frame();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const started = performance.now();
    window.fake.update({ report, inspection, verdict, quality });
    const isThere = () =>
      document.querySelector("#verdict") !== null && document.querySelector("#groups [role=row] button") !== null;
    while (!isThere()) await frame();
    // What was laid out for this frame is on the screen when the next one begins.
    await frame();
    return performance.now() - started;
  });
}

/** @param {Page} page @param {CDPSession} session @param {number} pid */
async function scroll(page, session, pid) {
  const grid = page.getByRole("grid", { name: /groups/i }).first();
  const box = await grid.boundingBox();
  const view = page.viewportSize();
  if (box === null || view === null) throw new Error("The groups are not on the screen.");
  const [top, bottom] = [Math.max(box.y, 0), Math.min(box.y + box.height, view.height)];
  await page.mouse.move(box.x + box.width / 2, (top + bottom) / 2);
  await page.evaluate(() => {
    /** @type {number[]} */
    const frames = [];
    Object.assign(window, { frames });
    const note = (/** @type {number} */ at) => {
      frames.push(at);
      requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
  });
  const from = await scrolledTo(page);
  const cpu = await cpuOf(session);
  let own = 0;
  const started = performance.now();
  for (let turned = 0; turned < SCROLL_SECONDS * WHEEL_PER_SECOND; turned++) {
    await page.mouse.wheel(0, WHEEL_PIXELS);
    if (turned % 10 === 0) own = Math.max(own, memoryOf(pid, "RssAnon") + memoryOf(pid, "RssShmem"));
    await sleep(Math.max(0, started + ((turned + 1) * 1000) / WHEEL_PER_SECOND - performance.now()));
  }
  const used = (await cpuOf(session)) - cpu;
  /** @type {number[]} */
  const frames = await page.evaluate(() => /** @type {any} */ (window).frames);
  const intervals = frames.slice(1).map((at, index) => at - (frames[index] ?? at));
  const seconds = intervals.reduce((sum, ms) => sum + ms, 0) / 1000;
  return {
    framesPerSecond: intervals.length / seconds,
    longestFrame: Math.max(...intervals),
    cpuPerFrame: used / intervals.length,
    pixels: (await scrolledTo(page)) - from,
    own,
  };
}

/** How far the groups were scrolled, in whatever element scrolls them. @param {Page} page @returns {Promise<number>} */
function scrolledTo(page) {
  return page.evaluate(() => {
    let sum = 0;
    for (let at = document.querySelector("#groups [role=row]"); at !== null; at = at.parentElement) sum += at.scrollTop;
    return sum;
  });
}

/** What the process of the page computed so far, in ms. @param {CDPSession} session */
async function cpuOf(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return 1000 * (metrics.find(({ name }) => name === "ProcessTime")?.value ?? NaN);
}

/**
 * The process that runs a page: the renderer that computed as long as the page says.
 * @param {Page} page @param {CDPSession} session @returns {Promise<number>}
 */
async function rendererOf(page, session) {
  const browser = await page.context().browser()?.newBrowserCDPSession();
  if (browser === undefined) throw new Error("The page has no browser.");
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const ms = await cpuOf(session);
  await browser.detach();
  const distance = (/** @type {{ cpuTime: number }} */ { cpuTime }) => Math.abs(cpuTime * 1000 - ms);
  const [nearest] = processInfo
    .filter(({ type }) => type === "renderer")
    .sort((first, second) => distance(first) - distance(second));
  if (nearest === undefined) throw new Error("Chromium has no renderer.");
  return nearest.id;
}

/** A figure of /proc/<pid>/status, in MB. @param {number} pid @param {"VmHWM" | "RssAnon" | "RssShmem"} name */
function memoryOf(pid, name) {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? NaN) * 1024) / 1e6;
}
