import { useEffect, useState } from "preact/hooks";
import { messageOf } from "../shared/connection";

/** What was asked for, as far as it is there. */
export interface Answer<T> {
  /** The last answer, also while another one is awaited; `null` before the first. */
  readonly value: T | null;
  readonly isWaiting: boolean;
  readonly error: string | null;
  readonly retry: () => void;
}

/** Asks when `key` changes; with `null` it asks for nothing and knows nothing. An answer that was overtaken is dropped. */
export function useAnswer<T>(key: string | null, ask: () => Promise<T>): Answer<T> {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: T } | null>(null);
  const [failed, setFailed] = useState<{ readonly key: string; readonly error: string } | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (key === null) return undefined;
    let overtaken = false;
    setFailed(null);
    ask().then(
      (value) => !overtaken && setAnswer({ key, value }),
      (error: unknown) => !overtaken && setFailed({ key, error: messageOf(error) }),
    );
    return () => {
      overtaken = true;
    };
  }, [key, attempt]);
  const error = failed !== null && failed.key === key ? failed.error : null;
  return {
    value: key === null ? null : (answer?.value ?? null),
    isWaiting: key !== null && error === null && answer?.key !== key,
    error,
    retry: () => setAttempt((count) => count + 1),
  };
}
