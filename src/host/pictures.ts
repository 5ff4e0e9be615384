import type * as vscode from "vscode";
import type { MarkdownPicture } from "./markdown";
import type { DatasetSession } from "./session";

/** A tooltip or hover that waits longer than this for its pictures is shown without. */
export const PATIENCE_MS = 1500;

/**
 * Small pictures of samples for a tooltip or hover, in their order; the longer side is at most `side` pixels.
 * Answers none when they cannot be had, or not in time: what they go with is shown all the same.
 */
export async function readPictures(
  session: DatasetSession,
  samples: readonly number[],
  side: number,
  token: vscode.CancellationToken,
): Promise<readonly MarkdownPicture[]> {
  if (samples.length === 0) return [];
  const request = { samples, size: side };
  const pictures = await session.glance(
    (engine, inspection, run) => engine.thumbnails({ inspection, ...request }, run),
    token,
    PATIENCE_MS,
  );
  return pictures ?? [];
}
