import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Leakage, LeakageCounts, Report, SplitCounts, Tier } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { Icon, Segments, Toggle } from "../shared/Controls";
import { number, percent, visible } from "../shared/format";
import type { GroupFilter, ReportView } from "./reportView";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Of more splits than this the cells are small, and the matrix scrolls in a box of its own. */
const MOST_ROOMY = 8;

interface Props {
  readonly report: Report;
  readonly roles: SplitRoles;
  readonly settings: ReportView["matrix"];
  readonly filter: GroupFilter;
  readonly onSettings: (settings: ReportView["matrix"]) => void;
  readonly onFilter: (filter: GroupFilter) => void;
}

interface Position {
  readonly row: number;
  readonly column: number;
}

/** Which images of one split occur in another one: the proof behind the verdict. */
export function Matrix({ report, roles, settings, filter, onSettings, onFilter }: Props): JSX.Element {
  const { splits } = report;
  const { blank } = settings;
  const knowsNear = report.near !== null;
  // What was chosen before holds again once near duplicates are searched.
  const tier = settings.tier === "near" && !knowsNear ? "pixel" : settings.tier;
  const [focus, setFocus] = useState<Position>({ row: 0, column: 1 });
  const [hovered, setHovered] = useState<Position | null>(null);
  const table = useRef<HTMLTableElement>(null);

  if (splits.length < 2) {
    return (
      <section id="leakage" aria-labelledby="leakage-title">
        <h2 id="leakage-title">{l10n.t("Leakage between splits")}</h2>
        <p class="lead">{l10n.t("There is one split only, so nothing can leak from one into another.")}</p>
      </section>
    );
  }

  const entries = new Map<string, Leakage>();
  for (const entry of report.leakage) if (entry.tier === tier) entries.set(key(entry.split, entry.in), entry);
  const countsOf = (row: SplitCounts, column: SplitCounts): LeakageCounts | null => {
    const entry = entries.get(key(row.name, column.name));
    return entry === undefined ? null : blank ? entry : entry.withoutBlank;
  };

  const move = (event: KeyboardEvent): void => {
    const last = splits.length - 1;
    const { row, column } = focus;
    const targets: Readonly<Record<string, Position>> = {
      ArrowUp: { row: Math.max(0, row - 1), column },
      ArrowDown: { row: Math.min(last, row + 1), column },
      ArrowLeft: { row, column: Math.max(0, column - 1) },
      ArrowRight: { row, column: Math.min(last, column + 1) },
      Home: { row, column: 0 },
      End: { row, column: last },
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    setFocus(target);
    table.current?.querySelector<HTMLElement>(`[data-cell="${target.row}-${target.column}"]`)?.focus();
  };

  const sentence =
    hovered === null ? null : describe(splits[hovered.row], splits[hovered.column], countsOf, tier, blank);

  return (
    <section id="leakage" aria-labelledby="leakage-title">
      <h2 id="leakage-title">{l10n.t("Leakage between splits")}</h2>
      <p class="lead" id="leakage-lead">
        {l10n.t("How many images of each row’s split also occur in each column’s split. Choose a cell to see them.")}
      </p>
      <div class="tools">
        <Segments<Tier>
          label={l10n.t("What counts as equal")}
          name="tier"
          value={tier}
          choices={[
            {
              value: "pixel",
              label: l10n.t("Same pixels"),
              title: l10n.t("Same shape, mode and pixels, whatever the file"),
            },
            { value: "file", label: l10n.t("Same file"), title: l10n.t("The same bytes") },
            ...(knowsNear
              ? [
                  {
                    value: "near" as const,
                    label: l10n.t({ message: "Also near", comment: ["Near duplicates count as equal, too."] }),
                    title: l10n.t("Equal pixels, or near duplicates"),
                  },
                ]
              : []),
          ]}
          onChange={(value) => onSettings({ ...settings, tier: value })}
        />
        <Toggle
          label={l10n.t("Count blank images")}
          checked={blank}
          onChange={(checked) => onSettings({ ...settings, blank: checked })}
        />
      </div>
      <div class={splits.length > MOST_ROOMY ? "table-box matrix-box" : "table-box"}>
        <table
          class={splits.length > MOST_ROOMY ? "matrix small" : "matrix"}
          role="grid"
          ref={table}
          aria-labelledby="leakage-title"
          aria-describedby="leakage-lead"
          onKeyDown={move}
          onMouseLeave={() => setHovered(null)}
        >
          <thead>
            <tr>
              <th scope="col" class="corner">
                <span class="hidden">
                  {l10n.t({ message: "Images of", comment: ["Heading of the names of splits."] })}
                </span>
              </th>
              {splits.map((split) => (
                <th key={split.name} scope="col">
                  <span class="in">
                    {l10n.t({ message: "in", comment: ["Before the name of a split: images that occur in it."] })}
                  </span>{" "}
                  <SplitBadge name={split.name} roles={roles} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {splits.map((split, row) => (
              <tr key={split.name}>
                <th scope="row">
                  <SplitBadge name={split.name} roles={roles} />
                  <span class="muted row-total">{counted(split.samples, "image")}</span>
                </th>
                {splits.map((other, column) => {
                  const counts = row === column ? null : countsOf(split, other);
                  const common = {
                    "data-cell": `${row}-${column}`,
                    tabIndex: focus.row === row && focus.column === column ? 0 : -1,
                    onFocus: () => {
                      setFocus({ row, column });
                      setHovered({ row, column });
                    },
                    onBlur: () => setHovered(null),
                    onMouseEnter: () => setHovered({ row, column }),
                    "aria-label": describe(split, other, countsOf, tier, blank),
                  };
                  if (counts === null) {
                    return (
                      <td key={other.name} class="diagonal" {...common}>
                        –
                      </td>
                    );
                  }
                  const share = split.samples === 0 ? 0 : counts.samples / split.samples;
                  const chosen = isPair(filter, split.name, other.name);
                  return (
                    <td key={other.name}>
                      <button
                        type="button"
                        {...common}
                        class={counts.samples === 0 ? "cell none" : chosen ? "cell chosen" : "cell"}
                        aria-pressed={chosen}
                        aria-disabled={counts.samples === 0}
                        style={{ "--heat": `${counts.samples === 0 ? 0 : 10 + 50 * Math.sqrt(share)}%` }}
                        onClick={() => {
                          if (counts.samples > 0) onFilter(pairFilter(split.name, other.name, tier, blank));
                        }}
                      >
                        <span class="cell-count">{number(counts.samples)}</span>
                        {counts.samples > 0 && <span class="cell-share">{percent(share)}</span>}
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="readout" aria-hidden="true">
        {sentence === null ? (
          <span class="muted">
            {TIER_NOTES[tier]()} {blank ? "" : l10n.t("Blank images are left out.")}
          </span>
        ) : (
          <>
            <Icon name="info" /> {sentence}
          </>
        )}
      </p>
    </section>
  );
}

const TIER_NOTES: Readonly<Record<Tier, () => string>> = {
  pixel: () => l10n.t("Equal pixels, whatever the file."),
  file: () => l10n.t("Equal bytes."),
  near: () => l10n.t("Equal pixels, or near duplicates."),
};

/** How images of one split occur in another one, to go on with in a sentence. */
const TIER_WORDS: Readonly<Record<Tier, (blank: boolean) => string>> = {
  pixel: (blank) => (blank ? l10n.t("with the same pixels") : l10n.t("with the same pixels, blank ones left out")),
  file: (blank) => (blank ? l10n.t("as the same file") : l10n.t("as the same file, blank ones left out")),
  near: (blank) =>
    blank
      ? l10n.t("with the same or nearly the same pixels")
      : l10n.t("with the same or nearly the same pixels, blank ones left out"),
};

function key(split: string, other: string): string {
  return JSON.stringify([split, other]);
}

function isPair(filter: GroupFilter, a: string, b: string): boolean {
  const { splits } = filter;
  return splits?.length === 2 && splits.includes(a) && splits.includes(b);
}

function pairFilter(a: string, b: string, tier: Tier, blank: boolean): GroupFilter {
  return { sort: "size", splits: [a, b], ...(tier === "pixel" ? {} : { tier }), ...(blank ? {} : { blank }) };
}

function describe(
  split: SplitCounts | undefined,
  other: SplitCounts | undefined,
  countsOf: (row: SplitCounts, column: SplitCounts) => LeakageCounts | null,
  tier: Tier,
  blank: boolean,
): string {
  if (split === undefined || other === undefined) return "";
  const [name, otherName] = [visible(split.name), visible(other.name)];
  if (split === other) {
    return l10n.t({
      message: "{0}: {1}. A split is not compared with itself here.",
      args: [name, counted(split.samples, "image")],
      comment: ["{0} a split, {1} e.g. 20 images."],
    });
  }
  const counts = countsOf(split, other);
  if (counts === null) {
    return l10n.t({ message: "{0} in {1}: not compared.", args: [name, otherName], comment: ["Two splits."] });
  }
  const args = [number(split.samples), name, otherName, TIER_WORDS[tier](blank)];
  if (counts.samples === 0) {
    return l10n.t({
      message: "None of {0} {1} images occurs in {2} {3}.",
      args,
      comment: ["{1} and {2} splits, {3} e.g. with the same pixels."],
    });
  }
  const all = [...args, number(counts.samples), counted(counts.groups, "group"), counted(counts.pairs, "pair")];
  return counts.samples === 1
    ? l10n.t({
        message: "{4} of {0} {1} images also occurs in {2} {3}: {5}, {6}.",
        args: all,
        comment: ["{1} and {2} splits, {3} e.g. with the same pixels, {5} e.g. 2 groups, {6} e.g. 4 pairs."],
      })
    : l10n.t({
        message: "{4} of {0} {1} images also occur in {2} {3}: {5}, {6}.",
        args: all,
        comment: ["{1} and {2} splits, {3} e.g. with the same pixels, {5} e.g. 2 groups, {6} e.g. 4 pairs."],
      });
}
