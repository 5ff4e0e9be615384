import assert from "node:assert/strict";
import fc from "fast-check";
import { hoveredCell, hoveredJson } from "../../../src/host/hoveredText";

describe("text that may name samples", () => {
  const at = (line: string, text: string): number => line.indexOf(text);

  it("is the JSON text at the pointer, with its quotes as its place", () => {
    const line = '  { "path": "train/A/\\u0061 \\"b\\".png", "label": "A" },';
    const found = hoveredJson(line, at(line, "train"));
    assert.deepEqual(found?.names, ['train/A/a "b".png']);
    assert.equal(line.slice(found.start, found.end), '"train/A/\\u0061 \\"b\\".png"');
    assert.equal(hoveredJson(line, 0), null);
    assert.equal(hoveredJson(line, line.length), null);
  });

  it("is all that a decision is about, wherever one points in its line", () => {
    const line = '    {"keys":["file:0","file:1"],"verdict":"different","ids":["a/1.png","b/2.png"]},';
    for (const text of ["file:1", "a/1", "different"]) {
      const found = hoveredJson(line, at(line, text));
      assert.deepEqual([found?.names, found?.said], [["a/1.png", "b/2.png"], "different"], text);
    }
  });

  it("is the image of a choice or of a label that was judged", () => {
    const line = '    {"id":"a/1.png","label":"A","verdict":"wrong"}';
    const found = hoveredJson(line, at(line, "wrong"));
    assert.deepEqual([found?.names, found?.said], [["a/1.png"], "wrong"]);
    const choice = '{"id":"a/1.png","choice":"drop","key":"file:0"},';
    assert.equal(hoveredJson(choice, at(choice, "a/1"))?.said, "drop");
  });

  it("is a cell of a table", () => {
    const line = 'train/1.png,"a ""b"", c.png",B';
    assert.deepEqual(hoveredCell(line, 2)?.names, ["train/1.png"]);
    assert.deepEqual(hoveredCell(line, at(line, "b"))?.names, ['a "b", c.png']);
    assert.equal(hoveredCell(",,", 1), null);
  });

  it("is found in long lines without looking at all of them", () => {
    const line = `{"list":[${'"x.png",'.repeat(200_000)}"end.png"]}`;
    const began = performance.now();
    assert.deepEqual(hoveredJson(line, line.length - 6)?.names, ["end.png"]);
    const hostile = '"' + '\\"'.repeat(1_900);
    assert.equal(hoveredJson(hostile, hostile.length - 1), null);
    hoveredCell('"a'.repeat(1_999), 3_000);
    assert(performance.now() - began < 1000);
  });

  it("never throws, and lies where the pointer is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(60), (line, column) => {
        for (const found of [hoveredJson(line, column), hoveredCell(line, column)]) {
          if (found === null) continue;
          assert(found.start <= column && column < found.end && found.end <= line.length);
          assert(found.names.every((name) => name !== ""));
        }
      }),
    );
  });
});
