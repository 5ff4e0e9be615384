import assert from "node:assert/strict";
import fc from "fast-check";
import { scalingTerms, type Scaling } from "../../../src/core/fingerprint/scaling";
import type { FileColumns, Kernels, Looks } from "../../../src/engine/kernels/kernels";
import type { RowFormat } from "../../../src/engine/sources/sources";
import { both } from "./support";

/** What means something in a row. */
function rowOf(columns: FileColumns, row: number, looks: Looks): unknown {
  if (columns.covered[row] !== 1) return null;
  const digest = Buffer.from(columns.pixelDigests.subarray(row * 16, row * 16 + 16)).toString("hex");
  if (looks === "none") return digest;
  const { widths, heights, modes, blank, spreads } = columns;
  const contrast = [widths, heights, modes, blank, spreads].map((column) => column[row]);
  if (looks === "contrast") return [digest, ...contrast];
  return [
    digest,
    ...contrast,
    [...columns.signatures.subarray(row * 64, row * 64 + 64)],
    [...columns.dHashes.subarray(row * 2, row * 2 + 2), ...columns.pHashes.subarray(row * 2, row * 2 + 2)],
  ];
}

describe("rows of arrays in the kernels", () => {
  let kernels: { readonly wasm: Kernels; readonly reference: Kernels };

  before(async () => {
    kernels = await both();
  });

  const formats = fc.record({
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 40 }),
    channels: fc.constantFrom(1, 2, 3, 4),
    channelsFirst: fc.boolean(),
    count: fc.integer({ min: 1, max: 300 }),
    looks: fc.constantFrom("none", "contrast", "all"),
    seed: fc.nat(),
  });

  function formatOf(geometry: RowFormat["geometry"], scaling: Scaling | null): RowFormat {
    return { file: "", key: "", geometry, scaling };
  }

  function compare(bytes: Uint8Array, count: number, dtype: "u1" | "f4", format: RowFormat, looks: Looks): void {
    const found = kernels.wasm.rows(bytes, count, dtype, format, looks);
    const expected = kernels.reference.rows(bytes, count, dtype, format, looks);
    assert.ok(found && expected);
    for (let row = 0; row < count; row++) assert.deepEqual(rowOf(found, row, looks), rowOf(expected, row, looks));
  }

  it("of bytes are what the reference finds, whatever their shape", () => {
    fc.assert(
      fc.property(formats, ({ count, looks, seed, channels, ...geometry }) => {
        const size = geometry.width * geometry.height * channels;
        const some = Math.min(count, Math.ceil(100_000 / size));
        const bytes = Uint8Array.from({ length: size * some }, (_, i) => Math.imul(i + seed, 2654435761) >>> 24);
        compare(bytes, some, "u1", formatOf({ ...geometry, channels }, null), looks);
      }),
      { numRuns: 60 },
    );
  });

  it("of scaled floats are the pixels they stand for, and are left out where one stands for none", () => {
    const scalings = fc.constantFrom<Scaling>("unit", "course", "symmetric", "identity");
    const odd = fc.constantFrom(NaN, Infinity, -Infinity, -1e-3, 256, 1e30, 0.5, -0);
    fc.assert(
      fc.property(formats, scalings, odd, ({ count, looks, seed, channels, ...geometry }, scaling, value) => {
        const size = geometry.width * geometry.height * channels;
        const some = Math.min(count, Math.ceil(50_000 / size));
        const { factor, offset } = scalingTerms(scaling);
        const floats = Float32Array.from({ length: size * some }, (_, i) => {
          const pixel = Math.imul(i + seed, 2654435761) >>> 24;
          // Near the border of what is a pixel, on both sides of it.
          const near = i % 997 === 3 ? 0.0099 + (seed % 5) * 0.0001 : 0;
          return (pixel + near - offset) / factor;
        });
        floats[seed % floats.length] = value;
        compare(new Uint8Array(floats.buffer), some, "f4", formatOf({ ...geometry, channels }, scaling), looks);
      }),
      { numRuns: 60 },
    );
  });

  it("are left to others when they are too large or of other numbers", () => {
    const geometry = { width: 1024, height: 1024, channels: 1, channelsFirst: false } as const;
    assert.equal(kernels.wasm.rows(new Uint8Array(2 ** 20), 1, "u1", formatOf(geometry, null), "all"), null);
    const small = { ...geometry, width: 2, height: 2 };
    assert.equal(kernels.wasm.rows(new Uint8Array(16), 1, "f4", formatOf(small, null), "all"), null);
    assert.equal(kernels.wasm.rows(new Uint8Array(32), 1, "f8", formatOf(small, "unit"), "all"), null);
  });
});
