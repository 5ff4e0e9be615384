import type { Run } from "../../../src/engine/engine";

/** The numbers `from` to `to` - 1. */
export function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

/** A run that keeps its events; `onEvent` may abort it. */
export function recordingRun<E>(
  onEvent: (event: E, abort: AbortController) => void = () => undefined,
): Run<E> & { readonly events: E[] } {
  const abort = new AbortController();
  const events: E[] = [];
  return {
    signal: abort.signal,
    events,
    progress: (event) => {
      events.push(event);
      onEvent(event, abort);
    },
  };
}
