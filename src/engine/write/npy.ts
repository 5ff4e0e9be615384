import { itemBytes, type Dtype } from "../sources/arrays/ndarray";
import { onlyEntry, type ArrayWriter } from "./arrayFile";
import { writeFlat } from "./flat";

/** Writes one array as a file that `numpy.load(path, allow_pickle=False)` reads; see {@link ArrayWriter}. */
export const writeNpy: ArrayWriter = (path, entries, signal) => {
  const entry = onlyEntry(entries);
  return writeFlat(path, entry, { header: npyHeader(entry.dtype, entry.shape), bigEndian: false }, signal);
};

/** The header of an npy file, version 1, padded so that the elements begin at a multiple of 64 as numpy does it. */
export function npyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const order = itemBytes(dtype) === 1 ? "|" : "<";
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${dtype}', 'fortran_order': False, 'shape': (${lengths}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(length, 8);
  header.write(text, 10, "latin1");
  header.write("\n", header.length - 1, "latin1");
  return header;
}
