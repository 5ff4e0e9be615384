import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { CleanSplitError } from "../../../src/core/errors";
import { columnOf, readColumns, writeColumns, type Column } from "../../../src/engine/lab/columnFile";

const isCorrupt = (error: unknown): boolean => error instanceof CleanSplitError && error.reason === "corrupt";

describe("files of columns", () => {
  let folder = "";
  let file = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cleansplit-columns-"));
    file = path.join(folder, "x.columns");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const values = fc.oneof(fc.uint8Array(), fc.uint16Array(), fc.uint32Array(), fc.int32Array(), fc.float32Array());
  const columns = fc.array(
    fc.record({ name: fc.string(), values }).map(({ name, values }): Column => {
      return { name, shape: values.length % 2 === 0 ? [values.length / 2, 2] : [values.length], values };
    }),
    { maxLength: 4 },
  );

  it("answer what was written, and leave nothing else behind", async () => {
    await fc.assert(
      fc.asyncProperty(columns, async (written) => {
        writeColumns(file, written);
        assert.deepEqual(await readColumns(file), written);
        assert.deepEqual(readdirSync(folder), ["x.columns"]);
      }),
      { numRuns: 50 },
    );
  });

  it("are refused when a byte was changed, or lost", async () => {
    writeColumns(file, [{ name: "a", shape: [1], values: Float32Array.of(1) }]);
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      writeFileSync(file, whole.subarray(0, at));
      await assert.rejects(readColumns(file), isCorrupt, `cut off at ${at}`);
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      writeFileSync(file, changed);
      const read = await readColumns(file).catch((error: unknown) => assert.ok(isCorrupt(error), `changed at ${at}`));
      // Only a name can change without being found out.
      if (read !== undefined) assert.notEqual(read[0]?.name, "a");
    }
    await assert.rejects(readColumns(path.join(folder, "missing")), isCorrupt);
  });

  it("have columns of the type that is asked for", () => {
    const read: readonly Column[] = [{ name: "a", shape: [1], values: Uint8Array.of(1) }];
    assert.deepEqual(columnOf(read, "a", "uint8", file), Uint8Array.of(1));
    assert.throws(() => columnOf(read, "a", "uint16", file), isCorrupt);
    assert.throws(() => columnOf(read, "b", "uint8", file), isCorrupt);
  });
});
