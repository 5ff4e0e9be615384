// Damages lists of images at random and asks whether each is read or refused in an orderly way, in little time and memory.
// node test/bench/fuzz-lists.mjs [--format csv]... and the options in fuzzing.mjs
import { tsImport } from "tsx/esm/api";
import { damaged, fuzz, oneOf } from "./fuzzing.mjs";

/** @type {typeof import("./fuzzed")} */
const { readImageList } = await tsImport("./fuzzed.ts", import.meta.url);

const CSV = [
  "path,label,split\ntrain/1.png,cat,train\ntest/2.png,dog,test\n",
  'id;class\r\n"a ""b"".png";1\r\n"c\r\nd.png";2\r\n',
  "\ufeffimage\tlabel\na.png\tcat\nb.png\tdog\n",
].map((text) => Buffer.from(text));
const WIDE = Buffer.from("\ufefffile,label\na.png,é\n", "utf16le");
const JSONS = [
  '[{"path":"a.png","label":"cat","split":"train"},{"path":"b.png","label":3,"split":"test"}]',
  '{"train":["a.png","b.png"],"test":["c.png"]}',
  '{"cat":[{"image":"a.png"}],"dog":[{"image":"\\u00e9.png"}]}',
  '{"a.png":"cat","b.png":"dog"}',
].map((text) => Buffer.from(text));
const LINES = Buffer.from(
  '{"path":"a.png","label":"cat"}\n{"path":"b.png","label":null}\n\n{"path":"c.png","label":true}\n',
);

/** Reads a list, whose columns must have its rows. */
async function readAll(/** @type {string} */ file) {
  const { paths, labelOf, labels, splitOf, splits } = readImageList(file);
  const count = paths.ends.length;
  if (labelOf.length !== count || splitOf.length !== count) throw new Error(`The columns do not have ${count} rows`);
  const isWithin = (/** @type {Int32Array} */ of, /** @type {number} */ most) =>
    of.every((at) => at >= -1 && at < most);
  if (!isWithin(labelOf, labels.length) || !isWithin(splitOf, splits.length)) throw new Error("There is no such label");
}

await fuzz({
  csv: { file: "labels.csv", make: () => damaged(oneOf([...CSV, WIDE])), read: readAll },
  json: { file: "labels.json", make: () => damaged(oneOf(JSONS)), read: readAll },
  "json-lines": { file: "labels.jsonl", make: () => damaged(LINES), read: readAll },
});
