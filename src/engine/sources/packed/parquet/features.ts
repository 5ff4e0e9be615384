/** What Hugging Face's library says of the columns of a table in its metadata. */
export interface Features {
  /** Names of the classes of each column of labels, by the name of the column. */
  readonly classNames: ReadonlyMap<string, readonly string[]>;
  /** Columns of encoded images. */
  readonly images: ReadonlySet<string>;
}

const KEY = "huggingface";
const MAX_NAMES = 65_536;

/** Reads the features of a table from its texts by key; without them, or when they are malformed, there are none. */
export function readFeatures(keyValues: ReadonlyMap<string, string>): Features {
  const classNames = new Map<string, readonly string[]>();
  const images = new Set<string>();
  for (const [column, feature] of Object.entries(
    record(record(record(parsed(keyValues.get(KEY)))["info"])["features"]),
  )) {
    const { _type: type, names } = record(feature);
    if (type === "Image") images.add(column);
    if (type === "ClassLabel" && areNames(names)) classNames.set(column, names);
  }
  return { classNames, images };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Classes that are told apart by their names. */
function areNames(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_NAMES) return false;
  return value.every((name) => typeof name === "string") && new Set(value).size === value.length;
}
