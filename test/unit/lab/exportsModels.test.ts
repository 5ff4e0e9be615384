import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { MODEL_NAMES, type ModelName } from "../../../src/core/training/models";
import type { TrainingRun } from "../../../src/core/training/experiment";
import { writeModelFolder, type ModelFolderRequest, type PictureSize } from "../../../src/engine/lab/exports";
import { bytesIn, integer, message, text, type Pieces } from "../../../src/engine/lab/models/protobuf";
import { markdownName } from "../../../src/engine/lab/quoting";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import { bytesOf, temporaryFolder } from "../arrays/support";
import { quiet } from "../engine/support";
import { predictRow, randomParameters, toyData, toyExperiment } from "./exportsFixtures";

/** Largest difference of a probability between two ways to compute it with 32-bit numbers. */
const TOLERANCE = 1e-5;

const NETWORKS = MODEL_NAMES.filter((name) => name !== "knn");

describe("saved models", () => {
  const folder = temporaryFolder();
  const size: PictureSize = { height: 9, width: 11, channels: 3 };
  const data = toyData(40, size);
  const experiment = toyExperiment(data, {
    models: [...MODEL_NAMES],
    sizes: [8],
    seeds: [1],
    data: ["original"],
    epochs: 1,
  });
  let folders = 0;
  const requestOf = (model: ModelName, format: ModelFolderRequest["format"]): ModelFolderRequest => ({
    experiment,
    run: runOf(model),
    parameters: randomParameters(model, size, data.classes.length),
    input: size,
    format,
    folder: path.join(folder.path, "new", String(folders++)),
  });
  function runOf(model: ModelName): TrainingRun {
    const run = experiment.runs.find(({ result }) => result?.model === model)?.result;
    assert(run !== undefined && run !== null);
    return run;
  }
  const read = (request: ModelFolderRequest, name: string): Buffer => readFileSync(path.join(request.folder, name));

  for (const model of NETWORKS) {
    it(`${model}: TensorFlow.js loads it and predicts the same from raw pixels`, async () => {
      const request = requestOf(model, "tfjs");
      const files = await writeModelFolder(request, quiet());
      assert.deepEqual(files, ["model.json", "weights.bin", "classes.json", "MODEL_CARD.md"]);
      assert.deepEqual(readdirSync(request.folder).sort(), [...files].sort());
      await tf.setBackend("cpu");
      const loaded = await loadLayersModel(tf.io.fromMemory(artifactsOf(request)));
      const rows = 5;
      const pixels = data.table.pixels.subarray(0, rows * 9 * 11 * 3);
      const predicted = tf.tidy(() => {
        const output = loaded.predict(tf.tensor4d(Float32Array.from(pixels), [rows, 9, 11, 3])) as tf.Tensor2D;
        return output.arraySync();
      });
      loaded.dispose();
      predicted.forEach((probabilities, row) => {
        const expected = predictRow(model, request.parameters, data.table, row);
        probabilities.forEach((value, c) =>
          assert(Math.abs(value - (expected[c] ?? 0)) < TOLERANCE, `${value} ${expected[c]}`),
        );
      });
    });

    it(`${model}: NumPy arrays have the names and numbers of Keras`, async () => {
      const request = requestOf(model, "npz");
      await writeModelFolder(request, quiet());
      const file = await openArrayFile(path.join(request.folder, "model.npz"));
      assert(file !== undefined);
      const found = file.arrays.map((array) => ({
        key: array.key,
        shape: array.shape,
        bytes: Buffer.from(bytesOf(array)),
      }));
      file.close();
      const expected = request.parameters.map(({ name, shape, values }) => ({
        key: name,
        shape: [...shape],
        bytes: Buffer.from(values.buffer),
      }));
      assert.deepEqual(found, expected);
    });

    it(`${model}: ONNX has its layers and all of its numbers`, async () => {
      const request = requestOf(model, "onnx");
      await writeModelFolder(request, quiet());
      const proto = fieldsOf(read(request, "model.onnx"));
      const graph = fieldsOf(proto.find(({ field }) => field === 7)?.content ?? Buffer.alloc(0));
      const types = graph.filter(({ field }) => field === 1).map(({ content }) => textOf(content, 4));
      const expected: Record<string, readonly string[]> = {
        softmax: ["Flatten", "Gemm", "Softmax"],
        mlp: ["Flatten", "Gemm", "Relu", "Gemm", "Softmax"],
        cnn: [
          ...["Transpose", "Conv", "Relu", "MaxPool", "Conv", "Relu", "MaxPool"],
          ...["Transpose", "Flatten", "Gemm", "Relu", "Gemm", "Softmax"],
        ],
      };
      assert.deepEqual(types, ["Cast", "Sub", "Div", ...(expected[model] ?? expected["softmax"] ?? [])]);
      const sizes = graph
        .filter(({ field }) => field === 5)
        .map(({ content }) => [textOf(content, 8), fieldsOf(content).find(({ field }) => field === 9)?.content.length]);
      assert.deepEqual(sizes, [
        ["middle", 4],
        ["range", 4],
        ...request.parameters.map(({ name, values }) => [name, values.byteLength]),
      ]);
    });
  }

  it("say in their card what they are, what they were trained on, and how well they do", async () => {
    const request = requestOf("softmax", "onnx");
    await writeModelFolder(request, quiet());
    const card = read(request, "MODEL_CARD.md").toString();
    const { accuracy } = request.run.scores.original ?? { accuracy: -1 };
    assert.match(card, /^# Softmax regression, trained on original data of `toy`/);
    assert.match(card, /Fingerprint: `0123456789abcdef`/);
    assert.match(card, /8 of \d+ labelled images of train/);
    assert.match(card, /1 epoch, batches of 128, learning rate 0\.01/);
    assert(
      card.includes(`| all test images | ${request.run.scores.original?.samples} | ${(accuracy * 100).toFixed(1)} % |`),
    );
    assert.match(card, /onnxruntime\.InferenceSession/);
  });

  it("take names of classes and datasets for text and nothing else", async () => {
    const classes = ['a"b', "line\nbreak", "<script>x</script>", "`` ` ``\ud800\u202e"];
    const name = "| [x](javascript:y) |\n# z";
    const request = requestOf("softmax", "tfjs");
    const hostile = { ...request, experiment: { ...experiment, classes, dataset: { name, fingerprint: "\n# f" } } };
    await writeModelFolder(hostile, quiet());
    assert.deepEqual(JSON.parse(read(hostile, "classes.json").toString()), classes);
    assert.deepEqual(
      (JSON.parse(read(hostile, "model.json").toString()) as { userDefinedMetadata: unknown }).userDefinedMetadata,
      { classes },
    );
    const card = read(hostile, "MODEL_CARD.md").toString();
    for (const text of [...classes, name]) assert(card.includes(markdownName(text)));
    assert.equal(card.split("\n").filter((line) => line.startsWith("# ")).length, 1);
  });

  it("refuse nearest neighbours and say what to do instead", async () => {
    const request = requestOf("knn", "npz");
    await assert.rejects(writeModelFolder(request, quiet()), { reason: "unsupported", message: /its training images/ });
  });

  it("refuse parameters that are not those of the model", async () => {
    const request = requestOf("mlp", "onnx");
    const [first, ...others] = request.parameters;
    assert(first !== undefined);
    const cut = { ...first, values: first.values.subarray(1) };
    const wrong: readonly (readonly [Partial<ModelFolderRequest>, RegExp])[] = [
      [{ parameters: others }, /dense1\/kernel is missing/],
      [{ parameters: [cut, ...others] }, /dense1\/kernel has 5939 numbers of shape 297 x 20, expected 297 x n/],
      [{ input: { ...size, height: 10 } }, /expected 330 x n/],
      [{ parameters: [...request.parameters, { ...first, name: "more" }] }, /1 parameters too many/],
      [{ experiment: { ...experiment, classes: ["a"] } }, /4 classes apart, expected 1/],
    ];
    for (const [more, message] of wrong) {
      await assert.rejects(writeModelFolder({ ...request, ...more }, quiet()), { reason: "corrupt", message });
    }
  });

  it("never touch a folder that exists, and leave nothing when they are cancelled", async () => {
    const request = requestOf("softmax", "tfjs");
    mkdirSync(request.folder, { recursive: true });
    await assert.rejects(writeModelFolder(request, quiet()), { reason: "refused", message: /exists already/ });
    assert.deepEqual(readdirSync(request.folder), []);
    const stopped = { ...request, folder: path.join(folder.path, "stopped", "model") };
    await assert.rejects(writeModelFolder(stopped, quiet(AbortSignal.abort())), { name: "AbortError" });
    assert.deepEqual(readdirSync(path.dirname(stopped.folder)), []);
  });

  function artifactsOf(request: ModelFolderRequest): tf.io.ModelArtifacts {
    const model = JSON.parse(read(request, "model.json").toString()) as tf.io.ModelJSON;
    const weights = read(request, "weights.bin");
    return {
      modelTopology: model.modelTopology,
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: weights.buffer.slice(weights.byteOffset, weights.byteOffset + weights.length) as ArrayBuffer,
    };
  }
});

describe("protocol buffers that are written", () => {
  it("hold any whole number, text and message", () => {
    const numbers = fc.maxSafeNat();
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), numbers, fc.string(), (field, value, words) => {
        const pieces = message(field, integer(field, value), text(2, words));
        const bytes = Buffer.concat([...pieces]);
        assert.equal(bytesIn(pieces), bytes.length);
        const [outer, ...rest] = fieldsOf(bytes);
        assert.deepEqual([outer?.field, rest], [field, []]);
        const [first, second] = fieldsOf(outer?.content ?? Buffer.alloc(0));
        assert.deepEqual([first?.field, first?.value], [field, value]);
        assert.deepEqual([second?.field, second?.content.toString()], [2, Buffer.from(words).toString()]);
      }),
    );
  });

  it("are put together without copying what they hold", () => {
    const bytes = new Uint8Array(3);
    const pieces: Pieces = message(1, message(2, [bytes]));
    assert.equal(pieces.at(-1), bytes);
  });
});

interface Field {
  readonly field: number;
  readonly value: number;
  readonly content: Buffer;
}

/** The fields of a message, of the two kinds that are written. */
function fieldsOf(bytes: Buffer): readonly Field[] {
  let at = 0;
  const varint = (): number => {
    for (let [value, factor] = [0, 1]; ; factor *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  const fields: Field[] = [];
  while (at < bytes.length) {
    const tag = varint();
    const value = varint();
    const isMessage = tag % 8 === 2;
    assert(isMessage || tag % 8 === 0);
    fields.push({ field: Math.floor(tag / 8), value, content: bytes.subarray(at, isMessage ? (at += value) : at) });
  }
  return fields;
}

function textOf(bytes: Buffer, field: number): string {
  return (
    fieldsOf(bytes)
      .find((one) => one.field === field)
      ?.content.toString() ?? ""
  );
}
