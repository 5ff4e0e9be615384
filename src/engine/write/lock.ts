import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { isRecord } from "../home";
import { codeOf, writeError } from "./durable";

const NAME = /^lock-(\d+)$/;

/** A lock that is so young may not be filled in yet, in milliseconds; it is looked at again after a pause. */
const YOUNG = 5000;
const PAUSE = 20;

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Tells a process from a later one with its number; "" where the system does not say. */
  readonly started: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
}

/**
 * Takes the lock of a folder, which exists, for this process; answers what gives it back. Rejects with a `CleanSplitError`
 * ("conflict") while another one has it. Locks are numbered and the highest counts: the lock of a process that died is taken
 * over by making the next one, which only one can, and no lock that somebody holds is ever removed by others.
 */
export async function takeLock(folder: string, target: string): Promise<() => Promise<void>> {
  for (;;) {
    const names = await lockNames(folder);
    const last = names.at(-1) ?? 0;
    if (last > 0 && !(await isDead(path.join(folder, `lock-${last}`), target))) {
      await wait(PAUSE);
      continue;
    }
    const own = path.join(folder, `lock-${last + 1}`);
    try {
      const handle = await open(own, "wx");
      try {
        await handle.writeFile(JSON.stringify(await holderNow()));
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (codeOf(error) === "EEXIST") continue;
      throw writeError(own, error);
    }
    if ((await lockNames(folder)).some((name) => name > last + 1)) {
      // Somebody took over and cleaned up since the locks were listed.
      await rm(own, { force: true });
      continue;
    }
    // Those of the dead are below it, and count for nobody any more.
    for (const name of names) await rm(path.join(folder, `lock-${name}`), { force: true });
    return () => rm(own, { force: true });
  }
}

async function lockNames(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).flatMap((name) => Number(NAME.exec(name)?.[1] ?? []));
  return numbers.sort((a, b) => a - b);
}

/** Whether nobody has a lock; false while it is not filled in. Rejects when somebody has it. */
async function isDead(lock: string, target: string): Promise<boolean> {
  const [text, stats] = await Promise.all([readFile(lock, "utf8"), stat(lock)]).catch((error: unknown) => {
    // It was given back meanwhile.
    if (codeOf(error) === "ENOENT") return [null, null] as const;
    throw error;
  });
  if (text === null) return true;
  const holder = parseHolder(text);
  if (holder === null) return Date.now() - stats.mtimeMs > YOUNG;
  const isHere = holder.host === hostname();
  if (isHere && !(await isRunning(holder))) return true;
  const { pid, host, since } = holder;
  throw new CleanSplitError(
    "conflict",
    isHere
      ? l10n.t(
          "{0} is being worked on by another CleanSplit: process {1}, since {2}. Wait until it is done, or choose another folder. If that process is not running, remove {3}.",
          target,
          String(pid),
          since,
          lock,
        )
      : l10n.t(
          "{0} is being worked on by another CleanSplit: process {1} on {4}, since {2}. Wait until it is done, or choose another folder. If that process is not running, remove {3}.",
          target,
          String(pid),
          since,
          lock,
          host,
        ),
  );
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return null;
    const { pid, host, started, since } = value;
    const isWhole =
      Number.isSafeInteger(pid) && typeof host === "string" && typeof started === "string" && typeof since === "string";
    return isWhole ? { pid: pid as number, host, started, since } : null;
  } catch {
    return null;
  }
}

async function holderNow(): Promise<Holder> {
  return {
    pid: process.pid,
    host: hostname(),
    started: await startOf(process.pid),
    since: new Date().toISOString(),
  };
}

async function isRunning({ pid, started }: Holder): Promise<boolean> {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // A process of somebody else cannot be asked, but is there.
    if (codeOf(error) !== "EPERM") return false;
  }
  return started === "" || started === (await startOf(pid));
}

/** When a process began, with the run of the system; Linux says it. */
async function startOf(pid: number): Promise<string> {
  try {
    const [boot, stats] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    // The name of the program, in parentheses, may hold anything; the time is the 20th field behind it.
    const ticks = stats.slice(stats.lastIndexOf(")") + 2).split(" ")[19] ?? "";
    return `${boot.trim()} ${ticks}`;
  } catch {
    return "";
  }
}
