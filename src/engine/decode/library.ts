import { createRequire } from "node:module";
import type sharpLibrary from "sharp";
import type { Sharp, SharpInput, SharpOptions } from "sharp";

type Library = typeof sharpLibrary;

const requireHere = createRequire(__filename);
let library: Library | undefined;

/** sharp, loaded with the first picture that needs it: most small PNGs do not, and loading takes longer than a thousand of them. */
export function sharp(input: SharpInput, options?: SharpOptions): Sharp {
  library ??= load();
  return library(input, options);
}

function load(): Library {
  const loaded = requireHere("sharp") as Library;
  // Worker threads provide the parallelism, and no picture is decoded twice.
  loaded.cache(false);
  loaded.concurrency(1);
  return loaded;
}
