import assert from "node:assert/strict";
import { extensionAt, packNames } from "../../../src/engine/sources/names";

describe("packed names", () => {
  it("give their extensions in lower case", () => {
    const names = ["a.JPG", "x.y.TIFF", "ü.png", "none", "a.", "long.jpegs", ".gif"];
    const packed = packNames(names);
    assert.deepEqual(
      names.map((_, index) => extensionAt(packed, index)),
      ["jpg", "tiff", "png", "", "", "", "gif"],
    );
  });
});
