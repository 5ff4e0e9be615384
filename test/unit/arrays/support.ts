import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { rowCount, type ArrayFile, type NdArray } from "../../../src/engine/sources/arrays/ndarray";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";

/** A folder that exists while the tests of a `describe` run. */
export function temporaryFolder(): { readonly path: string; file(name: string, bytes: Uint8Array): string } {
  let path = "";
  before(() => {
    path = mkdtempSync(join(tmpdir(), "cleansplit-arrays-"));
  });
  after(() => rmSync(path, { recursive: true, force: true }));
  return {
    get path() {
      return path;
    },
    file: (name, bytes) => {
      const file = join(path, name);
      writeFileSync(file, bytes);
      return file;
    },
  };
}

/** All bytes of an array. */
export function bytesOf(array: NdArray): Uint8Array {
  return array.rows(0, rowCount(array));
}

/** Arrays as "key dtype [shape] bytes in hex", read and closed. */
export function summary(file: ArrayFile): string[] {
  try {
    return file.arrays.map(
      (array) => `${array.key} ${array.dtype} [${array.shape.join()}] ${Buffer.from(bytesOf(array)).toString("hex")}`,
    );
  } finally {
    file.close();
  }
}

/** Asserts that `read` refuses for `reason` with a message that matches, and gives the message. */
export function refuses(read: () => unknown, reason: ErrorReason, message: RegExp): string {
  let text = "";
  assert.throws(read, (error: unknown) => {
    assert(error instanceof CleanSplitError, String(error));
    assert.match(error.message, message);
    assert.equal(error.reason, reason, error.message);
    text = error.message;
    return true;
  });
  return text;
}

/** The same of a reader that answers later. */
export async function refusesLater(read: () => Promise<unknown>, reason: ErrorReason, message: RegExp): Promise<void> {
  const failure = await read().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  refuses(
    () => {
      if (failure !== null) throw failure;
    },
    reason,
    message,
  );
}

/** Bytes of numbers, Latin-1 text and bytes. */
export function bytes(...parts: readonly (number | string | Uint8Array)[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === "number" ? Buffer.of(part) : typeof part === "string" ? Buffer.from(part, "latin1") : part,
    ),
  );
}

export function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

export function u64(value: number | bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

/** An npy file, version 1, with any header text. */
export function npy(header: string, data: Uint8Array, version = 1): Buffer {
  const text = Buffer.from(header, version === 3 ? "utf8" : "latin1");
  const length = version === 1 ? u32(text.length).subarray(0, 2) : u32(text.length);
  return bytes("\x93NUMPY", version, 0, length, text, data);
}

/** An entry of a zip file that may tell lies. */
export interface ForgedEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Size after unpacking, in the directory. */
  readonly size?: number;
  readonly packedSize?: number;
  readonly localName?: string;
  /** Where the directory says that the entry begins. */
  readonly at?: number;
  /** Puts the sizes and the place into a zip64 field. */
  readonly wide?: boolean;
}

/** A zip file, by default a valid one. */
export function zip(
  entries: readonly ForgedEntry[],
  forged: { readonly count?: number; readonly offset?: number; readonly wide?: boolean } = {},
): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, method = 0, flags = 0, wide = false, ...lies } of entries) {
    const localName = lies.localName ?? name;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(Buffer.byteLength(localName), 26);
    const size = lies.size ?? data.length;
    const packedSize = lies.packedSize ?? data.length;
    const header = lies.at ?? at;
    const record = Buffer.alloc(46);
    record.writeUInt32LE(0x02014b50);
    record.writeUInt16LE(flags, 8);
    record.writeUInt16LE(method, 10);
    record.writeUInt32LE(lies.crc ?? crc32(data), 16);
    record.writeUInt32LE(wide ? 0xffffffff : packedSize, 20);
    record.writeUInt32LE(wide ? 0xffffffff : size, 24);
    record.writeUInt16LE(Buffer.byteLength(name), 28);
    const extra = wide
      ? bytes("\x99\x99\x02\x00??", "\x01\x00\x18\x00", u64(size), u64(packedSize), u64(header))
      : Buffer.of();
    record.writeUInt16LE(extra.length, 30);
    record.writeUInt32LE(wide ? 0xffffffff : header, 42);
    parts.push(local, Buffer.from(localName), Buffer.from(data));
    directory.push(record, Buffer.from(name), extra);
    at += 30 + Buffer.byteLength(localName) + data.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  const count = forged.count ?? entries.length;
  const offset = forged.offset ?? at;
  const wide = forged.wide ?? false;
  end.writeUInt16LE(wide ? 0xffff : count, 10);
  end.writeUInt32LE(wide ? 0xffffffff : listing.length, 12);
  end.writeUInt32LE(wide ? 0xffffffff : offset, 16);
  const wideEnd = wide
    ? bytes(
        ...["PK\x06\x06", u64(44), Buffer.alloc(4 + 8), u64(count), u64(count), u64(listing.length), u64(offset)],
        ...["PK\x06\x07", u32(0), u64(at + listing.length), u32(1)],
      )
    : Buffer.of();
  return Buffer.concat([...parts, listing, wideEnd, end]);
}
