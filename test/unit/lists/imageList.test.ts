import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { recogniseColumns } from "../../../src/core/dataset/lists";
import { CleanSplitError } from "../../../src/core/errors";
import { isImageFileName } from "../../../src/engine/decode/formats";
import { csvRow } from "../../../src/engine/sources/lists/csv";
import { parseImageList, readImageList } from "../../../src/engine/sources/lists/imageList";
import { nameAt } from "../../../src/engine/sources/names";

/** The rows of a list as text: "path|label|split". */
function rowsOf(text: string, file = "list.csv"): string[] {
  const { paths, labelOf, labels, splitOf, splits } = parseImageList(text, file);
  return Array.from(paths.ends, (_, row) =>
    [nameAt(paths, row), labels[labelOf[row] ?? -1] ?? "-", splits[splitOf[row] ?? -1] ?? "-"].join("|"),
  );
}

describe("columns of lists", () => {
  const columns = (header: string): string => {
    const cells = header.split(",");
    const found = recogniseColumns(cells, isImageFileName);
    if (found === null) return "none";
    const name = (at: number | null): string => (at === null ? "-" : (cells[at] ?? ""));
    return [found.path, found.label, found.split].map(name).join(" ") + (found.hasHeader ? "" : " headless");
  };
  const cases: readonly (readonly [string, string])[] = [
    ["path,label,split", "path label split"],
    ["Image Name,Class,Set", "Image Name Class Set"],
    ["id,breed", "id breed -"],
    ["image_id,label_id,label_name", "image_id label_name -"],
    ["file_name,text", "file_name - -"],
    ["class id,filepaths,labels,data set", "filepaths labels data set"],
    ["label,image_path,fold", "image_path label fold"],
    ["filename,width,height,class,xmin,ymin,xmax,ymax", "filename - -"],
    ["a.png,cat", "a.png cat - headless"],
    ["a.png,cat,train", "a.png cat train headless"],
    ["a.png,1,2,3", "a.png - - headless"],
    ["x,y", "none"],
  ];
  for (const [header, expected] of cases) it(header, () => assert.equal(columns(header), expected));
});

describe("lists of images", () => {
  it("in CSV and TSV, whatever separates cells, with byte order marks and quotes", () => {
    const expected = ["a.png|cat|train", 'b, "2".png|-|test'];
    assert.deepEqual(rowsOf('path,label,split\na.png,cat,train\n"b, ""2"".png",,test\n'), expected);
    assert.deepEqual(rowsOf('path;label;split\r\na.png;cat;train\r\n"b, ""2"".png";;test'), expected);
    assert.deepEqual(rowsOf('path\tlabel\tsplit\na.png\tcat\ttrain\n"b, ""2"".png"\t\ttest\n\n', "x.tsv"), expected);
    assert.deepEqual(rowsOf("a.png, cat\nb.png, dog\n"), ["a.png|cat|-", "b.png|dog|-"]);
    assert.deepEqual(rowsOf("file\na.png\n", "Test.csv"), ["a.png|-|Test"]);
  });

  it("in JSON of every usual form", () => {
    const expected = ["a.png|cat|train", "b.png|7|test"];
    const array = '[{"path":"a.png","label":"cat","split":"train"},{"path":"b.png","label":7,"split":"test","x":[1]}]';
    assert.deepEqual(rowsOf(array, "x.json"), expected);
    const bySplit = '{"train":[{"file_name":"a.png","class":"cat"}],"test":[{"file_name":"b.png","class":7}]}';
    assert.deepEqual(rowsOf(bySplit, "x.json"), expected);
    const lines =
      '{"file_name":"a.png","label":"cat","split":"train"}\n\n{"file_name":"b.png","label":7,"split":"test"}';
    assert.deepEqual(rowsOf(lines, "metadata.jsonl"), expected);
    assert.deepEqual(rowsOf('{"a.png":"cat","b.png":7}', "x.json"), ["a.png|cat|-", "b.png|7|-"]);
    assert.deepEqual(rowsOf('{"train":["a.png"],"val":["b.png"]}', "x.json"), ["a.png|-|train", "b.png|-|val"]);
    assert.deepEqual(rowsOf('{"cat":["a.png"],"dog":["b.png"]}', "x.json"), ["a.png|cat|-", "b.png|dog|-"]);
    assert.deepEqual(rowsOf('["a.png","b.png"]', "train.json"), ["a.png|-|train", "b.png|-|train"]);
  });

  it("say what their columns give, and which are no splits", () => {
    const { from, notes } = parseImageList("image,class,fold\na.png,cat,0\nb.png,dog,1\n", "folds.csv");
    assert.deepEqual(from, { path: 'column "image"', label: 'column "class"', split: null });
    assert.deepEqual(notes, [
      'The column "fold" of folds.csv gives no splits: its values are 0, 1, and none is named train, validation or test.',
    ]);
  });

  it("that are none, damaged or hostile are refused with a reason", () => {
    const cases: readonly (readonly [string, string, RegExp])[] = [
      ["", "x.csv", /it has no rows/],
      ["path,label\n", "x.csv", /it has no rows/],
      ["a,b\n1,2\n", "x.csv", /no column is named path, file, image or id \(a, b\)/],
      ["path,width\na.png,3\n", "x.csv", /no column is named label or class, or split \(path, width\)/],
      ["filename,class,xmin\na.png,cat,3\n", "x.csv", /boxes of objects/],
      ['path,label\n"a.png,cat\n', "x.csv", /x.csv is damaged: Quote Not Closed/],
      ["path,label\na.png,cat,extra\n", "x.csv", /Invalid Record Length/],
      [`path,label\n"${"x".repeat(2 ** 21)}",cat\n`, "x.csv", /Max Record Size/],
      [
        `path,label\n${Array.from({ length: 70_000 }, (_, row) => `${row}.png,${row}\n`).join("")}`,
        "x.csv",
        /no classes/,
      ],
      ["{", "x.json", /x.json is damaged/],
      ["7", "x.json", /is no list of images/],
      ["[[1]]", "x.json", /is no list of images/],
      ['{"a":{"b":1}}', "x.json", /is no list of images/],
      ['{"images":[],"annotations":[],"categories":[]}', "x.json", /COCO/],
      ["[".repeat(1_000_000), "x.json", /too deep/],
      [`[${"[],".repeat(5_000_000)}1]`, "x.json", /too large or too deep/],
      ['{"path":"a.png"}\n{"path":', "x.jsonl", /damaged in line 2/],
      ["[]", "x.json", /it has no rows/],
      ["{}", "x.json", /it has no rows/],
    ];
    for (const [text, file, message] of cases) {
      assert.throws(
        () => parseImageList(text, file),
        (error) => error instanceof CleanSplitError && message.test(error.message),
        `${file}: ${text.slice(0, 60)}`,
      );
    }
  });

  it("take keys of objects as names only", () => {
    const text = '[{"__proto__":{"label":"evil"},"path":"a.png","constructor":"x","label":"toString"}]';
    assert.deepEqual(rowsOf(text, "x.json"), ["a.png|toString|-"]);
    assert.deepEqual(rowsOf('{"__proto__":"cat","a.png":"__proto__"}', "x.json"), [
      "__proto__|cat|-",
      "a.png|__proto__|-",
    ]);
    assert.equal(({} as { label?: string }).label, undefined);
  });

  it("are read in UTF-8 and UTF-16, and refused in other encodings and sizes", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "cleansplit-list-"));
    const file = path.join(folder, "x.csv");
    const text = "path,label\n猫.png,é\n";
    const read = (bytes: Uint8Array): string[] => {
      writeFileSync(file, bytes);
      const { paths, labels } = readImageList(file);
      return [nameAt(paths, 0), ...labels];
    };
    const utf16 = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const bytes of [Buffer.from(text), Buffer.from(`\ufeff${text}`), utf16, Buffer.from(utf16).swap16()]) {
      assert.deepEqual(read(bytes), ["猫.png", "é"]);
    }
    assert.throws(() => read(Buffer.from("path,label\ncaf\xe9.png,1\n", "latin1")), /no text in UTF-8 or UTF-16/);
    assert.throws(() => read(Buffer.from("path,label\n\0.png,1\n")), /no text in UTF-8/);
    truncateSync(file, 65 * 1024 * 1024);
    assert.throws(() => readImageList(file), /more than 64 MB, too much for a list/);
    assert.throws(() => readImageList(path.join(folder, "gone.csv")), /cannot be read/);
    rmSync(folder, { recursive: true });
  });

  const cell = fc.string({ unit: "binary", maxLength: 12 }).map((text) => text.replaceAll(/[\0\ud800-\udfff]/g, ""));
  const row = fc.record({
    path: cell,
    label: cell.map((text) => text.trim()),
    split: fc.constantFrom("train", "test", ""),
  });

  it("come back as they were written", () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
        const expected = rows.map(({ path: place, label, split }) => [place, label || "-", split || "-"].join("|"));
        // Without one name of a split the column is none.
        rows.push({ path: "x", label: "", split: "train" });
        expected.push("x|-|train");
        const csv = ["path,label,split\n", ...rows.map((one) => csvRow([one.path, one.label, one.split]))].join("");
        assert.deepEqual(rowsOf(csv), expected);
        assert.deepEqual(rowsOf(JSON.stringify(rows), "x.json"), expected);
        assert.deepEqual(rowsOf(rows.map((one) => JSON.stringify(one)).join("\n"), "x.jsonl"), expected);
      }),
    );
  });

  it("of any bytes give rows or an error that says why", () => {
    const fragment = fc.constantFrom(
      ...'path,label,split\n|"|\\|{|}|[|]|:|,|;|\t|a.png|train|null|1e999|\ufeff|\r\n'.split("|"),
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fragment, { maxLength: 40 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(text, fc.constantFrom("x.csv", "x.tsv", "x.json", "x.jsonl", "train.csv"), (content, file) => {
        try {
          const { paths, labelOf, splitOf } = parseImageList(content, file);
          assert.ok(paths.ends.length > 0);
          assert.deepEqual([labelOf.length, splitOf.length], [paths.ends.length, paths.ends.length]);
        } catch (error) {
          assert.ok(error instanceof CleanSplitError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
