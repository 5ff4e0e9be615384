import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { printable } from "../arrays/bytes";

/** Longest path of an entry in bytes, as Linux has it, and most names in one. */
const [MAX_BYTES, MAX_DEPTH] = [4096, 64];

/**
 * The path of an entry of an archive, with `/` between names and without `.`; "" for the top folder. Nothing is ever unpacked
 * to it, but what it names goes into copies that other programs unpack. Throws a `CleanSplitError` ("refused") for a path
 * that is absolute, leads out of the archive, or is no path.
 */
export function cleanPath(name: string, archive: string): string {
  const refused = (what: string): CleanSplitError =>
    new CleanSplitError("refused", l10n.t("{0} is not read: {1}. Pack its files anew.", archive, what));
  if (Buffer.byteLength(name) > MAX_BYTES) {
    throw refused(
      l10n.t(
        "the path {0} has {1} bytes, and {2} are read",
        printable(name),
        integerText(Buffer.byteLength(name)),
        MAX_BYTES,
      ),
    );
  }
  if (name.includes("\0")) throw refused(l10n.t("the path {0} holds a zero byte", printable(name)));
  if (/^(?:[/\\]|[a-z]:[/\\])/i.test(name)) throw refused(l10n.t("the path {0} is absolute", printable(name)));
  // Backslashes are ordinary characters here, but lead to other folders on Windows.
  if (name.split(/[/\\]/).includes("..")) throw refused(l10n.t("the path {0} leads out of a folder", printable(name)));
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > MAX_DEPTH)
    throw refused(l10n.t("the path {0} is deeper than {1} folders", printable(name), MAX_DEPTH));
  return parts.join("/");
}
