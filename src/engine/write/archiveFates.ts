import { setImmediate as nextTurn } from "node:timers/promises";
import { cleanPath } from "../sources/packed/entryPath";
import { stemsOf } from "../sources/packed/webDataset";
import type { PackedWriteJob } from "./packedWriters";

/** An entry of an archive: its name as it stands there, and where its data begins. */
interface Entry {
  readonly name: string;
  readonly offset: number;
}

/** What becomes of an entry: it stays as it is, goes to another path, or leaves. */
export type Fate = { readonly kind: "stays" | "leaves" } | { readonly kind: "moves"; readonly to: string };

const STAYS: Fate = { kind: "stays" };
const LEAVES: Fate = { kind: "leaves" };

/** Entries that are looked at before other work has its turn. */
const AT_ONCE = 4096;

/**
 * What becomes of the entries of an archive. Files of the name of an image beside it, which tell of it, share its fate: a
 * label without its image would be another sample. All that is no image and tells of none stays.
 */
export class Fates {
  /** Positions of images by where their data begins. */
  readonly #positions = new Map<number, number>();
  /** For names up to the last dot, and up to the first one: new names of those whose images all leave (null) or move. */
  readonly #stems: readonly [Map<string, string | null>, Map<string, string | null>] = [new Map(), new Map()];
  /** Paths of images that leave or move. */
  readonly #gone = new Set<string>();
  readonly #job: PackedWriteJob;

  private constructor(job: PackedWriteJob) {
    this.#job = job;
    job.places?.offsets.forEach((offset, position) => this.#positions.set(offset, position));
  }

  /** Looks at all entries, which `list` gives each time from the first one on. */
  static async of(job: PackedWriteJob, list: () => Iterable<Entry>): Promise<Fates> {
    const fates = new Fates(job);
    await forEachEntry(list(), job.signal, (entry) => fates.#add(entry));
    await forEachEntry(list(), job.signal, (entry) => fates.#keep(entry));
    return fates;
  }

  /** Whether an entry is an image. */
  isImage({ offset }: Entry): boolean {
    return this.#positions.has(offset);
  }

  /** Whether the image at a path leaves or moves, so that a link to it would lead nowhere. */
  isGone(path: string): boolean {
    return this.#gone.has(path);
  }

  of(entry: Entry): Fate {
    const position = this.#positions.get(entry.offset);
    if (position !== undefined) return this.#ofImage(position);
    const path = cleanPath(entry.name, this.#job.source);
    if (path === "" || entry.name.endsWith("/")) return STAYS;
    for (const [index, stem] of stemsOf(path).entries()) {
      const to = this.#stems[index]?.get(stem);
      if (to === null) return LEAVES;
      if (to !== undefined) return { kind: "moves", to: to + path.slice(stem.length) };
    }
    return STAYS;
  }

  #ofImage(position: number): Fate {
    if (this.#job.stays[position] !== 1) return LEAVES;
    const to = this.#job.rename?.(position) ?? null;
    return to === null ? STAYS : { kind: "moves", to };
  }

  /** Notes an image that leaves or moves. */
  #add(entry: Entry): void {
    const position = this.#positions.get(entry.offset);
    if (position === undefined) return;
    const fate = this.#ofImage(position);
    if (fate.kind === "stays") return;
    const path = cleanPath(entry.name, this.#job.source);
    this.#gone.add(path);
    const news = fate.kind === "moves" ? stemsOf(fate.to) : [null, null];
    for (const [index, stem] of stemsOf(path).entries()) this.#stems[index]?.set(stem, news[index] ?? null);
  }

  /** What also belongs to an image that stays where it is, stays with it. */
  #keep(entry: Entry): void {
    const position = this.#positions.get(entry.offset);
    if (position === undefined || this.#ofImage(position).kind !== "stays") return;
    const path = cleanPath(entry.name, this.#job.source);
    for (const [index, stem] of stemsOf(path).entries()) this.#stems[index]?.delete(stem);
  }
}

async function forEachEntry(entries: Iterable<Entry>, signal: AbortSignal, use: (entry: Entry) => void): Promise<void> {
  let seen = 0;
  for (const entry of entries) {
    use(entry);
    if (++seen % AT_ONCE !== 0) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
}
