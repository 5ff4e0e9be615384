import type { Dirent } from "node:fs";
import { lstat, readdir, stat } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { counted } from "../core/counts";
import { integerText } from "../core/language";
import type { Engine, ExaminedFile, InspectionResult } from "../engine/engine";
import { isAbort } from "../engine/process/rpc";
import type { ChangesView } from "../protocol/report";
import { Emitter } from "./emitter";
import { settings } from "./settings";

/** Files that are examined; of more it is only said that many changed. The engine takes as many at once. */
const MAX_FILES = 1000;

/** How long nothing has to change before it is looked at what did: programs write files in bursts. */
const QUIET_MS = 400;

/** A name that begins with a dot, as in no dataset: what people decided lies there, and copies that are being written. */
const HIDDEN = /[\\/]\./;

/** What watching needs of its dataset. */
export interface WatchedDataset {
  readonly name: string;
  readonly result: InspectionResult | null;
  read<T>(query: (engine: Engine, inspection: string) => Promise<T>): Promise<T>;
}

/** An image that came into the dataset and equals one of another split, in words. */
export interface ArrivedLeak {
  readonly file: string;
  readonly text: string;
}

/**
 * Watches the files of a dataset from its inspection on, and says what became of it since. Only files that changed are read:
 * an image that came and equals one of another split is told of at once.
 */
export class Watching implements vscode.Disposable {
  readonly #dataset: WatchedDataset;
  readonly #changed: () => void;
  readonly #leaked = new Emitter<readonly ArrivedLeak[]>();
  #watchers: vscode.Disposable | null = null;
  #timer: NodeJS.Timeout | undefined;
  #abort = new AbortController();
  /** Paths that something was told of and that were not looked at; bounded, and `#isFlood` says that there were more. */
  readonly #pending = new Set<string>();
  #isFlood = false;
  /** While the dataset is inspected nothing is looked at. */
  #isHeld = false;
  /** Images that are not as they were inspected, by their paths. */
  #found: ReadonlyMap<string, ExaminedFile> = new Map();
  /** Arrays, archives and lists of the dataset that were written since it was inspected. */
  readonly #others = new Set<string>();
  /** Files of the dataset that are not single images. */
  #files: Promise<ReadonlySet<string>> = Promise.resolve(new Set());
  #inputs: readonly string[] = [];
  #began = 0;
  #leaks: ReadonlyMap<string, ArrivedLeak> = new Map();

  /** Images came that equal some of another split. */
  readonly onDidLeak = this.#leaked.event;

  /** `changed` hears whenever the dataset is not any more as it was told. */
  constructor(dataset: WatchedDataset, changed: () => void) {
    this.#dataset = dataset;
    this.#changed = changed;
  }

  get listeners(): number {
    return this.#leaked.listeners;
  }

  /** What became of the dataset since it was inspected, in words; `null` when it is as it was, as far as is known. */
  get changes(): ChangesView | null {
    const counts = { added: 0, changed: 0, removed: 0 };
    // Of a folder that is gone its files may be told, too.
    const gone = new Set([...this.#found.values()].flatMap(({ file, change }) => (change === "removed" ? file : [])));
    for (const { file, change, images } of this.#found.values()) {
      if (change !== "removed" || !isBelowOneOf(gone, file)) counts[change] += images;
    }
    const { added, changed, removed } = counts;
    const parts = [
      ...(added > 0 ? [vscode.l10n.t("{0} added", counted(added, "image"))] : []),
      ...(changed > 0 ? [vscode.l10n.t("{0} changed", counted(changed, "image"))] : []),
      ...(removed > 0 ? [vscode.l10n.t("{0} removed", counted(removed, "image"))] : []),
      ...[...this.#others].slice(0, 3).map((file) => vscode.l10n.t("{0} written", path.basename(file))),
      ...(this.#others.size > 3 ? [vscode.l10n.t("{0} more files written", integerText(this.#others.size - 3))] : []),
      ...(this.#isFlood ? [vscode.l10n.t("more than {0} files touched", integerText(MAX_FILES))] : []),
    ];
    if (parts.length === 0) return null;
    return { text: parts.join(", "), leaks: [...this.#leaks.values()].map(({ text }) => text) };
  }

  /** Images that came and equal one of another split, by their paths. */
  get leaks(): ReadonlyMap<string, ArrivedLeak> {
    return this.#leaks;
  }

  /** An inspection of these inputs begins: what changes from now on is not part of it, or perhaps not. */
  begin(inputs: readonly string[]): void {
    this.#began = Date.now();
    this.#isHeld = true;
    this.#inputs = inputs;
    this.follow();
  }

  /** Begins to watch or ends it, as the setting says. */
  follow(): void {
    this.#stop();
    if (!settings.watches) return;
    this.#watchers = vscode.Disposable.from(...this.#inputs.map((input) => this.#watch(input)));
  }

  /** The inspection that began last is over, whether it has a result or not. */
  goOn(): void {
    this.#isHeld = false;
    if (this.#pending.size > 0 || this.#isFlood) this.#wait();
  }

  /** There is a new result, and the dataset is compared with that from now on. */
  restart(): void {
    const { report } = this.#dataset.result ?? {};
    this.#found = new Map();
    this.#leaks = new Map();
    this.#others.clear();
    const places = (report?.dataset.units ?? []).map((unit) => unit.path.replace(/#[^/\\]*$/, ""));
    this.#files = onlyFiles([...places, ...(report?.dataset.inputs ?? [])]);
  }

  dispose(): void {
    this.#stop();
    this.#leaked.dispose();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#watchers?.dispose();
    this.#watchers = null;
    this.#pending.clear();
    this.#isFlood = false;
  }

  /** Watches an input, which is a folder, or a file of its own. */
  #watch(input: string): vscode.Disposable {
    const { fsPath: root } = vscode.Uri.file(input);
    // Below a file there is nothing, but its folder tells of it; a name in a pattern could have another meaning.
    const inside = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(root), "**"));
    const beside = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(path.dirname(root)), "*"),
    );
    const take = ({ fsPath }: vscode.Uri): void => {
      const isInside = fsPath === root || fsPath.startsWith(root + path.sep);
      // The dataset itself may lie below a hidden folder, as the sample dataset does.
      if (isInside && !HIDDEN.test(fsPath.slice(root.length))) this.#take(fsPath);
    };
    return vscode.Disposable.from(
      ...[inside, beside].flatMap((watcher) => [
        watcher,
        watcher.onDidCreate(take),
        watcher.onDidChange(take),
        watcher.onDidDelete(take),
      ]),
    );
  }

  #take(file: string): void {
    if (this.#pending.size < MAX_FILES) this.#pending.add(file);
    else this.#isFlood = true;
    this.#wait();
  }

  #wait(): void {
    if (this.#isHeld) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), QUIET_MS);
  }

  /** Looks at what changed. What changes meanwhile is looked at next. */
  async #look(): Promise<void> {
    const { result } = this.#dataset;
    if (result === null) return;
    const touched = [...this.#pending];
    this.#pending.clear();
    const { signal } = this.#abort;
    try {
      const known = await this.#files;
      for (const file of touched.filter((name) => known.has(name))) {
        if (await isWrittenSince(file, this.#began)) this.#others.add(file);
      }
      const files = await filesOf(touched);
      if (files.length > MAX_FILES) this.#isFlood = true;
      const found = await this.#dataset.read((engine, inspection) =>
        engine.examine({ inspection, files: files.slice(0, MAX_FILES) }, { signal, progress: () => undefined }),
      );
      if (signal.aborted || this.#dataset.result?.inspection !== result.inspection) return;
      this.#note(files, found);
    } catch (error) {
      // The inspection was forgotten or another one runs: it will say what there is.
      if (!isAbort(error)) this.#isFlood ||= touched.length > 0;
    }
    this.#changed();
  }

  #note(files: readonly string[], found: readonly ExaminedFile[]): void {
    const all = new Map(this.#found);
    const leaks = new Map(this.#leaks);
    // Files that are not named any more are again as they were.
    for (const file of files) {
      all.delete(file);
      leaks.delete(file);
    }
    const arrived: ArrivedLeak[] = [];
    for (const entry of found) {
      all.set(entry.file, entry);
      const text = leakText(entry);
      if (text === null) continue;
      const leak = { file: entry.file, text };
      if (!this.#leaks.has(entry.file)) arrived.push(leak);
      leaks.set(entry.file, leak);
    }
    this.#found = all;
    this.#leaks = leaks;
    if (arrived.length > 0) this.#leaked.fire(arrived);
  }
}

/** In words that an image equals one of another split than its own; `null` when it does not. */
function leakText({ file, split, equal, equalImages, splits }: ExaminedFile): string | null {
  const others = splits.filter((name) => name !== split);
  const [twin] = equal.filter((other) => other.split !== split);
  if (others.length === 0 || equalImages === 0) return null;
  const name = path.basename(file);
  if (twin === undefined) return vscode.l10n.t("{0} equals images of {1}.", name, others.join(", "));
  return split === null
    ? vscode.l10n.t("{0} equals {1}, an image of {2}.", name, twin.id, twin.split)
    : vscode.l10n.t("{0} in {1} equals {2}, an image of {3}.", name, split, twin.id, twin.split);
}

function isBelowOneOf(folders: ReadonlySet<string>, file: string): boolean {
  for (let at = path.dirname(file); at !== path.dirname(at); at = path.dirname(at)) if (folders.has(at)) return true;
  return false;
}

/** The files that were touched: of a folder that came all in it, up to one more than can be examined. */
async function filesOf(touched: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const file of touched) {
    const isFolder = await lstat(file).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder) files.push(file);
    else for (const inside of await filesIn(file, MAX_FILES + 1 - files.length)) files.push(inside);
    if (files.length > MAX_FILES) break;
  }
  return [...new Set(files)];
}

/** Files in a folder and below, at most `count`; links are not followed. */
async function filesIn(folder: string, count: number): Promise<readonly string[]> {
  const files: string[] = [];
  const open = [folder];
  for (let next = open.pop(); next !== undefined && files.length < count; next = open.pop()) {
    const entries = await readdir(next, { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const place = path.join(next, entry.name);
      if (entry.isDirectory()) open.push(place);
      else if (files.length < count) files.push(place);
    }
  }
  return files;
}

/** Those of some places that are files and no folders. */
async function onlyFiles(places: readonly string[]): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  for (const place of new Set(places)) if ((await stat(place).catch(() => null))?.isFile() === true) files.add(place);
  return files;
}

/** Whether a file was written after a time, or is gone. */
async function isWrittenSince(file: string, time: number): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.mtimeMs > time,
    () => true,
  );
}
