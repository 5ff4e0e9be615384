import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import { useState } from "preact/hooks";
import {
  measureText,
  type Leakage,
  type NearReport,
  type Report,
  type ReportHost,
  type ReportState,
} from "../../../src/protocol/report";
import { counted, decimalText } from "../../../src/protocol/language";
import { Button, Disclosure, Notice } from "../shared/Controls";
import { number, visible } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";
import { Figures, type Figure } from "./Figures";
import { JudgeDialog, PAIRS_AT_ONCE } from "./JudgeDialog";
import { NearHistogram } from "./NearHistogram";
import { precisionText, thresholdText } from "./nearText";
import { PrecisionTable } from "./PrecisionTable";
import { useReadOnly } from "./readOnly";
import type { GroupFilter } from "./reportView";
import type { SplitRoles } from "./SplitBadge";

interface Props {
  readonly host: ReportHost;
  readonly state: ReportState;
  readonly report: Report;
  readonly roles: SplitRoles;
  readonly act: (action: Promise<void>) => Promise<void>;
  readonly onFilter: (filter: GroupFilter) => void;
}

/** Images that are not equal but nearly the same: how they were found, how far that can be trusted, and at which score. */
export function Near({ host, state, report, roles, act, onFilter }: Props): JSX.Element {
  const { near } = report;
  return (
    <section id="near" aria-labelledby="near-title">
      <h2 id="near-title">{l10n.t("Near duplicates")}</h2>
      {near === null ? (
        <NotSearched host={host} state={state} act={act} />
      ) : (
        <Found
          host={host}
          near={near}
          report={report}
          roles={roles}
          trusted={state.trusted}
          act={act}
          onFilter={onFilter}
        />
      )}
    </section>
  );
}

/** The search that runs, was stopped, failed or was not asked for, with the one thing to do. */
function NotSearched({ host, state, act }: Pick<Props, "host" | "state" | "act">): JSX.Element {
  const { search, progress } = state;
  const isReadOnly = useReadOnly() !== null;
  const lead = (
    <p class="lead">
      {l10n.t(
        "Images that are not equal, but so nearly the same that they should not be in two splits: saved anew, scaled, shifted, mirrored or rotated.",
      )}
    </p>
  );
  if (isReadOnly) {
    return (
      <>
        {lead}
        <p class="muted">{l10n.t("They were not searched when this report was written.")}</p>
      </>
    );
  }
  const start = (label: string, kind: "primary" | "secondary" = "secondary"): JSX.Element => (
    <Button
      kind={kind}
      icon="search-fuzzy"
      label={label}
      disabled={progress !== null}
      onClick={() => void act(host.searchNear())}
    />
  );
  switch (search.status) {
    case "searching": {
      const { text, done, total } = search.progress ?? { text: "", done: 0, total: 0 };
      return (
        <>
          {lead}
          <div class="near-search">
            <ProgressBar label={l10n.t("Searching near duplicates")} done={done} total={total} />
            <p class="progress-line">
              <span>{l10n.t("Searching near duplicates")}</span>
              <span class="muted">{text}</span>
            </p>
          </div>
          <div class="actions">
            <Button label={l10n.t("Cancel Search")} onClick={() => void act(host.cancelSearch())} />
            <span class="muted">{l10n.t("The rest of this report is complete.")}</span>
          </div>
        </>
      );
    }
    case "failed":
      return (
        <>
          {lead}
          <NoticeBelow level="error" actions={start(l10n.t("Try Again"))}>
            {l10n.t("Near duplicates could not be searched: {0}", search.error ?? "")}
          </NoticeBelow>
        </>
      );
    case "cancelled":
      return (
        <>
          {lead}
          <NoticeBelow level="info" actions={start(l10n.t("Search Near Duplicates"))}>
            {l10n.t("The search was cancelled. The rest of this report is complete.")}
          </NoticeBelow>
        </>
      );
    default:
      return (
        <>
          {lead}
          <div class="actions">
            {start(l10n.t("Search Near Duplicates"), "primary")}
            <span class="muted">
              {l10n.t({ message: "They were not searched yet.", comment: ["Near duplicates."] })}
            </span>
          </div>
        </>
      );
  }
}

function NoticeBelow(props: {
  readonly level: "error" | "info";
  readonly actions: ComponentChild;
  readonly children: ComponentChild;
}): JSX.Element {
  return (
    <div class="near-notice">
      <Notice level={props.level} actions={props.actions}>
        {props.children}
      </Notice>
    </div>
  );
}

function Found(props: {
  readonly host: ReportHost;
  readonly near: NearReport;
  readonly report: Report;
  readonly roles: SplitRoles;
  readonly trusted: boolean;
  readonly act: Props["act"];
  readonly onFilter: Props["onFilter"];
}): JSX.Element {
  const { host, near, report, roles, trusted, act, onFilter } = props;
  const [isJudging, setJudging] = useState(false);
  const isReadOnly = useReadOnly() !== null;
  const { measure, threshold, precision } = near;
  const pixel = report.duplicates.pixel;
  const all = report.duplicates.near ?? pixel;
  const similar: GroupFilter = { tier: "near", similar: true, sort: "doubt" };
  const figures: readonly Figure[] = [
    {
      value: near.pairs,
      unit: near.pairs === 1 ? l10n.t("near pair") : l10n.t("near pairs"),
      what: l10n.t("of different pictures"),
      show: near.pairs > 0 ? () => onFilter(similar) : undefined,
    },
    {
      value: all.samples - pixel.samples,
      unit: l10n.t("images with a near twin alone"),
      what: l10n.t("{0} with an equal or a near one", number(all.samples)),
      show: near.pairs > 0 ? () => onFilter({ ...similar, sort: "size" }) : undefined,
    },
    ...(report.splits.length > 1 ? [leakFigure(report, onFilter)] : []),
    ...(near.conflicts.samples === 0
      ? []
      : [
          {
            value: near.conflicts.samples,
            unit: l10n.t("similar images in conflict"),
            what: l10n.t("in {0} with several labels", counted(near.conflicts.groups, "group")),
            show: () => onFilter({ ...similar, conflict: true }),
          },
        ]),
    ...(near.chance === null
      ? []
      : [
          {
            value: near.chance,
            unit:
              Math.round(near.chance) === 1 ? l10n.t("pair expected by chance") : l10n.t("pairs expected by chance"),
            what: l10n.t("about so many without any copies; judging tells"),
          },
        ]),
  ];
  const judged = precisionText(measure, threshold, precision);
  return (
    <>
      <p class="lead">
        {comparedText(near)} {visible(near.reason)}
      </p>
      <Figures figures={figures} label={l10n.t("Figures of near duplicates")} />
      <NearHistogram
        near={near}
        hasSplits={report.splits.length > 1}
        onThreshold={(value) => act(host.setThreshold(value))}
      />
      <NearNotes near={near} />
      <div class="actions">
        <Button
          icon="list-flat"
          label={l10n.t("Show Similar Groups")}
          disabled={near.pairs === 0}
          onClick={() => onFilter(similar)}
        />
        {!isReadOnly && (
          <Button
            icon="checklist"
            label={l10n.t("Judge {0} Pairs", PAIRS_AT_ONCE)}
            disabled={!trusted}
            {...(trusted ? {} : { describedBy: "near-untrusted" })}
            onClick={() => setJudging(true)}
          />
        )}
        {isReadOnly ? (
          judged !== null && <span class="muted">{judged}</span>
        ) : trusted ? (
          <span class="muted">
            {judged ?? l10n.t("Judge some pairs near the threshold to see how far it can be trusted.")}
          </span>
        ) : (
          <span id="near-untrusted" class="muted">
            {l10n.t("This workspace is in Restricted Mode. Trust it to keep what you decide.")}
          </span>
        )}
      </div>
      {precision.length > 0 && (
        <Disclosure summary={l10n.t("What judged pairs say about thresholds")}>
          <PrecisionTable near={near} />
        </Disclosure>
      )}
      {isJudging && <JudgeDialog host={host} near={near} roles={roles} onClose={() => setJudging(false)} />}
    </>
  );
}

/** How pictures were compared. */
function comparedText({ compared, measure, threshold }: NearReport): string {
  const args = [
    counted(compared, "different picture"),
    measureText(measure),
    decimalText(measure.best),
    thresholdText(measure, threshold),
  ];
  return compared === 1
    ? l10n.t({
        message: "{0} was compared by {1} ({2} is the same). Two are near at {3}.",
        args,
        comment: ["{0} pictures, {1} a measure, {2} its best value, {3} e.g. 9.0 or less."],
      })
    : l10n.t({
        message: "{0} were compared by {1} ({2} is the same). Two are near at {3}.",
        args,
        comment: ["{0} pictures, {1} a measure, {2} its best value, {3} e.g. 9.0 or less."],
      });
}

/** What only nearly leaks and matters most: of test, then of validation, into train before the rest. */
function leakFigure(report: Report, onFilter: Props["onFilter"]): Figure {
  const roleOf = (name: string): string => report.splits.find((split) => split.name === name)?.role ?? "other";
  const weight = ({ split, in: other }: Leakage): number =>
    (roleOf(split) === "test" ? 0 : roleOf(split) === "validation" ? 2 : 4) + (roleOf(other) === "train" ? 0 : 1);
  const leaks = report.leakage.flatMap((leak) => {
    if (leak.tier !== "near") return [];
    const equal = report.leakage.find(
      ({ tier, split, in: other }) => tier === "pixel" && split === leak.split && other === leak.in,
    );
    const nearly = leak.samples - (equal?.samples ?? 0);
    return nearly > 0 ? [{ ...leak, nearly }] : [];
  });
  const [worst] = leaks.sort((a, b) => weight(a) - weight(b) || b.nearly - a.nearly);
  if (worst === undefined) {
    return { value: 0, unit: l10n.t("images leak only nearly"), what: l10n.t("from one split into another") };
  }
  const split = visible(worst.split);
  return {
    value: worst.nearly,
    unit: worst.nearly === 1 ? l10n.t("{0} image leaks nearly", split) : l10n.t("{0} images leak nearly", split),
    what: l10n.t("into {0}, and not as an equal one", visible(worst.in)),
    show: () => onFilter({ tier: "near", similar: true, sort: "doubt", splits: [worst.split, worst.in] }),
  };
}

/** What limits the search, and what people decided: a line each. */
function NearNotes({ near }: { readonly near: NearReport }): JSX.Element | null {
  const { degenerate, limited, decisions } = near;
  const notes = [
    ...(limited === null ? [] : [limited]),
    ...(degenerate === 0 ? [] : [emptyText(degenerate)]),
    ...(decisions.duplicate + decisions.different === 0 ? [] : [decisionsText(decisions)]),
    ...(decisions.stale === 0 ? [] : [staleText(decisions.stale)]),
  ];
  if (notes.length === 0) return null;
  return (
    <ul class="near-notes muted">
      {notes.map((note) => (
        <li key={note}>{visible(note)}</li>
      ))}
    </ul>
  );
}

function emptyText(count: number): string {
  const images = counted(count, "image");
  return count === 1
    ? l10n.t({
        message: "{0} took no part: nearly empty, so they would be near to each other whatever they show.",
        args: [images],
        comment: ["{0} is one image."],
      })
    : l10n.t({
        message: "{0} took no part: nearly empty, so they would be near to each other whatever they show.",
        args: [images],
        comment: ["{0} are several images."],
      });
}

function decisionsText({ duplicate, different, file }: NearReport["decisions"]): string {
  const args = [counted(duplicate + different, "pair"), number(duplicate), number(different)];
  return file === null
    ? l10n.t("People decided about {0}: {1} as duplicates, {2} as different.", ...args)
    : l10n.t("People decided about {0}: {1} as duplicates, {2} as different. That is kept in {3}.", ...args, file);
}

function staleText(count: number): string {
  const decisions = counted(count, "decision");
  return count === 1
    ? l10n.t("{0} is about pictures that are not in this dataset any more.", decisions)
    : l10n.t("{0} are about pictures that are not in this dataset any more.", decisions);
}
