import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { OpenFile } from "../sources/arrays/bytes";
import { listZipRecords, type ZipRecord } from "../sources/arrays/zip";
import { ZIP_LIMITS } from "../sources/packed/zip";
import { Fates } from "./archiveFates";
import { writeChunks } from "./newFile";
import type { PackedWriteJob } from "./packedWriters";

/** Lengths of the fixed parts of a record of the directory and of the header at the data, and where their names' lengths stand. */
const [CENTRAL_BYTES, LOCAL_BYTES] = [46, 30];
const [CENTRAL_NAME, LOCAL_NAME] = [28, 26];

/** Where the flags of a record stand, and the flag of a name in UTF-8. */
const [CENTRAL_FLAGS, LOCAL_FLAGS, UTF8] = [8, 6, 1 << 11];

/** Where the place of the data stands in a record. */
const PLACE = 42;

/** The largest numbers of 16 and 32 bits say that the number stands elsewhere. */
const [WIDE16, WIDE32] = [0xffff, 0xffffffff];

/** Bytes that are copied at a time. */
const CHUNK_BYTES = 1 << 20;

/**
 * Writes a zip file anew: headers and compressed data of what stays are copied byte for byte. A library that writes zip files
 * would have to compress everything again.
 */
export async function writeZip(job: PackedWriteJob): Promise<void> {
  const file = new OpenFile(job.source);
  try {
    const records = listZipRecords(file, ZIP_LIMITS);
    const fates = await Fates.of(job, () => records);
    await writeChunks(job.out, bytesOf(file, records, fates, job), job);
  } finally {
    file.close();
  }
}

async function* bytesOf(
  file: OpenFile,
  records: readonly ZipRecord[],
  fates: Fates,
  { out, advance }: PackedWriteJob,
): AsyncGenerator<Uint8Array> {
  const directory: Uint8Array[] = [];
  let written = 0;
  // In the order of their data, which is read once from the beginning to the end.
  for (const record of records.toSorted((a, b) => a.from - b.from)) {
    const fate = fates.of(record);
    if (fate.kind === "leaves") continue;
    if (fates.isImage(record)) advance(1);
    const name = fate.kind === "moves" ? Buffer.from(fate.to) : null;
    directory.push(placed(renamed(record.record, name, CENTRAL_BYTES, CENTRAL_NAME, CENTRAL_FLAGS), written, out));
    const header = file.read(record.from, record.offset - record.from);
    const head = renamed(header, name, LOCAL_BYTES, LOCAL_NAME, LOCAL_FLAGS);
    yield head;
    written += head.length + record.to - record.offset;
    for (let at = record.offset; at < record.to; at += CHUNK_BYTES) {
      yield file.read(at, Math.min(CHUNK_BYTES, record.to - at));
    }
  }
  yield* directory;
  const size = directory.reduce((sum, record) => sum + record.length, 0);
  yield ending(directory.length, size, written);
}

/** A record or header with another name; itself without one. */
function renamed(record: Uint8Array, name: Buffer | null, fixed: number, nameAt: number, flagsAt: number): Uint8Array {
  if (name === null) return record;
  const old = Buffer.from(record);
  const result = Buffer.concat([old.subarray(0, fixed), name, old.subarray(fixed + old.readUInt16LE(nameAt))]);
  result.writeUInt16LE(name.length, nameAt);
  result.writeUInt16LE(result.readUInt16LE(flagsAt) | UTF8, flagsAt);
  return result;
}

/** A record of data that lies elsewhere now. */
function placed(record: Uint8Array, place: number, out: string): Uint8Array {
  const result = Buffer.from(record);
  if (result.readUInt32LE(PLACE) === WIDE32) {
    result.writeBigUInt64LE(BigInt(place), widePlace(result));
    return result;
  }
  if (place >= WIDE32) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t("{0} would be larger than its kind of zip file can be. Write a folder.", out),
    );
  }
  result.writeUInt32LE(place, PLACE);
  return result;
}

/** Where the place of the data stands in the field for large numbers, behind those sizes that are there, too. */
function widePlace(record: Buffer): number {
  const wide = [24, 20].filter((at) => record.readUInt32LE(at) === WIDE32).length;
  let at = CENTRAL_BYTES + record.readUInt16LE(CENTRAL_NAME);
  while (record.readUInt16LE(at) !== 1) at += 4 + record.readUInt16LE(at + 2);
  return at + 4 + wide * 8;
}

/** What ends a zip file: where its directory lies, also in the way of large files where that is needed. */
function ending(count: number, size: number, offset: number): Uint8Array {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(Math.min(count, WIDE16), 8);
  end.writeUInt16LE(Math.min(count, WIDE16), 10);
  end.writeUInt32LE(Math.min(size, WIDE32), 12);
  end.writeUInt32LE(Math.min(offset, WIDE32), 16);
  if (count < WIDE16 && size < WIDE32 && offset < WIDE32) return end;
  const wide = Buffer.alloc(56 + 20);
  wide.writeUInt32LE(0x06064b50, 0);
  wide.writeBigUInt64LE(44n, 4);
  wide.writeUInt16LE(45, 12);
  wide.writeUInt16LE(45, 14);
  wide.writeBigUInt64LE(BigInt(count), 24);
  wide.writeBigUInt64LE(BigInt(count), 32);
  wide.writeBigUInt64LE(BigInt(size), 40);
  wide.writeBigUInt64LE(BigInt(offset), 48);
  wide.writeUInt32LE(0x07064b50, 56);
  wide.writeBigUInt64LE(BigInt(offset + size), 64);
  wide.writeUInt32LE(1, 72);
  return Buffer.concat([wide, end]);
}
