// Collects the sentences of the program into l10n/bundle.l10n.json, and says what each translation lacks. `--check` writes nothing.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = path.join(ROOT, "l10n");

/** @typedef {Record<string, string | { message: string, comment: string[] }>} Bundle */

/**
 * The sentences that the sources hold, in order, with the keys by which `@vscode/l10n` and VS Code look them up.
 * @returns {Bundle}
 */
export function sentences() {
  const files = ["src", "webview-ui/src"].flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => path.join(ROOT, folder, name)),
  );
  const found = files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    return text.includes("l10n.t(") ? sentencesOf(ts.createSourceFile(file, text, ts.ScriptTarget.Latest)) : [];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/**
 * Keys and values of the calls of `l10n.t` and `vscode.l10n.t` in a file. ESLint sees that they are written out there.
 * @param {ts.SourceFile} file
 * @returns {[string, Bundle[string]][]}
 */
function sentencesOf(file) {
  /** @type {[string, Bundle[string]][]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isCallExpression(node) && /^(vscode\.)?l10n\.t$/.test(node.expression.getText(file))) {
      const [sentence] = node.arguments;
      const message = textOf(sentence) ?? textOf(propertyOf(sentence, "message"));
      if (message === null) throw new Error(`${file.fileName}: ${node.getText(file)} has no sentence to collect`);
      const list = propertyOf(sentence, "comment");
      const comment =
        list !== null && ts.isArrayLiteralExpression(list) ? list.elements.map((one) => textOf(one) ?? "") : [];
      found.push(comment.length === 0 ? [message, message] : [`${message}/${comment.join("")}`, { message, comment }]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** @param {ts.Node | null | undefined} node @returns {string | null} */
function textOf(node) {
  return node && ts.isStringLiteralLike(node) ? node.text : null;
}

/** @param {ts.Node | undefined} node @param {string} name @returns {ts.Expression | null} */
function propertyOf(node, name) {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return null;
  const property = node.properties.find(
    (one) => one.name !== undefined && ts.isIdentifier(one.name) && one.name.text === name,
  );
  return property !== undefined && ts.isPropertyAssignment(property) ? property.initializer : null;
}

/**
 * What is wrong with a translation, a line each: sentences that it lacks, that are gone, or whose places for values differ.
 * @param {Bundle} source @param {Bundle} translation
 * @returns {string[]}
 */
export function faults(source, translation) {
  const places = (/** @type {string | { message: string }} */ text) =>
    [...(typeof text === "string" ? text : text.message).matchAll(/\{(\w+)\}/g)].map(([, place]) => place).sort();
  const differ = Object.entries(translation).filter(
    ([key, text]) => key in source && places(source[key] ?? "").join() !== places(text).join(),
  );
  return [
    ...Object.keys(source).flatMap((key) => (key in translation ? [] : [`is missing: ${key}`])),
    ...Object.keys(translation).flatMap((key) => (key in source ? [] : [`is not used any more: ${key}`])),
    ...differ.map(([key]) => `has other places for values: ${key}`),
  ];
}

/** @param {string} file @returns {Bundle} */
export function readBundle(file) {
  return JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
}

/** Names of the translations beside a file, e.g. "l10n/bundle.l10n.es.json". @param {string} folder @param {RegExp} name */
export function translations(folder, name) {
  return readdirSync(path.join(ROOT, folder))
    .filter((file) => name.test(file))
    .map((file) => path.join(folder, file));
}

/** Writes the bundle and says what is wrong with translations of it. */
function main() {
  const source = sentences();
  const text = `${JSON.stringify(source, null, 2)}\n`;
  if (!process.argv.includes("--check")) writeFileSync(path.join(BUNDLES, "bundle.l10n.json"), text);
  const problems = [
    ...translations("l10n", /^bundle\.l10n\..+\.json$/).flatMap((file) =>
      faults(source, readBundle(file)).map((fault) => `${file}: ${fault}`),
    ),
    ...translations(".", /^package\.nls\..+\.json$/).flatMap((file) =>
      faults(readBundle("package.nls.json"), readBundle(file)).map((fault) => `${file}: ${fault}`),
    ),
  ];
  for (const problem of problems) console.log(problem);
  console.log(`${Object.keys(source).length} sentences, ${problems.length} problems.`);
  if (problems.length > 0) process.exitCode = 1;
}

// Tests import it.
if (process.argv[1] === fileURLToPath(import.meta.url)) main();
