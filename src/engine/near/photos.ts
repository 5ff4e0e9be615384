import * as l10n from "@vscode/l10n";
import { decimalText, integerText } from "../../core/language";
import { pickPairs } from "../../core/near/findings";
import type { Measure, NearPairs } from "../../core/near/near";
import { LAYOUT_BYTES, LOOK_SIDE } from "../../core/near/structure";
import { MAX_TAKEN, type PhotoColumns } from "../kernels/photos";
import { forEachLimited } from "../limited";
import type { FoundPhotoPairs } from "../pool/jobs";
import { readLooks } from "./looks";
import { sortedBy } from "./order";
import { MAX_PAIRS, type FoundPairs, type NearTask } from "./search";

/** Photos whose layout one job finds. */
const LAYOUTS = 256;

/** The first photos of a job lie in a stretch of so many times the second ones: those are copied once a job. */
const STRETCH = 4;

/**
 * With more pictures than this only those with like sketches are compared: all pairs of 500,000 would else take minutes. Of
 * photos shifted by 3 % right and down 13 of 100 are not found then; of other copies hardly any.
 */
const ALL_UP_TO = 100_000;

/** Steps of the reach from 0 to 1, by which it becomes stricter when there are too many pairs. */
const STEPS = 100;

/**
 * Searches near pairs of photos: each two are compared as `PhotoComparer` says, none is left out. Reading the looks counts
 * as one half of the work, comparing as the other. 1.6 KB a photo are held, whatever is found: 16 bytes a pair on top.
 */
export async function searchPhotos(task: NearTask, measure: Measure): Promise<FoundPairs> {
  const { dataset, samples, pool, signal, progress } = task;
  const count = samples.length;
  let read = 0;
  const looks = await readLooks(dataset, samples, { width: LOOK_SIDE, height: LOOK_SIDE }, pool, {
    signal,
    advance: (advanced) => progress((read += advanced) / 2),
  });
  const photos = await findLayouts(looks, task);
  const bySketches = count > ALL_UP_TO;
  const found = new PhotoPairs(measure.reach);
  let compared = 0;
  const size = Math.min(MAX_TAKEN, Math.max(64, Math.ceil(count / (4 * pool.size))));
  await forEachLimited(tilesOf(count, size), pool.size * 2, async ({ from, to, second, seconds }) => {
    for (let first = from; first < to;) {
      const part = await pool.run(
        "photos",
        { photos, first, to, second, seconds, nearby: { reach: found.reach, bySketches } },
        signal,
      );
      found.add(part);
      for (; first < part.next; first++) compared += Math.min(seconds, second + seconds - 1 - first);
      progress((count + (compared / ((count * (count - 1)) / 2)) * count) / 2);
    }
  });
  const pairs = found.sorted(samples);
  const reach = found.reach;
  const limits: string[] = [];
  if (reach !== measure.reach) {
    limits.push(
      l10n.t(
        "There are more than {0} pairs: only those of {1} or better are kept.",
        integerText(MAX_PAIRS),
        decimalText(reach, 2),
      ),
    );
  }
  if (bySketches) {
    limits.push(
      l10n.t(
        "There are more than {0} different pictures: of copies that are shifted, some are not found.",
        integerText(ALL_UP_TO),
      ),
    );
  }
  return { pairs, reach, limited: limits.length === 0 ? null : limits.join(" ") };
}

async function findLayouts(looks: Uint8Array, { samples, pool, signal }: NearTask): Promise<PhotoColumns> {
  const count = samples.length;
  const layouts = new Int8Array(new SharedArrayBuffer(count * LAYOUT_BYTES));
  const hashes = new Uint32Array(new SharedArrayBuffer(count * 2 * Uint32Array.BYTES_PER_ELEMENT));
  const sketches = new Uint32Array(new SharedArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT));
  const photos = { looks, layouts, hashes, sketches };
  const starts = Array.from({ length: Math.ceil(count / LAYOUTS) }, (_, chunk) => chunk * LAYOUTS);
  await forEachLimited(starts, pool.size * 2, async (from) => {
    await pool.run("layouts", { photos, from, to: Math.min(count, from + LAYOUTS) }, signal);
  });
  return photos;
}

/** First photos `from` .. `to` - 1, of which each is compared with those of the second ones that come after it. */
interface Tile {
  readonly from: number;
  readonly to: number;
  readonly second: number;
  readonly seconds: number;
}

function* tilesOf(count: number, size: number): Generator<Tile> {
  for (let second = 0; second < count; second += size) {
    const seconds = Math.min(size, count - second);
    const end = second + seconds - 1;
    for (let from = 0; from < end; from += STRETCH * size) {
      yield { from, to: Math.min(end, from + STRETCH * size), second, seconds };
    }
  }
}

/**
 * The pairs that were found, as rows of the photos that were compared. It is the same whatever order they come in: only how
 * many there are of which score decides which are kept.
 */
export class PhotoPairs {
  /** Worse pairs are not kept: with more than `most` it rises, by whole steps, until there are no more. */
  reach: number;
  private count = 0;
  private parts: FoundPhotoPairs[] = [];

  constructor(
    private readonly widest: number,
    private readonly most = MAX_PAIRS,
  ) {
    this.reach = widest;
  }

  add(part: FoundPhotoPairs): void {
    // The job may have begun before the reach rose.
    this.parts.push(this.reach === this.widest ? part : keepBetter(part, this.reach));
    this.count += this.parts.at(-1)?.first.length ?? 0;
    while (this.count > this.most) {
      this.reach = Math.round(this.reach * STEPS + 1) / STEPS;
      this.parts = this.parts.map((kept) => keepBetter(kept, this.reach));
      this.count = this.parts.reduce((sum, kept) => sum + kept.first.length, 0);
    }
  }

  /** All pairs, by the samples of their photos. */
  sorted(samples: Uint32Array): NearPairs {
    const { count, parts } = this;
    const all = {
      count,
      first: new Uint32Array(count),
      second: new Uint32Array(count),
      scores: new Float32Array(count),
      transforms: new Uint8Array(count),
      shifts: new Int8Array(2 * count),
    };
    let at = 0;
    for (const part of parts) {
      all.first.set(part.first, at);
      all.second.set(part.second, at);
      all.scores.set(part.scores, at);
      all.transforms.set(part.transforms, at);
      all.shifts.set(part.shifts, 2 * at);
      at += part.first.length;
    }
    const rows = Uint32Array.from({ length: count }, (_, i) => i);
    const bySecond = sortedBy((pair) => all.second[pair] ?? 0, rows, samples.length);
    const order = sortedBy((pair) => all.first[pair] ?? 0, bySecond, samples.length);
    const pairs = pickPairs(all, order);
    return {
      ...pairs,
      first: pairs.first.map((row) => samples[row] ?? 0),
      second: pairs.second.map((row) => samples[row] ?? 0),
      // Found in 1/64 of the side.
      shifts: pairs.shifts.map((shift) => Math.round(shift / 2)),
    };
  }
}

function keepBetter(part: FoundPhotoPairs, reach: number): FoundPhotoPairs {
  const count = part.first.length;
  const kept = Array.from(part.scores.keys()).filter((index) => (part.scores[index] ?? 0) >= reach);
  return { next: part.next, ...pickPairs({ ...part, count }, kept) };
}
