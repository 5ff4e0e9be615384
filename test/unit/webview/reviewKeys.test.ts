import assert from "node:assert/strict";
import { commandOf, REVIEW_KEYS, type ReviewCommand } from "../../../webview-ui/src/report/reviewKeys";

/** A key as the browser tells it, e.g. "Ctrl+Shift+Z". */
function pressed(name: string): Parameters<typeof commandOf>[0] {
  const parts = name.split(/\+(?=.)/);
  const last = name.replace(/^(?:(?:Ctrl|Shift)\+)+/, "");
  const shiftKey = parts.includes("Shift");
  const isLetter = /^[A-Z]$/.test(last);
  return {
    key: last === "Space" ? " " : isLetter && !shiftKey ? last.toLowerCase() : last,
    shiftKey,
    ctrlKey: parts.includes("Ctrl"),
    metaKey: false,
    altKey: false,
  };
}

describe("keys of a review", () => {
  it("have one meaning each", () => {
    const keys = REVIEW_KEYS.flatMap((binding) => binding.keys);
    assert.equal(new Set(keys).size, keys.length);
    const commands = REVIEW_KEYS.map((binding) => binding.command);
    assert.equal(new Set(commands).size, commands.length);
  });

  it("are recognised as the browser tells them", () => {
    for (const { command, keys } of REVIEW_KEYS)
      for (const key of keys) assert.equal(commandOf(pressed(key)), command, key);
  });

  for (const [what, event, command] of [
    ["a letter with Caps Lock", { key: "K", shiftKey: false }, "keep"],
    ["a letter with Shift and Caps Lock", { key: "k", shiftKey: true }, "keep-too"],
    ["a sign that needs Shift here", { key: "?", shiftKey: true }, "help"],
    ["the Command key of a Mac", { key: "z", metaKey: true }, "undo"],
    ["a letter of the editor's own", { key: "k", ctrlKey: true }, null],
    ["a letter with Alt", { key: "d", altKey: true }, null],
    ["a letter of another script", { key: "л" }, null],
  ] as const satisfies readonly (readonly [string, Partial<KeyboardEvent>, ReviewCommand | null])[]) {
    it(`${command === null ? "leave alone" : "know"} ${what}`, () => {
      const full = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...event };
      assert.equal(commandOf(full), command);
    });
  }
});
