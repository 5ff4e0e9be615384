import type { ComparisonView, Nearness } from "../../../src/protocol/report";

/** Two pictures laid over each other, as blob URLs. */
export interface Comparison {
  readonly first: string;
  readonly second: string;
  readonly difference: string;
  readonly width: number;
  readonly height: number;
  readonly nearness: Nearness;
}

/** Comparisons that are kept: those around the one that is shown. */
const CAPACITY = 24;

/** Comparisons of pictures by their samples, asked for once; the blob URLs of what is dropped are revoked. */
export class ComparisonStore {
  readonly #known = new Map<string, Promise<Comparison>>();

  constructor(private readonly fetch: (first: number, second: number) => Promise<ComparisonView>) {}

  /** The second picture laid over the first one. */
  get(first: number, second: number): Promise<Comparison> {
    const key = `${first} ${second}`;
    const found = this.#known.get(key) ?? this.fetch(first, second).then(withUrls);
    this.#known.delete(key);
    this.#known.set(key, found);
    // What failed is asked for again.
    found.catch(() => this.#known.delete(key));
    for (const [oldest, comparison] of this.#known) {
      if (this.#known.size <= CAPACITY) break;
      this.#known.delete(oldest);
      revoke(comparison);
    }
    return found;
  }

  /** Revokes everything. */
  close(): void {
    for (const comparison of this.#known.values()) revoke(comparison);
    this.#known.clear();
  }
}

function withUrls({ first, second, difference, ...rest }: ComparisonView): Comparison {
  return { first: urlOf(first), second: urlOf(second), difference: urlOf(difference), ...rest };
}

function urlOf(png: Uint8Array): string {
  return png.length === 0 ? "" : URL.createObjectURL(new Blob([new Uint8Array(png)], { type: "image/png" }));
}

function revoke(comparison: Promise<Comparison>): void {
  comparison.then(
    ({ first, second, difference }) => {
      for (const url of [first, second, difference]) if (url !== "") URL.revokeObjectURL(url);
    },
    () => undefined,
  );
}
