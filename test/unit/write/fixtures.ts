/** An IDX file of unsigned bytes; other `seed`s give other rows. */
export function idxFile(shape: readonly number[], seed = 1): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  shape.forEach((side, axis) => head.writeUInt32BE(side, 4 + 4 * axis));
  const size = shape.reduce((product, side) => product * side, 1);
  return Buffer.concat([
    head,
    Buffer.from(Array.from({ length: size }, (_, index) => (seed * 13 + index * index * 7) % 256)),
  ]);
}
