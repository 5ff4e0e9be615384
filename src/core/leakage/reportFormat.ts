/** What a report can be exported as: one HTML file with everything, tables, or the report with all its groups. */
export type ReportFormat = "html" | "csv" | "json";

/** Every format, in the order in which they are offered. */
export const REPORT_FORMATS: readonly ReportFormat[] = ["html", "csv", "json"];
