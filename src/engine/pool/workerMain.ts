import { parentPort } from "node:worker_threads";
import { CleanSplitError, messageOf, type ErrorReason } from "../../core/errors";
import { speakLanguage } from "../process/language";
import { jobs } from "./jobsOfWorker";

/** What the pool sends and what it gets back; see `pool.ts`. */
export interface JobRequest {
  readonly name: keyof typeof jobs;
  readonly parameter: unknown;
}
export type JobAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string; readonly reason: ErrorReason | null };

speakLanguage();
const port = parentPort;
if (port === null) throw new Error("This file runs in a worker thread.");

port.on("message", ({ name, parameter }: JobRequest) => {
  const call = jobs[name].bind(jobs) as (parameter: unknown) => unknown;
  Promise.resolve()
    .then(() => call(parameter))
    .then(
      (value) => port.postMessage({ ok: true, value } satisfies JobAnswer),
      (error: unknown) => {
        const reason = error instanceof CleanSplitError ? error.reason : null;
        port.postMessage({ ok: false, message: messageOf(error), reason } satisfies JobAnswer);
      },
    );
});
