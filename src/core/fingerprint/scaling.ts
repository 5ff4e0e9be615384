/**
 * How floats in an array stand for 8-bit pixels p. `course` is the scaling of the notMNIST course,
 * `(p - 255 / 2) / 255`.
 */
export type Scaling = "identity" | "unit" | "course" | "symmetric" | "signed" | "power";

interface Definition {
  readonly scaling: Scaling;
  readonly formula: string;
  /** p = value * factor + offset */
  readonly factor: number;
  readonly offset: number;
}

const DEFINITIONS: readonly Definition[] = [
  { scaling: "course", formula: "(p - 127.5) / 255", factor: 255, offset: 127.5 },
  { scaling: "unit", formula: "p / 255", factor: 255, offset: 0 },
  { scaling: "symmetric", formula: "p / 127.5 - 1", factor: 127.5, offset: 127.5 },
  { scaling: "identity", formula: "p", factor: 1, offset: 0 },
  { scaling: "signed", formula: "(p - 128) / 128", factor: 128, offset: 128 },
  { scaling: "power", formula: "p / 256", factor: 256, offset: 0 },
];

/**
 * How far a value may lie from a whole grey level, in grey levels. Ways to compute the scalings in 32-bit floats differ
 * by less than 0.0001; values that are no 8-bit pixels at all lie within 0.01 only once in 50.
 */
const TOLERANCE = 0.01;

/** Share of the probed rows that must be 8-bit pixels under a scaling for it to be recognised. */
const REQUIRED_SHARE = 0.9;

/** The formula of a scaling, with p for the pixel (0..255). */
export function scalingFormula(scaling: Scaling): string {
  return definitionOf(scaling).formula;
}

/** How a scaling turns values into pixels: `value * factor + offset`. */
export function scalingTerms(scaling: Scaling): { readonly factor: number; readonly offset: number } {
  return definitionOf(scaling);
}

/**
 * The scaling under which at least 90 % of the probed rows are exactly 8-bit pixels; `null` when there is none, and the
 * floats are then compared as they are. `rows` are images as floats, some hundred of them spread over the array.
 */
export function recogniseScaling(rows: readonly ArrayLike<number>[]): Scaling | null {
  let best: Definition | undefined;
  let bestCount = 0;
  for (const definition of DEFINITIONS) {
    const count = rows.filter((row) => fits(definition, row)).length;
    if (count > bestCount) [best, bestCount] = [definition, count];
  }
  return best !== undefined && bestCount >= rows.length * REQUIRED_SHARE ? best.scaling : null;
}

/**
 * The 8-bit pixels of a row of floats; `null` when one of them is no 8-bit pixel under the scaling (also when it is not
 * a number or infinite).
 */
export function unscale(scaling: Scaling, row: ArrayLike<number>): Uint8Array | null {
  const { factor, offset } = definitionOf(scaling);
  const pixels = new Uint8Array(row.length);
  for (let i = 0; i < row.length; i++) {
    const exact = Number(row[i]) * factor + offset;
    const pixel = Math.round(exact);
    // Written so that NaN fails too.
    if (!(Math.abs(exact - pixel) <= TOLERANCE && pixel >= 0 && pixel <= 255)) return null;
    pixels[i] = pixel;
  }
  return pixels;
}

function fits(definition: Definition, row: ArrayLike<number>): boolean {
  return unscale(definition.scaling, row) !== null;
}

function definitionOf(scaling: Scaling): Definition {
  const definition = DEFINITIONS.find((entry) => entry.scaling === scaling);
  if (definition === undefined) throw new RangeError(`There is no scaling ${scaling}.`);
  return definition;
}
