import { mkdtempSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from "vscode-jsonrpc/node";
import { CleanSplitError } from "../../core/errors";
import type { Gate } from "../training/trainerJob";
import { serve } from "./rpc";
import {
  isSameProof,
  nonce,
  proofOf,
  removeEndpoint,
  writeEndpoint,
  type TrainerApi,
  type TrainerNews,
} from "./trainerApi";

/** How long a trainer goes on when nobody is connected, in milliseconds: a window that is reloaded is back before. */
export const GRACE = 120_000;

/** Environment variable with another grace in milliseconds, for tests. */
export const GRACE_VARIABLE = "CLEANSPLIT_TRAINER_GRACE";

/** Milliseconds between two times that it is told that the journal grew: epochs of a tiny dataset take none. */
const QUIET = 50;
/** How long a connection may take to prove who it is, in milliseconds. */
const PROVE_TIME = 10_000;

/** Bytes of a socket's path that every system takes. */
const LONGEST_SOCKET = 100;

/** A connection whose other side proved that it is an engine. */
interface Follower {
  tell(news: TrainerNews): void;
  /** Says that the experiment ended. */
  end(): void;
}

/** The socket of a trainer: lets engines follow it, pause it, and calls `abandoned` when nobody did for a while. */
export class TrainerServer {
  private readonly followers = new Set<Follower>();
  private readonly sockets = new Set<Socket>();
  private grace: NodeJS.Timeout | undefined;
  private paused = false;
  private goOn: (() => void)[] = [];
  private isTelling = false;
  private told = -Infinity;
  /** Resolves when somebody follows for the first time. */
  private readonly followed: Promise<void>;
  private isFollowed: () => void = () => undefined;

  private constructor(
    private readonly server: Server,
    private readonly token: string,
    private readonly abandoned: () => void,
  ) {
    this.followed = new Promise((resolve) => (this.isFollowed = resolve));
    // Who started this process connects at once, however slow the machine is.
    this.grace = setTimeout(abandoned, GRACE);
  }

  /** Listens, and says where in the folder of the experiment. */
  static async listen(folder: string, abandoned: () => void): Promise<TrainerServer> {
    removeEndpoint(folder);
    const token = nonce();
    const socket = socketPath();
    const server = createServer();
    const trainer = new TrainerServer(server, token, abandoned);
    server.on("connection", (connection) => trainer.accept(connection));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(socket, resolve);
    });
    writeEndpoint(folder, { socket, token });
    return trainer;
  }

  /** Lets the training go on, unless it is paused: then when that ends. */
  readonly gate: Gate = () => (this.paused ? new Promise((resolve) => this.goOn.push(resolve)) : Promise.resolve());

  /** Tells everybody that the journal grew, once for all that comes within {@link QUIET}. */
  grew(): void {
    if (this.isTelling) return;
    this.isTelling = true;
    const tell = (): void => {
      this.isTelling = false;
      this.told = performance.now();
      for (const follower of this.followers) follower.tell({ type: "grew" });
    };
    // Who is not told before the end hears of that, and reads the journal then.
    setTimeout(tell, Math.max(0, this.told + QUIET - performance.now())).unref();
  }

  /** Says that the experiment ended, and waits until everybody has heard it, also who is about to follow. */
  async close(): Promise<void> {
    clearTimeout(this.grace);
    await Promise.race([this.followed, wait(PROVE_TIME)]);
    for (const follower of this.followers) follower.end();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    // Those who follow hang up when they are told.
    const timer = setTimeout(() => this.sockets.forEach((socket) => socket.destroy()), PROVE_TIME);
    await closed;
    clearTimeout(timer);
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    this.watch();
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const unproved = setTimeout(() => socket.destroy(), PROVE_TIME);
    const hisNonce = nonce();
    let isEngine = false;
    const followers = new Set<Follower>();
    const demandProof = (): void => {
      if (!isEngine) throw new CleanSplitError("forbidden", "The trainer does not know who calls.");
    };
    const api: TrainerApi = {
      hello: async ({ nonce }) => ({
        proof: proofOf(this.token, "trainer", nonce),
        nonce: hisNonce,
        pid: process.pid,
        paused: this.paused,
      }),
      prove: async ({ proof }) => {
        isEngine = isSameProof(proof, proofOf(this.token, "engine", hisNonce));
        demandProof();
        clearTimeout(unproved);
      },
      follow: async (_, run) => {
        demandProof();
        await new Promise<void>((resolve) => {
          const follower = { tell: (news: TrainerNews) => run.progress(news), end: resolve };
          this.isFollowed();
          followers.add(follower);
          this.followers.add(follower);
          // What came between the caller's reading and this call.
          follower.tell({ type: "status", paused: this.paused });
          follower.tell({ type: "grew" });
        });
      },
      pause: async ({ paused }) => {
        demandProof();
        this.pause(paused);
      },
    };
    socket.on("error", () => undefined);
    connection.onError(() => socket.destroy());
    socket.once("close", () => {
      clearTimeout(unproved);
      connection.dispose();
      this.sockets.delete(socket);
      for (const follower of followers) this.followers.delete(follower);
      this.watch();
    });
    serve(connection, api);
    connection.listen();
  }

  private pause(paused: boolean): void {
    this.paused = paused;
    for (const follower of this.followers) follower.tell({ type: "status", paused });
    if (!paused) for (const resolve of this.goOn.splice(0)) resolve();
  }

  /** Waits for somebody to connect while nobody is. */
  private watch(): void {
    clearTimeout(this.grace);
    if (this.sockets.size === 0 && this.server.listening) this.grace = setTimeout(this.abandoned, graceTime());
  }
}

function graceTime(): number {
  const given = Number(process.env[GRACE_VARIABLE] ?? "");
  return Number.isFinite(given) && given > 0 ? given : GRACE;
}

/** A new place for a socket: in a folder that nobody else may look into, with a path that is short enough. */
function socketPath(): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\cleansplit-${nonce()}`;
  const name = path.join("cleansplit-123456", "socket");
  const parent = Buffer.byteLength(path.join(tmpdir(), name)) <= LONGEST_SOCKET ? tmpdir() : "/tmp";
  return path.join(mkdtempSync(path.join(parent, "cleansplit-")), "socket");
}
