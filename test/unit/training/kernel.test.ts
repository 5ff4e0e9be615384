import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { CleanSplitError } from "../../../src/core/errors";
import type { Recipe } from "../../../src/core/training/models";
import { Random, shuffle } from "../../../src/core/training/random";
import type { Classifier, ClassifierRequest, FeatureTable } from "../../../src/engine/training/classifier";
import { openKernelBackend, type KernelBackend } from "../../../src/engine/training/kernel/kernelBackend";
import { Helper } from "../../../src/engine/training/kernel/helper";
import { KernelMemory } from "../../../src/engine/training/kernel/memory";
import { WasmNeighbours } from "../../../src/engine/training/kernel/neighbours";
import { WasmSoftmax } from "../../../src/engine/training/kernel/softmax";
import { exponential, ReferenceNeighbours } from "../../../src/engine/training/kernel/reference";

const FILE = path.join(__dirname, "../../../dist/training.wasm");
const RECIPE: Recipe = { epochs: 1, batchSize: 32, learningRate: 0.3, l2: 0 };

const RECIPE_128: Recipe = { ...RECIPE, batchSize: 128 };

type Shape = Pick<FeatureTable, "height" | "width" | "channels" | "classes">;

/** Random pictures; pixels that tell the label are bright, so that something can be learnt. */
function randomTable(
  shape: Shape,
  rows: number,
  seed: number,
  pixels: Uint8Array = new Uint8Array(rows * dimOf(shape)),
): FeatureTable {
  const random = new Random(seed);
  const labels = Int32Array.from({ length: rows }, () => random.below(shape.classes));
  const dim = dimOf(shape);
  labels.forEach((label, row) => {
    for (let i = 0; i < dim; i++) {
      pixels[row * dim + i] = i % shape.classes === label ? 200 + random.below(56) : random.below(200);
    }
  });
  return { ...shape, pixels, labels };
}

function dimOf({ height, width, channels }: Shape): number {
  return height * width * channels;
}

function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

/** The rows of a table in random order. */
function mixed(rows: number, seed: number): Uint32Array {
  const order = range(0, rows);
  shuffle(order, new Random(seed));
  return order;
}

function request(table: FeatureTable, more: Partial<ClassifierRequest> = {}): ClassifierRequest {
  return { model: "softmax", table, recipe: RECIPE, seed: 1, train: range(0, table.labels.length), ...more };
}

/** Everything that a classifier says while it is trained on batches, and what it has learnt; in arrays, where all NaN are equal. */
function trained(classifier: Classifier, order: Uint32Array, batch: number): unknown {
  try {
    const scores = [];
    for (let from = 0; from < order.length; from += batch) {
      scores.push(classifier.step(order.subarray(from, from + batch)));
    }
    return { scores, ...saidBy(classifier, order) };
  } finally {
    classifier.dispose();
  }
}

function saidBy(classifier: Classifier, rows: Uint32Array): object {
  const parameters = classifier
    .parameters()
    .map((parameter) => ({ ...parameter, values: Array.from(parameter.values) }));
  return { logits: Array.from(classifier.predict(rows)), parameters };
}

const SHAPES = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  channels: fc.constantFrom(1 as const, 3 as const),
  classes: fc.integer({ min: 1, max: 13 }),
});

describe("the training kernel", () => {
  let wasm: KernelBackend;
  let reference: KernelBackend;
  before(async () => {
    wasm = await openKernelBackend({ environment: {} });
    reference = await openKernelBackend({ environment: { CLEANSPLIT_WASM: "0" } });
    assert.deepEqual([wasm.variant, reference.variant], ["wasm", "reference"]);
  });

  describe("softmax regression", () => {
    it("equals the plain reference bit for bit, whatever the shape, the batch and the place of the pixels", () => {
      fc.assert(
        fc.property(
          SHAPES,
          fc.record({
            rows: fc.integer({ min: 1, max: 150 }),
            batch: fc.integer({ min: 1, max: 160 }),
            seed: fc.nat(),
          }),
          fc.record({ learningRate: fc.constantFrom(0.01, 1, 30, 1e6), l2: fc.constantFrom(0, 0.1) }),
          fc.boolean(),
          (shape, { rows, batch, seed }, rates, isShared) => {
            const pixels = isShared ? wasm.allocatePixels(rows * dimOf(shape)) : undefined;
            const table = randomTable(shape, rows, seed, pixels);
            const asked = request(table, { recipe: { ...RECIPE, ...rates } });
            const order = mixed(rows, seed);
            const [own, expected] = [wasm, reference].map((each) => trained(each.create(asked), order, batch));
            assert.deepEqual(own, expected);
          },
        ),
        { numRuns: 60 },
      );
    });

    it("equals it where sums of rounded numbers are as large as they can be", () => {
      // All inputs of a class have the same weight, and all samples the same error, so each is rounded to the largest number.
      fc.assert(
        fc.property(
          fc.record({
            height: fc.constantFrom(1, 1023, 1024, 1025, 2050),
            width: fc.constant(1),
            channels: fc.constant(1 as const),
            classes: fc.integer({ min: 2, max: 5 }),
          }),
          fc.constantFrom(1, 63, 64, 65),
          fc.constantFrom([0], [255], [0, 255], [127, 128]),
          fc.array(fc.record({ at: fc.nat(), value: fc.constantFrom(0, 1, 255) }), { maxLength: 3 }),
          (shape, rows, levels, outliers) => {
            const dim = dimOf(shape);
            const pixels = Uint8Array.from(
              { length: rows * dim },
              (_, i) => levels[Math.floor(i / dim) % levels.length] ?? 0,
            );
            for (const { at, value } of outliers) pixels[at % pixels.length] = value;
            const labels = Int32Array.from({ length: rows }, (_, row) => row % levels.length);
            const asked = request({ ...shape, pixels, labels });
            const order = Uint32Array.from([...range(0, rows), ...range(0, rows)]);
            const [own, expected] = [wasm, reference].map((each) => trained(each.create(asked), order, rows));
            assert.deepEqual(own, expected);
          },
        ),
        { numRuns: 15 },
      );
    });

    it("equals it for large pictures, and for many classes", () => {
      const large = randomTable({ height: 224, width: 224, channels: 3, classes: 3 }, 10, 5);
      const many = randomTable({ height: 3, width: 5, channels: 1, classes: 1000 }, 70, 5);
      for (const table of [large, many]) {
        const order = mixed(table.labels.length, 2);
        const [own, expected] = [wasm, reference].map((each) => trained(each.create(request(table)), order, 7));
        assert.deepEqual(own, expected);
      }
    });

    it("reads no pixel behind the last one of its memory", () => {
      const memory = opened();
      // The model finds room before the pixels, which end where a page of memory does.
      const page = 2 ** 16;
      memory.release(memory.allocate(2 * page));
      const shape: Shape = { height: 2, width: 2, channels: 1, classes: 3 };
      const rows = (3 * page) / dimOf(shape);
      const table = randomTable(shape, rows, 5, memory.allocatePixels(3 * page));
      const model = new WasmSoftmax(memory, table, RECIPE, () => undefined);
      assert.ok(Number.isFinite(model.step(range(rows - 32, rows)).loss));
      model.dispose();
    });

    it("goes down the gradient of the loss, as finite differences say", () => {
      const table = randomTable({ height: 3, width: 5, channels: 1, classes: 4 }, 24, 9);
      const rows = range(0, 24);
      const l2 = 0.3;
      const learningRate = 0.5;
      const classifier = wasm.create(request(table, { model: "softmax-l2", recipe: { ...RECIPE, learningRate, l2 } }));
      // After a first step the weights are no longer zero.
      classifier.step(rows);
      const before = flat(classifier);
      const { loss } = classifier.step(rows);
      const after = flat(classifier);
      classifier.dispose();
      assert.ok(Math.abs(loss - lossOf(table, before, 0)) < 1e-6);
      const epsilon = 1e-4;
      before.forEach((value, i) => {
        const up = lossOf(table, before.with(i, value + epsilon), l2);
        const down = lossOf(table, before.with(i, value - epsilon), l2);
        const slope = (value - (after[i] ?? NaN)) / learningRate;
        assert.ok(Math.abs(slope - (up - down) / (2 * epsilon)) < 1e-5, `parameter ${i}`);
      });
    });

    it("learns, and repeats itself to the bit", () => {
      const table = randomTable({ height: 8, width: 8, channels: 1, classes: 10 }, 500, 3);
      const order = mixed(500, 1);
      const learn = (): unknown => {
        const classifier = wasm.create(request(table));
        const epochs = Array.from({ length: 10 }, () => trainedEpoch(classifier, order));
        classifier.dispose();
        assert.ok(
          epochs.every((accuracy, epoch) => epoch < 9 || accuracy > 0.95),
          `accuracies ${epochs.join(", ")}`,
        );
        return epochs;
      };
      assert.deepEqual(learn(), learn());
    });

    it("says when it has diverged by a loss that is no number", () => {
      const table = randomTable({ height: 8, width: 8, channels: 1, classes: 3 }, 40, 3);
      for (const backend of [wasm, reference]) {
        const classifier = backend.create(request(table, { recipe: { ...RECIPE, learningRate: 1e300 } }));
        const losses = Array.from({ length: 4 }, () => classifier.step(range(0, 40)).loss);
        // Infinite weights cannot be rounded: no whole number may take their place.
        assert.ok(losses.slice(1).every(Number.isNaN), `losses ${losses.join(", ")}`);
        assert.ok(classifier.predict(range(0, 40)).every(Number.isNaN));
        classifier.dispose();
      }
    });

    it("has an exponential with a relative error of at most 1.5 units in the last place", () => {
      for (let x = 0; x >= -64; x = Math.fround(x - 0.00137)) {
        const error = Math.abs(exponential(x) / Math.exp(x) - 1);
        assert.ok(error <= 1.5 * 2 ** -23, `e^${x}: ${error}`);
      }
      assert.deepEqual([-64.1, -1e9, -Infinity, NaN].map(exponential), [0, 0, 0, 0]);
    });

    it("refuses rows that are not in the table or have no label", () => {
      const table = randomTable({ height: 2, width: 2, channels: 1, classes: 3 }, 10, 3);
      table.labels.set([-1, 3], 4);
      for (const backend of [wasm, reference]) {
        const classifier = backend.create(request(table));
        for (const row of [4, 5, 10, 2 ** 31]) assert.throws(() => classifier.step(Uint32Array.of(0, row)), RangeError);
        assert.throws(() => classifier.predict(Uint32Array.of(10)), RangeError);
        assert.equal(classifier.predict(Uint32Array.of(4)).length, 3);
        classifier.dispose();
      }
    });
  });

  describe("softmax regression with a helper", () => {
    const table = randomTable({ height: 20, width: 20, channels: 1, classes: 7 }, 2000, 4);
    const asked = request(table, { recipe: RECIPE_128 });
    const order = mixed(2000, 3);
    let expected: unknown;
    before(() => (expected = trained(wasm.create(asked), order, 300)));

    /** A model with a helper that is there, and how often it was asked and in time. */
    async function helped(memory: KernelMemory): Promise<{ model: WasmSoftmax; helper: Helper; counts: number[] }> {
      const helper = Helper.start(memory, path.join(path.dirname(FILE), "trainingHelper.js"));
      assert.ok(helper !== undefined);
      const counts = [0, 0];
      const answered = helper.answered.bind(helper);
      helper.answered = () => {
        const isThere = answered();
        counts[isThere ? 0 : 1] = (counts[isThere ? 0 : 1] ?? 0) + 1;
        return isThere;
      };
      await eventually(() => helper.isFree());
      return { model: new WasmSoftmax(memory, table, RECIPE_128, () => helper), helper, counts };
    }

    it("learns the same, to the bit, whether it is in time or late", async function () {
      if (availableParallelism() < 2) this.skip();
      const memory = opened();
      const { model, helper, counts } = await helped(memory);
      assert.deepEqual(trained(model, order, 300), expected);
      // On a busy machine it may sleep while a model is trained; it is awake some time.
      while (counts[0] === 0 && counts[1] === 0) {
        const another = new WasmSoftmax(memory, table, RECIPE_128, () => helper);
        assert.deepEqual(trained(another, order, 300), expected);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await helper.close();
    });

    it("takes what the helper finds as soon as it comes in time", async function () {
      if (availableParallelism() < 2) this.skip();
      const { model, helper, counts } = await helped(opened());
      const alone = wasm.create(asked);
      const batch = order.subarray(0, 128);
      // However busy the machine is, it is in time some time.
      for (let more = 20; more > 0; more -= counts[0] ? 1 : 0) {
        for (let i = 0; i < 50; i++) assert.deepEqual(model.step(batch), alone.step(batch));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(model.parameters(), alone.parameters());
      model.dispose();
      alone.dispose();
      await helper.close();
    });

    it("learns the same when the helper ends while it is trained", async function () {
      if (availableParallelism() < 2) this.skip();
      const { model, helper } = await helped(opened());
      const half = 900;
      const scores = [];
      for (let from = 0; from < half; from += 300) scores.push(model.step(order.subarray(from, from + 300)));
      await helper.close();
      for (let from = half; from < 2000; from += 300) scores.push(model.step(order.subarray(from, from + 300)));
      assert.deepEqual({ scores, ...saidBy(model, order) }, expected);
      model.dispose();
    });

    it("learns the same with a helper that never starts", async function () {
      if (availableParallelism() < 2) this.skip();
      const memory = opened();
      const helper = Helper.start(memory, path.join(__dirname, "missing.js"));
      assert.deepEqual(trained(new WasmSoftmax(memory, table, RECIPE_128, () => helper), order, 300), expected);
      await helper?.close();
    });

    it("has its memory back when it is done, also from a helper that is at work", async function () {
      if (availableParallelism() < 2) this.skip();
      const memory = opened();
      const { model, helper } = await helped(memory);
      model.dispose();
      const sizes = Array.from({ length: 6 }, () => {
        const next = new WasmSoftmax(memory, table, RECIPE_128, () => helper);
        next.step(order.subarray(0, 128));
        next.dispose();
        return memory.buffer.byteLength;
      });
      assert.equal(new Set(sizes).size, 1);
      await helper.close();
      await helper.close();
    });

    it("starts one thread with the first model that it can help, and ends it with the back end", async function () {
      if (availableParallelism() < 2) this.skip();
      const backend = await openKernelBackend({ environment: {}, isHelped: true });
      const threads = (): number => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
      const before = threads();
      for (let time = 0; time < 3; time++) {
        for (const model of [backend.create(asked), backend.create(asked)]) {
          model.step(order.subarray(0, 128));
          model.dispose();
        }
        await backend.close();
        await backend.close();
      }
      assert.equal(threads(), before);
    });
  });

  describe("nearest neighbours", () => {
    it("finds those that comparing each with each finds, ties and all", () => {
      const memory = opened();
      fc.assert(
        fc.property(
          SHAPES,
          fc.integer({ min: 0, max: 300 }),
          fc.integer({ min: 1, max: 7 }),
          fc.constantFrom(2, 40, 256),
          fc.nat(),
          (shape, train, neighbours, levels, seed) => {
            const table = randomTable(shape, train + 20, seed);
            // Few grey levels make many rows equally far.
            table.pixels.forEach((p, i) => (table.pixels[i] = Math.floor((p * levels) / 256)));
            const searched = mixed(train, seed);
            const own = new WasmNeighbours(memory, table, searched, neighbours);
            const expected = new ReferenceNeighbours(table, searched, neighbours);
            const queries = range(Math.max(0, train - 20), train + 20);
            assert.deepEqual(own.predict(queries), expected.predict(queries));
            own.dispose();
          },
        ),
        { numRuns: 60 },
      );
    });

    it("finds them in pictures of more cells than squares of 31 bits allow, which differ as much as they can", () => {
      const memory = opened();
      const shape = { height: 190, width: 200, channels: 1, classes: 3 } as const;
      const pixels = new Uint8Array(20 * dimOf(shape));
      const labels = Int32Array.from({ length: 20 }, (_, row) => row % 3);
      labels.forEach((_, row) => pixels.fill(255, row * dimOf(shape), row * dimOf(shape) + Math.floor(row / 2) * 4222));
      const table = { ...shape, pixels, labels };
      const own = new WasmNeighbours(memory, table, range(0, 10), 4);
      const expected = new ReferenceNeighbours(table, range(0, 10), 4);
      assert.deepEqual(own.predict(range(0, 20)), expected.predict(range(0, 20)));
    });

    it("gives the logarithm of the share of votes, with one more for each class", () => {
      const table = { height: 1, width: 2, channels: 1, classes: 3, labels: Int32Array.of(0, 1, 1, 2) } as const;
      const pixels = Uint8Array.of(0, 0, 10, 10, 12, 12, 90, 90);
      for (const backend of [wasm, reference]) {
        const asked = request({ ...table, pixels }, { model: "knn", recipe: null, train: Uint32Array.of(2, 0) });
        const classifier = backend.create(asked);
        const expected = Float32Array.of(1 / 4, 2 / 4, 1 / 4).map(Math.log);
        assert.deepEqual(classifier.predict(Uint32Array.of(3)), expected);
        assert.deepEqual(classifier.parameters(), []);
        assert.throws(() => classifier.step(Uint32Array.of(0)), /not trained in steps/);
        classifier.dispose();
      }
    });
  });

  describe("its memory", () => {
    const big: Shape = { height: 20_000, width: 20_000, channels: 3, classes: 1000 };

    it("is refused to models that need too much, and to models it has no kernel for", () => {
      const table = { ...big, pixels: new Uint8Array(0), labels: new Int32Array(0) };
      for (const backend of [wasm, reference]) {
        for (const model of ["softmax", "softmax-l2", "mlp", "cnn"] as const) {
          assert.ok(!backend.supports(model, table));
          const isRefusal = (error: unknown): boolean => error instanceof CleanSplitError && error.reason === "refused";
          assert.throws(() => backend.create(request(table, { model })), isRefusal);
        }
        assert.throws(() => backend.create(request({ ...table, classes: 0 })), /0 classes/);
        assert.throws(() => backend.create(request({ ...table, labels: new Int32Array(1) })), /1 rows/);
      }
      assert.throws(() => wasm.allocatePixels(2 ** 33), /MB more memory/);
    });

    it("comes back from classifiers that are done, and is handed out again as zeros", () => {
      const memory = opened();
      const table = randomTable({ height: 7, width: 5, channels: 3, classes: 5 }, 300, 1);
      const sizes = Array.from({ length: 20 }, () => {
        const neighbours = new WasmNeighbours(memory, table, range(0, 200), 3);
        const block = memory.allocate(1000);
        const zeros = new Uint8Array(memory.buffer, block, 1000);
        assert.ok(zeros.every((byte) => byte === 0));
        zeros.fill(1);
        neighbours.predict(range(200, 300));
        neighbours.dispose();
        memory.release(block);
        return memory.buffer.byteLength;
      });
      assert.equal(new Set(sizes).size, 1);
      assert.throws(() => memory.release(64), /Nothing was handed out/);
    });
  });
});

/** Waits until a condition holds, and looks again and again: a helper that was woken looks for work for half a millisecond only, which timers would miss. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

function opened(): KernelMemory {
  const memory = KernelMemory.open(FILE);
  assert.ok(memory !== undefined);
  return memory;
}

/** The accuracy of an epoch. */
function trainedEpoch(classifier: Classifier, order: Uint32Array): number {
  let hits = 0;
  for (let from = 0; from < order.length; from += 32) {
    const { accuracy, samples } = classifier.step(order.subarray(from, from + 32));
    hits += accuracy * samples;
  }
  return hits / order.length;
}

/** Weights, inputs x classes, and biases. */
function flat(classifier: Classifier): number[] {
  return classifier.parameters().flatMap(({ values }) => [...values]);
}

/** The mean cross entropy of all rows and the penalty of the weights, in double precision. */
function lossOf(table: FeatureTable, parameters: readonly number[], l2: number): number {
  const { pixels, labels, classes } = table;
  const dim = dimOf(table);
  const losses = Array.from(labels, (label, row) => {
    const logits = Array.from({ length: classes }, (_, c) =>
      Array.from(pixels.subarray(row * dim, (row + 1) * dim)).reduce(
        (sum, p, i) => sum + ((p - 127.5) / 255) * (parameters[i * classes + c] ?? 0),
        parameters[dim * classes + c] ?? 0,
      ),
    );
    return Math.log(logits.reduce((sum, z) => sum + Math.exp(z), 0)) - (logits[label] ?? 0);
  });
  const squares = parameters.slice(0, dim * classes).reduce((sum, w) => sum + w * w, 0);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length + (l2 / 2) * squares;
}
