import assert from "node:assert/strict";
import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Findings } from "../../../src/core/leakage/findings";
import { MEASURES } from "../../../src/core/near/near";
import { LOOK_BYTES, LOOK_SIDE, PhotoComparer, photoOf, turnSquare } from "../../../src/core/near/structure";
import { splitmix32 } from "../../../src/core/training/random";
import { openDataset } from "../../../src/engine/dataset";
import { PhotoPairs, searchPhotos } from "../../../src/engine/near/photos";
import type { FoundPairs } from "../../../src/engine/near/search";
import type { FoundPhotoPairs } from "../../../src/engine/pool/jobs";
import { Pool } from "../../../src/engine/pool/pool";
import { inputsOf } from "../../../src/engine/recognition/inputs";
import { Unpacked } from "../../../src/engine/sources/packed/unpacked";
import { takesAtMost } from "../../support/takesAtMost";
import { encodeNpy } from "./datasets";

const DIST = path.resolve(import.meta.dirname, "../../../dist");

/** Samples are every third number: rows and samples must not be mixed up. */
const SPACING = 3;

/** Smooth pictures of 32 x 32; every second is a copy of one of the last eight before it, turned, moved and noisy. */
function drawLooks(count: number): Uint8Array[] {
  const looks: Uint8Array[] = [];
  let drawn = 0;
  const next = (limit: number): number => splitmix32(7, drawn++) % limit;
  for (let row = 0; row < count; row++) {
    const other = row % 2 === 1 ? looks[Math.max(0, row - 1 - next(8))] : undefined;
    if (other !== undefined) {
      const turned = turnSquare(other, LOOK_SIDE, next(8));
      const step = next(2) + LOOK_SIDE * next(2);
      const noise = 1 + next(60);
      looks.push(
        turned.map((_, at) => Math.min(255, (turned[Math.min(LOOK_BYTES - 1, at + step)] ?? 0) + next(noise))),
      );
      continue;
    }
    const waves = Array.from({ length: 12 }, () => [next(900) / 1000, next(900) / 1000, next(628) / 100, 4 + next(18)]);
    looks.push(
      Uint8Array.from({ length: LOOK_BYTES }, (_, at) =>
        waves.reduce(
          (sum, [u = 0, v = 0, phase = 0, height = 0]) =>
            sum + height * Math.cos(u * (at % LOOK_SIDE) + v * (at >> 5) + phase),
          128,
        ),
      ),
    );
  }
  return looks;
}

function bruteForce(looks: readonly Uint8Array[]): unknown[] {
  const photos = looks.map(photoOf);
  return photos.flatMap((photo, first) => {
    const comparer = new PhotoComparer(photo);
    return photos.slice(first + 1).flatMap((other, index) => {
      const found = comparer.compare(other);
      if (found === null || found.score < MEASURES.photos.reach) return [];
      const { score, transform, shift } = found;
      const second = first + 1 + index;
      return [[SPACING * first, SPACING * second, Math.fround(score), transform, ...shift.map(whole)]];
    });
  });
}

/** In 1/32 of the side instead of 1/64; never -0. */
function whole(shift: number): number {
  return Math.round(shift / 2) + 0;
}

function listed({ pairs }: FoundPairs): unknown[] {
  const { count, first, second, scores, transforms, shifts } = pairs;
  return Array.from({ length: count }, (_, i) => [
    ...[first[i], second[i], scores[i], transforms[i]],
    ...[shifts[2 * i], shifts[2 * i + 1]],
  ]);
}

function quietSignal(): AbortSignal {
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  return signal;
}

describe("the search for near photos", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-photos-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  function write(name: string, looks: readonly Uint8Array[]): string {
    const rows = new Uint8Array(looks.length * SPACING * LOOK_BYTES);
    looks.forEach((look, row) => rows.set(look, SPACING * row * LOOK_BYTES));
    const file = path.join(folder, `${name}.npy`);
    writeFileSync(file, encodeNpy([looks.length * SPACING, LOOK_SIDE, LOOK_SIDE], rows));
    return file;
  }

  async function search(
    file: string,
    count: number,
    pool: Pool,
    signal = quietSignal(),
    progress: (done: number) => void = () => undefined,
  ): Promise<FoundPairs> {
    const opening = { signal: quietSignal(), progress: () => undefined };
    const dataset = await openDataset(
      inputsOf({ inputs: [file], assignments: [] }),
      [],
      pool,
      opening,
      null,
      new Unpacked(),
    );
    const samples = Uint32Array.from({ length: count }, (_, row) => SPACING * row);
    const findings = {} as unknown as Findings;
    return searchPhotos({ dataset, findings, samples, pool, signal, progress }, MEASURES.photos);
  }

  it("finds what comparing each two finds, with any number of workers, and with the plain reference", async () => {
    const looks = drawLooks(500);
    const expected = bruteForce(looks);
    assert.ok(expected.length > 200, `${expected.length} pairs`);
    const file = write("many", looks);
    const known = process.env["CLEANSPLIT_WASM"];
    for (const [workers, wasm] of [
      [1, "1"],
      [2, "1"],
      [8, "1"],
      [2, "0"],
    ] as const) {
      // Workers inherit it.
      process.env["CLEANSPLIT_WASM"] = wasm;
      const pool = new Pool(path.join(DIST, "worker.js"), workers);
      try {
        const told: number[] = [];
        const found = await search(file, looks.length, pool, undefined, (done) => told.push(done));
        assert.deepEqual(listed(found), expected, `${workers} workers`);
        assert.deepEqual([found.reach, found.limited], [MEASURES.photos.reach, null]);
        assert.deepEqual(
          told,
          [...told].sort((a, b) => a - b),
        );
        assert.equal(told.at(-1), looks.length);
      } finally {
        await pool.close();
        if (known === undefined) delete process.env["CLEANSPLIT_WASM"];
        else process.env["CLEANSPLIT_WASM"] = known;
      }
    }
  });

  it("can be cancelled at any time, among pictures that are nearly all alike", async () => {
    const [base = assert.fail()] = drawLooks(1);
    const frames = Array.from({ length: 500 }, (_, frame) =>
      base.map((level, at) => level + (splitmix32(frame, at) % 4)),
    );
    const file = write("frame", frames);
    const pool = new Pool(path.join(DIST, "worker.js"), 2);
    try {
      for (const share of [0.2, 0.6]) {
        await takesAtMost(200, async () => {
          const controller = new AbortController();
          setMaxListeners(0, controller.signal);
          let stopped = NaN;
          const searching = search(file, frames.length, pool, controller.signal, (done) => {
            if (done < share * frames.length || controller.signal.aborted) return;
            stopped = performance.now();
            controller.abort();
          });
          await assert.rejects(searching, { name: "AbortError" });
          return performance.now() - stopped;
        });
      }
      const { pairs, limited } = await search(file, frames.length, pool);
      assert.deepEqual([pairs.count, limited], [(frames.length * (frames.length - 1)) / 2, null]);
    } finally {
      await pool.close();
    }
  });
});

describe("pairs of photos", () => {
  const part = (pairs: readonly (readonly [number, number, number])[]): FoundPhotoPairs => ({
    next: 0,
    first: Uint32Array.from(pairs, ([first]) => first),
    second: Uint32Array.from(pairs, ([, second]) => second),
    scores: Float32Array.from(pairs, ([, , score]) => score),
    transforms: Uint8Array.from(pairs, ([first]) => first),
    shifts: Int8Array.from(pairs.flatMap(([, second]) => [second, -second])),
  });

  it("are only the better ones when there are too many, whatever order they come in", () => {
    const parts = [
      part([
        [5, 6, 0.951],
        [0, 2, 0.72],
        [0, 1, 0.81],
      ]),
      part([[1, 2, 0.745]]),
      part([
        [0, 6, 0.9],
        [3, 4, 0.739],
      ]),
    ];
    const orders = [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ].map((order) => {
      const pairs = new PhotoPairs(0.7, 4);
      for (const index of order) pairs.add(parts[index] ?? assert.fail());
      return { reach: pairs.reach, ...pairs.sorted(Uint32Array.of(0, 10, 20, 30, 40, 50, 60)) };
    });
    for (const found of orders) {
      assert.deepEqual(found, {
        reach: 0.74,
        count: 4,
        first: Uint32Array.of(0, 0, 10, 50),
        second: Uint32Array.of(10, 60, 20, 60),
        scores: Float32Array.of(0.81, 0.9, 0.745, 0.951),
        transforms: Uint8Array.of(0, 0, 1, 5),
        shifts: Int8Array.of(1, 0, 3, -3, 1, -1, 3, -3),
      });
    }
  });
});
