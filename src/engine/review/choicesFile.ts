import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { integerText } from "../../core/language";
import { formatChoices, parseChoices, type ChoiceEntry, type ChoiceList } from "../../core/review/choices";
import { damaged, fileOfHome, readKept, stampOf, type PreparedFile } from "../home";

const FILE = "choices.json";

/** About half a million choices. */
const MOST_BYTES = 64 * 1024 * 1024;

/** What the file of a home says of images. It is never changed: what says something else is another value. */
export interface HomeChoices {
  readonly home: string;
  readonly file: string;
  /** Tells this state of the file from others; `null` while there is none. */
  readonly stamp: string | null;
  readonly byId: ReadonlyMap<string, ChoiceEntry>;
  /** What is in the file but for its choices. */
  readonly rest: ChoiceList;
}

/** A change of a file that can be written. */
export interface PreparedChoices extends PreparedFile {
  readonly after: HomeChoices;
}

/** The files of choices of all homes; each is read again only when somebody wrote it. */
export class ChoiceFiles {
  readonly #known = new Map<string, HomeChoices>();

  /** What the file of a home says now. Throws a `CleanSplitError` when it is damaged. */
  of(home: string): HomeChoices {
    const file = fileOfHome(home, FILE);
    const known = this.#known.get(home);
    // Who writes between the two is noticed the next time.
    const stamp = stampOf(file);
    if (known?.stamp === stamp) return known;
    const list = readList(file);
    const byId = new Map(list.choices.map((entry) => [entry.id, entry]));
    const read = { home, file, stamp, rest: { ...list, choices: [] }, byId };
    this.#known.set(home, read);
    return read;
  }

  /**
   * Prepares that a file says something else of some ids: what `changes` has for them, or nothing. Throws a `CleanSplitError`
   * when that is too much for a file.
   */
  prepare(before: HomeChoices, changes: ReadonlyMap<string, ChoiceEntry | null>): PreparedChoices {
    const { file, rest } = before;
    const byId = new Map(before.byId);
    for (const [id, entry] of changes) {
      if (entry === null) byId.delete(id);
      else byId.set(id, entry);
    }
    const text = formatChoices({ ...rest, choices: [...byId.values()] });
    if (Buffer.byteLength(text) > MOST_BYTES) {
      throw new CleanSplitError(
        "refused",
        l10n.t(
          "{0} would have more than {1} MB with choices about {2} more images. Choose fewer of them.",
          file,
          MOST_BYTES / 2 ** 20,
          integerText(changes.size),
        ),
      );
    }
    return { file, text, after: { ...before, byId } };
  }

  /** Remembers what was written, by the stamp that it has. */
  wrote({ after }: PreparedChoices, stamp: string | null): HomeChoices {
    const written = { ...after, stamp };
    this.#known.set(after.home, written);
    return written;
  }
}

function readList(file: string): ChoiceList {
  const read = readKept(file, MOST_BYTES, ["version", "choices"]);
  if (read === null) return { version: 1, choices: [] };
  try {
    return parseChoices(read.value);
  } catch (error) {
    throw damaged(file, messageOf(error));
  }
}
