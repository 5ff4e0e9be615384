/**
 * Softmax regression on 8-bit pixels by gradient descent. `src/engine/training/kernel/reference.ts` does the same in plain
 * TypeScript, bit for bit.
 *
 * What is multiplied are whole numbers, because one instruction multiplies eight of 16 bits and adds them up: pixels as they
 * are, and weights and errors rounded, those of each class to multiples of a unit of its own, 1/32767 of the largest. Sums of
 * them are exact, so neither their order nor how the work is cut makes a difference. What stays from step to step are 32-bit
 * floats that were not rounded.
 *
 * Inputs are p - 127.5, so weights are those of (p - 127.5) / 255 divided by 255. The kernels multiply by p, and take 127.5 times
 * the sum of the other factors away.
 *
 * Two classes by four samples, or by four vectors of inputs, are as many sums as registers hold beside what is added to them.
 * V8 loads everything that a piece of code without branches needs first, so the innermost loops take one step at a time; it
 * repeats them, with a branch between, by itself.
 */

/** Inputs of a panel, which are a vector of pixels. Rows are read up to the end of their last panel. */
const PANEL: usize = 16;
/** Bytes of the weights of a class for a panel, and of the rounded weights of two classes. */
const PANEL_BYTES: usize = 64;
/** Inputs whose products are added up in four lanes, 1024 / 4 in each: 256 * 255 * 32767 < 2^31. */
const CHUNK: u32 = 1024;
/** Samples that {@link multiply} takes at a time. */
const GROUP: u32 = 4;
/** A line of the cache. */
const LINE: usize = 64;

/** What {@link learn}, {@link predict} and {@link round} work on: addresses and sizes, as 32-bit numbers in this order. */
@unmanaged
class Job {
  /** Addresses of rows of pixels, and labels, as 32-bit numbers. */
  list!: usize;
  labels!: usize;
  /** Pixels of a row. */
  dim!: u32;
  /** Panels of 16 inputs and pairs of classes that hold all; and classes, filled up to a multiple of four. */
  panels!: u32;
  pairs!: u32;
  width!: u32;
  /** `[class][input]`, for all classes of the pairs and inputs of the panels: what is behind the last ones is zero. */
  weights!: usize;
  /** Of `width` classes; -Infinity behind the last one. */
  biases!: usize;
  /** Rounded weights as 16-bit numbers, `[class / 2][input / 8][class % 2][input % 8]`. */
  rounded!: usize;
  /** Of each class: the unit of its rounded weights, and their sum times -127.5 as a 64-bit float. */
  units!: usize;
  starts!: usize;
  /** `[sample][class]`: logits in units, as 64-bit floats; and logits, in place of which errors are written. */
  sums!: usize;
  logits!: usize;
  /** Rounded errors as 16-bit numbers, `[sample / 2][class][sample % 2]`. */
  errors!: usize;
  /** Of each class: half the unit of its errors, and their sum times 255 as a 32-bit number. */
  errorUnits!: usize;
  errorSums!: usize;
  /**
   * Pixels as 16-bit numbers: up to {@link CHUNK} of four samples, `[input / 8][sample][input % 8]`; then a panel of all samples,
   * `[sample / 2][input][sample % 2]`.
   */
  pixels!: usize;
  /** Laid out as weights, and as biases. */
  gradient!: usize;
  biasGradient!: usize;
  /** Of each sample: the sum of e^(logit - largest logit), and the largest logit less that of the label. */
  powers!: usize;
  gaps!: usize;
  /** 1 when the label is the first class with the largest logit, else 0, as 32-bit numbers. */
  hits!: usize;
}

/**
 * Writes the powers, gaps and hits of up to 64 samples, at least one, and their gradient, or adds it to the one that is there.
 * Weights are rounded.
 */
export function learn(job: Job, samples: u32, isAdded: bool): void {
  // All bits or none.
  const keep = i32x4.splat(-i32(isAdded));
  predict(job, samples);
  findErrors(job, samples);
  roundErrors(job, samples, keep);
  backward(job, samples, keep);
}

/** Writes the logits of up to 64 samples, at least one. Weights are rounded. */
export function predict(job: Job, samples: u32): void {
  const pitch = (<usize>job.width) << 3;
  for (let z = job.sums, end = z + <usize>samples * pitch; z < end; z += pitch) memory.copy(z, job.starts, pitch);
  fillUp(job.list, samples);
  for (let from: u32 = 0; from < job.dim; from += CHUNK) {
    touch(job, samples, from);
    multiply(job, samples, from);
  }
  findLogits(job, samples);
}

/** Repeats the last row where it takes more to make groups: whatever it says, nobody listens. */
function fillUp(list: usize, samples: u32): void {
  const last = load<u32>(list + ((<usize>samples - 1) << 2));
  for (; samples % GROUP != 0; samples++) store<u32>(list + ((<usize>samples) << 2), last);
}

/** Where {@link touch} leaves what it read, so that it is read. */
let touched: u32 = 0;

/**
 * Rows lie far apart: reading a byte of each line of all of them first has the processor fetch many at a time, and the first
 * lines of all rows before the second ones has it look up the pages of many at a time.
 *
 * @param from the first of up to {@link CHUNK} inputs
 */
function touch(job: Job, samples: u32, from: u32): void {
  const end = job.list + ((<usize>samples) << 2);
  const to = <usize>min(job.dim, from + CHUNK);
  let sum: u32 = 0;
  for (let line: usize = from; line < to; line += LINE) {
    for (let row = job.list; row < end; row += 4) sum += load<u8>(<usize>load<u32>(row) + line);
  }
  touched = sum;
}

/** Numbers below this one count as zero: their unit would be no normal number. */
const TINY: f32 = 1e-30;

/**
 * The units of numbers of which these are the largest: numbers are at most 32767 of them. NaN where the largest is no number or
 * infinite.
 */
function unitsOf(largest: v128): v128 {
  const units = f32x4.add(f32x4.div(largest, f32x4.splat(32767)), f32x4.sub(largest, largest));
  return v128.andnot(units, f32x4.lt(largest, f32x4.splat(TINY)));
}

/** By what to multiply numbers to have them in units. */
function ratesOf(largest: v128): v128 {
  return v128.andnot(f32x4.div(f32x4.splat(32767), largest), f32x4.lt(largest, f32x4.splat(TINY)));
}

/** 1.5 * 2^23, and its bits: floats about it are whole, so adding it rounds, to even between two, and the bits count on. */
const ROUNDER: f32 = 12582912;
const ROUNDER_BITS: i32 = 0x4b400000;

/** The nearest whole numbers, of two equally near ones the even one; anything where the unit is NaN. */
function wholes(values: v128, rates: v128): v128 {
  return i32x4.sub(f32x4.add(f32x4.mul(values, rates), f32x4.splat(ROUNDER)), i32x4.splat(ROUNDER_BITS));
}

/** The larger ones of sizes and the sizes of numbers. As whole numbers, positive floats have the same order, and NaN is largest. */
function larger(sizes: v128, values: v128): v128 {
  return i32x4.max_s(sizes, v128.and(values, i32x4.splat(0x7fffffff)));
}

/** The sum of four whole numbers in two parts, as 64-bit floats. */
function halves(lanes: v128): v128 {
  return f64x2.add(f64x2.convert_low_i32x4_s(lanes), f64x2.convert_low_i32x4_s(i64x2.shuffle(lanes, lanes, 1, 0)));
}

/** Rounds the weights. */
export function round(job: Job): void {
  const size = <usize>job.panels * PANEL_BYTES;
  for (let label: usize = 0; label < 2 * <usize>job.pairs; label++) {
    const weights = job.weights + label * size;
    let lanes = i32x4.splat(0);
    for (let w = weights, end = w + size; w < end; w += 16) lanes = larger(lanes, v128.load(w));
    lanes = i32x4.max_s(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
    lanes = i32x4.max_s(lanes, i32x4.shuffle(lanes, lanes, 1, 0, 3, 2));
    store<f32>(job.units + (label << 2), f32x4.extract_lane(unitsOf(lanes), 0));
    const sum = roundWeights(weights, size, ratesOf(lanes), job.rounded + (label >> 1) * size + (label & 1) * 16);
    store<f64>(job.starts + (label << 3), -127.5 * sum);
  }
}

/** Writes the rounded weights of a class; answers their sum. */
function roundWeights(weights: usize, size: usize, rates: v128, to: usize): f64 {
  let sums = f64x2.splat(0);
  for (const end = weights + size; weights < end;) {
    let lanes = i32x4.splat(0);
    for (const next = min(end, weights + CHUNK * 4); weights < next; weights += 32, to += 32) {
      const eight = i16x8.narrow_i32x4_s(wholes(v128.load(weights), rates), wholes(v128.load(weights, 16), rates));
      v128.store(to, eight);
      lanes = i32x4.add(lanes, i32x4.dot_i16x8_s(eight, i16x8.splat(1)));
    }
    sums = f64x2.add(sums, halves(lanes));
  }
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** The address of the row of a sample. */
function rowOf(job: Job, sample: u32): usize {
  return load<u32>(job.list + ((<usize>sample) << 2));
}

/** Adds pixels times rounded weights to the sums of samples, and of up to three behind them, for up to {@link CHUNK} inputs. */
function multiply(job: Job, samples: u32, from: u32): void {
  const pitch = (<usize>job.width) << 3;
  const steps = (<usize>min(job.dim - from, CHUNK) + 7) >> 3;
  for (let sample: u32 = 0; sample < samples; sample += GROUP) {
    widen(job, sample, from, steps);
    let weights = job.rounded + ((<usize>from) << 2);
    let z = job.sums + <usize>sample * pitch;
    for (const end = z + ((<usize>job.pairs) << 4); z < end; z += 16, weights += <usize>job.panels * PANEL_BYTES) {
      let x = job.pixels;
      let u = weights;
      let a0 = i32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      for (const last = u + (steps << 5); u < last; u += 32, x += 64) {
        const u0 = v128.load(u);
        const u1 = v128.load(u, 16);
        let p = v128.load(x);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(p, u0));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(p, u1));
        p = v128.load(x, 16);
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(p, u0));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(p, u1));
        p = v128.load(x, 32);
        c0 = i32x4.add(c0, i32x4.dot_i16x8_s(p, u0));
        c1 = i32x4.add(c1, i32x4.dot_i16x8_s(p, u1));
        p = v128.load(x, 48);
        d0 = i32x4.add(d0, i32x4.dot_i16x8_s(p, u0));
        d1 = i32x4.add(d1, i32x4.dot_i16x8_s(p, u1));
      }
      addTotals(z, a0, a1);
      addTotals(z + pitch, b0, b1);
      addTotals(z + 2 * pitch, c0, c1);
      addTotals(z + 3 * pitch, d0, d1);
    }
  }
}

/** Writes the pixels of four samples, eight at a time. */
function widen(job: Job, sample: u32, from: usize, steps: usize): void {
  let a = rowOf(job, sample) + from;
  let b = rowOf(job, sample + 1) + from;
  let c = rowOf(job, sample + 2) + from;
  let d = rowOf(job, sample + 3) + from;
  let to = job.pixels;
  for (const end = to + (steps << 6); to < end; to += 64, a += 8, b += 8, c += 8, d += 8) {
    v128.store(to, v128.load8x8_u(a));
    v128.store(to, v128.load8x8_u(b), 16);
    v128.store(to, v128.load8x8_u(c), 32);
    v128.store(to, v128.load8x8_u(d), 48);
  }
}

/** Adds the sums of four lanes each to two sums. */
function addTotals(to: usize, first: v128, second: v128): void {
  const a = halves(first);
  const b = halves(second);
  const totals = f64x2.add(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
  v128.store(to, f64x2.add(v128.load(to), totals));
}

/** Makes logits of sums. */
function findLogits(job: Job, samples: u32): void {
  const row = (<usize>job.width) << 2;
  let sums = job.sums;
  let z = job.logits;
  for (const end = z + <usize>samples * row; z < end;) {
    for (let i: usize = 0; i < row; i += 16, z += 16, sums += 32) {
      const units = v128.load(job.units + i);
      const rest = i64x2.shuffle(units, units, 1, 0);
      const first = f64x2.mul(v128.load(sums), f64x2.promote_low_f32x4(units));
      const second = f64x2.mul(v128.load(sums, 16), f64x2.promote_low_f32x4(rest));
      const four = i64x2.shuffle(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2);
      v128.store(z, f32x4.add(four, v128.load(job.biases + i)));
    }
  }
}

/** Powers of e below this one count as zero: they do not change a sum of probabilities, and denormal numbers are slow. */
const LEAST: f32 = -64;

/**
 * e^x for x in -64..0, to 1.5 units in the last place: x = n log(2) + r, with log(2) in two parts and the polynomial of S. L.
 * Moshier's Cephes library (expf.c) for e^r; and 0 below -64 and for what is no number.
 */
function exponential(x: v128): v128 {
  const whole = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504088896341)), f32x4.splat(ROUNDER));
  const n = f32x4.sub(whole, f32x4.splat(ROUNDER));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(y, r), r), r), f32x4.splat(1));
  return v128.and(i32x4.add(y, i32x4.shl(whole, 23)), f32x4.ge(x, f32x4.splat(LEAST)));
}

/** The sum of four lanes, (0 + 2) + (1 + 3). */
function total(lanes: v128): f32 {
  const two = f32x4.add(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
  return f32x4.extract_lane(two, 0) + f32x4.extract_lane(two, 1);
}

/**
 * Makes errors of logits: softmax, less one at the label. Each step is done for all samples, so that what one of them waits for
 * does not keep the others.
 */
function findErrors(job: Job, samples: u32): void {
  const row = (<usize>job.width) << 2;
  const end = (<usize>samples) << 2;
  let z = job.logits;
  for (let at: usize = 0; at < end; at += 4, z += row) judge(job, at, z, row);
  z = job.logits;
  for (let at: usize = 0; at < end; at += 4, z += row) raise(job, at, z, row);
  z = job.logits;
  for (let at: usize = 0; at < end; at += 4, z += row) compare(job, at, z, row);
}

/** Writes the gap and the hit of a sample, and the largest of its logits in place of the sum of powers. */
function judge(job: Job, at: usize, z: usize, row: usize): void {
  const label = load<u32>(job.labels + at);
  const largest = largestOf(z, row);
  store<f32>(job.gaps + at, largest - load<f32>(z + ((<usize>label) << 2)));
  let first: u32 = -1;
  for (let i: usize = 0; i < row; i += 16) {
    const bits = i32x4.bitmask(f32x4.eq(v128.load(z + i), f32x4.splat(largest)));
    first = select<u32>(((<u32>i) >> 2) + ctz(bits), first, i32(bits != 0) & i32(first == -1));
  }
  store<u32>(job.hits + at, u32(first == label));
  store<f32>(job.powers + at, largest);
}

/** Makes powers of the logits of a sample, and writes the sum of them. */
function raise(job: Job, at: usize, z: usize, row: usize): void {
  const largest = v128.load32_splat(job.powers + at);
  let lanes = f32x4.splat(0);
  for (const end = z + row; z < end; z += 16) {
    const power = exponential(f32x4.sub(v128.load(z), largest));
    v128.store(z, power);
    lanes = f32x4.add(lanes, power);
  }
  store<f32>(job.powers + at, total(lanes));
}

/** Makes errors of the powers of a sample. */
function compare(job: Job, at: usize, z: usize, row: usize): void {
  const sum = v128.load32_splat(job.powers + at);
  const label = v128.load32_splat(job.labels + at);
  let classes = i32x4(0, 1, 2, 3);
  for (const end = z + row; z < end; z += 16) {
    const truth = v128.and(i32x4.eq(classes, label), f32x4.splat(1));
    v128.store(z, f32x4.sub(f32x4.div(v128.load(z), sum), truth));
    classes = i32x4.add(classes, i32x4.splat(4));
  }
}

/** The largest logit; NaN when one is. */
function largestOf(logits: usize, length: usize): f32 {
  let lanes = v128.load(logits);
  for (let z = logits + 16, end = logits + length; z < end; z += 16) lanes = f32x4.max(lanes, v128.load(z));
  lanes = f32x4.max(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
  return max<f32>(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1));
}

/**
 * Rounds the errors of samples; an odd last one has a partner without errors. Adds those that are not rounded, samples in order,
 * to what is kept of the gradient of the biases.
 */
function roundErrors(job: Job, samples: u32, keep: v128): void {
  const row = (<usize>job.width) << 2;
  const end = job.logits + <usize>samples * row;
  if ((samples & 1) == 1) memory.fill(end, 0, row);
  for (let i: usize = 0; i < row; i += 16) {
    let largest = i32x4.splat(0);
    let total = f32x4.splat(0);
    for (let e = job.logits + i; e < end; e += row) {
      const errors = v128.load(e);
      largest = larger(largest, errors);
      total = f32x4.add(total, errors);
    }
    const g = job.biasGradient + i;
    v128.store(g, f32x4.add(v128.and(v128.load(g), keep), total));
    const rates = ratesOf(largest);
    let sums = i32x4.splat(0);
    let to = job.errors + i;
    for (let e = job.logits + i; e < end; e += 2 * row, to += row) {
      const first = v128.and(wholes(v128.load(e), rates), i32x4.splat(0xffff));
      const two = v128.or(first, i32x4.shl(wholes(v128.load(e + row), rates), 16));
      v128.store(to, two);
      sums = i32x4.add(sums, i32x4.dot_i16x8_s(two, i16x8.splat(255)));
    }
    v128.store(job.errorUnits + i, f32x4.mul(unitsOf(largest), f32x4.splat(0.5)));
    v128.store(job.errorSums + i, sums);
  }
}

/** Adds the gradient of the weights to what is kept of the one that is there. */
function backward(job: Job, samples: u32, keep: v128): void {
  const size = <usize>job.panels * PANEL_BYTES;
  for (let panel: usize = 0; panel < job.panels; panel++) {
    gather(job, samples, panel * PANEL);
    multiplyErrors(job, samples, job.gradient + panel * PANEL_BYTES, keep);
  }
  const used = (<usize>job.dim) << 2;
  if (used == size) return;
  for (let g = job.gradient, end = g + 2 * size * job.pairs; g < end; g += size) memory.fill(g + used, 0, size - used);
}

/** Writes a panel of pixels, from an input on. */
function gather(job: Job, samples: u32, from: usize): void {
  let to = job.pixels;
  for (let row = job.list, end = row + ((<usize>samples) << 2); row < end; row += 8, to += 64) {
    const a = v128.load(<usize>load<u32>(row) + from);
    const b = v128.load(<usize>load<u32>(row, 4) + from);
    const first = i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const last = i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(to, i16x8.extend_low_i8x16_u(first));
    v128.store(to, i16x8.extend_high_i8x16_u(first), 16);
    v128.store(to, i16x8.extend_low_i8x16_u(last), 32);
    v128.store(to, i16x8.extend_high_i8x16_u(last), 48);
  }
}

/** Adds the gradient of the weights of a panel, whose pixels were gathered. Sums stay below 64 * 255 * 32767 < 2^30. */
function multiplyErrors(job: Job, samples: u32, g: usize, keep: v128): void {
  const size = <usize>job.panels * PANEL_BYTES;
  const row = (<usize>job.width) << 2;
  const last = job.pixels + (((<usize>samples + 1) >> 1) << 6);
  for (let at: usize = 0, end = (<usize>job.pairs) << 3; at < end; at += 8, g += 2 * size) {
    let u = job.errors + at;
    let a0 = i32x4.splat(0);
    let a1 = a0;
    let b0 = a0;
    let b1 = a0;
    let c0 = a0;
    let c1 = a0;
    let d0 = a0;
    let d1 = a0;
    for (let x = job.pixels; x < last; x += 64, u += row) {
      const u0 = v128.load32_splat(u);
      const u1 = v128.load32_splat(u, 4);
      let p = v128.load(x);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(p, u0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(p, u1));
      p = v128.load(x, 16);
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(p, u0));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(p, u1));
      p = v128.load(x, 32);
      c0 = i32x4.add(c0, i32x4.dot_i16x8_s(p, u0));
      c1 = i32x4.add(c1, i32x4.dot_i16x8_s(p, u1));
      p = v128.load(x, 48);
      d0 = i32x4.add(d0, i32x4.dot_i16x8_s(p, u0));
      d1 = i32x4.add(d1, i32x4.dot_i16x8_s(p, u1));
    }
    let units = v128.load32_splat(job.errorUnits + at);
    let centre = v128.load32_splat(job.errorSums + at);
    addProducts(g, keep, a0, centre, units);
    addProducts(g + 16, keep, b0, centre, units);
    addProducts(g + 32, keep, c0, centre, units);
    addProducts(g + 48, keep, d0, centre, units);
    units = v128.load32_splat(job.errorUnits + at, 4);
    centre = v128.load32_splat(job.errorSums + at, 4);
    addProducts(g + size, keep, a1, centre, units);
    addProducts(g + size + 16, keep, b1, centre, units);
    addProducts(g + size + 32, keep, c1, centre, units);
    addProducts(g + size + 48, keep, d1, centre, units);
  }
}

/** Adds (2 p - 255) times errors, in halves of their unit, to what is kept of a gradient. */
function addProducts(g: usize, keep: v128, sums: v128, centre: v128, units: v128): void {
  const products = i32x4.sub(i32x4.shl(sums, 1), centre);
  v128.store(g, f32x4.add(v128.and(v128.load(g), keep), f32x4.mul(f32x4.convert_i32x4_s(products), units)));
}

/** Adds a gradient to another one, both of `size` bytes. */
export function add(sum: usize, gradient: usize, size: usize): void {
  for (const end = sum + size; sum < end; sum += 16, gradient += 16) {
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(gradient)));
  }
}

/** Weights of `size` bytes become `weights * decay - gradient * rate`. */
export function descend(weights: usize, gradient: usize, size: usize, decay: f32, rate: f32): void {
  const keep = f32x4.splat(decay);
  const step = f32x4.splat(rate);
  for (const end = weights + size; weights < end; weights += 16, gradient += 16) {
    const kept = f32x4.mul(v128.load(weights), keep);
    v128.store(weights, f32x4.sub(kept, f32x4.mul(v128.load(gradient), step)));
  }
}
