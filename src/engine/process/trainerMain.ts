import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { trainJob } from "../training/trainJob";
import { serve } from "./rpc";
import type { TrainerApi } from "./trainerApi";

// The process that trains; forked by `runTrainer`. A crash of a native library ends it and nothing else.

// The channel closes when the other side is done with this process, and also when the other side has died.
process.on("disconnect", () => process.exit(0));
// Ctrl+C reaches every process of a terminal; the one that forked this one decides what it means.
process.on("SIGINT", () => undefined);

const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
const api: TrainerApi = { train: (job, run) => trainJob(job, run) };
serve(connection, api);
connection.listen();
