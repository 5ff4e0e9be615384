import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Decision } from "../../../src/core/sanitize/policy";
import { openDataset } from "../../../src/engine/dataset";
import { inspectDataset } from "../../../src/engine/inspection";
import { makePlan } from "../../../src/engine/plans";
import { Pool } from "../../../src/engine/pool/pool";
import { inputsOf } from "../../../src/engine/recognition/inputs";
import { Unpacked } from "../../../src/engine/sources/packed/unpacked";
import { packedOutputs } from "../../../src/engine/write/packed";
import { tarOf, type Files } from "../../support/archives";
import { png } from "../engine/support";
import { contentOf, usePacked } from "./support";

describe("samples that move within an archive", () => {
  const { open } = usePacked();
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
  const pool = new Pool(path.resolve(import.meta.dirname, "../../../dist/worker.js"), 1);
  after(async () => {
    await pool.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Writes an archive under a decision that `change` makes of one that leaves all as it is; answers the paths in it. */
  async function written(
    name: string,
    files: Files,
    change: (decision: Decision, id: (sample: number) => string) => Partial<Decision>,
  ): Promise<string[]> {
    const input = path.join(scratch, name);
    writeFileSync(input, await tarOf(files));
    const run = { signal: new AbortController().signal, progress: () => undefined };
    const inputs = inputsOf({ inputs: [input], assignments: [] });
    const dataset = await openDataset(inputs, [], pool, run, null, new Unpacked());
    const inspection = await inspectDataset(dataset, pool, run, new Map());
    const plan = await makePlan(inspection, {}, { keep: [], drop: [] }, pool, run.signal);
    const kept = { ...plan.decision, splitOf: plan.decision.splitOf.slice() };
    const decision = { ...kept, ...change(kept, (sample) => dataset.names.id(sample)) };
    const [output] = packedOutputs({ ...plan, decision });
    assert.ok(output);
    const out = path.join(scratch, `out ${name}`);
    mkdirSync(out);
    const heard = async (): Promise<void> => undefined;
    const quiet = { advance: () => undefined, begun: heard, wrote: heard };
    const writing = { pool, signal: run.signal, images: "copy", ...quiet } as const;
    await output.write(out, writing);
    // An interrupted attempt may have left it.
    const [file = ""] = await output.write(out, writing);
    await output.verify(out, writing, null);
    return Object.keys(await contentOf(await open(`written ${name}`, readFileSync(path.join(out, file)))));
  }

  it("go into the folder of their split, under another name where theirs is taken, with what belongs to them", async () => {
    const files = {
      "set/train/A/1.png": png(1),
      "set/train/A/1.txt": "of one",
      "set/train/A/2.png": png(2),
      "set/val/A/1.png": png(3),
      "set/val/B/3.png": png(4),
    };
    const paths = await written("moves.tar", files, ({ splitOf, splits }, id) => ({
      splitOf: splitOf.map((split, sample) =>
        /train\/A\/[12]/.test(id(sample)) ? splits.findIndex(({ name }) => name === "val") : split,
      ),
    }));
    assert.deepEqual(paths, ["set/val/A/1-2.png", "set/val/A/1.png", "set/val/A/2.png", "set/val/B/3.png"]);
  });

  it("go into new folders where the archive has none", async () => {
    const files = { "set/A/1.png": png(1), "set/B/2.png": png(2), "set/README.md": "x" };
    const paths = await written("new.tar", files, ({ splits, splitOf }) => ({
      splits: [...splits, { name: "train", role: "train" }, { name: "test", role: "test" }],
      splitOf: splitOf.map((split, sample) => split + 1 + (sample % 2)),
    }));
    assert.deepEqual(paths, ["set/test/B/2.png", "set/train/A/1.png"]);
  });
});
