import { constants } from "node:fs";
import { access, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { integerText } from "../../core/language";
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

/** What is written of a folder, and what was checked of so many images, by the way of writing. */
interface TransferTexts {
  readonly says: () => string;
  readonly one: (images: string) => string;
  readonly many: (images: string) => string;
}

const TEXTS: Readonly<Record<Transfer, TransferTexts>> = {
  copy: {
    says: () => l10n.t("image files"),
    one: (images) => l10n.t("{0} copied image has the bytes that were inspected.", images),
    many: (images) => l10n.t("{0} copied images have the bytes that were inspected.", images),
  },
  reflink: {
    says: () => l10n.t("image files that share their blocks with the source"),
    one: (images) => l10n.t("{0} copied image has the bytes that were inspected.", images),
    many: (images) => l10n.t("{0} copied images have the bytes that were inspected.", images),
  },
  hardlink: {
    says: () => l10n.t("hard links to the image files: a change of one changes the source, too"),
    one: (images) => l10n.t("{0} hard link leads to an image with the bytes that were inspected.", images),
    many: (images) => l10n.t("{0} hard links lead to images with the bytes that were inspected.", images),
  },
  symlink: {
    says: () => l10n.t("symbolic links to the image files: they last as long as the source stays where it is"),
    one: (images) => l10n.t("{0} symbolic link leads to an image with the bytes that were inspected.", images),
    many: (images) => l10n.t("{0} symbolic links lead to images with the bytes that were inspected.", images),
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
  const text = l10n.t({
    message: "{0}, {1}",
    args: [says(), foldersText(moving)],
    comment: ["{0} e.g. image files, {1} e.g. in the same folders as now."],
  });
  const images: Output = {
    says: below === "" ? text : `${below}: ${text}`,
    samples: staying.length,
    bytes: (writing) => measureImages(part, writing),
    write: (folder, writing) => writeImages(part, folder, writing),
    // Each was read again and compared as soon as it was written.
    verify: async () => () => (staying.length === 1 ? one : many)(integerText(staying.length)),
  };
  const list: Output = {
    says: l10n.t("{0}: the label and split of every image", `${below}${LIST}`),
    samples: 0,
    // Paths in UTF-8, quoted, and names of label and split.
    bytes: async () => staying.reduce((sum, position) => sum + 3 * part.pathOf(position).length + 512, 0),
    write: (folder, writing) => writeList(part, folder, `${below}${LIST}`, writing),
    verify: async () => null,
  };
  return source.isListed ? [images, list] : [images];
}

function foldersText(moving: number): string {
  if (moving === 0) return l10n.t("in the same folders as now");
  return moving === 1
    ? l10n.t("in the same folders as now, but for 1 image that moves into the folders of another split")
    : l10n.t(
        "in the same folders as now, but for {0} images that move into the folders of another split",
        integerText(moving),
      );
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
