// What pages need to speak the language of the editor, so that webview code imports from here only.
export { counted, type Noun } from "../core/counts";
export {
  decimalText,
  integerText,
  languageTag,
  listText,
  percentText,
  TRANSLATIONS,
  useTranslations,
} from "../core/language";
