import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { OpenFile } from "../../../src/engine/sources/arrays/bytes";
import { readPickle } from "../../../src/engine/sources/arrays/pickle";
import { unpickle } from "../../../src/engine/sources/arrays/unpickler";
import { CIFAR_PICKLE, PICKLES, TURNED_PICKLE } from "./fixtures";
import { bytes, refuses, summary, temporaryFolder, u32, u64 } from "./support";

const CONTENT = [
  "images u1 [2,2,3] 000a0d1a27225cff80755541",
  "labels i8 [2] 0300000000000000ffffffffffffffff",
  "fortran f4 [2,3] 000000000000803f0000004000004040000080400000a040",
  "big i2 [3] 0100feff0201",
  "ints i4 [3] 01000000020000002c010000",
  "wide i8 [2] 010000000000000000f2052a01000000",
  "scalars i4 [2] 0700000008000000",
  "nested/flags b1 [2] 0100",
  "pair/0 f8 [] 0000000000000440",
  "pair/1 f8 [0,4] ",
];

/** Text as protocol 4 writes it. */
const text = (value: string): Buffer => bytes("\x8c", value.length, value);
/** A global as protocol 4 writes it. */
const named = (module: string, name: string): Buffer => bytes(text(module), text(name), "\x93");
const DTYPE = (code: string, order = "|", rest: string | Buffer = "NNN"): Buffer =>
  bytes(
    named("numpy", "dtype"),
    text(code),
    "\x89\x88\x87R(K\x03",
    text(order),
    rest,
    "J\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb",
  );
/** An empty array as protocol 4 writes it, before its state. */
const MADE = bytes(named("numpy.core.multiarray", "_reconstruct"), named("numpy", "ndarray"), "K\0\x85C\x01b\x87R");
/** An array of bytes as protocol 4 writes it. */
const array = (data: Uint8Array, dtype = DTYPE("u1"), shape = bytes("K", data.length, "\x85")): Buffer =>
  bytes(MADE, "(K\x01", shape, dtype, "\x89C", data.length, data, "tb");
const TWO = array(Uint8Array.of(1, 2));

describe("pickles", () => {
  const folder = temporaryFolder();
  const open = (content: Uint8Array, name = "x.pickle"): ReturnType<typeof readPickle> =>
    readPickle(folder.file(name, content));
  const read = (content: Uint8Array): string[] => summary(open(content));

  describe("as Python writes them", () => {
    for (const [writer, base64] of PICKLES) {
      it(writer, () => {
        assert.deepEqual(read(Buffer.from(base64, "base64")), CONTENT);
      });
    }

    it("numpy 2.4, protocol 5, transposed arrays", () => {
      const value = (a: number, b: number, c: number): number => a * 12 + b * 4 + c;
      const together: number[] = [];
      const apart: number[] = [];
      for (let a = 0; a < 2; a++) for (let c = 0; c < 4; c++) for (let b = 0; b < 3; b++) together.push(value(a, b, c));
      for (let c = 0; c < 4; c++) for (let a = 0; a < 2; a++) for (let b = 0; b < 3; b++) apart.push(value(a, b, c));
      assert.deepEqual(read(Buffer.from(TURNED_PICKLE, "base64")), [
        `together u1 [2,4,3] ${Buffer.from(together).toString("hex")}`,
        `apart u1 [4,2,3] ${Buffer.from(apart).toString("hex")}`,
      ]);
    });

    it("a batch of CIFAR-10", () => {
      const data = Buffer.from(Array.from({ length: 24 }, (_, index) => index)).toString("hex");
      assert.deepEqual(read(Buffer.from(CIFAR_PICKLE, "base64")), [
        "labels i4 [2] 0300000009000000",
        `data u1 [2,12] ${data}`,
      ]);
    });
  });

  describe("names it refuses", () => {
    const refused = (content: Uint8Array, name: string, at: number): void => {
      const message = refuses(() => read(content), "forbidden", /asks for/);
      assert.equal(
        message,
        `x.pickle asks for ${name} (at byte ${at}). A dataset needs only numpy arrays, so CleanSplit does not read this ` +
          "file; nothing in it was run.",
      );
    };
    const cases: readonly (readonly [string, Uint8Array, string, number])[] = [
      ["protocol 0, GLOBAL", bytes("cos\nsystem\n(S'echo hi'\ntR."), "os.system", 0],
      ["protocol 1, GLOBAL", bytes("}q\0U\x01acposix\nsystem\n(U\x04echotRs."), "posix.system", 6],
      ["protocol 2, GLOBAL", bytes("\x80\x02cnt\nsystem\nq\0X\x04\0\0\0echoq\x01\x85q\x02Rq\x03."), "nt.system", 2],
      ["protocol 2, Python 2", bytes("\x80\x02c__builtin__\neval\nU\x011\x85R."), "__builtin__.eval", 2],
      ["protocol 3, GLOBAL", bytes("\x80\x03cbuiltins\neval\nX\x01\0\0\x001\x85R."), "builtins.eval", 2],
      [
        "protocol 4, STACK_GLOBAL",
        bytes(
          "\x80\x04\x95",
          u64(35),
          text("subprocess"),
          "\x94",
          text("Popen"),
          "\x94\x93\x94",
          text("echo"),
          "\x85R.   ",
        ),
        "subprocess.Popen",
        32,
      ],
      ["protocol 5, STACK_GLOBAL", bytes("\x80\x05", text("builtins"), text("exec"), "\x93)R."), "builtins.exec", 18],
      [
        "STACK_GLOBAL of remembered text",
        bytes("\x80\x04", text("os"), "\x940h\0", text("system"), "\x93."),
        "os.system",
        18,
      ],
      ["INST", bytes("(S'echo'\nios\nsystem\n."), "os.system", 9],
      ["OBJ", bytes("\x80\x02(cos\nsystem\nU\x04echoo."), "os.system", 3],
      ["NEWOBJ", bytes("\x80\x02ccollections\nCounter\n)\x81."), "collections.Counter", 2],
      [
        "NEWOBJ_EX",
        bytes("\x80\x04", named("collections", "OrderedDict"), ")}\x92."),
        "an object of collections.OrderedDict made with named arguments",
        31,
      ],
      [
        "REDUCE of a class that is only named",
        bytes("\x80\x02cnumpy\nndarray\nK\x05\x85R."),
        "a call of numpy.ndarray",
        20,
      ],
      ["EXT1", bytes("\x80\x02\x82\x07."), "the registered extension 7", 2],
      ["EXT2", bytes("\x80\x02\x83\x07\x01."), "the registered extension 263", 2],
      ["EXT4", bytes("\x80\x02\x84", u32(70000), "."), "the registered extension 70000", 2],
      ["PERSID", bytes("(Pabc\n."), "an object that is kept outside of it (a persistent id)", 1],
      ["BINPERSID", bytes("\x80\x02NQ."), "an object that is kept outside of it (a persistent id)", 3],
      [
        "a dotted name",
        bytes("\x80\x04", named("numpy", "core.multiarray._reconstruct"), "."),
        "numpy.core.multiarray._reconstruct",
        39,
      ],
      ["a dotted class", bytes("\x80\x04", named("numpy", "dtype.__class__"), "."), "numpy.dtype.__class__", 26],
      [
        "an unusual spelling",
        bytes("\x80\x04", named("numpy.core.multiarray._reconstruct", "__call__"), "."),
        "numpy.core.multiarray._reconstruct.__call__",
        48,
      ],
      [
        "objects of Python 2",
        bytes("ccopy_reg\n_reconstructor\n(c__main__\nA\nc__builtin__\nobject\nNtR."),
        "copy_reg._reconstructor",
        0,
      ],
      ["objects of Python 3", bytes("ccopyreg\n_reconstructor\n."), "copyreg._reconstructor", 0],
      ["other functions of numpy", bytes("cnumpy\nload\n."), "numpy.load", 0],
      ["a text that only looks like one", bytes("\x80\x04", named("os", "system"), "0."), "os.system", 14],
    ];
    for (const [name, content, asked, at] of cases) it(`${name}: ${asked}`, () => refused(content, asked, at));

    for (const module of ["os", "posix", "nt", "subprocess", "builtins", "__builtin__", "sys", "importlib", "runpy"]) {
      for (const name of ["system", "Popen", "eval", "exec", "getattr", "__import__", "open", "import_module"]) {
        it(`${module}.${name}`, () => refused(bytes("c", module, "\n", name, "\n(S'x'\ntR."), `${module}.${name}`, 0));
      }
    }

    it("behind the first value", () => {
      refused(bytes("\x80\x04", TWO, ".cos\nsystem\n."), "os.system", 3 + TWO.length);
    });

    it("does not show what a terminal would carry out", () => {
      const content = bytes("\x80\x04", text("o\x1b[2Js"), text("x"), "\x93.");
      assert(!refuses(() => read(content), "corrupt", /no Python object can have/).includes("\x1b"));
    });
  });

  describe("instructions", () => {
    const dict = (value: Uint8Array): Buffer => bytes("\x80\x04}", text("a"), value, "s.");

    it("makes dicts, lists, tuples, sets and their memo in every way", () => {
      const a = bytes(TWO, "\x94");
      assert.deepEqual(read(bytes("\x80\x04", TWO, ".")), [" u1 [2] 0102"]);
      assert.deepEqual(read(dict(TWO)), ["a u1 [2] 0102"]);
      assert.deepEqual(read(bytes("(", text("a"), TWO, "d.")), ["a u1 [2] 0102"]);
      assert.deepEqual(read(bytes("}(", text("a"), TWO, text("a"), array(Uint8Array.of(3)), "u.")), ["a u1 [1] 03"]);
      assert.deepEqual(read(bytes("}(K\x05", TWO, "C\x01z", TWO, "u.")), ["5 u1 [2] 0102", "z u1 [2] 0102"]);
      assert.deepEqual(read(bytes("}(", text("a"), TWO, "C\x01a", TWO, "NN", "\x88", TWO, "u.")), [
        "a u1 [2] 0102",
        "a (2) u1 [2] 0102",
        "(3) u1 [2] 0102",
      ]);
      assert.deepEqual(read(bytes("](", TWO, "e.")), ["0 u1 [2] 0102"]);
      assert.deepEqual(read(bytes("(", TWO, "l.")), ["0 u1 [2] 0102"]);
      assert.deepEqual(read(bytes("(N", TWO, "t.")), ["1 u1 [2] 0102"]);
      for (const [opcode, before] of [
        ["\x85", ""],
        ["\x86", "N"],
        ["\x87", "NN"],
      ] as const) {
        assert.deepEqual(read(bytes("(", before, TWO, opcode, "t.")), [`0/${before.length} u1 [2] 0102`]);
      }
      assert.deepEqual(read(bytes("(", a, "h\0l.")), ["0 u1 [2] 0102", "1 u1 [2] 0102"]);
      assert.deepEqual(read(bytes("\x80\x04", TWO, "p7\n0g7\n.")), [" u1 [2] 0102"]);
      assert.deepEqual(read(bytes("\x80\x04", TWO, "r", u32(1e9), "0j", u32(1e9), ".")), [" u1 [2] 0102"]);
      assert.deepEqual(read(bytes("\x80\x04", TWO, "q\x09(K\x01K\x021N(0h\x092\x86\x86.")), [
        "1/0 u1 [2] 0102",
        "1/1 u1 [2] 0102",
      ]);
      assert.deepEqual(read(bytes("(", TWO, "\x8f(K\x01\x90(K\x02\x91t.")), ["0 u1 [2] 0102"]);
    });

    it("reads numbers of every form as labels", () => {
      const numbers = bytes("K\xffM\x01\x02J\xfe\xff\xff\xffI-12\nL70000L\n\x8a\x02\xff\x7f\x8b", u32(1), "\x80\x8a\0");
      assert.deepEqual(read(bytes("(", numbers, "l.")), [
        " i4 [8] " +
          ["ff000000", "01020000", "feffffff", "f4ffffff", "70110100", "ff7f0000", "80ffffff", "00000000"].join(""),
      ]);
      const wide = bytes("\x8a\x08", u64(2n ** 63n - 1n), "L-9223372036854775808\n");
      assert.deepEqual(read(bytes("](", wide, "e.")), [" i8 [2] ffffffffffffff7f0000000000000080"]);
    });

    it("takes no other lists for labels", () => {
      for (const items of [
        "",
        "\x88",
        "K\x01\x88",
        "K\x01N",
        "F1.5\n",
        "G?\xf0\0\0\0\0\0\0",
        "K\x01F-inf\n",
        "FNaN\n",
        "I01\n",
      ]) {
        refuses(() => read(bytes("(", items, "l.")), "unsupported", /x\.pickle holds no numpy arrays/);
      }
      refuses(() => read(bytes("(\x8a\x09", u64(0), "\x01l.")), "unsupported", /no numpy arrays/);
      const boxes = bytes("](", ...Array.from({ length: 17 }, () => "(K\x01K\x02l"), "e.");
      refuses(() => read(boxes), "unsupported", /no numpy arrays/);
    });

    it("reads pickles that follow one another", () => {
      const labels = "\x80\x04(K\x01K\x02l.";
      assert.deepEqual(read(bytes("\x80\x04", TWO, ".", labels)), ["0 u1 [2] 0102", "1 i4 [2] 0100000002000000"]);
      refuses(() => read(bytes("\x80\x04", TWO, ".\n")), "corrupt", /what follows its last value is no pickle/);
    });

    it("keeps keys apart that read the same", () => {
      const nested = bytes("}(", text("b"), TWO, "u");
      assert.deepEqual(
        read(bytes("}(", text("a"), nested, text("a/b"), TWO, bytes("K\x05"), TWO, text("5"), TWO, "u.")).map(
          (line) => line.split(" u1")[0],
        ),
        ["a/b", "a/b (2)", "5", "5 (2)"],
      );
    });

    it("skips arrays without numbers and says so", () => {
      const objects = bytes(MADE, "(K\x01K\x01\x85", DTYPE("O8"), "\x89]Natb");
      const content = bytes(
        "\x80\x04}(",
        text("a"),
        TWO,
        text("o"),
        objects,
        text("n"),
        array(Uint8Array.of(65), DTYPE("S1")),
        "u.",
      );
      const file = open(content);
      assert.deepEqual(
        file.skipped.map(({ key }) => key),
        ["o", "n"],
      );
      assert.match(file.skipped[0]?.reason ?? "", /^o in x\.pickle holds Python objects/);
      assert.deepEqual(summary(file), ["a u1 [2] 0102"]);
      refuses(() => read(bytes("\x80\x04", objects, ".")), "forbidden", /x\.pickle holds Python objects/);
      const records = array(Uint8Array.of(1), DTYPE("V1", "|", bytes("N", text("a"), "\x85}")));
      refuses(() => read(bytes("\x80\x04", records, ".")), "unsupported", /structured records/);
    });

    it("reads arrays from before numpy 1.0, and bytes of either Python", () => {
      assert.deepEqual(read(bytes("\x80\x04", MADE, "(K\x02\x85", DTYPE("u1"), "\x89C\x02\x01\x02tb.")), [
        " u1 [2] 0102",
      ]);
      const made = (raw: string): string[] =>
        read(bytes("\x80\x04", MADE, "(K\x01K\x02\x85", DTYPE("u1"), "I00\n", raw, "tb."));
      assert.deepEqual(made("S'\\x01\\n'\n"), [" u1 [2] 010a"]);
      assert.deepEqual(made('S"\\\'\\""\n'), [" u1 [2] 2722"]);
      assert.deepEqual(made("S'\\\\\\7'\n"), [" u1 [2] 5c07"]);
      assert.deepEqual(made("U\x02\x01\x02"), [" u1 [2] 0102"]);
      assert.deepEqual(made("T\x02\0\0\0\x01\x02"), [" u1 [2] 0102"]);
      assert.deepEqual(made("B\x02\0\0\0\x01\x02"), [" u1 [2] 0102"]);
      assert.deepEqual(made("\x8e\x02\0\0\0\0\0\0\0\x01\x02"), [" u1 [2] 0102"]);
      assert.deepEqual(made("\x96\x02\0\0\0\0\0\0\0\x01\x02"), [" u1 [2] 0102"]);
      assert.deepEqual(made("c_codecs\nencode\n(V\\u00ff\\u000a\nVlatin1\ntR"), [" u1 [2] ff0a"]);
      assert.deepEqual(made("c_codecs\nencode\n(X\x03\0\0\0\xc3\xbf\x01X\x06\0\0\0latin1tR"), [" u1 [2] ff01"]);
      assert.deepEqual(made("c__builtin__\nbytearray\n(V\xff\x01\nVlatin-1\ntR"), [" u1 [2] ff01"]);
      assert.deepEqual(made("cbuiltins\nbytearray\nC\x02\x01\x02\x85R"), [" u1 [2] 0102"]);
      for (const wrong of [
        "S'a\n",
        "S'ab\"\n",
        "S'a\\'\n",
        "S'\\xg0'\n",
        "S'\\x1'\n",
        "Sab\n",
        "V\\u00f\n",
        "V\\U00110000\n",
      ]) {
        refuses(() => made(wrong), "corrupt", /not quoted as Python does|a wrong escape/);
      }
      const wrongCalls = [
        "c_codecs\nencode\n(V\\u0100a\nVlatin1\ntR",
        "c_codecs\nencode\n(Vab\nVutf-8\ntR",
        "c_codecs\nencode\n(K\x02Vlatin1\ntR",
        "cbuiltins\nbytearray\nK\x02\x85R",
        "cnumpy.core.multiarray\n_reconstruct\n)R",
        "cnumpy.core.multiarray\nscalar\n)R",
        "cnumpy\ndtype\n)R",
      ];
      for (const wrong of wrongCalls) refuses(() => made(wrong), "corrupt", /is not called the way numpy writes it/);
    });

    it("refuses arrays that do not match their bytes", () => {
      const shape = (lengths: string): Buffer => array(Uint8Array.of(1, 2), DTYPE("u1"), bytes(lengths));
      refuses(() => read(dict(shape("K\x03\x85"))), "corrupt", /shape \(3\) and 1 bytes an element has 2 bytes/);
      refuses(() => read(dict(shape("J\xff\xff\xff\xff\x85"))), "corrupt", /no shape/);
      refuses(() => read(dict(shape("N"))), "corrupt", /no shape/);
      refuses(() => read(dict(shape(`(${"\x8a\x07\0\0\0\0\0\0\x10".repeat(4)}t`))), "corrupt", /has 2 bytes/);
      refuses(() => read(dict(shape(`(${"K\x01".repeat(65)}t`))), "corrupt", /no shape/);
      refuses(() => read(bytes("\x80\x04", MADE, "Nb.")), "corrupt", /is no tuple/);
      refuses(() => read(bytes("}}b.")), "unsupported", /sets the attributes/);
      refuses(() => read(bytes("K\x01}b.")), "corrupt", /a state is set on nothing/);
    });

    it("refuses buffers that are kept elsewhere", () => {
      for (const opcode of ["\x97", "\x98"])
        refuses(() => read(bytes("\x80\x05N", opcode, ".")), "unsupported", /out-of-band/);
    });

    it("refuses instructions that have nothing to work on", () => {
      const broken = [
        "0.",
        "a.",
        "]a.",
        "K\x01a.",
        "NNa.",
        "s.",
        "}NNNu.",
        "}(Nu.",
        "t.",
        "e.",
        "]t.",
        "R.",
        "NR.",
        "NNR.",
        "g5\n.",
        "h\x05.",
        "b.",
        "(.",
        "N(b.",
        "2.",
        "p0\n.",
        "Ix\n.",
        "L5x\n.",
        "Fx\n.",
        "p-1\n.",
        "\x94.",
        "\x93.",
        "NN\x93.",
        "N(K\x01\x90.",
        "\x8b\xff\xff\xff\xff.",
        "T\xff\xff\xff\xff.",
        "cnumpy\nndarray\nNR.",
        "\xff.",
        "N\xff.",
      ];
      for (const content of broken) {
        refuses(
          () => read(bytes("\x80\x04", content)),
          "corrupt",
          /x\.pickle is not a valid pickle: .* \(at byte \d+\)/,
        );
      }
      refuses(() => read(bytes("\x80\x06N.")), "unsupported", /its protocol is 6/);
    });
  });

  describe("files that are none", () => {
    it("says what they are", () => {
      refuses(() => read(Buffer.of()), "corrupt", /x\.pickle is empty/);
      refuses(() => read(Buffer.from("\x89PNG", "latin1")), "corrupt", /nothing begins with 0x89/);
      refuses(() => read(Buffer.from("P6\n28 28\n")), "corrupt", /nothing begins with 0x50/);
      refuses(() => read(Buffer.from("class A:\n  def __init__(self):\n")), "corrupt", /no Python object can have/);
      refuses(() => read(Buffer.from('{"a": 1}')), "corrupt", /nothing begins with 0x7b/);
      refuses(() => read(Buffer.of(0x1f, 0x8b, 8)), "unsupported", /compressed with gzip\. Unpack it first/);
      refuses(() => read(Buffer.from("BZh9")), "unsupported", /compressed with bzip2/);
      refuses(() => read(Buffer.from("PK\x03\x04")), "unsupported", /is a zip file/);
      refuses(() => read(bytes("\x80\x04}.")), "unsupported", /x\.pickle holds no numpy arrays/);
    });

    it("names the byte and what is missing, wherever they are cut off", () => {
      for (const [, base64] of PICKLES) {
        const whole = Buffer.from(base64, "base64");
        for (let length = 1; length < whole.length; length += 29) {
          refuses(() => read(whole.subarray(0, length)), "corrupt", /ends early: .*(byte \d+|its [\d,]+ bytes)/);
        }
      }
      assert.equal(
        refuses(() => read(bytes("\x80\x04B", u32(1000), "abc")), "corrupt", /early/),
        "x.pickle ends early: bytes at byte 2 needs 1,000 bytes, but only 3 are left. Download it again.",
      );
      refuses(() => read(bytes("\x80\x04\x95", u64(2n ** 63n), ".")), "corrupt", /a frame at byte 2 needs 9,223,/);
      refuses(
        () => read(bytes("\x80\x04\x8e", u64(2n ** 64n - 1n), ".")),
        "corrupt",
        /needs 18,446,744,073,709,551,615/,
      );
      refuses(() => read(bytes("\x80\x04\x8d", u64(10), ".")), "corrupt", /a text at byte 2 needs 10 bytes/);
    });
  });

  describe("bounds", () => {
    it("keeps large arrays in the file, in text too", () => {
      const row = 65536;
      const rows = 4096;
      const state = (count: number): Buffer =>
        bytes(MADE, "(K\x01M", count & 255, count >> 8, "J", u32(row), "\x86", DTYPE("u1"), "\x89");
      const start = bytes("\x80\x04](", state(rows), "\x8e", u64(rows * row));
      // Every byte beyond 127 takes two bytes as text.
      const latin = Buffer.from(Uint8Array.from({ length: 8 * row }, (_, at) => at % 251)).toString("latin1");
      const encoded = Buffer.from(latin, "utf8");
      const end = bytes("tb", state(8), named("_codecs", "encode"), "X", u32(encoded.length), encoded, text("latin1"));
      const path = join(folder.path, "large.pickle");
      const descriptor = openSync(path, "w");
      writeSync(descriptor, start);
      // Nothing is written in between: the file system fills it with zeros.
      writeSync(descriptor, bytes(end, "\x86Rtbe."), 0, null, start.length + rows * row);
      closeSync(descriptor);
      const before = process.memoryUsage().arrayBuffers;
      const file = readPickle(path);
      const [zeros, counted] = file.arrays;
      assert.deepEqual(zeros?.rows(rows - 1, 1), new Uint8Array(row));
      for (const from of [0, 1, 7]) {
        const expected = latin.slice(from * row, (from + 1) * row);
        assert.equal(Buffer.from(counted?.rows(from, 1) ?? []).toString("latin1"), expected);
      }
      file.close();
      assert(process.memoryUsage().arrayBuffers - before < 10_000_000);
    });

    it("goes through loops and shared containers once", () => {
      const loop = bytes("]\x94(h\0", TWO, "e.");
      assert.deepEqual(read(loop), ["1 u1 [2] 0102"]);
      // Every dict holds the one before twice: 2^60 ways to the array.
      const levels = Array.from({ length: 60 }, (_, level) => bytes("}(K\x01h", level, "K\x02h", level, "u\x94"));
      assert.deepEqual(
        read(bytes("\x80\x04", TWO, "\x94", ...levels, ".")).map((line) => line.split(" ")[1]),
        ["u1", "u1"],
      );
    });

    it("refuses what is nested without end", () => {
      refuses(() => read(bytes("\x80\x04", TWO, "\x85".repeat(100), ".")), "unsupported", /nested more than 64 levels/);
      refuses(() => read(bytes("(".repeat(20_000), ".")), "unsupported", /nested too deeply/);
    });

    it("refuses numbers and names that are too long", () => {
      refuses(() => read(bytes("I", "1".repeat(5000), "\n.")), "corrupt", /an int is longer than any can be/);
      refuses(() => read(bytes("c", "a".repeat(5000), "\n.")), "corrupt", /a name is longer/);
      refuses(
        () => read(bytes("\x80\x04\x8b", u32(5000), Buffer.alloc(5000), ".")),
        "unsupported",
        /an int of unusual size/,
      );
    });

    it("refuses to take more memory than its budget", () => {
      const tooMuch = (content: Uint8Array, message = /needs more than 100,000 bytes of memory/): void => {
        const file = new OpenFile(folder.file("x.pickle", content));
        refuses(() => unpickle(file, 100_000), "unsupported", message);
        file.close();
      };
      // 10 KB of text, encoded anew again and again.
      const encode = bytes(named("_codecs", "encode"), "\x94X", u32(10_000), Buffer.alloc(10_000, "a"), "\x94");
      tooMuch(bytes("\x80\x04(", encode, text("latin1"), "\x94", "h\0h\x01h\x02\x86R".repeat(20), "t."));
      tooMuch(bytes("\x80\x04(", "]".repeat(5000), "t."));
      tooMuch(bytes("\x80\x04(", "K\x01".repeat(20_000), "t."));
      tooMuch(bytes("\x80\x04K\x01", "\x94".repeat(5000), "."));
      tooMuch(bytes("S'", "a".repeat(200_000), "'\n."), /a string is too large for protocol 0/);
    });
  });
});
