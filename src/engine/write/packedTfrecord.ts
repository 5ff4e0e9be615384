import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { grouped, OpenFile } from "../sources/arrays/bytes";
import { findRecords } from "../sources/packed/tfrecord";
import { writeNewFile, type NewFile } from "./newFile";
import type { PackedWriteJob, PackedWriter } from "./packedWriters";

/** Bytes that are copied at a time. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** Writes the records of a TFRecord file that stay, byte for byte with their checksums. Memory is bounded. */
export const writeTfrecord: PackedWriter = async (job) => {
  const file = new OpenFile(job.source);
  try {
    const starts = findRecords(file);
    const count = starts.length - 1;
    if (count !== job.stays.length) {
      throw new CleanSplitError(
        "changed",
        l10n.t(
          "{0} has {1} records and had {2} when it was inspected. Inspect it again.",
          file.name,
          grouped(count),
          grouped(job.stays.length),
        ),
      );
    }
    await writeNewFile(job.out, job.signal, (out) => copyRecords(file, starts, job, out));
  } finally {
    file.close();
  }
};

async function copyRecords(
  file: OpenFile,
  starts: Float64Array,
  { stays, signal, advance }: PackedWriteJob,
  out: NewFile,
): Promise<void> {
  for (let first = 0; first < stays.length;) {
    let end = first + 1;
    // Records that stay side by side are copied together, some megabytes at a time.
    while (end < stays.length && stays[end] === stays[first] && sizeOf(starts, first, end) < CHUNK_BYTES) end++;
    if (stays[first] === 1) {
      await copyBytes(file, starts[first] ?? 0, starts[end] ?? 0, signal, out);
      advance(end - first);
    }
    first = end;
  }
}

function sizeOf(starts: Float64Array, first: number, end: number): number {
  return (starts[end] ?? 0) - (starts[first] ?? 0);
}

async function copyBytes(file: OpenFile, from: number, to: number, signal: AbortSignal, out: NewFile): Promise<void> {
  for (let at = from; at < to; at += CHUNK_BYTES) {
    signal.throwIfAborted();
    await out.write(file.read(at, Math.min(CHUNK_BYTES, to - at)));
  }
}
