import { messageOf } from "./connection";

/** One page of a long list. */
export interface Page<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** While the list is being flung past, nothing is read until it rests for this long. */
const REST_MS = 50;

/** A long list of which only the pages around what is shown are read and kept. */
export class PagedList<T> {
  /** Items over all pages; `null` until the first page is there. */
  total: number | null = null;
  error: string | null = null;
  readonly #pages = new Map<number, readonly T[]>();
  readonly #loading = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly load: (from: number, count: number) => Promise<Page<T>>,
    private readonly changed: () => void,
    private readonly pageSize = 50,
    private readonly keptPages = 40,
  ) {}

  /** The item at `index`, `undefined` while its page is not there. */
  item(index: number): T | undefined {
    return this.#pages.get(Math.floor(index / this.pageSize))?.[index % this.pageSize];
  }

  /** All items that are there. */
  loaded(): readonly T[] {
    return [...this.#pages.values()].flat();
  }

  /** Reads what is missing of the items from `first` to `last`, both included. */
  show(first: number, last: number): void {
    clearTimeout(this.#timer);
    if (this.total === null) this.#read(first, last);
    else this.#timer = setTimeout(() => this.#read(first, last), REST_MS);
  }

  /** Reads again after a failure. */
  retry(first: number, last: number): void {
    this.error = null;
    this.#read(first, last);
    this.changed();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #read(first: number, last: number): void {
    if (this.error !== null) return;
    const lastPage = Math.floor(last / this.pageSize);
    for (let page = Math.floor(first / this.pageSize); page <= lastPage; page++) {
      const kept = this.#pages.get(page);
      if (kept !== undefined) {
        // Used again, so it moves to the end of what is dropped first.
        this.#pages.delete(page);
        this.#pages.set(page, kept);
      } else if (!this.#loading.has(page) && !this.#closed) void this.#readPage(page);
    }
  }

  async #readPage(page: number): Promise<void> {
    this.#loading.add(page);
    try {
      const { total, items } = await this.load(page * this.pageSize, this.pageSize);
      if (this.#closed) return;
      this.total = total;
      this.#pages.set(page, items);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= this.keptPages) break;
        this.#pages.delete(oldest);
      }
    } catch (error) {
      if (!this.#closed) this.error = messageOf(error);
    } finally {
      this.#loading.delete(page);
    }
    if (!this.#closed) this.changed();
  }
}
