import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Leakage, LeakageCounts, Report, SplitCounts, Tier } from "../../../src/protocol/report";
import { Icon, Segments, Toggle } from "../shared/Controls";
import { number, percent, plural, visible } from "../shared/format";
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
        <h2 id="leakage-title">Leakage between splits</h2>
        <p class="lead">There is one split only, so nothing can leak from one into another.</p>
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
      <h2 id="leakage-title">Leakage between splits</h2>
      <p class="lead" id="leakage-lead">
        How many images of each row’s split also occur in each column’s split. Choose a cell to see them.
      </p>
      <div class="tools">
        <Segments<Tier>
          label="What counts as equal"
          name="tier"
          value={tier}
          choices={[
            { value: "pixel", label: "Same pixels", title: "Same shape, mode and pixels, whatever the file" },
            { value: "file", label: "Same file", title: "The same bytes" },
            ...(knowsNear
              ? [{ value: "near" as const, label: "Also near", title: "Equal pixels, or near duplicates" }]
              : []),
          ]}
          onChange={(value) => onSettings({ ...settings, tier: value })}
        />
        <Toggle
          label="Count blank images"
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
                <span class="hidden">Images of</span>
              </th>
              {splits.map((split) => (
                <th key={split.name} scope="col">
                  <span class="in">in</span> <SplitBadge name={split.name} roles={roles} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {splits.map((split, row) => (
              <tr key={split.name}>
                <th scope="row">
                  <SplitBadge name={split.name} roles={roles} />
                  <span class="muted row-total">{plural(split.samples, "image")}</span>
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
            {TIER_NOTES[tier]} {blank ? "" : "Blank images are left out."}
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

const TIER_NOTES: Readonly<Record<Tier, string>> = {
  pixel: "Equal pixels, whatever the file.",
  file: "Equal bytes.",
  near: "Equal pixels, or near duplicates.",
};

const TIER_WORDS: Readonly<Record<Tier, string>> = {
  pixel: "with the same pixels",
  file: "as the same file",
  near: "with the same or nearly the same pixels",
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
  if (split === other)
    return `${visible(split.name)}: ${plural(split.samples, "image")}. A split is not compared with itself here.`;
  const counts = countsOf(split, other);
  if (counts === null) return `${visible(split.name)} in ${visible(other.name)}: not compared.`;
  const kind = `${visible(split.name)} images`;
  const how = `${TIER_WORDS[tier]}${blank ? "" : ", blank ones left out"}`;
  if (counts.samples === 0) return `None of ${number(split.samples)} ${kind} occurs in ${visible(other.name)} ${how}.`;
  return (
    `${number(counts.samples)} of ${number(split.samples)} ${kind} also ${counts.samples === 1 ? "occurs" : "occur"} in ` +
    `${visible(other.name)} ${how}: ${plural(counts.groups, "group")}, ${plural(counts.pairs, "pair")}.`
  );
}
