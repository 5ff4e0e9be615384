import { callerOf, serveCalls, type Port } from "../../../src/protocol/channel";

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

/** The page's end of the wire. The view state holds scroll positions, filters and selections, never data. */
export interface Connection<Host extends object> {
  readonly host: Host;
  /** Answers the calls of the extension host with the methods of `page`. */
  serve(page: object): () => void;
  readView(): unknown;
  writeView(view: unknown): void;
}

/** Connects to the extension host; may be called once per page, as VS Code hands its interface out once. */
export function connect<Host extends object>(): Connection<Host> {
  const vscode = acquireVsCodeApi();
  const port: Port = {
    post: (message) => vscode.postMessage(message),
    listen: (listener) => {
      const onMessage = (event: MessageEvent<unknown>): void => listener(event.data);
      window.addEventListener("message", onMessage);
      return () => window.removeEventListener("message", onMessage);
    },
  };
  return {
    host: callerOf<Host>(port),
    serve: (page) => serveCalls(port, page),
    readView: () => vscode.getState(),
    writeView: (view) => vscode.setState(view),
  };
}

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
