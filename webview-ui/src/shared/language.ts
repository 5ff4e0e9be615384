import { TRANSLATIONS, useTranslations } from "../../../src/protocol/language";

/** Has the page speak the language that it came with. Before anything is drawn. */
export function speakLanguage(): void {
  const bundle = document.getElementById(TRANSLATIONS)?.textContent ?? "";
  if (bundle !== "") useTranslations(bundle);
}
