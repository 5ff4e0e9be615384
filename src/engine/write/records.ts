import { onlyEntry, type ArrayWriter } from "./arrayFile";
import { writeFlat } from "./flat";

/** Writes rows of bytes one after the other with nothing before them: the binary batches of CIFAR. See {@link ArrayWriter}. */
export const writeRecords: ArrayWriter = (path, entries, signal) =>
  writeFlat(path, onlyEntry(entries), { header: new Uint8Array(), bigEndian: false }, signal);
