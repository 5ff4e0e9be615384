import type { Run } from "../engine/engine";

/** Work that can be stopped, and that says when it has. */
export interface Job {
  readonly abort: AbortController;
  readonly settled: Promise<void>;
}

/** A job that begins now, and what to call when it is over. */
export function openJob(): { readonly job: Job; readonly end: () => void } {
  const { promise, resolve } = withResolvers();
  return { job: { abort: new AbortController(), settled: promise }, end: resolve };
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

/** A run that nobody watches. */
export function still(): Run {
  return { signal: new AbortController().signal, progress: () => undefined };
}
