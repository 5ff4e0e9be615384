import assert from "node:assert/strict";
import fc from "fast-check";
import { escapeMarkdown, picturesInMarkdown, withPictures } from "../../../src/host/markdown";

/** What a reader of Markdown makes of character references. */
function shown(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

describe("text in Markdown", () => {
  it("is shown as it is, and holds nothing that could be markup", () => {
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom(
        "<img src=x onerror=alert(1)>",
        "[click](command:workbench.action.quit)",
        "![](https://example.org/track.png)",
        "https://example.org www.example.org a@example.org",
        "$(zap) `code` **bold** | table | &amp; &#60;",
        "    indented",
        "# heading\n- list\r\n---",
      ),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const escaped = escapeMarkdown(text);
        assert.match(escaped, /^(?:[A-Za-z0-9]|[^\u0000-\u007f]|&#\d+;)*$/u);
        // Without marks that are spelled out, nothing is lost.
        if (!/[\u0000-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/.test(text)) {
          assert.equal(shown(escaped), text);
        }
      }),
    );
  });

  it("stands below its pictures, a line each", () => {
    assert.equal(shown(withPictures("![](data:x)", [["a.png", "b"], [], ["c"]])), "![](data:x)\n\na.png  \nb\n\nc");
    assert.equal(withPictures("", [["a"]]), "a");
  });

  it("spells out what would break the line or turn the direction", () => {
    assert.equal(shown(escapeMarkdown("a\nb\u202Egnp.exe")), "a[U+000A]b[U+202E]gnp.exe");
  });
});

describe("pictures in Markdown", () => {
  const png = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(255);

  it("keep their shape within the side, and tiny ones grow by a whole number", () => {
    assert.match(picturesInMarkdown([{ png: png(9), width: 192, height: 96 }], 96), /\|width=96,height=48\)$/);
    assert.match(picturesInMarkdown([{ png: png(9), width: 28, height: 20 }], 96), /\|width=84,height=60\)$/);
    assert.match(picturesInMarkdown([{ png: png(9), width: 1, height: 5000 }], 96), /\|width=1,height=96\)$/);
  });

  it("are left out where there is none, or no room for a whole one", () => {
    const none = { png: png(0), width: 0, height: 0 };
    assert.equal(picturesInMarkdown([none], 96), "");
    const large = { png: png(40_000), width: 9, height: 9 };
    const text = picturesInMarkdown([large, large, { png: png(60), width: 9, height: 9 }], 96);
    assert.equal(text.split(" ").length, 2);
    assert(text.length < 100_000);
  });
});
