import type { ComponentChild } from "preact";

/** A sentence whose places, `{0}` and so on, hold elements: `l10n.t("{0} of {1}")` without values leaves them as they are. */
export function filled(sentence: string, ...elements: readonly ComponentChild[]): ComponentChild[] {
  return sentence.split(/\{(\d+)\}/).map((part, at) => (at % 2 === 0 ? part : elements[Number(part)]));
}
