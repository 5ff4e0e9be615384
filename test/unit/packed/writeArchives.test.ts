import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { OpenFile } from "../../../src/engine/sources/arrays/bytes";
import { listZipRecords } from "../../../src/engine/sources/arrays/zip";
import type { PackedFile } from "../../../src/engine/sources/packed/packedFile";
import { listTar, ownerOf } from "../../../src/engine/sources/packed/tar";
import { ZIP_LIMITS } from "../../../src/engine/sources/packed/zip";
import type { PackedWriteJob } from "../../../src/engine/write/packedWriters";
import { writeTar } from "../../../src/engine/write/tar";
import { writeZip } from "../../../src/engine/write/zip";
import { MTIME, padded, TAR_END, tarHeader, tarOf, zipOf, type Files } from "../../support/archives";
import { contentOf, usePacked } from "./support";

/** Entries of an archive by name, with all bytes of their headers but for where they lie. */
function entriesOf(path: string): Record<string, string> {
  const file = new OpenFile(path);
  try {
    if (path.endsWith(".zip")) {
      return Object.fromEntries(
        listZipRecords(file, ZIP_LIMITS).map(({ name, record, from, to }) => {
          const placeless = Buffer.from(record);
          placeless.fill(0, 42, 46);
          return [name, placeless.toString("latin1") + Buffer.from(file.read(from, to - from)).toString("latin1")];
        }),
      );
    }
    return Object.fromEntries(
      [...listTar(file)].map(({ name, start, end }) => [
        name,
        Buffer.from(file.read(start, end - start)).toString("latin1"),
      ]),
    );
  } finally {
    file.close();
  }
}

const stem = fc.stringMatching(/^[a-z]{1,4}(?:\.[a-z]{1,2})?$/);
const folder = fc.constantFrom("", "a/", "a/b/", "long/".repeat(30));
const file = fc.tuple(folder, stem, fc.constantFrom(".png", ".jpg", ".cls", ".json", ".md", ".txt"));
const files = fc.uniqueArray(
  file.map((parts) => parts.join("")),
  { maxLength: 25 },
);

describe("an archive that is written anew", () => {
  const { file: fileOf, open } = usePacked();

  /** Writes those images of an archive that `keep` says, and answers the written file. */
  async function write(
    name: string,
    bytes: Buffer,
    keep: (image: string) => boolean,
    more: Partial<PackedWriteJob> & { readonly to?: (image: string) => string | null } = {},
  ): Promise<string> {
    const packed: PackedFile = await open(name, bytes);
    const [images] = packed.images;
    assert.ok(images?.names && images.places);
    const { names, places } = images;
    const out = fileOf(`out ${name}`, Buffer.alloc(0));
    rmSync(out);
    const { to, ...job } = more;
    const all: PackedWriteJob = {
      source: packed.path,
      key: "",
      places,
      stays: Uint8Array.from(names, (image) => (keep(image) ? 1 : 0)),
      out,
      isGzip: false,
      signal: new AbortController().signal,
      advance: () => undefined,
      ...(to === undefined ? {} : { rename: (position) => to(names[position] ?? "") }),
      ...job,
    };
    await (name.endsWith(".zip") ? writeZip : writeTar)(all);
    packed.close();
    return out;
  }

  for (const [name, make] of [
    ["x.tar", tarOf],
    ["x.zip", zipOf],
  ] as const) {
    it(`keeps every byte of what stays, and leaves out nothing but images and what belongs to them: ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(files, fc.infiniteStream(fc.boolean()), async (paths, stays) => {
          const content: Files = Object.fromEntries(
            paths.map((path, index) => [path, `${path} ${"x".repeat(index * 97)}`]),
          );
          const isImage = (path: string): boolean => /\.(?:png|jpg)$/.test(path);
          const kept = new Set(paths.filter((path) => !isImage(path) || stays.next().value));
          const out = await write(name, await make(content), (image) => kept.has(image));
          const [before, after] = [entriesOf(fileOf(`again ${name}`, await make(content))), entriesOf(out)];
          for (const [path, bytes] of Object.entries(after)) assert.equal(bytes, before[path], path);
          const stems = (path: string): string[] => [
            path.replace(/\.[^.]*$/, ""),
            path.replace(/([^/.]+)\.[^/]*$/, "$1"),
          ];
          for (const path of paths) {
            // A companion leaves when all images of its name do.
            const own = isImage(path)
              ? []
              : paths.filter((other) => isImage(other) && stems(other).some((s) => stems(path).includes(s)));
            const stayed = own.filter((other) => kept.has(other)).length;
            if (isImage(path) || stayed === own.length) assert.equal(path in after, kept.has(path), path);
            else if (own.length === 1) assert.ok(!(path in after), path);
          }
          const written = await open(`written ${name}`, readFileSync(out));
          assert.deepEqual(Object.keys(await contentOf(written)).sort(), [...kept].filter(isImage).sort());
          written.close();
        }),
        { numRuns: 60 },
      );
    });

    it(`gives an image another path with what belongs to it: ${name}`, async () => {
      const content = {
        "train/A/1.png": "one",
        "train/A/1.cls": "5",
        "train/A/10.png": "ten",
        "test/A/2.png": "two",
        "é.md": "é",
      };
      const long = `test/${"y".repeat(150)}ä`;
      const to = (image: string): string | null => (image === "train/A/1.png" ? `${long}/1.png` : null);
      const out = await write(name, await make(content), () => true, { to });
      const written = await open(`moved ${name}`, readFileSync(out));
      assert.deepEqual(await contentOf(written), {
        [`${long}/1.png`]: "one",
        "train/A/10.png": "ten",
        "test/A/2.png": "two",
      });
      const names = Object.keys(entriesOf(out)).sort();
      assert.deepEqual(names, [`${long}/1.cls`, `${long}/1.png`, "test/A/2.png", "train/A/10.png", "é.md"].sort());
    });
  }

  it("keeps owner, mode and time of what moves in tar", async () => {
    const out = await write("owner.tar", await tarOf({ "a/1.png": "1" }), () => true, { to: () => "b/1.png" });
    const { mode, uid, gid, mtime, uname } = ownerOf(readFileSync(out).subarray(0, 512));
    assert.deepEqual(
      { mode, uid, gid, mtime, uname },
      { mode: 0o640, uid: 1000, gid: 100, mtime: MTIME, uname: "ann" },
    );
  });

  it("keeps headers for all files of a tar, and no link to an image that left", async () => {
    const global = "23 comment=keep this ok\n";
    const bytes = Buffer.concat([
      tarHeader("g", { type: "g", size: global.length }),
      padded(global),
      tarHeader("1.png", { size: 1 }),
      padded("1"),
      tarHeader("2.png", { size: 1 }),
      padded("2"),
      tarHeader("to one.png", { type: "1", target: "1.png" }),
      tarHeader("to two.png", { type: "1", target: "./2.png" }),
      TAR_END,
    ]);
    const out = await write("links.tar", bytes, (image) => image === "2.png");
    assert.deepEqual(Object.keys(entriesOf(out)), ["2.png", "to two.png"]);
    assert.ok(readFileSync(out).includes(global));
  });

  it("is compressed again where the source was", async () => {
    const bytes = await tarOf({ "1.png": "1", "2.png": "2" });
    const out = await write("plain.tar", bytes, (image) => image === "2.png", { isGzip: true });
    const written = await open("inflated.tar", gunzipSync(readFileSync(out)));
    assert.deepEqual(await contentOf(written), { "2.png": "2" });
  });

  it("leaves nothing behind when it is cancelled, and overwrites nothing", async () => {
    const abort = new AbortController();
    abort.abort();
    const bytes = await tarOf({ "1.png": "1" });
    await assert.rejects(
      write("stopped.tar", bytes, () => true, { signal: abort.signal }),
      { name: "AbortError" },
    );
    const late = new AbortController();
    const stopping = write("late.tar", bytes, () => true, { signal: late.signal, advance: () => late.abort() });
    await assert.rejects(stopping, { name: "AbortError" });
    const out = fileOf("taken.tar", Buffer.from("mine"));
    await assert.rejects(
      write("source.tar", bytes, () => true, { out }),
      /taken\.tar exists already/,
    );
    assert.equal(readFileSync(out, "utf8"), "mine");
    for (const name of ["out stopped.tar", "out late.tar"])
      assert.ok(!existsSync(out.replace("taken.tar", name)), name);
  });
});
