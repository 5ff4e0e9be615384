import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { createEngine } from "../createEngine";
import { serve } from "./rpc";

/** The engine process: answers the calls of the process that forked it and ends with it. */
const [indexFolder] = process.argv.slice(2);
const engine = createEngine({ dist: __dirname, indexFolder: indexFolder ?? null });
const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
serve(connection, engine);
connection.listen();
process.once("disconnect", () => {
  void engine.close().finally(() => process.exit(0));
});
