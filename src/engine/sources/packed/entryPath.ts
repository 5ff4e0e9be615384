import { CleanSplitError } from "../../../core/errors";
import { grouped, printable } from "../arrays/bytes";

/** Longest path of an entry in bytes, as Linux has it, and most names in one. */
const [MAX_BYTES, MAX_DEPTH] = [4096, 64];

/**
 * The path of an entry of an archive, with `/` between names and without `.`; "" for the top folder. Nothing is ever unpacked
 * to it, but what it names goes into copies that other programs unpack. Throws a `CleanSplitError` ("refused") for a path
 * that is absolute, leads out of the archive, or is no path.
 */
export function cleanPath(name: string, archive: string): string {
  const refused = (what: string): CleanSplitError =>
    new CleanSplitError("refused", `${archive} is not read: ${what}. Pack its files anew.`);
  if (Buffer.byteLength(name) > MAX_BYTES) {
    throw refused(
      `the path ${printable(name)} has ${grouped(Buffer.byteLength(name))} bytes, and ${MAX_BYTES} are read`,
    );
  }
  if (name.includes("\0")) throw refused(`the path ${printable(name)} holds a zero byte`);
  if (/^(?:[/\\]|[a-z]:[/\\])/i.test(name)) throw refused(`the path ${printable(name)} is absolute`);
  // Backslashes are ordinary characters here, but lead to other folders on Windows.
  if (name.split(/[/\\]/).includes("..")) throw refused(`the path ${printable(name)} leads out of a folder`);
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length > MAX_DEPTH) throw refused(`the path ${printable(name)} is deeper than ${MAX_DEPTH} folders`);
  return parts.join("/");
}
