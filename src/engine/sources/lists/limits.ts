import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";

/** Lists of more bytes are refused, because they are read whole; half a million images take about 40 MB. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** Rows beyond which a list is refused: a million images are far more than CleanSplit is made for. */
export const MOST_ROWS = 2_000_000;

/** A list that is refused for its number of rows. */
export function tooMany(file: string): CleanSplitError {
  return new CleanSplitError(
    "unsupported",
    l10n.t(
      "{0} has more than {1} rows, too many for a list of images. Split it, e.g. into train.csv and test.csv.",
      file,
      integerText(MOST_ROWS),
    ),
  );
}
