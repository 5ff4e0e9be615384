import { walkGroups, type SearchedGroups } from "../../core/leakage/groupQueries";
import type { Report, Tier } from "../../core/leakage/report";
import { piecesWriter, type ExportFile } from "./exportFiles";

/**
 * A report as `docs/report.schema.json` describes it, with all groups of a tier and all their members as its `groups`: those
 * that span splits first, then the largest. Groups are written as they are viewed, a line each.
 */
export function reportJson(groups: SearchedGroups, report: Report, tier: Tier, file: string): ExportFile {
  return { file, write: piecesWriter(() => pieces(groups, report, tier)) };
}

function* pieces(groups: SearchedGroups, report: Report, tier: Tier): Generator<string> {
  // Without its closing bracket.
  yield JSON.stringify(report, null, 2).slice(0, -2);
  yield `,\n  "groups": [`;
  let isFirst = true;
  for (const { group, members } of walkGroups(groups, tier)) {
    const { members: _, ...facts } = group;
    yield `${isFirst ? "" : ","}\n    ${JSON.stringify(facts).slice(0, -1)},"members":[`;
    isFirst = false;
    let isFirstMember = true;
    for (const member of members) {
      yield `${isFirstMember ? "" : ","}${JSON.stringify(member)}`;
      isFirstMember = false;
    }
    yield "]}";
  }
  yield `${isFirst ? "" : "\n  "}]\n}\n`;
}
