/** Makes memory reach up to `end`. */
export function reserve(end: usize): void {
  const pages = <i32>((end + 0xffff) >>> 16);
  if (pages > memory.size() && memory.grow(pages - memory.size()) < 0) unreachable();
}
