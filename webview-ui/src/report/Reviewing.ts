import {
  NOTHING_SAID,
  type Choice,
  type GroupChange,
  type GroupView,
  type ReportHost,
  type ReviewAction,
  type ReviewState,
} from "../../../src/protocol/report";

type Said = Choice | null;

/** A sample, and what a person said of it as far as that was read. */
export interface Chosen {
  readonly sample: number;
  readonly choice?: Said;
}

/** Where in the gallery something was said: the first sample of the group, and its row. */
export interface Place {
  readonly first: number;
  readonly row: number;
}

/** What is shown of samples, and of groups by their first sample; `undefined` is what was read of the group. */
interface Shown {
  readonly choices: ReadonlyMap<number, Said>;
  readonly decided: ReadonlyMap<number, boolean | undefined>;
}

/** Something that was said on this page. */
interface Step {
  readonly after: Shown;
  /** What was shown before; `null` until the host has kept it, as what is kept before it may be refused. */
  before: Shown | null;
  /** Samples that it is about, as they were read. */
  readonly samples: readonly Chosen[];
  readonly place: Place | null;
  /** What could be done again before. */
  undone: readonly Step[];
  hasFailed: boolean;
}

/** What the host was asked for and has not answered yet; without a step, something that was not said on this page. */
interface Pending {
  readonly turns: "do" | "undo" | "redo";
  readonly step: Step | undefined;
}

/** What is being taken back or done again: where it was said, when that was on this page, and when the host did it. */
export interface Turn {
  readonly place: Place | null;
  readonly kept: Promise<void>;
}

/** Steps that can be shown as taken back before the host answers. */
const MOST_STEPS = 200;

/**
 * What a person says of images and groups: shown at once, kept by the host one after the other, and taken back when the host
 * refuses. What is read anew wins over what is shown here.
 */
export class Reviewing {
  /** Grows with everything that is said or heard: who shows choices draws them again. */
  version = 0;
  /** Grows when what was read of groups is not true any more. */
  round = 0;
  #review: ReviewState = NOTHING_SAID;
  /** What the host has kept, where that is not what was read. */
  readonly #choices = new Map<number, Said>();
  readonly #decided = new Map<number, boolean>();
  /** What waits for the host, in order: it lies over what is kept. */
  #pending: readonly Pending[] = [];
  #done: readonly Step[] = [];
  #undone: readonly Step[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #isOld = false;

  constructor(
    private readonly host: Pick<ReportHost, "review" | "undoReview" | "redoReview">,
    private readonly changed: () => void,
  ) {}

  /** What would be taken back, in words; empty while that is not known, `null` when there is nothing. */
  get undoText(): string | null {
    return this.#pending.length > 0 && this.#done.length > 0 ? "" : this.#review.undo;
  }

  get redoText(): string | null {
    if (this.#pending.length === 0) return this.#review.redo;
    return this.#undone.length > 0 ? "" : null;
  }

  /** What is said of a sample by now. */
  choiceOf({ sample, choice = null }: Chosen): Said {
    const waiting = this.#waiting(({ choices }) => choices, sample);
    if (waiting !== NOTHING) return waiting;
    const kept = this.#choices.get(sample);
    return kept === undefined ? choice : kept;
  }

  /** Whether something is said of a group by now. */
  isDecided(group: GroupView): boolean {
    const first = firstOf(group);
    const waiting = this.#waiting(({ decided }) => decided, first);
    const said = waiting === NOTHING ? this.#decided.get(first) : waiting;
    return said ?? (group.decided || group.members.some((member) => this.choiceOf(member) !== null));
  }

  /** Hears what the host knows of the review. */
  receive(review: ReviewState): void {
    if (JSON.stringify(review) === JSON.stringify(this.#review)) return;
    this.#review = review;
    this.#isOld = true;
    this.#settle();
  }

  /** Hears what a page of groups says that was asked for in `round`. */
  learn(groups: readonly GroupView[], round: number): void {
    if (this.#pending.length > 0 || round !== this.round) return;
    for (const group of groups) {
      this.#decided.delete(firstOf(group));
      for (const { sample, choice } of group.members) if (this.#choices.has(sample)) this.#choices.set(sample, choice);
    }
    this.version++;
  }

  /** Forgets all, for samples that mean something else now. */
  clear(): void {
    this.#choices.clear();
    this.#decided.clear();
    this.#done = [];
    this.#undone = [];
    this.version++;
  }

  /** Samples of one group stay or leave, or what was said of them is forgotten. Rejects when the host refuses. */
  choose(samples: readonly Chosen[], choice: Said, place: Place | null = null): Promise<void> {
    return this.#do(
      { type: "choose", samples: samples.map(({ sample }) => sample), choice },
      {
        choices: new Map(samples.map(({ sample }) => [sample, choice])),
        // Whether nothing is said of the group any more, the host knows.
        decided: new Map(place === null || choice === null ? [] : [[place.first, true]]),
      },
      samples,
      place,
    );
  }

  /**
   * One sample of a group stays instead of the others. `readAll` answers all of the group when `known` are not all.
   * Rejects when the host refuses.
   */
  keepOne(
    kept: Chosen,
    known: readonly Chosen[],
    place: Place | null = null,
    readAll?: () => Promise<readonly Chosen[]>,
  ): Promise<void> {
    const actionOf = (members: readonly Chosen[]): ReviewAction => ({
      type: "keep-one",
      sample: kept.sample,
      insteadOf: members.map(({ sample }) => sample).filter((sample) => sample !== kept.sample),
    });
    const choices = new Map<number, Said>(known.map(({ sample }) => [sample, null]));
    return this.#do(
      readAll === undefined ? actionOf(known) : async () => actionOf(await readAll()),
      {
        choices: choices.set(kept.sample, "keep"),
        decided: new Map(place === null ? [] : [[place.first, true]]),
      },
      [...known, kept],
      place,
    );
  }

  /** Says something of groups; `read` are those of them that the page has. Rejects when the host refuses. */
  changeGroups(
    action: Extract<ReviewAction, { readonly type: "groups" }>,
    read: readonly GroupView[],
    place: Place | null = null,
  ): Promise<void> {
    const { change } = action;
    return this.#do(
      action,
      {
        choices: new Map(read.flatMap((group) => choicesOf(group, change))),
        decided: new Map(read.map((group) => [firstOf(group), isDecidedBy(group, change) ?? this.isDecided(group)])),
      },
      read.flatMap((group) => group.members),
      place,
    );
  }

  /** Each two of some pictures are duplicates or not; `null` forgets it. Rejects when the host refuses. */
  judge(
    samples: readonly number[],
    verdict: Extract<ReviewAction, { readonly type: "judge" }>["verdict"],
  ): Promise<void> {
    return this.#do({ type: "judge", samples, verdict }, { choices: new Map(), decided: new Map() }, [], null);
  }

  /** Takes the last step back. */
  undo(): Turn {
    const step = this.#done.at(-1);
    this.#done = this.#done.slice(0, -1);
    if (step !== undefined) this.#undone = [...this.#undone, step];
    return this.#turn({ turns: "undo", step }, () => this.host.undoReview());
  }

  /** Does again what was taken back last. */
  redo(): Turn {
    const step = this.#undone.at(-1);
    this.#undone = this.#undone.slice(0, -1);
    if (step !== undefined) this.#done = [...this.#done, step];
    return this.#turn({ turns: "redo", step }, () => this.host.redoReview());
  }

  #do(
    action: ReviewAction | (() => Promise<ReviewAction>),
    after: Shown,
    samples: readonly Chosen[],
    place: Place | null,
  ): Promise<void> {
    const step: Step = { after, before: null, samples, place, undone: this.#undone, hasFailed: false };
    this.#done = [...this.#done, step].slice(-MOST_STEPS);
    this.#undone = [];
    return this.#ask(
      { turns: "do", step },
      async () => this.host.review(typeof action === "function" ? await action() : action),
      () => this.#refuse(step),
    );
  }

  #turn(pending: Pending, call: () => Promise<void>): Turn {
    const { step } = pending;
    const kept = this.#ask(
      pending,
      // What the host refused is not there to be taken back: it would take the step before.
      async () => (step?.hasFailed === true ? undefined : call()),
      () => {
        // Which step is the host's last one is not known any more.
        this.#done = [];
        this.#undone = [];
      },
    );
    return { place: step?.place ?? null, kept };
  }

  /** Has the host do one thing after the other, and shows until it answers what will have come of it. */
  #ask(pending: Pending, call: () => Promise<void>, onRefusal: () => void): Promise<void> {
    this.#pending = [...this.#pending, pending];
    this.version++;
    this.changed();
    const kept = this.#queue.then(call).then(
      () => this.#hold(pending),
      (error: unknown) => {
        onRefusal();
        throw error;
      },
    );
    this.#queue = kept
      .catch(() => undefined)
      .finally(() => {
        this.#pending = this.#pending.filter((other) => other !== pending);
        this.#settle();
      });
    return kept;
  }

  /** The host has done it. */
  #hold({ turns, step }: Pending): void {
    this.#isOld = true;
    if (step === undefined || step.hasFailed) return;
    if (turns === "do") {
      step.before = {
        choices: new Map(
          step.samples.map(({ sample, choice = null }) => {
            const kept = this.#choices.get(sample);
            return [sample, kept === undefined ? choice : kept];
          }),
        ),
        decided: new Map([...step.after.decided.keys()].map((first) => [first, this.#decided.get(first)])),
      };
      step.undone = [];
    }
    const { choices, decided } = turns === "undo" ? (step.before ?? step.after) : step.after;
    for (const [sample, said] of choices) this.#choices.set(sample, said);
    for (const [first, said] of decided) {
      if (said === undefined) this.#decided.delete(first);
      else this.#decided.set(first, said);
    }
  }

  /** The host has refused a step: it is as if it had not been said. */
  #refuse(step: Step): void {
    step.hasFailed = true;
    const without = (steps: readonly Step[]): readonly Step[] => steps.filter((other) => other !== step);
    this.#done = without(this.#done);
    // What it would have ended can still be done again, unless something else that was said after it ends that.
    const next = this.#pending.find(({ turns, step: other }) => turns === "do" && other !== step)?.step;
    if (next === undefined) this.#undone = [...step.undone, ...without(this.#undone)];
    else {
      next.undone = [...step.undone, ...without(next.undone)];
      this.#undone = without(this.#undone);
    }
  }

  /** What will be shown of a sample or group when the host has done all that it was asked for; the newest counts. */
  #waiting<T>(part: (shown: Shown) => ReadonlyMap<number, T>, key: number): T | typeof NOTHING {
    const takenBack = new Set<Step>();
    for (const { turns, step } of this.#pending.toReversed()) {
      if (step === undefined || step.hasFailed || takenBack.has(step) || !part(step.after).has(key)) continue;
      if (turns !== "undo") return part(step.after).get(key) as T;
      // Of a step that waits itself it is not known yet what was before: that is what the others make of it.
      if (step.before === null) takenBack.add(step);
      else return part(step.before).get(key) as T;
    }
    return NOTHING;
  }

  /** While something waits to be kept, what is read would be older than what is shown. */
  #settle(): void {
    if (this.#pending.length === 0 && this.#isOld) {
      this.#isOld = false;
      this.round++;
    }
    this.version++;
    this.changed();
  }
}

/** Nothing that waits says something. */
const NOTHING = Symbol("nothing");

/** Names a group whatever its number is: by its first sample. */
export function firstOf(group: GroupView): number {
  return group.members[0]?.sample ?? -1;
}

/** What a change says of the samples of a group that were read. */
function choicesOf({ members }: GroupView, change: GroupChange): readonly (readonly [number, Said])[] {
  switch (change.type) {
    case "keep-first":
      return members.map(({ sample }, index) => [sample, index === 0 ? "keep" : null]);
    case "keep-all":
      return members.map(({ sample }) => [sample, "keep"]);
    case "drop-split":
      return members.flatMap(({ sample, split }) => (split === change.split ? [[sample, "drop"] as const] : []));
    case "different":
      return [];
    case "forget":
      return members.map(({ sample }) => [sample, null]);
  }
}

/** Whether a group is decided after a change; `null` when it is as before. */
function isDecidedBy(group: GroupView, change: GroupChange): boolean | null {
  switch (change.type) {
    case "keep-first":
    case "keep-all":
      return true;
    case "drop-split":
      return group.splits.includes(change.split) ? true : null;
    case "different":
      return group.worst === null ? null : true;
    case "forget":
      return false;
  }
}
