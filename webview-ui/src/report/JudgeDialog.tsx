import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted } from "../../../src/protocol/language";
import type { NearReport, PairVerdict, PairView, ReportHost } from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { number } from "../shared/format";
import { PairComparison } from "./Comparison";
import { pressKey, type DialogKeys } from "./comparisonKeys";
import { ComparisonStore } from "./ComparisonStore";
import { precisionText } from "./nearText";
import { PrecisionTable } from "./PrecisionTable";
import { keyOf } from "./reviewKeys";
import type { SplitRoles } from "./SplitBadge";
import { useComparing } from "./useComparing";

/** Pairs that are judged in one go. */
export const PAIRS_AT_ONCE = 20;

const VIEWS = ["side", "divider", "difference"] as const;

interface Props {
  readonly host: ReportHost;
  readonly near: NearReport;
  readonly roles: SplitRoles;
  readonly onClose: () => void;
}

/** Pairs near the threshold, one at a time, for a person to judge. What is said is kept at once. */
export function JudgeDialog({ host, near, roles, onClose }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const [pairs, setPairs] = useState<readonly PairView[] | null>(null);
  const [at, setAt] = useState(0);
  const [said, setSaid] = useState<ReadonlyMap<number, PairVerdict>>(new Map());
  const [saving, setSaving] = useState(0);
  const [error, setError] = useState<string | null>(null);
  const queue = useRef<Promise<void>>(Promise.resolve());
  const comparing = useComparing(VIEWS);
  const store = useMemo(() => new ComparisonStore((first, second) => host.compare(first, second)), [host]);
  useEffect(() => () => store.close(), [store]);

  const load = (): void => {
    setPairs(null);
    setAt(0);
    setSaid(new Map());
    setError(null);
    // After what is being kept, so that no pair comes twice.
    queue.current
      .then(() => host.doubtful(PAIRS_AT_ONCE))
      .then(setPairs, (reason: unknown) => setError(messageOf(reason)));
  };
  // Before what is inside takes the focus.
  useLayoutEffect(() => dialog.current?.showModal(), []);
  useEffect(load, []);

  const pair = pairs?.[at];
  const next = pairs?.[at + 1];
  useEffect(() => {
    pane.current?.focus({ preventScroll: true });
    // The next one is there when it is wanted; what fails is asked for again then.
    if (next !== undefined) store.get(next.first.sample, next.second.sample).catch(() => undefined);
  }, [at, pairs]);

  /** Keeps what is said of a pair, one after the other. When that fails it was not said. */
  const keep = (index: number, verdict: PairVerdict | null): void => {
    const judged = pairs?.[index];
    if (judged === undefined) return;
    const before = said.get(index) ?? null;
    if (before === verdict) return;
    const show = (value: PairVerdict | null): void =>
      setSaid((last) => {
        const changed = new Map(last);
        if (value === null) changed.delete(index);
        else changed.set(index, value);
        return changed;
      });
    show(verdict);
    setSaving((count) => count + 1);
    setError(null);
    queue.current = queue.current
      .then(() => host.review({ type: "judge", samples: [judged.first.sample, judged.second.sample], verdict }))
      .catch((reason: unknown) => {
        show(before);
        setError(messageOf(reason));
      })
      .finally(() => setSaving((count) => count - 1));
  };
  const move = (to: number): void => setAt(Math.max(0, Math.min(to, pairs?.length ?? 0)));
  const judge = (verdict: PairVerdict): void => {
    keep(at, verdict);
    move(at + 1);
  };
  const skip = (): void => move(at + 1);
  const undo = (): void => {
    const last = Math.max(0, at - 1);
    // At a pair that was judged, that one; else the one before.
    const index = said.has(at) ? at : last;
    keep(index, null);
    move(index);
  };

  const keys: DialogKeys = {
    step: (by) => move(at + by),
    commands: { duplicates: () => judge("duplicate"), different: () => judge("different"), skip, undo },
  };
  const isDone = pairs !== null && pair === undefined;
  return (
    <dialog
      class="dialog judge"
      ref={dialog}
      aria-labelledby="judge-title"
      onClose={onClose}
      onKeyDown={(event) => pressKey(event, comparing, keys)}
    >
      <div class="dialog-head">
        <h2 id="judge-title">{l10n.t("Are these duplicates?")}</h2>
        <span class="muted" role="status">
          {pair !== undefined && l10n.t("{0} of {1}", number(at + 1), number(pairs?.length ?? 0))}
        </span>
        <Button kind="icon" icon="close" label={l10n.t("Close")} onClick={() => dialog.current?.close()} />
      </div>
      {error !== null && (
        <Notice level="error" actions={pairs === null && <Button label={l10n.t("Try Again")} onClick={load} />}>
          {error}
        </Notice>
      )}
      <div class="dialog-pane" ref={pane} tabIndex={-1} role="group" aria-labelledby="judge-title">
        {pairs === null && error === null && <p class="nothing">{l10n.t("Choosing pairs near the threshold …")}</p>}
        {pair !== undefined && (
          <>
            <PairComparison
              store={store}
              comparing={comparing}
              views={VIEWS}
              first={pair.first}
              second={pair.second}
              measure={near.measure}
              roles={roles}
              verdict={said.get(at)}
            />
            <div class="actions">
              <Button
                kind="primary"
                keys={keyOf("duplicates")}
                label={l10n.t("Duplicate")}
                onClick={() => judge("duplicate")}
              />
              <Button
                kind="primary"
                keys={keyOf("different")}
                label={l10n.t("Not a Duplicate")}
                onClick={() => judge("different")}
              />
              <Button keys="S" label={l10n.t("Skip")} onClick={skip} />
              <Button keys="Z" label={l10n.t("Undo")} disabled={at === 0 && !said.has(0)} onClick={undo} />
            </div>
          </>
        )}
        {isDone && pairs.length === 0 && (
          <p class="nothing">{l10n.t("There is no pair near the threshold that was not judged yet.")}</p>
        )}
        {isDone && pairs.length > 0 && (
          <Summary near={near} said={[...said.values()]} asked={pairs.length} isSaving={saving > 0} />
        )}
        {isDone && (
          <div class="actions">
            <Button kind="primary" label={l10n.t("Done")} onClick={() => dialog.current?.close()} />
            {pairs.length > 0 && (
              <Button label={l10n.t("Judge {0} More", number(PAIRS_AT_ONCE))} disabled={saving > 0} onClick={load} />
            )}
            {pairs.length > 0 && <Button keys="Z" label={l10n.t("Undo")} onClick={undo} />}
          </div>
        )}
      </div>
    </dialog>
  );
}

function Summary(props: {
  readonly near: NearReport;
  readonly said: readonly PairVerdict[];
  readonly asked: number;
  readonly isSaving: boolean;
}): JSX.Element {
  const { near, said, asked, isSaving } = props;
  const { measure, threshold, precision } = near;
  return (
    <div class="judge-summary" aria-busy={isSaving}>
      <p class="strong">
        {judgedText(said.length, said.filter((verdict) => verdict === "duplicate").length, asked - said.length)}
      </p>
      {isSaving ? (
        <p class="muted">{l10n.t("Counting anew …")}</p>
      ) : (
        <p>
          {precisionText(measure, threshold, precision) ??
            l10n.t("That is too little to say how many of the pairs at this threshold are duplicates.")}
        </p>
      )}
      {precision.length > 0 && <PrecisionTable near={near} />}
    </div>
  );
}

function judgedText(judged: number, duplicates: number, skipped: number): string {
  const counts = [counted(judged, "pair"), number(duplicates), number(judged - duplicates)] as const;
  if (skipped === 0) {
    return duplicates === 1
      ? l10n.t("You judged {0}: {1} is duplicates, {2} not.", ...counts)
      : l10n.t("You judged {0}: {1} are duplicates, {2} not.", ...counts);
  }
  return duplicates === 1
    ? l10n.t("You judged {0}: {1} is duplicates, {2} not, {3} skipped.", ...counts, number(skipped))
    : l10n.t("You judged {0}: {1} are duplicates, {2} not, {3} skipped.", ...counts, number(skipped));
}
