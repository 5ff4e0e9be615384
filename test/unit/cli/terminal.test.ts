import assert from "node:assert/strict";
import type { Report } from "../../../src/core/leakage/report";
import type { Engine } from "../../../src/engine/engine";
import { drawChart } from "../../../src/cli/output/chart";
import { escapeHostile } from "../../../src/cli/output/escape";
import { ProgressLine } from "../../../src/cli/output/progress";
import { ASCII, symbolsFor, UNICODE } from "../../../src/cli/output/symbols";
import { table } from "../../../src/cli/output/table";
import { Terminal } from "../../../src/cli/output/terminal";
import { renderLine } from "../../../src/cli/output/text";
import { cutMiddle, displayWidth, wrapText } from "../../../src/cli/output/width";
import { cleanReport, EXPERIMENT, experimentResult, experimentSummary, leakyReport, run, withNear } from "./stub";

/** C0 except the line feed, DEL and C1. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;
const ANSI = /\u001b\[[?0-9;]*[a-zA-Z]/g;

const plain = (text: string): string => text.replace(ANSI, "");
const widest = (text: string): number =>
  Math.max(
    ...plain(text)
      .split(/[\n\r]/)
      .map(displayWidth),
  );
const inspecting = (report: Report): Partial<Engine> => ({ inspect: async () => ({ inspection: "i", report }) });
/** Lines that are commands or paths to copy may be longer than the terminal. */
const withoutCommands = (text: string): string => plain(text).replace(/^ {2}(cleansplit|folder|manifest) .*$/gm, "");

const COMMANDS = [
  ["inspect", "letters", "--groups", "3"],
  ["sanitize", "letters", "--out", "y"],
  ["train", "letters"],
  ["install-tensorflow"],
  ["experiments", "letters"],
  ["sample", "y"],
  ["help"],
  ["help", "train"],
];

describe("terminal", () => {
  for (const argv of COMMANDS) {
    it(`${argv.join(" ")} fits into 80, 60 and 40 columns`, async () => {
      for (const columns of [80, 60, 40]) {
        const { code, stdout, stderr } = await run(argv, { columns });
        assert.equal(code, 0);
        assert.ok(widest(withoutCommands(stdout)) <= columns, `${columns}:\n${plain(stdout)}`);
        assert.ok(widest(stderr) <= 80, `${columns}:\n${plain(stderr)}`);
      }
    });

    it(`${argv.join(" ")} prints no control characters when not on a terminal`, async () => {
      const { stdout, stderr } = await run(argv);
      assert.doesNotMatch(stdout + stderr, CONTROL);
    });
  }

  it("colours follow the terminal, NO_COLOR, FORCE_COLOR and --no-color", async () => {
    const colored = async (
      argv: readonly string[],
      columns: number | undefined,
      env: Record<string, string>,
    ): Promise<boolean> =>
      (await run(["inspect", "x", ...argv], { env, ...(columns === undefined ? {} : { columns }) })).stdout.includes(
        "\u001b[",
      );
    assert.equal(await colored([], 80, {}), true);
    assert.equal(await colored([], undefined, {}), false);
    assert.equal(await colored([], 80, { NO_COLOR: "1" }), false);
    assert.equal(await colored([], 80, { NO_COLOR: "" }), true);
    assert.equal(await colored([], undefined, { FORCE_COLOR: "1" }), true);
    assert.equal(await colored([], 80, { FORCE_COLOR: "0" }), false);
    assert.equal(await colored(["--no-color"], 80, { FORCE_COLOR: "1" }), false);
    assert.equal(await colored([], 80, { TERM: "dumb" }), false);
  });

  it("progress is drawn on a terminal only, and wiped at the end", async () => {
    const { stderr } = await run(["inspect", "x"], { columns: 80 });
    assert.ok(stderr.startsWith("\u001b[?25l"));
    assert.match(plain(stderr), /Reading .* 50 % {2}500 of 1,000 images/);
    assert.ok(stderr.endsWith("\r\u001b[2K\u001b[?25h"));
    assert.equal((await run(["inspect", "x", "--quiet"], { columns: 80 })).stderr, "");
  });

  it("--quiet prints one sentence", async () => {
    assert.equal(
      (await run(["inspect", "x", "--quiet", "--tier", "pixel"])).stdout,
      " LEAK  73 of 3,493 test images also occur in train.\n",
    );
    assert.match(
      (await run(["sanitize", "x", "--out", "y", "--quiet"])).stdout,
      /^18,390 images of 18,857 written to \S+\n$/,
    );
    assert.equal((await run(["train", "x", "--quiet"])).stdout, "The sentence of size all.\n");
  });

  it("ASCII terminals get ASCII", async () => {
    for (const argv of COMMANDS) {
      const { stdout, stderr } = await run(argv, { columns: 80, env: { LC_ALL: "C" } });
      assert.doesNotMatch(stdout + stderr, /[^\p{ASCII}]/u);
    }
    assert.equal(symbolsFor({}), UNICODE);
    assert.equal(symbolsFor({ LANG: "de_DE.UTF-8" }), UNICODE);
    assert.equal(symbolsFor({ LANG: "de_DE.UTF-8", LC_ALL: "POSIX" }), ASCII);
    assert.equal(symbolsFor({ TERM: "linux" }), ASCII);
  });
});

describe("hostile names", () => {
  const HOSTILE = "evil\u001b[2J\u001b]0;title\u0007\u009b31m\r\n\u202egnp.\u200f\u2028\ud800";

  it("are made visible", () => {
    assert.equal(
      escapeHostile(HOSTILE),
      "evil\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\r\\n\\u202egnp.\\u200f\\u2028\\ud800",
    );
    assert.equal(escapeHostile("Ünïcödé 日本 👍🏽"), "Ünïcödé 日本 👍🏽");
    assert.equal(escapeHostile(escapeHostile(HOSTILE)), escapeHostile(HOSTILE));
  });

  it("never act on the terminal, wherever they stand", async () => {
    const report = leakyReport();
    const hostile: Report = {
      ...report,
      dataset: {
        ...report.dataset,
        name: HOSTILE,
        units: report.dataset.units.map((unit) => ({
          ...unit,
          path: `/data/letters/${HOSTILE}`,
          split: HOSTILE,
          reason: HOSTILE,
        })),
        ignored: [{ path: HOSTILE, reason: HOSTILE }],
        notes: [HOSTILE],
      },
      splits: report.splits.map((split, index) => ({
        ...split,
        name: HOSTILE + String(index),
        classes: { [HOSTILE]: 1 },
      })),
      leakage: report.leakage.map((leak) => ({
        ...leak,
        split: HOSTILE + (leak.split === "train" ? "0" : "1"),
        in: HOSTILE + (leak.in === "train" ? "0" : "1"),
      })),
      unreadable: report.unreadable.map((fault) => ({ ...fault, id: HOSTILE, reason: HOSTILE })),
    };
    const { code, stdout, stderr } = await run(
      ["inspect", HOSTILE, "--split", `${HOSTILE}=${HOSTILE}`, "--fail-on", "leakage"],
      {
        engine: inspecting(hostile),
      },
    );
    assert.equal(code, 1);
    assert.doesNotMatch(stdout + stderr, CONTROL);
    assert.doesNotMatch(stdout + stderr, /[\u200f\u2028\u202e]/);
    assert.match(stdout, /evil\\x1b\[2J/);
    const narrow = await run(["inspect", "x"], { engine: inspecting(hostile), columns: 80 });
    assert.doesNotMatch(plain(narrow.stdout), CONTROL);
    assert.ok(widest(withoutCommands(narrow.stdout)) <= 80);
  });

  it("never act by way of an error message or an argument", async () => {
    const failing: Partial<Engine> = { inspect: () => Promise.reject(new Error(HOSTILE)) };
    const outcomes = [
      await run(["inspect", "x"], { engine: failing }),
      await run([HOSTILE]),
      await run(["inspect", `--${HOSTILE}`]),
      await run(["inspect", "x", "--workers", HOSTILE]),
    ];
    for (const { code, stderr } of outcomes) {
      assert.equal(code, 2);
      assert.doesNotMatch(stderr, CONTROL);
    }
  });
});

describe("inspection as text", () => {
  it("says the verdict first and what to do last", async () => {
    const { stdout } = await run(["inspect", "my letters", "--split", "test=my letters/t", "--tier", "pixel"]);
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines[0] ?? "", /^ LEAK {2}73 of 3,493 test images also occur in train\.$/);
    assert.match(
      stdout,
      /\n {2}cleansplit sanitize 'my letters' --split 'test=my letters\/t' --out 'my letters-sanitized'\n/,
    );
    assert.match(lines[lines.length - 1] ?? "", /cleansplit train 'my letters'/);
  });

  it("shows the matrix with shares of the row, and the stricter tier where it differs", async () => {
    const { stdout } = await run(["inspect", "x"]);
    assert.match(stdout, /^ {2}test +73 +2\.1 % {2}\+5 +–\s*$/m);
    assert.match(stdout, /same bytes:\n.*\n.*\n {2}train +– +230 +1\.5 %\n {2}test +70 +2\.0 % +–/);
    const same = leakyReport({
      leakage: leakyReport().leakage.map((leak) => ({
        ...leak,
        samples: 5,
        withoutBlank: { samples: 5, groups: 5, pairs: 5 },
      })),
    });
    const { stdout: once } = await run(["inspect", "x"], { engine: inspecting(same) });
    assert.doesNotMatch(once, /Of these|Without blank images/);
  });

  it("says what is similar, how it was compared, what chance and judged pairs say, and what people decided", async () => {
    const near = withNear(leakyReport(), 5, {
      chance: 2.2,
      precision: [
        { threshold: 6.3, judged: 8, right: 8, estimate: 1, low: 0.67, high: 1 },
        { threshold: 9, judged: 12, right: 11, estimate: 0.94, low: 0.7, high: 0.99 },
      ],
      conflicts: { groups: 1, samples: 3 },
      decisions: { file: "/data/.cleansplit/decisions.json", duplicate: 11, different: 1, stale: 2 },
    });
    const { stdout } = await run(["inspect", "x"], { engine: { near: async () => near } });
    const section = /\nNear duplicates.*?\n\n/s.exec(stdout)?.[0] ?? "";
    for (const sentence of [
      "6 pairs of different pictures, RMS grey difference up to 9.0",
      near.near?.reason,
      "Searched up to 16.0; --threshold sets what counts.",
      "About 2 of 6 pairs would be expected without any copies",
      "About 94 % of the pairs up to 9.0 are duplicates, as 12 judged pairs let expect (95 % interval: 70 to 99 %).",
      "11 pairs are duplicates and 1 pair is different",
      "2 decisions are stale",
      "/data/.cleansplit/decisions.json",
      "1 group of similar images (3 images) with more than one label",
    ]) {
      assert.ok(sentence !== undefined && section.includes(sentence), `${sentence ?? ""} in ${section}`);
    }
    assert.match(section, /^ +0\.0 to 1\.0 +3 +5 {2}█+$/m);
    assert.match(stdout, /--out x-sanitized --tier near/);
    const { stdout: pixel } = await run(["inspect", "x", "--tier", "pixel"]);
    assert.doesNotMatch(pixel, /similar|Near dup/);
  });

  it("lists the leaks where a matrix would be too wide", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `hospital-${index}`);
    const [split] = leakyReport().splits;
    const [leak] = leakyReport().leakage;
    assert.ok(split && leak);
    const report = leakyReport({
      splits: names.map((name) => ({ ...split, name })),
      leakage: names.flatMap((from) =>
        names
          .filter((to) => to !== from)
          .map((to) => ({
            ...leak,
            tier: "pixel" as const,
            split: from,
            in: to,
            samples: from === "hospital-1" ? 3 : 0,
          })),
      ),
    });
    const { stdout } = await run(["inspect", "x", "--tier", "pixel"], {
      engine: inspecting(report),
      columns: 80,
      env: { NO_COLOR: "1" },
    });
    assert.match(stdout, /^ {2}images of +also in +images\s*$/m);
    assert.match(stdout, /^ {2}hospital-1 +hospital-2 +3 +<0\.1 %$/m);
    assert.ok(widest(withoutCommands(stdout)) <= 80);
  });

  it("names ten unreadable images and counts the others", async () => {
    const unreadable = Array.from({ length: 25 }, (_, sample) => ({
      sample,
      id: `test/A/${sample}.png`,
      split: "test",
      reason: "empty",
    }));
    const { stdout } = await run(["inspect", "x"], { engine: inspecting(leakyReport({ unreadable })) });
    assert.match(stdout, /test\/A\/9\.png +empty\n {2}and 15 more\n/);
    assert.doesNotMatch(stdout, /test\/A\/10\.png/);
  });

  it("a clean dataset is called clean, and nothing is left to do", async () => {
    const { stdout } = await run(["inspect", "x"], { engine: inspecting(cleanReport()) });
    assert.match(stdout, /^ CLEAN {2}Clean: /);
    assert.match(stdout, /✓ None: no image of one split occurs in another one, or is similar to one there\./);
    assert.doesNotMatch(stdout, /\nNext/);
  });

  it("a warning says what it warns of", async () => {
    const report = { ...cleanReport(), unreadable: leakyReport().unreadable };
    const { stdout } = await run(["inspect", "x", "--quiet"], { engine: inspecting(report) });
    assert.match(stdout, /^ WARNING {2}No image of one split occurs in another one .*\. 2 images cannot be read\.\n$/);
  });

  it("one split has no matrix", async () => {
    const [split] = leakyReport().splits;
    assert.ok(split);
    const report = leakyReport({ splits: [split], leakage: [] });
    assert.doesNotMatch((await run(["inspect", "x"], { engine: inspecting(report) })).stdout, /\nLeakage/);
  });
});

describe("training as text", () => {
  it("says what the leakage costs, then shows every size, a curve and how to see more", async () => {
    const { stdout } = await run(["train", "x"]);
    assert.ok(stdout.startsWith("The sentence of size all.\n\nSoftmax regression"));
    assert.match(stdout, /^ +size +data +trained +test +sanitized +clean +leaked$/m);
    const row =
      /^ +all +original +15,364 +82\.3 \(81\.2–83\.2\) +82\.3 +82\.0 \(80\.9–82\.9\) +96\.0 \(95\.0–97\.0\)$/m;
    assert.match(stdout, row);
    assert.match(stdout, /mean over 2 seeds; 95 % intervals/);
    assert.match(stdout, /● original {2}○ sanitized/);
    assert.match(stdout, new RegExp(`cleansplit train x --resume ${EXPERIMENT} --csv runs.csv`));
  });

  it("puts intervals below their values where there is less room", async () => {
    const { stdout } = await run(["train", "x"], { columns: 80 });
    assert.match(
      plain(stdout),
      /^ +all +original +15,364 +82\.3 +82\.3 +82\.0 +96\.0\n +81\.2–83\.2 +80\.9–82\.9 +95\.0–97\.0$/m,
    );
  });

  it("one size gives a curve by epoch, one kind of data the range of its seeds", async () => {
    const { runs } = experimentResult();
    const own = runs.filter(({ result }) => result?.data === "original" && result.size === "all");
    const result = experimentResult({ runs: own, costs: [] });
    const { stdout } = await run(["train", "x"], { engine: { runExperiment: async () => result } });
    assert.match(stdout, /accuracy on the validation split by epoch/);
    assert.match(stdout, /^ +all +original +15,364 +82\.3 \(82\.3–82\.4\)/m);
    assert.match(stdout, /the lowest and the highest of them/);
    assert.doesNotMatch(stdout, /○ sanitized/);
  });

  it("a test split without leaks has no columns for its parts", async () => {
    const { samples } = experimentResult();
    const test = { original: 3493, sanitized: 3493, clean: 3493, leaked: 0 };
    const result = experimentResult({ samples: { ...samples, test } });
    const { stdout } = await run(["train", "x"], { engine: { runExperiment: async () => result } });
    assert.doesNotMatch(stdout, /leaked/);
  });

  it("tells how far it is, and a line for the runs of each size", async () => {
    const { stderr } = await run(["train", "x"], { columns: 100 });
    assert.match(plain(stderr), /Training .* % {2}[\d,]+ of [\d,]+ images/);
    assert.match(plain(stderr), /✓ softmax +original +15,364 {2}test 82\.3 % {2}2 seeds, 3\.0 s/);
    assert.match(plain(stderr), /softmax: back end kernel, CleanSplit's own kernel/);
  });

  it("lists what is kept, and how to go on with what is not finished", async () => {
    const kept = await run(["experiments", "x"]);
    assert.match(kept.stdout, new RegExp(`^${EXPERIMENT} {2}2026-11-26 04:35 UTC {2}done$`, "m"));
    assert.match(kept.stdout, /softmax; 50, 1,000, all images; 2 seeds; .*; 12 of 12 runs finished/);
    assert.match(kept.stdout, /The sentence of size all\./);
    assert.doesNotMatch(kept.stdout, /--resume/);
    const engine: Partial<Engine> = {
      experiments: async () => [experimentSummary({ status: "interrupted", finished: 3 })],
    };
    assert.match((await run(["experiments", "x"], { engine })).stdout, /cleansplit train x --resume/);
    const none = await run(["experiments", "x"], { engine: { experiments: async () => [] } });
    assert.match(none.stdout, /^No experiment on this dataset is kept\.\n {2}cleansplit train x/);
  });
});

describe("text in columns", () => {
  it("counts the columns of wide, combining and joined characters", () => {
    for (const [text, width] of [
      ["abc", 3],
      ["日本語", 6],
      ["e\u0301", 1],
      ["ﾊﾝｶｸ", 4],
      ["한글", 4],
      ["👍🏽", 2],
      ["👨‍👩‍👧", 2],
      ["🇩🇪", 2],
      ["✓ ×", 3],
    ] as const) {
      assert.equal(displayWidth(text), width, text);
    }
  });

  it("cuts the middle and keeps both ends", () => {
    assert.equal(cutMiddle("train/A/a-very-long-name.png", 16, "…"), "train…g-name.png");
    assert.equal(displayWidth(cutMiddle("日本語日本語日本語", 7, "…")), 7);
    assert.equal(cutMiddle("short", 16, "…"), "short");
  });

  it("wraps at spaces, and anywhere when there are none", () => {
    assert.deepEqual(wrapText("one two three", 7), ["one two", "three"]);
    assert.deepEqual(wrapText("abcdefgh", 3), ["abc", "def", "gh"]);
    assert.deepEqual(wrapText("日本語", 1), ["日", "本", "語"]);
  });

  it("aligns tables with wide characters", () => {
    const lines = table(
      [{ title: "class" }, { title: "images", align: "right" }],
      [
        ["猫", "1"],
        ["dog", "1,000"],
      ],
      { width: 80, symbols: UNICODE },
    ).map((line) => renderLine(line, false));
    assert.deepEqual(lines, ["  class  images", "  ─────────────", "  猫          1", "  dog     1,000"]);
  });

  it("becomes records when the terminal is too narrow for a table", () => {
    const columns = ["first", "second", "third", "fourth"].map((title) => ({ title }));
    const lines = table(columns, [["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"]], { width: 30, symbols: UNICODE });
    assert.deepEqual(
      lines.map((line) => renderLine(line, false)),
      ["  first: aaaaaaaa", "    second: bbbbbbbb", "    third: cccccccc", "    fourth: dddddddd"],
    );
  });
});

describe("charts", () => {
  const style = { width: 60, symbols: UNICODE };
  it("draw every point within the width", () => {
    const points = [0, 1, 2, 3].map((x) => ({ x, y: x / 3 }));
    const lines = drawChart(
      { series: [{ name: "only", points }], ticks: [{ x: 0, label: "start" }], height: 9 },
      style,
    );
    const text = lines.map((line) => renderLine(line, false));
    assert.equal(text.slice(0, 9).join("").split("●").length - 1, 4);
    assert.ok(text.every((line) => displayWidth(line) <= 60));
    assert.match(text[0] ?? "", /100\.0 %/);
  });

  it("survive one point, equal values and nothing at all", () => {
    const chart = (points: readonly { x: number; y: number }[]): number =>
      drawChart({ series: [{ name: "a", points }], ticks: [], height: 5 }, style).length;
    assert.equal(chart([]), 0);
    assert.equal(chart([{ x: 1, y: 0 }]), 8);
    assert.equal(
      chart([
        { x: 1, y: 1 },
        { x: 2, y: 1 },
      ]),
      8,
    );
  });
});

describe("progress", () => {
  const terminal = (isTTY: boolean): { terminal: Terminal; text: () => string } => {
    let text = "";
    const output = { write: (part: string) => void (text += part), isTTY, columns: isTTY ? 80 : undefined };
    return { terminal: new Terminal(output, {}, { noColor: true }), text: () => text };
  };

  it("estimates what is left and redraws a few times a second only", () => {
    const { terminal: screen, text } = terminal(true);
    let now = 0;
    const progress = new ProgressLine(screen, false, () => now);
    progress.update({ title: "Reading", done: 0, total: 1000 });
    now = 10_000;
    progress.update({ title: "Reading", done: 500, total: 1000 });
    now = 10_010;
    progress.update({ title: "Reading", done: 501, total: 1000 });
    assert.match(text(), /500 of 1,000 images · 50\/s · 10 s left/);
    assert.doesNotMatch(text(), /501/);
    progress.update({ title: "Reading", done: 1000, total: 1000 });
    assert.match(text(), /100 %/);
  });

  it("is a line now and then where no line can be rewritten", () => {
    const { terminal: log, text } = terminal(false);
    let now = 0;
    const progress = new ProgressLine(log, false, () => now);
    for (; now < 30_000; now += 100) progress.update({ title: "Reading", done: now / 100, total: 300 });
    progress.clear();
    assert.equal(
      text(),
      [
        "Reading 0 of 300 images",
        "Reading 100 of 300 images · 10/s · 20 s left",
        "Reading 200 of 300 images · 10/s · 10 s left",
        "",
      ].join("\n"),
    );
  });
});
