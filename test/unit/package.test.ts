import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { offlineReadme, TARGETS } from "../../scripts/package/stage.mjs";
import { thirdPartyNotices } from "../../scripts/package/notices.mjs";

const ROOT = path.resolve(import.meta.dirname, "../..");

describe("package", () => {
  it("has a README that needs neither a network nor a folder", () => {
    const readme = offlineReadme(ROOT);
    const targets = [...readme.matchAll(/\]\(([^)]*)\)/g)].map(([, target = ""]) => target);
    assert.deepEqual(
      targets.filter((target) => !/^(data:image\/png;base64,|https:|#)/.test(target)),
      [],
    );
    assert.match(readme, /!\[The report of CleanSplit in VS Code\]\(data:image\/png;base64,/);
    assert.match(readme, /\(docs\/sanitizing\.md\)/);
  });

  it("names every package that is bundled, with the text of its licence", () => {
    const notices = thirdPartyNotices(ROOT, [
      "src/extension.ts",
      "node_modules/preact/dist/preact.mjs",
      "node_modules/@tensorflow/tfjs-core/dist/index.js",
      "node_modules/@tensorflow/tfjs-core/node_modules/nothing.js",
    ]);
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "node_modules/preact/package.json"), "utf8")) as {
      version: string;
    };
    for (const text of [`preact ${version} (MIT)`, "@tensorflow/tfjs-core", "Jason Miller", "Apache License", "CC-BY"])
      assert.ok(notices.includes(text), `${text} is missing`);
  });

  it("is made for every platform that the lock file has binaries of sharp for", () => {
    const { packages } = JSON.parse(readFileSync(path.join(ROOT, "package-lock.json"), "utf8")) as {
      packages: Record<string, unknown>;
    };
    for (const [target, { os, cpu, libc }] of Object.entries(TARGETS)) {
      const name = target === "universal" ? "sharp-wasm32" : `sharp-${os}${libc === "musl" ? "musl" : ""}-${cpu}`;
      assert.ok(`node_modules/@img/${name}` in packages, name);
    }
  });
});
