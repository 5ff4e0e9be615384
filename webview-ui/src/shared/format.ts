const INTEGER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number with thousands separators, e.g. "15,364". */
export function number(value: number): string {
  return INTEGER.format(value);
}

/** A count with its noun, e.g. "1 image", "2 images"; the plural is given or gets an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** A share of 0..1 in percent. What is small but not zero, or large but not all, never reads as 0 % or 100 %. */
export function percent(share: number, digits = 1): string {
  if (!Number.isFinite(share)) return "–";
  const least = 10 ** -digits;
  const value = share * 100;
  if (value > 0 && value < least) return `< ${least} %`;
  if (value < 100 && value > 100 - least) return `> ${(100 - least).toFixed(digits)} %`;
  return `${value === 0 || value === 100 ? value.toFixed(0) : value.toFixed(digits)} %`;
}

/** A difference of two shares in percentage points, with its sign, e.g. "+1.3 points". */
export function points(difference: number): string {
  const value = difference * 100;
  const text = Math.abs(value).toFixed(1);
  if (text === "0.0") return "±0.0 points";
  return `${value < 0 ? "−" : "+"}${text} points`;
}

/** A duration as people say it, e.g. "0.8 s", "2 min 5 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(0.1, seconds).toFixed(1)} s`;
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** Names in a sentence: "a", "a and b", "a, b and c". */
export function sentenceList(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

export { visible } from "../../../src/protocol/text";

/** The last part of a path, with whatever `#row` follows. */
export function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}
