import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { printable, withFile, type OpenFile } from "../arrays/bytes";
import { openArchive, type ArchiveEntry, type EntryKind } from "./archive";
import type { PackedFile } from "./packedFile";

/** An entry of a tar file, with where it lies. */
export interface TarEntry extends ArchiveEntry {
  /** Where it begins with the headers that belong to it, and where the next one does, in bytes. */
  readonly start: number;
  readonly end: number;
  /** What a hard link leads to; "" for all else. */
  readonly target: string;
}

/** Everything in a tar file is padded to blocks of this size. */
export const BLOCK = 512;

/** Bytes that are read at a time where entries are small, and where they are large and only their headers are read. */
const [MUCH, LITTLE] = [1 << 18, 1 << 12];

/** Most bytes of a header for a long name or for other properties. */
const MAX_EXTENDED_BYTES = 1 << 20;

/** What the type of an entry says; types that are not here are special files, or unknown. */
const KINDS: Readonly<Record<string, EntryKind>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "link",
  "5": "folder",
  S: "sparse",
};

/** Opens a tar file of images, which is not compressed. Throws as {@link listTar} and {@link openArchive} do. */
export async function readTar(path: string): Promise<PackedFile> {
  return withFile(path, (file) => openArchive(file, listTar(file)));
}

/**
 * The entries of a tar file in their order: ustar, the long names of GNU, and the paths and sizes of pax. Only headers are
 * read. tar-stream would read all of the data on its way, and does not say where it lies.
 *
 * Throws a `CleanSplitError` ("corrupt") for a header that is damaged and for an entry that is longer than the file.
 */
export function* listTar(file: OpenFile): Generator<TarEntry> {
  const headers = new Headers(file);
  let long: Extended = {};
  let start = 0;
  for (let at = 0; at + BLOCK <= file.length;) {
    const header = headers.at(at);
    // Blocks of zeros end the archive; what comes after them is no part of it.
    if (header.every((byte) => byte === 0)) return;
    if (!isWhole(header)) throw damaged(file, l10n.t("there is no header at byte {0}", integerText(at)));
    const type = String.fromCharCode(header[156] ?? 0);
    const isExtended = EXTENDED.has(type);
    const size = (isExtended ? undefined : long.size) ?? numberAt(header, 124, 12);
    const offset = at + BLOCK;
    const end = offset + Math.ceil(size / BLOCK) * BLOCK;
    const name = long.path ?? nameOf(header);
    if (!Number.isSafeInteger(size) || size < 0)
      throw damaged(file, l10n.t("the size of {0} is no number", printable(name)));
    if (offset + size > file.length) {
      throw new CleanSplitError(
        "corrupt",
        l10n.t(
          "{0} ends early or is forged: {1} should have {2} bytes, and {3} are there. Download it again.",
          file.name,
          printable(name),
          integerText(size),
          integerText(Math.max(0, file.length - offset)),
        ),
      );
    }
    if (isExtended) {
      if (size > MAX_EXTENDED_BYTES) throw damaged(file, l10n.t("a header has {0} bytes", integerText(size)));
      // What holds for all entries that follow is nothing that is needed here.
      if (type !== "g") long = { ...long, ...extendedOf(type, file.read(offset, size)) };
      if (type === "g") start = end;
    } else {
      const kind = long.isSparse === true ? "sparse" : kindOf(type, name);
      const target = type === "1" ? (long.target ?? textAt(header, 157, 100)) : "";
      const place = { offset, packedSize: size, size, isDeflated: false, crc: null };
      yield { name, kind, target, start, end, ...place };
      long = {};
      start = end;
    }
    at = end;
  }
}

/** Owner, mode and time of an entry by the header at its data, as tar-stream takes them. */
export function ownerOf(header: Uint8Array): {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
  readonly uname: string;
  readonly gname: string;
} {
  const known = (value: number, other: number): number => (Number.isSafeInteger(value) && value >= 0 ? value : other);
  return {
    mode: known(numberAt(header, 100, 8), 0o644) & 0o7777,
    uid: known(numberAt(header, 108, 8), 0),
    gid: known(numberAt(header, 116, 8), 0),
    mtime: new Date(known(numberAt(header, 136, 12), 0) * 1000),
    uname: textAt(header, 265, 32),
    gname: textAt(header, 297, 32),
  };
}

/** Headers with what they stand for: of all files that follow, of the next one, its long name, and its long target. */
const EXTENDED: ReadonlySet<string> = new Set(["g", "x", "L", "K"]);

/** Properties of the next entry that do not fit into its header. */
interface Extended {
  readonly path?: string;
  readonly target?: string;
  readonly size?: number;
  readonly isSparse?: boolean;
}

/** Reads headers that follow one another, many at a time where they are near each other. */
class Headers {
  private bytes = new Uint8Array();
  private from = 0;

  constructor(private readonly file: OpenFile) {}

  /** The header at a position with a whole block behind it; valid until the next call. */
  at(position: number): Uint8Array {
    const gap = position - this.from - this.bytes.length;
    if (position < this.from || gap > -BLOCK) {
      const count = Math.min(gap < MUCH ? MUCH : LITTLE, this.file.length - position);
      this.bytes = this.file.read(position, count);
      this.from = position;
    }
    return this.bytes.subarray(position - this.from, position - this.from + BLOCK);
  }
}

/** Whether the checksum of a header is right: the sum of its bytes, which some programs take as signed. */
function isWhole(header: Uint8Array): boolean {
  let [unsigned, signed] = [0, 0];
  for (let at = 0; at < BLOCK; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (header[at] ?? 0);
    unsigned += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  const sum = numberAt(header, 148, 8);
  return sum === unsigned || sum === signed;
}

/** A number in octal digits, or in binary where they would not be enough; NaN for anything else. */
function numberAt(header: Uint8Array, from: number, length: number): number {
  const first = header[from] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = first & 0x7f;
    for (let at = from + 1; at < from + length; at++) value = value * 256 + (header[at] ?? 0);
    return value;
  }
  const text = textAt(header, from, length).trim();
  return text === "" ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : NaN;
}

/** The name in a header; ustar has a second field for its beginning. */
function nameOf(header: Uint8Array): string {
  const name = textAt(header, 0, 100);
  const prefix = textAt(header, 257, 6) === "ustar" ? textAt(header, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function textAt(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return decodeText(end < 0 ? field : field.subarray(0, end));
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text in UTF-8; in Latin-1, which takes any bytes, where it is not that. */
function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return Buffer.from(bytes).toString("latin1");
  }
}

function kindOf(type: string, name: string): EntryKind {
  const kind = KINDS[type] ?? "special";
  // Before there was a type for folders their names ended so.
  return kind === "file" && name.endsWith("/") ? "folder" : kind;
}

function extendedOf(type: string, bytes: Uint8Array): Extended {
  if (type === "L") return { path: textAt(bytes, 0, bytes.length) };
  if (type === "K") return { target: textAt(bytes, 0, bytes.length) };
  return paxOf(bytes);
}

/** Records of pax: "27 path=train/A/1.png\n", where 27 is the length of the record. What is damaged ends them. */
function paxOf(bytes: Uint8Array): Extended {
  const found: { -readonly [K in keyof Extended]: Extended[K] } = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 || space - at > 8 ? "" : Buffer.from(bytes.subarray(at, space)).toString("latin1");
    const end = at + Number(digits);
    if (!/^[1-9]\d*$/.test(digits) || end > bytes.length || end <= space) break;
    const record = bytes.subarray(space + 1, end - 1);
    const equals = record.indexOf(0x3d);
    const key = Buffer.from(record.subarray(0, Math.max(0, equals))).toString("latin1");
    const value = (): string => decodeText(record.subarray(equals + 1));
    if (key === "path") found.path = value();
    if (key === "linkpath") found.target = value();
    if (key === "size") found.size = /^\d+$/.test(value()) ? Number(value()) : NaN;
    if (key.startsWith("GNU.sparse.")) found.isSparse = true;
    at = end;
  }
  return found;
}

function damaged(file: OpenFile, problem: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is a damaged tar file: {1}. Download it again.", file.name, problem),
  );
}
