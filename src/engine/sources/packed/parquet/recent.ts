/** Values that were used last, as many as fit a number of bytes; the very last one always stays. */
export class Recent<K, V> {
  readonly #entries = new Map<K, { readonly value: V; readonly bytes: number }>();
  #total = 0;

  constructor(private readonly most: number) {}

  /** The value of a key, loaded when it is not there; `bytesOf` says what it takes in memory. */
  get(key: K, load: () => V, bytesOf: (value: V) => number): V {
    const known = this.#entries.get(key);
    if (known === undefined) {
      const value = load();
      const bytes = bytesOf(value);
      this.#add(key, { value, bytes });
      return value;
    }
    this.#entries.delete(key);
    this.#entries.set(key, known);
    return known.value;
  }

  #add(key: K, entry: { readonly value: V; readonly bytes: number }): void {
    this.#entries.set(key, entry);
    this.#total += entry.bytes;
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#total <= this.most || this.#entries.size === 1) return;
      this.#entries.delete(oldest);
      this.#total -= bytes;
    }
  }
}
