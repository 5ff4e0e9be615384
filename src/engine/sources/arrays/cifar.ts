import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { withFile, type OpenFile } from "./bytes";
import type { ArrayFile, NdArray } from "./ndarray";

const SHAPE = [3, 32, 32];
const PIXELS = 3 * 32 * 32;

/** What precedes the pixels of each record: one byte for each name, with the number of classes. */
interface Records {
  readonly labels: readonly (readonly [key: string, classes: number])[];
}

const CIFAR_10: Records = { labels: [["labels", 10]] };
const CIFAR_100: Records = {
  labels: [
    ["coarse_labels", 20],
    ["fine_labels", 100],
  ],
};

/**
 * Whether a file has the name of a binary batch of CIFAR-10 or CIFAR-100, as it is or with a split before it, as in sanitized
 * copies: `validation-data_batch_1.bin`.
 */
export function isCifarName(name: string): boolean {
  return recordsOf(name) !== undefined;
}

/** Whether a file has the name of a batch in Python's format, a pickle; those of CIFAR-100 are called just train and test. */
export function isCifarPickleName(name: string): boolean {
  return /^(?:data_batch_\d+|test_batch|train|test)$/.test(name);
}

/**
 * Reads a binary batch of CIFAR-10 (`data_batch_1.bin`, records of 3,073 bytes) or CIFAR-100 (`train.bin`, 3,074): "data" is
 * N x 3 x 32 x 32, its labels are "labels", or "coarse_labels" and "fine_labels". Throws a `CleanSplitError` ("corrupt") when
 * it is no whole number of records or a label is none.
 */
export function readCifar(path: string): ArrayFile {
  return withFile(path, (file) => {
    const { labels } = recordsOf(file.name) ?? CIFAR_10;
    const record = labels.length + PIXELS;
    const count = file.length / record;
    if (!Number.isInteger(count) || count === 0) {
      throw corrupt(
        file,
        l10n.t("it has {0} bytes, which are no records of {1}", integerText(file.length), integerText(record)),
      );
    }
    const first = file.read(0, labels.length);
    labels.forEach(([key, classes], index) => {
      if ((first[index] ?? 0) >= classes)
        throw corrupt(file, l10n.t("the first of its {0} is not below {1}", key, classes));
    });
    const arrays = [
      column(file, "data", SHAPE, labels.length, PIXELS, record),
      ...labels.map(([key], index) => column(file, key, [], index, 1, record)),
    ];
    return { path, arrays, skipped: [], close: () => file.close() };
  });
}

function recordsOf(name: string): Records | undefined {
  if (/^(?:.+-)?(?:data_batch_\d+|test_batch)\.bin$/.test(name)) return CIFAR_10;
  return /^(?:.+-)?(?:train|test)\.bin$/.test(name) ? CIFAR_100 : undefined;
}

/** The bytes `[at, at + size)` of every record. */
function column(
  file: OpenFile,
  key: string,
  sides: readonly number[],
  at: number,
  size: number,
  record: number,
): NdArray {
  const rows = file.length / record;
  return {
    key,
    dtype: "u1",
    shape: [rows, ...sides],
    rows: (from, count) => {
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || from < 0 || count < 0 || from + count > rows) {
        throw new RangeError(`Rows ${from} to ${from + count} are outside 0 to ${rows}.`);
      }
      const bytes = new Uint8Array(count * size);
      // By blocks of some megabytes, so that all labels can be asked for at once.
      for (let done = 0; done < count;) {
        const some = Math.min(1024, count - done);
        const records = file.read((from + done) * record, some * record);
        for (let row = 0; row < some; row++) {
          const start = row * record + at;
          bytes.set(records.subarray(start, start + size), (done + row) * size);
        }
        done += some;
      }
      return bytes;
    },
  };
}

function corrupt(file: OpenFile, problem: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is no batch of CIFAR: {1}. Download it again.", file.name, problem),
  );
}
