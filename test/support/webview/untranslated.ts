/// <reference lib="dom" />
import type { Page } from "playwright-core";

/** Attributes that are shown or read aloud. */
const ATTRIBUTES = ["aria-label", "aria-description", "aria-valuetext", "title", "placeholder", "alt"];

/**
 * Texts of a page in the pseudo language of the harness that nobody can translate: with letters outside of `⟦⟧`. What stands in
 * `bdi` is of the dataset, in `code` and `kbd` a command or a key. `same` is what else reads the same in every language, such as
 * names in attributes. `root` selects the parts of the page that are looked at.
 */
export async function untranslated(page: Page, same: readonly RegExp[], root = "body"): Promise<readonly string[]> {
  const texts = await page.evaluate(
    ([selector, attributes]) => {
      const found: string[] = [];
      const parts = [...document.querySelectorAll(selector)];
      if (parts.length === 0) throw new Error(`Nothing on the page is ${selector}.`);
      for (const part of parts) {
        const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (node) =>
          node instanceof Element && node.matches("script, style, bdi, code, kbd")
            ? NodeFilter.FILTER_REJECT
            : NodeFilter.FILTER_ACCEPT,
        );
        for (let node: Node | null = part; node !== null; node = walker.nextNode()) {
          if (node instanceof Element) found.push(...attributes.map((name) => node.getAttribute(name) ?? ""));
          else found.push(node.nodeValue ?? "");
        }
      }
      return found;
    },
    [root, ATTRIBUTES] as const,
  );
  const rest = (text: string): string =>
    same.reduce((left, pattern) => left.replaceAll(pattern, " "), text.replace(/⟦[^⟦⟧]*⟧/g, " "));
  return [...new Set(texts)].filter((text) => /\p{L}/u.test(rest(text)));
}
