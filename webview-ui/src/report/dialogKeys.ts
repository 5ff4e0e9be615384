/** What keys do, by their name; letters in lower case. */
export type KeyTable = Readonly<Record<string, () => void>>;

/** Does what a key does. With a modifier it belongs to other commands. */
export function pressKey(event: KeyboardEvent, keys: KeyTable): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const run = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (run === undefined) return;
  event.preventDefault();
  run();
}
