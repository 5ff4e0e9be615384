import { checkedChunks, onlyEntry, type ArrayWriter } from "./arrayFile";
import { createFile, writeAll } from "./newFile";

/** Writes rows of bytes one after the other with nothing before them: the binary batches of CIFAR. See {@link ArrayWriter}. */
export const writeRecords: ArrayWriter = (path, entries, signal) => {
  const entry = onlyEntry(entries);
  return createFile(path, signal, async (handle) => {
    for await (const chunk of checkedChunks(entry, signal)) await writeAll(handle, chunk);
  });
};
