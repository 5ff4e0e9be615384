import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { arrayName, bytesInMemory, printable, withFile } from "./bytes";
import { storedArray, unsupportedDtype, type ArrayFile, type Dtype, type NdArray, type SkippedArray } from "./ndarray";
import { shortText, type PyArray, type PyList, type PyTuple, type PyValue } from "./pickle-values";
import { unpickle } from "./unpickler";

const MAX_ARRAYS = 100_000;
const MAX_DEPTH = 64;
const MAX_KEY_CHARACTERS = 1000;
/** In longer lists, a list of ints is a row of something (a box, a shape) and not the labels of a dataset. */
const MAX_LIST_WITH_LABELS = 16;

/**
 * Reads the numpy arrays of a pickle, protocols 0 to 5 of Python 2 and 3, without running anything of it.
 *
 * Keys: "" for a pickle that is one array; a dict gives its keys and a list, tuple or file of several pickles "0", "1"
 * and so on, joined with "/" where they are nested. A list of ints or numpy ints is an array as well (i4, or i8 where
 * they need it). Text and other values beside arrays are left out. A dict or list that is in the file once and used
 * in several places counts at the first. Arrays of more than 64 KiB stay in the file, in Latin-1 text too.
 *
 * Throws a `CleanSplitError`: "forbidden" when it names anything but numpy's arrays, "corrupt" when it is no pickle or is
 * cut off, "unsupported" when it holds no arrays of numbers or needs too much memory beside them.
 */
export function readPickle(path: string): ArrayFile {
  return withFile(path, (file) => {
    refuseOtherFormats(file.name, file.read(0, Math.min(4, file.length)));
    const values = unpickle(file);
    const [only = null] = values;
    const found = new Finder(file.name);
    found.visit(values.length === 1 ? only : { kind: "tuple", items: values }, "", 0);
    const { arrays, skipped } = found;
    if (arrays.length === 0) {
      throw found.refusal ?? new CleanSplitError("unsupported", l10n.t("{0} holds no numpy arrays.", file.name));
    }
    return { path, arrays, skipped, close: () => file.close() };
  });
}

function refuseOtherFormats(name: string, start: Uint8Array): void {
  if (start.length === 0) throw new CleanSplitError("corrupt", l10n.t("{0} is empty. Download it again.", name));
  const begins = (...bytes: number[]): boolean => bytes.every((byte, index) => start[index] === byte);
  const other = begins(0x1f, 0x8b)
    ? "gzip"
    : begins(0x42, 0x5a, 0x68)
      ? "bzip2"
      : begins(0xfd, 0x37, 0x7a)
        ? "xz"
        : undefined;
  if (other !== undefined) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t("{0} is compressed with {1}. Unpack it first and choose the unpacked file.", name, other),
    );
  }
  if (begins(0x50, 0x4b, 3, 4) || begins(0x50, 0x4b, 5, 6)) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t("{0} is a zip file and no pickle. Save its arrays with numpy.savez.", name),
    );
  }
}

/** Goes through the values of a pickle and collects its arrays; every container once, so loops end. */
class Finder {
  readonly arrays: NdArray[] = [];
  readonly skipped: SkippedArray[] = [];
  refusal: CleanSplitError | undefined;
  readonly #seen = new Set<object>();
  readonly #keys = new Map<string, number>();

  constructor(readonly name: string) {}

  visit(value: PyValue, key: string, depth: number, labels = true): void {
    if (value === null || typeof value !== "object") return;
    if (value.kind === "array") {
      this.#add(value, key);
      return;
    }
    if (value.kind !== "dict" && value.kind !== "list" && value.kind !== "tuple") return;
    if (this.#seen.has(value)) return;
    this.#seen.add(value);
    if (depth > MAX_DEPTH) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t("{0} is nested more than {1} levels deep.", this.name, MAX_DEPTH),
      );
    }
    if (value.kind === "dict") {
      let index = 0;
      for (const [name, item] of value.entries.values()) {
        this.visit(item, joined(key, keyText(name) ?? `(${index})`), depth + 1);
        index++;
      }
      return;
    }
    const ints = labels && value.kind === "list" ? integersOf(value) : undefined;
    if (ints !== undefined) {
      this.#keep(this.#unique(key), ints.dtype, [value.items.length], {
        bytes: bytesInMemory(ints.bytes),
        bigEndian: false,
      });
    } else {
      this.#visitItems(value, key, depth);
    }
  }

  #visitItems({ items }: PyList | PyTuple, key: string, depth: number): void {
    const labels = items.length <= MAX_LIST_WITH_LABELS;
    for (const [index, item] of items.entries()) {
      if (item !== null && typeof item === "object") this.visit(item, joined(key, String(index)), depth + 1, labels);
    }
  }

  #add(array: PyArray, wanted: string): void {
    // An array that never got a state is what numpy makes before it fills it: empty.
    if (array.content === undefined) return;
    const { shape, data } = array.content;
    const key = this.#unique(wanted);
    if (typeof data !== "string") {
      this.#keep(key, data.dtype, shape, data);
      return;
    }
    const error = unsupportedDtype(this.#what(key), printable(data));
    this.refusal ??= error;
    this.skipped.push({ key, reason: error.message });
    this.#limit();
  }

  #keep(key: string, dtype: Dtype, shape: readonly number[], storage: Parameters<typeof storedArray>[4]): void {
    this.arrays.push(storedArray(this.#what(key), key, dtype, shape, storage));
    this.#limit();
  }

  #limit(): void {
    if (this.arrays.length + this.skipped.length > MAX_ARRAYS) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t(
          "{0} holds more than {1} arrays. Stack the pictures into one array and save that.",
          this.name,
          MAX_ARRAYS,
        ),
      );
    }
  }

  #what(key: string): string {
    return key === "" ? this.name : arrayName(key, this.name);
  }

  /** Different keys can read the same, b"a" and "a": the later ones get a number. */
  #unique(key: string): string {
    let unique = key;
    let number = this.#keys.get(key) ?? 0;
    // The count is kept for each key, so that a hundred thousand equal ones take no quadratic time.
    while (this.#keys.has(unique)) unique = `${key} (${++number})`;
    this.#keys.set(key, Math.max(number, 1));
    if (unique !== key) this.#keys.set(unique, 1);
    return unique;
  }
}

function joined(key: string, name: string): string {
  return (key === "" ? name : `${key}/${name}`).slice(-MAX_KEY_CHARACTERS);
}

function keyText(key: PyValue): string | undefined {
  return typeof key === "number" || typeof key === "bigint" ? String(key) : shortText(key);
}

/** A list of at least one int and nothing else, as bytes of an array. */
function integersOf({ items }: PyList): { readonly dtype: Dtype; readonly bytes: Uint8Array } | undefined {
  if (items.length === 0) return undefined;
  let wide = false;
  for (const item of items) {
    if (typeof item === "number") wide ||= item !== (item | 0);
    else if (typeof item === "bigint" && BigInt.asIntN(64, item) === item) wide = true;
    else return undefined;
  }
  const bytes = new Uint8Array(items.length * (wide ? 8 : 4));
  const view = new DataView(bytes.buffer);
  for (const [index, item] of items.entries()) {
    if (typeof item !== "number" && typeof item !== "bigint") continue;
    if (wide) view.setBigInt64(8 * index, BigInt(item), true);
    else view.setInt32(4 * index, Number(item), true);
  }
  return { dtype: wide ? "i8" : "i4", bytes };
}
