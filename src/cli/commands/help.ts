import { suggest, UsageError } from "../arguments";
import { COMMON_OPTIONS, EXIT, type Command } from "../command";
import { BLANK, line, paragraph, span, type Line } from "../output/text";
import type { TableStyle } from "../output/table";
import { displayWidth } from "../output/width";
import { commandLines, section, styleOf } from "../views/page";

/** The command that explains the others. */
export function helpCommand(commands: () => readonly Command[]): Command {
  return {
    name: "help",
    summary: "Explain a command",
    usage: "[COMMAND]",
    description: ["Shows all commands, or the options and examples of one."],
    options: COMMON_OPTIONS,
    examples: [{ command: "cleansplit help inspect", says: "" }],
    run({ args, out }) {
      const [name] = args.positionals;
      const style = styleOf(out);
      if (name === undefined) {
        out.print(...overviewLines(commands(), style));
        return Promise.resolve(EXIT.ok);
      }
      const command = commands().find((candidate) => candidate.name === name);
      if (command === undefined) {
        const names = commands().map((candidate) => candidate.name);
        throw new UsageError(`There is no command ${name}${suggest(name, names)}`);
      }
      out.print(...commandHelpLines(command, style));
      return Promise.resolve(EXIT.ok);
    },
  };
}

/** The help of the whole program. */
export function overviewLines(commands: readonly Command[], style: TableStyle): readonly Line[] {
  return [
    ...paragraph(
      line(span("cleansplit", "title"), "  "),
      "tells whether an image dataset can be trusted, and fixes it",
      style.width,
    ),
    ...section("Usage", "", style),
    line("  cleansplit COMMAND PATH... [options]"),
    ...section("Commands", "", style),
    ...pairs(
      commands.map(({ name, summary }) => [name, summary]),
      style,
    ),
    ...section("Exit codes", "", style),
    ...pairs(
      [
        ["0", "fine"],
        ["1", "a condition of --fail-on holds, verify found a problem, or undo and restore left files"],
        ["2", "an error"],
        ["130", "stopped with Ctrl+C"],
      ],
      style,
    ),
    ...section("Options and examples of a command", "", style),
    line("  ", span("cleansplit help COMMAND", "accent")),
  ];
}

/** The help of one command. */
export function commandHelpLines(command: Command, style: TableStyle): readonly Line[] {
  const options = command.options.map(({ name, short, value, help }): readonly [string, string] => [
    `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
    help,
  ]);
  return [
    line(span(`cleansplit ${command.name}`, "title"), ` ${command.usage}`),
    BLANK,
    ...command.description.flatMap((text) => paragraph([], text, style.width)),
    ...section("Options", "", style),
    ...pairs(options, style),
    ...section("Examples", "", style),
    ...command.examples.flatMap(({ command: text, says }) => commandLines(text, says, style)),
  ];
}

function pairs(rows: readonly (readonly [string, string])[], style: TableStyle): readonly Line[] {
  const width = Math.max(...rows.map(([name]) => displayWidth(name)));
  return rows.flatMap(([name, text]) =>
    paragraph(line("  ", span(name.padEnd(width), "accent"), "  "), text, style.width),
  );
}
