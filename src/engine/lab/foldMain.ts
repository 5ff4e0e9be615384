import { parentPort, workerData } from "node:worker_threads";
import { CleanSplitError, messageOf, type ErrorReason } from "../../core/errors";
import type { Predictions } from "../../core/training/confidentLearning";
import { speakLanguage } from "../process/language";
import { throttled } from "../progress";
import { openKernelBackend } from "../training/kernel/kernelBackend";
import { predictFold, type FoldTask } from "./predictFold";

/** What a thread tells: how far its training is, 0..1; and how it ended. */
export type FoldMessage =
  | { readonly type: "progress"; readonly share: number }
  | { readonly type: "done"; readonly said: Predictions }
  | { readonly type: "failed"; readonly message: string; readonly reason: ErrorReason | null };

// The thread that predicts one fold; started by `outOfFold`, which ends it.

speakLanguage();
const port = parentPort;
if (port === null) throw new Error("This file runs in a worker thread.");
const tell = (message: FoldMessage): void => port.postMessage(message);
const progress = throttled(
  (share: number) => tell({ type: "progress", share }),
  (share) => share === 1,
);

openKernelBackend()
  .then((backend) => tell({ type: "done", said: predictFold(backend, workerData as FoldTask, progress) }))
  .catch((error: unknown) => {
    tell({
      type: "failed",
      message: messageOf(error),
      reason: error instanceof CleanSplitError ? error.reason : null,
    });
  });
