import assert from "node:assert/strict";
import fc from "fast-check";
import { extensionAt, indexOfName, nameAt, NameSorter, packNames } from "../../../src/engine/sources/names";

describe("packed names", () => {
  it("give their extensions in lower case", () => {
    const names = ["a.JPG", "x.y.TIFF", "ü.png", "none", "a.", "long.jpegs", ".gif"];
    const packed = packNames(names);
    assert.deepEqual(
      names.map((_, index) => extensionAt(packed, index)),
      ["jpg", "tiff", "png", "", "", "", "gif"],
    );
  });

  it("are sorted by their bytes, however many there are, and found again", () => {
    const letter = fc.constantFrom("a", "Z", "0", ".", "é", "\ufffd", "\u{1f600}", "\ue000");
    const name = fc.string({ unit: letter, minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 60 }), fc.constantFrom(1, 300), (names, times) => {
        // Enough for several blocks now and then.
        const all = names.flatMap((text) => Array.from({ length: times }, (_, i) => (i === 0 ? text : `${text}${i}`)));
        const unique = [...new Set(all)];
        const sorter = new NameSorter();
        // What an earlier folder left in its memory, and one that could not be listed to its end.
        for (const text of unique) sorter.add(`${text}${text}`);
        sorter.finish();
        for (const text of unique) sorter.add(`x${text}`);
        sorter.clear();
        for (const text of unique) sorter.add(text);
        const packed = sorter.finish();
        const sorted = [...unique].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        assert.deepEqual(
          sorted.map((_, index) => nameAt(packed, index)),
          sorted,
        );
        assert.equal(packed.ends.length, sorted.length);
        for (const [index, text] of sorted.slice(0, 50).entries()) assert.equal(indexOfName(packed, text), index);
        assert.equal(indexOfName(packed, "not there"), -1);
      }),
      { numRuns: 60 },
    );
  });
});
