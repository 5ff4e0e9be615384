import * as l10n from "@vscode/l10n";
import { Cursor, PageDamaged } from "./encodings";

/**
 * Unpacks snappy to exactly `size` bytes. Images hardly shrink, so most of a page are literals, which are copied at once: this
 * is what the decoders at hand do byte by byte, and one of them never ends on forged lengths.
 * @throws {PageDamaged} when it is damaged
 */
export function unpackSnappy(packed: Uint8Array, size: number): Uint8Array {
  const cursor = new Cursor(packed);
  if (cursor.varint() !== size) throw new PageDamaged(l10n.t("a page unpacks to another size than it declares"));
  const target = new Uint8Array(size);
  let filled = 0;
  while (cursor.left > 0) {
    const tag = cursor.byte();
    const kind = tag & 3;
    if (kind === 0) {
      const literal = cursor.take(literalLength(cursor, tag >> 2));
      if (literal.length > size - filled) throw new PageDamaged(l10n.t("a page unpacks to more than it declares"));
      target.set(literal, filled);
      filled += literal.length;
      continue;
    }
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const back = kind === 1 ? ((tag >> 5) << 8) | cursor.byte() : little(cursor, kind === 2 ? 2 : 4);
    if (back === 0 || back > filled || length > size - filled)
      throw new PageDamaged(l10n.t("a page copies what is not there"));
    if (back >= length) target.copyWithin(filled, filled - back, filled - back + length);
    // What is copied overlaps what is written, so that a few bytes repeat.
    else for (let i = 0; i < length; i++) target[filled + i] = target[filled + i - back] ?? 0;
    filled += length;
  }
  if (filled !== size) throw new PageDamaged(l10n.t("a page unpacks to less than it declares"));
  return target;
}

function literalLength(cursor: Cursor, code: number): number {
  return (code < 60 ? code : little(cursor, code - 59)) + 1;
}

/** A number of some bytes, the lowest first. */
function little(cursor: Cursor, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += cursor.byte() * 2 ** (8 * i);
  return value;
}
