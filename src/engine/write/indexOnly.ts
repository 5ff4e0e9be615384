import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { counted } from "../../core/counts";
import { OpenFile } from "../sources/arrays/bytes";
import { formatOf } from "../sources/arrays/open";
import { csvRow } from "../sources/lists/csv";
import { imagePath, packedName, type Source } from "../sources/sources";
import { createFile, writeAll } from "./newFile";
import { LOADERS } from "./loaders";
import type { Output, Plan, Writing } from "./outputs";

/** Samples that are written, or compared, at a time. */
const BATCH = 2048;

/** A sample that stays, as the index names it. */
interface IndexedSample {
  readonly id: string;
  /** Absolute path. */
  readonly file: string;
  /** Array of the file, or name of the image in an archive; `""` for image files and files that are one array. */
  readonly key: string;
  /** Row of the array; null for image files and images of archives. */
  readonly row: number | null;
  /** Split after the plan. */
  readonly split: string;
  readonly label: string | null;
}

/**
 * What a plan writes instead of images: lists of the samples that stay, in CSV and in JSON, with their splits and labels,
 * and code in Python that reads the source by them. Throws a `CleanSplitError` ("unsupported") for tables and MATLAB files.
 */
export function indexOutputs(plan: Plan): Output[] {
  for (const source of plan.inspection.dataset.sources) refuseUnreadable(source);
  const samples = plan.decision.stays.reduce((sum, stays) => sum + stays, 0);
  return [
    listOutput("samples.csv", samples, () => csvPieces(plan)),
    listOutput("samples.json", 0, () => jsonPieces(plan)),
    ...Object.entries(LOADERS).map(([name, text]) => loaderOutput(name, text)),
  ];
}

function listOutput(name: string, samples: number, pieces: () => Generator<Piece>): Output {
  return {
    says: l10n.t("{0}: where every sample is, with its split and label", name),
    samples,
    get bytes() {
      let bytes = 0;
      for (const { text } of pieces()) bytes += Buffer.byteLength(text);
      return bytes;
    },
    write: (folder, writing) => writeText(folder, name, pieces(), writing),
    async verify(folder, writing) {
      compareText(path.join(folder, name), pieces(), writing);
      return samples === 0
        ? null
        : () => l10n.t("{0} names {1} where they are, with split and label.", name, counted(samples, "sample"));
    },
  };
}

function loaderOutput(name: string, text: string): Output {
  return {
    says: `${name}: ${text.slice(3, text.search(/[.:]/))}`,
    samples: 0,
    bytes: Buffer.byteLength(text),
    write: (folder, writing) => writeText(folder, name, [{ text, samples: 0 }], writing),
    async verify(folder) {
      if ((await readFile(path.join(folder, name), "utf8")) !== text) throw changed(path.join(folder, name));
      return null;
    },
  };
}

/** A piece of a list, with how many samples it names. */
interface Piece {
  readonly text: string;
  readonly samples: number;
}

function* csvPieces(plan: Plan): Generator<Piece> {
  yield { text: csvRow(["id", "file", "key", "row", "split", "label"]), samples: 0 };
  for (const batch of batches(plan)) {
    const rows = batch.map(({ id, file, key, row, split, label }) =>
      csvRow([id, file, key, row === null ? "" : String(row), split, label ?? ""]),
    );
    yield { text: rows.join(""), samples: batch.length };
  }
}

function* jsonPieces(plan: Plan): Generator<Piece> {
  const { dataset } = plan.inspection;
  const head = {
    schema: "cleansplit/samples@1",
    inputs: dataset.layout.inputs,
    splits: plan.decision.splits,
    classes: dataset.table.classes,
    arrays: dataset.sources.flatMap(shapeOf),
  };
  yield { text: `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "samples": [`, samples: 0 };
  let separator = "\n";
  for (const batch of batches(plan)) {
    const text = batch.map((sample) => `    ${JSON.stringify(sample)}`).join(",\n");
    yield { text: separator + text, samples: 0 };
    separator = ",\n";
  }
  yield { text: "\n  ]\n}\n", samples: 0 };
}

/** How rows of an array are pictures. */
function shapeOf(source: Source): object[] {
  if (source.kind !== "array") return [];
  const { file, key, geometry } = source.format;
  return [{ file, key, ...geometry }];
}

function* batches({ inspection: { dataset }, decision }: Plan): Generator<IndexedSample[]> {
  const { table, names } = dataset;
  let batch: IndexedSample[] = [];
  for (let sample = 0; sample < table.count; sample++) {
    if (decision.stays[sample] !== 1) continue;
    const { source, position } = dataset.locate(sample);
    batch.push({
      id: names.id(sample),
      ...placeOf(source, position),
      split: decision.splits[decision.splitOf[sample] ?? 0]?.name ?? "",
      label: table.classes[table.classOf[sample] ?? -1] ?? null,
    });
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function placeOf(source: Source, position: number): Pick<IndexedSample, "file" | "key" | "row"> {
  switch (source.kind) {
    case "folder":
      return { file: path.join(source.root, imagePath(source, position)), key: "", row: null };
    case "array":
      return { file: source.format.file, key: source.format.key, row: position };
    case "packed":
      return { file: source.file, key: packedName(source, position), row: null };
  }
}

/**
 * Python that reads tables and files of records row by row is a program of its own, and so is what finds out which axis of
 * an array of MATLAB counts samples.
 */
function refuseUnreadable(source: Source): void {
  if (source.kind === "packed" && source.folders.some(({ names }) => names === null)) {
    throw unreadable(
      l10n.t(
        "An index cannot name the rows of {0}. Write a copy instead, which is a file of the same kind.",
        source.file,
      ),
    );
  }
  if (source.kind === "array" && formatOf(source.format.file) === "mat") {
    throw unreadable(
      l10n.t(
        "An index cannot name the rows of {0}. Write a copy instead, which has the samples in the first axis, in .npz.",
        source.format.file,
      ),
    );
  }
}

function unreadable(sentence: string): CleanSplitError {
  return new CleanSplitError("unsupported", sentence);
}

async function writeText(
  folder: string,
  name: string,
  pieces: Iterable<Piece>,
  { signal, advance, begun }: Writing,
): Promise<readonly string[]> {
  const file = path.join(folder, name);
  await begun([name]);
  // What an attempt that was killed left here; the folder is new and nobody else's.
  await rm(file, { force: true });
  await createFile(file, signal, async (handle) => {
    for (const { text, samples } of pieces) {
      signal.throwIfAborted();
      await writeAll(handle, Buffer.from(text));
      advance(samples);
    }
  });
  return [name];
}

function compareText(path: string, pieces: Iterable<Piece>, { signal, advance }: Writing): void {
  const file = new OpenFile(path);
  try {
    let at = 0;
    for (const { text, samples } of pieces) {
      signal.throwIfAborted();
      const expected = Buffer.from(text);
      const isThere = at + expected.length <= file.length;
      if (!isThere || !expected.equals(file.read(at, expected.length))) throw changed(path);
      at += expected.length;
      advance(samples);
    }
    if (at !== file.length) throw changed(path);
  } finally {
    file.close();
  }
}

function changed(file: string): CleanSplitError {
  return new CleanSplitError("changed", l10n.t("{0} does not hold what was written into it. Write it again.", file));
}
