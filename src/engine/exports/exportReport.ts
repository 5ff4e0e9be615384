import type { Report, Tier } from "../../core/leakage/report";
import type { ReportFormat } from "../../core/leakage/reportFormat";
import type { ReportSnapshot } from "../../core/leakage/snapshot";
import type { SearchedGroups } from "../../core/leakage/groupQueries";
import { replaceFiles, type ExportFile } from "./exportFiles";
import { reportJson } from "./reportJson";
import { reportPage } from "./reportPage";
import { reportTables } from "./reportTables";

/** What is written, and where. */
export interface ReportFileRequest {
  readonly groups: SearchedGroups;
  readonly report: Report;
  readonly format: ReportFormat;
  /** Absolute path. */
  readonly file: string;
  readonly overwrite: boolean;
  /** Whose groups tables and JSON hold; HTML holds those of every tier that is known. */
  readonly tier: Tier;
  /** Made only for HTML. */
  readonly snapshot: () => Promise<ReportSnapshot>;
  /** The folder with the bundles. */
  readonly dist: string;
}

/**
 * Writes a report into `file`; answers the absolute paths of all files written, `file` first. Tables get `NAME-leakage.csv` and
 * `NAME-unusable.csv` beside `file`.
 *
 * Files appear whole or not at all. Rejects with a `CleanSplitError`: "conflict" when a file is there and must not be overwritten,
 * or when one beside `file` was not written by CleanSplit, "not-found" without the folder, "full" and "forbidden" when it cannot be
 * written.
 */
export function writeReport(request: ReportFileRequest, signal: AbortSignal): Promise<readonly string[]> {
  return replaceFiles(reportFiles(request), { overwrite: request.overwrite, signal });
}

function reportFiles({ groups, report, format, file, tier, snapshot, dist }: ReportFileRequest): readonly ExportFile[] {
  switch (format) {
    case "html":
      return [reportPage(snapshot, dist, file)];
    case "csv":
      return reportTables(groups, report, tier, file);
    case "json":
      return [reportJson(groups, report, tier, file)];
  }
}
