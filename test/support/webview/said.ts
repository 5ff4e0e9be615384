import { languageTag } from "../../../src/protocol/language";

/** A sentence that the engine says, as a page gets it: in the pseudo language of the harness where that is chosen. */
export function said(text: string): string {
  return languageTag() === "ja" ? `⟦${text}⟧` : text;
}
