import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { compareClasses } from "../../../core/dataset/labels";
import { MOST_LABELS } from "../../../core/dataset/lists";
import type { Mode } from "../../../core/picture";
import { sniffFormat } from "../../decode/formats";
import { grouped, printable, withFile, type OpenFile } from "../arrays/bytes";
import { isGzip } from "../arrays/idx";
import type { PackedFile, PackedImage, PackedImages } from "./packedFile";
import { ExampleDamaged, readFeatures, type Feature } from "./tfrecord/example";
import {
  readRecord,
  recordsOf,
  TAIL_BYTES,
  HEAD_BYTES,
  Window,
  type Bytes,
  type RecordPlace,
} from "./tfrecord/records";

/** Records that are looked at to learn which features are images and labels. */
const PROBED_RECORDS = 16;
const NO_CLASS = -1;
const MAX_LABEL_BYTES = 1000;

/** Names of features of images, for images that are raw pixels or damaged from the first on. */
const IMAGE_NAMES = [
  "image/encoded",
  "image_raw",
  "image",
  "img",
  "image/raw",
  "encoded",
  "image_bytes",
  "jpeg",
  "png",
];
/** Names of features of labels, the surest first. */
const LABEL_NAMES = [
  ...["image/class/label", "label", "image/label", "labels", "class/label", "class", "target", "y", "fine_label"],
  ...["label/fine_label", "category"],
];
/** Names of features with the name of the class. */
const TEXT_NAMES = ["image/class/text", "label/text", "class/text", "label_text", "class_name", "label_name"];
const HEIGHT_NAMES = ["height", "image/height", "rows", "image_height", "shape/height"];
const WIDTH_NAMES = ["width", "image/width", "cols", "image_width", "shape/width"];
const DEPTH_NAMES = ["depth", "image/channels", "channels", "image/depth", "image_channels", "shape/depth"];
const SIZE_NAMES: ReadonlySet<string> = new Set([...HEIGHT_NAMES, ...WIDTH_NAMES, ...DEPTH_NAMES]);

const MODES: readonly Mode[] = ["L", "LA", "RGB", "RGBA"];

/** Which features say what. */
interface Recognised {
  readonly images: readonly string[];
  readonly label: string | undefined;
  readonly text: string | undefined;
}

/** Labels of all records: a class each by index into `classes`, -1 without one. */
interface Labels {
  readonly labelOf: Int32Array;
  readonly classes: readonly string[];
}

/**
 * Reads a TFRecord file of `tf.train.Example` records with images: bytes of image files, or raw 8-bit pixels with their height
 * and width. Records are found once and read when they are asked for.
 *
 * @throws {CleanSplitError} "corrupt" when the file is no TFRecord file, is damaged or cut off, "unsupported" when it is
 * compressed as a whole or its records hold no images
 */
export async function readTfrecord(path: string): Promise<PackedFile> {
  return withFile(path, (file) => {
    refuseCompressed(file);
    const recognised = recognise(file);
    const { starts, labels } = scan(file, recognised);
    const count = starts.length - 1;
    const { label, text } = recognised;
    const reason = label === undefined ? text : label;
    return {
      path,
      images: recognised.images.map((key): PackedImages => ({
        key,
        count,
        names: null,
        labelOf: labels?.labelOf ?? null,
        classes: labels?.classes ?? [],
        labelReason: labels === null ? null : l10n.t('labels from the feature "{0}"', printable(reason ?? "")),
      })),
      ignored: [],
      notes: recognised.images.map((key) =>
        count === 1
          ? l10n.t('The feature "{0}" of {1} holds images: {2} record.', printable(key), file.name, integerText(count))
          : l10n.t(
              'The feature "{0}" of {1} holds images: {2} records.',
              printable(key),
              file.name,
              integerText(count),
            ),
      ),
      read: async (key, from, amount) => {
        const isKnown = recognised.images.includes(key) && Number.isSafeInteger(from) && Number.isSafeInteger(amount);
        if (!isKnown || from < 0 || amount < 0 || from + amount > count) {
          throw new RangeError(`Images ${from} to ${from + amount} are outside 0 to ${count}.`);
        }
        return Array.from({ length: amount }, (_, index) => readImage(file, placeOf(starts, from + index), key));
      },
      close: () => file.close(),
    };
  });
}

/** Where each record begins, and last the end of the file; its data lies between its head and its checksum. */
export function findRecords(file: OpenFile): Float64Array {
  return scan(file, { images: [], label: undefined, text: undefined }).starts;
}

function placeOf(starts: Float64Array, index: number): RecordPlace {
  return { from: (starts[index] ?? 0) + HEAD_BYTES, to: (starts[index + 1] ?? 0) - TAIL_BYTES };
}

function refuseCompressed(file: OpenFile): void {
  const start = file.read(0, Math.min(3, file.length));
  // zlib's header is a multiple of 31.
  const isZlib = start[0] === 0x78 && (0x7800 + (start[1] ?? 0)) % 31 === 0;
  if (!isGzip(start) && !isZlib) return;
  const kind = isGzip(start) ? "gzip" : "zlib";
  const way = isGzip(start)
    ? `gzip -dc < ${file.name} > unpacked.tfrecord`
    : l10n.t("tf.io.TFRecordWriter without compression");
  throw new CleanSplitError(
    "unsupported",
    l10n.t(
      "{0} is compressed as a whole with {1}, so no record can be read without all before it. Unpack it ({2}) and inspect the unpacked file.",
      file.name,
      kind,
      way,
    ),
  );
}

function recognise(file: OpenFile): Recognised {
  const window = new Window(file);
  const found: Map<string, Feature>[] = [];
  const images = new Map<string, number>();
  for (const place of recordsOf(window)) {
    const features = featuresOf(window, place);
    found.push(features);
    for (const [name, feature] of features) {
      if (feature.kind === "bytes" && isImage(window, feature)) images.set(name, (images.get(name) ?? 0) + 1);
    }
    if (found.length === PROBED_RECORDS) break;
  }
  if (found.length === 0)
    throw new CleanSplitError("corrupt", l10n.t("{0} is empty: it holds no records. Download it again.", file.name));
  const kindOf = (name: string): Feature["kind"] | undefined =>
    found.map((features) => features.get(name)?.kind).find((kind) => kind !== undefined);
  const encoded = [...images].filter(([, count]) => count * 2 >= found.length).map(([name]) => name);
  const raw = IMAGE_NAMES.find((name) => kindOf(name) === "bytes");
  if (encoded.length === 0 && raw === undefined) throw withoutImages(file, found);
  const isOther = (name: string): boolean => kindOf(name) !== undefined && !encoded.includes(name) && name !== raw;
  return {
    images: encoded.length > 0 || raw === undefined ? encoded : [raw],
    label: LABEL_NAMES.find(isOther),
    text: TEXT_NAMES.find((name) => isOther(name) && kindOf(name) === "bytes"),
  };
}

/** The features of a record; none when it is damaged. */
function featuresOf(bytes: Bytes, place: RecordPlace, known?: ReadonlySet<string>): Map<string, Feature> {
  try {
    return readFeatures(bytes, place, known);
  } catch (error) {
    if (error instanceof ExampleDamaged) return new Map();
    throw error;
  }
}

function isImage(bytes: Bytes, { from, to }: { readonly from: number; readonly to: number }): boolean {
  const format = sniffFormat(bytes.slice(from, Math.min(to, from + 32)));
  return format !== undefined && format !== "pnm" && format !== "svg";
}

/** Finds all records, and reads their labels. */
function scan(file: OpenFile, { label, text }: Recognised): { starts: Float64Array; labels: Labels | null } {
  const window = new Window(file);
  const wanted = new Set([label, text].filter((name) => name !== undefined));
  const collected = new LabelCollector(label, text);
  let starts = new Float64Array(1024);
  let count = 0;
  for (const place of recordsOf(window)) {
    if (count + 1 === starts.length) {
      const longer = new Float64Array(2 * starts.length);
      longer.set(starts);
      starts = longer;
    }
    if (wanted.size > 0) collected.add(window, featuresOf(window, place, wanted));
    starts[count] = place.from - HEAD_BYTES;
    starts[++count] = place.to + TAIL_BYTES;
  }
  return { starts: starts.slice(0, count + 1), labels: wanted.size > 0 ? collected.labels() : null };
}

/** Gathers the labels of one record after the other. */
class LabelCollector {
  readonly #indexOf = new Map<string, number>();
  /** Names of each label; `null` when it has several. */
  readonly #names = new Map<string, string | null>();
  readonly #labels: number[] = [];

  constructor(
    private readonly label: string | undefined,
    private readonly text: string | undefined,
  ) {}

  add(bytes: Bytes, features: ReadonlyMap<string, Feature>): void {
    const name = this.text === undefined ? null : labelIn(bytes, features.get(this.text));
    const label = this.label === undefined ? name : labelIn(bytes, features.get(this.label));
    if (label === null || this.#indexOf.size > MOST_LABELS) {
      this.#labels.push(NO_CLASS);
      return;
    }
    const index = this.#indexOf.get(label) ?? this.#indexOf.size;
    this.#indexOf.set(label, index);
    this.#labels.push(index);
    if (name !== null) this.#names.set(label, (this.#names.get(label) ?? name) === name ? name : null);
  }

  /** The labels; `null` when they are more than there are classes, and so are something else. */
  labels(): Labels | null {
    if (this.#indexOf.size > MOST_LABELS) return null;
    const shown = this.#shownNames();
    const classes = [...shown.values()].sort(compareClasses);
    const position = new Map(classes.map((name, index) => [name, index]));
    const places = [...this.#indexOf.keys()].map((label) => position.get(shown.get(label) ?? "") ?? NO_CLASS);
    return { labelOf: Int32Array.from(this.#labels, (index) => places[index] ?? NO_CLASS), classes };
  }

  /** What each label is called: by the text beside it, when every label has one of its own (two classes of ImageNet have not). */
  #shownNames(): ReadonlyMap<string, string> {
    const labels = [...this.#indexOf.keys()];
    const names = labels.map((label) => this.#names.get(label) ?? null);
    const areOwn = names.every((name) => name !== null) && new Set(names).size === labels.length;
    return new Map(labels.map((label, index) => [label, (areOwn ? names[index] : label) ?? label]));
  }
}

/** The label that a feature says; `null` for none, and for a negative number, which marks what has none. */
function labelIn(bytes: Bytes, feature: Feature | undefined): string | null {
  if (feature === undefined) return null;
  if (feature.kind === "number") {
    return Number.isSafeInteger(feature.value) && feature.value >= 0 ? String(feature.value) : null;
  }
  const { from, to } = feature;
  return to - from > MAX_LABEL_BYTES ? null : Buffer.from(bytes.slice(from, to)).toString();
}

function readImage(file: OpenFile, place: RecordPlace, key: string): PackedImage {
  const fault = (reason: string): PackedImage => ({ kind: "fault", reason });
  const data = readRecord(file, place);
  if (data === null) return fault("its record does not match its checksum");
  const bytes: Bytes = { byte: (at) => data[at] ?? 0, slice: (from, to) => data.slice(from, to) };
  try {
    const features = readFeatures(bytes, { from: 0, to: data.length }, new Set([key, ...SIZE_NAMES]));
    const image = features.get(key);
    if (image?.kind !== "bytes") return fault(`its record has no bytes in the feature "${printable(key)}"`);
    const content = bytes.slice(image.from, image.to);
    return sniffFormat(content) === undefined ? rawImage(content, features) : { kind: "encoded", bytes: content };
  } catch (error) {
    if (error instanceof ExampleDamaged) return fault("its record is no tf.train.Example");
    throw error;
  }
}

/** Bytes that are no image file as raw pixels, when the record says their size. */
function rawImage(pixels: Uint8Array, features: ReadonlyMap<string, Feature>): PackedImage {
  const sizeOf = (names: readonly string[]): number | undefined => {
    const feature = names.map((name) => features.get(name)).find((entry) => entry !== undefined);
    return feature?.kind === "number" ? feature.value : undefined;
  };
  const [height, width] = [sizeOf(HEIGHT_NAMES), sizeOf(WIDTH_NAMES)];
  // Without them the decoder says what the bytes are instead.
  if (height === undefined || width === undefined) return { kind: "encoded", bytes: pixels };
  const channels = sizeOf(DEPTH_NAMES) ?? pixels.length / (height * width);
  const mode = MODES[channels - 1];
  if (mode === undefined || height < 1 || width < 1 || pixels.length !== height * width * channels) {
    const reason = `its ${grouped(pixels.length)} bytes are neither an image file nor ${height} x ${width} pixels of 8 bits`;
    return { kind: "fault", reason };
  }
  return { kind: "pixels", picture: { width, height, mode, pixels } };
}

function withoutImages(file: OpenFile, found: readonly ReadonlyMap<string, Feature>[]): CleanSplitError {
  const names = [...new Set(found.flatMap((features) => [...features.keys()]))];
  const shown = names.slice(0, 10).map(printable).join(", ");
  return new CleanSplitError(
    "unsupported",
    names.length === 0
      ? l10n.t(
          "{0} holds no records with images: expected a feature such as image/encoded with the bytes of an image, but they are no tf.train.Example. Choose a file with images.",
          file.name,
        )
      : l10n.t(
          "{0} holds no records with images: expected a feature such as image/encoded with the bytes of an image, but their features are {1}. Choose a file with images.",
          file.name,
          shown,
        ),
  );
}
