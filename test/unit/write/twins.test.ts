import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DEFAULT_OPTIONS } from "../../../src/core/sanitize/options";
import { decide } from "../../../src/core/sanitize/policies";
import type { Decision } from "../../../src/core/sanitize/policy";
import type { Inspection } from "../../../src/engine/inspection";
import { differingTwins, keepDiffering } from "../../../src/engine/write/twins";
import { npy } from "../arrays/support";
import { extractPublished, png, PUBLISHED_DATA, writeTree } from "../engine/support";
import { createPool, inspectFolder } from "./support";

function decisionOf({ findings, dataset }: Inspection): Decision {
  const name = (sample: number): string => dataset.names.id(sample);
  return decide(findings, DEFAULT_OPTIONS, { keep: [], drop: [], wrong: new Set(), name, fileSize: () => 0 });
}

describe("twins", () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-twins-"));
  const pool = createPool();
  const { signal } = new AbortController();
  after(async () => {
    await pool.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  it("that are equal in bytes or in pixels may leave", async () => {
    const root = writeTree(path.join(scratch, "equal"), {
      "train/a.png": png(1),
      "test/a.png": png(1),
      "train/b.png": png(2),
      "test/b.png": png(2, 0),
    });
    const inspection = await inspectFolder(root, pool);
    const decision = decisionOf(inspection);
    assert.deepEqual([...decision.twinOf].filter((twin) => twin >= 0).length, 2);
    assert.deepEqual([...(await differingTwins(inspection, decision, pool, signal))], []);
  });

  it("that changed since the inspection are no collision: the person is told to inspect again", async () => {
    for (const level of [6, 0]) {
      const root = writeTree(path.join(scratch, `changed ${level}`), {
        "train/a.png": png(1),
        "test/a.png": png(1, level),
      });
      const inspection = await inspectFolder(root, pool);
      writeFileSync(path.join(root, "test/a.png"), png(9, level));
      await assert.rejects(
        differingTwins(inspection, decisionOf(inspection), pool, signal),
        /train\/a\.png changed since the inspection: .* Inspect the dataset again/,
      );
    }
  });

  it("among rows of arrays are equal when their bytes are, or their pixels", async () => {
    const file = path.join(scratch, "rows.npy");
    const rows = Float32Array.from({ length: 6 * 16 }, (_, at) => (at % 80) / 255);
    const save = (): void => {
      const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (6, 4, 4), }";
      writeFileSync(file, npy(header, new Uint8Array(rows.buffer)));
    };
    for (const zero of [0, -0]) {
      rows[80] = zero;
      save();
      const inspection = await inspectFolder(file, pool);
      const decision = decisionOf(inspection);
      assert.deepEqual([...decision.twinOf], [-1, -1, -1, -1, -1, 0]);
      assert.deepEqual([...(await differingTwins(inspection, decision, pool, signal))], []);
    }
    const inspection = await inspectFolder(file, pool);
    rows[80] = 1;
    save();
    await assert.rejects(
      differingTwins(inspection, decisionOf(inspection), pool, signal),
      /rows\.npy#\[5\] changed since the inspection: .* Inspect the dataset again/,
    );
  });

  it("that are forged into one MD5 stay, both", async function () {
    if (!existsSync(path.join(PUBLISHED_DATA, "md5_collisions.tar.gz"))) {
      console.log(`      skipped: there is no md5_collisions.tar.gz in ${PUBLISHED_DATA}`);
      this.skip();
    }
    const inspection = await inspectFolder(extractPublished("md5_collisions"), pool);
    const { findings, dataset } = inspection;
    const { pixelDigests, provisional } = findings.fingerprints;
    const ids = Array.from({ length: findings.table.count }, (_, sample) => dataset.names.id(sample));
    const decision = decisionOf(inspection);
    assert.ok(
      decision.stays.every((stays) => stays === 1),
      "their pixels tell them apart already",
    );
    // As if the MD5 of their pixels had collided, too.
    for (const [one, other] of [
      ["collision1.png", "collision2.png"],
      ["collision1.jpg", "collision2.jpg"],
      ["collision1.gif", "collision2.gif"],
    ] as const) {
      const [a, b] = [one, other].map((name) => ids.findIndex((id) => id.endsWith(name)));
      assert.ok(a !== undefined && b !== undefined && a >= 0 && b >= 0);
      pixelDigests.copyWithin(16 * b, 16 * a, 16 * a + 16);
      provisional[b] = provisional[a] ?? 0;
      const claimed = {
        ...decision,
        stays: decision.stays.slice(),
        reasonOf: decision.reasonOf.slice(),
        twinOf: decision.twinOf.slice(),
      };
      claimed.stays[b] = 0;
      claimed.reasonOf[b] = 1;
      claimed.twinOf[b] = a;
      const differing = await differingTwins(inspection, claimed, pool, signal);
      assert.deepEqual([...differing], [b], one);
      const kept = keepDiffering(claimed, findings.table.splitOf, differing);
      for (const column of ["stays", "splitOf", "reasonOf", "twinOf"] as const) {
        assert.deepEqual(kept[column], decision[column], `${one}: ${column}`);
      }
    }
  });
});
