import { CleanSplitError } from "../../core/errors";
import { ExperimentFolder } from "../lab/experimentStore";
import { trainExperiment } from "../lab/trainExperiment";
import { runExperiment } from "../training/runExperiment";
import { takeLock } from "../write/lock";
import { speakLanguage } from "./language";
import { removeEndpoint, type StartMessage } from "./trainerApi";
import { TrainerServer } from "./trainerServer";

// The process that trains one experiment, whose folder it is given; started by `startTrainer`. It outlives the process that
// started it, and a crash of a native library in it ends nothing else.

// Ctrl+C reaches every process of a terminal, and closing it too; engines decide what that means.
for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);

speakLanguage();
void train(process.argv[2] ?? "").then(
  () => process.exit(0),
  (error: unknown) => {
    // In the words of a crash, of which the first line is told to the person.
    console.error(error instanceof CleanSplitError ? `Error: ${error.message}` : error);
    process.exit(1);
  },
);

async function train(folder: string): Promise<void> {
  const release = await takeLock(folder, folder).catch((error: unknown) => {
    if (error instanceof CleanSplitError && error.reason === "conflict") return null;
    throw error;
  });
  if (release === null) {
    await tell("busy");
    return;
  }
  const leave = async (): Promise<void> => {
    removeEndpoint(folder);
    await release();
  };
  try {
    const server = await TrainerServer.listen(folder, () => void leave().finally(() => process.exit(0)));
    await tell("listening");
    await trainExperiment(new ExperimentFolder(folder), runExperiment, server.gate, () => server.grew());
    await server.close();
  } finally {
    await leave();
  }
}

/** Tells the process that started this one, which may be gone already. */
async function tell(message: StartMessage): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}
