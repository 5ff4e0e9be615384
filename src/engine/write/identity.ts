import { createHash } from "node:crypto";
import { inEnglish } from "../../core/language";
import { datasetFingerprint } from "../datasetFingerprint";
import type { Identity } from "./certificate";
import type { Plan } from "./outputs";

/** What a plan is and of what: the same for the same decision about the same samples, whenever it is made. */
export function identityOf(plan: Plan): Identity {
  return { dataset: datasetFingerprint(plan.inspection), plan: planDigest(plan) };
}

function planDigest({ decision, options, policy, inspection }: Plan): string {
  const { splits, stays, splitOf, reasonOf, twinOf } = decision;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([inspection.dataset.layout.inputs, splits, options, inEnglish(policy)]));
  for (const column of [stays, splitOf, reasonOf, twinOf]) {
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return `sha256:${hash.digest("hex")}`;
}
