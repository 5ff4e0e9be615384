import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { printable, type OpenFile } from "./bytes";

/** An entry of a zip file whose place in the file has been checked. */
export interface ZipEntry {
  readonly name: string;
  readonly method: "stored" | "deflated";
  /** Where its data begins, in bytes. */
  readonly offset: number;
  readonly packedSize: number;
  readonly size: number;
  readonly crc: number;
  /** Whether its data is where a link leads to, as its mode says. */
  readonly isLink: boolean;
}

/** A record of the directory of a zip file: of a file, or of a folder, whose name ends with a slash. */
export interface ZipRecord extends ZipEntry {
  /** Its bytes in the directory. */
  readonly record: Uint8Array;
  /** Where its header and its data begin, and where the next one or the directory does, in bytes. */
  readonly from: number;
  readonly to: number;
}

/** How large a directory may be, in bytes, and what a person can do with a file that is not read, in a sentence. */
export interface ZipLimits {
  readonly directoryBytes: number;
  readonly remedy: () => string;
}

/** Lengths of the fixed parts of the record that ends a zip file, of one of its directory, and of the header at the data. */
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** Bounds what a forged directory can cost; real array files have tens of entries. */
const ARRAY_LIMITS: ZipLimits = { directoryBytes: 1 << 25, remedy: () => l10n.t("Save it anew with numpy.savez.") };

/** The host of the system whose modes an entry has, and the mode of a link. */
const [UNIX, KIND_MASK, LINK] = [3, 0o170000, 0o120000];

/**
 * Lists the files of a zip file (folders are left out), zip64 included.
 *
 * This reads the central directory itself, though a library for zip files is at hand: that one is asynchronous, and array
 * files are read by synchronous code in worker threads. Throws a `CleanSplitError` ("corrupt") for a directory that is
 * damaged or forged: entries outside the file or over each other, two of one name, a name that differs from the one
 * at the data; and "unsupported" for encryption, several volumes and other compression methods.
 */
export function listZip(file: OpenFile, limits: ZipLimits = ARRAY_LIMITS): readonly ZipEntry[] {
  return listZipRecords(file, limits).filter(({ name }) => !name.endsWith("/"));
}

/** All of a directory in its order, to write the zip file anew. Throws as {@link listZip} does. */
export function listZipRecords(file: OpenFile, limits: ZipLimits): readonly ZipRecord[] {
  const directory = findDirectory(file, limits);
  const bytes = file.read(directory.offset, directory.size);
  const names = new Set<string>();
  const records: Mutable<ZipRecord>[] = [];
  let at = 0;
  for (let index = 0; index < directory.count; index++) {
    if (at + CENTRAL_BYTES > bytes.length || new DataView(bytes.buffer).getUint32(at, true) !== 0x02014b50) {
      throw corrupt(
        file,
        l10n.t(
          "its directory has {0} of the {1} entries it declares",
          integerText(index),
          integerText(directory.count),
        ),
      );
    }
    const record = readRecord(file, bytes, at, directory, limits);
    if (names.has(record.name)) throw corrupt(file, l10n.t("it holds {0} twice", printable(record.name)));
    names.add(record.name);
    records.push(record);
    at += record.record.length;
  }
  const ordered = records.toSorted((a, b) => a.from - b.from);
  for (const [index, record] of ordered.entries()) {
    const next = ordered[index + 1]?.from ?? directory.offset;
    if (next < record.to) {
      throw corrupt(
        file,
        l10n.t("{0} and {1} lie over each other", printable(record.name), printable(ordered[index + 1]?.name ?? "")),
      );
    }
    // What describes the data may stand behind it, too.
    record.to = next;
  }
  return records;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The record at a position of the directory, checked against the header at its data. */
function readRecord(
  file: OpenFile,
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
  directory: Directory,
  limits: ZipLimits,
): ZipRecord {
  const view = new DataView(bytes.buffer);
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const next = extraEnd + view.getUint16(at + 32, true);
  if (next > bytes.length) throw corrupt(file, l10n.t("its directory is cut off"));
  const rawName = bytes.subarray(at + CENTRAL_BYTES, nameEnd);
  const name = Buffer.from(rawName).toString("utf8");
  const shown = printable(name);
  const wide = zip64Fields(view, nameEnd, extraEnd, {
    size: view.getUint32(at + 24, true),
    packedSize: view.getUint32(at + 20, true),
    header: view.getUint32(at + 42, true),
  });
  if (wide === undefined) throw corrupt(file, l10n.t("the sizes of {0} are missing", shown));

  if (wide.header + LOCAL_BYTES > directory.offset) throw corrupt(file, l10n.t("{0} lies outside of it", shown));
  const local = file.read(wide.header, Math.min(LOCAL_BYTES + rawName.length, directory.offset - wide.header));
  const localView = new DataView(local.buffer);
  if (
    localView.getUint32(0, true) !== 0x04034b50 ||
    localView.getUint16(8, true) !== method ||
    localView.getUint16(26, true) !== rawName.length ||
    Buffer.compare(local.subarray(LOCAL_BYTES), rawName) !== 0
  ) {
    throw corrupt(file, l10n.t("its directory and its data disagree about {0}", shown));
  }
  const offset = wide.header + LOCAL_BYTES + rawName.length + localView.getUint16(28, true);
  const end = offset + wide.packedSize;
  if (end > directory.offset) throw corrupt(file, l10n.t("{0} lies outside of it", shown));
  if (!name.endsWith("/")) {
    if ((flags & 1) !== 0) throw unsupported(file, l10n.t("{0} is encrypted", shown), limits);
    if (method !== 0 && method !== 8)
      throw unsupported(file, l10n.t("{0} is compressed with method {1}", shown, method), limits);
    if (method === 0 && wide.size !== wide.packedSize) throw corrupt(file, l10n.t("{0} has two sizes", shown));
  }
  return {
    name,
    method: method === 0 ? "stored" : "deflated",
    offset,
    packedSize: wide.packedSize,
    size: wide.size,
    crc: view.getUint32(at + 16, true),
    isLink: bytes[at + 5] === UNIX && ((view.getUint32(at + 38, true) >>> 16) & KIND_MASK) === LINK,
    record: bytes.subarray(at, next),
    from: wide.header,
    to: end,
  };
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

function findDirectory(file: OpenFile, limits: ZipLimits): Directory {
  const tailStart = Math.max(0, file.length - END_BYTES - MAX_COMMENT_BYTES);
  const tail = Buffer.from(file.read(tailStart, file.length - tailStart).buffer);
  let end = tail.length - END_BYTES;
  // The end record lies before a comment of its own length, so only a signature with the right length counts.
  while (
    end >= 0 &&
    !(tail.readUInt32LE(end) === 0x06054b50 && end + END_BYTES + tail.readUInt16LE(end + 20) === tail.length)
  ) {
    end--;
  }
  if (end < 0) {
    throw new CleanSplitError(
      "corrupt",
      l10n.t("{0} ends early: the directory that ends a zip file is missing. Download it again.", file.name),
    );
  }
  const endAt = tailStart + end;
  let limit = endAt;
  let disks = tail.readUInt16LE(end + 4) | tail.readUInt16LE(end + 6);
  let count = tail.readUInt16LE(end + 10);
  let size = tail.readUInt32LE(end + 12);
  let offset = tail.readUInt32LE(end + 16);
  if (endAt >= 20 && (count === 0xffff || size === 0xffffffff || offset === 0xffffffff)) {
    const locator = new DataView(file.read(endAt - 20, 20).buffer);
    if (locator.getUint32(0, true) === 0x07064b50) {
      const wideAt = Number(locator.getBigUint64(8, true));
      if (wideAt + 56 > endAt) throw corrupt(file, l10n.t("its zip64 record lies outside of it"));
      const wide = new DataView(file.read(wideAt, 56).buffer);
      if (wide.getUint32(0, true) !== 0x06064b50) throw corrupt(file, l10n.t("its zip64 record is missing"));
      disks = wide.getUint32(16, true) | wide.getUint32(20, true);
      count = Number(wide.getBigUint64(32, true));
      size = Number(wide.getBigUint64(40, true));
      offset = Number(wide.getBigUint64(48, true));
      limit = wideAt;
    }
  }
  if (disks !== 0) throw unsupported(file, l10n.t("it is spread over several files"), limits);
  if (offset + size > limit) throw corrupt(file, l10n.t("its directory lies outside of it"));
  if (size > limits.directoryBytes)
    throw unsupported(file, l10n.t("its directory has {0} bytes", integerText(size)), limits);
  if (count * CENTRAL_BYTES > size) {
    throw corrupt(
      file,
      l10n.t(
        "its directory of {0} bytes cannot hold the {1} entries it declares",
        integerText(size),
        integerText(count),
      ),
    );
  }
  return { offset, size, count };
}

interface Sizes {
  readonly size: number;
  readonly packedSize: number;
  readonly header: number;
}

/** Sizes with those that do not fit 32 bits taken from the zip64 field, where they stand in this order. */
function zip64Fields(view: DataView, from: number, to: number, narrow: Sizes): Sizes | undefined {
  const isWide = (value: number): boolean => value === 0xffffffff;
  if (!isWide(narrow.size) && !isWide(narrow.packedSize) && !isWide(narrow.header)) return narrow;
  for (let at = from; at + 4 <= to;) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > to) return undefined;
    if (view.getUint16(at, true) === 1) {
      let field = at + 4;
      const widened = (value: number): number => {
        if (!isWide(value)) return value;
        field += 8;
        return field <= end ? Number(view.getBigUint64(field - 8, true)) : NaN;
      };
      const sizes = {
        size: widened(narrow.size),
        packedSize: widened(narrow.packedSize),
        header: widened(narrow.header),
      };
      return Object.values(sizes).every(Number.isSafeInteger) ? sizes : undefined;
    }
    at = end;
  }
  return undefined;
}

function corrupt(file: OpenFile, problem: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is a damaged zip file: {1}. Download it again.", file.name, problem),
  );
}

function unsupported(file: OpenFile, problem: string, { remedy }: ZipLimits): CleanSplitError {
  return new CleanSplitError("unsupported", l10n.t("{0} cannot be read: {1}. {2}", file.name, problem, remedy()));
}
