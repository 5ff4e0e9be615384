import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { bytesInMemory, sliceOf, withFile, type ByteSource, type OpenFile } from "./bytes";
import { inflate, inflateBeginning, isPlausible, MAX_INFLATED_BYTES } from "./inflate";
import { describeSize, storedArray, totalBytes, type ArrayFile, type Dtype } from "./ndarray";

/** The types of elements, by their code. */
export const IDX_DTYPES: ReadonlyMap<number, Dtype> = new Map([
  [0x08, "u1"],
  [0x09, "i1"],
  [0x0b, "i2"],
  [0x0c, "i4"],
  [0x0d, "f4"],
  [0x0e, "f8"],
]);
const MAX_AXES = 64;
/** Enough for the header of any IDX file behind that of gzip; unpacks to 4 MiB at most. */
const BEGINNING_BYTES = 4096;

/** What the header of an IDX file declares. */
export interface IdxHeader {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Where the elements begin, in bytes. */
  readonly offset: number;
  /** Bytes of the elements. */
  readonly size: number;
}

/** Whether bytes begin as gzip does. */
export function isGzip(beginning: Uint8Array): boolean {
  return beginning[0] === 0x1f && beginning[1] === 0x8b && beginning[2] === 8;
}

/** Whether a file is gzipped, whatever its name. Throws a `CleanSplitError` when it cannot be read. */
export function isGzipFile(path: string): boolean {
  return withFile(path, (file) => {
    const gzipped = isGzip(file.read(0, Math.min(3, file.length)));
    file.close();
    return gzipped;
  });
}

/** The header of an IDX file of which `beginning` is the beginning; undefined when it is none. */
export function parseIdxHeader(beginning: Uint8Array): IdxHeader | undefined {
  const dtype = IDX_DTYPES.get(beginning[2] ?? 0);
  const axes = beginning[3] ?? 0;
  const offset = 4 + 4 * axes;
  if (beginning[0] !== 0 || beginning[1] !== 0 || dtype === undefined || axes === 0 || axes > MAX_AXES)
    return undefined;
  if (beginning.length < offset) return undefined;
  const view = new DataView(beginning.buffer, beginning.byteOffset, offset);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = totalBytes(dtype, shape);
  return size === undefined ? undefined : { dtype, shape, offset, size };
}

/** The first bytes of the gzipped file; undefined when its compressed data is damaged. */
export function gzipBeginning(file: OpenFile): Uint8Array | undefined {
  return inflateBeginning(file.read(0, Math.min(BEGINNING_BYTES, file.length)), "gzip");
}

/**
 * Reads an IDX file, the format of MNIST, plain or gzipped whatever its name; its array has the key "". Plain elements
 * stay in the file; gzipped ones are unpacked into memory, up to 2 GiB, and only when the declared size can be true.
 *
 * Throws a `CleanSplitError` ("corrupt") when it is no IDX file or does not hold exactly what its header declares.
 */
export function readIdx(path: string): ArrayFile {
  return withFile(path, (file) => {
    const start = file.read(0, Math.min(BEGINNING_BYTES, file.length));
    const packed = isGzip(start);
    const beginning = packed ? gzipBeginning(file) : start;
    if (beginning === undefined) throw damaged(file);
    const header = parseIdxHeader(beginning);
    if (header === undefined) {
      throw new CleanSplitError(
        "corrupt",
        l10n.t(
          "{0} is not an IDX file: it does not begin with the type and the lengths of an array. Download it again.",
          file.name,
        ),
      );
    }
    const bytes = packed ? unpack(file, header) : plain(file, header);
    const array = storedArray(file.name, "", header.dtype, header.shape, { bytes, bigEndian: true });
    return { path, arrays: [array], skipped: [], close: () => file.close() };
  });
}

function plain(file: OpenFile, header: IdxHeader): ByteSource {
  const held = file.length - header.offset;
  if (held < header.size) throw endsEarly(file, header, l10n.t("the file holds {0}", integerText(held)));
  if (held > header.size) throw holdsMore(file, header);
  return sliceOf(file, header.offset, header.size);
}

function unpack(file: OpenFile, header: IdxHeader): ByteSource {
  const size = header.offset + header.size;
  if (!isPlausible(file.length, size)) {
    throw endsEarly(file, header, l10n.t("its {0} compressed bytes cannot hold that many", integerText(file.length)));
  }
  if (size > MAX_INFLATED_BYTES) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        "{0} takes {1} bytes when it is unpacked. Unpack it first and choose the unpacked file.",
        file.name,
        integerText(size),
      ),
    );
  }
  // Compressing makes nothing much larger; what is larger all the same is not read.
  if (file.length > size + size / 8 + 65536) throw holdsMore(file, header);
  const result = inflate(file.read(0, file.length), "gzip", size);
  switch (result.state) {
    case "complete":
      return sliceOf(bytesInMemory(result.bytes), header.offset, header.size);
    case "long":
      throw holdsMore(file, header);
    case "damaged":
      throw damaged(file);
    case "short":
    case "cut":
      throw result.held < size
        ? endsEarly(file, header, l10n.t("the file holds {0}", integerText(Math.max(0, result.held - header.offset))))
        : new CleanSplitError(
            "corrupt",
            l10n.t("{0} ends early: the checksum that ends a gzip file is missing. Download it again.", file.name),
          );
  }
}

function endsEarly(file: OpenFile, header: IdxHeader, what: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t(
      "{0} ends early: its header declares {1}, {2}. Download it again.",
      file.name,
      describeSize(header.dtype, header.shape),
      what,
    ),
  );
}

function holdsMore(file: OpenFile, header: IdxHeader): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t(
      "{0} holds more than the {1} that its header declares. Download it again.",
      file.name,
      describeSize(header.dtype, header.shape),
    ),
  );
}

function damaged(file: OpenFile): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is damaged: its compressed data does not match its checksum. Download it again.", file.name),
  );
}
