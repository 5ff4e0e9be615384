import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020";
import type { VerifyResult } from "../../../src/core/sanitize/plan";
import type { Engine } from "../../../src/engine/engine";
import { run, stubEngine } from "./stub";

const SCHEMA = path.join(__dirname, "../../../docs/verification.schema.json");

const DAMAGED: VerifyResult = {
  folder: "/data/copy",
  ok: false,
  files: 40,
  samples: 38,
  verified: [],
  problems: Array.from({ length: 30 }, (_, index) => `train/A/${index}.png is missing.`),
};

describe("commands about a written copy", () => {
  const damaged: Partial<Engine> = { verify: async () => DAMAGED };

  it("verify says in its exit code whether the copy is as it was written, and names what is not", async () => {
    const whole = await run(["verify", "copy"]);
    assert.deepEqual([whole.code, whole.stderr], [0, ""]);
    assert.match(whole.stdout, /^\/data\/copy is as it was written\./);
    const found = await run(["verify", "copy"], { engine: damaged });
    assert.equal(found.code, 1);
    assert.match(found.stdout, /is not as it was written: 30 problems/);
    assert.match(found.stdout, /train\/A\/19\.png is missing\.\n.*and 10 more problems/s);
    assert.equal((await run(["verify", "copy", "--quiet"], { engine: damaged })).stdout.split("\n").length, 2);
  });

  it("verify --json - prints all problems and nothing else, as its schema says", async () => {
    const { code, stdout } = await run(["verify", "copy", "--json", "-"], { engine: damaged });
    assert.equal(code, 1);
    const value: unknown = JSON.parse(stdout);
    assert.deepEqual(value, { schema: "cleansplit/verification@1", ...DAMAGED });
    const validate = new Ajv2020({ strict: true }).compile(JSON.parse(await readFile(SCHEMA, "utf8")) as object);
    assert.ok(validate(value), JSON.stringify(validate.errors));
  });

  it("undo and restore name what they left, and say so in their exit code", async () => {
    for (const command of ["undo", "restore"] as const) {
      const kept = ["/data/copy/mine.txt"];
      const clean = await run([command, "copy"]);
      assert.equal(clean.code, 0);
      const left = await run([command, "copy"], {
        engine: { [command]: async () => ({ folder: "/data/copy", files: 3, kept }) },
      });
      assert.equal(left.code, 1);
      assert.match(left.stdout, /^3 (files removed|images put back) from \/data\/copy\n/);
      assert.match(left.stdout, /mine\.txt/);
    }
  });

  it("takes one folder", async () => {
    for (const command of ["verify", "undo", "restore"]) {
      assert.match((await run([command])).stderr, new RegExp(`Name the folder, e\\.g\\. cleansplit ${command}`));
      assert.match((await run([command, "a", "b"])).stderr, /Name one folder only/);
    }
  });

  it("quarantine moves nothing until it is told to", async () => {
    const asked = await run(["quarantine", "letters"], {
      engine: { quarantine: () => assert.fail("must not be moved") },
    });
    assert.equal(asked.code, 0);
    assert.match(asked.stdout, /Nothing was moved\. --yes moves 467 images out of the dataset\./);
    assert.doesNotMatch(asked.stdout, /Output/);
    const moved = await run(["quarantine", "letters", "--yes"], {
      engine: { quarantine: async () => ({ folder: "/data/letters-quarantine", files: 467 }) },
    });
    assert.match(moved.stdout, /467 images moved to \/data\/letters-quarantine\n/);
    assert.match(moved.stdout, /cleansplit restore \/data\/letters-quarantine/);
  });

  it("sanitize passes on how images come into the copy", async () => {
    const seen: unknown[] = [];
    const stub = stubEngine();
    const engine: Partial<Engine> = {
      apply: (request, progress) => {
        seen.push(request.images);
        return stub.apply(request, progress);
      },
    };
    await run(["sanitize", "letters", "--out", "x"], { engine });
    await run(["sanitize", "letters", "--out", "x", "--images", "hardlink"], { engine });
    assert.deepEqual(seen, ["copy", "hardlink"]);
    assert.match(
      (await run(["sanitize", "letters", "--out", "x", "--images", "move"])).stderr,
      /It takes: copy, reflink/,
    );
  });
});
