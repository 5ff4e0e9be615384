import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { printable, sliceOf, withFile, type ByteSource } from "./bytes";
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
      l10n.t(
        "{0} ends early: its header declares {1}, the file holds {2}. Download it again.",
        what,
        describeSize(header.dtype, header.shape),
        integerText(held),
      ),
    );
  }
  if (held > header.size) {
    throw new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} holds {1} bytes behind the {2} that its header declares. An npy file holds one array; save several as npz.",
        what,
        integerText(held - header.size),
        describeSize(header.dtype, header.shape),
      ),
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
    new CleanSplitError("corrupt", l10n.t("{0} is not a valid npy file: {1}.", what, problem));
  const start = source.read(0, Math.min(12, source.length));
  if (!isNpy(start)) throw corrupt(l10n.t('it does not begin with "\\x93NUMPY"'));
  const view = new DataView(start.buffer);
  const version = start[6] ?? 0;
  if (start.length < 12) throw corrupt(l10n.t("it ends inside its header"));
  if (version < 1 || version > 3) throw corrupt(l10n.t("its version is {0}, versions 1 to 3 are known", version));
  const lengthEnd = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES) throw corrupt(l10n.t("its header declares {0} bytes for itself", integerText(length)));
  if (length > source.length - lengthEnd) throw corrupt(l10n.t("it ends inside its header"));
  const text = Buffer.from(source.read(lengthEnd, length)).toString(version === 3 ? "utf8" : "latin1");

  const literal = parseLiteral(text);
  if (literal === null || typeof literal !== "object" || literal.kind !== "dict") {
    throw corrupt(l10n.t("its header is not the description of an array"));
  }
  const { entries } = literal;
  const descr = entries.get("descr");
  const fortran = entries.get("fortran_order");
  const shape = entries.get("shape");
  if (entries.size !== 3 || descr === undefined || typeof fortran !== "boolean") {
    throw corrupt(l10n.t("its header needs exactly descr, fortran_order and shape"));
  }
  if (shape === null || typeof shape !== "object" || shape.kind !== "tuple" || shape.items.length > MAX_AXES) {
    throw corrupt(l10n.t("its shape is not a tuple of lengths"));
  }
  const lengths = shape.items.filter((item) => typeof item === "number");
  if (lengths.length !== shape.items.length) throw corrupt(l10n.t("its shape is not a tuple of lengths"));
  if (typeof descr !== "string") throw unsupportedDtype(what, "V");
  const parsed = parseDtype(descr);
  if (parsed === undefined) throw unsupportedDtype(what, printable(descr));
  const size = totalBytes(parsed.dtype, lengths);
  if (size === undefined) throw corrupt(l10n.t("its shape ({0}) is impossible", lengths.join(", ")));
  return { ...parsed, fortran, shape: lengths, offset: lengthEnd + length, size };
}
