// The licences of everything of others that is bundled, as its authors ask for it to be passed on.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * A package of others that is part of the bundles.
 * @typedef {object} Bundled
 * @property {string} name
 * @property {string} version
 * @property {string} license as its package.json says
 * @property {string} author empty where it does not say
 * @property {string} folder
 */

/** Shipped without being imported: files that are copied, and the library that the kernels are compiled with. */
const NOT_IMPORTED = ["@vscode/codicons", "h5wasm", "assemblyscript"];
const LICENSE_FILE = /^(licen[cs]e|copying|notice|third-?party-?notices)([.-].*)?$/i;

const BESIDE = `The packages in node_modules carry their licences themselves. libvips, which sharp calls, and libraries in it are under
the LGPL; https://github.com/lovell/sharp-libvips names their licences and sources.
`;

/** The text of the MIT licence, for packages that name it and hold no copy; https://spdx.org/licenses/MIT.html. */
const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

/**
 * The text of THIRD_PARTY_NOTICES.txt: name, version and licence of each bundled package, then the texts, each once.
 * @param {string} root the project
 * @param {readonly string[]} inputs files in the bundles, relative to the project
 * @throws Error naming a package that has neither a licence file nor a licence whose text is known
 */
export function thirdPartyNotices(root, inputs) {
  const folders = new Set(NOT_IMPORTED.map((name) => `node_modules/${name}`));
  for (const file of inputs) {
    const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file)?.[0];
    if (folder !== undefined) folders.add(folder);
  }
  const packages = [...folders].map((folder) => readPackage(path.join(root, folder)));
  packages.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));

  /** @type {Map<string, Bundled[]>} */
  const byText = new Map();
  for (const bundled of packages) {
    const text = licenseText(root, bundled);
    byText.set(text, [...(byText.get(text) ?? []), bundled]);
  }
  const title = (/** @type {Bundled} */ { name, version, license }) => `${name} ${version} (${license})`;
  const list = packages.map((bundled) => `  ${title(bundled)}\n`).join("");
  const texts = [...byText].map(([text, users]) => `\n${"-".repeat(80)}\n${users.map(title).join("\n")}\n\n${text}\n`);
  return `CleanSplit is distributed with these packages of others in its bundles:\n\n${list}\n${BESIDE}${texts.join("")}`;
}

/** @param {string} folder @returns {Bundled} */
function readPackage(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  return { name, version, license, folder, author: (typeof author === "string" ? author : author?.name) ?? "" };
}

/** @param {string} root @param {Bundled} bundled */
function licenseText(root, { name, license, author, folder }) {
  const files = readdirSync(folder)
    .filter((file) => LICENSE_FILE.test(file))
    .sort();
  if (files.length > 0) {
    return files.map((file) => readFileSync(path.join(folder, file), "utf8").replaceAll("\r", "").trim()).join("\n\n");
  }
  if (license === "MIT")
    return `Copyright (c) ${author.replace(/\s*[<(].*/, "") || `the authors of ${name}`}\n\n${MIT}`;
  // sharp holds the text of this one.
  const apache = path.join(root, "node_modules/sharp/LICENSE");
  if (license === "Apache-2.0" && existsSync(apache)) return readFileSync(apache, "utf8").trim();
  throw new Error(
    `${folder} holds no licence file: name the text of its licence, ${license}, in scripts/package/notices.mjs.`,
  );
}
