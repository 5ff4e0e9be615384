// Loaded by sharpInWasm.mjs: `sharp` is the one in the folder that CLEANSPLIT_SHARP names.
"use strict";
const assert = require("node:assert/strict");
const Module = require("node:module");
const path = require("node:path");

const folder = process.env.CLEANSPLIT_SHARP ?? "";
/** @type {any} */
const internals = Module;
const resolve = internals._resolveFilename;
internals._resolveFilename = (/** @type {string} */ request, /** @type {unknown[]} */ ...rest) =>
  request === "sharp" ? path.join(folder, "sharp", "dist", "index.cjs") : resolve(request, ...rest);

assert.ok("emscripten" in require("sharp").versions, "this is not sharp in WebAssembly");
