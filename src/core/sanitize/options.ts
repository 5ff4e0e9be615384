import * as l10n from "@vscode/l10n";
import type { Split } from "../dataset/dataset";
import { CleanSplitError } from "../errors";
import type { Tier } from "../leakage/report";

/** Who gives way where splits share images; see `POLICIES` of policies.ts for what each does. */
export type PolicyName = "protect-evaluation" | "protect-train" | "move-groups" | "new-split";

/** What becomes of equal images that carry different labels. */
export type ConflictRule =
  /** All of them leave. */
  | "drop"
  /** Those stay that carry the label of more than half of the labelled ones; without such a label, all leave. */
  | "majority"
  /** A person says it for each: until then the plan cannot be written. */
  | "ask";

/**
 * Which one of a group stays, among those of the split that may keep it: the first one, the one with the most pixels, one in
 * a lossless format, the one with the largest file. What is still equal after it stays by order. Where groups move as a whole
 * it decides nothing.
 */
export type KeepRule = "first" | "resolution" | "lossless" | "largest";

/** A split that a dataset without splits is divided into, with its share of the images, above 0. */
export interface Share extends Split {
  readonly share: number;
}

/** How a plan is made. */
export interface PlanOptions {
  readonly policy: PolicyName;
  /** What counts as equal. */
  readonly tier: Exclude<Tier, "file">;
  readonly conflicts: ConflictRule;
  readonly keep: KeepRule;
  /** Whether each split keeps as many images of every class as of its smallest one. */
  readonly balance: boolean;
  /** Splits of the policy `new-split`; shares are relative to their sum. */
  readonly shares: readonly Share[];
  /** Decides, where chance does, by what. A whole number, 0 or more. */
  readonly seed: number;
}

/** What is done when nobody says otherwise. */
export const DEFAULT_OPTIONS: PlanOptions = {
  policy: "protect-evaluation",
  tier: "pixel",
  conflicts: "drop",
  keep: "first",
  balance: false,
  shares: [
    { name: "train", role: "train", share: 0.8 },
    { name: "validation", role: "validation", share: 0.1 },
    { name: "test", role: "test", share: 0.1 },
  ],
  seed: 0,
};

/** The words of each option that is one of a few. */
export const OPTION_WORDS = {
  policy: ["protect-evaluation", "protect-train", "move-groups", "new-split"],
  tier: ["pixel", "near"],
  conflicts: ["drop", "majority", "ask"],
  keep: ["first", "resolution", "lossless", "largest"],
} as const satisfies { readonly [K in keyof PlanOptions]?: readonly PlanOptions[K][] };

/** Shares there may be at most; samples count splits in a byte, and a dataset has splits of its own. */
const MAX_SHARES = 100;

/** The largest seed: those of 32 bits are told apart. */
export const MAX_SEED = 2 ** 32 - 1;

/**
 * Options with the defaults for what is left out; the default shares have the names that the dataset has for their roles.
 * Throws a `CleanSplitError` that says what is wrong with one, and what it
 * may be. `splits` are those of the dataset, whose names shares can have whatever they are.
 */
export function completeOptions(options: Partial<PlanOptions>, splits: readonly Split[]): PlanOptions {
  const complete = { ...DEFAULT_OPTIONS, shares: defaultShares(splits), ...options };
  for (const name of ["policy", "tier", "conflicts", "keep"] as const) {
    const words: readonly string[] = OPTION_WORDS[name];
    if (!words.includes(complete[name])) {
      throw wrong(l10n.t('{0} is "{1}"', name, complete[name]), l10n.t("one of {0}", words.join(", ")));
    }
  }
  if (typeof complete.balance !== "boolean") {
    throw wrong(l10n.t("balance is no truth value"), l10n.t("true or false"));
  }
  const { seed } = complete;
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED) {
    throw wrong(l10n.t("seed is {0}", seed), l10n.t("a whole number from 0 to {0}", MAX_SEED));
  }
  checkShares(complete.shares, splits);
  return complete;
}

function defaultShares(splits: readonly Split[]): Share[] {
  return DEFAULT_OPTIONS.shares.map((share) => {
    const [own, ...others] = splits.filter(({ role }) => role === share.role);
    return own === undefined || others.length > 0 ? share : { ...share, name: own.name };
  });
}

function checkShares(shares: readonly Share[], splits: readonly Split[]): void {
  if (shares.length < 2 || shares.length > MAX_SHARES) {
    throw wrong(
      l10n.t("there are {0} shares", shares.length),
      l10n.t("at least 2 and at most {0}, such as {1}", MAX_SHARES, "train=0.8,test=0.2"),
    );
  }
  const seen = new Set<string>();
  for (const { name, share } of shares) {
    if (!Number.isFinite(share) || share <= 0) {
      throw wrong(l10n.t("the share of {0} is {1}", name, share), l10n.t("a number above 0"));
    }
    if (!isFolderName(name) && !splits.some((split) => split.name === name)) {
      throw wrong(
        l10n.t('a share has the name "{0}"', name),
        l10n.t("a name that a folder can have, such as {0}", "train"),
      );
    }
    // On some file systems two names that differ in case are one folder.
    const key = name.normalize("NFC").toLowerCase();
    if (seen.has(key)) {
      throw wrong(l10n.t("there are two shares called {0}", name), l10n.t("shares of different names"));
    }
    seen.add(key);
  }
}

/** Whether a split can be a folder of this name on any file system. */
function isFolderName(name: string): boolean {
  return name !== "" && name.length <= 100 && !/[\u0000-\u001f\u007f<>:"/\\|?*]|^\.|[. ]$|^ /.test(name);
}

function wrong(what: string, expected: string): CleanSplitError {
  return new CleanSplitError(
    "refused",
    l10n.t({
      message: "The options of the plan cannot be used: {0}; expected {1}.",
      args: [what, expected],
      comment: ["{0} e.g. seed is -1, {1} e.g. a whole number from 0 to 10."],
    }),
  );
}
