import assert from "node:assert/strict";
import fc from "fast-check";
import type { TextColumn } from "../../../src/engine/index/indexFile";
import { isAscending, Runs, type Place } from "../../../src/engine/index/runs";

interface Batch {
  readonly names: TextColumn;
  readonly number: number;
}

function columnOf(names: readonly string[]): TextColumn {
  const bytes = Buffer.from(names.join(""));
  let end = 0;
  return { bytes, ends: Int32Array.from([0, ...names.map((name) => (end += Buffer.byteLength(name)))]) };
}

describe("runs of rows", () => {
  it("give the row that was written last about a file, whatever is asked in whatever order", () => {
    const name = fc
      .tuple(fc.constantFrom("a", "b", "é", "\u{1f600}"), fc.nat(30))
      .map(([letter, n]) => `${letter}${n}`);
    // Rows of two folders in one batch: what follows the last row of one is about the other.
    const rows = fc.array(fc.tuple(fc.constantFrom(0, 1), name), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 4 }), fc.boolean(), (batches, sorts) => {
        const folders = [new Runs<Batch>(), new Runs<Batch>()];
        const truth = [new Map<string, string>(), new Map<string, string>()];
        batches.forEach((written, number) => {
          const all = sorts ? [...written].sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)) : written;
          const names = columnOf(all.map(([, text]) => text));
          const batch = { names, number };
          for (let from = 0, to = 1; from < all.length; from = to++) {
            while (to < all.length && all[to]?.[0] === all[from]?.[0] && isAscending(names, to)) to++;
            folders[all[from]?.[0] ?? 0]?.add({ batch, from, to });
          }
          all.forEach(([folder, text], at) => truth[folder]?.set(text, `${number} ${at}`));
        });
        for (const [folder, known] of truth.entries()) {
          let last: Place<Batch> | null = null;
          for (const text of [...known.keys()].sort().flatMap((text) => [text, `${text}x`])) {
            const bytes = Buffer.from(text);
            const found: Place<Batch> | null = folders[folder]?.find(bytes, 0, bytes.length, last) ?? null;
            assert.equal(found === null ? undefined : `${found.batch.number} ${found.at}`, known.get(text));
            last = found ?? last;
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
