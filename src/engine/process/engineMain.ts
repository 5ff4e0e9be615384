import { constants, setPriority } from "node:os";
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { briefReport } from "../../core/leakage/brief";
import { createEngine } from "../createEngine";
import type { Engine } from "../engine";
import { serve } from "./rpc";

/** The engine process: answers the calls of the process that forked it and ends with it. */
try {
  // The editor goes first where processors are few. Worker threads and trainers inherit it.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
} catch {
  // Not allowed here: then all go alike.
}
const [indexFolder] = process.argv.slice(2);
const engine = createEngine({ dist: __dirname, indexFolder: indexFolder ?? null });
const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
serve(connection, {
  ...engine,
  // The editor shows the beginning of long lists, and would stand still while it takes in the rest.
  async inspect(request, run) {
    const { inspection, report } = await engine.inspect(request, run);
    return { inspection, report: briefReport(report) };
  },
} satisfies Engine);
connection.listen();
process.once("disconnect", () => {
  void engine.close().finally(() => process.exit(0));
});
