import { integerText } from "./language";

// Counts in what is English only: the command line, notebooks and model cards.

/** A whole number with thousands separators, e.g. "15,364". */
export function number(value: number): string {
  return integerText(value);
}

/** A count with its noun, e.g. "1 image", "2 images"; the plural is given or gets an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}
