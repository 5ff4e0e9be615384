import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { GroupView, Measure, MemberView, PairVerdict, ReportHost } from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { number, plural, sentenceList, visible } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { PairComparison } from "./Comparison";
import { ComparisonStore } from "./ComparisonStore";
import { pressKey, type KeyTable } from "./dialogKeys";
import type { Keeping } from "./keeping";
import { scoreText } from "./nearText";
import type { GroupFilter } from "./reportView";
import { SampleCard, type SampleActions } from "./SampleCard";
import type { SplitRoles } from "./SplitBadge";

/** Members shown of one group; more of the same picture prove nothing more. */
const MOST_MEMBERS = 500;

interface Props {
  readonly host: ReportHost;
  readonly filter: GroupFilter;
  /** Its place in the filtered list. */
  readonly row: number;
  readonly group: GroupView;
  /** How near duplicates are measured; `null` while they were not searched. */
  readonly measure: Measure | null;
  readonly trusted: boolean;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly keeping: Keeping;
  readonly stacked: boolean;
  readonly onClose: () => void;
}

/** All members of one group: of equal images because they are many, of similar ones to compare and to judge them. */
export function GroupDialog(props: Props): JSX.Element {
  const { host, filter, row, group, measure, roles, store, actions, keeping, stacked, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [members, setMembers] = useState(group.members);
  const [error, setError] = useState<string | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const keys = useRef<KeyTable>({});

  // Before what is inside takes the focus.
  useLayoutEffect(() => dialog.current?.showModal(), []);

  useEffect(() => {
    let current = true;
    host.groups({ ...filter, from: row, count: 1, membersEach: MOST_MEMBERS }).then(
      (page) => {
        const whole = page.groups[0];
        if (current && whole?.group === group.group) setMembers(whole.members);
      },
      (reason: unknown) => current && setError(messageOf(reason)),
    );
    return () => {
      current = false;
    };
  }, [host, filter, row, group]);

  const samples = members.map(({ sample }) => sample);
  const rest = group.size - members.length;
  const isSimilar = group.worst !== null && measure !== null;
  return (
    <dialog
      class="dialog"
      ref={dialog}
      aria-labelledby="dialog-title"
      onClose={onClose}
      onKeyDown={(event) => pressKey(event, keys.current)}
    >
      <div class="dialog-head">
        <h2 id="dialog-title">{plural(group.size, isSimilar ? "similar image" : "equal image")}</h2>
        <span class="muted">
          in {visible(sentenceList(group.splits))}
          {group.conflict && `, labelled ${visible(sentenceList(group.labels))}`}
          {isSimilar && group.size > 2 && `; ${scoreText(measure, group.worst)} at worst`}
        </span>
        <Button kind="icon" icon="close" label="Close" onClick={() => dialog.current?.close()} />
      </div>
      {error !== null && <Notice level="error">The group could not be read: {error}</Notice>}
      {failure !== null && <Notice level="error">{failure}</Notice>}
      {isSimilar ? (
        <SimilarMembers {...props} measure={measure} members={members} keys={keys} />
      ) : (
        <>
          <p class="muted dialog-hint">
            {group.conflict
              ? "Keep the one whose label is right: it stays in a sanitized copy, and those with another label leave."
              : "In a sanitized copy one of them stays; which one can be said here."}
          </p>
          <div class="dialog-cards">
            {members.map((sample) => (
              <div key={sample.sample} class="dialog-card">
                <SampleCard
                  sample={sample}
                  roles={roles}
                  store={store}
                  actions={actions}
                  conflict={group.conflict}
                  stacked={stacked}
                  group={samples}
                  kept={keeping.kept.has(sample.sample)}
                  tabIndex={0}
                />
                <KeepButton sample={sample} label="Keep" group={samples} keeping={keeping} onError={setFailure} />
              </div>
            ))}
          </div>
        </>
      )}
      {rest > 0 && (
        <p class="muted">
          and {number(rest)} more, {isSimilar ? "equal or similar" : "equal"} to these.
        </p>
      )}
    </dialog>
  );
}

/** Two members laid over each other, all of them to choose from, and what a person says of them. */
function SimilarMembers(
  props: Props & {
    readonly measure: Measure;
    readonly members: readonly MemberView[];
    /** What keys of the dialog do. */
    readonly keys: { current: KeyTable };
  },
): JSX.Element {
  const { host, group, measure, members, trusted, roles, store, actions, keeping, stacked } = props;
  const [chosen, setChosen] = useState<{ readonly first: number; readonly second: number } | null>(null);
  const [said, setSaid] = useState<ReadonlyMap<string, PairVerdict | null>>(new Map());
  const [ofAll, setOfAll] = useState<PairVerdict | null>(null);
  const isKeeping = useRef(false);
  const [error, setError] = useState<string | null>(null);
  const pane = useRef<HTMLDivElement>(null);
  const comparisons = useMemo(() => new ComparisonStore((first, second) => host.compare(first, second)), [host]);
  useEffect(() => () => comparisons.close(), [comparisons]);
  useEffect(() => pane.current?.focus({ preventScroll: true }), []);

  const { first: firstSample, second: secondSample } = chosen ?? startOf(members);
  const first = members.find(({ sample }) => sample === firstSample);
  const second = members.find(({ sample }) => sample === secondSample);
  if (first === undefined || second === undefined) return <p class="nothing">Reading the group …</p>;

  const key = pairKey(first.sample, second.sample);
  const choose = (sample: number): void => {
    if (sample !== first.sample) setChosen({ first: first.sample, second: sample });
  };
  const swap = (): void => setChosen({ first: second.sample, second: first.sample });
  const step = (by: number): void => {
    const others = members.filter(({ sample }) => sample !== first.sample);
    const at = others.findIndex(({ sample }) => sample === second.sample);
    const next = others[(at + by + others.length) % others.length];
    if (next !== undefined) choose(next.sample);
  };
  const keep = (samples: readonly number[], verdict: PairVerdict | null, show: () => void): void => {
    if (isKeeping.current || !trusted) return;
    isKeeping.current = true;
    setError(null);
    host
      .decide(samples, verdict)
      .then(show, (reason: unknown) => setError(messageOf(reason)))
      .finally(() => {
        isKeeping.current = false;
      });
  };
  const judge = (verdict: PairVerdict | null): void =>
    keep([first.sample, second.sample], verdict, () => setSaid((last) => new Map([...last, [key, verdict]])));
  const judgeAll = (verdict: PairVerdict | null): void =>
    keep(
      members.map(({ sample }) => sample),
      verdict,
      () => {
        setOfAll(verdict);
        setSaid(new Map(pairKeys(members).map((pair) => [pair, verdict])));
      },
    );

  const samples = members.map(({ sample }) => sample);
  const isWhole = members.length === group.size;
  const isPair = group.size === 2;
  props.keys.current = {
    d: () => judge("duplicate"),
    n: () => judge("different"),
    z: () => judge(null),
    x: swap,
    ArrowLeft: () => step(-1),
    ArrowRight: () => step(1),
  };
  const untrusted = trusted ? {} : { describedBy: "dialog-untrusted" };
  return (
    <div class="dialog-pane" ref={pane} tabIndex={-1} role="group" aria-label="Two of them compared">
      <PairComparison
        store={comparisons}
        first={first}
        second={second}
        measure={measure}
        roles={roles}
        verdict={said.get(key)}
      />
      {error !== null && <Notice level="error">{error}</Notice>}
      <div class="actions">
        <KeepButton sample={first} label="Keep First" group={samples} keeping={keeping} onError={setError} />
        <KeepButton sample={second} label="Keep Second" group={samples} keeping={keeping} onError={setError} />
        <span class="muted">says which one stays in a sanitized copy that counts similar images.</span>
      </div>
      <div class="actions">
        <Button keys="D" label="Duplicates" disabled={!trusted} {...untrusted} onClick={() => judge("duplicate")} />
        <Button keys="N" label="Not Duplicates" disabled={!trusted} {...untrusted} onClick={() => judge("different")} />
        <Button keys="Z" label="Undo" disabled={!trusted} {...untrusted} onClick={() => judge(null)} />
        <Button keys="X" label="Swap" onClick={swap} />
        {!trusted && (
          <span id="dialog-untrusted" class="muted">
            This workspace is in Restricted Mode. Trust it to keep what you decide.
          </span>
        )}
      </div>
      {!isPair && (
        <>
          <p class="muted dialog-hint">
            Choose the image to compare with the first one; ← and → go through them, Swap makes the other one the first.
          </p>
          <div class="dialog-cards" role="group" aria-label="Images of the group">
            {members.map((sample) => (
              <SampleCard
                key={sample.sample}
                sample={sample}
                roles={roles}
                store={store}
                actions={actions}
                conflict={group.conflict}
                stacked={stacked}
                group={samples}
                kept={keeping.kept.has(sample.sample)}
                tabIndex={0}
                measure={measure}
                isReference={sample === members[0]}
                choice={{
                  place: sample.sample === first.sample ? "first" : sample.sample === second.sample ? "second" : null,
                  choose: () => choose(sample.sample),
                }}
              />
            ))}
          </div>
          <div class="actions">
            <Button
              label="All Are Duplicates"
              disabled={!trusted || !isWhole}
              {...untrusted}
              onClick={() => judgeAll("duplicate")}
            />
            <Button
              label="None Are Duplicates"
              disabled={!trusted || !isWhole}
              {...untrusted}
              onClick={() => judgeAll("different")}
            />
            {ofAll !== null && <Button label="Undo for All" onClick={() => judgeAll(null)} />}
            {ofAll !== null && (
              <span class="muted" role="status">
                {ofAll === "duplicate" ? "Each two are kept as duplicates." : "Each two are kept as not duplicates."}
              </span>
            )}
          </div>
        </>
      )}
    </div>
  );
}

/** Says that one of a group stays, or takes it back. */
function KeepButton(props: {
  readonly sample: MemberView;
  readonly label: string;
  readonly group: readonly number[];
  readonly keeping: Keeping;
  /** Hears why it could not be kept; `null` when it is tried. */
  readonly onError: (message: string | null) => void;
}): JSX.Element {
  const { sample, label, group, keeping, onError } = props;
  const kept = keeping.kept.has(sample.sample);
  return (
    <Button
      icon={kept ? "pinned" : "pin"}
      label={label}
      name={`${label}: ${visible(sample.id)}`}
      pressed={kept}
      onClick={() => {
        onError(null);
        keeping.toggle(sample.sample, group).catch((reason: unknown) => onError(messageOf(reason)));
      }}
    />
  );
}

/** The first member, and the first one with another picture. */
function startOf(members: readonly MemberView[]): { readonly first: number; readonly second: number } {
  const [first, ...others] = members;
  const other = others.find(({ nearness }) => nearness !== null) ?? others[0];
  return { first: first?.sample ?? -1, second: other?.sample ?? -1 };
}

function pairKey(a: number, b: number): string {
  return `${Math.min(a, b)} ${Math.max(a, b)}`;
}

function pairKeys(members: readonly MemberView[]): readonly string[] {
  return members.flatMap((a, index) => members.slice(index + 1).map((b) => pairKey(a.sample, b.sample)));
}
