import type { ThumbnailView } from "../../../src/protocol/report";

/** Up to this size a picture is drawn pixel by pixel: smoothing would invent what is not there. */
const CRISP_UP_TO_PX = 64;

/** A blob URL and whether each pixel is to be seen; `null` when there is no picture. */
type Picture = { readonly url: string; readonly isCrisp: boolean } | null;

interface Entry {
  picture: Picture | undefined;
  readonly listeners: Set<() => void>;
}

/** Pictures are asked for together, but not so many that those of another place have to wait for them. */
const BATCH_SIZE = 32;
const CALLS_AT_ONCE = 2;
/** What is in use for a shorter time is being scrolled by. */
const REST_MS = 40;

/**
 * Thumbnails by sample. Those in use are kept, of the others the most recently used; the blob URL of what is dropped is
 * revoked. What came into use last is asked for first, and what scrolled away before it was asked for never is.
 */
export class ThumbnailStore {
  readonly #entries = new Map<number, Entry>();
  /** Since when each picture is wanted, in milliseconds; in the order of wanting. */
  readonly #wanted = new Map<number, number>();
  #isScheduled = false;
  #calls = 0;
  #generation = 0;

  constructor(
    private readonly fetch: (samples: readonly number[]) => Promise<readonly ThumbnailView[]>,
    private readonly capacity = 600,
  ) {}

  /** The picture of a sample as far as it is known; `undefined` while it is not. */
  picture(sample: number): Picture | undefined {
    return this.#entries.get(sample)?.picture;
  }

  /** Asks for a picture and calls `listener` when it is there. Returns a function that ends the interest. */
  use(sample: number, listener: () => void): () => void {
    const entry = this.#entries.get(sample) ?? { picture: undefined, listeners: new Set() };
    // Entered anew at the end: a map is in order of insertion, so the first ones are the longest unused.
    this.#entries.delete(sample);
    this.#entries.set(sample, entry);
    entry.listeners.add(listener);
    if (entry.picture === undefined) {
      this.#wanted.set(sample, Date.now());
      this.#schedule(REST_MS);
    }
    return () => {
      entry.listeners.delete(listener);
      if (entry.listeners.size === 0 && entry.picture === undefined) this.#wanted.delete(sample);
      this.#trim();
    };
  }

  /** Forgets everything, for samples that mean something else now. */
  clear(): void {
    this.#generation++;
    this.#wanted.clear();
    for (const entry of this.#entries.values()) if (entry.picture) URL.revokeObjectURL(entry.picture.url);
    this.#entries.clear();
  }

  #schedule(delay: number): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#call();
    }, delay);
  }

  /** What rests in view, at most one batch: what came last first, and of what came together the first. */
  #nextBatch(): readonly number[] {
    const rested = Date.now() - REST_MS;
    const moment = (since: number): number => Math.floor(since / REST_MS);
    return [...this.#wanted]
      .filter(([, since]) => since <= rested)
      .sort(([, a], [, b]) => moment(b) - moment(a))
      .slice(0, BATCH_SIZE)
      .map(([sample]) => sample);
  }

  #call(): void {
    if (this.#calls >= CALLS_AT_ONCE || this.#wanted.size === 0) return;
    const samples = this.#nextBatch();
    if (samples.length === 0) {
      this.#schedule(REST_MS / 2);
      return;
    }
    for (const sample of samples) this.#wanted.delete(sample);
    const generation = this.#generation;
    this.#calls++;
    this.fetch(samples)
      .then(
        (views) => generation === this.#generation && this.#receive(samples, views),
        // A picture that cannot be had is shown as missing; the report is true without it.
        () => generation === this.#generation && this.#receive(samples, []),
      )
      .finally(() => {
        this.#calls--;
        this.#call();
      });
    this.#call();
  }

  #receive(samples: readonly number[], views: readonly ThumbnailView[]): void {
    const bySample = new Map(views.map((view) => [view.sample, view]));
    for (const sample of samples) {
      const entry = this.#entries.get(sample);
      if (entry === undefined || entry.picture !== undefined) continue;
      entry.picture = pictureOf(bySample.get(sample));
      for (const listener of entry.listeners) listener();
    }
    this.#trim();
  }

  #trim(): void {
    if (this.#entries.size <= this.capacity) return;
    for (const [sample, entry] of this.#entries) {
      if (this.#entries.size <= this.capacity) return;
      if (entry.listeners.size > 0) continue;
      if (entry.picture) URL.revokeObjectURL(entry.picture.url);
      this.#entries.delete(sample);
    }
  }
}

function pictureOf(view: ThumbnailView | undefined): Picture {
  if (view === undefined || view.png.length === 0) return null;
  const url = URL.createObjectURL(new Blob([new Uint8Array(view.png)], { type: "image/png" }));
  // Small pictures come in their own size, and only those come so small.
  return { url, isCrisp: Math.max(view.width, view.height) <= CRISP_UP_TO_PX };
}
