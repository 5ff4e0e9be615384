import { version } from "../../package.json";
import { CleanSplitError, messageOf } from "../core/errors";
import type { Engine } from "../engine/engine";
import { nearest, parseArguments, suggest, UsageError } from "./arguments";
import { EXIT, INTERRUPTIONS, StoppedWork, type CliProcess, type Command, type Interruption } from "./command";
import { auditLabels } from "./commands/auditLabels";
import { commandHelpLines, helpCommand, overviewLines } from "./commands/help";
import { inspect } from "./commands/inspect";
import { installTensorFlow } from "./commands/installTensorFlow";
import { quarantine } from "./commands/quarantine";
import { sample } from "./commands/sample";
import { sanitize } from "./commands/sanitize";
import { experiments } from "./commands/experiments";
import { train } from "./commands/train";
import { restore, undo } from "./commands/undo";
import { verify } from "./commands/verify";
import { ProgressLine } from "./output/progress";
import { Terminal } from "./output/terminal";
import { line, paragraph, span } from "./output/text";
import { styleOf } from "./views/page";

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  inspect,
  sanitize,
  verify,
  undo,
  quarantine,
  restore,
  train,
  experiments,
  auditLabels,
  installTensorFlow,
  sample,
  helpCommand(() => COMMANDS),
];

/** Runs a command line and answers its exit code. Never rejects: every failure is told to the person. */
export async function runCli(argv: readonly string[], process: CliProcess): Promise<number> {
  const terminals = { noColor: argv.includes("--no-color") };
  const out = new Terminal(process.stdout, process.env, terminals);
  const err = new Terminal(process.stderr, process.env, terminals);
  const progress = new ProgressLine(err, argv.includes("--quiet"));
  const engines: Engine[] = [];
  try {
    const { command, rest } = chooseCommand(argv);
    if (command === "version") {
      out.print(line(version));
      return EXIT.ok;
    }
    if (command === "help") {
      out.print(...overviewLines(COMMANDS, styleOf(out)));
      return EXIT.ok;
    }
    return await runCommand(command, rest);
  } catch (error) {
    progress.clear();
    return tell(error);
  } finally {
    progress.clear();
    // A failure to end workers changes nothing about the result, which is out.
    await Promise.all(engines.map((engine) => engine.close().catch(() => undefined)));
  }

  async function runCommand(command: Command, rest: readonly string[]): Promise<number> {
    try {
      const args = parseArguments(rest, command.options);
      if (args.has("help")) {
        out.print(...commandHelpLines(command, styleOf(out)));
        return EXIT.ok;
      }
      const workers = args.integer("workers", 1, 256);
      const engine = (): Engine => {
        const made =
          engines[0] ??
          process.createEngine({ cache: !args.has("no-cache"), ...(workers === undefined ? {} : { workers }) });
        if (engines.length === 0) engines.push(made);
        return made;
      };
      process.signal.throwIfAborted();
      return await command.run({ args, process, out, err, progress, quiet: args.has("quiet"), engine });
    } catch (error) {
      throw error instanceof UsageError && error.command === null ? new UsageError(error.message, command.name) : error;
    }
  }

  function tell(error: unknown): number {
    if (process.signal.aborted) {
      const reason = interruptionOf(process.signal);
      // A reader that went away wants to hear nothing.
      const text = error instanceof StoppedWork ? error.message : "Cancelled.";
      if (reason !== "SIGPIPE") err.print(line(text));
      return INTERRUPTIONS[reason];
    }
    const isExpected = error instanceof CleanSplitError || error instanceof UsageError;
    const text = isExpected ? error.message : `${messageOf(error)} (set CLEANSPLIT_DEBUG=1 to see where)`;
    const width = styleOf(err).width;
    err.print(...paragraph(line(span("Error:", "bad"), " "), text, width));
    if (error instanceof UsageError) {
      const help = error.command === null ? "cleansplit help" : `cleansplit help ${error.command}`;
      err.print(line("See: ", span(help, "accent")));
    }
    if (process.env["CLEANSPLIT_DEBUG"] === "1" && error instanceof Error && error.stack !== undefined) {
      err.print(...error.stack.split("\n").map((text) => line(span(text, "faint"))));
    }
    return EXIT.error;
  }
}

function interruptionOf(signal: AbortSignal): Interruption {
  const reason: unknown = signal.reason;
  return typeof reason === "string" && reason in INTERRUPTIONS ? (reason as Interruption) : "SIGINT";
}

/** Finds the command among the arguments; switches may stand before it. */
function chooseCommand(argv: readonly string[]): {
  readonly command: Command | "help" | "version";
  readonly rest: readonly string[];
} {
  const at = argv.findIndex((word) => !word.startsWith("-"));
  const before = at < 0 ? argv : argv.slice(0, at);
  if (before.some((word) => word === "--version" || word === "-V" || word === "-v"))
    return { command: "version", rest: [] };
  const name = at < 0 ? undefined : argv[at];
  if (name === undefined) {
    const unknown = before.find((word) => !["--help", "-h", "--no-color"].includes(word));
    if (unknown !== undefined)
      throw new UsageError(`There is no option ${unknown}${suggest(unknown, ["--help", "--version", "--no-color"])}`);
    return { command: "help", rest: [] };
  }
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return { command, rest: [...before, ...argv.slice(at + 1)] };
  const names = COMMANDS.map((candidate) => candidate.name);
  if (nearest(name, names) === undefined && /[/\\.]/.test(name)) {
    throw new UsageError(`${name} is no command. To inspect it: cleansplit inspect ${name}`);
  }
  throw new UsageError(`There is no command ${name}${suggest(name, names)}`);
}
