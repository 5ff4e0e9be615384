import { readFileSync } from "node:fs";
import { useTranslations } from "../../core/language";

/** Environment variable with the path of the bundle of translations; processes and threads that are started inherit it. */
const BUNDLE = "CLEANSPLIT_L10N_BUNDLE";

/** The environment of a process that speaks the language of a bundle; `null` speaks English. */
export function languageEnvironment(bundle: string | null): Readonly<Record<string, string>> {
  return bundle === null ? {} : { [BUNDLE]: bundle };
}

/** Has this process or thread speak the language that it was started with. */
export function speakLanguage(): void {
  const file = process.env[BUNDLE];
  if (file === undefined || file === "") return;
  try {
    useTranslations(readFileSync(file, "utf8"));
  } catch (error) {
    // English serves as well; work is not lost over words.
    console.error(`${file} cannot be used:`, error);
  }
}
