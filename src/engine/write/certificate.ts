import { open, stat } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { inEnglish } from "../../core/language";
import type { CertifiedFile, CertifiedSplit, Certificate } from "../../core/sanitize/certificate";
import type { ImageTransfer } from "../../core/sanitize/plan";
import { version } from "../../../package.json";
import { isRecord } from "../home";
import { compareNames } from "../sources/listing";
import { codeOf } from "./durable";
import type { Plan, Sentence } from "./outputs";

/** Name of the certificate in the written folder. */
export const CERTIFICATE = "cleansplit-certificate.json";

/** About two million files. A larger file is none that was written here. */
const MOST_BYTES = 400 * 2 ** 20;

/** Files that are made into text at a time. */
const LINES = 4096;

/** Who a certificate is about: digests of dataset and plan. */
export interface Identity {
  readonly dataset: string;
  readonly plan: string;
}

/** The certificate of what a plan wrote. */
export function certificateOf(
  plan: Plan,
  identity: Identity,
  images: ImageTransfer,
  result: readonly Sentence[],
  files: readonly CertifiedFile[],
): Certificate {
  const { dataset } = plan.inspection;
  const splits = plan.splits.map(({ name, role, after, classes }): CertifiedSplit => ({
    name,
    role,
    samples: after,
    classes: Object.fromEntries(Object.entries(classes).map(([label, counts]) => [label, counts.after])),
  }));
  return {
    schema: "cleansplit/certificate@1",
    version,
    created: new Date().toISOString(),
    source: { inputs: dataset.layout.inputs, fingerprint: identity.dataset, samples: dataset.table.count },
    plan: { digest: identity.plan, policy: inEnglish(plan.policy), options: plan.options, images },
    counts: { samples: splits.reduce((sum, { samples }) => sum + samples, 0), splits },
    result: inEnglish(() => result.map((say) => say())),
    files: [...files].sort((a, b) => compareNames(a.path, b.path)),
  };
}

/** Writes a certificate into a folder and flushes it; one line a file, so that two of them can be compared. */
export async function writeCertificate(folder: string, { files, ...certificate }: Certificate): Promise<void> {
  const handle = await open(path.join(folder, CERTIFICATE), "w");
  try {
    const head = JSON.stringify(certificate, null, 2);
    await handle.write(`${head.slice(0, head.lastIndexOf("\n}"))},\n  "files": [`);
    for (let at = 0; at < files.length; at += LINES) {
      const lines = files.slice(at, at + LINES).map((file) => `\n    ${JSON.stringify(file)}`);
      await handle.write(`${at === 0 ? "" : ","}${lines.join(",")}`);
    }
    await handle.write(`\n  ]\n}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The certificate in a folder, `null` when there is none. Rejects with a `CleanSplitError` when it is damaged. */
export async function readCertificate(folder: string): Promise<Certificate | null> {
  const file = path.join(folder, CERTIFICATE);
  try {
    const { size } = await stat(file);
    if (size > MOST_BYTES) throw new RangeError(l10n.t("it has more than {0} bytes", MOST_BYTES));
    return parseCertificate(await readText(file, size));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} is no certificate of CleanSplit: {1}. It was changed after it was written; write the copy again.",
        file,
        messageOf(error),
      ),
    );
  }
}

/** Not more than was asked for, whatever the file becomes meanwhile; and never a pipe. */
async function readText(file: string, size: number): Promise<string> {
  const handle = await open(file, "r");
  try {
    if (!(await handle.stat()).isFile()) throw new TypeError(l10n.t("it is no file"));
    const bytes = Buffer.alloc(size);
    let done = 0;
    for (let read = 1; read > 0 && done < size; done += read) {
      read = (await handle.read(bytes, done, size - done, done)).bytesRead;
    }
    return bytes.toString("utf8", 0, done);
  } finally {
    await handle.close();
  }
}

/** Checks everything that is used of it: a folder may come from anywhere. */
function parseCertificate(text: string): Certificate {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value)) throw new TypeError(l10n.t("it is no object"));
  if (value["schema"] !== "cleansplit/certificate@1") {
    throw new TypeError(
      l10n.t("expected the schema cleansplit/certificate@1, not {0}", JSON.stringify(value["schema"] ?? null)),
    );
  }
  const { counts, files } = value;
  if (!isRecord(counts) || !Number.isSafeInteger(counts["samples"]) || !Array.isArray(counts["splits"])) {
    throw new TypeError(l10n.t("it lacks the counts"));
  }
  if (!counts["splits"].every(isSplit))
    throw new TypeError(l10n.t("a split in it lacks its name or its number of samples"));
  if (!Array.isArray(files)) throw new TypeError(l10n.t("it lacks the files"));
  const wrong = files.findIndex((file) => !isCertifiedFile(file));
  if (wrong >= 0) throw new TypeError(l10n.t("file {0} in it lacks its path, size or SHA-256", wrong + 1));
  return value as unknown as Certificate;
}

function isSplit(value: unknown): boolean {
  return isRecord(value) && typeof value["name"] === "string" && Number.isSafeInteger(value["samples"]);
}

/** Whether a value says of a file what is needed to know it again. */
export function isCertifiedFile(value: unknown): value is CertifiedFile {
  if (!isRecord(value)) return false;
  const { path: place, size, sha256, link } = value;
  return (
    typeof place === "string" &&
    Number.isSafeInteger(size) &&
    typeof sha256 === "string" &&
    (link === undefined || typeof link === "string")
  );
}
