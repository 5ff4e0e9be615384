import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { Random, shuffle } from "../../../src/core/training/random";
import { balancedSubset } from "../../../src/core/training/subset";
import type { ExperimentResult } from "../../../src/core/training/experiment";
import { writeExperimentFile, type ExperimentRows } from "../../../src/engine/lab/exports";
import { markdownName, markdownText, pythonLiteral } from "../../../src/engine/lab/quoting";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import { ROLE_CODES } from "../../../src/engine/training/trainerJob";
import { bytesOf, temporaryFolder } from "../arrays/support";
import { quiet } from "../engine/support";
import { COST, rowsOf, toyData, toyExperiment, usableRows } from "./exportsFixtures";

const HOSTILE = [
  'quote"s',
  "apostrophe's",
  "back\\slash",
  "line\nbreak\r\n",
  "=cmd",
  "<img src=x onerror=alert(1)>",
  "`code`",
  "[a](javascript:b)",
  "$x$",
  "\ud800",
  "\u202egpj.exe",
  '""")\nimport os\nos.system("x")\n#',
  "{x} %s \u0000",
  "ä 字 🙂",
];

/** Any text, also such that is no Unicode. */
const UNITS = fc.array(fc.nat({ max: 0xffff })).map((units) => String.fromCharCode(...units));

interface Notebook {
  readonly nbformat: number;
  readonly cells: readonly { readonly id: string; readonly cell_type: string; readonly source: readonly string[] }[];
}

/** The first Python with numpy, or null. */
function findPython(): string | null {
  for (const python of [process.env["CLEANSPLIT_PYTHON"] ?? "", "python3", "python"].filter((name) => name !== "")) {
    try {
      execFileSync(python, ["-c", "import numpy"], { stdio: "ignore" });
      return python;
    } catch {
      // The next one may have it.
    }
  }
  return null;
}

describe("exported notebooks", () => {
  const folder = temporaryFolder();
  const data = toyData(120);
  const experiment = toyExperiment(data, {
    models: ["softmax", "knn", "mlp", "cnn"],
    sizes: [8, "all"],
    seeds: [3, 4],
    epochs: 1,
  });
  let files = 0;
  const write = async (
    format: "keras" | "sklearn",
    more: { readonly experiment?: ExperimentResult; readonly rows?: ExperimentRows } = {},
  ): Promise<{ readonly notebook: Notebook; readonly text: string; readonly images: string }> => {
    const file = path.join(folder.path, `my "runs" ${files++}.ipynb`);
    const rows = async (): Promise<ExperimentRows> => more.rows ?? rowsOf(data);
    const request = { experiment: more.experiment ?? experiment, format, file, overwrite: false, rows };
    const [written, images] = await writeExperimentFile(request, quiet());
    assert.equal(written, file);
    const text = readFileSync(file, "utf8");
    return { notebook: JSON.parse(text) as Notebook, text, images: images ?? "" };
  };
  const sourceOf = ({ cells }: Notebook, id: string): string => {
    const cell = cells.find((one) => one.id === id);
    assert(cell !== undefined, id);
    return cell.source.join("");
  };

  for (const kind of ["keras", "sklearn"] as const) {
    it(`in ${kind} alternate words and code, and name no place but the file beside them`, async () => {
      const { notebook, text, images } = await write(kind);
      assert.equal(notebook.nbformat, 4);
      const ids = notebook.cells.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length);
      for (const id of ids) assert.match(id, /^[\w-]{1,64}$/);
      assert.equal(text.includes(folder.path), false);
      assert(sourceOf(notebook, "experiment").includes(JSON.stringify(path.basename(images))));
      for (const { cell_type: type, source } of notebook.cells) {
        if (type !== "code") continue;
        const longest = Math.max(...source.map(({ length }) => length));
        assert(longest < 250, source.join(""));
      }
    });

    it(`in ${kind} repeat the finished runs of the models that it has, and say which it has not`, async () => {
      const { notebook } = await write(kind);
      const missing = kind === "keras" ? "knn" : "cnn";
      const measured = sourceOf(notebook, "measured");
      for (const { result } of experiment.runs) {
        const line = `Run("${result?.model}", "${result?.data}", ${result?.trained}, ${result?.seed}, `;
        assert.equal(measured.includes(line), result?.model !== missing, line);
      }
      assert.match(
        sourceOf(notebook, "title"),
        kind === "keras" ? /Not repeated.*Nearest/ : /Not repeated.*convolutional/,
      );
    });
  }

  it("come with the images, columns, classes and ids", async () => {
    const ids = data.ids.map((id, row) => `${id}${HOSTILE[row % HOSTILE.length]}`);
    const hostile = { ...experiment, classes: HOSTILE };
    const { images } = await write("keras", { experiment: hostile, rows: rowsOf({ ...data, ids }) });
    const file = await openArrayFile(images);
    assert(file !== undefined);
    const arrays = new Map(
      file.arrays.map((array) => [array.key, { shape: array.shape, bytes: Buffer.from(bytesOf(array)) }]),
    );
    file.close();
    assert.deepEqual(arrays.get("images"), { shape: [120, 8, 8, 1], bytes: Buffer.from(data.table.pixels) });
    assert.deepEqual(arrays.get("stays")?.bytes, Buffer.from(data.stays));
    assert.deepEqual(arrays.get("leaked")?.bytes, Buffer.from(data.leaked));
    assert.deepEqual(arrays.get("split")?.bytes, Buffer.from(data.splitRole));
    assert.deepEqual(arrays.get("labels")?.bytes, Buffer.from(data.table.labels.buffer));
    assert.deepEqual(JSON.parse(arrays.get("ids")?.bytes.toString() ?? ""), ids);
    assert.deepEqual(JSON.parse(arrays.get("classes")?.bytes.toString() ?? ""), HOSTILE);
  });

  it("say how many images are written", async () => {
    const seen: { done: number; total: number }[] = [];
    const file = path.join(folder.path, "progress.ipynb");
    const request = { experiment, format: "keras", file, overwrite: false, rows: async () => rowsOf(data) } as const;
    await writeExperimentFile(request, { ...quiet(), progress: ({ done, total }) => seen.push({ done, total }) });
    assert.deepEqual(seen.at(-1), { done: 120, total: 120 });
  });

  it("refuse other names, and experiments of which they can repeat nothing", async () => {
    const request = { experiment, format: "keras", overwrite: false, rows: async () => rowsOf(data) } as const;
    const refuses = async (more: object, reason: string, message: RegExp): Promise<void> => {
      const file = path.join(folder.path, "refused.ipynb");
      await assert.rejects(writeExperimentFile({ ...request, file, ...more }, quiet()), { reason, message });
    };
    const runsOf = (model: string): object => ({
      experiment: { ...experiment, runs: experiment.runs.filter(({ result }) => result?.model === model) },
    });
    await refuses({ file: path.join(folder.path, "a.py") }, "refused", /ends in \.ipynb/);
    await refuses(runsOf("knn"), "unsupported", /Keras cannot repeat/);
    await refuses({ ...runsOf("cnn"), format: "sklearn" }, "unsupported", /scikit-learn cannot repeat/);
    await refuses(runsOf("none"), "unsupported", /No run of this experiment is finished/);
  });

  it("begin with what CleanSplit found for the first model on the most images", async () => {
    const costs = [8, 72, 30].map((original) => ({
      ...COST,
      trained: { original, sanitized: 8 },
      sentence: `on ${original}`,
    }));
    const { notebook } = await write("keras", { experiment: { ...experiment, costs } });
    assert.match(sourceOf(notebook, "title"), /CleanSplit's result: \*on 72\*/);
  });

  it("take names of datasets for text and nothing else", async () => {
    for (const name of HOSTILE) {
      const { notebook } = await write("sklearn", {
        experiment: { ...experiment, experiment: name, dataset: { name, fingerprint: "" } },
      });
      const title = sourceOf(notebook, "title").split("\n")[0] ?? "";
      assert.equal(title, `# What leakage costs on ${markdownName(name)}, repeated with scikit-learn`);
      assert.equal(sourceOf(notebook, "experiment").split("\n")[0], `EXPERIMENT = ${pythonLiteral(name)}`);
    }
  });

  it("quote any text so that Python reads the same, on one line and in visible characters", () => {
    fc.assert(
      fc.property(fc.oneof(UNITS, fc.constantFrom(...HOSTILE)), (text) => {
        const literal = pythonLiteral(text);
        assert.equal(JSON.parse(literal), text);
        assert.doesNotMatch(literal, /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\ufeff]|\p{Surrogate}/u);
      }),
    );
    assert.equal(pythonLiteral([1, null, true, false, { a: 0.5 }]), '[1, None, True, False, {"a": 0.5}]');
  });

  it("quote any name in Markdown so that nothing ends the quotation", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...HOSTILE, "`", "``", "a```b", " ` ")), (name) => {
        const quoted = markdownName(name);
        if (quoted === "(no name)") return;
        const fence = /^`+/.exec(quoted)?.[0] ?? "";
        const inner = quoted.slice(fence.length, -fence.length);
        assert(quoted.endsWith(fence));
        assert.equal(
          (inner.match(/`+/g) ?? []).some((run) => run === fence),
          false,
        );
        assert.doesNotMatch(quoted, /[\r\n]/);
      }),
    );
    assert.equal(markdownText("a <b> *c*\n# d"), "a \\<b\\> \\*c\\* \\# d");
  });

  it("choose the same samples in the same order (needs Python with numpy; CLEANSPLIT_PYTHON names one)", async function () {
    const python = findPython();
    if (python === null) this.skip();
    const { notebook } = await write("keras");
    const train = usableRows(data, ROLE_CODES.train, () => true);
    const cases = [0, 1, 77, 2 ** 31, 2 ** 32 - 1].flatMap((seed) =>
      [1, 7, 30, train.length].map((size) => {
        const rows = balancedSubset(data.table.labels, train, size, data.classes.length, seed);
        const order = Uint32Array.from(rows);
        shuffle(order, new Random(seed));
        return { seed, size, rows: Array.from(rows), order: Array.from(order) };
      }),
    );
    const program = path.join(folder.path, "choices.py");
    const setup = `import json, sys\nimport numpy as np\nset_up = json.load(sys.stdin)\nlabels, train = np.array(set_up["labels"]), np.array(set_up["train"])\nclasses = set_up["classes"]`;
    const report = `found = [(subset(train, c["size"], c["seed"]), c["seed"]) for c in set_up["cases"]]\nprint(json.dumps([[rows.tolist(), next(orders(rows, seed, 1)).tolist()] for rows, seed in found]))`;
    writeFileSync(program, [setup, sourceOf(notebook, "random"), sourceOf(notebook, "choice"), report].join("\n\n"));
    const input = JSON.stringify({
      labels: Array.from(data.table.labels),
      train: Array.from(train),
      classes: data.classes,
      cases,
    });
    const found: unknown = JSON.parse(execFileSync(python, [program], { input, encoding: "utf8" }));
    assert.deepEqual(
      found,
      cases.map(({ rows, order }) => [rows, order]),
    );
  });
});
