import { useEffect, useRef, useState } from "preact/hooks";
import type { TrainingDelta, TrainingHost, TrainingPage, TrainingState } from "../../../src/protocol/training";
import { messageOf, type Connection } from "../shared/connection";
import { afterDelta } from "./history";

/** Least time between two drawings of the page: small models finish dozens of epochs in it. */
const DRAW_INTERVAL_MS = 100;

interface Following {
  readonly state: TrainingState | null;
  readonly failure: string | null;
  readonly setFailure: (failure: string | null) => void;
}

/**
 * Asks for the state, applies the deltas that follow, and asks again when some are missing. `open` hears when the host wants
 * a kept experiment shown.
 */
export function useTrainingState(connection: Connection<TrainingHost>, open: (experiment: string) => void): Following {
  const [state, setState] = useState<TrainingState | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const known = useRef<TrainingState | null>(null);

  useEffect(() => {
    let closed = false;
    let asking = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let drawn = -Infinity;
    // Deltas that come while the state is under way may be newer than it: they are applied after it.
    let waiting: TrainingDelta[] = [];

    const draw = (): void => {
      timer = undefined;
      drawn = performance.now();
      setState(known.current);
    };
    const keep = (next: TrainingState): void => {
      known.current = next;
      timer ??= setTimeout(draw, Math.max(0, drawn + DRAW_INTERVAL_MS - performance.now()));
    };
    const ask = async (): Promise<void> => {
      asking = true;
      try {
        const answer = await connection.host.ready();
        if (closed) return;
        asking = false;
        keep(answer);
        const late = waiting;
        waiting = [];
        for (const delta of late) apply(delta);
      } catch (error) {
        asking = false;
        if (!closed) setFailure(messageOf(error));
      }
    };
    const apply = (delta: TrainingDelta): void => {
      if (asking || known.current === null) {
        waiting.push(delta);
        return;
      }
      const next = afterDelta(known.current, delta);
      if (next !== null) keep(next);
      else void ask();
    };

    const page: TrainingPage = { change: async (delta) => apply(delta), open: async (experiment) => open(experiment) };
    const stop = connection.serve(page);
    void ask();
    return () => {
      closed = true;
      clearTimeout(timer);
      stop();
    };
  }, [connection]);

  return { state, failure, setFailure };
}
