import type {
  Choice,
  GroupChange,
  GroupFilter,
  GroupPage,
  GroupQuery,
  GroupView,
  Leakage,
  LeakageCounts,
  Measure,
  MemberView,
  Nearness,
  NearReport,
  PairVerdict,
  PairView,
  PlanOptions,
  PlanSummary,
  PolicyPreview,
  Precision,
  Quality,
  QualityCheck,
  PlanChange,
  ChangeReason,
  Report,
  ReportState,
  ReviewAction,
  ReviewState,
  Role,
  SampleView,
} from "../../../src/protocol/report";
import { NOTHING_SAID } from "../../../src/core/review/review";
import { DEFAULT_OPTIONS } from "../../../src/core/sanitize/options";
import type { Verdict } from "../../../src/core/leakage/verdict";
import { qualityNotes } from "../../../src/core/leakage/qualityNotes";
import { MEASURES, TRANSFORMS } from "../../../src/core/near/near";
import { said } from "./said";

/** What a made-up dataset looks like. */
export interface FakeDataset {
  readonly name: string;
  readonly splits: readonly { readonly name: string; readonly role: Role; readonly samples: number }[];
  readonly classes: readonly string[];
  readonly groups: number;
  readonly faults: number;
  /** Width and height of every image. */
  readonly size: readonly [number, number];
  readonly fileName: (sample: number) => string;
  /** How it was recognised, when not by folders. */
  readonly recognised?: Pick<Report["dataset"], "units" | "ignored" | "notes">;
  /** Entries left out of lists of the report. */
  readonly unlisted?: Report["unlisted"];
}

const LETTERS = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];

/** Names that a page must show as they are and never take for markup. */
export const HOSTILE_NAMES = [
  "<img src=x onerror=alert(1)>.png",
  "\u202Egnp.exe\u202C.png",
  `${"very-long-name-".repeat(17).slice(0, 251)}.png`,
  "a & b <script>alert(2)</script>.png",
  "שלום-עולם.png",
  "   .png",
  "'\"`${alert(3)}.png",
];

/** The datasets that the scenarios are about. */
export const DATASETS = {
  letters: {
    name: "notmnist_split",
    splits: [
      { name: "train", role: "train", samples: 13_901 },
      { name: "validation", role: "validation", samples: 3_476 },
      { name: "test", role: "test", samples: 3_493 },
    ],
    classes: LETTERS,
    groups: 1_204,
    faults: 7,
    size: [28, 28],
    fileName: (sample) => `Q2FsbGlncmFwaGljIC${sample.toString(36)}.png`,
  },
  huge: {
    name: "notMNIST_large",
    splits: [
      { name: "train", role: "train", samples: 529_114 },
      { name: "test", role: "test", samples: 18_726 },
    ],
    classes: LETTERS,
    groups: 100_000,
    faults: 1_340,
    size: [28, 28],
    fileName: (sample) => `${sample.toString(16).padStart(8, "0")}.png`,
  },
  hostile: {
    name: "<b>bold</b> & \u202Eevil\u202C dataset",
    splits: [
      { name: "<img src=x onerror=alert(1)>", role: "train", samples: 40 },
      { name: "test & <i>more</i>", role: "test", samples: 12 },
    ],
    classes: ["<u>A</u>", "B".repeat(255), "\u202Eelbisrever"],
    groups: 24,
    faults: 5,
    size: [64, 48],
    fileName: (sample) => HOSTILE_NAMES[sample % HOSTILE_NAMES.length] ?? "",
  },
  photos: {
    name: "leaves",
    splits: [
      { name: "train", role: "train", samples: 820 },
      { name: "valid", role: "validation", samples: 104 },
      { name: "test", role: "test", samples: 102 },
    ],
    classes: ["Apple scab", "Apple black rot", "Cedar rust", "Healthy"],
    groups: 9,
    faults: 0,
    size: [1024, 768],
    fileName: (sample) => `IMG_${String(2000 + sample)}.JPG`,
  },
  /** As many of everything as one can meet. */
  vast: {
    name: "everything",
    splits: Array.from({ length: 50 }, (_, index) => ({
      name: `fold-${String(index + 1).padStart(2, "0")}`,
      role: index === 0 ? ("test" as const) : index < 5 ? ("validation" as const) : ("train" as const),
      samples: 26_000 - index * 310,
    })),
    classes: Array.from({ length: 1_000 }, (_, index) => `n${String(1_440_764 + index * 7_919).padStart(8, "0")}`),
    groups: 100_000,
    faults: 1_000,
    size: [500, 375],
    fileName: (sample) => `ILSVRC2012_val_${String(sample).padStart(8, "0")}.JPEG`,
    unlisted: { unreadable: 9_000, invalid: 0, ignored: 0 },
  },
  /** Splits and labels from a list of images, and a long list of what was left out. */
  lists: {
    name: "skin-lesions",
    splits: [
      { name: "train", role: "train", samples: 8_012 },
      { name: "dev", role: "validation", samples: 1_002 },
      { name: "test", role: "test", samples: 999 },
      { name: "not listed", role: "other", samples: 2 },
    ],
    classes: ["keratosis", "melanoma", "nevus"],
    groups: 40,
    faults: 1_000,
    size: [600, 450],
    fileName: (sample) => `ISIC_${String(24_306 + sample).padStart(7, "0")}.jpg`,
    recognised: {
      units: [
        ...(["train", "dev", "test"] as const).map((split) => ({
          path: `/home/someone/datasets/skin-lesions/metadata.csv#${split}`,
          split,
          role: split === "dev" ? ("validation" as const) : split,
          samples: split === "train" ? 8_012 : split === "dev" ? 1_002 : 999,
          reason: "Column “split” of metadata.csv says so. Labels from column “dx”.",
        })),
        {
          path: "/home/someone/datasets/skin-lesions/metadata.csv#not listed",
          split: "not listed",
          role: "other",
          samples: 2,
          reason: "metadata.csv gives them no split.",
        },
      ],
      ignored: [
        { path: ".DS_Store", reason: "hidden file" },
        {
          path: "old/metadata-2018.csv",
          reason: "only 0 of its 40 rows name images here, and a list is used when more than half do",
        },
        ...Array.from({ length: 998 }, (_, i) => ({
          path: `annotations/person-who-draws-long-names-of-files/region-of-interest-${String(i)}-polygons.xml`,
          reason: "not an image or array file by its name",
        })),
      ],
      notes: [
        "metadata.csv lists images: paths from column “image_id”, labels from column “dx”, splits from column “split”; 10,015 rows, of which 10,013 name an image.",
        "2 rows of metadata.csv name images that are missing, e.g. row 119: ISIC_9999999.",
        "2 images are named by no row of metadata.csv, e.g. images/ISIC_0024383.jpg: only folders say what they are.",
      ],
    },
    unlisted: { unreadable: 1_234, invalid: 0, ignored: 1 },
  },
} satisfies Record<string, FakeDataset>;

/** A number of 0..1 that looks random and depends on its arguments alone. */
function noise(...seeds: readonly number[]): number {
  let hash = 0x9e3779b9;
  for (const seed of seeds) hash = Math.imul(hash ^ seed, 0x85ebca6b) ^ (hash >>> 13);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

function recognisedByFolders(dataset: FakeDataset): Pick<Report["dataset"], "units" | "ignored" | "notes"> {
  return {
    units: dataset.splits.map((split) => ({
      path: `/data/${dataset.name}/${split.name}`,
      split: split.name,
      role: split.role,
      samples: split.samples,
      reason: `The folder is called “${split.name}” and holds one folder per class.`,
    })),
    ignored: [
      { path: "train/.DS_Store", reason: "Made by the Finder, no image." },
      { path: "README.md", reason: "No image." },
    ],
    notes: ["The classes are the names of the folders below each split."],
  };
}

function recognitionSaid({
  units,
  ignored,
  notes,
}: NonNullable<FakeDataset["recognised"]>): NonNullable<FakeDataset["recognised"]> {
  return {
    units: units.map((unit) => ({ ...unit, reason: said(unit.reason) })),
    ignored: ignored.map((entry) => ({ ...entry, reason: said(entry.reason) })),
    notes: notes.map(said),
  };
}

/** Groups of similar images where near duplicates were searched. */
const SIMILAR_GROUPS = 186;

/** Everything that people said, as one step of a review leaves it. */
interface Said {
  readonly choices: ReadonlyMap<number, Choice>;
  readonly decisions: ReadonlyMap<string, PairVerdict>;
}

/** A step that can be taken back or done again, and what held on its other side. */
interface Step {
  readonly name: string;
  readonly said: Said;
}

/** The name of the step that comes next; `null` without one. */
function nameOf(steps: readonly Step[]): string | null {
  return steps[steps.length - 1]?.name ?? null;
}

/** A made-up dataset with groups that are computed when they are asked for. */
export class FakeReport {
  readonly #groups = new Map<string, readonly number[]>();
  #choices = new Map<number, Choice>();
  #decisions = new Map<string, PairVerdict>();
  #undo: Step[] = [];
  #redo: Step[] = [];
  readonly measure: Measure;
  threshold: number;

  /** With `hasNear`, near duplicates were searched. */
  constructor(
    readonly dataset: FakeDataset,
    readonly hasNear = false,
  ) {
    this.measure = MEASURES[dataset.size[0] <= 64 ? "glyphs" : "photos"];
    this.threshold = this.measure.threshold;
  }

  report(): Report {
    const { dataset, hasNear } = this;
    const similar = this.#similarGroups();
    const counts = (group: number): { groups: number; samples: number; extra: number } => ({
      groups: group,
      samples: Math.round(group * 2.6),
      extra: Math.round(group * 1.6),
    });
    return {
      schema: "cleansplit/report@1",
      near: hasNear ? this.#near() : null,
      dataset: {
        name: dataset.name,
        inputs: [`/data/${dataset.name}`],
        ...recognitionSaid(dataset.recognised ?? recognisedByFolders(dataset)),
      },
      splits: dataset.splits.map((split, index) => ({
        name: split.name,
        role: split.role,
        samples: split.samples,
        unreadable: index === 0 ? dataset.faults - Math.floor(dataset.faults / 3) : 0,
        invalid: index === 0 ? Math.floor(dataset.faults / 3) : 0,
        classes: Object.fromEntries(
          dataset.classes.map((name, at) => [
            name,
            Math.round((split.samples / dataset.classes.length) * (0.7 + 0.6 * noise(at, index))),
          ]),
        ),
      })),
      classes: dataset.classes,
      duplicates: {
        pixel: { ...counts(dataset.groups), withoutBlank: counts(Math.max(0, dataset.groups - 1)) },
        file: { ...counts(Math.round(dataset.groups * 0.8)), withoutBlank: counts(Math.round(dataset.groups * 0.79)) },
        ...(hasNear
          ? { near: { ...counts(dataset.groups + similar), withoutBlank: counts(dataset.groups + similar - 1) } }
          : {}),
      },
      leakage: this.#leakage(),
      conflicts: {
        groups: dataset.groups === 0 ? 0 : Math.ceil(dataset.groups / 33),
        samples: dataset.groups === 0 ? 0 : Math.ceil(dataset.groups / 15),
      },
      blank: { samples: dataset.groups === 0 ? 0 : 248 },
      unreadable: this.#faults(
        dataset.faults - Math.floor(dataset.faults / 3),
        "The file ends in the middle of its pixels.",
      ),
      invalid: this.#faults(Math.floor(dataset.faults / 3), "The label 10 is not one of 10 classes."),
      collisions: { groups: 0, samples: 0 },
      quality: this.#quality(),
      ...(dataset.unlisted === undefined ? {} : { unlisted: dataset.unlisted }),
      timing: { seconds: 1.92, samples: dataset.splits.reduce((sum, split) => sum + split.samples, 0) },
    };
  }

  groups(query: GroupQuery): GroupPage {
    const { from, count, membersEach, ...filter } = query;
    const matching = this.#matching(filter);
    return {
      total: matching.length,
      from,
      groups: matching.slice(from, from + count).map((index) => this.#group(index, membersEach)),
    };
  }

  #matching(filter: GroupFilter): readonly number[] {
    const key = JSON.stringify(filter);
    let matching = this.#groups.get(key);
    if (matching === undefined) {
      const similar = filter.tier === "near" ? this.#similarGroups() : 0;
      const all = Array.from({ length: this.dataset.groups + similar }, (_, index) => index);
      // Making members takes long where groups are many.
      const members = (index: number): number => (filter.text === undefined ? 0 : this.#sizeOf(index));
      matching = all.filter((index) => passes(this.#group(index, members(index)), filter));
      if (filter.sort === "doubt") {
        const doubt = (index: number): number => this.#distance(this.#group(index, 0).worst ?? this.measure.best);
        matching = [...matching].sort((a, b) => doubt(b) - doubt(a) || a - b);
      } else if (filter.sort !== "first")
        matching = [...matching].sort((a, b) => this.#sizeOf(b) - this.#sizeOf(a) || a - b);
      this.#groups.set(key, matching);
    }
    return matching;
  }

  /** Pairs near the threshold that were not judged. */
  doubtful(count: number): PairView[] {
    return Array.from({ length: 200 }, (_, index) => index)
      .filter((index) => !this.#decisions.has(pairKey(...this.#pairOf(index))))
      .slice(0, count)
      .map((index) => {
        const [first, second] = this.#pairOf(index);
        return { first: this.sample(first), second: this.sample(second), nearness: this.nearness(first, second) };
      });
  }

  /** What people said so far. */
  review(): ReviewState {
    const choices = [...this.#choices.values()];
    const isNothing = choices.length === 0 && this.#decisions.size === 0;
    return {
      ...NOTHING_SAID,
      keep: choices.filter((choice) => choice === "keep").length,
      drop: choices.filter((choice) => choice === "drop").length,
      judged: this.#decisions.size,
      file: isNothing ? null : `/data/${this.dataset.name}/.cleansplit/choices.json`,
      undo: nameOf(this.#undo),
      redo: nameOf(this.#redo),
    };
  }

  /** Does one step of a review. Answers whether pairs were judged. */
  do(action: ReviewAction): boolean {
    const before = this.#said();
    const judged = this.#decisions.size;
    this.#act(action);
    this.#undo.push({ name: this.#nameOf(action), said: before });
    this.#redo = [];
    return action.type === "judge" || judged !== this.#decisions.size;
  }

  undo(): void {
    this.#turn(this.#undo, this.#redo);
  }

  redo(): void {
    this.#turn(this.#redo, this.#undo);
  }

  #said(): Said {
    return { choices: new Map(this.#choices), decisions: new Map(this.#decisions) };
  }

  #turn(from: Step[], to: Step[]): void {
    const step = from.pop();
    if (step === undefined) return;
    to.push({ name: step.name, said: this.#said() });
    this.#choices = new Map(step.said.choices);
    this.#decisions = new Map(step.said.decisions);
    this.#groups.clear();
  }

  #nameOf(action: ReviewAction): string {
    const name = (sample: number): string => this.dataset.fileName(sample);
    switch (action.type) {
      case "choose":
        return `${action.choice ?? "forget"} ${name(action.samples[0] ?? 0)}`;
      case "keep-one":
        return `keep ${name(action.sample)}`;
      case "judge":
        return "judge a pair";
      case "groups":
        return `${action.change.type} of ${action.groups === "all" ? "all groups" : `${String(action.groups.length)} groups`}`;
    }
  }

  #act(action: ReviewAction): void {
    switch (action.type) {
      case "choose":
        for (const sample of action.samples) this.#choose(sample, action.choice);
        break;
      case "keep-one":
        for (const sample of action.insteadOf) this.#choose(sample, null);
        this.#choose(action.sample, "keep");
        break;
      case "judge":
        this.#judge(action.samples, action.verdict);
        break;
      case "groups":
        for (const group of action.groups === "all" ? this.#matching(action.filter) : action.groups)
          this.#changeGroup(group, action.change);
        break;
    }
    this.#groups.clear();
  }

  #choose(sample: number, choice: Choice | null): void {
    if (choice === null) this.#choices.delete(sample);
    else this.#choices.set(sample, choice);
  }

  #changeGroup(index: number, change: GroupChange): void {
    const { members } = this.#group(index, this.#sizeOf(index));
    const samples = members.map(({ sample }) => sample);
    switch (change.type) {
      case "keep-first":
        samples.forEach((sample, at) => this.#choose(sample, at === 0 ? "keep" : null));
        break;
      case "keep-all":
        for (const sample of samples) this.#choose(sample, "keep");
        break;
      case "drop-split":
        for (const { sample, split } of members) if (split === change.split) this.#choose(sample, "drop");
        break;
      case "different":
        if (index >= this.dataset.groups) this.#judge(samples, "different");
        break;
      case "forget":
        for (const sample of samples) this.#choose(sample, null);
        this.#judge(samples, null);
        break;
    }
  }

  #judge(samples: readonly number[], verdict: PairVerdict | null): void {
    samples.forEach((a, index) => {
      for (const b of samples.slice(index + 1)) {
        if (verdict === null) this.#decisions.delete(pairKey(a, b));
        else this.#decisions.set(pairKey(a, b), verdict);
      }
    });
  }

  setThreshold(threshold: number | null): void {
    this.threshold = threshold ?? this.measure.threshold;
    this.#groups.clear();
  }

  nearness(first: number, second: number): Nearness {
    const part = 0.2 + 0.75 * noise(Math.min(first, second), Math.max(first, second), 21);
    const score = this.measure.best + part * (this.measure.reach - this.measure.best);
    const turned = noise(first, second, 22) < 0.25;
    return {
      score,
      transform: TRANSFORMS[turned ? 1 + Math.floor(noise(first, 23) * 7) : 0] ?? "as it is",
      shift: noise(first, second, 24) < 0.2 ? [1, -2] : [0, 0],
      verdict: this.#decisions.get(pairKey(first, second)) ?? null,
    };
  }

  sample(sample: number): SampleView {
    const { dataset } = this;
    const split = dataset.splits[sample % dataset.splits.length]?.name ?? "train";
    const label = dataset.classes[Math.floor(sample / 1000) % Math.max(1, dataset.classes.length)] ?? null;
    const id = `${split}/${label ?? ""}/${dataset.fileName(sample)}`;
    return {
      sample,
      id,
      split,
      label,
      width: dataset.size[0],
      height: dataset.size[1],
      file: `/data/${dataset.name}/${id}`,
      isImageFile: true,
    };
  }

  previews(options: PlanOptions): PolicyPreview[] {
    const { splits } = this.dataset;
    const one = splits.length < 2;
    const leaveOf = (policy: PolicyPreview["policy"], split: number): number => {
      const shares: Partial<Record<PolicyPreview["policy"], readonly number[]>> = {
        "protect-evaluation": [0.044, 0.024, 0.014],
        "protect-train": [0.014, 0.05, 0.061],
      };
      const share = shares[policy]?.[split] ?? 0.013;
      const more = (options.tier === "near" ? 1.7 : 1) * (options.balance ? 2.1 : 1);
      return Math.round((splits[split]?.samples ?? 0) * share * more);
    };
    const preview = (
      policy: PolicyPreview["policy"],
      title: string,
      sentence: string,
      move: number,
      unavailable: string | null = null,
    ): PolicyPreview => {
      const leaves = splits.map((_, split) => leaveOf(policy, split));
      const total = splits.reduce((sum, split) => sum + split.samples, 0);
      const leave = leaves.reduce((sum, count) => sum + count, 0);
      return {
        policy,
        title: said(title),
        sentence: said(sentence),
        leave: unavailable === null ? leave : 0,
        move: unavailable === null ? move : 0,
        unavailable: unavailable === null ? null : said(unavailable),
        splits:
          policy === "new-split"
            ? options.shares.map(({ name, share }) => ({
                name,
                before: splits.find((split) => split.name === name)?.samples ?? 0,
                after: Math.round((total - leave) * share),
              }))
            : splits.map(({ name, samples }, split) => ({
                name,
                before: samples,
                after:
                  samples - (leaves[split] ?? 0) + (split === 0 ? -1 : 1) * Math.round(move / 2) * (split < 2 ? 1 : 0),
              })),
      };
    };
    const needsSplits = one ? "All images are in one split: there is none that groups could move to." : null;
    return [
      preview(
        "protect-evaluation",
        "Protect evaluation",
        "Test is protected first, then validation: what they share with train leaves train.",
        0,
      ),
      preview(
        "protect-train",
        "Protect training",
        "Train is protected first, then validation: what they share with test leaves test.",
        0,
      ),
      preview(
        "move-groups",
        "Move groups",
        "Each group of equal images that spans splits moves to the split that holds most of it.",
        96,
        needsSplits,
      ),
      preview(
        "new-split",
        "New split",
        "The dataset is divided anew by chance, every class alike, and equal images come into one split.",
        one ? 13_000 : 8_412,
      ),
    ];
  }

  plan(options: PlanOptions = DEFAULT_OPTIONS): PlanSummary {
    const { splits, classes } = this.dataset;
    const moves = options.policy === "move-groups" ? 48 : 0;
    const rows = splits.map((split, index) => {
      const removed = {
        leaks: index === 0 ? Math.round(split.samples * 0.03) : index === 1 ? Math.round(split.samples * 0.012) : 0,
        duplicate: Math.round(split.samples * 0.011),
        conflict: Math.round(split.samples * 0.002),
        unreadable: index === 0 ? this.dataset.faults : 0,
        invalid: 0,
        balance: 0,
        split: 0,
        edited: 0,
        label: 0,
        choice: 0,
      };
      const [movedOut, movedIn] = [index === 0 ? moves : 0, index === 1 ? moves : 0];
      const leaving = Object.values(removed).reduce((sum, count) => sum + count, 0);
      const after = split.samples - leaving - movedOut + movedIn;
      return {
        name: split.name,
        role: split.role,
        movedOut,
        movedIn,
        before: split.samples,
        after,
        removed,
        shapeBefore: `${split.samples} x 28 x 28`,
        shapeAfter: `${after} x 28 x 28`,
        classes: Object.fromEntries(
          classes.map((name, at) => {
            const before = Math.round((split.samples / classes.length) * (0.7 + 0.6 * noise(at, index)));
            return [name, { before, after: at === 3 ? before : Math.round(before * 0.96) }];
          }),
        ),
      };
    });
    return {
      plan: "plan-1",
      options,
      moved: moves,
      undecided: options.conflicts === "ask" ? 41 : 0,
      edited: 0,
      policy: said(
        "Test is kept whole first, then validation, then train: an image that occurs in several splits stays in the first of them only.",
      ),
      splits: rows,
      before: rows.reduce((sum, row) => sum + row.before, 0),
      after: rows.reduce((sum, row) => sum + row.after, 0),
      collisions: [],
      outputs: [
        ...rows.map((row) => said(`${row.name}/ (${row.after.toLocaleString("en-US")} images)`)),
        "cleansplit-manifest.json",
      ],
    };
  }

  change(index: number, { options, splits }: PlanSummary): PlanChange {
    const reasons: readonly ChangeReason[] = ["leaks", "leaks", "leaks", "duplicate", "conflict", "unreadable"];
    const reason = reasons[Math.floor(noise(index, 5) * reasons.length)] ?? "leaks";
    const group = this.#group(index % Math.max(1, this.dataset.groups), 2);
    const sample = group.members[0] ?? this.sample(index);
    const isNear = this.hasNear && index % 4 === 1;
    const twin = reason === "unreadable" ? null : (group.members[1] ?? null);
    const detail = {
      leaks: `Has the same pixels as ${twin?.id ?? ""}, which stays.`,
      duplicate: `Has the same pixels as ${twin?.id ?? ""} of its own split, which stays.`,
      conflict: `Has the same pixels as ${twin?.id ?? ""}, which is labelled otherwise and leaves too.`,
      unreadable: "The file ends in the middle of its pixels.",
      invalid: "",
      balance: "",
      split: "",
      edited: "",
      label: "",
      choice: "",
    }[reason];
    const tier = twin === null ? null : isNear ? "near" : "file";
    const nearness = twin === null || !isNear ? null : this.nearness(sample.sample, twin.sample);
    const asks = reason === "conflict" && options.conflicts === "ask";
    const to = splits.find(({ name }) => name !== sample.split)?.name ?? null;
    const moves = reason === "leaks" && options.policy === "move-groups" && index % 3 === 0;
    const action = asks ? "ask" : moves ? "move" : "leave";
    return { sample, action, to: moves ? to : null, reason, tier, twin, nearness, detail: said(detail) };
  }

  /** What a picture shows depends on its group alone, so that equal images look equal. */
  pictureOf(sample: number): { readonly seed: number; readonly label: string | null } {
    const seed = Math.floor(sample / 1000);
    return { seed, label: this.dataset.classes[seed % Math.max(1, this.dataset.classes.length)] ?? null };
  }

  /** The groups of similar images at the threshold; each decision about a pair takes one away. */
  #similarGroups(): number {
    if (!this.hasNear) return 0;
    const share = this.#distance(this.threshold) / this.#distance(this.measure.threshold);
    const different = [...this.#decisions.values()].filter((verdict) => verdict === "different").length;
    return Math.max(0, Math.round(SIMILAR_GROUPS * share ** 2) - different);
  }

  #distance(score: number): number {
    return Math.abs(score - this.measure.best);
  }

  #pairOf(index: number): readonly [number, number] {
    return [index * 1000 + 3, index * 1000 + 500];
  }

  #near(): NearReport {
    const { measure, threshold } = this;
    const bins = 32;
    const bounds = Array.from({ length: bins + 1 }, (_, bin) => {
      const score = measure.best + (bin / bins) * (measure.reach - measure.best);
      return Number(score.toFixed(measure.decimals + 2));
    });
    const counts = (height: number, seed: number): number[] =>
      Array.from({ length: bins }, (_, bin) =>
        Math.round(height * (0.06 + (bin / bins) ** 2.2) * (0.8 + 0.4 * noise(bin, seed))),
      );
    const verdicts = [...this.#decisions.values()];
    const duplicate = verdicts.filter((verdict) => verdict === "duplicate").length;
    const pairs = Math.round(this.#similarGroups() * 1.4);
    const precision = [0.6, 0.8, 1, 1.2].map((part): Precision => {
      const judged = Math.max(1, Math.round(verdicts.length * part * 0.8));
      const right = Math.min(judged, Math.round(duplicate * part * 0.8));
      const estimate = right / judged;
      const at = measure.best + part * (measure.threshold - measure.best);
      return {
        threshold: Number(at.toFixed(measure.decimals)),
        judged,
        right,
        estimate,
        low: estimate * 0.8,
        high: Math.min(1, estimate * 1.1),
      };
    });
    return {
      measure,
      reason:
        measure.regime === "glyphs"
          ? said("The pictures are 28 x 28 pixels of nearly two tones, so they are compared pixel by pixel.")
          : said("The pictures are photos, so the structure of their grey levels is compared."),
      threshold,
      reach: measure.reach,
      limited: null,
      compared: 18_632,
      degenerate: this.dataset.groups === 0 ? 0 : 262,
      pairs,
      chance: Math.round(pairs * 0.02),
      histogram: {
        bounds,
        within: counts(612, 31),
        between: counts(this.dataset.splits.length > 1 ? 240 : 0, 32),
      },
      conflicts: { groups: 6, samples: 13 },
      precision: verdicts.length < 5 ? [] : precision,
      decisions: {
        file: verdicts.length === 0 ? null : `/data/${this.dataset.name}/.cleansplit/near.json`,
        duplicate,
        different: verdicts.length - duplicate,
        stale: 0,
      },
    };
  }

  #sizeOf(index: number): number {
    if (index >= this.dataset.groups) return index % 7 === 0 ? 4 : index % 3 === 0 ? 3 : 2;
    if (index === 0) return 248;
    return index % 60 === 0 ? 14 : 2 + Math.floor(noise(index, 1) ** 4 * 6);
  }

  #group(index: number, members: number): GroupView {
    const { splits, classes } = this.dataset;
    const size = this.#sizeOf(index);
    const leaks = noise(index, 2) < 0.6;
    const first = Math.floor(noise(index, 3) * splits.length);
    const used =
      leaks && splits.length > 1 ? [...new Set([first, (first + 1) % splits.length])].sort((a, b) => a - b) : [first];
    const isSimilar = index >= this.dataset.groups;
    const conflict = index % 33 === 5 && classes.length > 1;
    const label = (member: number): string | null =>
      classes[(index + (conflict && member % 2 === 1 ? 1 : 0)) % Math.max(1, classes.length)] ?? null;
    return {
      group: index,
      tier: isSimilar ? "near" : noise(index, 4) < 0.8 ? "file" : "pixel",
      size,
      splits: used.map((at) => splits[at]?.name ?? ""),
      labels: [...new Set([label(0), label(1)].filter((name) => name !== null))],
      conflict,
      blank: index === 0,
      decided: this.#isDecided(index),
      worst: isSimilar ? this.#worstOf(index) : null,
      members: Array.from({ length: Math.min(size, members) }, (_, member): MemberView => {
        const sample = index * 1000 + member;
        const split = splits[used[member % used.length] ?? 0]?.name ?? "";
        const id = `${split}/${label(member) ?? ""}/${this.dataset.fileName(sample)}`;
        const file = `/data/${this.dataset.name}/${id}`;
        const nearness = isSimilar && member > 0 ? this.nearness(index * 1000, sample) : null;
        const choice = this.#choices.get(sample) ?? null;
        return { ...this.sample(sample), id, split, label: label(member), file, nearness, choice };
      }),
    };
  }

  #isDecided(index: number): boolean {
    if (this.#choices.size + this.#decisions.size === 0) return false;
    const samples = Array.from({ length: this.#sizeOf(index) }, (_, member) => index * 1000 + member);
    return samples.some(
      (sample, at) =>
        this.#choices.has(sample) || samples.slice(at + 1).some((other) => this.#decisions.has(pairKey(sample, other))),
    );
  }

  #worstOf(index: number): number {
    const scores = Array.from({ length: this.#sizeOf(index) - 1 }, (_, member) =>
      this.nearness(index * 1000, index * 1000 + member + 1),
    );
    return scores.reduce(
      (worst, { score }) => (this.#distance(score) > this.#distance(worst) ? score : worst),
      this.measure.best,
    );
  }

  #leakage(): readonly Leakage[] {
    const { splits, groups } = this.dataset;
    const result: Leakage[] = [];
    splits.forEach((split, row) => {
      splits.forEach((other, column) => {
        if (row === column) return;
        const share = groups === 0 ? 0 : 0.005 + 0.03 * noise(row, column, 9);
        const counts = (part: number): LeakageCounts => {
          const samples = Math.round(split.samples * share * part);
          return { samples, groups: Math.round(samples * 0.8), pairs: Math.round(samples * 1.9) };
        };
        // One cell stays empty where there are many: not every split leaks into every other.
        const none = splits.length > 2 && row === 2 && column === 1;
        result.push({
          split: split.name,
          in: other.name,
          tier: "pixel",
          ...counts(none ? 0 : 1),
          withoutBlank: counts(none ? 0 : 0.8),
        });
        result.push({
          split: split.name,
          in: other.name,
          tier: "file",
          ...counts(none ? 0 : 0.7),
          withoutBlank: counts(none ? 0 : 0.6),
        });
        if (!this.hasNear) return;
        const more = 1 + (0.4 * this.#similarGroups()) / SIMILAR_GROUPS;
        result.push({
          split: split.name,
          in: other.name,
          tier: "near",
          ...counts(none ? 0.2 : more),
          withoutBlank: counts(none ? 0.2 : more - 0.2),
        });
      });
    });
    return result;
  }

  /** Something odd where there are faults, nothing elsewhere. */
  #quality(): Quality {
    const odd = Math.min(230, this.dataset.faults);
    const [width, height] = this.dataset.size;
    const total = this.dataset.splits.reduce((sum, split) => sum + split.samples, 0);
    const check = (samples: number, reason: string): QualityCheck => ({
      samples,
      examples: this.#faults(Math.min(samples, 100), reason).map((fault) => {
        const { file, isImageFile } = this.sample(fault.sample);
        return { ...fault, file, isImageFile };
      }),
    });
    return {
      nearlyBlank: { ...check(odd, "its grey levels differ from their mean by 1.4 of 255"), threshold: 6 },
      oddSize: { ...check(Math.ceil(odd / 3), `${width} x ${2 * height} pixels`), rule: "majority" },
      oddAspect: check(0, ""),
      wrongExtension: {
        ...check(odd, "named .png, but it is a JPEG file"),
        kinds: odd === 0 ? [] : [{ extension: ".png", format: "jpeg", samples: odd }],
      },
      mixedModes: {
        ...check(odd, "its mode is RGB"),
        modes: [{ mode: "L", samples: total - odd }, ...(odd === 0 ? [] : [{ mode: "RGB" as const, samples: odd }])],
      },
      sizes: { distinct: odd === 0 ? 1 : 2, mostCommon: { width, height, samples: total - Math.ceil(odd / 3) } },
      balance: this.dataset.splits.slice(0, odd === 0 ? 0 : 1).map((split) => ({
        split: split.name,
        largest: { label: this.dataset.classes[0] ?? "", samples: 150 },
        smallest: { label: this.dataset.classes.at(-1) ?? "", samples: 10 },
        ratio: 15,
        imbalanced: true,
      })),
    };
  }

  #faults(count: number, reason: string): Report["unreadable"] {
    return Array.from({ length: count }, (_, index) => {
      const view = this.sample(index * 3);
      return { sample: view.sample, id: view.id, split: view.split, reason: said(reason) };
    });
  }
}

function pairKey(a: number, b: number): string {
  return `${String(Math.min(a, b))} ${String(Math.max(a, b))}`;
}

function passes(group: GroupView, filter: Partial<GroupQuery>): boolean {
  return (
    (filter.tier !== "file" || group.tier === "file") &&
    (filter.splits ?? []).every((name) => group.splits.includes(name)) &&
    (filter.leaking === undefined || group.splits.length > 1 === filter.leaking) &&
    (filter.conflict === undefined || group.conflict === filter.conflict) &&
    (filter.similar === undefined || (group.tier === "near") === filter.similar) &&
    (filter.blank === undefined || group.blank === filter.blank) &&
    (filter.label === undefined || group.labels.includes(filter.label)) &&
    (filter.decided === undefined || group.decided === filter.decided) &&
    (filter.text === undefined ||
      group.members.some(({ id }) => id.toLowerCase().includes((filter.text ?? "").toLowerCase())))
  );
}

function verdictSaid({ level, text, details }: Verdict): Verdict {
  return { level, text: said(text), details: details.map(said) };
}

/** The state of a page that has a report. */
export function stateOf(fake: FakeReport, level: "clean" | "warning" | "leak" = "leak"): ReportState {
  const report = fake.report();
  const leaks = report.leakage.filter((entry) => entry.tier === "pixel" && entry.samples > 0);
  const test = leaks.find((entry) => entry.split === report.splits.at(-1)?.name) ?? leaks[0];
  const all = report.splits.find((split) => split.name === test?.split)?.samples ?? 0;
  const total = report.timing.samples.toLocaleString("en-US");
  return {
    name: fake.dataset.name,
    progress: null,
    canPause: false,
    paused: null,
    error: null,
    inspection: "inspection-1",
    report,
    datasetChanges: null,
    search: { status: fake.hasNear ? "done" : "idle", progress: null, error: null },
    verdict: verdictSaid(
      {
        leak: {
          level,
          text: `${(test?.samples ?? 0).toLocaleString("en-US")} of ${all.toLocaleString("en-US")} ${test?.split ?? ""} images also occur in ${test?.in ?? ""}.`,
          details: [
            "61 of 3,476 validation images also occur in test.",
            `${report.duplicates.pixel.samples.toLocaleString("en-US")} images are in ${report.duplicates.pixel.groups.toLocaleString("en-US")} groups of equal images; ${report.duplicates.pixel.extra.toLocaleString("en-US")} would go if one of each stayed.`,
            "37 groups of equal images (81 images) carry more than one label.",
            "5 images cannot be read.",
          ],
        },
        warning: {
          level,
          text: `No image of one split occurs in another one (${total} images in ${report.splits.length} splits).`,
          details: ["12 images are blank: all pixels equal."],
        },
        clean: {
          level,
          text: `Clean: ${total} images in ${report.splits.length} splits, none occurs twice and all can be read.`,
          details: [],
        },
      }[level],
    ),
    quality: qualityNotes(report.quality),
    corrected: [],
    plan: null,
    planFile: null,
    review: fake.review(),
    images: "copy",
    applied: null,
    interrupted: null,
    runs: [],
    canQuarantine: false,
    trusted: true,
  };
}
