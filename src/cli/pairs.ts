import type { GroupQuery, GroupView, PairPage, Tier } from "../core/leakage/report";
import { quickRun, type CommandContext } from "./command";
import { csvRow } from "../engine/exports/csv";

const PAGE = 500;

/** Names of the columns of `--pairs`. */
const COLUMNS = ["tier", "first", "second", "score", "transform", "shift_x", "shift_y", "verdict"] as const;

/**
 * The pairs of an inspection as CSV (RFC 4180), up to a tier: for equal pictures each later one with the first of its
 * group, then near pairs of different pictures, the best score first. Images are named as in reports.
 */
export async function* pairsCsv(context: CommandContext, inspection: string, tier: Tier): AsyncGenerator<string> {
  yield csvRow(COLUMNS);
  const fileGroupOf = new Map<number, number>();
  for await (const { group, members } of groupsOf(context, inspection, { tier: "file" })) {
    for (const { sample } of members) fileGroupOf.set(sample, group);
  }
  for await (const { members } of groupsOf(context, inspection, { tier: tier === "file" ? "file" : "pixel" })) {
    const [first, ...others] = members;
    if (first === undefined) continue;
    const fileGroup = fileGroupOf.get(first.sample);
    yield others
      .map(({ sample, id }) => {
        const isSameFile = fileGroup !== undefined && fileGroupOf.get(sample) === fileGroup;
        return csvRow([isSameFile ? "file" : "pixel", first.id, id, "", "", "", "", ""]);
      })
      .join("");
  }
  if (tier !== "near") return;
  for (let from = 0; ;) {
    const page: PairPage = await context.engine().pairs({ inspection, from, count: PAGE }, quickRun(context));
    yield page.pairs
      .map(({ first, second, nearness: { score, transform, shift, verdict } }) =>
        csvRow(["near", first.id, second.id, scoreText(score), transform, ...shift.map(String), verdict ?? ""]),
      )
      .join("");
    from += page.pairs.length;
    if (page.pairs.length === 0 || from >= page.total) return;
  }
}

/** All groups that pass a filter, with all their members. */
export async function* groupsOf(
  context: CommandContext,
  inspection: string,
  filter: Omit<GroupQuery, "from" | "count" | "membersEach">,
): AsyncGenerator<GroupView> {
  for (let from = 0; ;) {
    const query = { ...filter, from, count: PAGE, membersEach: Number.MAX_SAFE_INTEGER };
    const page = await context.engine().groups({ inspection, query }, quickRun(context));
    yield* page.groups;
    from += page.groups.length;
    if (page.groups.length === 0 || from >= page.total) return;
  }
}

/** Scores are 32-bit floats: the digits beyond those that tell them apart say nothing. */
function scoreText(score: number): string {
  return String(Number(score.toPrecision(9)));
}
