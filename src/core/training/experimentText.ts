import { number, plural } from "../leakage/verdict";
import type { BackendName, ExperimentSpec, ExperimentStatus, ExperimentSummary, TrainingSize } from "./experiment";
import { MODELS } from "./models";

/** What back ends are called. */
export const BACKEND_TITLES: Readonly<Record<BackendName, string>> = {
  kernel: "CleanSplit kernel",
  tensorflow: "TensorFlow",
  wasm: "TensorFlow.js WebAssembly",
  cpu: "TensorFlow.js JavaScript",
};

const STATUS_TITLES: Readonly<Record<ExperimentStatus, string>> = {
  loading: "Reading images",
  training: "Training",
  paused: "Paused",
  done: "Done",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
  failed: "Failed",
};

/** How far an experiment got, e.g. "Done", "Interrupted after 12 of 50 runs". */
export function progressOf({
  status,
  finished,
  planned,
}: Pick<ExperimentSummary, "status" | "finished" | "planned">): string {
  const title = STATUS_TITLES[status];
  if (status === "done" || planned === 0) return title;
  const runs = `${number(finished)} of ${plural(planned, "run")}`;
  return status === "training" || status === "paused" || status === "loading"
    ? `${title}, ${runs}`
    : `${title} after ${runs}`;
}

/** What an experiment trains, e.g. "softmax regression · 50, 100 and all images · original and sanitized · 5 seeds". */
export function specText(spec: ExperimentSpec): string {
  const sizes = list(spec.sizes.map(sizeText));
  return [
    list(spec.models.map((model) => lowerFirst(MODELS[model].title))),
    `${sizes} images`,
    `${list(spec.data)} data`,
    plural(spec.seeds.length, "seed"),
    ...(spec.tier === "near" ? ["near duplicates count"] : []),
    ...(spec.epochs === null ? [] : [plural(spec.epochs, "epoch")]),
    ...(spec.batchSize === null ? [] : [`batches of ${number(spec.batchSize)}`]),
    ...(spec.learningRate === null ? [] : [`learning rate ${spec.learningRate}`]),
    ...(spec.side === null ? [] : [`${spec.side} pixels`]),
    ...(spec.channels === null ? [] : [spec.channels === 1 ? "grey" : "colour"]),
    ...(spec.backend === null ? [] : [BACKEND_TITLES[spec.backend]]),
  ].join(" · ");
}

/** How a size reads within a sentence. */
export function sizeText(size: TrainingSize): string {
  return size === "all" ? "all" : number(size);
}

/** A moment of an experiment in the time of the reader, e.g. "26 Nov 2026, 04:15". */
export function momentText(iso: string): string {
  const moment = new Date(iso);
  if (Number.isNaN(moment.getTime())) return iso;
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(moment);
}

function list(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}

/** With a small letter first, as a title stands within a sentence. */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
