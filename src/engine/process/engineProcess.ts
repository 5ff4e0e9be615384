import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import type * as Library from "vscode-jsonrpc/node";
import { CleanSplitError } from "../../core/errors";
import type { Engine } from "../engine";
import { languageEnvironment } from "./language";
import { remote } from "./rpc";

/** How the engine process is started. */
export interface EngineProcessOptions {
  /** Absolute path of the folder with the bundles. */
  readonly dist: string;
  /** Absolute path of the folder where fingerprints are kept between inspections. */
  readonly indexFolder: string;
  /** Absolute path of the folder where experiments are kept. */
  readonly experimentsFolder: string;
  /** Absolute path of the folder where native TensorFlow is installed. */
  readonly nativeFolder: string;
  /** Absolute path of the translations of the language to speak; `null` for English. */
  readonly bundle: string | null;
  /** Takes every line the process writes, for the log. */
  readonly log: (line: string) => void;
}

interface Running {
  readonly child: ChildProcess;
  readonly connection: Library.MessageConnection;
  readonly engine: Omit<Engine, "close">;
  /** Rejects when the process ends; races with every call. */
  readonly ended: Promise<never>;
}

/**
 * The engine in a process of its own, so that a crash in it costs an error and a restart, never the editor. It starts
 * with the first call. When it dies, pending calls reject with one `CleanSplitError`, and the next call starts a new one.
 */
export class EngineProcess {
  private running: Running | undefined;
  private disposed = false;

  constructor(private readonly options: EngineProcessOptions) {}

  /** The engine's calls, whichever process answers them. */
  readonly engine: Engine = new Proxy({} as Engine, {
    get: (_, method) => {
      if (method === "close") return async () => this.dispose();
      if (typeof method !== "string" || method === "then") return undefined;
      return (parameter: unknown, run: unknown) => this.call(method as keyof Running["engine"], parameter, run);
    },
  });

  /** Process id of the engine, for tests and the log; undefined while it is not running. */
  get pid(): number | undefined {
    return this.running?.child.pid;
  }

  /** Ends the process. */
  dispose(): void {
    this.disposed = true;
    this.running?.connection.dispose();
    this.running?.child.kill();
    this.running = undefined;
  }

  private async call(method: keyof Running["engine"], parameter: unknown, run: unknown): Promise<unknown> {
    this.throwIfDisposed();
    // Loaded with the first call: it is half of all code that the editor would load when it starts.
    const library = await import("vscode-jsonrpc/node");
    this.throwIfDisposed();
    this.running ??= this.start(library);
    const { engine, ended } = this.running;
    const invoke = engine[method] as (parameter: unknown, run: unknown) => Promise<unknown>;
    return Promise.race([invoke(parameter, run), ended]);
  }

  private throwIfDisposed(): void {
    if (this.disposed) throw new CleanSplitError("stopped", l10n.t("CleanSplit is shutting down."));
  }

  private start({ createMessageConnection, IPCMessageReader, IPCMessageWriter }: typeof Library): Running {
    const { dist, indexFolder, experimentsFolder, nativeFolder, bundle } = this.options;
    const child = fork(path.join(dist, "engine.js"), [indexFolder, experimentsFolder, nativeFolder], {
      serialization: "advanced",
      // Without it Electron would start another editor window.
      env: { ...process.env, ...languageEnvironment(bundle), ELECTRON_RUN_AS_NODE: "1" },
      execArgv: [],
      silent: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.options.log(text.trimEnd()));
    }
    const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
    const ended = new Promise<never>((_, reject) => {
      child.once("error", (error) => reject(ending(error.message)));
      child.once("exit", (code, signal) => {
        this.options.log(`The engine process ended (${signal ?? `exit code ${code}`}).`);
        if (this.running?.child === child) this.running = undefined;
        reject(ending(signal ?? l10n.t("exit code {0}", String(code))));
        connection.dispose();
      });
    });
    // A process that ends while nothing is asked of it is no error of anybody's.
    ended.catch(() => undefined);
    connection.listen();
    this.options.log(`The engine process started (${child.pid}).`);
    return { child, connection, engine: remote<Engine>(connection), ended };
  }
}

function ending(how: string): CleanSplitError {
  return new CleanSplitError(
    "stopped",
    l10n.t(
      "The CleanSplit engine ended unexpectedly ({0}). Nothing was lost: inspect the dataset again, and it starts anew.",
      how,
    ),
  );
}
