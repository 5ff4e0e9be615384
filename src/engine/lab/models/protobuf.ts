/*
 * Messages of protocol buffers, written (https://protobuf.dev/programming-guides/encoding). Pieces are put together only when
 * they are written to a file, so that large arrays of bytes are never copied.
 */

/** The bytes of a message, or of a part of one. */
export type Pieces = readonly Uint8Array[];

const [VARINT, LENGTH] = [0, 2];

/** A field that holds a whole number, 0..2^53 - 1. */
export function integer(field: number, value: number): Pieces {
  return [tag(field, VARINT), varint(value)];
}

/** A field that holds a text. */
export function text(field: number, value: string): Pieces {
  return message(field, [Buffer.from(value)]);
}

/** A field that holds bytes, or another message, which is the pieces of its fields one after the other. */
export function message(field: number, ...content: readonly Pieces[]): Pieces {
  const pieces = content.flat();
  return [tag(field, LENGTH), varint(bytesIn(pieces)), ...pieces];
}

/** Number of bytes of pieces. */
export function bytesIn(pieces: Pieces): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function tag(field: number, wire: number): Uint8Array {
  return varint(field * 8 + wire);
}

/** Seven bits a byte, the lowest first; all but the last byte have the highest bit set. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
