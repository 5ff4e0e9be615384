import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import type { CertifiedFile } from "../../core/sanitize/certificate";
import { codeOf, flushFileSync, writeError } from "../write/durable";
import { MAX_MILLISECONDS } from "./fingerprintFiles";
import type { CopiedFiles, DigestedFiles, JobParameter } from "./jobs";

type CopyParameter = JobParameter<"copy">;

/** Bytes that are hashed at a time. */
const PIECE = 1 << 20;

/** What file systems give a file at least, in bytes. */
const BLOCK = 4096;

/**
 * Brings image files into a folder until the time of a job is over, flushed, and checks each against the MD5 of its
 * inspection. What is there already as it should be is left so. Throws a `CleanSplitError` that names the file.
 */
export function copyFiles(parameter: CopyParameter, md5: Md5): CopiedFiles {
  const { root, out, from, to, digests, transfer } = parameter;
  const started = performance.now();
  const files: CertifiedFile[] = [];
  while (files.length < from.length && (files.length === 0 || performance.now() - started < MAX_MILLISECONDS)) {
    const index = files.length;
    const [source, name] = [path.join(root, from[index] ?? ""), to[index] ?? ""];
    const expected = digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
    files.push(bring(source, path.join(out, name), name, transfer, expected, md5));
  }
  if (transfer === "copy" || transfer === "reflink") {
    // Together at the end: the system has begun to write the first ones meanwhile.
    for (const { path: name } of files) flush(path.join(out, name));
  }
  return { files };
}

function bring(
  source: string,
  target: string,
  name: string,
  transfer: CopyParameter["transfer"],
  expected: Uint8Array,
  md5: Md5,
): CertifiedFile {
  const known = existing(source, target, name, transfer);
  if (known !== null && isExpected(known.bytes, expected, md5)) return known.file;
  if (known !== null || lstatSync(target, { throwIfNoEntry: false }) !== undefined) rmSync(target);
  transferFile(source, target, transfer);
  const made = existing(source, target, name, transfer);
  if (made !== null && isExpected(made.bytes, expected, md5)) return made.file;
  throw new CleanSplitError(
    "changed",
    l10n.t("{0} is not what it was when it was inspected. Inspect the dataset again, then write it.", source),
  );
}

function isExpected(bytes: Uint8Array, expected: Uint8Array, md5: Md5): boolean {
  const found = new Uint8Array(DIGEST_BYTES);
  md5.into(found, 0, bytes);
  return found.every((byte, at) => byte === expected[at]);
}

/** What lies at a target, when it is of the kind that is to be there. */
function existing(
  source: string,
  target: string,
  path: string,
  transfer: CopyParameter["transfer"],
): { readonly file: CertifiedFile; readonly bytes: Uint8Array } | null {
  const stats = lstatSync(target, { throwIfNoEntry: false });
  if (stats === undefined || stats.isSymbolicLink() !== (transfer === "symlink")) return null;
  if (transfer === "hardlink" && stats.ino !== statSync(source, { throwIfNoEntry: false })?.ino) return null;
  const link = transfer === "symlink" ? { link: readlinkSync(target) } : {};
  if (link.link !== undefined && link.link !== source) return null;
  const bytes = read(source, target);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file: { path, size: bytes.length, sha256, ...link }, bytes };
}

function read(source: string, target: string): Uint8Array {
  try {
    return readFileSync(target);
  } catch (error) {
    // A link whose file is gone.
    if (codeOf(error) === "ENOENT") throw vanished(source);
    throw error;
  }
}

function transferFile(source: string, target: string, transfer: CopyParameter["transfer"]): void {
  try {
    mkdirSync(path.dirname(target), { recursive: true });
    switch (transfer) {
      case "copy":
        copyFileSync(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
        return;
      case "reflink":
        copyFileSync(source, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL);
        return;
      case "hardlink":
        linkSync(realFile(source), target);
        return;
      case "symlink":
        // Absolute, so that the written folder can be moved.
        symlinkSync(source, target, "file");
    }
  } catch (error) {
    if (lstatSync(source, { throwIfNoEntry: false }) === undefined) throw vanished(source);
    throw transferError(source, target, transfer, error);
  }
}

/** A hard link to a link would not hold the image. */
function realFile(source: string): string {
  return lstatSync(source).isSymbolicLink() ? realpathSync(source) : source;
}

function transferError(source: string, target: string, transfer: CopyParameter["transfer"], error: unknown): Error {
  const code = codeOf(error);
  const isUnable = ["ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EINVAL", "ENOTTY"].includes(code);
  const refused = (message: string): Error => new CleanSplitError("refused", message);
  if (transfer === "reflink" && isUnable) {
    return refused(
      l10n.t(
        "{0} cannot share its blocks with a copy: that takes Btrfs, XFS, APFS or the like, and source and copy on one volume. Write plain copies instead.",
        source,
      ),
    );
  }
  if (transfer === "hardlink" && (isUnable || code === "EPERM" || code === "EMLINK")) {
    return refused(
      l10n.t(
        "{0} cannot get a hard link: source and copy must lie on one volume whose file system has them. Write plain copies instead.",
        source,
      ),
    );
  }
  if (transfer === "symlink" && (isUnable || code === "EPERM")) {
    return refused(
      l10n.t(
        "{0} cannot get a symbolic link: Windows allows them in Developer Mode only, and some file systems have none. Write plain copies instead.",
        source,
      ),
    );
  }
  if (code === "EACCES" && !isReadable(source)) {
    return new CleanSplitError("forbidden", l10n.t("{0} cannot be read: there is no permission.", source));
  }
  return writeError(target, error);
}

function isReadable(file: string): boolean {
  try {
    closeSync(openSync(file, "r"));
    return true;
  } catch {
    return false;
  }
}

function vanished(source: string): CleanSplitError {
  return new CleanSplitError(
    "changed",
    l10n.t("{0} is no longer there. Put it back, or inspect the dataset again, then write it.", source),
  );
}

function flush(file: string): void {
  try {
    flushFileSync(file);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** Bytes that copies of files take on a disk, in whole blocks. Throws a `CleanSplitError` for a file that is gone. */
export function measureFiles({ root, paths }: JobParameter<"measure">): number {
  let sum = 0;
  for (const name of paths) {
    const stats = statSync(path.join(root, name), { throwIfNoEntry: false });
    if (stats === undefined) throw vanished(path.join(root, name));
    sum += Math.ceil(stats.size / BLOCK) * BLOCK;
  }
  return sum;
}

/** Size and SHA-256 of files, in order, until the time of a job is over; `null` for one that is not there or not readable. */
export function digestFiles({ root, paths }: JobParameter<"digest">): DigestedFiles {
  const started = performance.now();
  const files: (CertifiedFile | null)[] = [];
  while (files.length < paths.length && (files.length === 0 || performance.now() - started < MAX_MILLISECONDS)) {
    files.push(digestFile(root, paths[files.length] ?? ""));
  }
  return { files };
}

function digestFile(root: string, name: string): CertifiedFile | null {
  const file = path.join(root, name);
  try {
    const link = lstatSync(file).isSymbolicLink() ? { link: readlinkSync(file) } : {};
    // A pipe would be waited for.
    if (!statSync(file).isFile()) return null;
    const descriptor = openSync(file, "r");
    try {
      return { path: name, size: fstatSync(descriptor).size, sha256: sha256Of(descriptor), ...link };
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "EACCES", "EPERM", "ELOOP", "EISDIR", "EIO"].includes(codeOf(error))) return null;
    throw error;
  }
}

const piece = new Uint8Array(PIECE);

function sha256Of(descriptor: number): string {
  const hash = createHash("sha256");
  for (let count = readSync(descriptor, piece); count > 0; count = readSync(descriptor, piece)) {
    hash.update(piece.subarray(0, count));
  }
  return hash.digest("hex");
}
