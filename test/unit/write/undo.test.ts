import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CleanSplitError } from "../../../src/core/errors";
import { attemptFolder } from "../../../src/engine/write/attempt";
import { quiet, treeOf, useEngine, writeTree } from "../engine/support";
import { leakyDataset, sanitize } from "./support";

describe("a written copy", () => {
  const { engine, scratch } = useEngine();
  let number = 0;
  async function written(): Promise<{ readonly root: string; readonly out: string }> {
    const folder = path.join(scratch, `copy ${++number}`);
    const [root, out] = [leakyDataset(path.join(folder, "data")), path.join(folder, "copy")];
    await sanitize(engine, root, out);
    return { root, out };
  }

  it("is verified wherever it is moved; what systems leave in folders does not matter", async () => {
    const { root, out } = await written();
    writeTree(out, { ".DS_Store": "x", "train/._1.png": "x", ".cleansplit/dataset.json": "{}" });
    const moved = path.join(scratch, "elsewhere", "copy");
    cpSync(out, moved, { recursive: true });
    rmSync(out, { recursive: true });
    rmSync(root, { recursive: true });
    const found = await engine.verify({ folder: moved }, quiet());
    assert.deepEqual([found.ok, found.problems, found.samples], [true, [], 14]);
    assert.match(
      found.verified.join(" "),
      /15 files have the size and the SHA-256.*14 images: train 6, test 8\. 3 files that are no part of the data were passed over/,
    );
  });

  it("is not verified when a file is missing, changed or added, and each is named", async () => {
    const { out } = await written();
    rmSync(path.join(out, "train/A/1.png"));
    writeFileSync(path.join(out, "train/B/1.png"), "short");
    const same = readFileSync(path.join(out, "test/A/1.png"));
    same[20] = (same[20] ?? 0) ^ 1;
    writeFileSync(path.join(out, "test/A/1.png"), same);
    writeTree(out, { "test/B/added.png": "x" });
    const { ok, problems } = await engine.verify({ folder: out }, quiet());
    assert.equal(ok, false);
    assert.equal(problems.length, 4);
    assert.match(problems.join("\n"), /^train\/A\/1\.png is missing\.\n/);
    assert.match(problems.join("\n"), /test\/A\/1\.png was changed: its SHA-256 is another one\./);
    assert.match(problems.join("\n"), /train\/B\/1\.png was changed: it has 5 bytes instead of \d+\./);
    assert.match(problems.join("\n"), /test\/B\/added\.png was added; it is not part of the copy\.$/);
  });

  it("is not verified without a certificate, or by one that was changed", async () => {
    const { out } = await written();
    const file = path.join(out, "cleansplit-certificate.json");
    const text = readFileSync(file, "utf8");
    const refusal = async (changed: string): Promise<string> => {
      writeFileSync(file, changed);
      const error: unknown = await engine.verify({ folder: out }, quiet()).catch((reason: unknown) => reason);
      assert.ok(error instanceof CleanSplitError, String(error));
      return error.message;
    };
    assert.match(await refusal(text.slice(0, -20)), /is no certificate of CleanSplit/);
    assert.match(await refusal("[]"), /it is no object/);
    assert.match(
      await refusal(text.replace("certificate@1", "certificate@9")),
      /expected the schema cleansplit\/certificate@1/,
    );
    assert.match(
      await refusal(text.replace(/"sha256": ?"/, '"sha": "')),
      /file 1 in it lacks its path, size or SHA-256/,
    );
    writeFileSync(file, text.replace('"samples": 14', '"samples": 15'));
    assert.match((await engine.verify({ folder: out }, quiet())).problems.join(), /its splits hold 14 images, not 15/);
    rmSync(file);
    await assert.rejects(
      engine.verify({ folder: out }, quiet()),
      /holds no cleansplit-certificate.json: expected a folder that/,
    );
    await assert.rejects(engine.verify({ folder: path.join(out, "nothing") }, quiet()), /holds no/);
  });

  it("is taken back as a whole, and the source stays", async () => {
    const { root, out } = await written();
    const before = treeOf(root);
    const { files, kept } = await engine.undo({ folder: out }, quiet());
    assert.deepEqual([files, kept], [16, []]);
    assert.ok(!existsSync(out));
    assert.deepEqual(treeOf(root), before);
  });

  it("leaves to people what they added or changed, and names it", async () => {
    const { out } = await written();
    writeTree(out, { "train/A/mine.txt": "mine", "notes/mine.md": "mine" });
    mkdirSync(path.join(out, "empty"));
    writeFileSync(path.join(out, "test/A/1.png"), "better");
    const { kept } = await engine.undo({ folder: out }, quiet());
    const expected = ["notes/mine.md", "test/A/1.png", "train/A/mine.txt"];
    assert.deepEqual(
      [...kept].sort(),
      expected.map((file) => path.join(out, file)),
    );
    assert.deepEqual(
      treeOf(out).map((line) => line.split(" ")[0]),
      expected,
    );
    assert.ok(existsSync(path.join(out, "empty")) && !existsSync(path.join(out, "train/B")));
    // There is nothing more that could be taken back.
    await assert.rejects(
      engine.undo({ folder: out }, quiet()),
      /Only what CleanSplit wrote can be taken back; nothing was removed/,
    );
  });

  it("touches nothing outside, whatever a certificate names and wherever links lead", async function () {
    if (process.platform === "win32") this.skip();
    const { root, out } = await written();
    const before = treeOf(root);
    const file = path.join(out, "cleansplit-certificate.json");
    const certificate = JSON.parse(readFileSync(file, "utf8")) as { files: { path: string }[] };
    const outside = certificate.files.map((entry) => ({ ...entry, path: `../data/${entry.path}` }));
    // The same files by a link in the copy, and by paths that lead out of it.
    rmSync(path.join(out, "train"), { recursive: true });
    symlinkSync(path.join(root, "train"), path.join(out, "train"));
    writeFileSync(file, JSON.stringify({ ...certificate, files: [...certificate.files, ...outside] }));
    const { kept } = await engine.undo({ folder: out }, quiet());
    assert.deepEqual(treeOf(root), before);
    assert.deepEqual(kept, [path.join(out, "train")]);
  });

  it("that was interrupted is taken back, too; what was put beside it stays", async () => {
    const folder = path.join(scratch, "interrupted");
    const out = path.join(folder, "copy");
    const part = attemptFolder(out);
    const journal = [
      { schema: "cleansplit/journal@1", version: "0", plan: "", dataset: "", images: "copy" },
      { begun: ["train/1.png", "train/2.png"] },
    ];
    const parts = {
      "journal.jsonl": journal.map((entry) => `${JSON.stringify(entry)}\n`).join(""),
      "data/train/1.png": "half",
      "data/train/mine.png": "mine",
    };
    writeTree(part, parts);
    await assert.rejects(engine.verify({ folder: out }, quiet()), /was not written to its end.*cleansplit undo/);
    const { files, kept } = await engine.undo({ folder: out }, quiet());
    assert.deepEqual([files, kept], [1, [path.join(part, "data/train/mine.png")]]);
    rmSync(path.join(part, "data/train/mine.png"));
    // By the name of the folder itself.
    assert.deepEqual((await engine.undo({ folder: part }, quiet())).folder, out);
    assert.ok(!existsSync(part));
  });
});
