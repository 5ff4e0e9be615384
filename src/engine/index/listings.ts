import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  Field,
  Float64,
  List,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
  type Data,
} from "apache-arrow";
import { readAll } from "../readAll";
import type { FolderStamp, ListedFolder } from "../sources/listing";
import { roomForNames, type PackedNames } from "../sources/names";
import { checksumOf, isWhole, piecesOf } from "./indexFile";
import { checksumFile } from "./indexWriter";

/** A folder as it was listed, and what tells whether it still is so. */
export interface KnownFolder {
  readonly listed: ListedFolder;
  readonly stamp: FolderStamp;
}

/** Not like the files with fingerprints, which lie beside it. */
const FILE = "folders.arrow";

/** Made when it is used: most runs of the command line never load Arrow. */
function makeSchema(): Schema {
  return new Schema([
    new Field("folder", new Utf8()),
    new Field("inode", new Float64()),
    new Field("modified", new Float64()),
    new Field("changed", new Float64()),
    new Field("images", new List(new Field("name", new Utf8()))),
    new Field("others", new Utf8()),
  ]);
}

/**
 * What the folders of a dataset held when they were listed last, kept on disk as an Arrow stream with one row a folder; the
 * column `others` is the rest of {@link ListedFolder} as JSON. A folder whose inode and times of change are the same is not
 * listed again.
 */
export class Listings {
  private readonly known = new Map<string, KnownFolder>();
  private readonly now: KnownFolder[] = [];
  private isChanged = false;

  /** `folder` is where the index of a dataset is; null keeps nothing. */
  constructor(private readonly folder: string | null) {
    if (folder === null) return;
    try {
      const bytes = readShared(path.join(folder, FILE));
      const [piece] = piecesOf(readFileSync(checksumFile(path.join(folder, FILE))));
      if (piece !== undefined && isWhole(bytes, piece)) this.read(bytes);
    } catch {
      // There is none yet, or another process is just writing it: then folders are listed.
      this.known.clear();
    }
  }

  find(folder: string): KnownFolder | null {
    return this.known.get(folder) ?? null;
  }

  /** Says what a folder holds now; without a stamp it will be listed next time. */
  keep(listed: ListedFolder, stamp: FolderStamp | null): void {
    if (this.known.get(listed.path)?.listed !== listed) this.isChanged = true;
    if (stamp !== null) this.now.push({ listed, stamp });
  }

  /** Writes what changed. What cannot be written is listed next time; the index of fingerprints says why. */
  save(): void {
    if (this.folder === null || (!this.isChanged && this.now.length === this.known.size)) return;
    const file = path.join(this.folder, FILE);
    const bytes = encode(this.now);
    try {
      mkdirSync(this.folder, { recursive: true });
      replaceFile(file, bytes);
      replaceFile(checksumFile(file), checksumOf(bytes));
    } catch {
      // Then there is no whole one, and folders are listed.
    }
  }

  private read(bytes: Uint8Array): void {
    const [batch] = [...RecordBatchReader.from(bytes)] as RecordBatch[];
    if (batch === undefined) return;
    const children = batch.data.children as readonly Data[];
    const [folders, inodes, modified, changed, images, others] = children as [Data, Data, Data, Data, Data, Data];
    const numberAt = (column: Data, row: number): number => (column.values as Float64Array)[row] ?? NaN;
    const [names] = images.children as [Data];
    const offsets = images.valueOffsets as Int32Array;
    for (let row = 0; row < batch.numRows; row++) {
      const folder = textAt(folders, row);
      const rest = JSON.parse(textAt(others, row)) as Omit<ListedFolder, "path" | "images">;
      const stamp = {
        inode: numberAt(inodes, row),
        modified: numberAt(modified, row),
        changed: numberAt(changed, row),
      };
      const listed = { path: folder, images: namesAt(names, offsets[row] ?? 0, offsets[row + 1] ?? 0), ...rest };
      this.known.set(folder, { listed, stamp });
    }
  }
}

/** Reads a file into memory that threads share: the names of its folders stay where they are. */
function readShared(file: string): Uint8Array {
  const descriptor = openSync(file, "r");
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(descriptor).size));
    return readAll(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

/** Puts a file in place as a whole: others may read it at the same time. */
function replaceFile(file: string, content: Uint8Array): void {
  const part = `${file}.${randomUUID().slice(0, 8)}.part`;
  try {
    writeFileSync(part, content);
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function textAt({ values, valueOffsets }: Data, row: number): string {
  const offsets = valueOffsets as Int32Array;
  return Buffer.from((values as Uint8Array).subarray(offsets[row], offsets[row + 1])).toString();
}

function namesAt({ values, valueOffsets }: Data, from: number, to: number): PackedNames {
  const offsets = valueOffsets as Int32Array;
  const start = offsets[from] ?? 0;
  const { ends } = roomForNames(0, to - from);
  for (let row = from; row < to; row++) ends[row - from] = (offsets[row + 1] ?? 0) - start;
  return { bytes: (values as Uint8Array).subarray(start, offsets[to]), ends };
}

function encode(folders: readonly KnownFolder[]): Uint8Array {
  const length = folders.length;
  const numbers = (of: (stamp: FolderStamp) => number): Data =>
    makeData({ type: new Float64(), length, nullCount: 0, data: Float64Array.from(folders, ({ stamp }) => of(stamp)) });
  const others = folders.map(({ listed: { path: _path, images: _images, ...rest } }) => JSON.stringify(rest));
  const children: Data[] = [
    textData(folders.map(({ listed }) => listed.path)),
    numbers(({ inode }) => inode),
    numbers(({ modified }) => modified),
    numbers(({ changed }) => changed),
    namesData(folders.map(({ listed }) => listed.images)),
    textData(others),
  ];
  const schema = makeSchema();
  const struct = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children });
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema);
  writer.write(new RecordBatch(schema, struct));
  writer.finish();
  return writer.toUint8Array(true);
}

function textData(texts: readonly string[]): Data {
  const parts = texts.map((text) => Buffer.from(text));
  let end = 0;
  const ends = Int32Array.from([0, ...parts.map((part) => (end += part.length))]);
  return makeData({
    type: new Utf8(),
    length: texts.length,
    nullCount: 0,
    valueOffsets: ends,
    data: Buffer.concat(parts),
  });
}

function namesData(lists: readonly PackedNames[]): Data {
  const count = lists.reduce((sum, { ends }) => sum + ends.length, 0);
  const starts = new Int32Array(lists.length + 1);
  const offsets = new Int32Array(count + 1);
  const bytes = new Uint8Array(lists.reduce((sum, names) => sum + names.bytes.length, 0));
  let [row, at] = [0, 0];
  lists.forEach((names, index) => {
    bytes.set(names.bytes, at);
    for (const end of names.ends) offsets[++row] = at + end;
    starts[index + 1] = row;
    at += names.bytes.length;
  });
  const child = makeData({ type: new Utf8(), length: count, nullCount: 0, valueOffsets: offsets, data: bytes });
  const type = new List(new Field("name", new Utf8()));
  return makeData({ type, length: lists.length, nullCount: 0, valueOffsets: starts, child });
}
