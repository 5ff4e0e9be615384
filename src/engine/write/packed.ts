import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { columnsOf, createFingerprints, type Fingerprints } from "../../core/fingerprint/fingerprints";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { integerText } from "../../core/language";
import type { PackedHead } from "../pool/jobs";
import { nameAt } from "../sources/names";
import { packedKindOf } from "../sources/packed/packedKind";
import { Unpacked } from "../sources/packed/unpacked";
import { joinPath, packedFolder, packedName, positionsInFile, type PackedSource } from "../sources/sources";
import type { Output, Plan, Writing } from "./outputs";
import { PACKED_WRITERS, type PackedWriteJob } from "./packedWriters";

/** Images that are read again and compared at a time. */
const CHECKED = 1024;

/** The archives and record files of a plan, each written as the kind of file that it is. */
export function packedOutputs(plan: Plan): Output[] {
  return plan.inspection.dataset.sources.flatMap((source, index) =>
    source.kind === "packed" ? [packedOutput(plan, source, plan.inspection.dataset.starts[index] ?? 0)] : [],
  );
}

function packedOutput(plan: Plan, source: PackedSource, start: number): Output {
  const samples = plan.decision.stays.subarray(start, start + source.size).reduce((sum, stays) => sum + stays, 0);
  return {
    says: l10n.t("{0}: the images that stay, and all else that it holds", source.output),
    samples,
    bytes: source.format.stamp.length,
    write: (folder, writing) => writePacked(plan, source, start, folder, writing),
    async verify(folder, writing) {
      const written = imagesOf(plan, source, start);
      await new PackedCheck(plan, source, written, path.join(folder, source.output), writing).run();
      return () =>
        l10n.t(
          "{0} images of {1} were read again: each is where the plan puts it, with the bytes and the label that were inspected.",
          integerText(samples),
          source.output,
        );
    },
  };
}

async function writePacked(
  plan: Plan,
  source: PackedSource,
  start: number,
  folder: string,
  { signal, advance, begun }: Writing,
): Promise<readonly string[]> {
  const write = PACKED_WRITERS[packedKindOf(source.file) ?? "tar"];
  const { sources } = plan.inspection.dataset;
  const keys = sources.filter((other) => other.kind === "packed" && other.file === source.file).length;
  if (keys > 1) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        "{0} cannot be written anew: it holds {1} images a row. Leave out all but one of them.",
        source.file,
        keys,
      ),
    );
  }
  const stays = new Uint8Array(source.count);
  const names = new Map<number, string>();
  for (const { position, name, isMoved } of imagesOf(plan, source, start)) {
    stays[position] = 1;
    if (isMoved && name !== null) names.set(position, name);
  }
  const out = path.join(folder, source.output);
  await begun([source.output]);
  await mkdir(path.dirname(out), { recursive: true });
  // What an interrupted attempt left is begun anew.
  await rm(out, { force: true });
  const { file, key, places } = source.format;
  const job: PackedWriteJob = {
    source: file,
    key,
    stays,
    out,
    isGzip: file !== source.file,
    signal,
    advance,
    ...(places === undefined ? {} : { places }),
    ...(names.size === 0 ? {} : { rename: (position) => names.get(position) ?? null }),
  };
  await write(job);
  return [source.output];
}

/** An image that is written. */
interface WrittenImage {
  readonly sample: number;
  /** Its position in the file that was inspected. */
  readonly position: number;
  /** Its path in the written archive; `null` where images have no names. */
  readonly name: string | null;
  readonly isMoved: boolean;
}

/** The images that are written, in their order in the source. Throws a `CleanSplitError` when one cannot move. */
function imagesOf(plan: Plan, source: PackedSource, start: number): WrittenImage[] {
  const { stays, splitOf } = plan.decision;
  const { table } = plan.inspection.dataset;
  const positions = Uint32Array.from({ length: source.size }, (_, position) => position).filter(
    (position) => stays[start + position] === 1,
  );
  const inFile = positionsInFile(source, positions);
  const isMoved = (sample: number): boolean => splitOf[sample] !== table.splitOf[sample];
  const hasNames = source.folders[0]?.names !== null;
  const taken = new Set<string>();
  if (hasNames) for (const at of positions) if (!isMoved(start + at)) taken.add(packedName(source, at));
  return Array.from(positions, (at, index) => {
    const sample = start + at;
    const moves = isMoved(sample);
    const name = moves
      ? withoutClash(movedName(plan, source, start, at), taken)
      : hasNames
        ? packedName(source, at)
        : null;
    if (name !== null) taken.add(name);
    return { sample, position: inFile[index] ?? 0, name, isMoved: moves };
  });
}

/** Path of an image in the folder of the split that it moves to. */
function movedName(plan: Plan, source: PackedSource, start: number, position: number): string {
  const { decision, inspection } = plan;
  const split = decision.splitOf[start + position] ?? 0;
  const name = decision.splits[split]?.name ?? "";
  const own = packedFolder(source, position).split;
  if (own === null) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        "{0} in {1} cannot move to {2}, because that file holds no folder of that split. Choose a policy that moves no images.",
        packedName(source, position),
        source.output,
        name,
      ),
    );
  }
  const { table } = inspection.dataset;
  const other = source.folders.find(
    (folder) => folder.split?.parent === own.parent && table.splitOf[start + folder.start] === split,
  );
  const from = own.name === null ? own.parent : joinPath(own.parent, own.name);
  const below = packedName(source, position).slice(from === "" ? 0 : from.length + 1);
  return joinPath(joinPath(own.parent, other?.split?.name ?? name.replaceAll(/[/\\]/g, "_")), below);
}

/** A path that no image has: "1-2.png" where there is "1.png". */
function withoutClash(name: string, taken: ReadonlySet<string>): string {
  const dot = name.lastIndexOf(".");
  for (let copy = 2, free = name; ; copy++) {
    if (!taken.has(free)) return free;
    free = `${name.slice(0, dot)}-${copy}${name.slice(dot)}`;
  }
}

type HeadImages = PackedHead["images"][number];

/** Reads a written file again and compares each image with what was inspected. */
class PackedCheck {
  constructor(
    private readonly plan: Plan,
    private readonly source: PackedSource,
    private readonly written: readonly WrittenImage[],
    private readonly file: string,
    private readonly writing: Writing,
  ) {}

  /** Throws a `CleanSplitError` ("changed") that names what is not as it was inspected. */
  async run(): Promise<void> {
    const { pool, signal } = this.writing;
    const unpacked = new Unpacked();
    try {
      const readable = await unpacked.readable(this.file, signal);
      const before = this.imagesIn(await pool.run("packedHead", { file: this.source.format.file }, signal));
      const head = await pool.run("packedHead", { file: readable }, signal);
      const now = this.imagesIn(head);
      if (now.count !== this.written.length)
        throw this.differs((written, source) =>
          l10n.t(
            "The number of images in the written {0} is not what was inspected in {1}. Inspect the dataset again, then write it.",
            written,
            source,
          ),
        );
      const placed = this.place(before, now);
      const { key, places } = now;
      const format = { file: readable, key, stamp: head.stamp, ...(places === undefined ? {} : { places }) };
      for (let from = 0; from < placed.length; from += CHECKED) {
        await this.compare(format, placed.slice(from, from + CHECKED));
      }
    } finally {
      await unpacked.close();
    }
  }

  private imagesIn(head: PackedHead): HeadImages {
    const images = head.images.find(({ key }) => key === this.source.format.key);
    if (images === undefined)
      throw this.differs((written, source) =>
        l10n.t(
          "The images in the written {0} are not what was inspected in {1}. Inspect the dataset again, then write it.",
          written,
          source,
        ),
      );
    return images;
  }

  /** Finds the images in the written file and compares their labels; in the order of their positions there. */
  private place(
    before: HeadImages,
    now: HeadImages,
  ): readonly { readonly sample: number; readonly position: number }[] {
    const positions = positionsByName(now);
    const placed = this.written.map(({ sample, position: old, name }, index) => {
      const position = name === null ? index : positions.get(name);
      if (position === undefined) throw this.placeDiffers(name ?? "");
      if (labelAt(now, position) !== labelAt(before, old)) throw this.labelDiffers(name ?? l10n.t("image {0}", old));
      return { sample, position };
    });
    return placed.sort((a, b) => a.position - b.position);
  }

  private async compare(
    format: PackedSource["format"],
    placed: readonly { readonly sample: number; readonly position: number }[],
  ): Promise<void> {
    const { fingerprints } = this.plan.inspection.findings;
    const found = await this.read(
      format,
      Uint32Array.from(placed, ({ position }) => position),
    );
    placed.forEach(({ sample, position }, index) => {
      const column = fingerprints.isFile[sample] === 1 ? "fileDigests" : "pixelDigests";
      if (Buffer.compare(digestAt(found[column], index), digestAt(fingerprints[column], sample)) !== 0) {
        throw this.differs((written, source) =>
          l10n.t(
            "The content of image {0} in the written {1} is not what was inspected in {2}. Inspect the dataset again, then write it.",
            position,
            written,
            source,
          ),
        );
      }
    });
    this.writing.advance(placed.length);
  }

  private async read(format: PackedSource["format"], positions: Uint32Array): Promise<Fingerprints> {
    const { pool, signal } = this.writing;
    const found = createFingerprints(positions.length);
    for (let done = 0; done < positions.length;) {
      const into = { columns: columnsOf(found), at: done };
      const read = await pool.run(
        "packed",
        { format, positions: positions.subarray(done), exact: false, into },
        signal,
      );
      done += read.done;
    }
    return found;
  }

  private placeDiffers(image: string): CleanSplitError {
    return this.differs((written, source) =>
      l10n.t(
        "The place of {0} in the written {1} is not what was inspected in {2}. Inspect the dataset again, then write it.",
        image,
        written,
        source,
      ),
    );
  }

  private labelDiffers(image: string): CleanSplitError {
    return this.differs((written, source) =>
      l10n.t(
        "The label of {0} in the written {1} is not what was inspected in {2}. Inspect the dataset again, then write it.",
        image,
        written,
        source,
      ),
    );
  }

  private differs(sentence: (written: string, source: string) => string): CleanSplitError {
    return new CleanSplitError("changed", sentence(this.source.output, this.source.file));
  }
}

function digestAt(digests: Uint8Array, row: number): Uint8Array {
  return digests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES);
}

function labelAt({ labelOf, classes }: HeadImages, position: number): string | null {
  return classes[labelOf?.[position] ?? -1] ?? null;
}

function positionsByName({ folders }: HeadImages): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  for (const { path: folder, names } of folders ?? []) {
    for (let at = 0; at < names.ends.length; at++) positions.set(joinPath(folder, nameAt(names, at)), positions.size);
  }
  return positions;
}
