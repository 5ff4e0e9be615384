import { withFile, type OpenFile } from "./bytes";
import { isCifarName, isCifarPickleName, readCifar } from "./cifar";
import { isHdf5, readHdf5 } from "./hdf5";
import { gzipBeginning, isGzip, parseIdxHeader, readIdx } from "./idx";
import { isMat, readMat } from "./mat";
import type { ArrayFile } from "./ndarray";
import { isNpy, readNpy } from "./npy";
import { readNpz } from "./npz";
import { readPickle } from "./pickle";

/** Formats of array files. */
export type Format = "pickle" | "npy" | "npz" | "idx" | "hdf5" | "mat" | "cifar";

const NAMES: readonly (readonly [RegExp, Format])[] = [
  [/\.(?:pickle|pkl|p)$/i, "pickle"],
  [/\.npy$/i, "npy"],
  [/\.npz$/i, "npz"],
  [/(?:[-.]idx\d-ubyte|\.idx)(?:\.gz)?$/i, "idx"],
  [/\.(?:h5|hdf5|hdf|he5)$/i, "hdf5"],
  [/\.mat$/i, "mat"],
];
const READERS: Readonly<Record<Format, (path: string) => ArrayFile | Promise<ArrayFile>>> = {
  pickle: readPickle,
  npy: readNpy,
  npz: readNpz,
  idx: readIdx,
  hdf5: readHdf5,
  mat: readMat,
  cifar: readCifar,
};
const STOP = 0x2e;
/** What pickles of protocols 0 and 1, which have no magic number, begin with: a tuple or dict, a list, a dict. */
const OLD_PICKLE_STARTS = "(]}";

/**
 * Whether the name of a file is that of an array file. Cheap, for listing folders: the file is not looked at, so array
 * files without a telling name are only found by {@link openArrayFile}.
 */
export function isArrayFileName(name: string): boolean {
  return formatOfName(name) !== undefined || isCifarPickleName(name);
}

/**
 * Opens an array file by its content, or by its name where the content does not tell. Gives undefined when neither says
 * that it is one. Throws what the reader of the format throws; a file with the name of a format and other content is
 * given to the reader of that name, whose `CleanSplitError` says what is wrong with it.
 */
export async function openArrayFile(path: string): Promise<ArrayFile | undefined> {
  const format = formatOf(path);
  return format === undefined ? undefined : READERS[format](path);
}

function formatOfName(name: string): Format | undefined {
  return isCifarName(name) ? "cifar" : NAMES.find(([pattern]) => pattern.test(name))?.[1];
}

/** The format of an array file, as {@link openArrayFile} finds it. */
export function formatOf(path: string): Format | undefined {
  return withFile(path, (file) => {
    const format = formatOfFile(file, formatOfName(file.name));
    file.close();
    return format;
  });
}

function formatOfFile(file: OpenFile, named: Format | undefined): Format | undefined {
  const start = file.read(0, Math.min(512, file.length));
  if (isNpy(start)) return "npy";
  if (isMat(start)) return "mat";
  if (isHdf5(file)) return "hdf5";
  if (isZip(start)) {
    // Many formats are zip files, so it has to be named .npz or begin with an array.
    const name = Buffer.from(start.subarray(30, 30 + (start[26] ?? 0) + 256 * (start[27] ?? 0))).toString("latin1");
    return named === "npz" || name.endsWith(".npy") ? "npz" : named;
  }
  if (isPickle(file, start, named === "pickle")) return "pickle";
  const header = parseIdxHeader(start);
  if (header !== undefined && header.offset + header.size === file.length) return "idx";
  if (isGzip(start)) {
    const beginning = gzipBeginning(file);
    if (beginning !== undefined && parseIdxHeader(beginning) !== undefined) return "idx";
  }
  // Many other things are called .p, so that name alone makes nothing a pickle.
  return /\.p$/i.test(file.name) ? undefined : named;
}

function isZip(start: Uint8Array): boolean {
  return start[0] === 0x50 && start[1] === 0x4b && start[2] === 3 && start[3] === 4;
}

function isPickle(file: OpenFile, start: Uint8Array, named: boolean): boolean {
  const [first = 0, protocol = 0] = start;
  const stops = (): boolean => file.read(file.length - 1, 1)[0] === STOP;
  // Two bytes are a weak sign: a file that is not named so must end as a pickle does as well.
  if (first === 0x80 && protocol >= 2 && protocol <= 5) return named || stops();
  return named && OLD_PICKLE_STARTS.includes(String.fromCharCode(first)) && stops();
}
