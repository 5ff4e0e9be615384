import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import fc from "fast-check";
import { pack } from "tar-stream";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";
import type { InstallStep, NativeInstallation } from "../../../src/engine/engine";
import { isAbort } from "../../../src/engine/process/rpc";
import { isRunning } from "../../../src/engine/process/running";
import { installFailure, type Failure } from "../../../src/engine/training/installFailure";
import { findNative, NATIVE_PACKAGE, packageIn } from "../../../src/engine/training/native";
import { checkNative } from "../../../src/engine/training/nativeCheck";
import { installNative, putLibraryBesideAddon, type InstallOptions } from "../../../src/engine/training/nativeInstall";
import { findNpm } from "../../../src/engine/training/npm";

const requireHere = createRequire(__filename);
const ROOT = path.join(__dirname, "../../..");

/** A package that looks like the native one and multiplies matrices of two rows and columns. */
const WORKS = `
  require("node:fs").accessSync(__dirname + "/library");
  exports.version = { "tfjs-node": require("./package.json").version };
  exports.ready = async () => undefined;
  exports.tensor2d = (values) => values;
  exports.matMul = ([a, b, c, d], [e, f, g, h]) =>
    ({ data: async () => Float32Array.of(a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h) });`;
const FETCHES = `require("node:fs").writeFileSync("library", "");`;

function failsWith(reason: ErrorReason, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CleanSplitError, String(error));
    assert.match(error.message, message);
    assert.equal(error.reason, reason);
    return true;
  };
}

describe("installing native TensorFlow", () => {
  let scratch: string;
  let dist: string;
  let env: NodeJS.ProcessEnv;
  let made = 0;

  before(async () => {
    scratch = await mkdtemp(path.join(tmpdir(), "cleansplit-native-"));
    dist = path.join(scratch, "dist");
    // Nothing that a person has set up or cached plays a part.
    env = { ...process.env, npm_config_cache: path.join(scratch, "cache"), npm_config_registry: "http://127.0.0.1:9" };
    env = { ...env, npm_config_fetch_retries: "0", npm_config_update_notifier: "false" };
    await build({
      absWorkingDir: ROOT,
      entryPoints: { nativeCheck: "src/engine/process/nativeCheckMain.ts" },
      outdir: dist,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      logLevel: "warning",
    });
  });
  after(() => rm(scratch, { recursive: true, force: true }));

  /** A tarball as the registry has them, with the code of the package and of its install script. */
  async function tarball(code: string, script: string): Promise<Pick<InstallOptions, "version" | "integrity">> {
    const { name, version } = NATIVE_PACKAGE;
    const archive = pack();
    const manifest = { name, version, main: "index.js", scripts: { install: "node install.js" } };
    archive.entry({ name: "package/package.json" }, JSON.stringify(manifest));
    archive.entry({ name: "package/index.js" }, code);
    archive.entry({ name: "package/install.js" }, script);
    archive.finalize();
    const bytes = gzipSync(await buffer(archive));
    const file = path.join(scratch, `package-${++made}.tgz`);
    await writeFile(file, bytes);
    return { version: `file:${file}`, integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}` };
  }

  /** Installs into a folder of its own, and says what it reported and what is beside that folder afterwards. */
  async function install(
    options: Partial<InstallOptions>,
    signal = new AbortController().signal,
  ): Promise<NativeInstallation & { steps: InstallStep[] }> {
    const folder = options.folder ?? newFolder();
    const steps: InstallStep[] = [];
    try {
      const progress = (step: InstallStep): void => void steps.push(step);
      return { ...(await installNative({ dist, env, ...options, folder }, { signal, progress })), steps };
    } finally {
      const left = (await readdir(path.dirname(folder)).catch(() => [])).filter((name) => name !== "native");
      assert.deepEqual(left, [], "something was left behind");
    }
  }

  /** Puts a package with this code where npm would. */
  async function putPackage(folder: string, code: string): Promise<void> {
    await mkdir(packageIn(folder), { recursive: true });
    const { name, version } = NATIVE_PACKAGE;
    await writeFile(path.join(packageIn(folder), "package.json"), JSON.stringify({ name, version }));
    await writeFile(path.join(packageIn(folder), "index.js"), code);
  }

  const newFolder = (): string => path.join(scratch, `storage-${++made}`, "native");

  it("fetches, checks and moves the package to its place, where it stays while it works", async () => {
    const folder = newFolder();
    // What does not work is replaced, and what an interrupted installation left is removed; no process has this id.
    await putPackage(folder, "");
    await mkdir(`${folder}.part-4194305`);
    await mkdir(`${folder}.part-4194305-old`);
    const { steps, ...installed } = await install({ folder, ...(await tarball(WORKS, FETCHES)) });
    assert.deepEqual(installed, { folder, version: NATIVE_PACKAGE.version });
    assert.deepEqual(
      [...new Set(steps.map(({ step }) => step))],
      [
        "Checking what is installed",
        "Fetching packages",
        "Fetching the TensorFlow library",
        "Multiplying two matrices with it",
      ],
    );
    assert.equal(findNative({ CLEANSPLIT_NATIVE_FOLDER: folder }), packageIn(folder));
    const again = await install({ folder, npm: null });
    assert.deepEqual([again.version, again.steps.length], [NATIVE_PACKAGE.version, 1]);
  });

  it("runs nothing of a package that is not the published one", async () => {
    const mark = path.join(scratch, "ran");
    const other = await tarball(WORKS, `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");`);
    const wanted = await tarball(WORKS, FETCHES);
    await assert.rejects(
      install({ ...other, integrity: wanted.integrity ?? "" }),
      failsWith("corrupt", /is not what was published/),
    );
    assert.ok(!existsSync(mark));
  });

  it("says so when the library cannot be fetched", async () => {
    const script = `
      console.log("https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-cpu-linux-x86_64-2.9.1.tar.gz");
      throw new Error("getaddrinfo ENOTFOUND storage.googleapis.com");`;
    await assert.rejects(
      install(await tarball(WORKS, script)),
      failsWith("not-found", /cannot be fetched from storage\.googleapis\.com \(ENOTFOUND\).*TFJS_NODE_CDN_STORAGE/),
    );
  });

  it("keeps nothing of a package that does not work", async () => {
    const folder = newFolder();
    const product = WORKS.replace("a * e +", "a * e -");
    await assert.rejects(
      install({ folder, ...(await tarball(product, FETCHES)) }),
      failsWith("unsupported", /does not work here \(a product .* came out as -9,/),
    );
    assert.ok(!existsSync(folder));
  });

  const broken: readonly [string, string, RegExp][] = [
    ["does not load", `throw new Error("/x.node: invalid ELF header")`, /that was fetched is not for \w+ \w+/],
    ["ends the process", `process.kill(process.pid, "SIGILL")`, /processor lacks instructions/],
    ["lacks a part", `require("not-there")`, /does not work here \(Cannot find module 'not-there'/],
  ];
  for (const [name, code, message] of broken) {
    it(`knows a package that ${name}`, async () => {
      const folder = newFolder();
      await putPackage(folder, code);
      const answer = await checkNative(dist, folder, new AbortController().signal);
      assert.ok("error" in answer);
      assert.match(installFailure({ step: "check", lines: [answer.error], folder }).message, message);
    });
  }

  it("names the registry that cannot be reached", async () => {
    await assert.rejects(
      install({}),
      failsWith("not-found", /npm cannot reach http:\/\/127\.0\.0\.1:9 \(ECONNREFUSED\).*CLEANSPLIT_TFJS_NODE/),
    );
  });

  it("says that npm is missing", async () => {
    await assert.rejects(install({ npm: null }), failsWith("not-found", /npm is not on the PATH.*Node\.js 20/));
  });

  it("says which folder may not be written", async () => {
    const file = path.join(scratch, "file");
    await writeFile(file, "");
    await assert.rejects(
      installNative(
        { dist, env, folder: path.join(file, "storage", "native") },
        { signal: new AbortController().signal, progress: () => undefined },
      ),
      failsWith("forbidden", /file.storage may not be written/),
    );
  });

  it("ends npm and all that it started when cancelled, and is not begun twice before", async () => {
    const mark = path.join(scratch, "pid");
    const script = `
      require("node:fs").writeFileSync(${JSON.stringify(mark)}, String(process.pid));
      setInterval(() => undefined, 1000);`;
    const abort = new AbortController();
    const folder = newFolder();
    const installing = assert.rejects(install({ folder, ...(await tarball(WORKS, script)) }, abort.signal), isAbort);
    const pid = async (): Promise<number> => Number(await readFile(mark, "utf8").catch(() => ""));
    while ((await pid()) === 0) await delay(20);
    await assert.rejects(
      installNative({ dist, env, folder }, { signal: new AbortController().signal, progress: () => undefined }),
      failsWith("conflict", /being installed already/),
    );
    abort.abort();
    await installing;
    while (isRunning(await pid())) await delay(20);
  });

  describe("where the package is looked for", () => {
    const holds = async (): Promise<string> => {
      const folder = newFolder();
      await putPackage(folder, "");
      return folder;
    };

    it("a person's own folder, then the installed one, then node_modules", async () => {
      const [own, installed] = [await holds(), await holds()];
      const both = { CLEANSPLIT_TFJS_NODE: own, CLEANSPLIT_NATIVE_FOLDER: installed };
      assert.equal(findNative(both), packageIn(own));
      assert.equal(findNative({ ...both, CLEANSPLIT_TFJS_NODE: packageIn(own) }), packageIn(own));
      assert.equal(findNative({ ...both, CLEANSPLIT_TFJS_NODE: "" }), packageIn(installed));
      assert.equal(findNative({ CLEANSPLIT_NATIVE_FOLDER: path.join(scratch, "nothing") }), NATIVE_PACKAGE.name);
      assert.equal(findNative({}), NATIVE_PACKAGE.name);
    });

    it("nowhere else when a person's own folder does not hold it", async () => {
      const installed = await holds();
      assert.throws(
        () => findNative({ CLEANSPLIT_TFJS_NODE: scratch, CLEANSPLIT_NATIVE_FOLDER: installed }),
        /CLEANSPLIT_TFJS_NODE is .*, which holds no @tensorflow\/tfjs-node/,
      );
    });

    it("at the version and with the hash that the project is locked to", () => {
      const { optionalDependencies } = requireHere("../../../package.json") as {
        optionalDependencies: Record<string, string>;
      };
      const { packages } = requireHere("../../../package-lock.json") as {
        packages: Record<string, { integrity?: string }>;
      };
      assert.equal(optionalDependencies[NATIVE_PACKAGE.name], NATIVE_PACKAGE.version);
      assert.equal(packages[`node_modules/${NATIVE_PACKAGE.name}`]?.integrity, NATIVE_PACKAGE.integrity);
    });
  });

  describe("where npm is looked for", () => {
    const program = async (...names: string[]): Promise<string> => {
      const file = path.join(scratch, ...names);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, "");
      await chmod(file, 0o755);
      return path.dirname(file);
    };

    it("beside node, then on the PATH, but in no relative folder of it", async () => {
      const [beside, listed] = [await program("beside", "npm"), await program("listed", "npm")];
      const PATH = `.:bin:${listed}`;
      assert.equal(findNpm({ PATH }, path.join(beside, "node"), "linux")?.folder, beside);
      assert.equal(findNpm({ PATH }, path.join(scratch, "editor"), "linux")?.folder, listed);
      assert.equal(findNpm({ PATH: ".:bin" }, path.join(scratch, "editor"), "linux"), null);
      assert.equal(findNpm({}, path.join(scratch, "editor"), "linux"), null);
    });

    it("as the script of npm.cmd on Windows, for the node that is nearest", async function () {
      if (process.platform === "win32") this.skip();
      const script = "node_modules/npm/bin/npm-cli.js";
      const node = await program("windows", "node.exe");
      await program("windows", script);
      await program("updated", script);
      const folder = path.join(scratch, "updated");
      const env = { PATH: `${folder};${node}` };
      assert.deepEqual(findNpm(env, path.join(scratch, "Code.exe"), "win32"), {
        command: path.join(node, "node.exe"),
        args: [path.join(folder, script)],
        folder,
      });
    });
  });

  describe("what its failures are called", () => {
    const told: readonly [Failure["step"], ErrorReason, readonly string[], RegExp][] = [
      [
        "packages",
        "not-found",
        [
          "npm http fetch GET 200 https://other.example/x 10ms",
          "npm ERR! code E404",
          "npm ERR! 404 Not Found - GET https://me:secret@npm.example/@tensorflow%2ftfjs-node - Not found",
        ],
        /^https:\/\/npm\.example does not have @tensorflow\/tfjs-node 4\.22\.0/,
      ],
      [
        "packages",
        "not-found",
        ["npm error code ETARGET", "npm error notarget No matching version found for @tensorflow/tfjs-node@4.22.0."],
        /^the npm registry does not have/i,
      ],
      ["packages", "forbidden", ["npm error code E401"], /refuses npm \(E401\).*npm login/],
      [
        "packages",
        "not-found",
        ["npm error code ENOTFOUND", "npm error network request to https://registry.npmjs.org/x failed, reason: y"],
        /cannot reach https:\/\/registry\.npmjs\.org \(ENOTFOUND\)/,
      ],
      [
        "packages",
        "refused",
        ["npm error code SELF_SIGNED_CERT_IN_CHAIN"],
        /certificate .* not trusted here.*NODE_EXTRA_CA_CERTS/,
      ],
      [
        "packages",
        "forbidden",
        ["npm error code EACCES", "npm error syscall open", "npm error path /home/me/.npm/_cacache"],
        /^\/home\/me\/\.npm\/_cacache may not be written/,
      ],
      ["packages", "full", ["npm error code ENOSPC"], /^The disk of \/storage is full/],
      [
        "packages",
        "unsupported",
        ["npm error: npm v10.9.0 does not support Node.js v12.0.0."],
        /Node\.js that npm runs on.*Install Node\.js 20/,
      ],
      ["packages", "unsupported", ["npm error code EODD", "npm error odd"], /npm could not install .* \(odd\)/],
      ["library", "unsupported", ["Error: Unsupported system: cpu-linux-riscv64"], /There is no native TensorFlow for/],
      ["library", "full", ["Error: ENOSPC: no space left on device, write"], /is full/],
      ["library", "corrupt", ["Error: TAR_BAD_ARCHIVE: Unrecognized archive format"], /is no archive.*proxy/],
      [
        "library",
        "unsupported",
        ["node-pre-gyp WARN response status 404 Not Found on https://storage.googleapis.com/x", "gyp ERR! find Python"],
        /no addon ready made.*Python 3, make and a C\+\+ compiler/,
      ],
      [
        "check",
        "unsupported",
        ["/lib/x86_64-linux-gnu/libm.so.6: version `GLIBC_2.27' not found"],
        /needs a newer Linux, with glibc/,
      ],
      ["check", "unsupported", ["The specified module could not be found."], /Visual C\+\+ Redistributable/],
    ];
    for (const [step, reason, lines, message] of told) {
      it(`${step}: ${lines.at(-1) ?? ""}`, () => {
        failsWith(reason, message)(installFailure({ step, lines, folder: "/storage" }));
        assert.doesNotMatch(installFailure({ step, lines, folder: "/storage" }).message, /secret/);
      });
    }

    it("whatever was written, one short message without passwords", () => {
      const line = fc.oneof(
        fc.string(),
        fc.string().map((text) => `npm error ${text} https://me:secret@npm.example/${text}`),
        fc.constantFrom("npm error code ECONNRESET", "https://me:secret@host", "npm error path"),
      );
      const step = fc.constantFrom<Failure["step"]>("packages", "library", "check");
      fc.assert(
        fc.property(step, fc.array(line), (step, lines) => {
          const { message } = installFailure({ step, lines, folder: "/storage" });
          assert.ok(message.length < 700, message);
          assert.ok(!message.includes("secret"), message);
        }),
      );
    });
  });

  it("puts the library of Windows beside the addon that needs it", async () => {
    const folder = newFolder();
    for (const name of ["deps/lib/tensorflow.dll", "lib/napi-v8/tfjs_binding.node", "lib/napi-v9/tensorflow.dll"]) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), name);
    }
    await putLibraryBesideAddon(folder);
    assert.equal(await readFile(path.join(folder, "lib/napi-v8/tensorflow.dll"), "utf8"), "deps/lib/tensorflow.dll");
    await putLibraryBesideAddon(newFolder());
  });
});
