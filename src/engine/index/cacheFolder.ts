import { homedir } from "node:os";
import path from "node:path";

/** Where programs of this system keep what they can make again: the folder of CleanSplit in it. */
export function cacheFolder(platform = process.platform, env: NodeJS.ProcessEnv = process.env): string {
  const home = homedir();
  const base =
    platform === "darwin"
      ? path.join(home, "Library", "Caches")
      : platform === "win32"
        ? (env["LOCALAPPDATA"] ?? path.join(home, "AppData", "Local"))
        : (env["XDG_CACHE_HOME"] ?? path.join(home, ".cache"));
  return path.join(base, "cleansplit");
}
