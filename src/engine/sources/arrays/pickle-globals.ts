import * as l10n from "@vscode/l10n";
import { integerText } from "../../../core/language";
import { type ByteSource } from "./bytes";
import { fortranOrder, itemBytes, parseDtype, totalBytes } from "./ndarray";
import { latin1Of } from "./pickle-text";
import {
  bytesOf,
  identityOf,
  shortText,
  smallest,
  type Budget,
  type PickleErrors,
  type PyArrayContent,
  type PyDict,
  type PyDtype,
  type PyGlobal,
  type PyTuple,
  type PyValue,
} from "./pickle-values";

/*
 * Everything that a pickle may name, and what naming it means. A name is data here: the functions below build plain
 * values of their own, and no name is ever looked up in a module.
 */

/** Where an instruction is carried out and what bounds it. */
export interface Context {
  /** Byte of the instruction. */
  readonly at: number;
  readonly errors: PickleErrors;
  readonly budget: Budget;
}

type Call = (args: readonly PyValue[], context: Context, name: string) => PyValue;

const MAX_AXES = 64;
const ENTRY_BYTES = 96;

const CALLS: ReadonlyMap<string, Call | undefined> = new Map<string, Call | undefined>([
  ...both("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct", reconstruct),
  ...both("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", scalar),
  ...both("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer", fromBuffer),
  // Named as the class that _reconstruct makes, and never called.
  ["numpy.ndarray", undefined],
  ["numpy.dtype", makeDtype],
  ["_codecs.encode", encode],
  ["collections.OrderedDict", orderedDict],
  ...both("__builtin__.bytes", "builtins.bytes", makeBytes),
  ...both("__builtin__.bytearray", "builtins.bytearray", makeBytes),
  ...both("__builtin__.set", "builtins.set", () => ({ kind: "set" })),
  ...both("__builtin__.frozenset", "builtins.frozenset", () => ({ kind: "set" })),
]);

/** The global of a name, or undefined when it is not on the list and must be refused. */
export function globalNamed(module: string, name: string): PyGlobal | undefined {
  // Nothing on the list has a dot in its own name, so "numpy" and "core.multiarray._reconstruct" is no other spelling.
  const full = `${module}.${name}`;
  return name.includes(".") || !CALLS.has(full) ? undefined : { kind: "global", name: full };
}

/** What calling a listed global with `args` gives; throws a `CleanSplitError` when it is not called as numpy does. */
export function call(global: PyGlobal, args: PyTuple, context: Context): PyValue {
  const made = CALLS.get(global.name);
  if (made === undefined) throw context.errors.forbidden(context.at, l10n.t("a call of {0}", global.name));
  return made(args.items, context, global.name);
}

/** Gives an array or a dtype its state, the way Python's `__setstate__` does. */
export function setState(target: PyValue | undefined, state: PyValue | undefined, context: Context): void {
  const { at, errors } = context;
  if (target === null || typeof target !== "object") throw errors.corrupt(at, l10n.t("a state is set on nothing"));
  if (target.kind === "array") {
    if (!isTuple(state)) throw errors.corrupt(at, l10n.t("the state of an array is no tuple"));
    // Before numpy 1.0 there was no version in front.
    const [shape, dtype, fortran, raw] = state.items.length === 5 ? state.items.slice(1) : state.items;
    if (!isDtype(dtype)) throw errors.corrupt(at, l10n.t("the state of an array has no dtype"));
    const lengths = shapeOf(shape);
    if (lengths === undefined) throw errors.corrupt(at, l10n.t("the state of an array has no shape"));
    const order = fortran === true || fortran === 1 ? fortranOrder(lengths) : undefined;
    target.content = contentOf(lengths, dtype, raw, order, context);
  } else if (target.kind === "dtype") {
    if (!isTuple(state)) throw errors.corrupt(at, l10n.t("the state of a dtype is no tuple"));
    const [, byteOrder, subarray, names, fields] = state.items;
    target.byteOrder = shortText(byteOrder) ?? "";
    target.structured = [subarray, names, fields].some((part) => part !== null && part !== undefined);
  } else {
    throw errors.unsupported(at, l10n.t("it sets the attributes of an object that is no numpy array"));
  }
}

/** Puts an entry into a dict, where a later one of the same key takes the place of the earlier. */
export function setItem(dict: PyDict, key: PyValue, value: PyValue, { at, budget }: Context): void {
  budget.take(ENTRY_BYTES + (shortText(key)?.length ?? 0), at);
  dict.entries.set(identityOf(key), [key, value]);
}

function both(first: string, second: string, made: Call): [string, Call][] {
  return [
    [first, made],
    [second, made],
  ];
}

function wrongCall({ at, errors }: Context, name: string): Error {
  return errors.corrupt(at, l10n.t("{0} is not called the way numpy writes it", name));
}

function reconstruct(args: readonly PyValue[], context: Context, name: string): PyValue {
  const [type] = args;
  if (!isGlobal(type) || type.name !== "numpy.ndarray") throw wrongCall(context, name);
  return { kind: "array", content: undefined };
}

function fromBuffer(args: readonly PyValue[], context: Context, name: string): PyValue {
  const [buffer, dtype, shape, order, axes] = args;
  const lengths = shapeOf(shape);
  const letter = shortText(order);
  if (!isDtype(dtype) || lengths === undefined) throw wrongCall(context, name);
  if (letter === "C" || letter === "F") {
    const permuted = letter === "F" ? fortranOrder(lengths) : undefined;
    return { kind: "array", content: contentOf(lengths, dtype, buffer, permuted, context) };
  }
  // "K": the buffer has this shape in C order, and the array is a transposed view of it.
  const permutation = shapeOf(axes);
  const isPermutation = permutation?.toSorted((a, b) => a - b).every((axis, index) => axis === index) ?? false;
  if (letter !== "K" || permutation === undefined || !isPermutation || permutation.length !== lengths.length) {
    throw wrongCall(context, name);
  }
  const turned = permutation.map((axis) => lengths[axis] ?? 0);
  const permuted = { shape: lengths, axes: permutation };
  return { kind: "array", content: contentOf(turned, dtype, buffer, permuted, context) };
}

function contentOf(
  shape: readonly number[],
  dtype: PyDtype,
  raw: PyValue | undefined,
  permuted: { readonly shape: readonly number[]; readonly axes: readonly number[] } | undefined,
  { at, errors }: Context,
): PyArrayContent {
  const parsed = dtype.structured ? undefined : parseDtype(dtypeText(dtype));
  if (parsed === undefined) return { shape, data: dtype.structured ? "V" : dtypeText(dtype) };
  const total = totalBytes(parsed.dtype, shape);
  if (!isBytes(raw)) throw errors.corrupt(at, l10n.t("an array has no bytes"));
  if (total !== raw.bytes.length) {
    throw errors.corrupt(
      at,
      l10n.t(
        "an array of shape ({0}) and {1} bytes an element has {2} bytes",
        shape.join(", "),
        itemBytes(parsed.dtype),
        integerText(raw.bytes.length),
      ),
    );
  }
  return { shape, data: { ...parsed, bytes: raw.bytes, permuted } };
}

function scalar(args: readonly PyValue[], context: Context, name: string): PyValue {
  const [dtype, raw] = args;
  if (!isDtype(dtype)) throw wrongCall(context, name);
  const parsed = dtype.structured ? undefined : parseDtype(dtypeText(dtype));
  if (parsed === undefined) return { kind: "other" };
  const size = itemBytes(parsed.dtype);
  if (!isBytes(raw) || raw.bytes.length !== size) throw wrongCall(context, name);
  const view = new DataView(raw.bytes.read(0, size).buffer);
  const little = !parsed.bigEndian;
  switch (parsed.dtype) {
    case "b1":
      return view.getUint8(0) !== 0;
    case "u1":
      return view.getUint8(0);
    case "i1":
      return view.getInt8(0);
    case "u2":
      return view.getUint16(0, little);
    case "i2":
      return view.getInt16(0, little);
    case "u4":
      return view.getUint32(0, little);
    case "i4":
      return view.getInt32(0, little);
    case "u8":
      return smallest(view.getBigUint64(0, little));
    case "i8":
      return smallest(view.getBigInt64(0, little));
    case "f4":
      return { kind: "float", value: view.getFloat32(0, little) };
    case "f8":
      return { kind: "float", value: view.getFloat64(0, little) };
    case "f2":
      return { kind: "other" };
  }
}

function makeDtype(args: readonly PyValue[], context: Context, name: string): PyValue {
  const code = shortText(args[0]);
  if (code === undefined || code.length > 64) throw wrongCall(context, name);
  return { kind: "dtype", code, byteOrder: "", structured: false };
}

function encode(args: readonly PyValue[], context: Context, name: string): PyValue {
  const [text, encoding] = args;
  const codec = shortText(encoding)?.toLowerCase().replaceAll("_", "-");
  if (codec !== "latin1" && codec !== "latin-1" && codec !== "iso-8859-1") throw wrongCall(context, name);
  return fromLatin1(text, context, name);
}

function makeBytes(args: readonly PyValue[], context: Context, name: string): PyValue {
  const [literal, encoding] = args;
  if (literal === undefined) return bytesOf(new Uint8Array());
  if (isBytes(literal)) return literal;
  // bytearray(n) would take n bytes; no pickle of data says that.
  if (encoding === undefined) throw wrongCall(context, name);
  return encode(args, context, name);
}

function fromLatin1(text: PyValue | undefined, context: Context, name: string): PyValue {
  if (typeof text === "string") {
    context.budget.take(text.length, context.at);
    // A character beyond Latin-1 would be cut to a byte without a word.
    if (/[^\x00-\xff]/.test(text)) throw wrongCall(context, name);
    return bytesOf(Buffer.from(text, "latin1"));
  }
  if (text === null || typeof text !== "object" || text.kind !== "text") throw wrongCall(context, name);
  // Kept, so that a text that is encoded a million times is gone through once.
  text.latin1 ??= latin1Of(text.utf8) ?? "none";
  if (text.latin1 === "none") throw wrongCall(context, name);
  return { kind: "bytes", bytes: text.latin1 };
}

function orderedDict(args: readonly PyValue[], context: Context, name: string): PyValue {
  const dict: PyDict = { kind: "dict", entries: new Map() };
  const [pairs] = args;
  // Python 2 passes a list of two-element lists; Python 3 passes nothing and sets the items afterwards.
  if (pairs === undefined) return dict;
  if (!isSequence(pairs)) throw wrongCall(context, name);
  for (const pair of pairs.items) {
    if (!isSequence(pair) || pair.items.length !== 2) throw wrongCall(context, name);
    const [key = null, value = null] = pair.items;
    setItem(dict, key, value, context);
  }
  return dict;
}

function dtypeText({ code, byteOrder }: PyDtype): string {
  return byteOrder + code;
}

function shapeOf(value: PyValue | undefined): readonly number[] | undefined {
  if (!isTuple(value) || value.items.length > MAX_AXES) return undefined;
  const lengths = value.items.filter((item) => typeof item === "number" && item >= 0);
  return lengths.length === value.items.length ? lengths.map(Number) : undefined;
}

function isTuple(value: PyValue | undefined): value is PyTuple {
  return value !== null && typeof value === "object" && value.kind === "tuple";
}

function isSequence(value: PyValue): value is PyTuple | { readonly kind: "list"; readonly items: PyValue[] } {
  return value !== null && typeof value === "object" && (value.kind === "tuple" || value.kind === "list");
}

function isDtype(value: PyValue | undefined): value is PyDtype {
  return value !== null && typeof value === "object" && value.kind === "dtype";
}

function isGlobal(value: PyValue | undefined): value is PyGlobal {
  return value !== null && typeof value === "object" && value.kind === "global";
}

function isBytes(value: PyValue | undefined): value is { readonly kind: "bytes"; readonly bytes: ByteSource } {
  return value !== null && typeof value === "object" && value.kind === "bytes";
}
