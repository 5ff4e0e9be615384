/** Whether a file may list images with their labels and splits, by its name. */
export function isListName(name: string): boolean {
  return /\.(?:csv|tsv|json|jsonl|ndjson)$/i.test(name);
}
