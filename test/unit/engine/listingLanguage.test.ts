import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { useTranslations } from "../../../src/core/language";
import { Listings } from "../../../src/engine/index/listings";
import type { Pool } from "../../../src/engine/pool/pool";
import { recogniseFolder } from "../../../src/engine/recognition/folders";
import { inputsOf } from "../../../src/engine/recognition/inputs";
import { Recognition } from "../../../src/engine/recognition/recognition";
import { listFolder, type FolderStamp } from "../../../src/engine/sources/listing";
import { Unpacked } from "../../../src/engine/sources/packed/unpacked";

const SPANISH = JSON.stringify({
  "en-US/The language of the translation, as a BCP 47 tag such as es: numbers and times are written as in it.": "es",
  "hidden file": "archivo oculto",
});
const STAMP: FolderStamp = { inode: 1, modified: 1, changed: 1 };

/** Lists folders here, which never change. */
const POOL = {
  run: (_job: "list", { root, folder, known }: { root: string; folder: string; known: FolderStamp | null }) =>
    Promise.resolve({ listed: known === null ? listFolder(root, folder, null).listed : null, stamp: STAMP }),
} as unknown as Pool;

describe("folders that were listed before", () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-language-"));
  after(() => rmSync(scratch, { recursive: true, force: true }));
  afterEach(() => useTranslations("{}"));

  it("say in the language of now why something is left out", async () => {
    const index = path.join(scratch, "index");
    writeFileSync(path.join(scratch, ".secret"), "");
    const [input] = inputsOf({ inputs: [scratch], assignments: [] });
    assert.ok(input !== undefined);
    const reasons = async (): Promise<readonly string[]> => {
      const found = new Recognition([]);
      const run = { signal: new AbortController().signal, progress: () => undefined };
      await recogniseFolder(input, found, POOL, run, new Listings(index), new Unpacked());
      return found.ignored.filter(({ path: name }) => name === ".secret").map(({ reason }) => reason);
    };
    assert.deepEqual(await reasons(), ["hidden file"]);
    useTranslations(SPANISH);
    assert.deepEqual(await reasons(), ["archivo oculto"]);
    assert.deepEqual(await reasons(), ["archivo oculto"]);
    useTranslations("{}");
    assert.deepEqual(await reasons(), ["hidden file"]);
  });
});
