import { constants } from "node:fs";
import { access, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { number, plural } from "../../core/leakage/verdict";
import { movedPaths } from "../../core/sanitize/movedPath";
import type { ImageTransfer } from "../../core/sanitize/plan";
import { forEachLimited } from "../limited";
import { csvRow } from "../sources/lists/csv";
import { imagePath, type FolderSource } from "../sources/sources";
import type { Output, Plan, Writing } from "./outputs";

/** Name of the list of images in the written folder, when labels or splits come from such lists. */
export const LIST = "labels.csv";

/** Files one copy job takes. */
const COPY_CHUNK = 128;

/** Files that are measured by one job. */
const MEASURE_CHUNK = 2048;

/** How images come into the folder, where they are written at all. */
type Transfer = Exclude<ImageTransfer, "index">;

/** What is written of a folder, and what was checked, by the way of writing; the number of images goes before the latter. */
const TEXTS: Readonly<Record<Transfer, { readonly says: string; readonly one: string; readonly many: string }>> = {
  copy: { says: "image files", one: "copied image has", many: "copied images have" },
  reflink: {
    says: "image files that share their blocks with the source",
    one: "copied image has",
    many: "copied images have",
  },
  hardlink: {
    says: "hard links to the image files: a change of one changes the source, too",
    one: "hard link leads to an image with",
    many: "hard links lead to images with",
  },
  symlink: {
    says: "symbolic links to the image files: they last as long as the source stays where it is",
    one: "symbolic link leads to an image with",
    many: "symbolic links lead to images with",
  },
};

/** The images of one folder that stay, and where each goes. */
interface FolderPart {
  readonly plan: Plan;
  readonly source: FolderSource;
  readonly start: number;
  /** Positions in the source, ascending. */
  readonly staying: readonly number[];
  readonly transfer: Transfer;
  /** Path of an image below the target, by its position. */
  readonly pathOf: (position: number) => string;
}

/**
 * The image folders of a plan: the images that stay, in the same layout, and a list where folders do not say all. An image
 * that moves to another split gets the folder of that split; where a list says the splits, the list says it instead.
 */
export function folderOutputs(plan: Plan, images: Transfer): Output[] {
  const { dataset } = plan.inspection;
  if (!dataset.sources.some((source) => source.kind === "folder")) return [];
  const pathOf = writtenPaths(plan);
  return dataset.sources.flatMap((source, index) => {
    if (source.kind !== "folder") return [];
    const start = dataset.starts[index] ?? 0;
    return folderOutput({
      plan,
      source,
      start,
      staying: stayingOf(plan, source, start),
      transfer: images,
      pathOf: (position) => pathOf(start + position),
    });
  });
}

/**
 * Where the images of folders are in the written folder: by sample, with `/` between names. With several inputs the name of
 * the input goes first.
 */
export function writtenPaths({ inspection: { dataset }, decision }: Plan): (sample: number) => string {
  const { table, sources, starts } = dataset;
  const isOnly = dataset.layout.inputs.length === 1;
  const placeOf = (sample: number): string => {
    const { source, position } = dataset.locate(sample);
    return source.kind === "folder" ? `${isOnly ? "" : source.prefix}${imagePath(source, position)}` : "";
  };
  const samples: number[] = [];
  sources.forEach((source, index) => {
    if (source.kind !== "folder" || source.isListed) return;
    const start = starts[index] ?? 0;
    for (let position = 0; position < source.size; position++) samples.push(start + position);
  });
  const isMoving = (sample: number): boolean =>
    decision.stays[sample] === 1 && decision.splitOf[sample] !== table.splitOf[sample];
  if (!samples.some(isMoving)) return placeOf;
  const sampleOf = (image: number): number => samples[image] ?? 0;
  const moved = movedPaths({
    count: samples.length,
    splits: decision.splits,
    path: (image) => placeOf(sampleOf(image)),
    from: (image) => table.splitOf[sampleOf(image)] ?? 0,
    to: (image) => (decision.stays[sampleOf(image)] === 1 ? (decision.splitOf[sampleOf(image)] ?? 0) : null),
  });
  const newPaths = new Map([...moved].map(([image, place]) => [sampleOf(image), place]));
  return (sample) => newPaths.get(sample) ?? placeOf(sample);
}

function stayingOf({ decision }: Plan, source: FolderSource, start: number): readonly number[] {
  const staying: number[] = [];
  for (let position = 0; position < source.size; position++) {
    if (decision.stays[start + position] === 1) staying.push(position);
  }
  return staying;
}

function folderOutput(part: FolderPart): Output[] {
  const { plan, source, start, staying, transfer } = part;
  const below = plan.inspection.dataset.layout.inputs.length === 1 ? "" : source.prefix;
  const { table } = plan.inspection.dataset;
  const moving = source.isListed
    ? 0
    : staying.filter((position) => plan.decision.splitOf[start + position] !== table.splitOf[start + position]).length;
  const { says, one, many } = TEXTS[transfer];
  const folders =
    moving === 0
      ? "in the same folders as now"
      : `in the same folders as now, but for ${plural(moving, "image that moves", "images that move")} into the folders of another split`;
  const images: Output = {
    says: `${below === "" ? "" : `${below}: `}${says}, ${folders}`,
    samples: staying.length,
    bytes: (writing) => measureImages(part, writing),
    write: (folder, writing) => writeImages(part, folder, writing),
    // Each was read again and compared as soon as it was written.
    verify: async () => `${number(staying.length)} ${staying.length === 1 ? one : many} the bytes that were inspected.`,
  };
  const list: Output = {
    says: `${below}${LIST}: the label and split of every image`,
    samples: 0,
    // Paths in UTF-8, quoted, and names of label and split.
    bytes: async () => staying.reduce((sum, position) => sum + 3 * part.pathOf(position).length + 512, 0),
    write: (folder, writing) => writeList(part, folder, `${below}${LIST}`, writing),
    verify: async () => "",
  };
  return source.isListed ? [images, list] : [images];
}

async function measureImages(
  { source, staying, transfer }: FolderPart,
  { pool, signal }: Pick<Writing, "pool" | "signal">,
): Promise<number> {
  let bytes = 0;
  await forEachLimited(chunksOf(staying, MEASURE_CHUNK), pool.size, async (positions) => {
    const paths = positions.map((position) => imagePath(source, position));
    bytes += await pool.run("measure", { root: source.root, paths }, signal);
  });
  return transfer === "copy" ? bytes : 0;
}

async function writeImages(
  { plan, source, start, staying, transfer, pathOf }: FolderPart,
  folder: string,
  { pool, signal, advance, begun, wrote }: Writing,
): Promise<readonly string[]> {
  const { fileDigests } = plan.inspection.findings.fingerprints;
  await access(source.root, constants.R_OK);
  const written: string[] = [];
  await forEachLimited(chunksOf(staying, COPY_CHUNK), pool.size, async (positions) => {
    const digests = new Uint8Array(positions.length * DIGEST_BYTES);
    positions.forEach((position, index) => {
      const at = (start + position) * DIGEST_BYTES;
      digests.set(fileDigests.subarray(at, at + DIGEST_BYTES), index * DIGEST_BYTES);
    });
    const from = positions.map((position) => imagePath(source, position));
    const to = positions.map(pathOf);
    signal.throwIfAborted();
    await begun(to);
    for (let at = 0; at < positions.length;) {
      signal.throwIfAborted();
      const rest = { from: from.slice(at), to: to.slice(at), digests: digests.subarray(at * DIGEST_BYTES) };
      // A copy that was begun is waited for: what it writes after the clean-up would stay behind.
      const { files } = await pool.run(
        "copy",
        { root: source.root, out: folder, transfer, ...rest },
        new AbortController().signal,
      );
      await wrote(files);
      advance(files.length);
      at += files.length;
    }
    written.push(...to);
  });
  return written;
}

/** Lists the images that stay with their labels and splits, as their folders do not say them. */
async function writeList(
  { plan: { inspection, decision }, source, start, staying }: FolderPart,
  folder: string,
  name: string,
  { begun }: Writing,
): Promise<readonly string[]> {
  const { table } = inspection.dataset;
  const rows = [csvRow(["path", "label", "split"])];
  for (const position of staying) {
    const sample = start + position;
    const label = table.classes[table.classOf[sample] ?? -1] ?? "";
    rows.push(csvRow([imagePath(source, position), label, decision.splits[decision.splitOf[sample] ?? 0]?.name ?? ""]));
  }
  await begun([name]);
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, rows.join(""), { flush: true });
  return [name];
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
