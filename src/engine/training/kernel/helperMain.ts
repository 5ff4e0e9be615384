import { workerData } from "node:worker_threads";
import { SLOT_COUNT, SLOTS, STATES, type HelperData } from "./helper";
import { kernelsOf } from "./memory";

/** Milliseconds that are looked for work before sleeping. */
const LOOKING = 0.5;
/** Times that a slot is read before the clock is. */
const LOOKS = 100;

// The thread of a `Helper`, which ends it.

const { kernels, slots: address } = workerData as HelperData;
const kernel = kernelsOf(kernels);
const slots = new Int32Array(kernels.memory.buffer, address, SLOT_COUNT);

/** Waits until more was asked than `answered` questions, asleep after a while. */
function wait(answered: number): void {
  while (!look(answered)) sleep(answered);
}

/** Looks for a question for a while; whether there is one. */
function look(answered: number): boolean {
  const end = performance.now() + LOOKING;
  do {
    for (let look = 0; look < LOOKS; look++) {
      if (Atomics.load(slots, SLOTS.asked) !== answered) return true;
    }
  } while (performance.now() < end);
  return false;
}

/** Sleeps until it is woken, with a question or to look for one. */
function sleep(answered: number): void {
  Atomics.store(slots, SLOTS.state, STATES.asleep);
  // Who asked before that did not see that it has to be woken.
  if (Atomics.load(slots, SLOTS.asked) === answered) Atomics.wait(slots, SLOTS.state, STATES.asleep);
  Atomics.store(slots, SLOTS.state, STATES.awake);
}

for (let answered = 0; ; answered++) {
  Atomics.store(slots, SLOTS.answered, answered);
  Atomics.notify(slots, SLOTS.answered);
  wait(answered);
  kernel.learn(Atomics.load(slots, SLOTS.job), Atomics.load(slots, SLOTS.samples), false);
}
