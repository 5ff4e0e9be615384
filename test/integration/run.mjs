// Runs the integration tests in a real VS Code: `node test/integration/run.mjs [--restricted] [--extension DIR]`.
// The extension has to be built. CLEANSPLIT_VSCODE_HOST chooses the version of VS Code (see test/support/vscode).
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";
import { vscodeExecutable } from "../support/vscode/desktop.mjs";
import { PROJECT_ROOT } from "../support/vscode/prepare.mjs";

const { values } = parseArgs({
  options: { restricted: { type: "boolean", default: false }, extension: { type: "string", default: PROJECT_ROOT } },
});

const bundle = path.join(PROJECT_ROOT, "out", "test", "integration", "index.js");
await build({
  entryPoints: [path.join(PROJECT_ROOT, "test", "integration", "index.ts")],
  outfile: bundle,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: "inline",
  external: ["vscode", "mocha"],
  logLevel: "warning",
});

const root = fs.mkdtempSync(path.join(os.tmpdir(), "cleansplit-integration-"));
const workspace = path.join(root, "workspace");
fs.mkdirSync(workspace);
const settings = path.join(root, "user-data", "User", "settings.json");
fs.mkdirSync(path.dirname(settings), { recursive: true });
// Near duplicates change the report some time after an inspection; the tests that are about them turn the search on.
fs.writeFileSync(
  settings,
  JSON.stringify({ "security.workspace.trust.startupPrompt": "never", "cleansplit.nearDuplicates.search": false }),
);
if (values.restricted) process.env["CLEANSPLIT_TEST_TRUST"] = "restricted";

try {
  await runTests({
    vscodeExecutablePath: await vscodeExecutable(),
    extensionDevelopmentPath: path.resolve(values.extension),
    extensionTestsPath: bundle,
    launchArgs: [
      workspace,
      `--user-data-dir=${path.join(root, "user-data")}`,
      ...(values.restricted ? [] : ["--disable-workspace-trust"]),
    ],
  });
} catch (error) {
  // The tests have said what failed; anything else has not.
  if (!/failed/i.test(String(error))) console.error(error);
  process.exitCode = 1;
} finally {
  fs.rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}
