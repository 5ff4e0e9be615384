import { closeSync, openSync, writeSync } from "node:fs";
import { swapElements } from "../sources/arrays/ndarray";
import { readPieces } from "../sources/pieces";
import { writeError } from "../write/durable";
import type { JobParameter } from "./jobs";

/** What is read before it is written; used again, as fresh memory costs more than the reading. */
const memory = new Uint8Array(2 ** 20);

/** See the job `writeRows`. */
export async function writeRows({ copied, size, rows, file, at, bigEndian }: JobParameter<"writeRows">): Promise<null> {
  const descriptor = attempt(file, () => openSync(file, "r+"));
  try {
    let position = at;
    for await (const { bytes } of readPieces(copied, size, rows, memory)) {
      if (bigEndian) swapElements(bytes, copied.dtype);
      for (let done = 0; done < bytes.length;) {
        done += attempt(file, () => writeSync(descriptor, bytes, done, bytes.length - done, position + done));
      }
      position += bytes.length;
    }
  } finally {
    closeSync(descriptor);
  }
  return null;
}

function attempt(file: string, act: () => number): number {
  try {
    return act();
  } catch (error) {
    throw writeError(file, error);
  }
}
