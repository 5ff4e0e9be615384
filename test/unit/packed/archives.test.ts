import assert from "node:assert/strict";
import fc from "fast-check";
import { CleanSplitError } from "../../../src/core/errors";
import { padded, TAR_END, tarHeader, tarOf, withChecksum, zipOf } from "../../support/archives";
import { takesAtMost } from "../../support/takesAtMost";
import { contentOf, usePacked } from "./support";

/** A path of an image with letters of all kinds, sometimes too long for the fields of a tar header. */
const imagePath = fc
  .array(
    fc.oneof(
      fc.stringMatching(/^[a-zA-Z0-9 äß漢-]{1,12}$/),
      fc.stringMatching(/^[a-z]{60}$/),
      fc.stringMatching(/^[é]{101}$/),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => `${parts.join("/")}.png`)
  .filter((name) => !name.split("/").some((part) => part.startsWith(".")));

const files = fc
  .uniqueArray(fc.tuple(imagePath, fc.uint8Array({ maxLength: 1500 })), { selector: ([name]) => name, maxLength: 8 })
  .map((entries) => entries.map(([name, bytes]) => [name, Buffer.from(bytes)] as const));

describe("archives of images", () => {
  const { open } = usePacked();

  for (const [kind, make] of [
    ["x.tar", tarOf],
    ["x.zip", zipOf],
    ["stored.zip", (all: Record<string, Buffer>): Promise<Buffer> => zipOf(all, false)],
  ] as const) {
    it(`of any names and contents are read as they were packed: ${kind}`, async () => {
      await fc.assert(
        fc.asyncProperty(files, async (entries) => {
          const all = Object.fromEntries(entries);
          const packed = await open(kind, await make(all));
          const expected = Object.fromEntries(entries.map(([name, bytes]) => [name, bytes.toString("latin1")]));
          assert.deepEqual(await contentOf(packed), expected);
          packed.close();
        }),
        { numRuns: 60 },
      );
    });
  }

  it("give images in the order of folders and names, whatever the order of the archive", async () => {
    const packed = await open(
      "order.tar",
      await tarOf({ "b/2.png": "4", "a/z.png": "2", "b/1.png": "3", "0.png": "1" }),
    );
    assert.deepEqual(packed.images[0]?.names, ["0.png", "a/z.png", "b/1.png", "b/2.png"]);
    assert.deepEqual(Object.values(await contentOf(packed)), ["1", "2", "3", "4"]);
    await assert.rejects(packed.read("", 3, 2), RangeError);
  });

  it("say what is no image and why, many of a kind as one", async () => {
    const notes = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`a/${index}.md`, ""]));
    const content = {
      "./a/1.png": "1",
      ".DS_Store": "",
      "__MACOSX/a/._1.png": "",
      "a/._1.png": "",
      "in.zip": "",
      ...notes,
    };
    for (const packed of [
      await open("ignored.tar", await tarOf(content)),
      await open("ignored.zip", await zipOf(content)),
    ]) {
      assert.deepEqual(packed.images[0]?.names, ["a/1.png"]);
      assert.deepEqual(
        packed.ignored.map(({ path, reason }) => `${path}: ${reason}`),
        [
          ".DS_Store: hidden file",
          "in.zip: archive in an archive, which is not opened",
          "__MACOSX/a/._1.png: in a folder that never holds a dataset's images",
          "a/._1.png: macOS resource fork",
          "a/*.md: 9 files: not an image by its name",
        ],
      );
    }
  });

  it("never follow links, open devices or read files with holes", async () => {
    const links = [
      tarHeader("a/hard.png", { type: "1", target: "/etc/passwd" }),
      tarHeader("a/soft.png", { type: "2", target: "../../etc/passwd" }),
      tarHeader("a/device.png", { type: "3" }),
      tarHeader("a/pipe.png", { type: "6" }),
      tarHeader("a/holes.png", { type: "S", size: 3 }),
      padded("abc"),
      tarHeader("a/1.png", { size: 1 }),
      padded("1"),
    ];
    const packed = await open("links.tar", Buffer.concat([...links, TAR_END]));
    assert.deepEqual(await contentOf(packed), { "a/1.png": "1" });
    assert.deepEqual(
      packed.ignored.map(({ reason }) => reason),
      [
        "link, which is not followed in an archive",
        "link, which is not followed in an archive",
        "neither a file nor a folder",
        "neither a file nor a folder",
        "file with holes, which is not read from an archive",
      ],
    );
  });

  describe("in tar", () => {
    const entry = (header: Buffer, content: string): Buffer => Buffer.concat([header, padded(content)]);
    const pax = (records: string): Buffer =>
      entry(tarHeader("x", { type: "x", size: Buffer.from(octal(records)) }), records);
    const octal = (content: string): string => `${Buffer.byteLength(content).toString(8).padStart(11, "0")}\0`;

    it("reads names of GNU, pax, ustar and before it, and sizes in binary", async () => {
      const long = `${"long/".repeat(40)}1.png`;
      const binary = Buffer.alloc(12);
      binary[0] = 0x80;
      binary[11] = 2;
      const packed = await open(
        "names.tar",
        Buffer.concat([
          entry(tarHeader("././@LongLink", { type: "L", size: long.length + 1 }), `${long}\0`),
          entry(tarHeader("cut", { size: 3 }), "gnu"),
          pax("20 path=pax/2.png\n20 mtime=1234567.25\n".replace("20 mtime", "21 mtime").replace("20 path", "18 path")),
          entry(tarHeader("not this.png", { size: 3 }), "pax"),
          entry(tarHeader("3.png", { prefix: "ustar/folder", size: 5 }), "ustar"),
          entry(tarHeader("old/4.png", { type: "\0", magic: "", size: 2 }), "v7"),
          entry(tarHeader("5.png", { size: binary }), "b2"),
          entry(tarHeader(Buffer.from("latin/\xe4.png", "latin1"), { size: 1 }), "l"),
          TAR_END,
        ]),
      );
      assert.deepEqual(await contentOf(packed), {
        "5.png": "b2",
        "latin/ä.png": "l",
        [long]: "gnu",
        "old/4.png": "v7",
        "pax/2.png": "pax",
        "ustar/folder/3.png": "ustar",
      });
    });

    it("reads one that ends without the blocks that should end it, and nothing behind those", async () => {
      const first = entry(tarHeader("1.png", { size: 1 }), "1");
      const cut = await open("cut.tar", first);
      assert.deepEqual(await contentOf(cut), { "1.png": "1" });
      const more = await open("more.tar", Buffer.concat([first, TAR_END, Buffer.from("anything")]));
      assert.deepEqual(await contentOf(more), { "1.png": "1" });
    });

    for (const [what, bytes, message] of [
      [
        "a size beyond the file",
        tarHeader("1.png", { size: 4096 }),
        /bad\.tar ends early or is forged: 1\.png should have 4,096 bytes, and 0 are there/,
      ],
      [
        "a size that is no number",
        tarHeader("1.png", { size: Buffer.from("99999999999\0") }),
        /bad\.tar is a damaged tar file: the size of 1\.png is no number/,
      ],
      [
        "a huge size in binary",
        tarHeader("1.png", { size: Buffer.alloc(12, 0xff) }),
        /the size of 1\.png is no number|ends early or is forged/,
      ],
      ["a long name that is endless", tarHeader("x", { type: "L", size: 2 ** 30 }), /ends early or is forged/],
      ["no header", Buffer.alloc(1024, 7), /there is no header at byte 0/],
      [
        "a size of pax that is none",
        Buffer.concat([pax("12 size=-5\n".replace("12", "11")), tarHeader("1.png")]),
        /the size of 1\.png is no number/,
      ],
    ] as const) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(
          open("bad.tar", bytes),
          (error) => error instanceof CleanSplitError && message.test(error.message),
          String(message),
        );
      });
    }
  });

  for (const [what, name, message] of [
    ["an absolute path", "/etc/1.png", /the path \/etc\/1\.png is absolute/],
    ["a drive", "C:\\1.png", /is absolute/],
    ["a path out of it", "a/../../1.png", /leads out of a folder/],
    ["a path out of it on Windows", "a\\..\\..\\1.png", /leads out of a folder/],
    ["a path that is too deep", `${"d/".repeat(70)}1.png`, /is deeper than 64 folders/],
    ["a path that is too long", `${"d".repeat(5000)}.png`, /has 5,004 bytes, and 4096 are read/],
  ] as const) {
    it(`are refused for ${what}`, async () => {
      const refused = (error: unknown): boolean =>
        error instanceof CleanSplitError && error.reason === "refused" && message.test(error.message);
      await assert.rejects(open("bad.tar", await tarOf({ "1.png": "1", [name]: "" })), refused);
      // yazl makes no such names, so one of the same length is exchanged.
      const stand = "y".repeat(Buffer.byteLength(name));
      const zip = await zipOf({ "1.png": "1", [stand]: "" });
      await assert.rejects(
        open("bad.zip", Buffer.from(zip.toString("latin1").replaceAll(stand, name), "latin1")),
        refused,
      );
    });
  }

  it("are refused for two files of one name", async () => {
    const twice = Buffer.concat([tarHeader("a/1.png"), tarHeader("./a//1.png"), TAR_END]);
    await assert.rejects(open("twice.tar", twice), /twice\.tar holds a\/1\.png twice/);
    const zip = await zipOf({ "a/1.png": "1", "a/2.png": "2" });
    await assert.rejects(
      open("twice.zip", Buffer.from(zip.toString("latin1").replaceAll("a/2.png", "a/1.png"), "latin1")),
      /holds a\/1\.png twice/,
    );
  });

  it("tell of an image that is damaged or forged as one that cannot be read", async () => {
    const zip = await zipOf({ "a/1.png": "1".repeat(2000), "a/2.png": "2".repeat(2000) });
    const name = zip.indexOf("a/1.png");
    const data = name + "a/1.png".length + zip.readUInt16LE(name - 2);
    zip[data + 3] = (zip[data + 3] ?? 0) ^ 0xff;
    assert.deepEqual(await contentOf(await open("damaged.zip", zip)), {
      "a/1.png": "its compressed data is damaged",
      "a/2.png": "2".repeat(2000),
    });
    const bomb = await zipOf({ "a/1.png": "1" });
    const record = bomb.lastIndexOf("PK\x01\x02");
    bomb.writeUInt32LE(900_000_000, record + 24);
    const [reason = ""] = Object.values(await contentOf(await open("bomb.zip", bomb)));
    assert.match(reason, /3 bytes are said to unpack to 900,000,000, which no image does/);
  });

  it("do not inflate what really unpacks to more than an image has", async () => {
    const zip = await zipOf({ "bomb.png": Buffer.alloc(80 * 2 ** 20) });
    const before = process.memoryUsage().arrayBuffers;
    const [reason = ""] = Object.values(await contentOf(await open("real-bomb.zip", zip)));
    assert.match(reason, /unpack to 83,886,080, which no image does/);
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 2 ** 20);
  });

  it("with very many entries are opened at once", async () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `train/${index % 100}/${index}.png`);
    const tar = Buffer.concat([...names.map((name) => tarHeader(name)), TAR_END]);
    await takesAtMost(10_000, async () => {
      const began = performance.now();
      const packed = await open("many.tar", tar);
      assert.equal(packed.images[0]?.count, names.length);
      return performance.now() - began;
    });
  });

  it("that are changed at random are refused or read", async () => {
    const content = {
      "a/1.png": "one",
      "b/2.png": "two".repeat(300),
      [`${"x".repeat(120)}/3.png`]: "",
      "a/1.cls": "5",
    };
    const seeds = [await tarOf(content), await zipOf(content)] as const;
    const change = fc.tuple(
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 0, max: 255 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 1),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (kind, changes, repair) => {
          const bytes = Buffer.from(seeds[kind === 0 ? 0 : 1]);
          for (const [place, value] of changes) bytes[Math.floor(place * bytes.length)] = value;
          if (repair && kind === 0) {
            for (let at = 0; at + 512 <= bytes.length; at += 512) {
              if (bytes.toString("latin1", at + 257, at + 262) === "ustar") withChecksum(bytes.subarray(at, at + 512));
            }
          }
          try {
            const packed = await open(kind === 0 ? "fuzz.tar" : "fuzz.zip", bytes);
            await contentOf(packed);
            packed.close();
          } catch (error) {
            assert.ok(error instanceof CleanSplitError, String(error));
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("a WebDataset", () => {
  const { open } = usePacked();
  const labels = async (content: Record<string, string>): Promise<unknown> => {
    const [images] = (await open("shard-000000.tar", await tarOf(content))).images;
    if (images === undefined) return null;
    const { names, labelOf, classes, labelReason } = images;
    return labelOf === null
      ? null
      : {
          ...Object.fromEntries(Array.from(labelOf, (label, index) => [names?.[index], classes[label] ?? null])),
          labelReason,
        };
  };

  it("has labels in .cls files", async () => {
    const content = {
      "1.jpg": "",
      "1.cls": "7\n",
      "2.jpg": "",
      "2.cls": " 10 ",
      "3.jpg": "",
      "4.a.jpg": "",
      "4.cls": "7",
    };
    assert.deepEqual(await labels(content), {
      "1.jpg": "7",
      "2.jpg": "10",
      "3.jpg": null,
      "4.a.jpg": "7",
      labelReason: "labels from the .cls files beside its images",
    });
  });

  it("has labels in .json files, as text or number", async () => {
    const content = { "1.jpg": "", "1.json": '{"label": "cat", "w": 3}', "2.jpg": "", "2.json": '{"class": 4}' };
    assert.deepEqual(await labels(content), {
      "1.jpg": "cat",
      "2.jpg": "4",
      labelReason: "labels from the .json files beside its images",
    });
  });

  it("has none where few files say one, or what they say is none", async () => {
    assert.equal(await labels({ "1.jpg": "", "2.jpg": "", "3.jpg": "", "1.cls": "1" }), null);
    assert.equal(await labels({ "1.jpg": "", "1.txt": "a caption" }), null);
    assert.equal(await labels({ "1.jpg": "", "1.json": '{"__proto__": {"label": 1}}' }), null);
    assert.equal(await labels({ "1.jpg": "", "1.json": `{"label": ${"[".repeat(5000)}` }), null);
    assert.equal(await labels({ "1.jpg": "", "1.cls": "a\u0000b" }), null);
    assert.equal(await labels({ "1.jpg": "", "1.cls": "x".repeat(70_000) }), null);
  });
});
