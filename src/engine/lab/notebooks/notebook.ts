/** A cell of a notebook: words in Markdown, or code in Python. `id` is unique within a notebook. */
export interface Cell {
  readonly id: string;
  readonly type: "markdown" | "code";
  readonly text: string;
}

/** Words between code. */
export function words(id: string, text: string): Cell {
  return { id, type: "markdown", text };
}

/** Code to run. */
export function code(id: string, text: string): Cell {
  return { id, type: "code", text };
}

/** The text of a notebook of format 4.5, https://nbformat.readthedocs.io/en/latest/format_description.html, not yet run. */
export function notebookText(cells: readonly Cell[]): string {
  const notebook = {
    cells: cells.map(({ id, type, text }) => ({
      cell_type: type,
      ...(type === "code" ? { execution_count: null } : {}),
      id,
      metadata: {},
      ...(type === "code" ? { outputs: [] } : {}),
      source: linesOf(text.trim()),
    })),
    metadata: {
      kernelspec: { display_name: "Python 3", language: "python", name: "python3" },
      language_info: { name: "python" },
    },
    nbformat: 4,
    nbformat_minor: 5,
  };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/** Lines with their ends, as notebooks keep texts so that versions can be compared. */
function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  return lines.map((line, index) => (index === lines.length - 1 ? line : `${line}\n`));
}
