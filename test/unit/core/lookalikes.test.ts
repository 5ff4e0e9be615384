import assert from "node:assert/strict";
import fc from "fast-check";
import { findLookalikes, LOOK_TOLERANCE } from "../../../src/core/duplicates/lookalikes";
import { SampleState } from "../../../src/core/dataset/dataset";
import { createFingerprints, type Fingerprints } from "../../../src/core/fingerprint/fingerprints";
import { SIGNATURE_BYTES } from "../../../src/core/fingerprint/signature";

interface Look {
  readonly digest: number;
  readonly provisional: boolean;
  /** Grey level of all blocks, and of one more. */
  readonly level: number;
  readonly other: number;
  readonly width?: number;
  readonly unreadable?: boolean;
}

function fingerprintsOf(looks: readonly Look[]): Fingerprints {
  const fingerprints = createFingerprints(looks.length);
  looks.forEach(({ digest, provisional, level, other, width = 8, unreadable = false }, sample) => {
    fingerprints.pixelDigests[sample * 16] = digest;
    // The same number of a provisional and of an exact digest is not the same digest.
    fingerprints.pixelDigests[sample * 16 + 1] = provisional ? 1 : 0;
    fingerprints.provisional[sample] = provisional ? 1 : 0;
    fingerprints.signatures.fill(level, sample * SIGNATURE_BYTES, (sample + 1) * SIGNATURE_BYTES);
    fingerprints.signatures[sample * SIGNATURE_BYTES + 9] = other;
    fingerprints.widths[sample] = width;
    fingerprints.heights[sample] = 8;
    fingerprints.states[sample] = unreadable ? SampleState.unreadable : SampleState.ok;
  });
  return fingerprints;
}

function search(fingerprints: Fingerprints): number[] {
  const steps = findLookalikes(fingerprints);
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return [...step.value];
}

/** The definition, pair by pair. */
function bruteForce(looks: readonly Look[]): number[] {
  const isSame = (a: Look, b: Look): boolean => a.digest === b.digest && a.provisional === b.provisional;
  const near = (a: number, b: number): boolean => Math.abs(a - b) <= LOOK_TOLERANCE;
  return looks.flatMap((look, sample) => {
    const looksLike = (other: Look): boolean =>
      other.unreadable !== true &&
      !isSame(look, other) &&
      (look.width ?? 8) === (other.width ?? 8) &&
      near(look.level, other.level) &&
      near(look.other, other.other);
    return look.provisional && look.unreadable !== true && looks.some(looksLike) ? [sample] : [];
  });
}

describe("pictures that look alike", () => {
  it("are none when all pixels are known, and none of other sizes or of the same file", () => {
    const exact = { digest: 1, provisional: false, level: 50, other: 50 };
    assert.deepEqual(search(fingerprintsOf([exact, { ...exact, digest: 2 }])), []);
    const seen = { ...exact, provisional: true };
    assert.deepEqual(search(fingerprintsOf([seen, seen, { ...seen, digest: 2, width: 9 }])), []);
  });

  it("are all files of a picture when another one looks like it", () => {
    const seen = { digest: 1, provisional: true, level: 50, other: 50 };
    const alike = { ...seen, digest: 2, provisional: false, level: 50 + LOOK_TOLERANCE };
    assert.deepEqual(search(fingerprintsOf([seen, seen, alike])), [0, 1]);
    assert.deepEqual(search(fingerprintsOf([seen, { ...alike, other: 51 + LOOK_TOLERANCE }])), []);
    assert.deepEqual(search(fingerprintsOf([seen, { ...alike, unreadable: true }])), []);
  });

  it("are those that comparing all pairs finds, in sets small and large", () => {
    // Files with one digest have one look: what differs follows from the digest.
    const look = fc.record({ digest: fc.nat(255), provisional: fc.boolean(), unreadable: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(look, { minLength: 2, maxLength: 400, size: "max" }),
        fc.integer({ min: 1, max: 97 }),
        (files, factor) => {
          const looks = files.map((file): Look => {
            const number = file.digest * factor + (file.provisional ? 13 : 0);
            return { ...file, level: number % 256, other: (number * 7) % 256, width: 8 + (number % 2) };
          });
          assert.deepEqual(search(fingerprintsOf(looks)), bruteForce(looks));
        },
      ),
      { numRuns: 200 },
    );
  });
});
