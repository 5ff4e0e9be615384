import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Engine } from "../../../src/engine/engine";
import { run } from "./stub";

type ExportRequest = Parameters<Engine["exportReport"]>[0];

describe("inspect --export", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-export-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("writes each file in the form that its ending says, at the tier that counts", async () => {
    const asked: ExportRequest[] = [];
    const engine: Partial<Engine> = {
      exportReport: async (request) => {
        asked.push(request);
        return { files: [request.file] };
      },
    };
    const files = ["--export", "report.html", "--export", "groups.CSV"];
    const { code } = await run(["inspect", "letters", "--tier", "pixel", ...files], { engine, cwd: folder });
    assert.equal(code, 0);
    assert.deepEqual(
      asked.map(({ format, file, tier, overwrite }) => ({ format, file, tier, overwrite })),
      [
        { format: "html", file: path.join(folder, "report.html"), tier: "pixel", overwrite: true },
        { format: "csv", file: path.join(folder, "groups.CSV"), tier: "pixel", overwrite: true },
      ],
    );
  });

  it("says before the work starts that an ending or a folder is wrong", async () => {
    let inspections = 0;
    const engine: Partial<Engine> = {
      inspect: async () => {
        inspections += 1;
        throw new Error("Nothing is to be inspected.");
      },
    };
    const ending = await run(["inspect", "letters", "--export", "report.xls"], { engine, cwd: folder });
    assert.equal(ending.code, 2);
    assert.match(ending.stderr, /--export report\.xls: name a file that ends with/);
    const place = await run(["inspect", "letters", "--export", path.join("none", "a.html")], { engine, cwd: folder });
    assert.equal(place.code, 2);
    assert.match(place.stderr, /does not exist/);
    assert.equal(inspections, 0);
  });
});
