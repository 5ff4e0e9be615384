/** The key of an event for a table of keys, letters in lower case; empty with a modifier, which other commands own. */
export function letterOf(event: KeyboardEvent): string {
  if (event.ctrlKey || event.metaKey || event.altKey) return "";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}
