// Runs in the extension host in place of the tests and runs them. It marks what they print, because the console of the
// extension host and VS Code's own log come out of the same pipe.
"use strict";
const process = require("node:process");
const { pathToFileURL } = require("node:url");
const { format } = require("node:util");

const MARK = "\u0002";
const DONE = "\u0003";
const { console } = globalThis;
const METHODS = /** @type {const} */ (["debug", "log", "info", "warn", "error"]);

exports.run = async () => {
  for (const method of METHODS) {
    const print = console[method];
    // VS Code's own console methods cannot be assigned to. What goes to process.stdout comes by here as well.
    Object.defineProperty(console, method, {
      value: (/** @type {unknown[]} */ ...args) => print(MARK + format(...args)),
    });
  }
  const tests = await import(pathToFileURL(process.env.CLEANSPLIT_TESTS_PATH ?? "").href);
  const run = tests.run ?? tests.default.run;
  await run();
  // VS Code reports success also when the extension host is killed; this line tells the two apart.
  console.log(DONE);
};
