import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { integerText } from "../../core/language";
import { MODES } from "../../core/picture";
import type { Progress, Run } from "../engine";
import type { Inspection } from "../inspection";
import type { FeatureFormat } from "../pool/jobs";
import type { Pool } from "../pool/pool";
import { featureRows } from "./features";

/** Largest picture, in values, that is looked at in its own size; larger ones are resized. 64 x 64 grey. */
const MAX_OWN_SIZE = 4096;

/** Sides that other pictures are resized to: the largest one with which all of them fit into {@link MOST_BYTES}. */
const SIDES = [32, 24, 16, 8];

/** Memory that the pictures may take: half a million colour pictures of 24 x 24 have room in it. */
const MOST_BYTES = 2 ** 30;

/** Pictures as numbers: a row of height x width x channels values 0..255 for each sample, in memory that threads share. */
export interface AuditPixels {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/**
 * Reads samples as rows of numbers, in their order. Small pictures of one size are taken as they are, others are resized.
 * All of them are in memory once. Rejects with a `CleanSplitError` when they are too many for that, or a file changed.
 */
export async function readPixels(
  inspection: Inspection,
  samples: Uint32Array,
  pool: Pool,
  run: Run<Progress>,
): Promise<AuditPixels> {
  const { findings } = inspection;
  const format = formatFor(inspection, samples);
  const [first = 0] = samples;
  const height = format.side ?? findings.fingerprints.heights[first] ?? 0;
  const width = format.side ?? findings.fingerprints.widths[first] ?? 0;
  const length = height * width * format.channels;
  const pixels = new Uint8Array(new SharedArrayBuffer(samples.length * length));
  const tell = (bytes: number): void =>
    run.progress({ phase: "preparing", done: bytes / length, total: samples.length });
  let bytes = 0;
  tell(bytes);
  for await (const rows of featureRows(inspection, samples, format, pool, run.signal)) {
    pixels.set(rows, bytes);
    bytes += rows.length;
    tell(bytes);
  }
  return { pixels, height, width, channels: format.channels };
}

function formatFor({ findings: { fingerprints } }: Inspection, samples: Uint32Array): FeatureFormat {
  const { widths, heights, modes } = fingerprints;
  const [first = 0] = samples;
  const channels = samples.some((sample) => (MODES[modes[sample] ?? 0] ?? "L").startsWith("RGB")) ? 3 : 1;
  const isPlain = modes[first] === MODES.indexOf(channels === 3 ? "RGB" : "L");
  const isOneSize = samples.every(
    (sample) =>
      widths[sample] === widths[first] && heights[sample] === heights[first] && modes[sample] === modes[first],
  );
  const fits = (values: number): boolean => values * samples.length <= MOST_BYTES;
  const own = (widths[first] ?? 0) * (heights[first] ?? 0) * channels;
  if (isPlain && isOneSize && own <= MAX_OWN_SIZE && fits(own)) return { side: null, channels };
  const side = SIDES.find((length) => fits(length * length * channels));
  if (side !== undefined) return { side, channels };
  throw new CleanSplitError(
    "unsupported",
    l10n.t(
      "The labels of {0} images cannot be audited at once: they would take more than 1 GB of memory. Inspect a part of the dataset.",
      integerText(samples.length),
    ),
  );
}
