// `npm start`: VS Code with CleanSplit on the sample dataset; `npm start -- FOLDER` on a folder of yours. The desktop where
// `code` is on the PATH, else VS Code Server at a local address for any browser. Needs `npm run build`, which npm start does.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { findOnPath } from "../test/support/chromium.mjs";
import { serveVsCode } from "../test/support/vscode/session.mjs";

const ROOT = path.resolve(import.meta.dirname, "..");
const asked = process.argv[2];
const scratch = mkdtempSync(path.join(os.tmpdir(), "cleansplit-start-"));
process.on("exit", () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

const folder = asked === undefined ? scratch : path.resolve(asked);
if (!existsSync(folder)) {
  console.error(`${folder} does not exist. Name a folder to open.`);
  process.exit(2);
}
if (asked === undefined) {
  const { status } = spawnSync(process.execPath, [path.join(ROOT, "dist/cli.js"), "sample", scratch], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}

const desktop = findOnPath("code");
if (desktop === undefined) {
  const server = await serveVsCode({ extension: ROOT, folder });
  console.log(
    `\nVS Code with CleanSplit runs at\n\n  ${server.url}\n\nRight-click a folder there and choose "CleanSplit: Inspect Dataset".`,
  );
  console.log("Press Ctrl+C to end it.");
  process.once("SIGINT", () => void server.close().then(() => process.exit(0)));
} else {
  const code = spawn(desktop, ["--wait", "--new-window", `--extensionDevelopmentPath=${ROOT}`, folder], {
    stdio: "inherit",
  });
  code.on("exit", (status) => process.exit(status ?? 0));
}
