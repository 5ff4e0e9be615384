import * as vscode from "vscode";
import type { ImageTransfer } from "../core/sanitize/plan";

const TRANSFERS: readonly ImageTransfer[] = ["copy", "reflink", "hardlink", "symlink", "index"];

/** What people set, read each time anew; a value that is none counts as the default. */
export const settings = {
  /** Whether near duplicates are searched after every inspection. */
  get searchesNear(): boolean {
    return vscode.workspace.getConfiguration().get<boolean>("cleansplit.nearDuplicates.search") !== false;
  },

  /** How image files come into a sanitized copy. */
  get images(): ImageTransfer {
    const set = vscode.workspace.getConfiguration().get<string>("cleansplit.sanitize.images");
    return TRANSFERS.find((transfer) => transfer === set) ?? "copy";
  },

  /** Whether images may be moved out of a dataset in place. */
  get allowsQuarantine(): boolean {
    return vscode.workspace.getConfiguration().get<boolean>("cleansplit.sanitize.allowQuarantine") === true;
  },
} as const;
