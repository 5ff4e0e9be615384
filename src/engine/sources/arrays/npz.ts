import { crc32 } from "node:zlib";
import { CleanSplitError } from "../../../core/errors";
import { bytesInMemory, grouped, printable, sliceOf, withFile, type ByteSource, type OpenFile } from "./bytes";
import { inflate, inflateBeginning, isPlausible, MAX_INFLATED_BYTES } from "./inflate";
import { describeSize, type ArrayFile, type NdArray, type SkippedArray } from "./ndarray";
import { readNpyArray, readNpyHeader } from "./npy";
import { listZip, type ZipEntry } from "./zip";

/** Unpacked entries are kept up to this many bytes together; beyond, the ones used longest ago are unpacked anew. */
const MAX_KEPT_BYTES = 2 ** 30;

/**
 * Reads an npz file: one array for each entry `<key>.npy`, other entries are no arrays. Stored entries stay in the file.
 * Deflated entries are unpacked into memory when their rows are first read, never beyond the size that their header
 * declares, and checked against their checksum; that read throws a `CleanSplitError` ("corrupt") when they are damaged.
 *
 * Throws a `CleanSplitError`: "corrupt" for a damaged or forged file, "unsupported" or "forbidden" when it holds no
 * array of numbers; arrays of other things beside arrays of numbers are named in `skipped`.
 */
export function readNpz(path: string): ArrayFile {
  return withFile(path, (file) => {
    const arrays: NdArray[] = [];
    const skipped: SkippedArray[] = [];
    let refusal: CleanSplitError | undefined;
    const kept = keepUnpacked(file);
    for (const entry of listZip(file)) {
      if (!entry.name.endsWith(".npy")) continue;
      const key = entry.name.slice(0, -".npy".length);
      try {
        arrays.push(readEntry(file, key, entry, kept));
      } catch (error) {
        if (!(error instanceof CleanSplitError) || error.reason === "corrupt") throw error;
        refusal ??= error;
        skipped.push({ key, reason: error.message });
      }
    }
    if (arrays.length === 0) {
      throw refusal ?? new CleanSplitError("unsupported", `${file.name} holds no numpy arrays.`);
    }
    return { path, arrays, skipped, close: () => file.close() };
  });
}

type Unpacked = (what: string, entry: ZipEntry) => ByteSource;

function readEntry(file: OpenFile, key: string, entry: ZipEntry, unpacked: Unpacked): NdArray {
  const what = `${printable(key)} in ${file.name}`;
  if (entry.method === "stored") return readNpyArray(what, key, sliceOf(file, entry.offset, entry.packedSize));

  const header = readNpyHeader(what, beginningOf(file, what, entry));
  const declared = header.offset + header.size;
  if (entry.size !== declared || !isPlausible(entry.packedSize, declared)) {
    throw new CleanSplitError(
      "corrupt",
      `${what} is damaged or forged: its header declares ${describeSize(header.dtype, header.shape)}, the ` +
        `${grouped(entry.packedSize)} compressed bytes claim to hold ${grouped(entry.size - header.offset)}. ` +
        "Download it again.",
    );
  }
  if (declared > MAX_INFLATED_BYTES) {
    throw new CleanSplitError(
      "unsupported",
      `${what} takes ${grouped(declared)} bytes when it is unpacked. Save it with numpy.savez, which does not compress.`,
    );
  }
  return readNpyArray(what, key, {
    length: entry.size,
    // The header is read from its beginning, so that opening a file unpacks nothing else.
    read: (from, count) =>
      (from + count <= header.offset ? beginningOf(file, what, entry) : unpacked(what, entry)).read(from, count),
  });
}

/** The first bytes of a deflated entry, with at least its npy header. */
function beginningOf(file: OpenFile, what: string, entry: ZipEntry): ByteSource {
  let bytes: Uint8Array = new Uint8Array();
  // 4 KiB hold any usual header; a structured dtype may need more.
  for (const size of [4096, 1 << 18]) {
    const packed = file.read(entry.offset, Math.min(entry.packedSize, size));
    const beginning = inflateBeginning(packed, "deflate");
    if (beginning === undefined) throw damaged(what);
    bytes = beginning;
    if (packed.length === entry.packedSize || bytes.length >= 1 << 16) break;
  }
  return bytesInMemory(bytes);
}

function keepUnpacked(file: OpenFile): Unpacked {
  const kept = new Map<ZipEntry, Uint8Array>();
  return (what, entry) => {
    const known = kept.get(entry);
    kept.delete(entry);
    const bytes = known ?? unpack(file, what, entry);
    // A map keeps the order of insertion: what was used last stands last.
    kept.set(entry, bytes);
    let total = [...kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of kept) {
      if (total <= MAX_KEPT_BYTES || oldest === entry) break;
      kept.delete(oldest);
      total -= length;
    }
    return bytesInMemory(bytes);
  };
}

function unpack(file: OpenFile, what: string, entry: ZipEntry): Uint8Array {
  const result = inflate(file.read(entry.offset, entry.packedSize), "deflate", entry.size);
  if (result.state === "long") {
    throw new CleanSplitError(
      "corrupt",
      `${what} is damaged or forged: it unpacks to more than the ${grouped(entry.size)} bytes it declares.`,
    );
  }
  if (result.state === "cut" || result.state === "short") {
    throw new CleanSplitError(
      "corrupt",
      `${what} ends early: it declares ${grouped(entry.size)} bytes and unpacks to ${grouped(result.held)}. ` +
        "Download it again.",
    );
  }
  if (result.state === "damaged" || crc32(result.bytes) !== entry.crc) throw damaged(what);
  return result.bytes;
}

function damaged(what: string): CleanSplitError {
  return new CleanSplitError("corrupt", `${what} is damaged: its compressed data does not match. Download it again.`);
}
