/**
 * Sorts numbers by their keys, which are below `bound`; what has equal keys stays in the order it was in. It counts, so it
 * takes time linear in both.
 */
export function sortedBy(keyOf: (item: number) => number, items: Uint32Array, bound: number): Uint32Array {
  const next = new Uint32Array(bound + 1);
  for (const item of items) {
    const key = keyOf(item);
    next[key + 1] = (next[key + 1] ?? 0) + 1;
  }
  for (let key = 1; key <= bound; key++) next[key] = (next[key] ?? 0) + (next[key - 1] ?? 0);
  const sorted = new Uint32Array(items.length);
  for (const item of items) {
    const key = keyOf(item);
    const at = next[key] ?? 0;
    next[key] = at + 1;
    sorted[at] = item;
  }
  return sorted;
}
