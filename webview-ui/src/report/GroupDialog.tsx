import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted } from "../../../src/protocol/language";
import {
  scoreText,
  type Choice,
  type GroupView,
  type Measure,
  type MemberView,
  type PairVerdict,
  type ReportHost,
} from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { number, sentenceList, visible } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { PairComparison } from "./Comparison";
import { pressKey, type DialogKeys } from "./comparisonKeys";
import { ComparisonStore } from "./ComparisonStore";
import { useReadOnly } from "./readOnly";
import type { GroupFilter } from "./reportView";
import { firstOf, type Place, type Reviewing } from "./Reviewing";
import { keyOf, type ReviewCommand } from "./reviewKeys";
import { SampleCard, type SampleActions } from "./SampleCard";
import type { SplitRoles } from "./SplitBadge";
import { useComparing, type Comparing, type ComparisonView } from "./useComparing";

/** Members shown of one group; more of the same picture prove nothing more. */
const MOST_MEMBERS = 500;

const VIEWS: readonly ComparisonView[] = ["side", "divider", "difference", "all"];

interface Props {
  readonly host: ReportHost;
  readonly filter: GroupFilter;
  /** Groups in the filtered list. */
  readonly total: number;
  /** The place in it of the group that is opened first. */
  readonly row: number;
  readonly group: GroupView;
  /** How near duplicates are measured; `null` while they were not searched. */
  readonly measure: Measure | null;
  readonly trusted: boolean;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly reviewing: Reviewing;
  readonly stacked: boolean;
  readonly onClose: () => void;
}

/** One group after the other: its images compared, and what a person says of them. */
export function GroupDialog(props: Props): JSX.Element {
  const { host, filter, total, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [shown, setShown] = useState({ row: props.row, group: props.group });
  const [error, setError] = useState<string | null>(null);
  const keys = useRef<DialogKeys>({ step: () => undefined, commands: {} });
  const { row, group } = shown;

  // Before what is inside takes the focus.
  useLayoutEffect(() => dialog.current?.showModal(), []);

  // All members of the group that was gone to; of the first one some are known.
  const wanted = useRef(props.row);
  const read = (at: number): void => {
    wanted.current = at;
    setError(null);
    host.groups({ ...filter, from: at, count: 1, membersEach: MOST_MEMBERS }).then(
      ({ groups: [whole] }) => {
        if (wanted.current !== at || whole === undefined) return;
        // While groups are counted anew another one may be in this place.
        if (at !== props.row || whole.group === props.group.group) setShown({ row: at, group: whole });
      },
      (reason: unknown) => wanted.current === at && setError(messageOf(reason)),
    );
  };
  useEffect(() => read(props.row), []);
  const go = (by: 1 | -1): void => {
    const to = wanted.current + by;
    if (to >= 0 && to < total) read(to);
  };

  const views = group.members.length > 2 ? VIEWS : VIEWS.filter((view) => view !== "all");
  const comparing = useComparing(views);
  const isSimilar = group.worst !== null && props.measure !== null;
  const rest = group.size - group.members.length;
  return (
    <dialog
      class="dialog compare"
      ref={dialog}
      aria-labelledby="dialog-title"
      onClose={onClose}
      onKeyDown={(event) => pressKey(event, comparing, keys.current)}
    >
      <div class="dialog-head">
        <h2 id="dialog-title">{counted(group.size, isSimilar ? "similar image" : "equal image")}</h2>
        <span class="muted">{detailsOf(group, props.measure)}</span>
        <span class="dialog-place" role="group" aria-label={l10n.t("Groups")}>
          <Button
            kind="icon"
            icon="chevron-left"
            label={l10n.t("Group Before")}
            keys={keyOf("previous")}
            disabled={row === 0}
            onClick={() => go(-1)}
          />
          <span class="muted" role="status">
            {l10n.t("{0} of {1}", number(row + 1), number(total))}
          </span>
          <Button
            kind="icon"
            icon="chevron-right"
            label={l10n.t("Next Group")}
            keys={keyOf("next")}
            disabled={row + 1 >= total}
            onClick={() => go(1)}
          />
        </span>
        <Button kind="icon" icon="close" label={l10n.t("Close")} onClick={() => dialog.current?.close()} />
      </div>
      {error !== null && <Notice level="error">{l10n.t("The group could not be read: {0}", error)}</Notice>}
      <Members
        // Another group has nothing of what was chosen and said of the one before.
        key={group.group}
        {...props}
        row={row}
        group={group}
        isSimilar={isSimilar}
        views={views}
        comparing={comparing}
        keys={keys}
        onGo={go}
      />
      {rest > 0 && (
        <p class="muted">
          {isSimilar
            ? l10n.t("and {0} more, equal or similar to these.", number(rest))
            : l10n.t("and {0} more, equal to these.", number(rest))}
        </p>
      )}
    </dialog>
  );
}

/** The members of one group: two of them compared, all of them to choose from, and what a person says of them. */
function Members(
  props: Props & {
    readonly isSimilar: boolean;
    readonly views: readonly ComparisonView[];
    readonly comparing: Comparing;
    /** What keys of the dialog do. */
    readonly keys: { current: DialogKeys };
    readonly onGo: (by: 1 | -1) => void;
  },
): JSX.Element {
  const { host, filter, row, group, isSimilar, trusted, roles, store, actions, reviewing, stacked, onGo } = props;
  const { views, comparing } = props;
  const isReadOnly = useReadOnly() !== null;
  const { members } = group;
  const [chosen, setChosen] = useState<{ readonly first: number; readonly second: number } | null>(null);
  const [said, setSaid] = useState<ReadonlyMap<string, PairVerdict | null>>(new Map());
  const [round, setRound] = useState(0);
  const [error, setError] = useState<string | null>(null);
  const pane = useRef<HTMLDivElement>(null);
  // What was judged is part of a comparison: when that is taken back all are asked for anew.
  const comparisons = useMemo(() => new ComparisonStore((first, second) => host.compare(first, second)), [host, round]);
  useEffect(() => () => comparisons.close(), [comparisons]);
  useEffect(() => pane.current?.focus({ preventScroll: true }), []);

  const { first: firstSample, second: secondSample } = chosen ?? startOf(members);
  const first = members.find(({ sample }) => sample === firstSample);
  const second = members.find(({ sample }) => sample === secondSample);
  if (first === undefined || second === undefined) return <p class="nothing">{l10n.t("Reading the group …")}</p>;

  const place: Place = { first: firstOf(group), row };
  const choose = (sample: number): void => {
    if (sample !== first.sample) setChosen({ first: first.sample, second: sample });
  };
  const swap = (): void => setChosen({ first: second.sample, second: first.sample });
  const step = (by: 1 | -1): void => {
    const others = members.filter(({ sample }) => sample !== first.sample);
    const at = others.findIndex(({ sample }) => sample === second.sample);
    const next = others[(at + by + others.length) % others.length];
    if (next !== undefined) choose(next.sample);
  };

  /** Does what a person says, if it can be kept. */
  const say = (keep: () => Promise<void>): void => {
    if (!trusted) return;
    setError(null);
    keep().catch((reason: unknown) => setError(messageOf(reason)));
  };
  const toggle = (sample: MemberView, choice: Choice): void =>
    say(() => reviewing.choose([sample], reviewing.choiceOf(sample) === choice ? null : choice, place));
  const keepOne = (sample: MemberView): void =>
    reviewing.choiceOf(sample) === "keep"
      ? toggle(sample, "keep")
      : say(() => reviewing.keepOne(sample, members, place, allMembers));
  const allMembers = async (): Promise<readonly MemberView[]> => {
    if (members.length === group.size) return members;
    const { groups } = await host.groups({ ...filter, from: row, count: 1, membersEach: group.size });
    return groups[0]?.group === group.group ? groups[0].members : members;
  };
  const change = (type: "keep-all" | "forget"): void =>
    say(async () => {
      const action = { type: "groups", filter, groups: [group.group], change: { type } } as const;
      await reviewing.changeGroups(action, [group], place);
      if (type === "forget") forgetSaid();
    });
  const judge = (verdict: PairVerdict | null, samples: readonly number[]): void =>
    say(async () => {
      const pairs = pairKeys(samples);
      const before = said;
      setSaid((last) => new Map([...last, ...pairs.map((pair) => [pair, verdict] as const)]));
      await reviewing.judge(samples, verdict).catch((reason: unknown) => {
        setSaid(before);
        throw reason;
      });
    });
  const forgetSaid = (): void => {
    setSaid(new Map());
    setRound((last) => last + 1);
  };
  const turn = (way: "undo" | "redo"): void => say(() => reviewing[way]().kept.then(forgetSaid));

  const pair = [first.sample, second.sample];
  const all = members.map(({ sample }) => sample);
  const isWhole = members.length === group.size;
  // Equal pictures are always duplicates: there is nothing to judge.
  const areEqual = !isSimilar || (first.nearness === null && second.nearness === null && members[0] !== undefined);
  const commands: DialogKeys["commands"] = {
    next: () => onGo(1),
    previous: () => onGo(-1),
    keep: () => keepOne(second),
    "keep-too": () => toggle(second, "keep"),
    drop: () => toggle(second, "drop"),
    "keep-all": () => change("keep-all"),
    forget: () => change("forget"),
    ...(areEqual ? {} : { duplicates: () => judge("duplicate", pair), different: () => judge("different", pair) }),
    undo: () => turn("undo"),
    redo: () => turn("redo"),
    open: () => actions.open(second.sample),
    reveal: () => actions.reveal(second.sample),
    copy: () => actions.copy(second.id),
    swap,
  };
  props.keys.current = { step, commands };
  const untrusted = trusted ? {} : { describedBy: "dialog-untrusted" };
  const isPair = group.size === 2;
  return (
    <div class="dialog-pane" ref={pane} tabIndex={-1} role="group" aria-label={l10n.t("Two of them compared")}>
      <PairComparison
        store={comparisons}
        comparing={comparing}
        views={views}
        first={first}
        second={second}
        all={members}
        measure={props.measure}
        {...(areEqual ? { equal: group.tier === "file" ? l10n.t("The same file") : l10n.t("The same pixels") } : {})}
        roles={roles}
        verdict={said.get(pairKeys(pair)[0] ?? "")}
        actions={(sample, which) => {
          const member = which === "first" ? first : second;
          const choice = reviewing.choiceOf(member);
          const keyed = (command: ReviewCommand): { readonly keys?: string } =>
            which === "second" ? { keys: keyOf(command) } : {};
          if (isReadOnly) return null;
          return (
            <>
              <Button
                icon={choice === "keep" ? "pinned" : "pin"}
                label={l10n.t("Keep")}
                name={l10n.t("Keep: {0}", visible(sample.id))}
                pressed={choice === "keep"}
                disabled={!trusted}
                {...keyed("keep")}
                {...untrusted}
                onClick={() => keepOne(member)}
              />
              <Button
                icon="trash"
                label={l10n.t("Drop")}
                name={l10n.t("Drop: {0}", visible(sample.id))}
                pressed={choice === "drop"}
                disabled={!trusted}
                {...keyed("drop")}
                {...untrusted}
                onClick={() => toggle(member, "drop")}
              />
              <Button
                kind="icon"
                icon="go-to-file"
                label={l10n.t("Open")}
                onClick={() => actions.open(sample.sample)}
              />
              <Button
                kind="icon"
                icon="folder-opened"
                label={l10n.t("Reveal in Explorer")}
                onClick={() => actions.reveal(sample.sample)}
              />
              <Button kind="icon" icon="copy" label={l10n.t("Copy Path")} onClick={() => actions.copy(sample.id)} />
            </>
          );
        }}
      />
      {error !== null && <Notice level="error">{error}</Notice>}
      <div class="actions">
        {!areEqual && !isReadOnly && (
          <>
            <Button
              keys={keyOf("duplicates")}
              label={l10n.t({ message: "Duplicates", comment: ["A button: the two images are duplicates."] })}
              disabled={!trusted}
              {...untrusted}
              onClick={() => judge("duplicate", pair)}
            />
            <Button
              keys={keyOf("different")}
              label={l10n.t("Not Duplicates")}
              disabled={!trusted}
              {...untrusted}
              onClick={() => judge("different", pair)}
            />
          </>
        )}
        {!isReadOnly && (
          <>
            <Button
              keys={keyOf("keep-all")}
              label={l10n.t("Keep All")}
              disabled={!trusted}
              {...untrusted}
              onClick={() => change("keep-all")}
            />
            <Button
              keys={keyOf("forget")}
              label={l10n.t("Forget")}
              disabled={!trusted}
              {...untrusted}
              onClick={() => change("forget")}
            />
            <Button
              keys={keyOf("undo")}
              label={l10n.t("Undo")}
              disabled={!trusted}
              {...untrusted}
              onClick={() => turn("undo")}
            />
          </>
        )}
        <Button keys={keyOf("swap")} label={l10n.t("Swap")} onClick={swap} />
        {!trusted && !isReadOnly && (
          <span id="dialog-untrusted" class="muted">
            {l10n.t("This workspace is in Restricted Mode. Trust it to keep what you decide.")}
          </span>
        )}
      </div>
      {!isReadOnly && (
        <p class="muted dialog-hint">
          {group.conflict
            ? l10n.t(
                "Keep the one whose label is right: it stays in a sanitized copy, and those with another label leave.",
              )
            : isSimilar
              ? l10n.t("What you keep stays in a sanitized copy that counts similar images.")
              : l10n.t("In a sanitized copy one of them stays; which one can be said here.")}
          {!isPair &&
            ` ${l10n.t("Choose the image to compare with the first one; ← and → go through them, Swap makes the other one the first.")}`}
        </p>
      )}
      {!isPair && (
        <>
          <div class="dialog-cards" role="group" aria-label={l10n.t("Images of the group")}>
            {members.map((sample) => (
              <SampleCard
                key={sample.sample}
                sample={sample}
                roles={roles}
                store={store}
                actions={actions}
                conflict={group.conflict}
                stacked={stacked}
                group={members}
                said={reviewing.choiceOf(sample)}
                tabIndex={0}
                {...(isSimilar && props.measure !== null ? { measure: props.measure } : {})}
                isReference={sample === members[0]}
                choice={{
                  place: sample.sample === first.sample ? "first" : sample.sample === second.sample ? "second" : null,
                  choose: () => choose(sample.sample),
                }}
              />
            ))}
          </div>
          {isSimilar && !isReadOnly && (
            <div class="actions">
              <Button
                label={l10n.t({ message: "All Are Duplicates", comment: ["Images."] })}
                disabled={!trusted || !isWhole}
                {...untrusted}
                onClick={() => judge("duplicate", all)}
              />
              <Button
                label={l10n.t({ message: "None Are Duplicates", comment: ["Images."] })}
                disabled={!trusted || !isWhole}
                {...untrusted}
                onClick={() => judge("different", all)}
              />
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** What is said of a group beside how many images it has: their splits, labels that conflict, and the worst score of many. */
function detailsOf({ splits, conflict, labels, worst, size }: GroupView, measure: Measure | null): string {
  const inSplits = visible(sentenceList(splits));
  const labelled = conflict ? visible(sentenceList(labels)) : null;
  const score = worst !== null && measure !== null && size > 2 ? scoreText(measure, worst) : null;
  if (labelled === null) {
    return score === null
      ? l10n.t({ message: "in {0}", args: [inSplits], comment: ["Images. {0} splits."] })
      : l10n.t({
          message: "in {0}; {1} at worst",
          args: [inSplits, score],
          comment: ["Images. {0} splits, {1} a score with its name."],
        });
  }
  return score === null
    ? l10n.t({
        message: "in {0}, labelled {1}",
        args: [inSplits, labelled],
        comment: ["Images. {0} splits, {1} labels."],
      })
    : l10n.t({
        message: "in {0}, labelled {1}; {2} at worst",
        args: [inSplits, labelled, score],
        comment: ["Images. {0} splits, {1} labels, {2} a score with its name."],
      });
}

/** The first member, and the first one with another picture. */
function startOf(members: readonly MemberView[]): { readonly first: number; readonly second: number } {
  const [first, ...others] = members;
  const other = others.find(({ nearness }) => nearness !== null) ?? others[0];
  return { first: first?.sample ?? -1, second: other?.sample ?? -1 };
}

/** Names each two of some samples, whatever their order. */
function pairKeys(samples: readonly number[]): readonly string[] {
  return samples.flatMap((a, index) => samples.slice(index + 1).map((b) => `${Math.min(a, b)} ${Math.max(a, b)}`));
}
