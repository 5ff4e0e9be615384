import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Leakage, NearReport, Report, ReportHost, ReportState } from "../../../src/protocol/report";
import { Button, Disclosure, Notice } from "../shared/Controls";
import { number, plural, visible } from "../shared/format";
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
      <h2 id="near-title">Near duplicates</h2>
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
      Images that are not equal, but so nearly the same that they should not be in two splits: saved anew, scaled,
      shifted, mirrored or rotated.
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
            <ProgressBar label="Searching near duplicates" done={done} total={total} />
            <p class="progress-line">
              <span>Searching near duplicates</span>
              <span class="muted">{text}</span>
            </p>
          </div>
          <div class="actions">
            <Button label="Cancel Search" onClick={() => void act(host.cancelSearch())} />
            <span class="muted">The rest of this report is complete.</span>
          </div>
        </>
      );
    }
    case "failed":
      return (
        <>
          {lead}
          <NoticeBelow level="error" actions={start("Try Again")}>
            Near duplicates could not be searched: {search.error}
          </NoticeBelow>
        </>
      );
    case "cancelled":
      return (
        <>
          {lead}
          <NoticeBelow level="info" actions={start("Search Near Duplicates")}>
            The search was cancelled. The rest of this report is complete.
          </NoticeBelow>
        </>
      );
    default:
      return (
        <>
          {lead}
          <div class="actions">
            {start("Search Near Duplicates", "primary")}
            <span class="muted">They were not searched yet.</span>
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
      unit: near.pairs === 1 ? "near pair" : "near pairs",
      what: "of different pictures",
      show: near.pairs > 0 ? () => onFilter(similar) : undefined,
    },
    {
      value: all.samples - pixel.samples,
      unit: "images with a near twin alone",
      what: `${number(all.samples)} with an equal or a near one`,
      show: near.pairs > 0 ? () => onFilter({ ...similar, sort: "size" }) : undefined,
    },
    ...(report.splits.length > 1 ? [leakFigure(report, onFilter)] : []),
    ...(near.conflicts.samples === 0
      ? []
      : [
          {
            value: near.conflicts.samples,
            unit: "similar images in conflict",
            what: `in ${plural(near.conflicts.groups, "group")} with several labels`,
            show: () => onFilter({ ...similar, conflict: true }),
          },
        ]),
    ...(near.chance === null
      ? []
      : [
          {
            value: near.chance,
            unit: Math.round(near.chance) === 1 ? "pair expected by chance" : "pairs expected by chance",
            what: "about so many without any copies; judging tells",
          },
        ]),
  ];
  const judged = precisionText(measure, threshold, precision);
  return (
    <>
      <p class="lead">
        {plural(near.compared, "different picture was", "different pictures were")} compared by {measure.name} (
        {measure.best} is the same). Two are near at {thresholdText(measure, threshold)}. {visible(near.reason)}
      </p>
      <Figures figures={figures} label="Figures of near duplicates" />
      <NearHistogram
        near={near}
        hasSplits={report.splits.length > 1}
        onThreshold={(value) => act(host.setThreshold(value))}
      />
      <NearNotes near={near} />
      <div class="actions">
        <Button
          icon="list-flat"
          label="Show Similar Groups"
          disabled={near.pairs === 0}
          onClick={() => onFilter(similar)}
        />
        {!isReadOnly && (
          <Button
            icon="checklist"
            label={`Judge ${PAIRS_AT_ONCE} Pairs`}
            disabled={!trusted}
            {...(trusted ? {} : { describedBy: "near-untrusted" })}
            onClick={() => setJudging(true)}
          />
        )}
        {isReadOnly ? (
          judged !== null && <span class="muted">{judged}</span>
        ) : trusted ? (
          <span class="muted">{judged ?? "Judge some pairs near the threshold to see how far it can be trusted."}</span>
        ) : (
          <span id="near-untrusted" class="muted">
            This workspace is in Restricted Mode. Trust it to keep what you decide.
          </span>
        )}
      </div>
      {precision.length > 0 && (
        <Disclosure summary="What judged pairs say about thresholds">
          <PrecisionTable near={near} />
        </Disclosure>
      )}
      {isJudging && <JudgeDialog host={host} near={near} roles={roles} onClose={() => setJudging(false)} />}
    </>
  );
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
  if (worst === undefined) return { value: 0, unit: "images leak only nearly", what: "from one split into another" };
  return {
    value: worst.nearly,
    unit:
      worst.nearly === 1 ? `${visible(worst.split)} image leaks nearly` : `${visible(worst.split)} images leak nearly`,
    what: `into ${visible(worst.in)}, and not as an equal one`,
    show: () => onFilter({ tier: "near", similar: true, sort: "doubt", splits: [worst.split, worst.in] }),
  };
}

/** What limits the search, and what people decided: a line each. */
function NearNotes({ near }: { readonly near: NearReport }): JSX.Element | null {
  const { degenerate, limited, decisions } = near;
  const { duplicate, different, stale, file } = decisions;
  const notes = [
    ...(limited === null ? [] : [limited]),
    ...(degenerate === 0
      ? []
      : [
          `${plural(degenerate, "image took", "images took")} no part: nearly empty, so they would be near to each other whatever they show.`,
        ]),
    ...(duplicate + different === 0
      ? []
      : [
          `People decided about ${plural(duplicate + different, "pair")}: ${number(duplicate)} as duplicates, ${number(different)} as different` +
            (file === null ? "." : `. That is kept in ${file}.`),
        ]),
    ...(stale === 0
      ? []
      : [`${plural(stale, "decision is", "decisions are")} about pictures that are not in this dataset any more.`]),
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
