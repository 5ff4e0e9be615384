import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import type { SampleFault, SampleView } from "../core/leakage/report";
import { CleanSplitError } from "../core/errors";
import type { DatasetSession } from "./session";

/** Longer side of a picture that is opened by itself, in pixels. */
const PREVIEW_SIZE = 512;

/** What of a sample is needed to open it. */
export type OpenableSample = Pick<SampleView, "sample" | "id" | "file" | "isImageFile">;

/** Opens samples as pictures: image files as they are, rows of arrays through a small picture in a temporary folder. */
export class SampleOpener {
  readonly #folder: string;
  #isEmpty = false;

  constructor(storage: vscode.Uri) {
    this.#folder = vscode.Uri.joinPath(storage, "previews").fsPath;
  }

  /** Opens one in the tab that the next one takes, or in a tab of its own, which `stays`. */
  async open(session: DatasetSession, sample: OpenableSample, stays = false): Promise<void> {
    const file = sample.isImageFile ? sample.file : await this.#writePreview(session, sample);
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(file), { preview: !stays });
  }

  async #writePreview(session: DatasetSession, sample: OpenableSample): Promise<string> {
    const run = { signal: new AbortController().signal, progress: () => undefined };
    const request = { samples: [sample.sample], size: PREVIEW_SIZE };
    const [thumbnail] = await session.read((engine, inspection) => engine.thumbnails({ inspection, ...request }, run));
    if (thumbnail === undefined || thumbnail.png.length === 0) {
      throw new CleanSplitError("unsupported", vscode.l10n.t("{0} has no picture that could be shown.", sample.id));
    }
    // What an earlier window left is not needed any more.
    if (!this.#isEmpty) await rm(this.#folder, { recursive: true, force: true });
    this.#isEmpty = true;
    // Rows of different arrays can have one name.
    const folder = path.join(this.#folder, session.id, String(sample.sample));
    await mkdir(folder, { recursive: true });
    const file = path.join(folder, `${sampleName(sample.id).replaceAll(/[^\w.[\]-]+/g, "_")}.png`);
    await writeFile(file, thumbnail.png);
    return file;
  }
}

/** Shows a file or folder where people look for it: in the Explorer when it lies in the workspace, else in the system. */
export async function reveal(file: string): Promise<void> {
  const uri = vscode.Uri.file(file);
  const inWorkspace = vscode.workspace.getWorkspaceFolder(uri) !== undefined;
  if (inWorkspace) return vscode.commands.executeCommand("revealInExplorer", uri);
  // A window that looks at another machine cannot show that machine's file manager.
  if (vscode.env.remoteName === undefined) return vscode.commands.executeCommand("revealFileInOS", uri);
  return vscode.commands.executeCommand("vscode.openFolder", uri, { forceNewWindow: true });
}

/** A sample without the path that all samples beside it share: `a.png`, or `train_dataset[17]` for a row of an array. */
export function sampleName(id: string): string {
  return /#([^#/]*\[\d+\])$/.exec(id)?.[1] ?? path.basename(id);
}

/** Remembers the samples that a page was sent, so that it can name one by its number. */
export class SeenSamples {
  readonly #views = new Map<number, OpenableSample>();

  add(views: Iterable<OpenableSample>): void {
    for (const view of views) {
      this.#views.delete(view.sample);
      this.#views.set(view.sample, view);
    }
    // Maps keep the order of insertion: the first are those that were sent longest ago.
    for (const sample of this.#views.keys()) {
      if (this.#views.size <= MAX_SEEN) break;
      this.#views.delete(sample);
    }
  }

  find(sample: number): OpenableSample {
    const view = this.#views.get(sample);
    if (view !== undefined) return view;
    throw new CleanSplitError("not-found", vscode.l10n.t("The image is not on this page any more. Reload the report."));
  }
}

const MAX_SEEN = 50_000;

/** A sample of which only its name is known, as it can be opened: a file where there is one of that name. */
export async function openableSample(session: DatasetSession, sample: number, id: string): Promise<OpenableSample> {
  const file = fileOfFault(session, { id });
  const isFile = file !== null && (await stat(file).catch(() => null))?.isFile() === true;
  return { sample, id, file: file ?? "", isImageFile: isFile };
}

/**
 * The file of a sample that could not be read; `null` for a row of an array. Ids are paths below the input, and start
 * with the input's name when there are several.
 */
export function fileOfFault(session: DatasetSession, { id }: Pick<SampleFault, "id">): string | null {
  if (/#[^/]*\[\d+\]$/.test(id)) return null;
  const [input, another] = session.request.inputs;
  if (input !== undefined && another === undefined) return path.join(input, id);
  const holder = session.request.inputs.find((folder) => id.startsWith(`${path.basename(folder)}/`));
  return holder === undefined ? null : path.join(path.dirname(holder), id);
}
