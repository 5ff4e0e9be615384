import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { useTranslations } from "../../../src/core/language";
import type { ApplyResult } from "../../../src/core/sanitize/plan";
import { faultyDataset, inspect, quiet, useEngine } from "./support";

const SPANISH = readFileSync("l10n/bundle.l10n.es.json", "utf8");

describe("an engine that speaks another language", () => {
  const { engine, scratch } = useEngine();

  afterEach(() => useTranslations("{}"));

  /** Writes a copy; answers what people are told and what is kept. */
  async function write(root: string, name: string): Promise<{ told: string; kept: string; digest: string }> {
    const { inspection } = await inspect(engine, [root]);
    const plan = await engine.plan({ inspection }, quiet());
    const file = await engine.planFile({ plan: plan.plan }, quiet());
    const result: ApplyResult = await engine.apply({ plan: plan.plan, out: path.join(scratch, name) }, quiet());
    const certificate = readFileSync(result.certificate, "utf8");
    const { digest } = (JSON.parse(certificate) as { plan: { digest: string } }).plan;
    return {
      told: JSON.stringify([plan, result.verified]),
      kept: [file, readFileSync(result.manifest, "utf8"), certificate].join("\n"),
      digest,
    };
  }

  it("tells people so, and keeps plans, manifests and certificates in English", async () => {
    const root = faultyDataset(path.join(scratch, "data"));
    const english = await write(root, "english");
    useTranslations(SPANISH);
    const spanish = await write(root, "spanish");
    for (const text of [/\d imágenes/, /El origen no se modificó/]) {
      assert.match(spanish.told, text);
      assert.doesNotMatch(spanish.kept, text);
      assert.doesNotMatch(english.told, text);
    }
    assert.match(spanish.kept, /The source was not changed\./);
    // The same plan, which another window in another language can go on with.
    assert.equal(spanish.digest, english.digest);
  });

  it("tells people what is wrong", async () => {
    useTranslations(SPANISH);
    const empty = path.join(scratch, "empty");
    mkdirSync(empty);
    await assert.rejects(inspect(engine, [empty]), { reason: "not-a-dataset", message: /no contiene imágenes/ });
  });
});
