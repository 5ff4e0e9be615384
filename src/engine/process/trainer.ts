import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { CleanSplitError, messageOf } from "../../core/errors";
import type { TrainingEvent, TrainingResult } from "../../core/training/training";
import type { Run } from "../engine";
import { abortError, remote } from "./rpc";
import type { TrainerApi, TrainerJob } from "./trainerApi";

/** How long a trainer process may take to end by itself, in milliseconds. */
const GRACE = 1000;
/** Characters of its error output that are kept. */
const ERROR_OUTPUT = 4096;

/** How a call ended: answered, failed, or not at all because the process did. */
type Outcome =
  | { readonly type: "result"; readonly result: TrainingResult }
  | { readonly type: "error"; readonly error: unknown }
  | { readonly type: "ended"; readonly how: string };

/**
 * Trains in a process of its own, which has ended when the promise settles, however it settles. The process also ends
 * when this one does.
 *
 * @param dist folder of the bundles; `trainer.js` is in it
 * @param run aborting kills the process at once
 * @throws CleanSplitError "stopped" when the process crashes or is killed by someone else; the errors of `trainJob`
 * @throws AbortError when cancelled
 */
export async function runTrainer(dist: string, job: TrainerJob, run: Run<TrainingEvent>): Promise<TrainingResult> {
  const cancelled = (): boolean => run.signal.aborted;
  if (cancelled()) throw abortError();
  const child = fork(path.join(dist, "trainer.js"), [], {
    // Typed arrays travel as bytes instead of as JSON.
    serialization: "advanced",
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    // Inherited options would start a second debugger or loader.
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const ended = endOf(child);
  const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
  // A broken channel shows as the end of the process.
  connection.onError(() => undefined);
  connection.listen();

  let finished = 0;
  let planned: number | null = null;
  const progress = (event: TrainingEvent): void => {
    if (cancelled()) return;
    if (event.type === "started") planned = event.runs.length;
    if (event.type === "run") finished++;
    run.progress(event);
  };
  const kill = (): void => void child.kill("SIGKILL");
  run.signal.addEventListener("abort", kill, { once: true });
  try {
    const call = remote<TrainerApi>(connection).train(job, { signal: new AbortController().signal, progress });
    const answered = call.then(
      (result): Outcome => ({ type: "result", result }),
      async (error: unknown): Promise<Outcome> =>
        child.connected ? { type: "error", error } : { type: "ended", how: await ended },
    );
    const outcome = await Promise.race([answered, ended.then((how): Outcome => ({ type: "ended", how }))]);
    if (cancelled()) throw abortError();
    if (outcome.type === "result") return outcome.result;
    if (outcome.type === "error") throw outcome.error;
    throw new CleanSplitError("stopped", stoppedMessage(outcome.how, finished, planned));
  } finally {
    run.signal.removeEventListener("abort", kill);
    if (child.connected) child.disconnect();
    const timer = setTimeout(kill, cancelled() ? 0 : GRACE);
    await ended;
    clearTimeout(timer);
    connection.dispose();
  }
}

/** Resolves when the process has ended, or never started, with how: "signal SIGKILL", "exit code 1: Error: ...". */
async function endOf(child: ChildProcess): Promise<string> {
  let output = "";
  // Not the "close" event of the process: it never comes once this side has closed the channel.
  const outputClosed = new Promise<void>((resolve) => {
    child.stderr?.setEncoding("utf8").once("close", resolve);
    child.stderr?.on("data", (text: string) => {
      output = (output + text).slice(-ERROR_OUTPUT);
    });
  });
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => {
      if (signal !== null) resolve(`signal ${signal}`);
      else void outputClosed.then(() => resolve(exitText(code, output)));
    });
    // Other errors are those of sending and are followed by the exit.
    child.on("error", (error) => {
      if (child.pid === undefined) resolve(messageOf(error));
    });
  });
}

function exitText(code: number | null, output: string): string {
  const error = /^(?:\w*Error|FATAL ERROR|terminate called).*$/m.exec(output)?.[0].trim();
  return error === undefined ? `exit code ${code}` : `exit code ${code}: ${error}`;
}

function stoppedMessage(how: string, finished: number, planned: number | null): string {
  const runs = planned === null ? "before the first run started" : `after ${finished} finished runs of ${planned}`;
  return `The trainer process ended unexpectedly (${how}) ${runs}; train again, with fewer samples if memory ran out.`;
}
