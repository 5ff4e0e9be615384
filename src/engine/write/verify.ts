import { existsSync } from "node:fs";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { counted } from "../../core/counts";
import { integerText } from "../../core/language";
import type { Certificate, CertifiedFile } from "../../core/sanitize/certificate";
import type { VerifyResult } from "../../core/sanitize/plan";
import type { Progress, Run } from "../engine";
import { HOME_FOLDER } from "../home";
import type { Pool } from "../pool/pool";
import { attemptFolder } from "./attempt";
import { CERTIFICATE, readCertificate } from "./certificate";
import { digestFiles, walk } from "./writtenFiles";

/** Files that systems and CleanSplit itself leave in folders that people only look at. */
const PASSED_OVER = [/(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$/i, new RegExp(`^\\${HOME_FOLDER}/`)];

/**
 * Checks a folder that was written against its certificate, wherever it was moved: reads every file again, and finds what is
 * missing, changed or added. Rejects with a `CleanSplitError` when there is no certificate that can be read.
 */
export async function verifyFolder(folder: string, pool: Pool, run: Run<Progress>): Promise<VerifyResult> {
  const root = path.resolve(folder);
  const certificate = await readCertificate(root);
  if (certificate === null) throw notWritten(root);
  const { counts, files } = certificate;
  const present = new Set((await walk(root, run.signal)).files);
  const listed = new Set(files.map((file) => file.path));
  const there = files.filter((file) => present.has(file.path));
  const found = await digestPresent(root, there, counts.samples, pool, run);
  const added = [...present].filter((file) => !listed.has(file) && file !== CERTIFICATE).sort();
  const isPassedOver = (file: string): boolean => PASSED_OVER.some((pattern) => pattern.test(file));
  const problems = [
    ...contradictions(certificate),
    ...files.filter((file) => !present.has(file.path)).map((file) => l10n.t("{0} is missing.", file.path)),
    ...there.flatMap((file, index) => differenceOf(file, found[index] ?? null)),
    ...added
      .filter((file) => !isPassedOver(file))
      .map((file) => l10n.t("{0} was added; it is not part of the copy.", file)),
  ];
  return {
    folder: root,
    ok: problems.length === 0,
    files: files.length,
    samples: counts.samples,
    verified: holds(certificate, problems.length === 0, added.filter(isPassedOver)),
    problems,
  };
}

/** Reads files; progress is in images, by the share of the bytes. */
async function digestPresent(
  root: string,
  files: readonly CertifiedFile[],
  samples: number,
  pool: Pool,
  run: Run<Progress>,
): Promise<(CertifiedFile | null)[]> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  const paths = files.map((file) => file.path);
  return digestFiles(root, paths, pool, run.signal, (read) => {
    for (const file of read) done += file?.size ?? 0;
    run.progress({
      phase: "verifying",
      done: Math.min(samples, Math.round((samples * done) / Math.max(1, bytes))),
      total: samples,
    });
  });
}

/** A certificate that was changed by hand may not even agree with itself. */
function contradictions({ counts, files }: Certificate): string[] {
  const sum = counts.splits.reduce((total, { samples }) => total + samples, 0);
  const paths = new Set(files.map((file) => file.path));
  return [
    ...(sum === counts.samples
      ? []
      : [
          l10n.t(
            "{0} was changed: its splits hold {1} images, not {2}.",
            CERTIFICATE,
            integerText(sum),
            integerText(counts.samples),
          ),
        ]),
    ...(paths.size === files.length ? [] : [l10n.t("{0} was changed: it names a file twice.", CERTIFICATE)]),
  ];
}

function differenceOf(written: CertifiedFile, found: CertifiedFile | null): string[] {
  const { path: place, size, link } = written;
  if (found === null) {
    return [
      link === undefined
        ? l10n.t("{0} cannot be read.", place)
        : l10n.t("{0} leads to {1}, which is not there.", place, link),
    ];
  }
  if (found.link !== link) {
    return [
      link === undefined
        ? l10n.t("{0} was replaced by a link.", place)
        : l10n.t("{0} no longer leads to {1}.", place, link),
    ];
  }
  if (found.size !== size) {
    return [
      l10n.t("{0} was changed: it has {1} instead of {2}.", place, counted(found.size, "byte"), integerText(size)),
    ];
  }
  return found.sha256 === written.sha256 ? [] : [l10n.t("{0} was changed: its SHA-256 is another one.", place)];
}

function holds({ counts, created, files }: Certificate, ok: boolean, passedOver: readonly string[]): string[] {
  const [first] = passedOver;
  const splits = counts.splits.map(({ name, samples }) => `${name} ${integerText(samples)}`).join(", ");
  return [
    ...(ok
      ? [
          files.length === 1
            ? l10n.t(
                "1 file has the size and the SHA-256 that were certified at {0}; none is missing, none was added.",
                created,
              )
            : l10n.t(
                "{0} files have the size and the SHA-256 that were certified at {1}; none is missing, none was added.",
                integerText(files.length),
                created,
              ),
          l10n.t({
            message: "{0}: {1}.",
            args: [counted(counts.samples, "image"), splits],
            comment: ["{0} e.g. 12 images, {1} how many of them each split has."],
          }),
        ]
      : []),
    ...(first === undefined
      ? []
      : [
          passedOver.length === 1
            ? l10n.t("1 file that is no part of the data was passed over, e.g. {0}.", first)
            : l10n.t(
                "{0} files that are no part of the data were passed over, e.g. {1}.",
                integerText(passedOver.length),
                first,
              ),
        ]),
  ];
}

function notWritten(root: string): CleanSplitError {
  const isInterrupted = existsSync(attemptFolder(root));
  return new CleanSplitError(
    "not-found",
    isInterrupted
      ? l10n.t(
          '{0} was not written to its end. Write the same copy again to go on, or remove what there is with "cleansplit undo {0}".',
          root,
        )
      : l10n.t('{0} holds no {1}: expected a folder that "cleansplit sanitize" wrote.', root, CERTIFICATE),
  );
}
