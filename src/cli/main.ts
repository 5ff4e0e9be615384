#!/usr/bin/env node
import path from "node:path";
import { createEngine } from "../engine/createEngine";
import { cacheFolder } from "../engine/index/cacheFolder";
import { runCli } from "./cli";
import { INTERRUPTIONS, type Interruption } from "./command";
import { escapeHostile } from "./output/escape";
import { SHOW_CURSOR } from "./output/progress";
import type { Output } from "./output/terminal";

const abort = new AbortController();
const nativeFolder = path.join(cacheFolder(), "native");

// The first signal stops the run in good order, the second one gives up on that.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!abort.signal.aborted) {
      abort.abort(signal satisfies Interruption);
      return;
    }
    if (process.stderr.isTTY) process.stderr.write(SHOW_CURSOR);
    process.exit(INTERRUPTIONS[signal]);
  });
}

function outputOf(stream: NodeJS.WriteStream): Output {
  let isOpen = true;
  // A reader such as `head` that has seen enough closes the pipe: nobody is left to be told anything.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    isOpen = false;
    if (error.code === "EPIPE" && stream === process.stdout) abort.abort("SIGPIPE" satisfies Interruption);
  });
  return {
    write: (text) => {
      if (isOpen) stream.write(text);
    },
    get isTTY() {
      return stream.isTTY;
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
  };
}

void runCli(process.argv.slice(2), {
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  env: process.env,
  cwd: process.cwd(),
  signal: abort.signal,
  platform: process.platform,
  createEngine: ({ cache, ...options }) =>
    createEngine({
      dist: __dirname,
      indexFolder: cache ? cacheFolder() : null,
      experimentsFolder: cache ? path.join(cacheFolder(), "experiments") : null,
      nativeFolder,
      log: (line) => process.stderr.write(`${escapeHostile(line)}\n`),
      ...options,
    }),
}).then((code) => {
  process.exitCode = code;
  // A pipe is written asynchronously: leave when it took everything, and do not wait for what may be left running.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
});
