import { CleanSplitError } from "../../../core/errors";
import { grouped, printable, type OpenFile } from "./bytes";

/** An entry of a zip file whose place in the file has been checked. */
export interface ZipEntry {
  readonly name: string;
  readonly method: "stored" | "deflated";
  /** Where its data begins, in bytes. */
  readonly offset: number;
  readonly packedSize: number;
  readonly size: number;
  readonly crc: number;
}

const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
/** Bounds what a forged directory can cost; real array files have tens of entries. */
const MAX_DIRECTORY_BYTES = 1 << 25;

/**
 * Lists the files of a zip file (folders are left out), zip64 included.
 *
 * This reads the central directory itself, though a library for zip files is at hand: that one is asynchronous, and array
 * files are read by synchronous code in worker threads. Throws a `CleanSplitError` ("corrupt") for a directory that is
 * damaged or forged: entries outside the file or over each other, two of one name, a name that differs from the one
 * at the data; and "unsupported" for encryption, several volumes and other compression methods.
 */
export function listZip(file: OpenFile): readonly ZipEntry[] {
  const directory = findDirectory(file);
  const bytes = file.read(directory.offset, directory.size);
  const view = new DataView(bytes.buffer);
  const entries: ZipEntry[] = [];
  const spans: { readonly name: string; readonly from: number; readonly to: number }[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let index = 0; index < directory.count; index++) {
    if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      throw corrupt(file, `its directory has ${grouped(index)} of the ${grouped(directory.count)} entries it declares`);
    }
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    const crc = view.getUint32(at + 16, true);
    const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > bytes.length) throw corrupt(file, "its directory is cut off");
    const rawName = bytes.subarray(at + CENTRAL_BYTES, nameEnd);
    const name = Buffer.from(rawName).toString("utf8");
    const shown = printable(name);
    const wide = zip64Fields(view, nameEnd, extraEnd, {
      size: view.getUint32(at + 24, true),
      packedSize: view.getUint32(at + 20, true),
      header: view.getUint32(at + 42, true),
    });
    if (wide === undefined) throw corrupt(file, `the sizes of ${shown} are missing`);
    if (names.has(name)) throw corrupt(file, `it holds ${shown} twice`);
    names.add(name);

    if (wide.header + LOCAL_BYTES > directory.offset) throw corrupt(file, `${shown} lies outside of it`);
    const local = file.read(wide.header, Math.min(LOCAL_BYTES + rawName.length, directory.offset - wide.header));
    const localView = new DataView(local.buffer);
    if (
      localView.getUint32(0, true) !== 0x04034b50 ||
      localView.getUint16(8, true) !== method ||
      localView.getUint16(26, true) !== rawName.length ||
      Buffer.compare(local.subarray(LOCAL_BYTES), rawName) !== 0
    ) {
      throw corrupt(file, `its directory and its data disagree about ${shown}`);
    }
    const offset = wide.header + LOCAL_BYTES + rawName.length + localView.getUint16(28, true);
    const end = offset + wide.packedSize;
    if (end > directory.offset) throw corrupt(file, `${shown} lies outside of it`);
    spans.push({ name: shown, from: wide.header, to: end });
    at = next;
    if (name.endsWith("/")) continue;
    if ((flags & 1) !== 0) throw unsupported(file, `${shown} is encrypted`);
    if (method !== 0 && method !== 8) throw unsupported(file, `${shown} is compressed with method ${method}`);
    if (method === 0 && wide.size !== wide.packedSize) throw corrupt(file, `${shown} has two sizes`);
    entries.push({
      name,
      method: method === 0 ? "stored" : "deflated",
      offset,
      packedSize: wide.packedSize,
      size: wide.size,
      crc,
    });
  }
  spans.sort((a, b) => a.from - b.from);
  for (const [index, span] of spans.entries()) {
    const previous = spans[index - 1];
    if (previous !== undefined && span.from < previous.to) {
      throw corrupt(file, `${previous.name} and ${span.name} lie over each other`);
    }
  }
  return entries;
}

interface Directory {
  readonly offset: number;
  readonly size: number;
  readonly count: number;
}

function findDirectory(file: OpenFile): Directory {
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
      `${file.name} ends early: the directory that ends a zip file is missing. Download it again.`,
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
      if (wideAt + 56 > endAt) throw corrupt(file, "its zip64 record lies outside of it");
      const wide = new DataView(file.read(wideAt, 56).buffer);
      if (wide.getUint32(0, true) !== 0x06064b50) throw corrupt(file, "its zip64 record is missing");
      disks = wide.getUint32(16, true) | wide.getUint32(20, true);
      count = Number(wide.getBigUint64(32, true));
      size = Number(wide.getBigUint64(40, true));
      offset = Number(wide.getBigUint64(48, true));
      limit = wideAt;
    }
  }
  if (disks !== 0) throw unsupported(file, "it is spread over several files");
  if (offset + size > limit) throw corrupt(file, "its directory lies outside of it");
  if (size > MAX_DIRECTORY_BYTES) throw unsupported(file, `its directory has ${grouped(size)} bytes`);
  if (count * CENTRAL_BYTES > size) {
    throw corrupt(
      file,
      `its directory of ${grouped(size)} bytes cannot hold the ${grouped(count)} entries it declares`,
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
  return new CleanSplitError("corrupt", `${file.name} is a damaged zip file: ${problem}. Download it again.`);
}

function unsupported(file: OpenFile, problem: string): CleanSplitError {
  return new CleanSplitError("unsupported", `${file.name} cannot be read: ${problem}. Save it anew with numpy.savez.`);
}
