import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decimalText,
  inEnglish,
  integerText,
  languageTag,
  listText,
  percentText,
  useTranslations,
} from "../../src/core/language";
import { faults, readBundle, sentences, translations } from "../../scripts/l10n.mjs";

describe("languages", () => {
  it("have all sentences of the program to translate", () => {
    assert.deepEqual(sentences(), readBundle("l10n/bundle.l10n.json"), "run `npm run l10n`");
  });

  for (const [source, folder, name] of [
    ["l10n/bundle.l10n.json", "l10n", /^bundle\.l10n\..+\.json$/],
    ["package.nls.json", ".", /^package\.nls\..+\.json$/],
  ] as const) {
    it(`translate ${source} as a whole, with the same places for values`, () => {
      const files = translations(folder, name);
      assert.notEqual(files.length, 0);
      for (const file of files) assert.deepEqual(faults(readBundle(source), readBundle(file)), [], file);
    });
  }

  it("say what is missing, gone or different", () => {
    const found = faults({ "{0} images": "{0} images", Open: "Open" }, { "{0} images": "imágenes", Close: "Cerrar" });
    assert.deepEqual(found, [
      "is missing: Open",
      "is not used any more: Close",
      "has other places for values: {0} images",
    ]);
  });

  const SPANISH = JSON.stringify({
    "en-US/The language of the translation, as a BCP 47 tag such as es: numbers and times are written as in it.": "es",
  });

  afterEach(() => useTranslations("{}"));

  it("write numbers and lists as the language does", () => {
    const written = (): readonly string[] => [
      integerText(20870),
      decimalText(0.0625, 2),
      decimalText(0.015625),
      percentText(0.8784),
      percentText(1, 0),
      listText(["A", "B", "C"]),
    ];
    assert.equal(languageTag(), "en-US");
    assert.deepEqual(written(), ["20,870", "0.06", "0.015625", "87.8 %", "100 %", "A, B and C"]);
    useTranslations(SPANISH);
    assert.deepEqual(written(), ["20.870", "0,06", "0,015625", "87,8 %", "100 %", "A, B y C"]);
    assert.deepEqual(["", "A", "A y B"], [listText([]), listText(["A"]), listText(["A", "B"])]);
  });

  it("round as the command line does", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.nat(4), (value, digits) => {
        assert.equal(decimalText(value, digits), value.toFixed(digits));
      }),
    );
  });

  it("leave files that are kept in English, also when writing them fails", () => {
    useTranslations(SPANISH);
    assert.equal(
      inEnglish(() => integerText(20870)),
      "20,870",
    );
    assert.throws(() =>
      inEnglish(() => {
        throw new Error("full");
      }),
    );
    assert.equal(integerText(20870), "20.870");
  });
});
