import { CleanSplitError } from "../../../core/errors";
import { grouped, printable, sliceOf, withFile, type ByteSource } from "./bytes";
import { parseLiteral } from "./literal";
import {
  describeSize,
  fortranOrder,
  parseDtype,
  storedArray,
  totalBytes,
  unsupportedDtype,
  type ArrayFile,
  type Dtype,
  type NdArray,
} from "./ndarray";

/** What an npy file says about its array. */
export interface NpyHeader {
  readonly dtype: Dtype;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin, in bytes. */
  readonly offset: number;
  /** Bytes of the elements. */
  readonly size: number;
}

/** numpy itself stops at 10,000 characters; headers this long come from structured dtypes only. */
const MAX_HEADER_BYTES = 1 << 20;
/** numpy has 64 axes at most. */
const MAX_AXES = 64;
const MAGIC = Buffer.from("\x93NUMPY", "latin1");

/** Whether bytes begin as an npy file does. */
export function isNpy(beginning: Uint8Array): boolean {
  return beginning.length >= MAGIC.length && MAGIC.equals(beginning.subarray(0, MAGIC.length));
}

/**
 * Reads an npy file, versions 1 to 3; its array has the key "". The elements stay in the file. Throws a
 * `CleanSplitError`: "corrupt" when the header is malformed or the file does not hold exactly the declared array,
 * "forbidden" for a dtype of Python objects, "unsupported" for other dtypes that hold no numbers.
 */
export function readNpy(path: string): ArrayFile {
  return withFile(path, (file) => {
    const array = readNpyArray(file.name, "", file);
    return { path, arrays: [array], skipped: [], close: () => file.close() };
  });
}

/** Reads `source`, which holds an npy file; `what` names it in errors. */
export function readNpyArray(what: string, key: string, source: ByteSource): NdArray {
  const header = readNpyHeader(what, source);
  const held = source.length - header.offset;
  if (held < header.size) {
    throw new CleanSplitError(
      "corrupt",
      `${what} ends early: its header declares ${describeSize(header.dtype, header.shape)}, the file holds ` +
        `${grouped(held)}. Download it again.`,
    );
  }
  if (held > header.size) {
    throw new CleanSplitError(
      "corrupt",
      `${what} holds ${grouped(held - header.size)} bytes behind the ${describeSize(header.dtype, header.shape)} that ` +
        "its header declares. An npy file holds one array; save several as npz.",
    );
  }
  return storedArray(what, key, header.dtype, header.shape, {
    bytes: sliceOf(source, header.offset, header.size),
    bigEndian: header.bigEndian,
    permuted: header.fortran ? fortranOrder(header.shape) : undefined,
  });
}

/** Reads the header of an npy file of which at least the header is in `source`; throws as {@link readNpy} does. */
export function readNpyHeader(what: string, source: ByteSource): NpyHeader {
  const corrupt = (problem: string): CleanSplitError =>
    new CleanSplitError("corrupt", `${what} is not a valid npy file: ${problem}.`);
  const start = source.read(0, Math.min(12, source.length));
  if (!isNpy(start)) throw corrupt('it does not begin with "\\x93NUMPY"');
  const view = new DataView(start.buffer);
  const version = start[6] ?? 0;
  if (start.length < 12) throw corrupt("it ends inside its header");
  if (version < 1 || version > 3) throw corrupt(`its version is ${version}, versions 1 to 3 are known`);
  const lengthEnd = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) throw corrupt(`its header declares ${grouped(length)} bytes for itself`);
  if (length > source.length - lengthEnd) throw corrupt("it ends inside its header");
  const text = Buffer.from(source.read(lengthEnd, length)).toString(version === 3 ? "utf8" : "latin1");

  const literal = parseLiteral(text);
  if (literal === null || typeof literal !== "object" || literal.kind !== "dict") {
    throw corrupt("its header is not the description of an array");
  }
  const { entries } = literal;
  const descr = entries.get("descr");
  const fortran = entries.get("fortran_order");
  const shape = entries.get("shape");
  if (entries.size !== 3 || descr === undefined || typeof fortran !== "boolean") {
    throw corrupt("its header needs exactly descr, fortran_order and shape");
  }
  if (shape === null || typeof shape !== "object" || shape.kind !== "tuple" || shape.items.length > MAX_AXES) {
    throw corrupt("its shape is not a tuple of lengths");
  }
  const lengths = shape.items.filter((item) => typeof item === "number");
  if (lengths.length !== shape.items.length) throw corrupt("its shape is not a tuple of lengths");
  if (typeof descr !== "string") throw unsupportedDtype(what, "V");
  const parsed = parseDtype(descr);
  if (parsed === undefined) throw unsupportedDtype(what, printable(descr));
  const size = totalBytes(parsed.dtype, lengths);
  if (size === undefined) throw corrupt(`its shape (${lengths.join(", ")}) is impossible`);
  return { ...parsed, fortran, shape: lengths, offset: lengthEnd + length, size };
}
