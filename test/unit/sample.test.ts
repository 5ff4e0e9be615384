import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { buffer } from "node:stream/consumers";
import { brotliCompressSync } from "node:zlib";
import { pack } from "tar-stream";
import { CleanSplitError } from "../../src/core/errors";
import { unpackSample } from "../../src/engine/sample";

const MEDIA = join(__dirname, "../../media/sample");
const ARCHIVE = join(MEDIA, "letters.tar.br");

interface Forged {
  name: string;
  type?: "symlink";
  linkname?: string;
}

interface Truth {
  images: number;
  files: number;
  treeSha256: string;
  splits: { name: string; samples: number }[];
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
}

async function hashTree(folder: string): Promise<string> {
  const tree = createHash("sha256");
  for (const path of await listFiles(folder)) {
    const sum = createHash("sha256").update(await readFile(join(folder, path)));
    tree.update(`${sum.digest("hex")}  ${path}\n`);
  }
  return tree.digest("hex");
}

function refusal(reason: string, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof CleanSplitError && error.reason === reason && message.test(error.message);
}

describe("the sample dataset", () => {
  let temporary: string;

  before(async () => {
    temporary = await mkdtemp(join(await realpath(tmpdir()), "cleansplit-sample-test-"));
  });

  after(async () => {
    await rm(temporary, { recursive: true, force: true });
  });

  async function forge(name: string, ...entries: Forged[]): Promise<string> {
    const tar = pack();
    for (const header of entries) tar.entry(header, header.type === "symlink" ? "" : "forged");
    tar.finalize();
    const archive = join(temporary, name);
    await writeFile(archive, brotliCompressSync(await buffer(tar)));
    return archive;
  }

  it("takes 2 MB at most, with the licences", async () => {
    const sizes = await Promise.all((await readdir(MEDIA)).map(async (name) => (await stat(join(MEDIA, name))).size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(total <= 2_000_000, `${total} bytes`);
  });

  it("unpacks to the files that were counted, once", async () => {
    const truth = JSON.parse(await readFile(join(MEDIA, "truth.json"), "utf8")) as Truth;
    const into = join(temporary, "new", "place");
    const { folder, files } = await unpackSample(ARCHIVE, into);
    assert.equal(folder, join(into, "letters"));
    assert.equal(files, truth.files);

    const paths = await listFiles(folder);
    const images = paths.filter((path) => path.endsWith(".png"));
    assert.equal(paths.length, truth.files);
    assert.equal(images.length, truth.images);
    assert.ok(truth.images >= 6000);
    for (const { name, samples } of truth.splits) {
      assert.equal(images.filter((path) => path.startsWith(`${name}/`)).length, samples);
    }
    assert.equal(await hashTree(folder), truth.treeSha256);
    assert.deepEqual(await readdir(into), ["letters"], "nothing else is left behind");

    const before = await stat(folder);
    assert.deepEqual(await unpackSample(ARCHIVE, into), { folder, files });
    assert.equal((await stat(folder)).mtimeMs, before.mtimeMs);

    await rm(join(folder, images[0] ?? ""));
    await assert.rejects(unpackSample(ARCHIVE, into), refusal("conflict", /1 of the sample's \d+ files/));
  });

  it("refuses archives that reach outside their folder", async () => {
    const into = join(temporary, "forged");
    const names = [
      "../out.png",
      "letters/../../out.png",
      "/out.png",
      "letters\\..\\..\\out.png",
      "letters/C:x.png",
      "x.png",
    ];
    for (const [i, name] of names.entries()) {
      const archive = await forge(`forged-${i}.tar.br`, { name: "letters/good.png" }, { name });
      await assert.rejects(unpackSample(archive, into), refusal("refused", /outside its folder/), name);
    }
    const links = await forge(
      "link.tar.br",
      { name: "letters/train", type: "symlink", linkname: "../.." },
      { name: "letters/train/out.png" },
    );
    await assert.rejects(unpackSample(links, into), refusal("refused", /more than plain files/));
    const twice = await forge("twice.tar.br", { name: "letters/a.png" }, { name: "letters/A.png" });
    await assert.rejects(unpackSample(twice, into), refusal("refused", /twice/));
    await assert.rejects(stat(into), { code: "ENOENT" }, "nothing was written");
  });

  it("refuses to write through a link", async function () {
    const into = join(temporary, "linked");
    const elsewhere = join(temporary, "elsewhere");
    await mkdir(into);
    await mkdir(elsewhere);
    try {
      await symlink(elsewhere, join(into, "letters"), "junction");
    } catch {
      this.skip();
    }
    await assert.rejects(unpackSample(ARCHIVE, into), refusal("conflict", /is a link/));
    assert.deepEqual(await readdir(elsewhere), []);
  });

  it("says what is wrong with the archive", async () => {
    const into = join(temporary, "broken");
    await assert.rejects(unpackSample(join(temporary, "none.tar.br"), into), refusal("not-found", /cannot be read/));
    const broken = join(temporary, "broken.tar.br");
    await writeFile(broken, (await readFile(ARCHIVE)).subarray(0, 100_000));
    await assert.rejects(unpackSample(broken, into), refusal("corrupt", /cannot be read/));
    const empty = await forge("empty.tar.br");
    await assert.rejects(unpackSample(empty, into), refusal("corrupt", /is empty/));
  });

  it("stops when asked, leaving nothing", async () => {
    const into = join(temporary, "stopped");
    const stop = new AbortController();
    const unpacking = unpackSample(ARCHIVE, into, stop.signal);
    const timer = setInterval(() => {
      readdir(into).then(
        (names) => {
          if (names.length > 0) stop.abort();
        },
        () => undefined,
      );
    }, 1);
    await assert.rejects(unpacking, { name: "AbortError" });
    clearInterval(timer);
    assert.deepEqual(await readdir(into), []);
  });
});
