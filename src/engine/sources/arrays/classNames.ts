import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { withFile } from "./bytes";
import { isCifarName, isCifarPickleName } from "./cifar";
import { shortText, type PyValue } from "./pickle-values";
import { unpickle } from "./unpickler";

const MOST_BYTES = 65536;
const MOST_NAMES = 1000;

/** Names of classes, and the file that they are from. */
export interface ClassNames {
  readonly file: string;
  /** Names of the classes 0, 1 and so on. */
  readonly names: readonly string[];
}

/**
 * The names of the classes of labels in a batch of CIFAR, from the file that comes with the batches; null for other files,
 * and when the file is not there or does not name them. `key` is that of the labels.
 */
export function readClassNames(file: string, key: string): ClassNames | null {
  const name = path.basename(file);
  const kind = /^(?:fine|coarse)_(?=labels$)/.exec(key)?.[0] ?? "";
  const list = `${kind}label_names`;
  if (!isCifarName(name) && !isCifarPickleName(name)) return null;
  const isText = isCifarName(name);
  const source = kind === "" ? `batches.meta${isText ? ".txt" : ""}` : isText ? `${list}.txt` : "meta";
  const place = path.join(path.dirname(file), source);
  try {
    const names = isText ? namesOfText(place) : namesOfPickle(place, list);
    return names === null ? null : { file: place, names };
  } catch {
    // Names are a help; without them classes are numbers.
    return null;
  }
}

function namesOfText(file: string): readonly string[] | null {
  const { size } = statSync(file);
  return size > MOST_BYTES
    ? null
    : checked(
        readFileSync(file, "utf8")
          .trim()
          .split(/\s*\n\s*/),
      );
}

function namesOfPickle(file: string, key: string): readonly string[] | null {
  const [value = null] = withFile(file, (opened) => {
    const values = opened.length > MOST_BYTES ? [] : unpickle(opened, 8 * MOST_BYTES);
    opened.close();
    return values;
  });
  if (value === null || typeof value !== "object" || value.kind !== "dict") return null;
  const entry = [...value.entries.values()].find(([name]) => shortText(name) === key)?.[1] ?? null;
  return isList(entry) ? checked(entry.items.map((item) => shortText(item) ?? "")) : null;
}

function isList(value: PyValue): value is PyValue & { readonly kind: "list"; readonly items: readonly PyValue[] } {
  return value !== null && typeof value === "object" && value.kind === "list";
}

/** Names that are names: none is empty, long, twice there or a number. */
function checked(names: readonly string[]): readonly string[] | null {
  const good = names.every((name) => /^[^\p{C}]{1,100}$/u.test(name) && !/^\d+$/.test(name));
  return good && names.length <= MOST_NAMES && new Set(names).size === names.length ? names : null;
}
