import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { decodeBatch, isWhole, makeRoom, pieceIn, piecesOf, type IndexBatch, type Piece } from "./indexFile";
import { checksumFile } from "./indexWriter";

/** A file of the index that is open; its batches are read one at a time. */
export class IndexReader {
  /** The pieces that may be batches. */
  readonly pieces: readonly Piece[];

  /** Null when there is no such file: another process may have written the index anew since it was listed. */
  static open(file: string): IndexReader | null {
    try {
      const checksums = readFileSync(checksumFile(file));
      return new IndexReader(openSync(file, "r"), checksums);
    } catch {
      return null;
    }
  }

  private constructor(
    private readonly descriptor: number,
    checksums: Uint8Array,
  ) {
    // A damaged length must not be taken for so much memory.
    const { size } = fstatSync(descriptor);
    const [start, ...others] = piecesOf(checksums).filter(({ at, length }) => at + length <= size);
    const isReadable = start !== undefined && this.read(start, makeRoom(start.length)) !== null;
    this.pieces = isReadable ? others : [];
  }

  /** Reads a piece into a room at least as long, made by `makeRoom`; null when it is damaged or no batch. */
  readBatch(piece: Piece, room: Uint8Array): IndexBatch | null {
    const bytes = this.read(piece, room);
    return bytes === null ? null : decodeBatch(room, bytes.length);
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private read(piece: Piece, room: Uint8Array): Uint8Array | null {
    const bytes = pieceIn(room, piece.length);
    let at = 0;
    while (at < bytes.length) {
      const read = readSync(this.descriptor, bytes, at, bytes.length - at, piece.at + at);
      if (read === 0) break;
      at += read;
    }
    return isWhole(bytes.subarray(0, at), piece) ? bytes : null;
  }
}
