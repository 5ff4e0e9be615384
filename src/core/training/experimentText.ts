import * as l10n from "@vscode/l10n";
import { counted } from "../counts";
import { decimalText, integerText, listText, writtenTag } from "../language";
import type {
  BackendName,
  ExperimentSpec,
  ExperimentStatus,
  ExperimentSummary,
  TrainingData,
  TrainingSize,
} from "./experiment";
import { MODELS } from "./models";

/** What back ends are called; names, the same in every language. */
export const BACKEND_TITLES: Readonly<Record<BackendName, string>> = {
  kernel: "CleanSplit kernel",
  tensorflow: "TensorFlow",
  wasm: "TensorFlow.js WebAssembly",
  cpu: "TensorFlow.js JavaScript",
};

const STATUS_TITLES: Readonly<Record<ExperimentStatus, () => string>> = {
  loading: () => l10n.t("Reading images"),
  training: () => l10n.t("Training"),
  paused: () => l10n.t("Paused"),
  done: () => l10n.t({ message: "Done", comment: ["An experiment of which every run is finished."] }),
  cancelled: () => l10n.t({ message: "Cancelled", comment: ["An experiment, or an audit of labels."] }),
  interrupted: () => l10n.t({ message: "Interrupted", comment: ["An experiment."] }),
  failed: () => l10n.t({ message: "Failed", comment: ["An experiment, or an audit of labels."] }),
};

/** How far an experiment got, e.g. "Done", "Interrupted after 12 of 50 runs". */
export function progressOf({
  status,
  finished,
  planned,
}: Pick<ExperimentSummary, "status" | "finished" | "planned">): string {
  const title = STATUS_TITLES[status]();
  if (status === "done" || planned === 0) return title;
  const args = [title, integerText(finished), counted(planned, "run")];
  return status === "training" || status === "paused" || status === "loading"
    ? l10n.t({
        message: "{0}, {1} of {2}",
        args,
        comment: ["{0} what an experiment does or became, {1} and {2} as in: 12 of 50 runs."],
      })
    : l10n.t({
        message: "{0} after {1} of {2}",
        args,
        comment: ["{0} what an experiment does or became, {1} and {2} as in: 12 of 50 runs."],
      });
}

/** What an experiment trains, e.g. "softmax regression · 50, 100 and all images · original and sanitized · 5 seeds". */
export function specText(spec: ExperimentSpec): string {
  return [
    listText(spec.models.map((model) => lowerFirst(MODELS[model].title))),
    l10n.t({
      message: "{0} images",
      args: [listText(spec.sizes.map(sizeText))],
      comment: ["{0} a list of numbers, e.g. 50, 100 and all."],
    }),
    l10n.t({
      message: "{0} data",
      args: [listText(spec.data.map(dataText))],
      comment: ["{0} e.g. original and sanitized."],
    }),
    counted(spec.seeds.length, "seed"),
    ...(spec.tier === "near" ? [l10n.t("near duplicates count")] : []),
    ...(spec.epochs === null ? [] : [counted(spec.epochs, "epoch")]),
    ...(spec.batchSize === null ? [] : [l10n.t("batches of {0}", integerText(spec.batchSize))]),
    ...(spec.learningRate === null ? [] : [l10n.t("learning rate {0}", decimalText(spec.learningRate))]),
    ...(spec.side === null ? [] : [l10n.t("{0} pixels", spec.side)]),
    ...(spec.channels === null ? [] : [channelsText(spec.channels)]),
    ...(spec.backend === null ? [] : [BACKEND_TITLES[spec.backend]]),
  ].join(" · ");
}

/** How a size reads within a sentence. */
export function sizeText(size: TrainingSize): string {
  if (size !== "all") return integerText(size);
  return l10n.t({ message: "all", comment: ["In place of a number of images, as in: 50, 100 and all images."] });
}

/** Which data, within a sentence. */
export function dataText(data: TrainingData): string {
  return data === "original"
    ? l10n.t({
        message: "original",
        comment: ["The data that a model is trained on, as in: original and sanitized data."],
      })
    : l10n.t({
        message: "sanitized",
        comment: ["The data that a model is trained on, as in: original and sanitized data."],
      });
}

/** Of what colours pictures are, within a sentence. */
export function channelsText(channels: 1 | 3): string {
  return channels === 1
    ? l10n.t({ message: "grey", comment: ["Pictures in shades of grey, or in colour."] })
    : l10n.t({ message: "colour", comment: ["Pictures in shades of grey, or in colour."] });
}

/** A moment of an experiment in the time of the reader, e.g. "26 Nov 2026, 04:15". */
export function momentText(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return iso;
  return new Intl.DateTimeFormat(writtenTag(), { dateStyle: "medium", timeStyle: "short" }).format(moment);
}

/** With a small letter first, as a title stands within a sentence. */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
