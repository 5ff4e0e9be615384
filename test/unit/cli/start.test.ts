import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "../../support/png";

const CLI = path.resolve(import.meta.dirname, "../../../dist/cli.js");

/** Says on the standard error which files named `...Library.js` a thread loads. */
const WATCH = `
  const Module = require("node:module");
  const { writeSync } = require("node:fs");
  const load = Module._load;
  Module._load = function (name, ...others) {
    const [library] = /\\w+Library\\.js$/.exec(name) ?? [];
    if (library !== undefined) writeSync(2, "loads " + library + "\\n");
    return load.call(this, name, ...others);
  };
`;

describe("the command line that is built", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cleansplit-start-"));
  const data = path.join(folder, "data");
  const watch = path.join(folder, "watch.cjs");

  before(() => {
    writeFileSync(watch, WATCH);
    for (const [name, grey] of [
      ["train/A/1.png", 10],
      ["test/A/2.png", 200],
    ] as const) {
      const file = path.join(data, name);
      mkdirSync(path.dirname(file), { recursive: true });
      const rows = Uint8Array.from({ length: 64 }, (_, i) => (i * grey) % 256);
      writeFileSync(file, encodePng({ width: 8, height: 8, rows }));
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Large libraries that an inspection loads, in any of its threads. */
  const loaded = (...options: readonly string[]): readonly string[] => {
    const env = {
      ...process.env,
      NODE_OPTIONS: `--require ${watch}`,
      HOME: folder,
      XDG_CACHE_HOME: path.join(folder, "cache"),
    };
    const { status, stderr } = spawnSync(process.execPath, [CLI, "inspect", data, "--quiet", ...options], { env });
    assert.equal(status, 0, String(stderr));
    return [...new Set([...String(stderr).matchAll(/loads (\w+)/g)].map(([, library = ""]) => library))];
  };

  it("loads large libraries only when it needs them", () => {
    assert.deepEqual(loaded("--no-cache"), []);
    assert.deepEqual(loaded(), ["arrowLibrary"]);
  });
});
