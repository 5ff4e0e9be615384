import * as l10n from "@vscode/l10n";
import { compareClasses } from "../../../core/dataset/labels";
import type { ArchiveEntry } from "./archive";
import type { PackedImages } from "./packedFile";

/** Files that may say something about images, by their path. */
export type Companions = ReadonlyMap<string, ArchiveEntry>;

/** Companions that may hold a label: a class alone, and an object with a property of one of these names. */
const EXTENSIONS = ["cls", "json"] as const;
const PROPERTIES = ["label", "class", "cls"] as const;

/** Larger companions hold more than a label, and are not read. */
const MAX_BYTES = 1 << 16;

/** Longest label, in characters. */
const MAX_LABEL = 200;

/** Companions that are tried before all are read: in most archives with JSON files none holds a label. */
const PROBED = 20;

type Labels = Pick<PackedImages, "labelOf" | "classes" | "labelReason">;

const NONE: Labels = { labelOf: null, classes: [], labelReason: null };

/** Whether a file of an archive may say something about an image that lies beside it. */
export function isCompanion(name: string): boolean {
  return /\.(?:cls|json|txt)$/i.test(name);
}

/**
 * Labels of images in a WebDataset, where `0001.cls` or `0001.json` belongs to `0001.jpg`. There are none when fewer than half
 * of the images have one: then the files are something else. `read` gives the bytes of a file, null when it is damaged.
 */
export function companionLabels(
  names: readonly string[],
  companions: Companions,
  read: (entry: ArchiveEntry) => Uint8Array | null,
): Labels {
  if (companions.size === 0) return NONE;
  const found = EXTENSIONS.map((extension) => labelsFrom(names, companions, extension, read));
  const best = found.findIndex((labels) => labels.filter((label) => label !== null).length * 2 >= names.length);
  const labels = found[best];
  if (labels === undefined || names.length === 0) return NONE;
  const classes = [...new Set(labels.filter((label) => label !== null))].sort(compareClasses);
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  return {
    labelOf: Int32Array.from(labels, (label) => (label === null ? -1 : (indexOf.get(label) ?? -1))),
    classes,
    labelReason: l10n.t("labels from the .{0} files beside its images", EXTENSIONS[best] ?? ""),
  };
}

function labelsFrom(
  names: readonly string[],
  companions: Companions,
  extension: (typeof EXTENSIONS)[number],
  read: (entry: ArchiveEntry) => Uint8Array | null,
): (string | null)[] {
  const labels: (string | null)[] = [];
  let [tried, known] = [0, 0];
  for (const name of names) {
    if (tried >= PROBED && known === 0) break;
    const entry = stemsOf(name).reduce<ArchiveEntry | undefined>(
      (found, stem) => found ?? companions.get(`${stem}.${extension}`),
      undefined,
    );
    const label = entry === undefined || entry.size > MAX_BYTES ? null : labelIn(read(entry), extension);
    if (entry !== undefined) tried += 1;
    if (label !== null) known += 1;
    labels.push(label);
  }
  return labels;
}

/**
 * What files are called that belong together, but for their ends: by the name up to its last dot, and as WebDataset has it up
 * to the first one. None for a name without dots.
 */
export function stemsOf(path: string): readonly string[] {
  const name = path.lastIndexOf("/") + 1;
  const [first, last] = [path.indexOf(".", name + 1), path.lastIndexOf(".")];
  return first < 0 ? [] : [path.slice(0, last), path.slice(0, first)];
}

function labelIn(bytes: Uint8Array | null, extension: (typeof EXTENSIONS)[number]): string | null {
  if (bytes === null) return null;
  const text = Buffer.from(bytes).toString("utf8").trim();
  const label = extension === "cls" ? text : propertyIn(text);
  return label === "" || label.length > MAX_LABEL || /\p{C}/u.test(label) ? null : label;
}

function propertyIn(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return "";
    for (const property of PROPERTIES) {
      const label = Object.entries(value).find(([key]) => key === property)?.[1] as unknown;
      if (typeof label === "string" || typeof label === "number") return String(label);
    }
    return "";
  } catch {
    return "";
  }
}
