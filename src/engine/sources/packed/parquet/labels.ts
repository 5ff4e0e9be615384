import { compareClasses } from "../../../../core/dataset/labels";
import { MOST_LABELS } from "../../../../core/dataset/lists";
import { chunkOf, valuesBetween } from "./encoded";
import { listPages, readDictionary, readPage } from "./pages";
import type { Leaf, Table } from "./table";

/** Labels of all rows: a class each by index into `classes`, -1 without one. */
export interface TableLabels {
  readonly labelOf: Int32Array;
  readonly classes: readonly string[];
}

/** Longest text that is taken for a class. */
const MAX_LABEL_BYTES = 1000;
const NO_CLASS = -1;

/**
 * Reads a column of labels: texts, integers, whole floats or booleans. Integers are positions in `names` when there are
 * names, and negative ones are no class then, as Hugging Face marks what has no label. `null` when the values are no labels:
 * others, longer ones, or more different ones than there are classes.
 */
export function readLabels(table: Table, leaf: Leaf, names: readonly string[] | null): TableLabels | null {
  const found = new Map<string, number>();
  const labelOf = new Int32Array(table.rows).fill(NO_CLASS);
  let row = 0;
  for (const bytes of allValues(table, leaf)) {
    const label = bytes === null ? null : labelIn(bytes, leaf);
    if (label === undefined) return null;
    if (label !== null) {
      const index = found.get(label) ?? found.size;
      if (index === found.size) found.set(label, index);
      labelOf[row] = index;
    }
    if (found.size > MOST_LABELS) return null;
    row++;
  }
  const used = [...found.keys()];
  return names === null || leaf.type === "BYTE_ARRAY" ? sorted(labelOf, used) : named(labelOf, used, names);
}

function* allValues({ file, groups }: Table, leaf: Leaf): Generator<Uint8Array | null> {
  for (const group of groups) {
    const chunk = chunkOf(group, leaf);
    const heads = listPages(file, chunk, leaf);
    const dictionary = readDictionary(file, chunk, leaf, heads[0]);
    for (const head of heads) {
      if (head.kind === "dictionary") continue;
      yield* valuesBetween(readPage(file, chunk, leaf, head, dictionary), leaf, 0, head.count);
    }
  }
}

/** The label that a value stands for, `null` when it stands for none; undefined when it cannot be one. */
function labelIn(bytes: Uint8Array, { type, isUnsigned }: Leaf): string | null | undefined {
  if (type === "BYTE_ARRAY") {
    return bytes.length > MAX_LABEL_BYTES
      ? undefined
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (type === "BOOLEAN") return view.getUint8(0) === 0 ? "false" : "true";
  if (type === "INT32") return String(isUnsigned ? view.getUint32(0, true) : view.getInt32(0, true));
  if (type === "INT64") return String(isUnsigned ? view.getBigUint64(0, true) : view.getBigInt64(0, true));
  if (type !== "FLOAT" && type !== "DOUBLE") return undefined;
  // pandas makes floats of integers when some are missing.
  const value = type === "FLOAT" ? view.getFloat32(0, true) : view.getFloat64(0, true);
  if (Number.isNaN(value)) return null;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

/** Classes in their order for people. */
function sorted(labelOf: Int32Array, used: readonly string[]): TableLabels {
  const classes = used.toSorted(compareClasses);
  return { labelOf: translated(labelOf, used, new Map(classes.map((name, index) => [name, index]))), classes };
}

/** Classes as their names are listed; numbers beyond the list are classes of their own. */
function named(labelOf: Int32Array, used: readonly string[], names: readonly string[]): TableLabels {
  const beyond = used.filter((label) => Number(label) >= names.length).toSorted(compareClasses);
  const position = new Map(names.map((_, index) => [String(index), index]));
  beyond.forEach((label, index) => position.set(label, names.length + index));
  return { labelOf: translated(labelOf, used, position), classes: [...names, ...beyond] };
}

function translated(labelOf: Int32Array, used: readonly string[], position: ReadonlyMap<string, number>): Int32Array {
  const indexOf = used.map((label) => position.get(label) ?? NO_CLASS);
  return labelOf.map((index) => indexOf[index] ?? NO_CLASS);
}
