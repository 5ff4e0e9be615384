/// <reference lib="dom" />
import axe from "axe-core";
import type { Frame, Page } from "playwright-core";

/**
 * Cards and cells show several short facts, and their names say all of them in a sentence. This rule wants what is shown in
 * one piece.
 */
const RULES_OFF = { "label-content-name-mismatch": { enabled: false } };

/** What axe calls serious or critical on a page, one line an element; by some rules of it or by all. */
export async function seriousViolations(page: Page | Frame, rules?: readonly string[]): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(
    async (options) => {
      const { violations: all } = await (window as unknown as { axe: typeof axe }).axe.run(document, options);
      return all
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .flatMap(({ id, nodes }) =>
          nodes.map(({ target, any, all: every }) => {
            const reason = (any[0] ?? every[0])?.message ?? "";
            return `${id}: ${target.join(" ")}: ${reason}`;
          }),
        );
    },
    {
      resultTypes: ["violations"],
      rules: RULES_OFF,
      ...(rules === undefined ? {} : { runOnly: [...rules] }),
    } satisfies axe.RunOptions,
  );
}
