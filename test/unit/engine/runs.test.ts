import assert from "node:assert/strict";
import fc from "fast-check";
import type { TextColumn } from "../../../src/engine/index/indexFile";
import { isAscending, Runs } from "../../../src/engine/index/runs";

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
  it("give the row about a file, whatever is asked in whatever order", () => {
    const name = fc
      .tuple(fc.constantFrom("a", "b", "é", "\u{1f600}"), fc.nat(30))
      .map(([letter, n]) => `${letter}${n}`);
    // Rows of two folders in some batches: what follows the last row of one is about the other.
    const rows = fc.uniqueArray(fc.tuple(fc.constantFrom(0, 1), name), { selector: String, maxLength: 80 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 30 }), fc.boolean(), (all, size, sorts) => {
        if (sorts) all.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
        const folders = [new Runs<Batch>(), new Runs<Batch>()];
        const truth = [new Map<string, string>(), new Map<string, string>()];
        for (let start = 0; start < all.length; start += size) {
          const written = all.slice(start, start + size);
          const names = columnOf(written.map(([, text]) => text));
          const batch = { names, number: start };
          for (let from = 0, to = 1; from < written.length; from = to++) {
            while (to < written.length && written[to]?.[0] === written[from]?.[0] && isAscending(names, to)) to++;
            folders[written[from]?.[0] ?? 0]?.add({ batch, from, to });
          }
          written.forEach(([folder, text], at) => truth[folder]?.set(text, `${start} ${at}`));
        }
        for (const [folder, known] of truth.entries()) {
          for (const text of [...known.keys()].sort().flatMap((text) => [text, `${text}x`, text])) {
            const bytes = Buffer.from(text);
            const found = folders[folder]?.find(bytes, 0, bytes.length) ?? null;
            assert.equal(found === null ? undefined : `${found.batch.number} ${found.at}`, known.get(text));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
