import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import {
  createMessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
} from "vscode-jsonrpc/node";
import { CleanSplitError, messageOf } from "../../core/errors";
import type { Run } from "../engine";
import { INSTALLED_VARIABLE } from "../training/native";
import { remote } from "./rpc";
import {
  isSameProof,
  nonce,
  proofOf,
  readEndpoint,
  removeEndpoint,
  type StartMessage,
  type TrainerApi,
  type TrainerNews,
} from "./trainerApi";

/** How long a trainer may take to answer who it is, in milliseconds: it may be in the middle of a large batch. */
const ANSWER_TIME = 20_000;

/** How long a trainer that somebody else started may take to listen, in milliseconds, and how often is looked. */
const LISTEN_TIME = 20_000;
const LOOK_AGAIN = 50;

/** How long is waited for how a process ended, in milliseconds, when its connection broke. */
const EXIT_TIME = 2000;

/** Characters of its error output that are looked at. */
const ERROR_OUTPUT = 4096;

/** Name of the file in the folder of an experiment that takes the output of its trainer. */
const LOG = "trainer.log";

/** A connection to a trainer that proved who it is. */
export class TrainerConnection {
  /** Resolves when the connection is gone, and so, unless this side hung up, the process. */
  readonly closed: Promise<void>;
  private hungUp = false;

  private constructor(
    /** Process id; certain while the connection is there. */
    readonly pid: number,
    /** Whether it was paused when it was asked. */
    readonly isPaused: boolean,
    private readonly api: Omit<TrainerApi, "close">,
    /** Removes what the trainer leaves that is killed. */
    private readonly tidy: () => void,
    private readonly connection: MessageConnection,
    private readonly socket: Socket,
  ) {
    this.closed = new Promise((resolve) => {
      if (socket.destroyed) resolve();
      else socket.once("close", () => resolve());
    });
  }

  /** Connects to the trainer of an experiment by its folder; `null` when none runs. */
  static async open(folder: string): Promise<TrainerConnection | null> {
    const endpoint = readEndpoint(folder);
    if (endpoint === null) return null;
    const socket = createConnection(endpoint.socket);
    const isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    if (!isThere) return null;
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const hangUp = (): void => {
      // Calls that were not answered reject.
      connection.dispose();
      socket.destroy();
    };
    // A trainer that is killed breaks the connection, which shows as its end.
    socket.on("error", () => undefined);
    connection.onError(hangUp);
    socket.once("close", hangUp);
    connection.listen();
    const silent = setTimeout(hangUp, ANSWER_TIME);
    try {
      const api = remote<TrainerApi>(connection);
      const own = nonce();
      const { proof, nonce: his, pid, paused } = await api.hello({ nonce: own }, unstopped());
      if (!isSameProof(proof, proofOf(endpoint.token, "trainer", own))) throw new Error("This is no trainer.");
      await api.prove({ proof: proofOf(endpoint.token, "engine", his) }, unstopped());
      const tidy = (): void => removeEndpoint(folder, endpoint.token);
      return new TrainerConnection(pid, paused, api, tidy, connection, socket);
    } catch {
      hangUp();
      return null;
    } finally {
      clearTimeout(silent);
    }
  }

  /** Tells news until the experiment ended or the connection is gone. */
  async follow(news: (news: TrainerNews) => void): Promise<void> {
    // How it ended stands in the journal.
    await this.api.follow(null, { ...unstopped(), progress: news }).catch(() => undefined);
  }

  async pause(paused: boolean): Promise<void> {
    await this.api.pause({ paused }, unstopped());
  }

  /** Kills the process and waits until it is gone. */
  async kill(): Promise<void> {
    // Who is connected is there, so the number is still its own.
    if (!this.socket.destroyed) killProcess(this.pid);
    await this.gone();
  }

  /** Waits until the connection is gone; with the process, what that leaves when it is killed is removed. */
  async gone(): Promise<void> {
    await this.closed;
    if (!this.hungUp) this.tidy();
  }

  /** Whether this side hung up, so that the process may go on. */
  get isHungUp(): boolean {
    return this.hungUp;
  }

  /** Hangs up; the trainer goes on. */
  dispose(): void {
    this.hungUp ||= !this.socket.destroyed;
    this.connection.dispose();
    this.socket.destroy();
  }
}

/** A trainer that was started or found. */
export interface OpenTrainer {
  readonly connection: TrainerConnection;
  /** How its process ended, once the connection is gone: "signal SIGKILL", "exit code 1: Error: ..."; "" when unknown. */
  ended(): Promise<string>;
}

/** Whether the trainer of an experiment runs. */
export async function isTrainerRunning(folder: string): Promise<boolean> {
  const connection = await TrainerConnection.open(folder);
  connection?.dispose();
  return connection !== null;
}

/** The trainer of an experiment that runs; `null` when none does. */
export async function findTrainer(folder: string): Promise<OpenTrainer | null> {
  const connection = await TrainerConnection.open(folder);
  return connection === null ? null : { connection, ended: async () => "" };
}

/**
 * Starts the trainer of an experiment in a process of its own, which goes on when this one ends. When another process
 * started one meanwhile, that one is answered.
 *
 * @param dist folder of the bundles; `trainer.js` is in it
 * @param nativeFolder where native TensorFlow is looked for, see `loadNative`
 * @throws CleanSplitError "stopped" when it does not start
 */
export async function startTrainer(dist: string, folder: string, nativeFolder: string | null): Promise<OpenTrainer> {
  const log = path.join(folder, LOG);
  const output = openSync(log, "w", 0o600);
  const child = fork(path.join(dist, "trainer.js"), [folder], {
    detached: true,
    env: {
      ...process.env,
      ELECTRON_RUN_AS_NODE: "1",
      ...(nativeFolder === null ? {} : { [INSTALLED_VARIABLE]: nativeFolder }),
    },
    // Inherited options would start a second debugger or loader.
    execArgv: [],
    stdio: ["ignore", "ignore", output, "ipc"],
  });
  closeSync(output);
  const exited = endOf(child, log);
  try {
    const started = await Promise.race([firstMessage(child), exited]);
    const connection = await (started === "busy" ? connectLater(folder) : TrainerConnection.open(folder));
    if (connection !== null) {
      const unknown = async (): Promise<string> => wait(EXIT_TIME, "", { ref: false });
      return { connection, ended: async () => (started === "busy" ? "" : Promise.race([exited, unknown()])) };
    }
    throw new CleanSplitError("stopped", stoppedMessage(await Promise.race([exited, wait(EXIT_TIME, "")])));
  } finally {
    // The trainer is told nothing by this way, and must not keep this process alive.
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/** One sentence about a trainer that ended without a result. */
export function stoppedMessage(how: string, finished: number | null = null, planned = 0): string {
  const reason = how === "" ? "" : ` (${how})`;
  return finished === null
    ? l10n.t({
        message:
          "The trainer process ended unexpectedly{0} before it began. What it finished is kept: resume the experiment to go on, with fewer or smaller images if memory ran out.",
        args: [reason],
        comment: ["{0} why, in parentheses with a space in front of them, or nothing."],
      })
    : l10n.t({
        message:
          "The trainer process ended unexpectedly{0} after {1} of {2} runs. What it finished is kept: resume the experiment to go on, with fewer or smaller images if memory ran out.",
        args: [reason, finished, planned],
        comment: ["{0} why, in parentheses with a space in front of them, or nothing."],
      });
}

/** Connects to a trainer that another process is starting. */
async function connectLater(folder: string): Promise<TrainerConnection | null> {
  for (const end = performance.now() + LISTEN_TIME; performance.now() < end;) {
    const connection = await TrainerConnection.open(folder);
    if (connection !== null) return connection;
    await wait(LOOK_AGAIN);
  }
  return null;
}

/** Resolves with the first message of a process; a process that says nothing is heard of when it ends. */
async function firstMessage(child: ChildProcess): Promise<StartMessage> {
  return new Promise((resolve) => child.once("message", (message) => resolve(message as StartMessage)));
}

/** Resolves when the process has ended, or never started, with how. */
async function endOf(child: ChildProcess, log: string): Promise<string> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve(signal === null ? exitText(code, log) : l10n.t("signal {0}", signal)));
    // Other errors are those of sending and are followed by the exit.
    child.on("error", (error) => {
      if (child.pid === undefined) resolve(messageOf(error));
    });
  });
}

function exitText(code: number | null, log: string): string {
  let output = "";
  try {
    output = readFileSync(log, "utf8").slice(-ERROR_OUTPUT);
  } catch {
    // The experiment was removed meanwhile.
  }
  const error = /^(?:\w*Error|FATAL ERROR|terminate called).*$/m.exec(output)?.[0].trim();
  const exit = l10n.t("exit code {0}", String(code));
  return error === undefined ? exit : `${exit}: ${error}`;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/** A run of a call that nobody stops and that tells nothing. */
function unstopped(): Run<unknown> {
  return { signal: new AbortController().signal, progress: () => undefined };
}
