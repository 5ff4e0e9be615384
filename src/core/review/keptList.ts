import * as l10n from "@vscode/l10n";

/*
 * The form of the files of what people said: an object with a version and one list. They are made to be committed, so that
 * what two people said merges by line, and are written by hand too.
 */

/** Version of all these files. */
const VERSION = 1;

/** What a file holds, whose list has this name. Fields of others are kept. */
export type KeptList<Name extends string, Entry> = { readonly version: number } & {
  readonly [name in Name]: readonly Entry[];
};

/** Checks what a file holds but for its entries. Throws an error that says what is wrong with it. */
export function parseKeptList<Name extends string, Entry>(
  value: Readonly<Record<string, unknown>>,
  name: Name,
  parseEntry: (value: unknown, index: number) => Entry,
): KeptList<Name, Entry> {
  const { version, [name]: list } = value;
  if (typeof version === "number" && version > VERSION) {
    throw new Error(
      l10n.t("it has version {0}, and this CleanSplit knows {1}; a newer one reads it", version, VERSION),
    );
  }
  if (version !== VERSION) throw new Error(l10n.t("expected {0}", `"version": ${VERSION}`));
  if (!Array.isArray(list)) throw new Error(l10n.t("expected {0}, a list", `"${name}"`));
  return { ...value, version, [name]: list.map(parseEntry) } as KeptList<Name, Entry>;
}

/** The text of a file: its entries, which are sorted already, one a line. */
export function formatKeptList<Name extends string>(list: KeptList<Name, unknown>, name: Name): string {
  const lines = list[name].map((entry) => `\n    ${JSON.stringify(entry)}`).join(",");
  const fields = Object.entries({ ...list, version: VERSION }).map(([field, value]) => {
    const text = field === name ? `[${lines}${lines === "" ? "" : "\n  "}]` : JSON.stringify(value);
    return `  ${JSON.stringify(field)}: ${text}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}

/** Order of texts by their code units: the same everywhere. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
