import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Report, ReportState } from "../../../src/protocol/report";
import { Icon } from "../shared/Controls";
import { duration, number, plural, visible } from "../shared/format";
import { Figures, type Figure } from "./Figures";
import type { GroupFilter } from "./reportView";

const LEVELS = {
  clean: { icon: "pass-filled", name: "Clean" },
  warning: { icon: "warning", name: "Warning" },
  leak: { icon: "error", name: "Leakage" },
} as const;

interface Props {
  readonly verdict: NonNullable<ReportState["verdict"]>;
  readonly report: Report;
  readonly onFilter: (filter: GroupFilter) => void;
  readonly onFaults: () => void;
}

/** The one sentence, what is behind it, and the figures that carry it. */
export function Verdict({ verdict, report, onFilter, onFaults }: Props): JSX.Element {
  const level = LEVELS[verdict.level];
  const { timing } = report;
  return (
    <section id="verdict" class={`verdict ${verdict.level}`} aria-labelledby="verdict-title">
      <Icon name={level.icon} class="verdict-icon" />
      <div class="verdict-text">
        <h2 id="verdict-title">
          <span class="hidden">{level.name}: </span>
          {visible(verdict.text)}
        </h2>
        {verdict.details.length > 0 && (
          <ul>
            {verdict.details.map((detail) => (
              <li key={detail}>{visible(detail)}</li>
            ))}
          </ul>
        )}
      </div>
      <KeyFigures report={report} onFilter={onFilter} onFaults={onFaults} />
      <p class="footnote">
        {plural(timing.samples, "image")} inspected in {duration(timing.seconds)}. Equal images are equal pixel by
        pixel; {report.near === null ? "near duplicates are not among them." : "near duplicates are counted apart."}
      </p>
    </section>
  );
}

function KeyFigures({ report, onFilter, onFaults }: Omit<Props, "verdict">): JSX.Element {
  const { duplicates, near, conflicts, blank } = report;
  const { pixel, file } = duplicates;
  const total = report.splits.reduce((sum, split) => sum + split.samples, 0);
  const unusable = report.splits.reduce((sum, split) => sum + split.unreadable + split.invalid, 0);
  const figures: readonly Figure[] = [
    { value: total, unit: total === 1 ? "image" : "images", what: `in ${plural(report.splits.length, "split")}` },
    {
      value: pixel.samples,
      unit: "images with a twin",
      what: `in ${plural(pixel.groups, "group")} of equal images`,
      show: pixel.samples > 0 ? () => onFilter({ sort: "size" }) : undefined,
    },
    {
      value: file.samples,
      unit: l10n.t("of them are identical files"),
      what: l10n.t("in {0} groups with the same bytes", number(file.groups)),
      show: file.samples > 0 ? () => onFilter({ sort: "size", tier: "file" }) : undefined,
    },
    ...(near === null || duplicates.near === undefined
      ? []
      : [
          {
            value: duplicates.near.samples - pixel.samples,
            unit: "more with a near twin",
            what: `${plural(near.pairs, "pair")} of similar images`,
            show: near.pairs > 0 ? () => onFilter({ sort: "doubt", tier: "near", similar: true }) : undefined,
          },
        ]),
    {
      value: conflicts.samples,
      unit: "images in conflict",
      what: `in ${plural(conflicts.groups, "group")} with several labels`,
      show: conflicts.samples > 0 ? () => onFilter({ sort: "size", conflict: true }) : undefined,
    },
    {
      value: blank.samples,
      unit: blank.samples === 1 ? "blank image" : "blank images",
      what: "all pixels equal",
      show: blank.samples > 0 ? () => onFilter({ sort: "size", blank: true }) : undefined,
    },
    {
      value: unusable,
      unit: unusable === 1 ? "unusable image" : "unusable images",
      what: "unreadable or invalid",
      show: unusable > 0 ? onFaults : undefined,
    },
  ];
  return <Figures figures={figures} label="Key figures" />;
}
