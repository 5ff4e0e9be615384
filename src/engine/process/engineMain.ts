import { setPriority } from "node:os";
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { briefReport } from "../../core/leakage/brief";
import { createEngine } from "../createEngine";
import type { Engine, ReviewResult } from "../engine";
import { speakLanguage } from "./language";
import { serve } from "./rpc";

/**
 * The editor goes first where processors are few; lower than this, and an inspection would stand still beside a training.
 * Worker threads and trainers inherit it.
 */
const PRIORITY = 5;

/** The engine process: answers the calls of the process that forked it and ends with it. */
try {
  setPriority(PRIORITY);
} catch {
  // Not allowed here: then all go alike.
}
speakLanguage();
const [indexFolder, experimentsFolder, nativeFolder] = process.argv.slice(2);
const engine = createEngine({
  dist: __dirname,
  indexFolder: indexFolder ?? null,
  experimentsFolder: experimentsFolder ?? null,
  nativeFolder: nativeFolder ?? null,
  // The process that forked this one logs what it prints.
  log: (line) => console.log(line),
});
const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
serve(connection, {
  ...engine,
  // The editor shows the beginning of long lists, and would stand still while it takes in the rest.
  async inspect(request, run) {
    const { inspection, report } = await engine.inspect(request, run);
    return { inspection, report: briefReport(report) };
  },
  near: async (request, run) => briefReport(await engine.near(request, run)),
  review: async (request, run) => briefReview(await engine.review(request, run)),
  undoReview: async (request, run) => briefReview(await engine.undoReview(request, run)),
  redoReview: async (request, run) => briefReview(await engine.redoReview(request, run)),
} satisfies Engine);
connection.listen();
process.once("disconnect", () => {
  void engine.close().finally(() => process.exit(0));
});

function briefReview({ review, report }: ReviewResult): ReviewResult {
  return { review, report: report === null ? null : briefReport(report) };
}
