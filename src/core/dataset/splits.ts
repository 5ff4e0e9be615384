import type { Role } from "./dataset";

/** Names under which datasets keep their splits, in lower case and without a year behind them (`val2017`). */
const ALIASES: Readonly<Record<string, Role>> = {
  train: "train",
  training: "train",
  trn: "train",
  tr: "train",
  trainset: "train",
  valid: "validation",
  validation: "validation",
  val: "validation",
  dev: "validation",
  eval: "validation",
  validset: "validation",
  valset: "validation",
  test: "test",
  testing: "test",
  tst: "test",
  te: "test",
  testset: "test",
  holdout: "test",
  heldout: "test",
  t10k: "test",
};

/** The role a name stands for as a whole (`Train`, `val2017`, `hold-out`); `null` when it is no name of a split. */
export function roleOfName(name: string): Role | null {
  const plain = name.toLowerCase().trim();
  const joined = plain.replaceAll(/[\s_.-]/g, "");
  return ALIASES[plain] ?? ALIASES[joined] ?? ALIASES[joined.replace(/\d+$/, "")] ?? null;
}

/**
 * The role that one word within a longer name stands for (`notMNIST_train`, `x_test`), with that word; `null` when no
 * word or words of different roles are names of splits.
 */
export function roleWithin(name: string): { readonly role: Role; readonly word: string } | null {
  const whole = roleOfName(name);
  if (whole !== null) return { role: whole, word: name };
  const found = wordsOf(name).flatMap((word) => {
    const role = roleOfName(word);
    return role === null ? [] : [{ role, word }];
  });
  const [first] = found;
  return first !== undefined && found.every((entry) => entry.role === first.role) ? first : null;
}

/** The words of a name: `trainImages-2` gives `train`, `Images`, `2`. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** The role of a split that a person named: what the name says, `other` when it says nothing. */
export function roleOfSplit(name: string): Role {
  return roleWithin(name)?.role ?? "other";
}
