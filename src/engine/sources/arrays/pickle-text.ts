import type { ByteSource } from "./bytes";

/**
 * The bytes that Python 2 wrote as a quoted string (`'a\x00\n'`), or undefined when the quotes or an escape are wrong.
 */
export function decodeQuoted(line: Uint8Array): Uint8Array | undefined {
  const quote = line[0];
  if (line.length < 2 || (quote !== 0x22 && quote !== 0x27) || line[line.length - 1] !== quote) return undefined;
  const end = line.length - 1;
  const out = new Uint8Array(end);
  let length = 0;
  for (let at = 1; at < end;) {
    const byte = line[at++] ?? 0;
    if (byte !== 0x5c) {
      out[length++] = byte;
      continue;
    }
    const escape = line[at++] ?? 0;
    // The closing quote must not be the escaped one.
    if (at > end) return undefined;
    const simple = SIMPLE_ESCAPES.get(escape);
    if (simple !== undefined) {
      out[length++] = simple;
    } else if (escape === 0x78) {
      const high = hexDigit(line[at++]);
      const low = hexDigit(line[at++]);
      if (high === undefined || low === undefined || at > end) return undefined;
      out[length++] = high * 16 + low;
    } else if (escape >= 0x30 && escape <= 0x37) {
      let value = escape - 0x30;
      for (let digit = 0; digit < 2 && at < end; digit++) {
        const next = line[at] ?? 0;
        if (next < 0x30 || next > 0x37) break;
        value = value * 8 + next - 0x30;
        at++;
      }
      out[length++] = value & 0xff;
    } else {
      out[length++] = 0x5c;
      out[length++] = escape;
    }
  }
  return out.subarray(0, length);
}

/** The text that Python wrote in its raw-unicode-escape encoding, or undefined when an escape is wrong. */
export function decodeRawUnicode(line: Uint8Array): string | undefined {
  // Arrays written as text have no character beyond 255; they stay one byte a character this way.
  const latin = Buffer.allocUnsafe(line.length);
  let wide: string[] | undefined;
  let length = 0;
  for (let at = 0; at < line.length;) {
    const byte = line[at++] ?? 0;
    const letter = byte === 0x5c ? line[at] : undefined;
    const digits = letter === 0x75 ? 4 : letter === 0x55 ? 8 : 0;
    if (digits === 0) {
      latin[length++] = byte;
      if (letter !== undefined) {
        latin[length++] = letter;
        at++;
      }
      continue;
    }
    at++;
    let code = 0;
    for (let digit = 0; digit < digits; digit++) {
      const value = hexDigit(line[at++]);
      if (value === undefined) return undefined;
      code = code * 16 + value;
    }
    if (code > 0x10ffff) return undefined;
    if (code < 256) {
      latin[length++] = code;
    } else {
      wide ??= [];
      wide.push(latin.toString("latin1", 0, length), String.fromCodePoint(code));
      length = 0;
    }
  }
  const rest = latin.toString("latin1", 0, length);
  return wide === undefined ? rest : wide.join("") + rest;
}

const BLOCK = 65536;
const SCAN = 1 << 20;

/**
 * The bytes whose Latin-1 text is `utf8`: how Python 3 writes bytes in protocols 0 to 2. The text is gone through once to
 * find where every 65,536th byte begins, so that any part can be read later without holding the rest. Undefined when
 * it is no UTF-8 or has characters beyond Latin-1.
 */
export function latin1Of(utf8: ByteSource): ByteSource | undefined {
  const blocks: number[] = [];
  let length = 0;
  let second = false;
  for (let at = 0; at < utf8.length; at += SCAN) {
    const part = utf8.read(at, Math.min(SCAN, utf8.length - at));
    for (let i = 0; i < part.length; i++) {
      const byte = part[i] ?? 0;
      if (second) {
        if (byte >> 6 !== 2) return undefined;
        second = false;
        continue;
      }
      if (byte >= 0x80) {
        if (byte !== 0xc2 && byte !== 0xc3) return undefined;
        second = true;
      }
      if (length % BLOCK === 0) blocks.push(at + i);
      length++;
    }
  }
  if (second) return undefined;

  const total = length;
  return {
    length: total,
    read: (from, count) => {
      if (
        !Number.isSafeInteger(from) ||
        !Number.isSafeInteger(count) ||
        from < 0 ||
        count < 0 ||
        from + count > total
      ) {
        throw new RangeError(`Bytes ${from} to ${from + count} are outside 0 to ${total}.`);
      }
      const out = new Uint8Array(count);
      let position = from - (from % BLOCK);
      let done = 0;
      for (let block = (from / BLOCK) | 0; done < count; block++) {
        const start = blocks[block] ?? utf8.length;
        const part = utf8.read(start, (blocks[block + 1] ?? utf8.length) - start);
        for (let i = 0; i < part.length && done < count; position++) {
          const byte = part[i++] ?? 0;
          const value = byte < 0x80 ? byte : ((byte & 3) << 6) | ((part[i++] ?? 0) & 0x3f);
          if (position >= from) out[done++] = value;
        }
      }
      return out;
    },
  };
}

const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map(
  [
    ["\\", "\\"],
    ["'", "'"],
    ['"', '"'],
    ["a", "\x07"],
    ["b", "\b"],
    ["f", "\f"],
    ["n", "\n"],
    ["r", "\r"],
    ["t", "\t"],
    ["v", "\v"],
  ].map(([letter = "", byte = ""]) => [letter.charCodeAt(0), byte.charCodeAt(0)]),
);

function hexDigit(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
