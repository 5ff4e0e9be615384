import * as l10n from "@vscode/l10n";
import type { Role } from "../dataset/dataset";
import { CleanSplitError } from "../errors";
import { inEnglish, integerText } from "../language";
import type { Tier } from "../leakage/report";
import type { TransformName } from "../near/near";
import type { ChangeAction, ChangeReason, PlanChange, PlanSplit } from "./plan";
import { completeOptions, type PlanOptions, type Share } from "./options";

/** Name and version of the format of plan files; docs/plan.schema.json describes it. */
export const PLAN_SCHEMA = "cleansplit/plan@1";

/** What an entry of a plan file says of a sample: `stay` keeps it where it is, whatever the policy says. */
export type EntryAction = ChangeAction | "stay";

/** What is told of a plan above its changes. */
export interface PlanHead {
  /** When it was made, in ISO 8601. */
  readonly created: string;
  /** Absolute paths. */
  readonly inputs: readonly string[];
  /** Which dataset it is of: see `datasetFingerprint`. */
  readonly source: { readonly fingerprint: string; readonly samples: number };
  readonly options: PlanOptions;
  /** Ids of samples that a person keeps, and of those that a person drops. */
  readonly keep: readonly string[];
  readonly drop: readonly string[];
  /** How near is near at tier `near`; else `null`. */
  readonly near: { readonly measure: string; readonly threshold: number } | null;
  /** Digest of what the policy decided before anything was edited. */
  readonly basis: string;
}

/** What a plan comes to, for people; it is counted anew when the file is read. */
export interface PlanTotals {
  /** The rule in sentences. */
  readonly policy: string;
  readonly before: number;
  readonly after: number;
  readonly moved: number;
  readonly undecided: number;
  readonly edited: number;
  /** Ids of different samples that have one MD5; see `PlanSummary`. */
  readonly collisions: readonly (readonly [string, string])[];
  readonly splits: readonly PlanSplit[];
}

/** What the file says of one sample. */
export interface PlanEntry {
  readonly action: EntryAction;
  /** Split it moves to; `null` unless it moves. */
  readonly to: string | null;
  /** Its split and label when the plan was made; absent where a person wrote the entry without. */
  readonly split?: string;
  readonly label?: string | null;
}

/** A plan file that was read. */
export interface PlanFile extends PlanHead {
  readonly entries: ReadonlyMap<string, PlanEntry>;
}

/** Longest text that is written; strings end a little above. */
const MAX_LENGTH = 2 ** 29 - 2 ** 20;

/**
 * A plan as JSON for people, in English: totals first, then one line for each change, in the order of the dataset. Throws a
 * `CleanSplitError` when it is longer than a text can be, which takes more than a million changes.
 */
export function writePlanFile(head: PlanHead, totals: PlanTotals, changes: Iterable<PlainChange>): string {
  const parts: string[] = [];
  // The file is kept and passed on, and changes are told as they are written.
  const isWhole = inEnglish(() => writeParts(head, totals, changes, parts));
  if (isWhole) return parts.join("");
  throw new CleanSplitError(
    "refused",
    l10n.t(
      "The plan has too many changes for one file ({0} fill 512 MB). Make plans of parts of the dataset instead.",
      integerText(parts.length),
    ),
  );
}

/** Writes a plan into `parts`: its head and a part for each change. Says whether it is no longer than a text can be. */
function writeParts(head: PlanHead, totals: PlanTotals, changes: Iterable<PlainChange>, parts: string[]): boolean {
  const { created, inputs, source, options, keep, drop, near, basis } = head;
  const top = plain(
    JSON.stringify(
      { schema: PLAN_SCHEMA, created, inputs, source, options, keep, drop, near, basis, ...totals },
      null,
      2,
    ),
  );
  parts.push(`${top.slice(0, -2)},\n  "changes": [`);
  let length = top.length;
  for (const change of changes) {
    const line = `${parts.length === 1 ? "\n" : ",\n"}    ${plain(JSON.stringify(change))}`;
    length += line.length;
    if (length > MAX_LENGTH) return false;
    parts.push(line);
  }
  parts.push(parts.length === 1 ? "]\n}\n" : "\n  ]\n}\n");
  return true;
}

/** A change as it is written, by names: numbers of samples mean nothing outside the inspection. */
export interface PlainChange {
  readonly id: string;
  readonly split: string;
  readonly label: string | null;
  readonly action: EntryAction;
  readonly to: string | null;
  readonly reason: ChangeReason;
  readonly tier: Tier | null;
  /** Only at tier `near`. */
  readonly score?: number;
  readonly transform?: TransformName;
  /** Id of the twin. */
  readonly twin: string | null;
  readonly detail: string;
}

/** A change by names. */
export function plainChange({ sample, action, to, reason, tier, twin, nearness, detail }: PlanChange): PlainChange {
  const { id, split, label } = sample;
  const near = nearness === null ? {} : { score: nearness.score, transform: nearness.transform };
  return { id, split, label, action, to, reason, tier, ...near, twin: twin?.id ?? null, detail };
}

/** Characters that act on a terminal or an editor, though JSON lets them stand: written as escapes, which JSON knows. */
function plain(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Reads a plan file as far as that is possible without its dataset. Throws a `CleanSplitError` that names the entry when it
 * is no plan, or something in it cannot be understood.
 */
export function parsePlanFile(text: string): PlanFile {
  const file = objectOf(parse(text), l10n.t("the file"));
  if (file["schema"] !== PLAN_SCHEMA) {
    throw refused(l10n.t("its {0} is {1}, expected {2}", '"schema"', shown(file["schema"]), `"${PLAN_SCHEMA}"`));
  }
  const source = objectOf(file["source"], '"source"');
  return {
    created: textOf(file["created"], '"created"'),
    inputs: listOf(file["inputs"], '"inputs"').map((input) => textOf(input, '"inputs"')),
    source: {
      fingerprint: textOf(source["fingerprint"], '"source.fingerprint"'),
      samples: numberOf(source["samples"], '"source.samples"'),
    },
    options: parseOptions(objectOf(file["options"], '"options"')),
    keep: listOf(file["keep"], '"keep"').map((id) => textOf(id, '"keep"')),
    // Files of versions that knew no dropping have none.
    drop: listOf(file["drop"] ?? [], '"drop"').map((id) => textOf(id, '"drop"')),
    near: file["near"] === null ? null : parseNear(objectOf(file["near"], '"near"')),
    basis: textOf(file["basis"], '"basis"'),
    entries: parseEntries(listOf(file["changes"], '"changes"')),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 200) : l10n.t("unknown reason");
    throw refused(l10n.t("it is no JSON: {0}", why));
  }
}

const ROLES: readonly Role[] = ["train", "validation", "test", "other"];

function parseOptions(options: JsonObject): PlanOptions {
  const shares = listOf(options["shares"], '"options.shares"').map((entry): Share => {
    const share = objectOf(entry, '"options.shares"');
    const name = textOf(share["name"], '"options.shares"');
    const role = ROLES.find((known) => known === share["role"]);
    if (role === undefined) {
      throw refused(l10n.t("the role of the share {0} is none of {1}", name, ROLES.join(", ")));
    }
    return { name, role, share: numberOf(share["share"], '"options.shares"') };
  });
  // What is said of words, numbers and names is checked where all options are.
  const given = { ...options, shares } as unknown as PlanOptions;
  const { policy, tier, conflicts, keep, balance, seed } = given;
  return completeOptions(
    { policy, tier, conflicts, keep, balance, seed, shares },
    shares.map(({ name, role }) => ({ name, role })),
  );
}

function parseNear(near: JsonObject): PlanHead["near"] {
  return {
    measure: textOf(near["measure"], '"near.measure"'),
    threshold: numberOf(near["threshold"], '"near.threshold"'),
  };
}

const ACTIONS: readonly EntryAction[] = ["stay", "leave", "move", "ask"];

function parseEntries(list: readonly unknown[]): Map<string, PlanEntry> {
  const entries = new Map<string, PlanEntry>();
  list.forEach((item, index) => {
    const entry = objectOf(item, l10n.t("change {0}", index + 1));
    const id = textOf(entry["id"], l10n.t("the {0} of change {1}", '"id"', index + 1));
    if (entries.has(id)) {
      throw refused(l10n.t("{0} has two entries in {1}; remove one of them", shown(id), '"changes"'));
    }
    const action = ACTIONS.find((known) => known === entry["action"]);
    if (action === undefined) {
      throw refused(
        l10n.t("the action of {0} is {1}, expected one of {2}", shown(id), shown(entry["action"]), ACTIONS.join(", ")),
      );
    }
    const to =
      action === "move" ? textOf(entry["to"], l10n.t("{0} of {1}, the split it moves to,", '"to"', shown(id))) : null;
    const { split, label } = entry;
    entries.set(id, {
      action,
      to,
      ...(split === undefined ? {} : { split: textOf(split, l10n.t("{0} of {1}", '"split"', shown(id))) }),
      ...(label === undefined
        ? {}
        : { label: label === null ? null : textOf(label, l10n.t("{0} of {1}", '"label"', shown(id))) }),
    });
  });
  return entries;
}

function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw refused(l10n.t("{0} is {1}, expected an object {2}", what, shown(value), "{...}"));
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw refused(l10n.t("{0} is {1}, expected a list {2}", what, shown(value), "[...]"));
}

function textOf(value: unknown, what: string): string {
  if (typeof value === "string") return value;
  throw refused(l10n.t("{0} is {1}, expected a text in quotes", what, shown(value)));
}

function numberOf(value: unknown, what: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw refused(l10n.t("{0} is {1}, expected a number", what, shown(value)));
}

/** A value of a file in a sentence. */
function shown(value: unknown): string {
  if (value === undefined) {
    return l10n.t({ message: "missing", comment: ["Said of something in a file, as in: its schema is missing."] });
  }
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? l10n.t("a list") : l10n.t("an object");
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}..."` : text;
}

function refused(what: string): CleanSplitError {
  return new CleanSplitError("corrupt", l10n.t("The plan file cannot be used: {0}.", what));
}
