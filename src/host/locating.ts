import * as vscode from "vscode";
import { CleanSplitError } from "../core/errors";
import type { GroupFilter, SampleView } from "../core/leakage/report";
import { isPartOf } from "../engine/recognition/inputs";
import type { DatasetSession, DatasetSessions } from "./session";

/** The sample of an image file, with the dataset that it is in; rejects when no inspected dataset has it. */
export async function sampleAt(
  sessions: DatasetSessions,
  file: string,
): Promise<{ readonly session: DatasetSession; readonly view: SampleView }> {
  for (const session of sessions.all) {
    if (session.result === null || !session.request.inputs.some((input) => isPartOf(file, input))) continue;
    const [view = null] = await session.read((engine, inspection) =>
      engine.findSamples({ inspection, names: [file] }, quiet()),
    );
    if (view !== null) return { session, view };
  }
  throw new CleanSplitError(
    "not-found",
    vscode.l10n.t("{0} is no image of a dataset that was inspected. Inspect its dataset first.", file),
  );
}

/** Where a sample is among the groups of equal images, else among those of similar ones; `null` when it is in neither. */
export async function groupOfSample(
  session: DatasetSession,
  sample: number,
): Promise<{ readonly filter: GroupFilter; readonly row: number } | null> {
  const hasNear = (session.result?.report.near ?? null) !== null;
  for (const tier of hasNear ? (["pixel", "near"] as const) : (["pixel"] as const)) {
    const filter: GroupFilter = { tier, sort: "first" };
    const place = await session.read((engine, inspection) => engine.findGroup({ inspection, filter, sample }, quiet()));
    if (place !== null) return { filter, row: place.row };
  }
  return null;
}

function quiet(): { readonly signal: AbortSignal; readonly progress: () => void } {
  return { signal: new AbortController().signal, progress: () => undefined };
}
