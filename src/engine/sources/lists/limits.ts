import { CleanSplitError } from "../../../core/errors";
import { number } from "../../../core/leakage/verdict";

/** Lists of more bytes are refused, because they are read whole; half a million images take about 40 MB. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** Rows beyond which a list is refused: a million images are far more than CleanSplit is made for. */
export const MOST_ROWS = 2_000_000;

/** A list that is refused for its number of rows. */
export function tooMany(file: string): CleanSplitError {
  return new CleanSplitError(
    "unsupported",
    `${file} has more than ${number(MOST_ROWS)} rows, too many for a list of images. Split it, e.g. into train.csv and test.csv.`,
  );
}
