/*
 * The one small channel between the extension host and its webviews: calls with answers in both directions, and events.
 * The interface of each side is declared once (see report.ts, training.ts); this file only carries it. Every call gets
 * an answer, also when its handler throws.
 */

/** The end of a message port: `postMessage` of a webview, or of the page inside it. */
export interface Port {
  post(message: unknown): void;
  /** Calls `listener` with every message; answers a function that stops it. */
  listen(listener: (message: unknown) => void): () => void;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the only type that every method of an interface is assignable to
type AnyMethod = (...parameters: any[]) => Promise<unknown>;

type Message =
  | { readonly kind: "call"; readonly id: number; readonly method: string; readonly parameters: readonly unknown[] }
  | { readonly kind: "result"; readonly id: number; readonly value: unknown }
  | { readonly kind: "error"; readonly id: number; readonly message: string };

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && "kind" in value && "id" in value;
}

/** Answers the other side's calls with the methods of `api`. Returns a function that stops answering. */
export function serveCalls(port: Port, api: object): () => void {
  const methods = api as Readonly<Record<string, AnyMethod | undefined>>;
  return port.listen((message) => {
    if (!isMessage(message) || message.kind !== "call") return;
    const { id, method, parameters } = message;
    const answer = async (): Promise<unknown> => {
      // Only own or class methods count: "constructor" or "toString" are no part of an interface.
      const handler = method in Object.prototype ? undefined : methods[method];
      if (typeof handler !== "function") throw new Error(`There is no method ${method}.`);
      return handler.apply(api, [...parameters]);
    };
    answer().then(
      (value) => port.post({ kind: "result", id, value } satisfies Message),
      (error: unknown) =>
        port.post({
          kind: "error",
          id,
          message: error instanceof Error ? error.message : String(error),
        } satisfies Message),
    );
  });
}

/** A caller of the methods of `T` on the other side. Calls that the other side never answers stay pending. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller says which interface it is
export function callerOf<T extends object>(port: Port): T {
  let calls = 0;
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  port.listen((message) => {
    if (!isMessage(message) || message.kind === "call") return;
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.kind === "result") call?.resolve(message.value);
    else call?.reject(new Error(message.message));
  });
  return new Proxy({} as T, {
    get: (_, method) =>
      typeof method === "string" && method !== "then"
        ? (...parameters: readonly unknown[]) =>
            new Promise((resolve, reject) => {
              const id = ++calls;
              pending.set(id, { resolve, reject });
              port.post({ kind: "call", id, method, parameters } satisfies Message);
            })
        : undefined,
  });
}
