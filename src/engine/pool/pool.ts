import path from "node:path";
import { Worker } from "node:worker_threads";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { abortError } from "../process/rpc";
import type { JobName, JobParameter, JobResult } from "./jobs";
import type { JobAnswer, JobRequest } from "./workerMain";

/** Memory of a worker for values that soon die, in megabytes. Jobs make few; by default it would grow to 48 of them. */
const YOUNG_MEGABYTES = 2;

/** What is read from: a disk that is slow or has nothing in memory yet, or files that are in memory. */
export type Disk = "slow" | "warm";

interface Task {
  readonly request: JobRequest;
  readonly signal: AbortSignal;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A fixed number of worker threads that take jobs in the order they were given. Workers start when there is work for
 * them. A worker that dies fails only the job it had.
 */
export class Pool {
  private readonly queue: Task[] = [];
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Task>();
  private closed = false;

  private threads: number;

  /** `script` is the bundled worker; `usual` is how many threads work, at least 1, and `maximum` how many with a slow disk. */
  constructor(
    private readonly script: string,
    private readonly usual: number,
    private readonly maximum = usual,
  ) {
    this.threads = usual;
  }

  /** The folder that the worker was bundled into, with the kernels. */
  get folder(): string {
    return path.dirname(this.script);
  }

  /** Threads that may run at once. */
  get size(): number {
    return this.threads;
  }

  /** Lets as many threads work as the pool may have while they mostly wait for a disk, and as many as at first when they no longer do. */
  adapt(disk: Disk | null): void {
    if (disk === null) return;
    this.threads = disk === "slow" ? this.maximum : this.usual;
    this.next();
  }

  /** Starts all threads now: worth it when each will have work by the time it has started. */
  prepare(): void {
    while (!this.closed && this.idle.length + this.busy.size < this.size) this.idle.unshift(this.start());
  }

  /** Runs a job; rejects with an `AbortError` as soon as `signal` aborts, whether the job has started or not. */
  run<K extends JobName>(name: K, parameter: JobParameter<K>, signal: AbortSignal): Promise<JobResult<K>> {
    if (signal.aborted) return Promise.reject(abortError());
    if (this.closed) return Promise.reject(closedError());
    return new Promise<unknown>((resolve, reject) => {
      const onAbort = (): void => reject(abortError());
      signal.addEventListener("abort", onAbort, { once: true });
      const done = (finish: () => void): void => {
        signal.removeEventListener("abort", onAbort);
        finish();
      };
      this.queue.push({
        request: { name, parameter },
        signal,
        resolve: (value) => done(() => resolve(value)),
        reject: (error) => done(() => reject(error)),
      });
      this.next();
    }) as Promise<JobResult<K>>;
  }

  /** Ends all threads; jobs that are not done are rejected. */
  async close(): Promise<void> {
    this.closed = true;
    for (const task of [...this.queue.splice(0), ...this.busy.values()]) task.reject(closedError());
    const workers = [...this.idle.splice(0), ...this.busy.keys()];
    this.busy.clear();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  private next(): void {
    while (this.queue.length > 0 && this.busy.size < this.size) {
      const task = this.queue.shift();
      if (task === undefined || task.signal.aborted) continue;
      const worker = this.idle.pop() ?? this.start();
      this.busy.set(worker, task);
      worker.postMessage(task.request);
    }
  }

  private start(): Worker {
    const worker = new Worker(this.script, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES } });
    worker.on("message", (answer: JobAnswer) => {
      const task = this.busy.get(worker);
      this.busy.delete(worker);
      this.idle.push(worker);
      if (answer.ok) task?.resolve(answer.value);
      else
        task?.reject(
          answer.reason === null ? new Error(answer.message) : new CleanSplitError(answer.reason, answer.message),
        );
      this.next();
    });
    worker.on("error", (error) => this.lose(worker, error));
    worker.on("exit", () =>
      this.lose(worker, new CleanSplitError("stopped", l10n.t("A worker thread ended unexpectedly."))),
    );
    return worker;
  }

  private lose(worker: Worker, error: Error): void {
    this.busy.get(worker)?.reject(error);
    this.busy.delete(worker);
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    if (!this.closed) this.next();
  }
}

function closedError(): CleanSplitError {
  return new CleanSplitError("stopped", l10n.t("The engine was closed."));
}
