/** Why something a person asked for could not be done. */
export type ErrorReason =
  | "not-found"
  | "not-a-dataset"
  | "unsupported"
  | "corrupt"
  | "forbidden"
  | "conflict"
  | "changed"
  | "refused"
  /** The disk is full. */
  | "full"
  | "stopped";

/**
 * An error a person can act on. The message is one sentence that names the file, what was expected and what to do;
 * it is shown as it is, without a stack.
 */
export class CleanSplitError extends Error {
  constructor(
    readonly reason: ErrorReason,
    message: string,
  ) {
    super(message);
    this.name = "CleanSplitError";
  }
}

/** The message of anything thrown, for showing to a person. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
