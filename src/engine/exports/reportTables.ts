import path from "node:path";
import { walkGroups, type SearchedGroups, type WalkedGroup } from "../../core/leakage/groupQueries";
import type { MemberView, Report, Tier } from "../../core/leakage/report";
import { csvRow, harmless } from "./csv";
import { piecesWriter, type ExportFile } from "./exportFiles";
import { withoutPlaces } from "./places";

const GROUP_COLUMNS = [
  "group",
  "tier",
  "size",
  "spans_splits",
  "conflict",
  "blank",
  "split",
  "label",
  "id",
  "width",
  "height",
  "score",
  "transform",
  "shift_x",
  "shift_y",
  "verdict",
  "choice",
];

const LEAKAGE_COLUMNS = [
  "split",
  "in",
  "tier",
  "images_of_split",
  "images",
  "groups",
  "pairs",
  "images_without_blank",
  "groups_without_blank",
  "pairs_without_blank",
];

const UNUSABLE_COLUMNS = ["state", "split", "id", "reason"];

/**
 * The tables of a report: `file` has one row for each member of each group of a tier, those groups first that span splits, then
 * the largest; beside it lie `NAME-leakage.csv` with one row for each ordered pair of splits and tier, and `NAME-unusable.csv`
 * with the images that cannot be read and the rows that are no samples. RFC 4180 in UTF-8; what is not known is empty.
 */
export function reportTables(groups: SearchedGroups, report: Report, tier: Tier, file: string): readonly ExportFile[] {
  const beside = (what: string): string =>
    path.join(path.dirname(file), `${path.parse(file).name}-${what}${path.extname(file)}`);
  const table = (name: string, columns: readonly string[], rows: () => Iterable<readonly Cell[]>): ExportFile => ({
    file: name,
    write: piecesWriter(() => lines(columns, rows())),
    ...(name === file ? {} : { isOwn: (head: Buffer) => head.toString().startsWith(csvRow(columns)) }),
  });
  return [
    table(file, GROUP_COLUMNS, () => groupRows(groups, tier)),
    table(beside("leakage"), LEAKAGE_COLUMNS, () => leakageRows(report)),
    table(beside("unusable"), UNUSABLE_COLUMNS, () => unusableRows(report)),
  ];
}

/** What stands in a cell; `null` leaves it empty. */
type Cell = string | number | boolean | null;

function* lines(columns: readonly string[], rows: Iterable<readonly Cell[]>): Generator<string> {
  yield csvRow(columns);
  for (const row of rows) yield csvRow(row.map(textOf));
}

function textOf(cell: Cell): string {
  if (typeof cell === "string") return harmless(cell);
  return cell === null ? "" : String(cell);
}

function* groupRows(groups: SearchedGroups, tier: Tier): Generator<readonly Cell[]> {
  for (const walked of walkGroups(groups, tier)) {
    for (const member of walked.members) yield memberRow(walked.group, member);
  }
}

function memberRow(group: WalkedGroup["group"], member: MemberView): readonly Cell[] {
  const { nearness } = member;
  return [
    group.group,
    group.tier,
    group.size,
    group.splits.length > 1,
    group.conflict,
    group.blank,
    member.split,
    member.label,
    member.id,
    member.width,
    member.height,
    // Scores are 32-bit floats: the digits beyond those that tell them apart say nothing.
    nearness === null ? null : Number(nearness.score.toPrecision(9)),
    nearness?.transform ?? null,
    ...(nearness?.shift ?? [null, null]),
    nearness?.verdict ?? null,
    member.choice,
  ];
}

function* leakageRows({ leakage, splits }: Report): Generator<readonly Cell[]> {
  const sizes = new Map(splits.map(({ name, samples }) => [name, samples]));
  for (const leak of leakage) {
    const { split, in: other, tier, samples, groups, pairs, withoutBlank } = leak;
    yield [
      split,
      other,
      tier,
      sizes.get(split) ?? null,
      samples,
      groups,
      pairs,
      withoutBlank.samples,
      withoutBlank.groups,
      withoutBlank.pairs,
    ];
  }
}

function* unusableRows({ dataset, unreadable, invalid }: Report): Generator<readonly Cell[]> {
  const clean = withoutPlaces(dataset.inputs);
  for (const { split, id, reason } of unreadable) yield ["unreadable", split, id, clean(reason)];
  for (const { split, id, reason } of invalid) yield ["invalid", split, id, clean(reason)];
}
