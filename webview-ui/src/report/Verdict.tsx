import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Report, ReportState } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { Icon } from "../shared/Controls";
import { duration, number, visible } from "../shared/format";
import { Figures, type Figure } from "./Figures";
import type { GroupFilter } from "./reportView";

const LEVELS = {
  clean: { icon: "pass-filled", name: () => l10n.t("Clean") },
  warning: { icon: "warning", name: () => l10n.t("Warning") },
  leak: { icon: "error", name: () => l10n.t("Leakage") },
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
          <span class="hidden">
            {l10n.t({ message: "{0}:", args: [level.name()], comment: ["Before a sentence, e.g. Warning:"] })}{" "}
          </span>
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
        {inspectedText(timing)}{" "}
        {report.near === null
          ? l10n.t("Equal images are equal pixel by pixel; near duplicates are not among them.")
          : l10n.t("Equal images are equal pixel by pixel; near duplicates are counted apart.")}
      </p>
    </section>
  );
}

function inspectedText({ samples, seconds }: Report["timing"]): string {
  const args = [counted(samples, "image"), duration(seconds)];
  return samples === 1
    ? l10n.t({ message: "{0} inspected in {1}.", args, comment: ["{0} is one image, {1} a duration."] })
    : l10n.t({ message: "{0} inspected in {1}.", args, comment: ["{0} are several images, {1} a duration."] });
}

function KeyFigures({ report, onFilter, onFaults }: Omit<Props, "verdict">): JSX.Element {
  const { duplicates, near, conflicts, blank } = report;
  const { pixel, file } = duplicates;
  const total = report.splits.reduce((sum, split) => sum + split.samples, 0);
  const unusable = report.splits.reduce((sum, split) => sum + split.unreadable + split.invalid, 0);
  const figures: readonly Figure[] = [
    {
      value: total,
      unit:
        total === 1
          ? l10n.t({ message: "image", comment: ["Below their number."] })
          : l10n.t({ message: "images", comment: ["Below their number."] }),
      what: l10n.t("in {0}", counted(report.splits.length, "split")),
    },
    {
      value: pixel.samples,
      unit: l10n.t("images with a twin"),
      what: l10n.t("in {0} of equal images", counted(pixel.groups, "group")),
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
            unit: l10n.t("more with a near twin"),
            what: l10n.t("{0} of similar images", counted(near.pairs, "pair")),
            show: near.pairs > 0 ? () => onFilter({ sort: "doubt", tier: "near", similar: true }) : undefined,
          },
        ]),
    {
      value: conflicts.samples,
      unit: l10n.t("images in conflict"),
      what: l10n.t("in {0} with several labels", counted(conflicts.groups, "group")),
      show: conflicts.samples > 0 ? () => onFilter({ sort: "size", conflict: true }) : undefined,
    },
    {
      value: blank.samples,
      unit: blank.samples === 1 ? l10n.t("blank image") : l10n.t("blank images"),
      what: l10n.t("all pixels equal"),
      show: blank.samples > 0 ? () => onFilter({ sort: "size", blank: true }) : undefined,
    },
    {
      value: unusable,
      unit: unusable === 1 ? l10n.t("unusable image") : l10n.t("unusable images"),
      what: l10n.t("unreadable or invalid"),
      show: unusable > 0 ? onFaults : undefined,
    },
  ];
  return <Figures figures={figures} label={l10n.t("Key figures")} />;
}
