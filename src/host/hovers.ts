import path from "node:path";
import * as vscode from "vscode";
import type { SampleView } from "../core/leakage/report";
import { HOME_FOLDER } from "../engine/home";
import { isPartOf } from "../engine/recognition/inputs";
import { hoveredCell, hoveredJson } from "./hoveredText";
import { picturesInMarkdown, withPictures } from "./markdown";
import { readPictures } from "./pictures";
import type { DatasetSession, DatasetSessions } from "./session";
import { placeOf } from "./views/datasetItems";

/** Files that may name samples: manifests, plans, decisions, choices, labels, and lists of images. */
const DOCUMENTS: vscode.DocumentSelector = [
  { scheme: "file", pattern: "**/*.{json,jsonc,jsonl,ndjson,csv,tsv}" },
  { scheme: "untitled", language: "json" },
];

/** Longer side of a picture in a hover, in pixels. */
const SIDE = 128;

/** A look-up that takes longer is given up: a hover must never be in the way. */
const PATIENCE_MS = 500;

/** Where a plan or certificate names the inputs of its dataset, in lines from its beginning. */
const HEAD_LINES = 60;

/** Shows the picture of a sample, its split and its label, where a file names it whose dataset was inspected. */
export class SampleHovers implements vscode.HoverProvider, vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #subscription: vscode.Disposable;

  constructor(sessions: DatasetSessions) {
    this.#sessions = sessions;
    this.#subscription = vscode.languages.registerHoverProvider(DOCUMENTS, this);
  }

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | null> {
    const sessions = this.#sessions.all.filter((session) => session.result !== null && isAbout(document, session));
    if (sessions.length === 0) return null;
    const line = document.lineAt(position.line).text;
    const isTable = /\.[ct]sv$/i.test(document.fileName);
    const hovered = isTable ? hoveredCell(line, position.character) : hoveredJson(line, position.character);
    if (hovered === null) return null;
    for (const session of sessions) {
      const samples = await findSamples(session, document, hovered.names, token);
      if (samples.length === 0) continue;
      const range = new vscode.Range(position.line, hovered.start, position.line, hovered.end);
      return new vscode.Hover(await contentOf(session, samples, hovered.said, token), range);
    }
    return null;
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

/** Whether a file may name samples of a dataset: one within it, one in a folder above it, or one that names its input. */
function isAbout(document: vscode.TextDocument, { request }: DatasetSession): boolean {
  const folder = homeOf(document);
  const isNear = request.inputs.some(
    (input) => isPartOf(document.fileName, input) || (!document.isUntitled && isPartOf(input, folder)),
  );
  if (isNear) return true;
  const head = document.getText(new vscode.Range(0, 0, HEAD_LINES, 0));
  return request.inputs.some((input) => head.includes(JSON.stringify(input)));
}

/** What names in a file start from: its folder, or the one above when that holds what people decided. */
function homeOf(document: vscode.TextDocument): string {
  const folder = path.dirname(document.fileName);
  return path.basename(folder) === HOME_FOLDER ? path.dirname(folder) : folder;
}

/** The samples that names mean: as ids, or as paths from the file. */
async function findSamples(
  session: DatasetSession,
  document: vscode.TextDocument,
  names: readonly string[],
  token: vscode.CancellationToken,
): Promise<readonly SampleView[]> {
  const home = homeOf(document);
  const asked = names.flatMap((name) => [name, path.resolve(home, name)]);
  const found = await session.glance(
    (engine, inspection, run) => engine.findSamples({ inspection, names: asked }, run),
    token,
    PATIENCE_MS,
  );
  if (found === null) return [];
  return names.flatMap((_, index) => found[2 * index] ?? found[2 * index + 1] ?? []);
}

async function contentOf(
  session: DatasetSession,
  samples: readonly SampleView[],
  said: string | null,
  token: vscode.CancellationToken,
): Promise<vscode.MarkdownString> {
  const pictures = await readPictures(
    session,
    samples.map(({ sample }) => sample),
    SIDE,
    token,
  );
  const texts = samples.map((view) => [view.id, placeOf(view)]);
  const entry = said === null ? [] : [[vscode.l10n.t("Said by a person: {0}", said)]];
  return new vscode.MarkdownString(withPictures(picturesInMarkdown(pictures, SIDE), [...texts, ...entry]));
}
