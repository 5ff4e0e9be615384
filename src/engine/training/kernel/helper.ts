import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { KernelMemory, SharedKernels } from "./memory";

/** What a helper is started with. */
export interface HelperData {
  readonly kernels: SharedKernels;
  /** Address of the numbers of {@link SLOTS}. */
  readonly slots: number;
}

/** Places of the 32-bit numbers through which a helper and its owner speak. */
export const SLOTS = {
  /** How often the helper was asked, and how often it answered. */
  asked: 0,
  answered: 1,
  /** Of what it is to learn: address of the job, and samples. */
  job: 2,
  samples: 3,
  /** What it does, of {@link STATES}. */
  state: 4,
} as const;
export const SLOT_COUNT = 5;

/** Works or looks for work; sleeps; was woken and did not look yet, which takes about as long as a part of a batch. */
export const STATES = { awake: 0, asleep: 1, woken: 2 } as const;

/** What `answered` is while the helper starts. */
const ABSENT = -1;

/** An answer is waited for as long as one's own work took, times this: then the work is done once more instead. */
const PATIENCE = 0.5;
/** Times that a slot is read before the clock is. */
const LOOKS = 100;
/**
 * After an answer that did not come in time so many parts are not asked for, and twice as many each time until this number of
 * answers came in a row: where the processors are busy with other work, a helper only takes time.
 */
const [LEAST_REST, MOST_REST, TRUSTED] = [8, 1024, 16];
/** Longest wait for a helper to finish what it does, in milliseconds. */
const SETTLING = 1000;

/**
 * A thread that works on parts of batches by the kernel of its owner. It writes only what belongs to its part, and its owner
 * takes that only when it came in time, so a helper that gets no processor, or ended, costs a short wait and no result.
 */
export class Helper {
  private readonly slots: Int32Array;
  private readonly worker: Worker;
  private asked = 0;
  private since = 0;
  /** How many parts are not asked for after the next answer that is late, how many still are not, and answers in a row. */
  private rest = LEAST_REST;
  private resting = 0;
  private inRow = 0;
  /** Whether the thread ended, and nobody reads its slots any more. */
  private isGone = false;
  private isReleased = false;

  private constructor(
    private readonly memory: KernelMemory,
    script: string,
  ) {
    const address = memory.allocate(SLOT_COUNT * Int32Array.BYTES_PER_ELEMENT);
    this.slots = new Int32Array(memory.buffer, address, SLOT_COUNT);
    this.slots[SLOTS.answered] = ABSENT;
    const data: HelperData = { kernels: memory.shared, slots: address };
    this.worker = new Worker(script, { workerData: data });
    // It helps, so neither keeps a process alive nor ends one.
    this.worker.unref();
    this.worker.on("error", () => undefined);
    this.worker.on("exit", () => (this.isGone = true));
  }

  /** Starts a helper; undefined where there is but one processor. */
  static start(memory: KernelMemory, script: string): Helper | undefined {
    return availableParallelism() < 2 ? undefined : new Helper(memory, script);
  }

  /** Whether it is to be asked: it looks for work, and was in time lately. Wakes it when it only sleeps. */
  isFree(): boolean {
    if (this.resting > 0) {
      this.resting--;
      return false;
    }
    return this.isDone() && !this.wake() && Atomics.load(this.slots, SLOTS.state) === STATES.awake;
  }

  /** Has it learn of the samples of a job; only while it is free. */
  ask(job: number, samples: number): void {
    const { slots } = this;
    this.since = performance.now();
    Atomics.store(slots, SLOTS.job, job);
    Atomics.store(slots, SLOTS.samples, samples);
    Atomics.store(slots, SLOTS.asked, ++this.asked);
    // It may just have fallen asleep.
    this.wake();
  }

  /** Waits for the answer, for half as long as it has been asked for already; whether it came. */
  answered(): boolean {
    const now = performance.now();
    const end = now + PATIENCE * (now - this.since);
    do {
      for (let look = 0; look < LOOKS; look++) {
        if (this.isDone()) {
          if (++this.inRow === TRUSTED) this.rest = LEAST_REST;
          return true;
        }
      }
    } while (performance.now() < end);
    this.inRow = 0;
    this.resting = this.rest;
    this.rest = Math.min(MOST_REST, 2 * this.rest);
    return false;
  }

  /** Waits until it no longer works; false when it did not end, after a second. */
  settle(): boolean {
    const end = performance.now() + SETTLING;
    while (!this.isGone && this.asked > 0) {
      const answered = Atomics.load(this.slots, SLOTS.answered);
      if (answered === this.asked) break;
      const left = end - performance.now();
      if (left <= 0) return false;
      Atomics.wait(this.slots, SLOTS.answered, answered, left);
    }
    return true;
  }

  /** Wakes it if it sleeps; whether it did. */
  private wake(): boolean {
    const { slots } = this;
    if (Atomics.compareExchange(slots, SLOTS.state, STATES.asleep, STATES.woken) !== STATES.asleep) return false;
    Atomics.notify(slots, SLOTS.state);
    return true;
  }

  private isDone(): boolean {
    return !this.isGone && Atomics.load(this.slots, SLOTS.answered) === this.asked;
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.worker.terminate();
    this.isGone = true;
    if (this.isReleased) return;
    this.isReleased = true;
    this.memory.release(this.slots.byteOffset);
  }
}
