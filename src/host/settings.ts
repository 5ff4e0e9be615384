import * as vscode from "vscode";
import type { ImageTransfer } from "../core/sanitize/plan";
import type { BackendName } from "../core/training/experiment";

const TRANSFERS: readonly ImageTransfer[] = ["copy", "reflink", "hardlink", "symlink", "index"];
const BACKENDS: readonly BackendName[] = ["kernel", "tensorflow", "wasm", "cpu"];

/** What people set, read each time anew; a value that is none counts as the default. */
export const settings = {
  /** Whether near duplicates are searched after every inspection. */
  get searchesNear(): boolean {
    return vscode.workspace.getConfiguration().get<boolean>("cleansplit.nearDuplicates.search") !== false;
  },

  /** Whether datasets that were inspected are watched for changes. */
  get watches(): boolean {
    return vscode.workspace.getConfiguration().get<boolean>("cleansplit.watch.enabled") !== false;
  },

  /** How image files come into a sanitized copy. */
  get images(): ImageTransfer {
    const set = vscode.workspace.getConfiguration().get<string>("cleansplit.sanitize.images");
    return TRANSFERS.find((transfer) => transfer === set) ?? "copy";
  },

  /** What baselines are trained with; `null` takes the best for each model. */
  get backend(): BackendName | null {
    const set = vscode.workspace.getConfiguration().get<string>("cleansplit.training.backend");
    return BACKENDS.find((backend) => backend === set) ?? null;
  },

  /** Whether images may be moved out of a dataset in place. */
  get allowsQuarantine(): boolean {
    return vscode.workspace.getConfiguration().get<boolean>("cleansplit.sanitize.allowQuarantine") === true;
  },
} as const;
