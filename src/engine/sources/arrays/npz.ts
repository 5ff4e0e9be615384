import * as l10n from "@vscode/l10n";
import { crc32 } from "node:zlib";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { arrayName, bytesInMemory, sliceOf, withFile, type ByteSource, type OpenFile } from "./bytes";
import { inflate, inflateBeginning, isPlausible, keepRecent, MAX_INFLATED_BYTES } from "./inflate";
import { describeSize, type ArrayFile, type NdArray, type SkippedArray } from "./ndarray";
import { readNpyArray, readNpyHeader } from "./npy";
import { listZip, type ZipEntry } from "./zip";

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
    const kept = keepRecent((entry: ZipEntry) => unpack(file, nameOf(file, entry), entry));
    for (const entry of listZip(file)) {
      if (!entry.name.endsWith(".npy")) continue;
      const key = keyOf(entry);
      try {
        arrays.push(readEntry(file, entry, kept));
      } catch (error) {
        if (!(error instanceof CleanSplitError) || error.reason === "corrupt") throw error;
        refusal ??= error;
        skipped.push({ key, reason: error.message });
      }
    }
    if (arrays.length === 0) {
      throw refusal ?? new CleanSplitError("unsupported", l10n.t("{0} holds no numpy arrays.", file.name));
    }
    return { path, arrays, skipped, close: () => file.close() };
  });
}

function keyOf(entry: ZipEntry): string {
  return entry.name.slice(0, -".npy".length);
}

/** The array of an entry in messages. */
function nameOf(file: OpenFile, entry: ZipEntry): string {
  return arrayName(keyOf(entry), file.name);
}

function readEntry(file: OpenFile, entry: ZipEntry, unpacked: (entry: ZipEntry) => Uint8Array): NdArray {
  const key = keyOf(entry);
  const what = nameOf(file, entry);
  if (entry.method === "stored") return readNpyArray(what, key, sliceOf(file, entry.offset, entry.packedSize));

  const header = readNpyHeader(what, beginningOf(file, what, entry));
  const declared = header.offset + header.size;
  if (entry.size !== declared || !isPlausible(entry.packedSize, declared)) {
    throw new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} is damaged or forged: its header declares {1}, the {2} compressed bytes claim to hold {3}. Download it again.",
        what,
        describeSize(header.dtype, header.shape),
        integerText(entry.packedSize),
        integerText(entry.size - header.offset),
      ),
    );
  }
  if (declared > MAX_INFLATED_BYTES) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        "{0} takes {1} bytes when it is unpacked. Save it with numpy.savez, which does not compress.",
        what,
        integerText(declared),
      ),
    );
  }
  return readNpyArray(what, key, {
    length: entry.size,
    // The header is read from its beginning, so that opening a file unpacks nothing else.
    read: (from, count) =>
      (from + count <= header.offset ? beginningOf(file, what, entry) : bytesInMemory(unpacked(entry))).read(
        from,
        count,
      ),
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

function unpack(file: OpenFile, what: string, entry: ZipEntry): Uint8Array {
  const result = inflate(file.read(entry.offset, entry.packedSize), "deflate", entry.size);
  if (result.state === "long") {
    throw new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} is damaged or forged: it unpacks to more than the {1} bytes it declares.",
        what,
        integerText(entry.size),
      ),
    );
  }
  if (result.state === "cut" || result.state === "short") {
    throw new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} ends early: it declares {1} bytes and unpacks to {2}. Download it again.",
        what,
        integerText(entry.size),
        integerText(result.held),
      ),
    );
  }
  if (result.state === "damaged" || crc32(result.bytes) !== entry.crc) throw damaged(what);
  return result.bytes;
}

function damaged(what: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is damaged: its compressed data does not match. Download it again.", what),
  );
}
