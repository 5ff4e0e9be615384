import { version } from "../../../package.json";
import { walkGroups, type SearchedGroups } from "../../core/leakage/groupQueries";
import { briefReport } from "../../core/leakage/brief";
import { qualityNotes } from "../../core/leakage/qualityNotes";
import type { GroupView, MemberView, QualityCheck, Report, SampleView, Tier } from "../../core/leakage/report";
import {
  MAX_SNAPSHOT_BYTES,
  MAX_SNAPSHOT_CHANGES,
  MAX_SNAPSHOT_GROUPS,
  MAX_SNAPSHOT_MEMBERS,
  type ReportSnapshot,
  type SnapshotGroups,
  type SnapshotPicture,
} from "../../core/leakage/snapshot";
import { verdictOf } from "../../core/leakage/verdict";
import type { ApplyResult, PlanChange, PlanSummary } from "../../core/sanitize/plan";
import type { ExperimentSummary } from "../../core/training/experiment";
import type { Thumbnail } from "../engine";
import { withoutPlaces } from "./places";

/** Pictures that are made at a time. */
const BATCH = 64;

/** What a snapshot is made of. */
export interface SnapshotSource {
  readonly searched: SearchedGroups;
  readonly report: Report;
  /** A plan of this inspection, and what it changes; `null` without one. */
  readonly plan: {
    readonly summary: PlanSummary;
    readonly total: number;
    readonly changes: readonly PlanChange[];
  } | null;
  readonly applied: ApplyResult | null;
  readonly runs: readonly ExperimentSummary[];
  /** Makes small pictures of samples, at most 64 at a time. */
  readonly thumbnails: (samples: readonly number[]) => Promise<readonly Thumbnail[]>;
  /** Hears how many groups are done. */
  readonly progress: (done: number, total: number) => void;
}

/**
 * A report as it is now, with its first groups and their pictures. Where pictures are large, fewer groups are kept, so that all
 * of them take at most {@link MAX_SNAPSHOT_BYTES}.
 */
export async function makeSnapshot(source: SnapshotSource): Promise<ReportSnapshot> {
  const { plan, applied, runs } = source;
  const report = withinDataset(briefReport(source.report));
  const pictures = new Pictures(source.thumbnails);
  const kept = await keepGroups(source, pictures);
  const changes = (plan?.changes ?? []).slice(0, MAX_SNAPSHOT_CHANGES).map(withoutFiles);
  await pictures.add(
    changes.flatMap(({ sample, twin }) => (twin === null ? [sample] : [sample, twin])).map(({ sample }) => sample),
  );
  const clean = withoutPlaces(source.report.dataset.inputs);
  return {
    schema: "cleansplit/snapshot@1",
    version,
    made: new Date().toISOString(),
    report,
    verdict: verdictOf(source.report),
    quality: qualityNotes(source.report.quality),
    groups: kept,
    plan: plan === null ? null : { ...plan.summary, outputs: plan.summary.outputs.map(clean) },
    changes: { total: plan?.total ?? 0, changes },
    applied: applied === null ? null : withoutFolder(applied),
    runs,
    pictures: pictures.all,
    pictureOf: Object.fromEntries(pictures.of),
  };
}

async function keepGroups(
  { searched, report, progress }: SnapshotSource,
  pictures: Pictures,
): Promise<ReportSnapshot["groups"]> {
  const { duplicates } = report;
  const isSame = (["groups", "samples"] as const).every((count) => duplicates.file[count] === duplicates.pixel[count]);
  const tiers: readonly Tier[] = [
    "pixel",
    ...(report.near === null ? [] : (["near"] as const)),
    ...(isSame ? [] : (["file"] as const)),
  ];
  const counts = tiers.map((tier) => duplicates[tier]?.groups ?? 0);
  const all = counts.reduce((sum, count) => sum + Math.min(count, MAX_SNAPSHOT_GROUPS), 0);
  const kept: { [tier in Tier]?: SnapshotGroups } & { pixel: SnapshotGroups } = { pixel: { total: 0, groups: [] } };
  let done = 0;
  for (const [index, tier] of tiers.entries()) {
    const groups: GroupView[] = [];
    for (const { group, members } of walkGroups(searched, tier)) {
      if (groups.length >= MAX_SNAPSHOT_GROUPS || (groups.length > 0 && pictures.isFull)) break;
      const shown = take(members, MAX_SNAPSHOT_MEMBERS).map(withoutFile);
      await pictures.addGroup(shown);
      groups.push({ ...group, members: shown });
      progress(++done, all);
    }
    await pictures.settle();
    kept[tier] = { total: counts[index] ?? 0, groups };
  }
  return kept;
}

/** Pictures by sample, each kept once. */
class Pictures {
  readonly all: SnapshotPicture[] = [];
  readonly of = new Map<number, number>();
  readonly #places = new Map<string, number>();
  readonly #asked = new Set<number>();
  /** Samples with the picture of another one, which is made for both. */
  readonly #shared = new Map<number, number>();
  #waiting: number[] = [];
  #bytes = 0;

  constructor(private readonly make: SnapshotSource["thumbnails"]) {}

  get isFull(): boolean {
    return this.#bytes >= MAX_SNAPSHOT_BYTES;
  }

  /** Keeps pictures of a group, of those that are equal to the first one only that. */
  async addGroup(members: readonly MemberView[]): Promise<void> {
    const [first] = members;
    if (first === undefined) return;
    for (const { sample, nearness } of members) {
      if (sample === first.sample || nearness !== null) this.#ask(sample);
      else if (!this.#asked.has(sample)) this.#shared.set(sample, first.sample);
    }
    if (this.#waiting.length >= BATCH) await this.settle();
  }

  /** Keeps pictures of samples until there are too many. */
  async add(samples: readonly number[]): Promise<void> {
    for (const sample of samples) {
      if (!this.of.has(sample)) this.#ask(sample);
      if (this.#waiting.length >= BATCH) await this.settle();
      if (this.isFull) break;
    }
    await this.settle();
  }

  /** Makes what was asked for. */
  async settle(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      for (const thumbnail of await this.make(batch)) this.#keep(thumbnail);
    }
    for (const [sample, other] of this.#shared) {
      const place = this.of.get(other);
      if (place !== undefined && !this.of.has(sample)) this.of.set(sample, place);
    }
    this.#shared.clear();
  }

  #ask(sample: number): void {
    if (this.#asked.has(sample)) return;
    this.#asked.add(sample);
    this.#waiting.push(sample);
  }

  #keep({ sample, png, width, height }: Thumbnail): void {
    if (png.length === 0) return;
    const text = Buffer.from(png).toString("base64");
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.all.push({ width, height, png: text }) - 1;
      this.#places.set(text, place);
      this.#bytes += png.length;
    }
    this.of.set(sample, place);
  }
}

/** A report that names places within the dataset only. */
function withinDataset(report: Report): Report {
  const { dataset, near, quality } = report;
  const clean = withoutPlaces(dataset.inputs);
  const faults = (list: Report["unreadable"]): Report["unreadable"] =>
    list.map((fault) => ({ ...fault, reason: clean(fault.reason) }));
  const check = <T extends QualityCheck>(found: T): T => ({ ...found, examples: found.examples.map(withoutFile) });
  const { nearlyBlank, oddSize, oddAspect, wrongExtension, mixedModes } = quality;
  return {
    ...report,
    dataset: {
      ...dataset,
      inputs: [],
      units: dataset.units.map((unit) => ({ ...unit, path: clean(unit.path), reason: clean(unit.reason) })),
      ignored: dataset.ignored.map(({ path, reason }) => ({ path: clean(path), reason: clean(reason) })),
      notes: dataset.notes.map(clean),
    },
    near: near === null ? null : { ...near, decisions: { ...near.decisions, file: nameOf(near.decisions.file) } },
    unreadable: faults(report.unreadable),
    invalid: faults(report.invalid),
    quality: {
      ...quality,
      nearlyBlank: check(nearlyBlank),
      oddSize: check(oddSize),
      oddAspect: check(oddAspect),
      wrongExtension: check(wrongExtension),
      mixedModes: check(mixedModes),
    },
  };
}

/** The last two parts of a path, e.g. ".cleansplit/decisions.json". */
function nameOf(file: string | null): string | null {
  return file === null ? null : file.split(/[\\/]/).slice(-2).join("/");
}

function withoutFolder(applied: ApplyResult): ApplyResult {
  const name = (file: string): string => file.split(/[\\/]/).at(-1) ?? "";
  const { folder, manifest, certificate } = applied;
  return {
    ...applied,
    folder: name(folder),
    manifest: name(manifest),
    certificate: name(certificate),
    verified: applied.verified.map(withoutPlaces([folder])),
  };
}

function withoutFile<T extends Pick<SampleView, "file" | "isImageFile">>(sample: T): T {
  return { ...sample, file: "", isImageFile: false };
}

function withoutFiles(change: PlanChange): PlanChange {
  const { sample, twin } = change;
  return { ...change, sample: withoutFile(sample), twin: twin === null ? null : withoutFile(twin) };
}

function take<T>(items: Iterable<T>, most: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    taken.push(item);
    if (taken.length >= most) break;
  }
  return taken;
}
