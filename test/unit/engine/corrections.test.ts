import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CleanSplitError } from "../../../src/core/errors";
import { readCorrections, withCorrections, writeCorrections } from "../../../src/engine/corrections";
import { inspect, leaks, png, useEngine, writeTree } from "./support";

describe("corrections of a dataset", () => {
  let home = "";
  beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), "cleansplit-corrections-"))));
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  const inHome = (name: string): string => path.join(home, ...name.split("/"));
  const fileOf = (folder: string): string => path.join(folder, ".cleansplit", "dataset.json");
  const write = (text: string): void => {
    mkdirSync(path.dirname(fileOf(home)), { recursive: true });
    writeFileSync(fileOf(home), text);
  };

  it("are written for people and for git, and read again", () => {
    const assignments = [
      { path: inHome("data/second"), split: "test" },
      { path: inHome("data/Größe/é"), split: null },
      { path: inHome("data/a.npz#train"), split: "train" },
    ];
    assert.deepEqual(
      writeCorrections([inHome("data")], assignments, () => home),
      [fileOf(home)],
    );
    assert.equal(
      readFileSync(fileOf(home), "utf8"),
      `{
  "version": 1,
  "splits": {
    "data/Größe/é": null,
    "data/a.npz#train": "train",
    "data/second": "test"
  }
}
`,
    );
    const read = readCorrections([inHome("data")]);
    assert.deepEqual(new Set(read), new Set(assignments.map((entry) => ({ ...entry, file: fileOf(home) }))));
    // Of a part only what lies in it.
    assert.deepEqual(
      readCorrections([inHome("data/second")]).map((entry) => entry.split),
      ["test"],
    );
    assert.deepEqual(readCorrections([inHome("other")]), []);
  });

  it("of other datasets stay, and so does what others keep in the file", () => {
    write('\ufeff{"version": 1, "by": "hand", "splits": {"one/x": "train", "two/x": "test"}}');
    writeCorrections([inHome("two")], [], () => "/nowhere");
    assert.deepEqual(JSON.parse(readFileSync(fileOf(home), "utf8")), {
      version: 1,
      by: "hand",
      splits: { "one/x": "train" },
    });
  });

  it("come from the nearest folder, and nothing is made where nothing was corrected", () => {
    write('{"version": 1, "splits": {"data/x": "train"}}');
    writeTree(inHome("data"), { ".cleansplit/dataset.json": '{"version": 1, "splits": {"x": "test", ".": "train"}}' });
    assert.deepEqual(
      readCorrections([inHome("data")]).map(({ path: place, split }) => [path.relative(home, place), split]),
      [
        ["data/x", "test"],
        ["data", "train"],
      ],
    );
    const elsewhere = mkdtempSync(path.join(tmpdir(), "cleansplit-none-"));
    assert.deepEqual(
      writeCorrections([elsewhere], [], () => elsewhere),
      [],
    );
    rmSync(elsewhere, { recursive: true });
  });

  it("that are damaged are refused with a reason, and never overwritten", () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ["", /cannot be used: .*JSON.*Repair it or delete it; it was not changed/],
      ["<<<<<<< HEAD", /cannot be used: line 1 is the mark of a merge that is not finished/],
      ["[]", /expected an object with "version" and "splits"/],
      ["null", /expected an object/],
      ['{"splits": {}}', /expected "version": 1/],
      ['{"version": 2, "splits": {}}', /version 2.*a newer one reads it/],
      ['{"version": 1}', /expected "splits"/],
      ['{"version": 1, "splits": {"../x": "train"}}', /"..\/x" leads out of the folder/],
      ['{"version": 1, "splits": {"/etc": "train"}}', /"\/etc" leads out/],
      ['{"version": 1, "splits": {"C:\\\\x": "train"}}', /leads out/],
      ['{"version": 1, "splits": {"x": 7}}', /"x" needs the name of a split, or null/],
      ['{"version": 1, "splits": {"x": "a\\u0000b"}}', /"x" needs the name of a split/],
      ['{"version": 1, "splits": {}, "labels": []}', /expected "labels", an object/],
      ['{"version": 1, "splits": {}, "labels": {"../x": "y"}}', /"..\/x" leads out/],
      ['{"version": 1, "splits": {}, "labels": {"x": "/y"}}', /"\/y" leads out/],
      ['{"version": 1, "splits": {}, "labels": {"x": 7}}', /"x" needs the path of its labels, or null/],
    ];
    for (const [text, message] of cases) {
      write(text);
      const isExpected = (error: unknown): boolean =>
        error instanceof CleanSplitError && message.test(error.message) && error.message.includes(fileOf(home));
      assert.throws(() => readCorrections([inHome("data")]), isExpected, text);
      const assignments = [{ path: inHome("data"), split: "train" }];
      assert.throws(() => writeCorrections([inHome("data")], assignments, () => home), isExpected, text);
      assert.equal(readFileSync(fileOf(home), "utf8"), text);
    }
  });

  it("of labels are read, stay when splits change, and give way to what a request says", () => {
    const labels = { "data/a.npz#X": "data/a.npz#t", "data/b.npz#X": null, "other/c.npz#X": "other/c.npz#y" };
    write(JSON.stringify({ version: 1, splits: {}, labels }));
    const file = fileOf(home);
    const first = { images: inHome("data/a.npz#X"), labels: inHome("data/a.npz#t"), file };
    const second = { images: inHome("data/b.npz#X"), labels: null, file };
    const request = { inputs: [inHome("data")], assignments: [] };
    assert.deepEqual(withCorrections(request).labels, [first, second]);
    const asked = { images: first.images, labels: null };
    assert.deepEqual(withCorrections({ ...request, labels: [asked] }).labels, [second, asked]);
    writeCorrections([inHome("data")], [{ path: inHome("data/x"), split: "test" }], () => home);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { version: 1, labels, splits: { "data/x": "test" } });
  });

  it("give way to what a request says", () => {
    write('{"version": 1, "splits": {"data/x": "train", "data/x/deep": null, "data/y": "test"}}');
    const request = { inputs: [inHome("data")], assignments: [{ path: inHome("data/x"), split: "validation" }] };
    assert.deepEqual(
      withCorrections(request).assignments.map(({ path: place, split }) => [path.relative(home, place), split]),
      [
        ["data/y", "test"],
        ["data/x", "validation"],
      ],
    );
  });

  describe("in an inspection", () => {
    const { engine, scratch } = useEngine();

    it("say which file corrects what, and what they no longer find", async () => {
      const root = writeTree(path.join(scratch, "set"), {
        "first/A/1.png": png(1),
        "first/B/2.png": png(2),
        "second/A/1.png": png(1),
        "second/B/3.png": png(3),
        ".cleansplit/dataset.json": '{"version": 1, "splits": {"first": "train", "second": "test", "third": "test"}}',
      });
      const { assignments } = withCorrections({ inputs: [root], assignments: [] });
      const { report } = await inspect(engine, [root], assignments);
      assert.deepEqual(leaks(report), { "train in test": 1, "test in train": 1 });
      assert.equal(report.dataset.units[0]?.reason, `${path.join(".cleansplit", "dataset.json")} says it is train.`);
      assert.deepEqual(report.dataset.notes, [
        `No image was found at ${path.join(root, "third")}, which was said to be test.`,
      ]);
      assert.equal(report.dataset.ignored[0]?.reason, "holds what people decided about this dataset");
    });
  });
});
