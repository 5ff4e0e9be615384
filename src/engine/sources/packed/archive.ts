import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { crc32 } from "../../decode/crc32";
import { isImageFileName } from "../../decode/formats";
import { grouped, OpenFile } from "../arrays/bytes";
import { inflate, isPlausible } from "../arrays/inflate";
import { reasonToSkipFolder, reasonToSkipName, summarise, type Ignored } from "../listing";
import { compareBytes } from "../names";
import { cleanPath } from "./entryPath";
import type { ArchivePlaces, PackedFile, PackedImage, PackedImages } from "./packedFile";
import { packedKindOf } from "./packedKind";
import { companionLabels, isCompanion, type Companions } from "./webDataset";

/** What an entry of an archive is. */
export type EntryKind = "file" | "folder" | "link" | "sparse" | "special";

/** An entry of an archive, as its header says. */
export interface ArchiveEntry {
  /** As it stands there; not to be trusted. */
  readonly name: string;
  readonly kind: EntryKind;
  /** Where its data begins and how many bytes there are; both are inside the archive. */
  readonly offset: number;
  readonly packedSize: number;
  /** Bytes of the file itself. */
  readonly size: number;
  readonly isDeflated: boolean;
  readonly crc: number | null;
}

/** An entry that is an image. */
interface ImageEntry {
  readonly folder: string;
  readonly name: string;
  readonly entry: ArchiveEntry;
}

/** Larger images are not read; none is that large. */
const MAX_IMAGE_BYTES = 2 ** 30;

/** What unpacks to so many bytes, and to so many times its size, is no image but a trap. */
const [BOMB_BYTES, BOMB_RATIO] = [2 ** 26, 200];

/** Entries that are told of when they are left out. */
const MOST_IGNORED = 1000;

/** Why entries are left out that are no plain files. */
const KIND_REASONS: Readonly<Record<Exclude<EntryKind, "file" | "folder">, () => string>> = {
  link: () => l10n.t("link, which is not followed in an archive"),
  sparse: () => l10n.t("file with holes, which is not read from an archive"),
  special: () => l10n.t("neither a file nor a folder"),
};

/**
 * The images of an archive with these entries, in the order of their folders and then of their names, as those of a folder
 * are. Takes `file` over. Throws a `CleanSplitError` for a path that leads out of the archive, and for two files of one name.
 */
export function openArchive(file: OpenFile, entries: Iterable<ArchiveEntry>): PackedFile {
  const { images, companions, ignored } = sortOut(file, entries);
  const isWide = images.some(({ folder, name }) => /[\ud800-\udfff]/.test(folder + name));
  const compare = isWide ? compareBytes : (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  images.sort((a, b) => compare(a.folder, b.folder) || compare(a.name, b.name));
  const names = images.map(({ folder, name }) => (folder === "" ? name : `${folder}/${name}`));
  const places = placesOf(images);
  const labels = companionLabels(names, companions, (entry) => bytesOfEntry(file, entry));
  const all: PackedImages = { key: "", count: images.length, names, ...labels, places };
  return { path: file.path, images: [all], ignored, notes: [], ...readerOf(file, places) };
}

/** Opens an archive whose places are known, only to read its images. */
export function openListed(path: string, places: ArchivePlaces): PackedFile {
  const file = new OpenFile(path);
  return { path, images: [], ignored: [], notes: [], ...readerOf(file, places) };
}

function readerOf(file: OpenFile, places: ArchivePlaces): Pick<PackedFile, "read" | "close"> {
  return {
    async read(_key, from, count): Promise<PackedImage[]> {
      if (from < 0 || count < 0 || from + count > places.sizes.length) {
        throw new RangeError(`${file.name} has ${places.sizes.length} images, not ${from + count}.`);
      }
      return Array.from({ length: count }, (_, index) => readImage(file, entryAt(places, from + index)));
    },
    close: () => file.close(),
  };
}

function sortOut(
  file: OpenFile,
  entries: Iterable<ArchiveEntry>,
): { readonly images: ImageEntry[]; readonly companions: Companions; readonly ignored: readonly Ignored[] } {
  const images: ImageEntry[] = [];
  const companions = new Map<string, ArchiveEntry>();
  const leftOut = new Map<string, { readonly name: string; readonly reason: string }[]>();
  const seen = new Set<string>();
  for (const entry of entries) {
    const path = cleanPath(entry.name, file.name);
    if (entry.kind === "folder" || path === "") continue;
    if (seen.has(path)) {
      throw new CleanSplitError(
        "corrupt",
        l10n.t("{0} holds {1} twice. Unpack it and inspect the folder, or pack its files anew.", file.name, path),
      );
    }
    seen.add(path);
    const slash = path.lastIndexOf("/");
    const [folder, name] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
    const reason = reasonToSkip(folder, name, entry.kind);
    if (reason === null && isImageFileName(name)) images.push({ folder, name, entry });
    else if (reason === null) companions.set(path, entry);
    else {
      const known = leftOut.get(folder);
      if (known === undefined) leftOut.set(folder, [{ name, reason }]);
      else known.push({ name, reason });
    }
  }
  const ignored = [...leftOut].flatMap(([folder, entriesOfFolder]) => summarise(folder, entriesOfFolder));
  return { images, companions, ignored: shortened(ignored) };
}

/** Why an entry is neither an image nor says anything about one; `null` when it may be or do so. */
function reasonToSkip(folder: string, name: string, kind: EntryKind): string | null {
  if (kind !== "file" && kind !== "folder") return KIND_REASONS[kind]();
  for (const part of folder === "" ? [] : folder.split("/")) {
    const reason = reasonToSkipFolder(part);
    if (reason !== null) {
      return l10n.t({ message: "in a {0}", args: [reason], comment: ["{0} what a folder is, e.g. hidden folder."] });
    }
  }
  const hidden = reasonToSkipName(name);
  if (hidden !== null) return hidden;
  if (isImageFileName(name) || isCompanion(name)) return null;
  return packedKindOf(name) === undefined
    ? l10n.t("not an image by its name")
    : l10n.t("archive in an archive, which is not opened");
}

function shortened(ignored: readonly Ignored[]): readonly Ignored[] {
  if (ignored.length <= MOST_IGNORED) return ignored;
  const more = ignored.length - MOST_IGNORED;
  return [
    ...ignored.slice(0, MOST_IGNORED),
    { path: "...", reason: l10n.t("{0} more that are no images", integerText(more)) },
  ];
}

function placesOf(images: readonly ImageEntry[]): ArchivePlaces {
  const numbers = (of: (entry: ArchiveEntry) => number): Float64Array => {
    const column = new Float64Array(new SharedArrayBuffer(images.length * Float64Array.BYTES_PER_ELEMENT));
    images.forEach(({ entry }, index) => (column[index] = of(entry)));
    return column;
  };
  const isDeflated = new Uint8Array(new SharedArrayBuffer(images.length));
  images.forEach(({ entry }, index) => (isDeflated[index] = entry.isDeflated ? 1 : 0));
  const crcs = new Uint32Array(new SharedArrayBuffer(images.length * Uint32Array.BYTES_PER_ELEMENT));
  images.forEach(({ entry }, index) => (crcs[index] = entry.crc ?? 0));
  return {
    offsets: numbers(({ offset }) => offset),
    packedSizes: numbers(({ packedSize }) => packedSize),
    sizes: numbers(({ size }) => size),
    isDeflated,
    crcs: images.some(({ entry }) => entry.crc !== null) ? crcs : null,
  };
}

type Place = Pick<ArchiveEntry, "offset" | "packedSize" | "size" | "isDeflated" | "crc">;

function entryAt({ offsets, packedSizes, sizes, isDeflated, crcs }: ArchivePlaces, image: number): Place {
  return {
    offset: offsets[image] ?? 0,
    packedSize: packedSizes[image] ?? 0,
    size: sizes[image] ?? 0,
    isDeflated: isDeflated[image] === 1,
    crc: crcs?.[image] ?? null,
  };
}

function readImage(file: OpenFile, place: Place): PackedImage {
  const { packedSize, size } = place;
  const fault = (reason: string): PackedImage => ({ kind: "fault", reason });
  if (size > MAX_IMAGE_BYTES) return fault(`it has ${grouped(size)} bytes, more than an image can have`);
  const isBomb = size > BOMB_BYTES && size > packedSize * BOMB_RATIO;
  if (isBomb || !isPlausible(packedSize, size)) {
    return fault(`${grouped(packedSize)} bytes are said to unpack to ${grouped(size)}, which no image does`);
  }
  const bytes = bytesOfEntry(file, place);
  return bytes === null ? fault("its compressed data is damaged") : { kind: "encoded", bytes };
}

/** The bytes of a file in an archive; `null` when they are not as the archive says. */
function bytesOfEntry(file: OpenFile, { offset, packedSize, size, isDeflated, crc }: Place): Uint8Array | null {
  const packed = file.read(offset, packedSize);
  let bytes: Uint8Array = packed;
  if (isDeflated) {
    const result = inflate(packed, "deflate", size);
    if (result.state !== "complete") return null;
    bytes = result.bytes;
  }
  return crc === null || crc32(bytes, 0, bytes.length) === crc ? bytes : null;
}
