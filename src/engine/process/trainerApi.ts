import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { isRecord } from "../home";
import type { Run } from "../engine";

/** What a trainer process tells those who follow it; what it finished stands in the journal of its experiment. */
export type TrainerNews = { readonly type: "grew" } | { readonly type: "status"; readonly paused: boolean };

/**
 * What a trainer process answers over its socket. Both sides prove that they read the token in the folder of the experiment,
 * which nobody else may read: only then the trainer obeys and is believed.
 */
export interface TrainerApi {
  /** Proves to the caller who chose `nonce` that this is the trainer, and gives a nonce for {@link prove}. */
  hello(request: { nonce: string }, run: Run): Promise<{ proof: string; nonce: string; pid: number; paused: boolean }>;
  /** Proves that the caller is an engine; all other calls need it. */
  prove(request: { proof: string }, run: Run): Promise<void>;
  /** Tells news until the experiment ended. */
  follow(request: null, run: Run<TrainerNews>): Promise<void>;
  pause(request: { paused: boolean }, run: Run): Promise<void>;
}

/** Where a trainer listens, in the folder of its experiment; only the user may read it. */
export interface Endpoint {
  /** Path of a Unix socket, or name of a Windows pipe. */
  readonly socket: string;
  readonly token: string;
}

/** What a message of a trainer to the process that started it can be. */
export type StartMessage = "listening" | "busy";

/** Name of the file of the {@link Endpoint}. */
const ENDPOINT = "trainer.json";

/** The name of a folder for a socket. */
const SOCKET_FOLDER = /^cleansplit-\w{6}$/;

/** The file of the endpoint in the folder of an experiment. */
function endpointFile(folder: string): string {
  return path.join(folder, ENDPOINT);
}

/** Where the trainer of an experiment listens, or did; `null` when there is none. */
export function readEndpoint(folder: string): Endpoint | null {
  try {
    const value: unknown = JSON.parse(readFileSync(endpointFile(folder), "utf8"));
    if (!isRecord(value)) return null;
    const { socket, token } = value;
    return typeof socket === "string" && typeof token === "string" && token !== "" ? { socket, token } : null;
  } catch {
    return null;
  }
}

/** Says where the trainer listens, whole, to nobody but the user. */
export function writeEndpoint(folder: string, endpoint: Endpoint): void {
  const file = endpointFile(folder);
  writeFileSync(`${file}.new`, JSON.stringify(endpoint), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/**
 * Removes the socket that a trainer of this experiment left, and what says where it was; with a `token` only while it is still
 * that trainer's.
 */
export function removeEndpoint(folder: string, token?: string): void {
  const endpoint = readEndpoint(folder);
  if (token !== undefined && endpoint?.token !== token) return;
  rmSync(endpointFile(folder), { force: true });
  if (endpoint === null) return;
  // The file lies among those of the experiment: what it names is removed only where trainers make their sockets.
  const place = path.dirname(endpoint.socket);
  if (path.basename(endpoint.socket) !== "socket" || !SOCKET_FOLDER.test(path.basename(place))) return;
  try {
    rmSync(endpoint.socket, { force: true });
    rmdirSync(place);
  } catch {
    // Somebody else's, or gone with the temporary files.
  }
}

/** A number that is used once, or a secret: 32 random bytes. */
export function nonce(): string {
  return randomBytes(32).toString("hex");
}

/** The proof of one side that it knows the token, for a nonce that the other side chose. */
export function proofOf(token: string, side: "engine" | "trainer", nonce: string): string {
  return createHmac("sha256", token).update(`${side} ${nonce}`).digest("hex");
}

/** Whether two proofs are the same; takes as long whatever they are. */
export function isSameProof(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}
