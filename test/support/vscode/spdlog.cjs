// Stands in for @vscode/spdlog, a native module that would have to be compiled. Without it the log output channels of
// extensions stay empty. prepare.mjs copies this file into the server.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const LEVELS = ["trace", "debug", "info", "warning", "error", "critical"];

class Logger {
  /** @type {Record<string, (message: string) => void>} */
  methods = {};

  /** @param {string} _type @param {string} _name @param {string} file */
  constructor(_type, _name, file) {
    this.file = file;
    this.level = 2;
    this.formatted = true;
    for (const [level, name] of LEVELS.entries()) {
      this.methods[name === "warning" ? "warn" : name] = (message) => this.write(level, message);
    }
    Object.assign(this, this.methods);
  }

  /** @param {number} level @param {string} message */
  write(level, message) {
    if (level < this.level) return;
    const time = new Date().toISOString().replace("T", " ").replace("Z", "");
    try {
      fs.appendFileSync(this.file, this.formatted ? `${time} [${LEVELS[level]}] ${message}\n` : message);
    } catch {
      // The folder is removed while the extension host is still ending.
    }
  }

  getLevel() {
    return this.level;
  }

  /** @param {number} level */
  setLevel(level) {
    this.level = level;
  }

  setPattern() {}

  clearFormatters() {
    this.formatted = false;
  }

  flush() {}

  drop() {}
}

/** @param {string} name @param {string} file */
async function createRotatingLogger(name, file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  return new Logger("rotating", name, file);
}

// Assigned one by one: only so does `import` see them as named exports.
exports.version = 0;
exports.Logger = Logger;
exports.createRotatingLogger = createRotatingLogger;
exports.createAsyncRotatingLogger = createRotatingLogger;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
