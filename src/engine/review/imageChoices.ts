import { keyOf } from "../../core/fingerprint/contentKey";
import type { Findings } from "../../core/leakage/findings";
import { applyChoices, CHOICES, codeOf, countChoices, type ChoiceEntry, type Choices } from "../../core/review/choices";
import type { Dataset } from "../dataset";
import { homeFor, homeOf, nameBelow } from "../home";
import { isListName } from "../sources/lists/listNames";
import { isPartOf } from "../recognition/inputs";
import path from "node:path";
import type { ChoiceFiles, HomeChoices, PreparedChoices } from "./choicesFile";

/** What a step said of samples, and what was said of them before: six bytes a sample. */
export interface ChoiceStep {
  readonly samples: Uint32Array;
  /** Index into `CHOICES` of each of them before and after the step. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** Entries that stood in the file before and were not just what a code says, e.g. because they were written by hand. */
  readonly odd: ReadonlyMap<number, ChoiceEntry>;
}

/** A change of what is said of images that can be written. */
export interface ChoiceChange {
  readonly files: readonly PreparedChoices[];
  /** What takes it back. */
  readonly step: ChoiceStep;
  /** What is said then. */
  readonly after: Known;
}

/** What files say, and what follows from it. */
interface Known {
  readonly homes: readonly HomeChoices[];
  readonly choices: Choices;
  /** Entries that are about places of the dataset. */
  readonly own: number;
}

/**
 * What people say of the images of one dataset, in the file nearest to the input that an image is of: in its own folder or in
 * one above it. A file is read again when somebody else wrote it.
 */
export class ImageChoices {
  /** The input of each source. */
  readonly #inputOf: readonly string[];
  #known: Known | null = null;

  constructor(
    private readonly dataset: Dataset,
    private readonly findings: Findings,
    private readonly files: ChoiceFiles,
  ) {
    const { inputs } = dataset.layout;
    this.#inputOf = dataset.starts.map((start) => {
      const place = dataset.place(start);
      return inputs.find((input) => isPartOf(place, input)) ?? inputs[0] ?? "";
    });
  }

  /** What is said now. Throws a `CleanSplitError` when a file is damaged. */
  now(): Choices {
    return this.#read().choices;
  }

  /** The file that holds it; `null` when there is none. */
  file(): string | null {
    return this.#read().homes.find(({ stamp }) => stamp !== null)?.file ?? null;
  }

  /** Prepares to say something of samples, by their codes; `null` when it is said already. */
  prepare(codes: ReadonlyMap<number, number>, newHome?: string): ChoiceChange | null {
    const { findings } = this;
    const draft = new Draft(this.dataset, this.#inputOf, this.files, newHome);
    const touched: number[] = [];
    const [before, after]: [number[], number[]] = [[], []];
    const odd = new Map<number, ChoiceEntry>();
    for (const [sample, code] of codes) {
      const entry = draft.entryOf(sample);
      const said = codeOf(entry, findings, sample);
      if (code === 0 ? entry === undefined : said === code) continue;
      touched.push(sample);
      after.push(code);
      before.push(said);
      if (entry !== undefined && (said === 0 || !isPlain(entry))) odd.set(sample, entry);
      draft.set(sample, this.#entry(draft, sample, code));
    }
    if (touched.length === 0) return null;
    const step = {
      samples: Uint32Array.from(touched),
      before: Uint8Array.from(before),
      after: Uint8Array.from(after),
      odd,
    };
    return this.#change(draft, step, step.after);
  }

  /** Prepares to take a step back, or again, in the files as they are now: only what the step said is changed. */
  prepareAgain(step: ChoiceStep, direction: "undo" | "redo", newHome?: string): ChoiceChange {
    const draft = new Draft(this.dataset, this.#inputOf, this.files, newHome);
    const codes = direction === "undo" ? step.before : step.after;
    step.samples.forEach((sample, at) => {
      const odd = direction === "undo" ? step.odd.get(sample) : undefined;
      draft.set(sample, odd ?? this.#entry(draft, sample, codes[at] ?? 0));
    });
    return this.#change(draft, step, codes);
  }

  /** Remembers what was written, by the stamps of its files. */
  wrote({ files, after }: ChoiceChange, stamps: readonly (string | null)[]): void {
    const written = files.map((file, index) => this.files.wrote(file, stamps[index] ?? null));
    const others = after.homes.filter(({ home }) => written.every((file) => file.home !== home));
    this.#known = { ...after, homes: [...others, ...written] };
  }

  #entry(draft: Draft, sample: number, code: number): ChoiceEntry | null {
    const choice = CHOICES[code] ?? null;
    if (choice === null) return null;
    return { id: draft.idOf(sample), choice, key: keyOf(this.findings.fingerprints, sample) };
  }

  /** What follows when `step` is taken so that `codes` are said of its samples. */
  #change(draft: Draft, step: ChoiceStep, said: Uint8Array): ChoiceChange {
    const { choices, homes, own } = this.#read();
    const codes = choices.codes.slice();
    step.samples.forEach((sample, at) => (codes[sample] = said[at] ?? 0));
    const { files, added } = draft.prepare();
    const after = own + added;
    return { files, step, after: { homes, choices: countChoices(codes, after), own: after } };
  }

  /** What the files say now. */
  #read(): Known {
    const homes = [...new Set(this.#inputOf)].flatMap((input) => homeOf(input) ?? []);
    const read = [...new Set(homes)].map((home) => this.files.of(home));
    const known = this.#known;
    if (known?.homes.length === read.length && read.every((file) => known.homes.includes(file))) return known;
    const own = read.reduce((sum, file) => sum + this.#countOwn(file), 0);
    const entries = read.flatMap(({ byId }) => [...byId.values()]);
    const draft = new Draft(this.dataset, this.#inputOf, this.files);
    const choices = applyChoices(entries, own, this.findings, (sample) => draft.entryOf(sample));
    this.#known = { homes: read, choices, own };
    return this.#known;
  }

  /** The entries of a file that are about places of the dataset whose choices it keeps. */
  #countOwn({ home, byId }: HomeChoices): number {
    const places = [...new Set(this.#inputOf)]
      .filter((input) => homeOf(input) === home)
      .map((input) => nameBelow(home, isListName(input) ? path.dirname(input) : input));
    const isOwn = (id: string): boolean =>
      places.some((place) => place === "." || id.startsWith(`${place}/`) || id.startsWith(`${place}#`) || id === place);
    let own = 0;
    for (const id of byId.keys()) if (isOwn(id)) own += 1;
    return own;
  }
}

/** What files shall say while a step is prepared. */
class Draft {
  /** What the file of the nearest home of each input says, or of where it gets one. */
  readonly #homes = new Map<string, HomeChoices>();
  readonly #changes = new Map<HomeChoices, Map<string, ChoiceEntry | null>>();

  constructor(
    private readonly dataset: Dataset,
    private readonly inputOf: readonly string[],
    private readonly files: ChoiceFiles,
    newHome?: string,
  ) {
    for (const input of new Set(inputOf)) this.#homes.set(input, files.of(homeOf(input) ?? homeFor(input, newHome)));
  }

  idOf(sample: number): string {
    return nameBelow(this.#homeOf(sample).home, this.dataset.place(sample));
  }

  /** What the file says of the place of a sample. */
  entryOf(sample: number): ChoiceEntry | undefined {
    return this.#homeOf(sample).byId.get(this.idOf(sample));
  }

  set(sample: number, entry: ChoiceEntry | null): void {
    const home = this.#homeOf(sample);
    const changes = this.#changes.get(home) ?? new Map<string, ChoiceEntry | null>();
    this.#changes.set(home, changes.set(this.idOf(sample), entry));
  }

  /** The files that change, and how many more entries they have then. */
  prepare(): { readonly files: PreparedChoices[]; readonly added: number } {
    let added = 0;
    const files = [...this.#changes].map(([before, changes]) => {
      const prepared = this.files.prepare(before, changes);
      added += prepared.after.byId.size - before.byId.size;
      return prepared;
    });
    return { files, added };
  }

  #homeOf(sample: number): HomeChoices {
    const home = this.#homes.get(this.inputOf[this.dataset.locate(sample).index] ?? "");
    if (home === undefined) throw new RangeError(`There is no sample ${sample}.`);
    return home;
  }
}

/** Whether an entry has nothing but what is written by itself. */
function isPlain(entry: ChoiceEntry): boolean {
  return entry.key !== undefined && Object.keys(entry).length === 3;
}
