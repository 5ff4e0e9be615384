import assert from "node:assert/strict";
import fc from "fast-check";
import {
  NOTHING_SAID,
  type Choice,
  type GroupView,
  type ReviewAction,
  type ReviewState,
} from "../../../src/protocol/report";
import { Reviewing } from "../../../webview-ui/src/report/Reviewing";

/** A host that keeps choices of samples, answers when it is told to, and refuses when it is told to. */
class Host {
  readonly choices = new Map<number, Choice>();
  readonly actions: ReviewAction[] = [];
  refuses = false;
  /** Hears the state after each step. */
  tell: (state: ReviewState) => void = () => undefined;
  #undo: Map<number, Choice>[] = [];
  #redo: Map<number, Choice>[] = [];

  review = async (action: ReviewAction): Promise<void> => {
    await Promise.resolve();
    if (this.refuses) throw new Error("It cannot be written.");
    this.actions.push(action);
    this.#undo.push(new Map(this.choices));
    this.#redo = [];
    if (action.type === "choose") for (const sample of action.samples) this.#set(sample, action.choice);
    if (action.type === "keep-one") {
      for (const sample of action.insteadOf) this.#set(sample, null);
      this.#set(action.sample, "keep");
    }
    this.#told();
  };
  undoReview = async (): Promise<void> => this.#turn(this.#undo, this.#redo);
  redoReview = async (): Promise<void> => this.#turn(this.#redo, this.#undo);

  #set(sample: number, choice: Choice | null): void {
    if (choice === null) this.choices.delete(sample);
    else this.choices.set(sample, choice);
  }

  #turn(from: Map<number, Choice>[], to: Map<number, Choice>[]): void {
    const next = from.pop();
    if (next === undefined) return;
    to.push(new Map(this.choices));
    this.choices.clear();
    for (const [sample, choice] of next) this.choices.set(sample, choice);
    this.#told();
  }

  #told(): void {
    const name = (steps: readonly unknown[]): string | null =>
      steps.length === 0 ? null : `step ${String(steps.length)}`;
    this.tell({ ...NOTHING_SAID, undo: name(this.#undo), redo: name(this.#redo) });
  }
}

function group(first: number, size: number, choice: Choice | null = null): GroupView {
  const members = Array.from({ length: size }, (_, at) => ({
    sample: first + at,
    id: `train/${String(first + at)}.png`,
    split: at === 0 ? "train" : "test",
    label: null,
    width: 28,
    height: 28,
    file: "",
    isImageFile: true,
    nearness: null,
    choice: at === 0 ? choice : null,
  }));
  return {
    group: first,
    tier: "pixel",
    size,
    splits: ["train", "test"],
    labels: [],
    conflict: false,
    blank: false,
    decided: choice !== null,
    worst: null,
    members,
  };
}

/** Waits until everything that was asked for was answered. */
const answered = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("reviewing", () => {
  it("shows what is said at once, and has it kept one after the other", async () => {
    const host = new Host();
    const reviewing = new Reviewing(host, () => undefined);
    const [a, b] = group(10, 2).members;
    assert.ok(a && b);
    void reviewing.choose([a], "drop");
    void reviewing.keepOne(b, [a, b]);
    assert.deepEqual([reviewing.choiceOf(a), reviewing.choiceOf(b)], [null, "keep"]);
    assert.deepEqual(host.actions, []);
    await answered();
    assert.deepEqual(
      host.actions.map(({ type }) => type),
      ["choose", "keep-one"],
    );
  });

  it("takes back what is refused, and never takes back another step for it", async () => {
    const host = new Host();
    const reviewing = new Reviewing(host, () => undefined);
    const view = group(10, 2);
    const [a, b] = view.members;
    assert.ok(a && b);
    await reviewing.choose([a], "keep");
    host.refuses = true;
    const place = { first: 10, row: 0 };
    const refused = reviewing.choose([b], "drop", place);
    const { kept, place: where } = reviewing.undo();
    assert.deepEqual(where, place);
    await assert.rejects(refused, /cannot be written/);
    await kept;
    assert.deepEqual([...host.choices], [[10, "keep"]], "the step before stays");
    assert.deepEqual([reviewing.choiceOf(a), reviewing.choiceOf(b)], ["keep", null]);
  });

  it("believes what is read anew, but not while something waits to be kept", async () => {
    const host = new Host();
    const reviewing = new Reviewing(host, () => undefined);
    const view = group(10, 2);
    const [a] = view.members;
    assert.ok(a);
    const kept = reviewing.choose([a], "drop", { first: 10, row: 0 });
    reviewing.learn([view], reviewing.round);
    assert.equal(reviewing.choiceOf(a), "drop");
    assert.ok(reviewing.isDecided(view));
    const before = reviewing.round;
    await kept;
    await answered();
    assert.equal(reviewing.round, before + 1, "what was read is to be read anew");
    reviewing.learn([view], before);
    assert.equal(reviewing.choiceOf(a), "drop", "a page that was asked for before is old");
    reviewing.learn([group(10, 2, "keep")], reviewing.round);
    assert.equal(reviewing.choiceOf(a), "keep");
  });

  it("says of what can be undone what the host says", async () => {
    const host = new Host();
    const reviewing = new Reviewing(host, () => undefined);
    assert.equal(reviewing.undoText, null);
    const kept = reviewing.choose([{ sample: 1 }], "keep");
    assert.equal(reviewing.undoText, "", "there is something, whose words are not known yet");
    reviewing.receive({ ...NOTHING_SAID, keep: 1, undo: "keep 1.png" });
    await kept;
    await answered();
    assert.equal(reviewing.undoText, "keep 1.png");
    reviewing.undo();
    assert.equal(reviewing.redoText, "");
  });

  it("shows of groups what the host will answer", () => {
    const reviewing = new Reviewing(new Host(), () => undefined);
    const shown = (view: GroupView): unknown => view.members.map((member) => reviewing.choiceOf(member));
    const view = group(10, 3);
    const say = (change: Extract<ReviewAction, { type: "groups" }>["change"]): void =>
      void reviewing.changeGroups({ type: "groups", filter: {}, groups: [10], change }, [view]);
    say({ type: "keep-all" });
    assert.deepEqual(shown(view), ["keep", "keep", "keep"]);
    say({ type: "keep-first" });
    assert.deepEqual(shown(view), ["keep", null, null]);
    say({ type: "drop-split", split: "test" });
    assert.deepEqual(shown(view), ["keep", "drop", "drop"]);
    assert.ok(reviewing.isDecided(view));
    say({ type: "forget" });
    assert.deepEqual(shown(view), [null, null, null]);
    assert.ok(!reviewing.isDecided(view));
    say({ type: "different" });
    assert.ok(!reviewing.isDecided(view), "equal images are no pair to judge");
  });

  it("shows in the end what the host keeps, whatever is said, refused and taken back", async () => {
    const step = fc.oneof(
      fc.record({
        type: fc.constant("choose" as const),
        sample: fc.nat(3),
        choice: fc.constantFrom("keep", "drop", null),
      }),
      fc.record({ type: fc.constant("keep-one" as const), sample: fc.nat(3) }),
      fc.constantFrom({ type: "undo" as const }, { type: "redo" as const }, { type: "wait" as const }),
      fc.record({ type: fc.constant("refuse" as const), refuses: fc.boolean() }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const host = new Host();
        const reviewing = new Reviewing(host, () => undefined);
        host.tell = (state) => reviewing.receive(state);
        const members = [0, 1, 2, 3].map((sample) => ({ sample }));
        const quiet = (kept: Promise<void>): void => void kept.catch(() => undefined);
        for (const said of steps) {
          if (said.type === "choose") quiet(reviewing.choose([{ sample: said.sample }], said.choice));
          else if (said.type === "keep-one") quiet(reviewing.keepOne({ sample: said.sample }, members));
          else if (said.type === "undo") {
            if (reviewing.undoText !== null) quiet(reviewing.undo().kept);
          } else if (said.type === "redo") {
            if (reviewing.redoText !== null) quiet(reviewing.redo().kept);
          } else if (said.type === "refuse") {
            await answered();
            host.refuses = said.refuses;
          } else await answered();
        }
        await answered();
        assert.deepEqual(
          members.map((member) => reviewing.choiceOf(member)),
          members.map(({ sample }) => host.choices.get(sample) ?? null),
        );
      }),
    );
  });
});
