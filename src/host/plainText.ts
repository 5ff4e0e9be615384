import { visible } from "../core/visible";

// Names of files, folders and classes come from anywhere, and VS Code finds icons and links in some of the text it is given.

/** A message that is shown as it is written: `[a](command:b)` in a name becomes no link. On one line, in one direction. */
export function plainMessage(text: string): string {
  // A space without width between the two parts of what would be a link.
  return visible(text).replaceAll("](", "]\u200B(");
}

/** A label of the status bar or a quick pick that is shown as it is written: `$(a)` in a name becomes no icon. */
export function plainLabel(text: string): string {
  return visible(text).replaceAll("$(", "\\$(");
}
