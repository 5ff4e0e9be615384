// Puts together what a package holds, in a folder outside of the project.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { thirdPartyNotices } from "./notices.mjs";

/**
 * Where a package runs: the platform in npm's words. The package of no target holds sharp in WebAssembly instead of a
 * binary, which runs wherever VS Code does.
 * @typedef {object} Platform
 * @property {string} os
 * @property {string} cpu
 * @property {string} [libc]
 */

/**
 * The targets of VS Code for which there are binaries, by their names.
 * @type {Readonly<Record<string, Platform>> & { readonly universal: Platform }}
 */
export const TARGETS = Object.freeze({
  universal: { os: "linux", cpu: "wasm32" },
  "linux-x64": { os: "linux", cpu: "x64", libc: "glibc" },
  "linux-arm64": { os: "linux", cpu: "arm64", libc: "glibc" },
  "alpine-x64": { os: "linux", cpu: "x64", libc: "musl" },
  "alpine-arm64": { os: "linux", cpu: "arm64", libc: "musl" },
  "darwin-x64": { os: "darwin", cpu: "x64" },
  "darwin-arm64": { os: "darwin", cpu: "arm64" },
  "win32-x64": { os: "win32", cpu: "x64" },
  "win32-arm64": { os: "win32", cpu: "arm64" },
});

/** What of the project goes along; .vscodeignore leaves out what of it is not for users. */
const COPIED = [
  "package.json",
  "package-lock.json",
  "CHANGELOG.md",
  "LICENSE",
  ".vscodeignore",
  "docs",
  "media",
  "l10n",
];

/**
 * Builds the extension for production and copies what goes with it: all but the binaries.
 * @param {string} root the project
 * @param {string} stage an empty folder outside of it
 */
export function stageExtension(root, stage) {
  const inputs = path.join(stage, "inputs.json");
  run(
    process.execPath,
    ["esbuild.mjs", "--production", "--outdir", path.join(stage, "dist"), "--inputs", inputs],
    root,
  );
  const bundled = JSON.parse(readFileSync(inputs, "utf8"));
  rmSync(inputs);
  const translations = readdirSync(root).filter((name) => /^package\.nls(\..+)?\.json$/.test(name));
  for (const name of [...COPIED, ...translations]) {
    if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
  }
  writeFileSync(path.join(stage, "README.md"), offlineReadme(root));
  writeFileSync(path.join(stage, "THIRD_PARTY_NOTICES.txt"), thirdPartyNotices(root, bundled));
  stageManifests(root, stage);
}

/**
 * The README as VS Code shows it of an installed extension: without a network, and from no folder. Pictures are part of
 * it, and links to files become the names of these files, which lie in the folder of the extension.
 * @param {string} root the project
 */
export function offlineReadme(root) {
  const readme = readFileSync(path.join(root, "README.md"), "utf8");
  return readme
    .replaceAll(/!\[([^\]]*)\]\((?!\w+:)([^)]+\.png)\)/g, (_, text, file) => {
      return `![${text}](data:image/png;base64,${readFileSync(path.join(root, file)).toString("base64")})`;
    })
    .replaceAll(/(?<!!)\[([^\]]+)\]\((?!\w+:|#)([^)]+)\)/g, (_, text, file) => {
      return path.posix.basename(file) === text || !file.startsWith("docs/") ? text : `${text} (${file})`;
    });
}

/**
 * The manifest and the lock file of what is installed with a package: sharp, as all else is in the bundles. Scripts and tools
 * are for developers.
 * @param {string} root the project
 * @param {string} stage
 */
export function stageManifests(root, stage) {
  const manifest = readJson(path.join(root, "package.json"));
  for (const part of ["scripts", "devDependencies", "optionalDependencies"]) delete manifest[part];
  manifest.dependencies = { sharp: manifest.dependencies.sharp };
  writeFileSync(path.join(stage, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  // npm drops what this no longer needs and checks the rest against its hashes.
  const lock = readJson(path.join(root, "package-lock.json"));
  const { name, version, dependencies } = manifest;
  lock.packages[""] = { name, version, dependencies };
  writeFileSync(path.join(stage, "package-lock.json"), JSON.stringify(lock));
}

/**
 * Installs sharp for a platform into the stage, whatever platform this is. Runs no install script.
 * @param {string} stage
 * @param {Platform} platform
 */
export function stageBinaries(stage, { os, cpu, libc }) {
  rmSync(path.join(stage, "node_modules"), { recursive: true, force: true });
  mkdirSync(path.join(stage, "node_modules"));
  const platform = [`--os=${os}`, `--cpu=${cpu}`, ...(libc === undefined ? [] : [`--libc=${libc}`])];
  run("npm", ["ci", ...platform, "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], stage);
}

/** @param {string} file @returns {any} */
function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** @param {string} command @param {readonly string[]} args @param {string} cwd */
function run(command, args, cwd) {
  const shell = command === "npm" && process.platform === "win32";
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, shell, encoding: "utf8" });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(" ")} failed:\n${error?.message ?? ""}${stdout}${stderr}`);
}
