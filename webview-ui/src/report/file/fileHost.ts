import * as l10n from "@vscode/l10n";
import {
  NOTHING_SAID,
  type GroupPage,
  type GroupQuery,
  type GroupView,
  type ReportHost,
  type ReportSnapshot,
  type ReportState,
  type SampleView,
  type ThumbnailView,
} from "../../../../src/protocol/report";
import type { Connection } from "../../shared/connection";
import { compareInFile } from "./compareInFile";

/** A host that answers from a snapshot; what changes anything, or needs the dataset, is refused. */
export function fileConnection(
  snapshot: ReportSnapshot,
  openSample: (sample: SampleView) => void,
): Connection<ReportHost> {
  const samples = samplesOf(snapshot);
  const answers: Partial<ReportHost> = {
    ready: async () => stateOf(snapshot),
    groups: async (query) => queryGroups(snapshot, query),
    thumbnails: async (numbers) => numbers.map((sample) => thumbnailOf(snapshot, sample)),
    changes: async (from, count) => ({
      total: snapshot.changes.changes.length,
      from,
      changes: snapshot.changes.changes.slice(from, from + count),
    }),
    compare: async (first, second) =>
      compareInFile(snapshot, thumbnailOf(snapshot, first), thumbnailOf(snapshot, second)),
    openSample: async (number) => {
      const sample = samples.get(number);
      if (sample !== undefined) openSample(sample);
    },
    copySampleId: (id) => navigator.clipboard.writeText(id),
  };
  const refuse = async (): Promise<never> => {
    throw new Error(l10n.t("This report is a file. Open its dataset in CleanSplit to change something."));
  };
  return {
    host: new Proxy(answers as ReportHost, {
      get: (host, name) => (Reflect.get(host, name) as unknown) ?? refuse,
    }),
    serve: () => () => undefined,
    readView: () => null,
    writeView: () => undefined,
  };
}

/** The state of a page about a snapshot: nothing is being done, and nothing can be. */
function stateOf({ report, verdict, quality, plan, applied, runs }: ReportSnapshot): ReportState {
  return {
    name: report.dataset.name,
    progress: null,
    canPause: false,
    paused: null,
    error: null,
    inspection: "snapshot",
    report,
    search: { status: report.near === null ? "idle" : "done", progress: null, error: null },
    verdict,
    quality,
    corrected: [],
    plan,
    planFile: null,
    review: NOTHING_SAID,
    datasetChanges: null,
    images: "copy",
    applied,
    interrupted: null,
    runs,
    canQuarantine: false,
    trusted: false,
  };
}

function queryGroups(snapshot: ReportSnapshot, query: GroupQuery): GroupPage {
  const { from, count, membersEach, tier = "pixel", sort } = query;
  // Where identical files make the same groups as equal pixels they are kept once.
  const { groups } = snapshot.groups[tier] ?? snapshot.groups.pixel;
  const passing = groups.filter((group) => passes(group, query)).sort((a, b) => a.group - b.group);
  if (sort === "size") passing.sort((a, b) => b.size - a.size);
  if (sort === "doubt") passing.sort((a, b) => doubtOf(snapshot, a) - doubtOf(snapshot, b));
  const page = passing.slice(from, from + count);
  return {
    total: passing.length,
    from,
    groups: page.map((group) => ({ ...group, members: group.members.slice(0, membersEach) })),
  };
}

/** As the engine filters groups. */
function passes(group: GroupView, query: GroupQuery): boolean {
  const { splits = [], leaking, conflict, blank, similar, label, decided, text = "" } = query;
  return (
    splits.every((name) => group.splits.includes(name)) &&
    (leaking !== true || group.splits.length > 1) &&
    (conflict === undefined || conflict === group.conflict) &&
    (blank === undefined || blank === group.blank) &&
    (similar === undefined || similar === (group.worst !== null)) &&
    (label === undefined || group.labels.includes(label)) &&
    (decided === undefined || decided === group.decided) &&
    (text === "" || group.members.some(({ id }) => id.toLowerCase().includes(text.toLowerCase())))
  );
}

/** Lower for what is more doubtful; groups of equal pictures, which are in no doubt, come last. */
function doubtOf({ report }: ReportSnapshot, { worst }: GroupView): number {
  if (worst === null || report.near === null) return Infinity;
  return report.near.measure.better === "lower" ? -worst : worst;
}

function samplesOf({ groups, changes }: ReportSnapshot): ReadonlyMap<number, SampleView> {
  const samples = new Map<number, SampleView>();
  for (const list of Object.values(groups)) {
    for (const group of list.groups) for (const member of group.members) samples.set(member.sample, member);
  }
  for (const { sample, twin } of changes.changes) {
    samples.set(sample.sample, sample);
    if (twin !== null) samples.set(twin.sample, twin);
  }
  return samples;
}

function thumbnailOf({ pictures, pictureOf }: ReportSnapshot, sample: number): ThumbnailView {
  const picture = pictures[pictureOf[sample] ?? -1];
  if (picture === undefined) return { sample, png: new Uint8Array(), width: 0, height: 0 };
  const png = Uint8Array.from(atob(picture.png), (letter) => letter.charCodeAt(0));
  return { sample, png, width: picture.width, height: picture.height };
}
