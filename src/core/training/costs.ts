import { inEnglish } from "../language";
import { costSentence } from "./costSentence";
import { isInSet } from "./evaluate";
import type { TestSet } from "./evaluation";
import type { ExperimentSummary, PlannedRun, Predictions, TestColumns, TrainingData } from "./experiment";
import type { Cost, Interval } from "./leakageCost";
import { Random } from "./random";

/** A finished run. */
export interface CostRun {
  readonly planned: PlannedRun;
  readonly predictions: Predictions;
}

/** Times that seeds and images are drawn anew: more change the ends of a 95 % interval by less than seeds do. */
const REPLICATES = 1000;
const BOOTSTRAP_SEED = 0xb007;
/** Mean above which a Poisson number is drawn as a rounded normal one; they differ by less than a tenth of its deviation. */
const LARGE_MEAN = 60;

/** Runs of one seed on both kinds of data. */
type Pair = Readonly<Record<TrainingData, Predictions>>;

/**
 * What the leakage costs, for each model and size of which both kinds of data are trained with one seed at least, in the
 * order of the runs. See {@link Cost} for the definitions.
 *
 * Intervals: bootstrap over seeds (drawn with replacement) and groups of equal test images (Poisson weights, Chamandy,
 * Muralidharan, Najmi, Naidu, "Estimating uncertainty for massive data streams", 2012), clean and leaked images apart, as
 * their share is a fact of the dataset. All models are drawn the same images in a replicate, which makes differences paired;
 * ends are percentiles 2.5 and 97.5.
 */
export function leakageCosts(runs: readonly CostRun[], test: TestColumns): Cost[] {
  const cells = new Map<string, CostRun[]>();
  for (const run of runs) {
    const key = `${run.planned.model} ${run.planned.size}`;
    cells.set(key, [...(cells.get(key) ?? []), run]);
  }
  return [...cells.values()].flatMap((cell) => costOf(cell, test) ?? []);
}

/** The cost to show first: of the first model on the most samples; `null` when none is known. */
export function headlineCost(costs: readonly Cost[]): Cost | null {
  const own = costs.filter(({ model }) => model === costs[0]?.model);
  return own.sort((a, b) => b.trained.original - a.trained.original)[0] ?? null;
}

/** The two scores of the headline: what people compare, of an experiment with these costs; `null` without one. */
export function headlineAccuracy(costs: readonly Cost[]): ExperimentSummary["accuracy"] {
  const cost = headlineCost(costs);
  return cost === null
    ? null
    : { original: cost.original.test.value, sanitized: cost.sanitized.sanitized?.value ?? null };
}

function costOf(cell: readonly CostRun[], test: TestColumns): Cost | null {
  const pairs = pairsOf(cell);
  const [first] = cell;
  if (first === undefined || pairs.length === 0 || test.labels.length === 0) return null;
  const strata = { clean: stratumOf(pairs, test, "clean"), leaked: stratumOf(pairs, test, "leaked") };
  const share = strata.leaked.images / test.labels.length;
  const drawn = bootstrap(pairs.length, strata);
  const exact = accuraciesOf(strata, null, pairs.length, null);

  const both = strata.clean.images > 0 && strata.leaked.images > 0;
  const of = (value: (a: Accuracies) => number): Interval => intervalOf(value(exact), drawn.map(value));
  const accuracy = (set: TestSet, value: (a: Accuracies) => number): Interval | null => {
    const groups = groupsOf(strata, set);
    return groups === 0 ? null : widened(of(value), groups);
  };
  const whole = (data: TrainingData) => (a: Accuracies) => mixed(a[data].clean, a[data].leaked, share);
  const { model, size } = first.planned;
  const trainedOn = (data: TrainingData): number =>
    cell.find(({ planned }) => planned.data === data)?.planned.trained ?? 0;
  const cost: Omit<Cost, "sentence"> = {
    model,
    size,
    trained: { original: trainedOn("original"), sanitized: trainedOn("sanitized") },
    seeds: pairs.length,
    samples: { test: test.labels.length, leaked: strata.leaked.images, leakedGroups: strata.leaked.groups },
    original: {
      test: accuracy("original", whole("original")) ?? of(whole("original")),
      clean: accuracy("clean", (a) => a.original.clean),
      leaked: accuracy("leaked", (a) => a.original.leaked),
    },
    sanitized: {
      test: accuracy("original", whole("sanitized")) ?? of(whole("sanitized")),
      clean: accuracy("clean", (a) => a.sanitized.clean),
      leaked: accuracy("leaked", (a) => a.sanitized.leaked),
      sanitized: accuracy("sanitized", (a) => a.onSanitized),
    },
    drop: both ? of((a) => share * (a.original.leaked - a.original.clean)) : null,
    composition: both ? of((a) => share * (a.sanitized.leaked - a.sanitized.clean)) : null,
    memorising: both
      ? of((a) => share * (a.original.leaked - a.sanitized.leaked - (a.original.clean - a.sanitized.clean)))
      : null,
    difference: groupsOf(strata, "sanitized") === 0 ? null : of((a) => whole("original")(a) - a.onSanitized),
  };
  return { ...cost, sentence: inEnglish(() => costSentence(cost)) };
}

function pairsOf(cell: readonly CostRun[]): Pair[] {
  return [...new Set(cell.map(({ planned }) => planned.seed))].flatMap((seed) => {
    const of = (data: TrainingData): Predictions | undefined =>
      cell.find(({ planned }) => planned.seed === seed && planned.data === data)?.predictions;
    const [original, sanitized] = [of("original"), of("sanitized")];
    return original === undefined || sanitized === undefined ? [] : [{ original, sanitized }];
  });
}

/**
 * The clean or the leaked test images, as patterns: groups of equal images about which the models say the same are drawn
 * alike, so it is enough to know how many there are of each. There are few patterns however many images there are.
 */
interface Stratum {
  readonly images: number;
  readonly groups: number;
  /** Groups with images of the sanitized test split. */
  readonly sanitizedGroups: number;
  /** Groups of each pattern. */
  readonly counts: Float64Array;
  /** Patterns x width: see {@link COLUMNS}, then what is right by seed: original, sanitized, sanitized on sanitized. */
  readonly table: Float64Array;
  readonly width: number;
}

/** Columns of a pattern before those of the seeds: images, and images of the sanitized split. */
const COLUMNS = 2;
const PER_SEED = 3;

function stratumOf(pairs: readonly Pair[], test: TestColumns, set: "clean" | "leaked"): Stratum {
  const width = COLUMNS + PER_SEED * pairs.length;
  const byGroup = new Map<number, Float64Array>();
  let images = 0;
  test.labels.forEach((label, image) => {
    if (!isInSet(test, set, image)) return;
    images++;
    const group = test.groups[image] ?? 0;
    const row = byGroup.get(group) ?? new Float64Array(width);
    byGroup.set(group, row);
    addImage(row, pairs, image, label, test.stays[image] === 1);
  });
  const patterns = new Map<string, { readonly row: Float64Array; count: number }>();
  for (const row of byGroup.values()) {
    const key = row.join(" ");
    const pattern = patterns.get(key);
    if (pattern === undefined) patterns.set(key, { row, count: 1 });
    else pattern.count++;
  }
  const table = new Float64Array(patterns.size * width);
  [...patterns.values()].forEach(({ row }, index) => table.set(row, index * width));
  return {
    images,
    groups: byGroup.size,
    sanitizedGroups: [...byGroup.values()].filter((row) => (row[1] ?? 0) > 0).length,
    counts: Float64Array.from(patterns.values(), ({ count }) => count),
    table,
    width,
  };
}

function addImage(
  row: Float64Array,
  pairs: readonly Pair[],
  image: number,
  label: number,
  isInSanitized: boolean,
): void {
  const add = (column: number, by: number): void => void (row[column] = (row[column] ?? 0) + by);
  add(0, 1);
  if (isInSanitized) add(1, 1);
  pairs.forEach(({ original, sanitized }, seed) => {
    const at = COLUMNS + PER_SEED * seed;
    if (original.predicted[image] === label) add(at, 1);
    if (sanitized.predicted[image] !== label) return;
    add(at + 1, 1);
    if (isInSanitized) add(at + 2, 1);
  });
}

interface Strata {
  readonly clean: Stratum;
  readonly leaked: Stratum;
}

function groupsOf({ clean, leaked }: Strata, set: TestSet): number {
  switch (set) {
    case "original":
      return clean.groups + leaked.groups;
    case "sanitized":
      return clean.sanitizedGroups + leaked.sanitizedGroups;
    case "clean":
      return clean.groups;
    case "leaked":
      return leaked.groups;
  }
}

/** Mean accuracies over seeds, by what was trained on and on which images; NaN where there are none. */
interface Accuracies {
  readonly original: { readonly clean: number; readonly leaked: number };
  readonly sanitized: { readonly clean: number; readonly leaked: number };
  /** Of models trained on sanitized data on the sanitized test split. */
  readonly onSanitized: number;
}

function bootstrap(seeds: number, strata: Strata): readonly Accuracies[] {
  const random = new Random(BOOTSTRAP_SEED);
  const weights = {
    clean: new Float64Array(strata.clean.counts.length),
    leaked: new Float64Array(strata.leaked.counts.length),
  };
  return Array.from({ length: REPLICATES }, () => {
    const ofSeeds = new Float64Array(seeds);
    for (let i = 0; i < seeds; i++) {
      const seed = random.below(seeds);
      ofSeeds[seed] = (ofSeeds[seed] ?? 0) + 1;
    }
    drawWeights(weights.clean, strata.clean, random);
    drawWeights(weights.leaked, strata.leaked, random);
    return accuraciesOf(strata, weights, seeds, ofSeeds);
  });
}

/** Draws how often the groups of each pattern occur in a replicate: at least one group, unless there are none. */
function drawWeights(weights: Float64Array, { counts }: Stratum, random: Random): void {
  let total = 0;
  while (total === 0 && counts.length > 0) {
    counts.forEach((count, pattern) => {
      const weight = poisson(count, random);
      weights[pattern] = weight;
      total += weight;
    });
  }
}

/** Weighted sums of every column of a stratum; `null` weighs each group once. */
function sumsOf({ counts, table, width }: Stratum, weights: Float64Array | null): Float64Array {
  const sums = new Float64Array(width);
  counts.forEach((count, pattern) => {
    const weight = weights === null ? count : (weights[pattern] ?? 0);
    if (weight === 0) return;
    for (let column = 0; column < width; column++) {
      sums[column] = (sums[column] ?? 0) + weight * (table[pattern * width + column] ?? 0);
    }
  });
  return sums;
}

function accuraciesOf(
  strata: Strata,
  weights: { readonly clean: Float64Array; readonly leaked: Float64Array } | null,
  seeds: number,
  ofSeeds: Float64Array | null,
): Accuracies {
  const clean = sumsOf(strata.clean, weights?.clean ?? null);
  const leaked = sumsOf(strata.leaked, weights?.leaked ?? null);
  // Mean over seeds of what is right, by the column within a seed.
  const right = (sums: Float64Array, column: number): number => {
    let total = 0;
    for (let seed = 0; seed < seeds; seed++) {
      total += (ofSeeds?.[seed] ?? 1) * (sums[COLUMNS + PER_SEED * seed + column] ?? 0);
    }
    return total / seeds;
  };
  const accuracies = (column: number): { readonly clean: number; readonly leaked: number } => ({
    clean: right(clean, column) / (clean[0] ?? 0),
    leaked: right(leaked, column) / (leaked[0] ?? 0),
  });
  return {
    original: accuracies(0),
    sanitized: accuracies(1),
    onSanitized: (right(clean, 2) + right(leaked, 2)) / ((clean[1] ?? 0) + (leaked[1] ?? 0)),
  };
}

/** The accuracy on all images from those on both parts, one of which may be empty. */
function mixed(clean: number, leaked: number, share: number): number {
  if (share === 0) return clean;
  return share === 1 ? leaked : (1 - share) * clean + share * leaked;
}

function intervalOf(value: number, replicates: readonly number[]): Interval {
  const sorted = Float64Array.from(replicates.filter((replicate) => !Number.isNaN(replicate))).sort();
  const last = sorted.length - 1;
  // What is estimated never lies outside of its own interval, as it can when few images are drawn.
  return {
    value,
    low: Math.min(value, sorted[Math.floor(last * 0.025)] ?? value),
    high: Math.max(value, sorted[Math.ceil(last * 0.975)] ?? value),
  };
}

/**
 * An accuracy of exactly 0 or 1 is the same in every replicate, yet not certain: its interval reaches as far as that of
 * Clopper and Pearson ("The use of confidence or fiducial limits", Biometrika 1934), 0.025 to the power of 1 / groups.
 */
function widened({ value, low, high }: Interval, groups: number): Interval {
  const bound = 0.025 ** (1 / groups);
  return {
    value,
    low: value === 1 ? Math.min(low, bound) : low,
    high: value === 0 ? Math.max(high, 1 - bound) : high,
  };
}

/** A Poisson number: by products of uniform ones (Knuth, "The Art of Computer Programming" 2, 3.4.1) for small means. */
function poisson(mean: number, random: Random): number {
  if (mean > LARGE_MEAN) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const end = Math.exp(-mean);
  let product = uniform(random);
  let count = 0;
  while (product > end) {
    product *= uniform(random);
    count++;
  }
  return count;
}

/** A standard normal number: Box and Muller, "A note on the generation of random normal deviates", 1958. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(uniform(random))) * Math.cos(2 * Math.PI * uniform(random));
}

/** A number above 0 and up to 1. */
function uniform(random: Random): number {
  return (random.next() + 1) / 2 ** 32;
}
