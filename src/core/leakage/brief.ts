import type { Report } from "./report";

/** Lists of a report that are as long as a dataset is bad. */
export type ListName = "unreadable" | "invalid" | "ignored";

/** Entries of each list in a brief report: more than anybody reads, and sent in a few milliseconds. */
export const MAX_LISTED = 1000;

/** A report whose long lists are cut, with how much was left out. */
export function briefReport(report: Report, most = MAX_LISTED): Report {
  const { unreadable, invalid, dataset } = report;
  const rest = (list: readonly unknown[]): number => Math.max(0, list.length - most);
  const unlisted = { unreadable: rest(unreadable), invalid: rest(invalid), ignored: rest(dataset.ignored) };
  if (Object.values(unlisted).every((count) => count === 0)) return report;
  return {
    ...report,
    unreadable: unreadable.slice(0, most),
    invalid: invalid.slice(0, most),
    dataset: { ...dataset, ignored: dataset.ignored.slice(0, most) },
    unlisted,
  };
}

/** How many entries a list has, also in a brief report. */
export function countEntries(report: Report, list: ListName): number {
  const listed = list === "ignored" ? report.dataset.ignored : report[list];
  return listed.length + (report.unlisted?.[list] ?? 0);
}
