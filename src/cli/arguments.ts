import { parseArgs } from "node:util";

/** An option of a command. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** Stands for the value in the help; an option without one is a switch. */
  readonly value?: string;
  readonly multiple?: boolean;
  /** The option is a switch that may have a value, one that looks like this. */
  readonly optional?: RegExp;
  readonly help: string;
}

/** A command line that cannot be understood; the message says what to write instead. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** Command whose help answers the question. */
    readonly command: string | null = null,
  ) {
    super(message);
    this.name = "UsageError";
  }
}

/** Arguments of a command, split into paths and options. */
export class Arguments {
  constructor(
    readonly positionals: readonly string[],
    private readonly values: ReadonlyMap<string, readonly string[]>,
  ) {}

  /** Whether a switch was given. */
  has(name: string): boolean {
    return this.values.has(name);
  }

  /** Every value of an option, in order. */
  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** The value of an option that can be given once. */
  text(name: string): string | undefined {
    return this.all(name)[0];
  }

  /** The value as a whole number from `least` to `most`. */
  integer(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : parseInteger(`--${name}`, text, least, most);
  }

  /** The values of an option that takes lists, `a,b` or given more than once; `undefined` when absent. */
  list(name: string): readonly string[] | undefined {
    if (!this.has(name)) return undefined;
    const items = this.all(name)
      .flatMap((value) => value.split(","))
      .map((item) => item.trim())
      .filter((item) => item !== "");
    if (items.length === 0) throw new UsageError(`--${name} needs a value.`);
    return [...new Set(items)];
  }

  /** The value as a number with or without decimals. */
  decimal(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (/^-?(\d+\.?\d*|\.\d+)$/.test(text) && Number.isFinite(Number(text))) return Number(text);
    throw new UsageError(`--${name} needs a number such as 9 or 0.85, not "${text}".`);
  }

  /** The value of an option that can be given once, one of `choices`. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : choose(name, text, choices);
  }

  /** The values of a list option, each one of `choices`. */
  choices<T extends string>(name: string, choices: readonly T[]): readonly T[] | undefined {
    return this.list(name)?.map((item) => choose(name, item, choices));
  }
}

function choose<T extends string>(name: string, item: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === item);
  if (choice !== undefined) return choice;
  throw new UsageError(`--${name} cannot be "${item}"${suggest(item, choices)} It takes: ${choices.join(", ")}.`);
}

/** Reads a whole number. */
export function parseInteger(what: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  const range = most >= Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new UsageError(`${what} needs a whole number ${range}, not "${text}".`);
}

/** Splits the arguments of a command by its options. */
export function parseArguments(args: readonly string[], options: readonly OptionSpec[]): Arguments {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      options.map(({ name, short, value, optional }) => [
        name,
        {
          type: value === undefined || optional !== undefined ? "boolean" : "string",
          ...(short === undefined ? {} : { short }),
        } as const,
      ]),
    ),
    allowPositionals: true,
    // Every mistake gets a message of ours, which can name the option that was meant.
    strict: false,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, readonly string[]>();
  let taken: unknown;
  for (const [index, token] of tokens.entries()) {
    if (token === taken) continue;
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = options.find(({ name }) => name === token.name);
    if (option === undefined) throw unknownOption(token.rawName, options);
    const before = values.get(option.name);
    if (option.optional !== undefined) {
      const next = tokens[index + 1];
      const given =
        token.value ?? (next?.kind === "positional" && option.optional.test(next.value) ? next.value : null);
      if (given !== null && token.value === undefined) taken = next;
      values.set(option.name, given === null ? [] : [given]);
      continue;
    }
    if (option.value === undefined) {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value.`);
      values.set(option.name, []);
      continue;
    }
    const value = token.value;
    const forgotten = value === undefined || (!token.inlineValue && value.length > 1 && value.startsWith("-"));
    if (forgotten || value === "")
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${option.value}.`);
    if (before !== undefined && option.multiple !== true) throw new UsageError(`${token.rawName} is given twice.`);
    values.set(option.name, [...(before ?? []), value]);
  }
  return new Arguments(positionals, values);
}

function unknownOption(rawName: string, options: readonly OptionSpec[]): UsageError {
  const names = options.map(({ name }) => `--${name}`);
  return new UsageError(`There is no option ${rawName}${suggest(rawName, names)}`);
}

/** The end of a sentence that says what was meant: `; did you mean --split?`, or just a full stop. */
export function suggest(given: string, known: readonly string[]): string {
  const best = nearest(given, known);
  return best === undefined ? "." : `; did you mean ${best}?`;
}

/** The known word that `given` most likely stands for; `undefined` when none is near. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const plain = (word: string): string => word.replace(/^-+/, "").toLowerCase();
  const word = plain(given);
  if (word === "") return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, distance: rank(word, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

function rank(word: string, candidate: string): number {
  // The beginning of a word, or a word that goes on, is a better guess than a few equal letters.
  if (word.length > 1 && (candidate.startsWith(word) || word.startsWith(candidate))) return 0.5;
  return distance(word, candidate);
}

/** Letters to insert, delete, replace or swap with their neighbour to make `b` of `a`. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row.push(Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced, swaps ? cell(i - 2, j - 2) + 1 : Infinity));
    }
  }
  return cell(a.length, b.length);
}
