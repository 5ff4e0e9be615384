import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { DatasetRequest } from "../../../src/core/dataset/dataset";
import type { ExperimentSpec } from "../../../src/core/training/experiment";
import { nearest } from "../../../src/cli/arguments";
import { quote } from "../../../src/cli/dataset";
import type { Engine } from "../../../src/engine/engine";
import { EXPERIMENT, experimentResult, experimentSummary, leakyReport, run, withNear } from "./stub";

describe("arguments", () => {
  const mistakes: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["an unknown command", ["inspct", "x"], /no command inspct; did you mean inspect\?/],
    ["a path instead of a command", ["./data"], /cleansplit inspect \.\/data/],
    ["an unknown option", ["inspect", "x", "--spilt", "a=b"], /no option --spilt; did you mean --split\?/],
    ["an option of another command", ["inspect", "x", "--out", "y"], /no option --out\./],
    ["an unknown short option", ["inspect", "x", "-z"], /no option -z\./],
    ["an unknown option before the command", ["--verison"], /no option --verison; did you mean --version\?/],
    ["a missing value", ["inspect", "x", "--json"], /--json needs a value: --json FILE/],
    ["a missing value before an option", ["inspect", "x", "--json", "--quiet"], /--json needs a value/],
    ["an empty value", ["inspect", "x", "--json="], /--json needs a value/],
    ["a value for a switch", ["inspect", "x", "--quiet=yes"], /--quiet takes no value/],
    ["an option given twice", ["inspect", "x", "--json", "a", "--json", "b"], /--json is given twice/],
    ["no dataset", ["inspect"], /Name the folder, the archive, the list of images or the array file/],
    ["a split without a path", ["inspect", "--split", "train"], /--split needs NAME=PATH.*not "train"/],
    ["a split without a name", ["inspect", "--split", "=a"], /--split needs NAME=PATH/],
    [
      "an unknown condition",
      ["inspect", "x", "--fail-on", "leak"],
      /--fail-on cannot be "leak"; did you mean leakage\? It takes/,
    ],
    ["an empty list", ["inspect", "x", "--fail-on", ","], /--fail-on needs a value/],
    [
      "no whole number",
      ["inspect", "x", "--workers", "two"],
      /--workers needs a whole number from 1 to 256, not "two"/,
    ],
    ["an unknown tier", ["inspect", "x", "--tier", "pixels"], /--tier cannot be "pixels"; did you mean pixel\?/],
    [
      "a tier that does not leave a dataset",
      ["sanitize", "x", "--out", "y", "--tier", "file"],
      /It takes: pixel, near/,
    ],
    ["a threshold that is no number", ["inspect", "x", "--threshold", "9px"], /--threshold needs a number/],
    ["a threshold of equal images", ["inspect", "x", "--tier", "pixel", "--threshold", "9"], /Add --tier near/],
    ["a threshold without near duplicates", ["sanitize", "x", "--out", "y", "--threshold", "9"], /Add --tier near/],
    ["pairs among the report", ["inspect", "x", "--pairs", "-"], /--pairs needs a file/],
    ["a number out of range", ["inspect", "x", "--groups", "0"], /--groups needs a whole number/],
    [
      "a bad size",
      ["train", "x", "--sizes", "50,everything"],
      /--sizes needs a whole number of at least 1, not "everything"/,
    ],
    ["bad data", ["train", "x", "--data", "sanitised"], /did you mean sanitized\?/],
    ["seeds that are none", ["train", "x", "--seeds", "a"], /--seeds needs a whole number from 1 to 1000, not "a"/],
    ["two channels", ["train", "x", "--channels", "2"], /1 for grey or 3 for colour/],
    ["a notebook of another name", ["train", "x", "--notebook", "a.txt"], /needs a file named \.ipynb/],
    ["a kind of no notebook", ["train", "x", "--notebook-kind", "keras"], /needs --notebook FILE/],
    ["a form of no model", ["train", "x", "--model-format", "onnx"], /needs --save-model DIR/],
    ["to go on differently", ["train", "x", "--resume", "--epochs", "3"], /goes on with an experiment as it was begun/],
    ["sanitize without a target", ["sanitize", "x"], /--out DIR.*--dry-run/],
    ["sample without a folder", ["sample"], /Name the folder/],
    ["install-tensorflow with a folder", ["install-tensorflow", "x"], /takes no paths/],
    ["sample with two folders", ["sample", "a", "b"], /one folder/],
    ["help of an unknown command", ["help", "trian"], /no command trian; did you mean train\?/],
  ];
  for (const [what, argv, message] of mistakes) {
    it(`${what} is an error that says what to write`, async () => {
      const { code, stdout, stderr, open } = await run(argv, {
        engine: { inspect: () => assert.fail("must not run") },
      });
      assert.equal(code, 2);
      assert.equal(stdout, "");
      assert.match(stderr, /^Error: /);
      assert.match(stderr, message);
      assert.match(stderr, /See: cleansplit help/);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(open, 0);
    });
  }

  it("paths and splits become a dataset request", async () => {
    const request = await requested(["inspect", "letters/", "../more", "--split", "test=letters/held out"]);
    assert.deepEqual(request, {
      inputs: [path.resolve("/data/letters"), path.resolve("/more")],
      assignments: [{ path: path.resolve("/data/letters/held out"), split: "test" }],
    });
  });

  it("splits alone name the dataset, also arrays of files", async () => {
    const request = await requested(["inspect", "--split=train=a.npz#x", "--split=test=a.npz#y", "--split", "a=b=c"]);
    assert.deepEqual(request.inputs, [path.resolve("/data/a.npz"), path.resolve("/data/b=c")]);
    assert.deepEqual(
      request.assignments.map(({ split }) => split),
      ["train", "test", "a"],
    );
    assert.equal(request.assignments[0]?.path, path.resolve("/data/a.npz#x"));
  });

  it("labels are another array of the file, or another file beside it", async () => {
    const request = await requested(["inspect", "--labels", "y=a.npz#X", "--labels=y_all.npy=sets/x.npy"]);
    assert.deepEqual(request.inputs, [path.resolve("/data/a.npz"), path.resolve("/data/sets/x.npy")]);
    assert.deepEqual(request.labels, [
      { images: path.resolve("/data/a.npz#X"), labels: path.resolve("/data/a.npz#y") },
      { images: path.resolve("/data/sets/x.npy"), labels: path.resolve("/data/sets/y_all.npy") },
    ]);
  });

  it("corrections beside the dataset are used and said, --split goes before them, --no-corrections without", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
    try {
      await mkdir(path.join(folder, ".cleansplit"));
      const text = '{"version": 1, "splits": {"set/a": "train", "set/b": "test", "other": "test"}}';
      await writeFile(path.join(folder, ".cleansplit", "dataset.json"), text);
      const splitsOf = async (...argv: string[]): Promise<readonly [string, string]> => {
        const splits: string[] = [];
        const inspect: Engine["inspect"] = async ({ assignments }) => {
          splits.push(...assignments.map((one) => `${path.relative(folder, one.path)}=${one.split}`));
          return { inspection: "1", report: leakyReport() };
        };
        const { stderr } = await run(argv, { engine: { inspect }, cwd: folder });
        return [splits.join(" "), /.*corrected.*/.exec(stderr)?.[0] ?? ""];
      };
      const said = "2 parts as corrected in .cleansplit/dataset.json (--no-corrections ignores it).";
      for (const command of ["inspect", "train"]) {
        assert.deepEqual(await splitsOf(command, "set"), ["set/a=train set/b=test", said]);
      }
      assert.deepEqual(await splitsOf("inspect", "set", "--no-corrections"), ["", ""]);
      assert.equal((await splitsOf("inspect", "set", "--split", "dev=set/b"))[0], "set/a=train set/b=dev");
      await writeFile(path.join(folder, ".cleansplit", "dataset.json"), "{");
      const { code, stderr } = await run(["inspect", "set"], { cwd: folder });
      assert.equal(code, 2);
      assert.match(stderr, /dataset.json cannot be used/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("a path behind -- may look like an option, and switches may stand before the command", async () => {
    assert.deepEqual((await requested(["--no-color", "inspect", "--", "--split"])).inputs, [
      path.resolve("/data/--split"),
    ]);
  });

  it("training options become a specification", async () => {
    const specs: Partial<ExperimentSpec>[] = [];
    const runExperiment: Engine["runExperiment"] = async ({ spec }) => {
      specs.push(spec);
      return experimentResult();
    };
    const words =
      "--sizes 50,all --sizes 7 --seeds 3 --epochs 3 --data sanitized --models knn,mlp --batch 64 --learning-rate .5 " +
      "--side 16 --channels 3 --tier near --backend wasm";
    await run(["train", "x"], { engine: { runExperiment } });
    await run(["train", "x", ...words.split(" ")], { engine: { runExperiment } });
    await run(["train", "x", "--seeds", "7,0"], { engine: { runExperiment } });
    assert.deepEqual(specs, [
      {},
      {
        models: ["knn", "mlp"],
        sizes: [50, "all", 7],
        seeds: [1, 2, 3],
        data: ["sanitized"],
        tier: "near",
        epochs: 3,
        batchSize: 64,
        learningRate: 0.5,
        side: 16,
        channels: 3,
        backend: "wasm",
      },
      { seeds: [7, 0] },
    ]);
  });

  it("an experiment is gone on with by its name, or the last one", async () => {
    const asked: string[] = [];
    const engine: Partial<Engine> = {
      runExperiment: () => assert.fail("is not begun anew"),
      resumeExperiment: async ({ experiment }) => {
        asked.push(experiment);
        return experimentResult();
      },
      experiments: async () => [experimentSummary({ experiment: "20270101-000000-abcdef" }), experimentSummary()],
    };
    for (const words of [
      ["x", "--resume"],
      ["--resume", "x"],
      ["x", "--resume", EXPERIMENT],
      [`--resume=${EXPERIMENT}`, "x"],
    ]) {
      assert.equal((await run(["train", ...words, "--quiet"], { engine })).code, 0);
    }
    assert.deepEqual(asked, ["20270101-000000-abcdef", "20270101-000000-abcdef", EXPERIMENT, EXPERIMENT]);
    const none = await run(["train", "x", "--resume"], { engine: { experiments: async () => [] } });
    assert.equal(none.code, 2);
    assert.match(none.stderr, /no experiment on this dataset to go on with/);
  });

  it("exports are named before the training and written after it", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
    const asked: unknown[] = [];
    const engine: Partial<Engine> = {
      exportExperiment: async ({ format, file, overwrite }) => {
        asked.push([format, file, overwrite]);
        return { files: [file] };
      },
      exportModel: async ({ run, format, folder: to }) => {
        asked.push([run, format, to]);
        return { folder: to, files: [] };
      },
    };
    const words = "--csv a.csv --notebook b.ipynb --notebook-kind sklearn --save-model m --model-format onnx".split(
      " ",
    );
    const { stdout } = await run(["train", "x", ...words], { engine, cwd: folder });
    const at = (name: string): string => path.join(folder, name);
    // Of the two models that are kept, the one of original data has the higher accuracy on clean images.
    assert.deepEqual(asked, [
      ["csv", at("a.csv"), true],
      ["sklearn", at("b.ipynb"), true],
      [8, "onnx", at("m")],
    ]);
    for (const name of ["a.csv", "b.ipynb", "m"]) assert.ok(stdout.includes(`  ${at(name)}\n`));
    const inspect = (): never => assert.fail("must not be inspected");
    const missing = await run(["train", "x", "--csv", "no/such.csv"], { engine: { inspect }, cwd: folder });
    assert.match(missing.stderr, /the folder .* does not exist/);
    await rm(folder, { recursive: true });
  });

  it("near duplicates are searched as asked, and a copy is planned at the tier", async () => {
    const asked: unknown[] = [];
    const engine: Partial<Engine> = {
      near: async ({ threshold }) => {
        asked.push(threshold);
        return withNear(leakyReport());
      },
      plan: async ({ options }) => assert.fail(options?.tier),
    };
    for (const words of [
      ["inspect", "x"],
      ["inspect", "x", "--threshold", "6.5"],
      ["inspect", "x", "--threshold=-.5"],
    ]) {
      assert.equal((await run(words, { engine })).code, 0);
    }
    assert.deepEqual(asked.splice(0), [null, 6.5, -0.5]);
    const words = ["sanitize", "x", "--dry-run"];
    assert.match((await run(words, { engine })).stderr, /Error: pixel/);
    assert.match((await run([...words, "--tier", "near", "--threshold", "7"], { engine })).stderr, /Error: near/);
    assert.deepEqual(asked, [7]);
  });

  it("help and version need no dataset", async () => {
    for (const argv of [[], ["help"], ["--help"], ["-h"]]) {
      const { code, stdout } = await run(argv);
      assert.equal(code, 0);
      for (const word of ["inspect", "sanitize", "train", "sample"])
        assert.match(stdout, new RegExp(`^  ${word} `, "m"));
    }
    for (const argv of [
      ["help", "inspect"],
      ["inspect", "--help"],
      ["inspect", "-h", "x"],
    ]) {
      assert.match((await run(argv)).stdout, /--fail-on WHAT/);
    }
    for (const argv of [["--version"], ["-V"]]) assert.match((await run(argv)).stdout, /^\d+\.\d+\.\d+\S*\n$/);
  });

  it("the nearest word is found, and none when nothing is near", () => {
    assert.equal(nearest("--splti", ["--split", "--sizes"]), "--split");
    assert.equal(nearest("--size", ["--split", "--sizes"]), "--sizes");
    assert.equal(nearest("--frobnicate", ["--split", "--sizes"]), undefined);
    assert.equal(nearest("", ["a"]), undefined);
  });

  it("the folder proposed for the copy is new, beside the dataset and never inside it", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
    try {
      await mkdir(path.join(folder, "set", "train"), { recursive: true });
      await writeFile(path.join(folder, "arrays.npz"), "");
      const proposed = async (place: string, below = ""): Promise<string | undefined> => {
        const { stdout } = await run(["inspect", place], { cwd: path.join(folder, below) });
        return / --out (\S+)/.exec(stdout)?.[1];
      };
      assert.equal(await proposed("set"), "set-sanitized");
      assert.equal(await proposed("set/"), "set-sanitized");
      assert.equal(await proposed(".", "set"), "../set-sanitized");
      assert.equal(await proposed("arrays.npz"), "arrays-sanitized");
      assert.equal(await proposed(path.join(folder, "set")), path.join(folder, "set-sanitized"));
      await mkdir(path.join(folder, "set-sanitized"));
      assert.equal(await proposed("set"), "set-sanitized-2");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("an existing target is refused before the dataset is read", async () => {
    const engine = { inspect: (): never => assert.fail("must not be inspected") };
    const { code, stderr } = await run(["sanitize", "x", "--out", "."], { engine, cwd: os.tmpdir() });
    assert.equal(code, 2);
    assert.match(stderr, /exists already\. Choose a new name/);
  });

  it("commands to copy are quoted for the shell", () => {
    assert.equal(quote("a/b.npz#x", "linux"), "a/b.npz#x");
    assert.equal(quote("my data", "linux"), "'my data'");
    assert.equal(quote("it's", "linux"), `'it'\\''s'`);
    assert.equal(quote("$(rm -rf ~)", "linux"), "'$(rm -rf ~)'");
    assert.equal(quote("~x", "linux"), "'~x'");
    assert.equal(quote("a\u001b[2J'b", "linux"), `$'a\\x1b[2J\\'b'`);
    assert.equal(quote("C:\\data set", "win32"), `"C:\\data set"`);
    assert.equal(quote("C:\\data", "win32"), "C:\\data");
  });

  async function requested(argv: readonly string[]): Promise<DatasetRequest> {
    const requests: DatasetRequest[] = [];
    const { code, stderr } = await run(argv, {
      engine: {
        inspect: async (request) => {
          requests.push(request);
          return { inspection: "i", report: leakyReport() };
        },
      },
    });
    assert.equal(code, 0, stderr);
    const [request] = requests;
    assert.ok(request);
    return request;
  }
});
