/** A row of a CSV file (RFC 4180). */
export function csvRow(fields: readonly string[]): string {
  return `${fields.map((field) => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(",")}\r\n`;
}

/**
 * Text that a spreadsheet does not take for a formula: one with a beginning that means it gets an apostrophe, as OWASP says in
 * "CSV Injection" (https://owasp.org/www-community/attacks/CSV_Injection).
 */
export function harmless(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}
