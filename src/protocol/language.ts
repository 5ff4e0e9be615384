// What pages need to speak the language of the editor, so that webview code imports from here only.
export { counted, type Noun } from "../core/counts";
export { decimalText, integerText, languageTag, listText, percentText, useTranslations } from "../core/language";

/** Id of the element of a page that holds the translations of its language; without it the page speaks English. */
export const TRANSLATIONS = "cleansplit-translations";
