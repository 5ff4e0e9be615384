import type { CancellationToken, MessageConnection, ResponseError } from "vscode-jsonrpc/node";
import { CleanSplitError, messageOf, type ErrorReason } from "../../core/errors";
import type { Run } from "../engine";

/*
 * Carries any interface of methods `(parameter, run) => Promise<result>` over a JSON-RPC connection: the parameter and
 * the result travel as they are, aborting the signal cancels the request, progress events come back as notifications.
 * Only this file knows the wire format.
 */

// Method names of interfaces that have their own parameter types: the compiler checks calls, this file only carries them.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the only type that every such method is assignable to
type AnyMethod = (parameter: any, run: any) => Promise<unknown>;
/** An interface whose methods this file can carry; `close` stays local. */
export type RemoteApi<T> = { [K in keyof T]: K extends "close" ? T[K] : T[K] extends AnyMethod ? T[K] : never };

interface Call {
  readonly call: number;
  readonly method: string;
  readonly parameter: unknown;
}

const CALL = "call";
const PROGRESS = "progress";
const ABORTED = 1;
const REFUSED = 2;
const FAILED = 3;

/** Answers every call that arrives on `connection` with the method of `api` of that name. */
export function serve(connection: MessageConnection, api: object): void {
  const methods = api as Readonly<Record<string, AnyMethod | undefined>>;
  connection.onRequest(CALL, async ({ call, method, parameter }: Call, token: CancellationToken) => {
    const abort = new AbortController();
    const listener = token.onCancellationRequested(() => abort.abort());
    const run: Run<unknown> = {
      signal: abort.signal,
      progress: (event) => void connection.sendNotification(PROGRESS, { call, event }).catch(() => undefined),
    };
    try {
      const handler = methods[method];
      if (handler === undefined) throw new Error(`There is no method ${method}.`);
      return (await handler.call(api, parameter, run)) ?? null;
    } catch (error) {
      throw await toWire(error, abort.signal);
    } finally {
      listener.dispose();
    }
  });
}

/** A caller of the methods of `T` on the other side of `connection`. `close` is not carried: end the process instead. */
export function remote<T extends object>(connection: MessageConnection): Omit<T, "close"> {
  let calls = 0;
  const running = new Map<number, Run<unknown>>();
  connection.onNotification(PROGRESS, ({ call, event }: { call: number; event: unknown }) => {
    running.get(call)?.progress(event);
  });
  const invoke = async (method: string, parameter: unknown, run: Run<unknown>): Promise<unknown> => {
    run.signal.throwIfAborted();
    // Loaded when it is needed: the editor starts more often than the engine.
    const { CancellationTokenSource, ResponseError } = await import("vscode-jsonrpc/node");
    run.signal.throwIfAborted();
    const call = ++calls;
    const cancel = new CancellationTokenSource();
    const onAbort = (): void => cancel.cancel();
    running.set(call, run);
    run.signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await connection.sendRequest(CALL, { call, method, parameter }, cancel.token);
    } catch (error) {
      throw error instanceof ResponseError ? fromWire(error) : error;
    } finally {
      running.delete(call);
      run.signal.removeEventListener("abort", onAbort);
      cancel.dispose();
    }
  };
  return new Proxy({} as T, {
    get: (_, method) =>
      // A promise that resolves to this object asks it for "then".
      typeof method === "string" && method !== "then"
        ? (parameter: unknown, run: Run<unknown>) => invoke(method, parameter, run)
        : undefined,
  });
}

interface WireData {
  readonly reason?: ErrorReason;
  readonly stack?: string;
}

async function toWire(error: unknown, signal: AbortSignal): Promise<ResponseError<WireData>> {
  const { ResponseError } = await import("vscode-jsonrpc/node");
  if (signal.aborted) return new ResponseError(ABORTED, "Cancelled.");
  if (error instanceof CleanSplitError) return new ResponseError(REFUSED, error.message, { reason: error.reason });
  const stack = error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {};
  return new ResponseError(FAILED, messageOf(error), stack);
}

function fromWire(error: ResponseError<unknown>): Error {
  const data = error.data as WireData | undefined;
  if (error.code === ABORTED) return abortError();
  if (error.code === REFUSED && data?.reason !== undefined) return new CleanSplitError(data.reason, error.message);
  const failed = new Error(error.message);
  if (data?.stack !== undefined) failed.stack = data.stack;
  return failed;
}

/** The error of work that was cancelled; cancellation is no failure and is never shown. */
export function abortError(): Error {
  const error = new Error("Cancelled.");
  error.name = "AbortError";
  return error;
}

/** Whether an error only says that the work was cancelled. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
