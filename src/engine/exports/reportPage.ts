import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { escapeHtml } from "../../core/escapeHtml";
import { CleanSplitError } from "../../core/errors";
import { languageTag, TRANSLATIONS, usedTranslations } from "../../core/language";
import type { ReportSnapshot } from "../../core/leakage/snapshot";
import { codeOf } from "../write/durable";
import { piecesWriter, type ExportFile } from "./exportFiles";

/** What `esbuild.mjs` builds the page of a report in one file from. */
const BUNDLE = "reportFile";

/**
 * A report as one HTML file that needs nothing else: the report page with its styles and icons, and a snapshot as its data. It
 * may run only this script, load nothing, and send nothing. It speaks the language that is spoken here, and holds the translations.
 *
 * `snapshot` is made when the place of the file was found to be free. `dist` is the folder with the bundles.
 */
export function reportPage(snapshot: () => Promise<ReportSnapshot>, dist: string, file: string): ExportFile {
  return {
    file,
    write: async (place, signal) => {
      const [script, style] = await Promise.all(["js", "css"].map((kind) => readBundle(dist, kind)));
      const made = await snapshot();
      await piecesWriter(() => pieces(made, safeScript(script ?? ""), style ?? ""))(place, signal);
    },
  };
}

async function readBundle(dist: string, kind: string): Promise<string> {
  const file = path.join(dist, "webview", `${BUNDLE}.${kind}`);
  return readFile(file, "utf8").catch((error: unknown) => {
    throw codeOf(error) === "ENOENT"
      ? new CleanSplitError(
          "not-found",
          l10n.t("{0} is missing. Install CleanSplit again to export reports as HTML.", file),
        )
      : error;
  });
}

function* pieces(snapshot: ReportSnapshot, script: string, style: string): Generator<string> {
  const { report, verdict } = snapshot;
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src blob: data:",
    "font-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  yield `<!DOCTYPE html>
<html lang="${escapeHtml(languageTag() === "en-US" ? "en" : languageTag())}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="CleanSplit ${escapeHtml(snapshot.version)}">
<meta name="description" content="${escapeHtml(verdict.text)}">
<title>${escapeHtml(l10n.t("{0}: CleanSplit report", report.dataset.name))}</title>
<style>`;
  yield style;
  yield `</style>
</head>
<body>
<div id="root"></div>
<noscript>
<h1>${escapeHtml(report.dataset.name)}</h1>
<p>${[verdict.text, ...verdict.details].map(escapeHtml).join("</p>\n<p>")}</p>
<p>${escapeHtml(l10n.t("Allow JavaScript to see the whole report. It runs without a network."))}</p>
</noscript>
${translations()}<script type="application/json" id="snapshot">`;
  yield* jsonPieces(snapshot);
  yield `</script>
<script>`;
  yield script;
  yield `</script>
</body>
</html>
`;
}

/** The translations as an element that the page reads; nothing in English. */
function translations(): string {
  const bundle = usedTranslations();
  return bundle === null ? "" : `<script type="application/json" id="${TRANSLATIONS}">${escapeJson(bundle)}</script>\n`;
}

/** JSON in which nothing can end the element that it stands in. Pictures are most of it, so they are written one by one. */
function* jsonPieces({ pictures, ...rest }: ReportSnapshot): Generator<string> {
  yield `${escapeJson(JSON.stringify(rest)).slice(0, -1)},"pictures":[`;
  for (const [index, picture] of pictures.entries())
    yield (index === 0 ? "" : ",") + escapeJson(JSON.stringify(picture));
  yield "]}";
}

function escapeJson(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

/** A script that does not end the element that it stands in: in strings, the only place of these, `\/` is `/` and `\!` is `!`. */
function safeScript(script: string): string {
  return script.replaceAll(/<(\/script|!--)/gi, (_, end: string) => `<\\${end}`);
}

/** How a policy names what may run: its SHA-256. */
function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
