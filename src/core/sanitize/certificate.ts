import type { Role } from "../dataset/dataset";
import type { PlanOptions } from "./options";
import type { ImageTransfer } from "./plan";

/** One written file. */
export interface CertifiedFile {
  /** Path below the folder, with `/` between names. */
  readonly path: string;
  /** Bytes of its content. */
  readonly size: number;
  /** SHA-256 of its content in hex; for a link of what it leads to. */
  readonly sha256: string;
  /** Where it leads, when it is a symbolic link. */
  readonly link?: string;
}

/** Samples of one split that were written. */
export interface CertifiedSplit {
  readonly name: string;
  readonly role: Role;
  readonly samples: number;
  /** Samples of each class; samples without a label are in none. */
  readonly classes: Readonly<Record<string, number>>;
}

/** What a written folder was made of, what it holds and what was checked; lies in it as `cleansplit-certificate.json`. */
export interface Certificate {
  readonly schema: "cleansplit/certificate@1";
  /** Version of CleanSplit that wrote it. */
  readonly version: string;
  /** ISO 8601, in UTC. */
  readonly created: string;
  readonly source: {
    /** Absolute paths that were inspected. */
    readonly inputs: readonly string[];
    /** Digest over names, labels and fingerprints of all samples. */
    readonly fingerprint: string;
    readonly samples: number;
  };
  readonly plan: {
    /** Digest over what was decided about every sample. */
    readonly digest: string;
    /** The rule in sentences. */
    readonly policy: string;
    readonly options: PlanOptions;
    readonly images: ImageTransfer;
  };
  readonly counts: {
    readonly samples: number;
    readonly splits: readonly CertifiedSplit[];
  };
  /** What was checked after writing, one sentence each. */
  readonly result: readonly string[];
  /** Every file but the certificate itself, in the order of their paths. */
  readonly files: readonly CertifiedFile[];
}
