import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { OpenFile } from "../sources/arrays/bytes";
import { cleanPath } from "../sources/packed/entryPath";
import { BLOCK, listTar, ownerOf, type TarEntry } from "../sources/packed/tar";
import { Fates } from "./archiveFates";
import { writeChunks } from "./newFile";
import type { PackedWriteJob } from "./packedWriters";

/** Tar files are padded to a multiple of this, by custom. */
const RECORD = 20 * BLOCK;

/** Bytes that are copied at a time. */
const CHUNK_BYTES = 1 << 20;

/**
 * Writes a tar file anew: what stays is copied byte for byte with its headers, what moves gets a new header. Hard links to
 * images that left or moved are left out, because a program that unpacks them would fail.
 */
export async function writeTar(job: PackedWriteJob): Promise<void> {
  const file = new OpenFile(job.source);
  try {
    const fates = await Fates.of(job, () => listTar(file));
    await writeChunks(job.out, bytesOf(file, fates, job), job);
  } finally {
    file.close();
  }
}

async function* bytesOf(file: OpenFile, fates: Fates, { advance }: PackedWriteJob): AsyncGenerator<Uint8Array> {
  let written = 0;
  const counted = (bytes: Uint8Array): Uint8Array => {
    written += bytes.length;
    return bytes;
  };
  /** What is copied next begins at `from` and ends at `to`; headers for all files that follow lie between entries. */
  let [from, to] = [0, 0];
  for (const entry of listTar(file)) {
    const fate = isDangling(entry, fates, file) ? { kind: "leaves" as const } : fates.of(entry);
    if (fates.isImage(entry) && fate.kind !== "leaves") advance(1);
    if (fate.kind === "stays") {
      to = entry.end;
      if (to - from < CHUNK_BYTES) continue;
    } else to = entry.start;
    for (const chunk of copied(file, from, to)) yield counted(chunk);
    if (fate.kind === "moves") yield counted(await moved(file, entry, fate.to));
    from = to = fate.kind === "stays" ? to : entry.end;
  }
  for (const chunk of copied(file, from, to)) yield counted(chunk);
  // At least two blocks of zeros end it.
  yield new Uint8Array(Math.ceil((written + 2 * BLOCK) / RECORD) * RECORD - written);
}

function isDangling({ target }: TarEntry, fates: Fates, file: OpenFile): boolean {
  return target !== "" && fates.isGone(cleanPath(target, file.name));
}

function* copied(file: OpenFile, from: number, to: number): Generator<Uint8Array> {
  for (let at = from; at < to; at += CHUNK_BYTES) yield file.read(at, Math.min(CHUNK_BYTES, to - at));
}

/** An entry under another path, with the owner, the mode and the time that it has. */
async function moved(file: OpenFile, entry: TarEntry, path: string): Promise<Uint8Array> {
  const bytes = Buffer.from(file.read(entry.offset, entry.size).buffer);
  const packed = pack();
  packed.entry({ ...ownerOf(file.read(entry.offset - BLOCK, BLOCK)), name: path, size: bytes.length }, bytes);
  packed.finalize();
  const archive = await buffer(packed);
  // Without the two blocks that end it.
  return archive.subarray(0, archive.length - 2 * BLOCK);
}
