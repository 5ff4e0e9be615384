import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { bytesInMemory, type ByteSource } from "./bytes";
import type { Dtype } from "./ndarray";

/*
 * The values that reading a pickle can make. They are plain data: nothing in them refers to code, and what a global
 * "is" is decided by `pickle-globals.ts` alone.
 */

/** None, bool, int (a bigint beyond 53 bits), unicode text, or an object. */
export type PyValue = null | boolean | number | bigint | string | PyObject;

export type PyObject =
  PyFloat | PyBytes | PyText | PyList | PyTuple | PyDict | PySet | PyGlobal | PyDtype | PyArray | PyOther;

/** A float, told apart from an int. */
export interface PyFloat {
  readonly kind: "float";
  readonly value: number;
}

/** bytes, bytearray or the str of Python 2; large ones stay in the file. */
export interface PyBytes {
  readonly kind: "bytes";
  readonly bytes: ByteSource;
}

/** Unicode text that is too large to be held: its UTF-8 in the file. */
export interface PyText {
  readonly kind: "text";
  readonly utf8: ByteSource;
  /** The bytes that it is in Latin-1, once somebody asked; "none" when it has other characters. */
  latin1: ByteSource | "none" | undefined;
}

export interface PyList {
  readonly kind: "list";
  readonly items: PyValue[];
}

export interface PyTuple {
  readonly kind: "tuple";
  readonly items: readonly PyValue[];
}

/** A dict or OrderedDict. */
export interface PyDict {
  readonly kind: "dict";
  /** By {@link identityOf} of the key. */
  readonly entries: Map<unknown, readonly [key: PyValue, value: PyValue]>;
}

/** A set or frozenset; what is in it is never looked at. */
export interface PySet {
  readonly kind: "set";
}

/** A name that is on the list of what a dataset needs. */
export interface PyGlobal {
  readonly kind: "global";
  readonly name: string;
}

/** A numpy dtype; its byte order arrives after it was made. */
export interface PyDtype {
  readonly kind: "dtype";
  readonly code: string;
  byteOrder: string;
  structured: boolean;
}

/** A numpy array; what is in it arrives after it was made. */
export interface PyArray {
  readonly kind: "array";
  content: PyArrayContent | undefined;
}

export interface PyArrayContent {
  readonly shape: readonly number[];
  readonly data:
    | {
        readonly dtype: Dtype;
        readonly bigEndian: boolean;
        readonly bytes: ByteSource;
        readonly permuted: { readonly shape: readonly number[]; readonly axes: readonly number[] } | undefined;
      }
    /** The dtype as text, when it holds no numbers. */
    | string;
}

/** Something harmless that no dataset is made of, such as a numpy scalar of text. */
export interface PyOther {
  readonly kind: "other";
}

/** What a dict takes for the same key. */
export function identityOf(key: PyValue): unknown {
  if (key !== null && typeof key === "object") {
    return key.kind === "bytes" && key.bytes.length <= 4096
      ? `b:${Buffer.from(key.bytes.read(0, key.bytes.length)).toString("latin1")}`
      : key;
  }
  return typeof key === "string" ? `s:${key}` : key;
}

/** An int as a number where a number holds it. */
export function smallest(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Bytes that are held in memory. */
export function bytesOf(bytes: Uint8Array): PyBytes {
  return { kind: "bytes", bytes: bytesInMemory(bytes) };
}

/** bytes of Python 2 and text of Python 3 as text, for names and modes; undefined for anything else or longer. */
export function shortText(value: PyValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object" || value.kind !== "bytes" || value.bytes.length > 4096)
    return undefined;
  const bytes = Buffer.from(value.bytes.read(0, value.bytes.length));
  const text = bytes.toString("utf8");
  return text.includes("\ufffd") ? bytes.toString("latin1") : text;
}

/** What goes wrong while a pickle is read, as errors that name the file. */
export class PickleErrors {
  constructor(readonly name: string) {}

  forbidden(at: number, what: string): CleanSplitError {
    return new CleanSplitError(
      "forbidden",
      l10n.t(
        "{0} asks for {1} (at byte {2}). A dataset needs only numpy arrays, so CleanSplit does not read this file; nothing in it was run.",
        this.name,
        what,
        at,
      ),
    );
  }

  corrupt(at: number, problem: string): CleanSplitError {
    return new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} is not a valid pickle: {1} (at byte {2}). Download it again or save it anew.",
        this.name,
        problem,
        at,
      ),
    );
  }

  unsupported(at: number, problem: string): CleanSplitError {
    return new CleanSplitError(
      "unsupported",
      l10n.t("{0} cannot be read: {1} (at byte {2}). Save its arrays with numpy.savez.", this.name, problem, at),
    );
  }

  truncated(at: number, what: string, needed: number | bigint, left: number): CleanSplitError {
    return new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} ends early: {1} at byte {2} needs {3} bytes, but only {4} are left. Download it again.",
        this.name,
        what,
        at,
        integerText(needed),
        integerText(left),
      ),
    );
  }

  endless(at: number, what: string): CleanSplitError {
    return new CleanSplitError(
      "corrupt",
      l10n.t("{0} ends early: {1} at byte {2} has no end. Download it again.", this.name, what, at),
    );
  }

  unfinished(size: number): CleanSplitError {
    return new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} ends early: the mark that ends a pickle is missing after its {1} bytes. Download it again.",
        this.name,
        integerText(size),
      ),
    );
  }
}

/** Counts the memory that a pickle makes CleanSplit take, which a small file could otherwise multiply. */
export class Budget {
  #left: number;
  constructor(
    readonly limit: number,
    readonly errors: PickleErrors,
  ) {
    this.#left = limit;
  }

  /** Bytes that may still be taken. */
  get left(): number {
    return this.#left;
  }

  /** Takes `bytes`; throws a `CleanSplitError` ("unsupported") when the limit is passed. */
  take(bytes: number, at: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw this.errors.unsupported(
        at,
        l10n.t("what it holds beside arrays needs more than {0} bytes of memory", integerText(this.limit)),
      );
    }
  }
}
