import { changedSamples, viewChange } from "../../core/sanitize/buildPlan";
import { inEnglish } from "../../core/language";
import type { Plan } from "./outputs";

/** Name of the manifest in the written folder. */
export const MANIFEST = "cleansplit-manifest.json";

/** The text of the manifest, in English: every changed sample with its reason and its twin. */
export function manifestOf(plan: Plan): string {
  return inEnglish(() => textOf(plan));
}

function textOf({ inspection, decision, policy, splits }: Plan): string {
  const { dataset, findings } = inspection;
  const changes = changedSamples(decision).map((sample) => {
    const change = viewChange(findings, dataset.names, decision, sample);
    const { id, split, label } = change.sample;
    const { action, to, reason, tier, twin, nearness, detail } = change;
    const near = nearness === null ? {} : { score: nearness.score, transform: nearness.transform };
    return { id, split, label, action, to, reason, tier, ...near, twin: twin?.id ?? null, detail };
  });
  const manifest = {
    schema: "cleansplit/manifest@1",
    created: new Date().toISOString(),
    inputs: dataset.layout.inputs,
    policy: policy(),
    splits,
    changes,
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
