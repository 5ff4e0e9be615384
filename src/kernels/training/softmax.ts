/**
 * Softmax regression on 8-bit pixels by gradient descent. `src/engine/training/kernel/reference.ts` does the same in plain
 * TypeScript, bit for bit: however the work is cut here, each sum is added up in the order that it has there.
 *
 * Inputs are p - 127.5, which is exact, so weights are those of (p - 127.5) / 255 divided by 255. `softmax.ts` beside the
 * reference says where things lie:
 * - inputs in panels of 16, `[input / 16][sample][input % 16]`, a panel every `stride` bytes,
 * - weights in tiles of two classes and four inputs, `[class / 2][input / 4][class % 2][input % 4]`,
 * - logits and errors as samples x classes, a sample every `width` 32-bit floats.
 *
 * Two classes by four samples, or by four vectors of inputs, are as many sums as registers hold beside what is added to them.
 * The innermost loops are not unrolled: V8 loads everything that a body needs first, which would be more than fits.
 */

/** Inputs of a panel and bytes of a sample in it: a line of the cache. */
const PANEL: usize = 16;
const LINE: usize = 64;
/** Bytes of a tile, of the tiles of a panel, and of the floats of its classes. */
const TILE: usize = 32;
const PANEL_TILES: usize = 128;
const PAIR: usize = 8;
/** Samples that {@link forward} takes at a time. */
const GROUP: u32 = 4;

/**
 * Writes rows of pixels as inputs.
 *
 * @param list addresses of the rows, as 32-bit numbers
 * @param dim pixels of a row; what is behind them in the last panel stays as it is
 */
export function gather(list: usize, samples: u32, dim: u32, inputs: usize, stride: usize): void {
  touch(list, samples, dim);
  for (let sample: u32 = 0; sample < samples; sample++) {
    widen(load<u32>(list + ((<usize>sample) << 2)), dim, inputs + <usize>sample * LINE, stride);
  }
}

/** Where {@link touch} leaves what it read, so that it is read. */
let touched: u32 = 0;

/** Rows lie far apart: reading a byte of each line of all of them first has the processor fetch many at a time. */
function touch(list: usize, samples: u32, dim: u32): void {
  let sum: u32 = 0;
  for (const end = list + ((<usize>samples) << 2); list < end; list += 4) {
    const row = <usize>load<u32>(list);
    for (let at: usize = 0; at < dim; at += LINE) sum += load<u8>(row + at);
  }
  touched = sum;
}

/** Writes the pixels of a row as inputs. The bits 0x4700pp00 are 32768 + p as a float. */
function widen(row: usize, dim: u32, to: usize, stride: usize): void {
  const base = f32x4.splat(32895.5);
  const zero = i64x2.splat(0);
  const high = i16x8.splat(0x4700);
  const end = row + dim;
  for (; row + PANEL <= end; row += PANEL, to += stride) {
    const p = v128.load(row);
    const first = i8x16.shuffle(zero, p, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const last = i8x16.shuffle(zero, p, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(to, f32x4.sub(i16x8.shuffle(first, high, 0, 8, 1, 9, 2, 10, 3, 11), base));
    v128.store(to, f32x4.sub(i16x8.shuffle(first, high, 4, 12, 5, 13, 6, 14, 7, 15), base), 16);
    v128.store(to, f32x4.sub(i16x8.shuffle(last, high, 0, 8, 1, 9, 2, 10, 3, 11), base), 32);
    v128.store(to, f32x4.sub(i16x8.shuffle(last, high, 4, 12, 5, 13, 6, 14, 7, 15), base), 48);
  }
  for (; row < end; row++, to += 4) store<f32>(to, <f32>load<u8>(row) - 127.5);
}

/** The sum of four lanes, (0 + 2) + (1 + 3). */
function total(lanes: v128): f32 {
  const two = f32x4.add(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
  return f32x4.extract_lane(two, 0) + f32x4.extract_lane(two, 1);
}

/**
 * Writes the logits of the samples `from` to `to` - 1, and of up to three behind them.
 *
 * @param from a multiple of four
 * @param biases of every class of the tiles
 */
export function forward(
  inputs: usize,
  stride: usize,
  from: u32,
  to: u32,
  panels: u32,
  weights: usize,
  biases: usize,
  tiles: u32,
  logits: usize,
  width: u32,
): void {
  const row = <usize>panels * PANEL_TILES;
  const next = (<usize>width) << 2;
  for (let sample = from; sample < to; sample += GROUP) {
    let w = weights;
    for (let tile: usize = 0; tile < tiles; tile++) {
      let x = inputs + <usize>sample * LINE;
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      const end = w + row;
      do {
        const stop = w + PANEL_TILES;
        do {
          const w0 = v128.load(w);
          const w1 = v128.load(w, 16);
          let p = v128.load(x);
          a0 = f32x4.add(a0, f32x4.mul(p, w0));
          a1 = f32x4.add(a1, f32x4.mul(p, w1));
          p = v128.load(x, 64);
          b0 = f32x4.add(b0, f32x4.mul(p, w0));
          b1 = f32x4.add(b1, f32x4.mul(p, w1));
          p = v128.load(x, 128);
          c0 = f32x4.add(c0, f32x4.mul(p, w0));
          c1 = f32x4.add(c1, f32x4.mul(p, w1));
          p = v128.load(x, 192);
          d0 = f32x4.add(d0, f32x4.mul(p, w0));
          d1 = f32x4.add(d1, f32x4.mul(p, w1));
          x += 16;
          w += TILE;
        } while (w < stop);
        x += stride - LINE;
      } while (w < end);
      const bias0 = load<f32>(biases + tile * PAIR);
      const bias1 = load<f32>(biases + tile * PAIR, 4);
      let z = logits + <usize>sample * next + tile * PAIR;
      store<f32>(z, total(a0) + bias0);
      store<f32>(z, total(a1) + bias1, 4);
      z += next;
      store<f32>(z, total(b0) + bias0);
      store<f32>(z, total(b1) + bias1, 4);
      z += next;
      store<f32>(z, total(c0) + bias0);
      store<f32>(z, total(c1) + bias1, 4);
      z += next;
      store<f32>(z, total(d0) + bias0);
      store<f32>(z, total(d1) + bias1, 4);
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
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(y, r), r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.trunc_sat_f32x4_s(n), 23);
  return v128.and(i32x4.add(y, power), f32x4.ge(x, f32x4.splat(LEAST)));
}

/**
 * Makes errors of logits, in place: softmax, less one at the label.
 *
 * @param classes with those that fill up the last tile, whose logits are -Infinity
 * @param width a multiple of four; what is behind the classes becomes zero
 * @param sums of each sample gets the sum of e^(logit - largest logit)
 * @param gaps gets the largest logit less that of the label
 * @param hits gets 1 when the label is the first class with the largest logit, else 0, as 32-bit numbers
 */
export function findErrors(
  logits: usize,
  samples: u32,
  classes: u32,
  width: u32,
  labels: usize,
  sums: usize,
  gaps: usize,
  hits: usize,
): void {
  const next = (<usize>width) << 2;
  for (let at: usize = 0, end = (<usize>samples) << 2; at < end; at += 4, logits += next) {
    const stop = logits + next;
    for (let z = logits + ((<usize>classes) << 2); z < stop; z += 4) store<f32>(z, -Infinity);

    let lanes = v128.load(logits);
    for (let z = logits + 16; z < stop; z += 16) lanes = f32x4.max(lanes, v128.load(z));
    lanes = f32x4.max(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
    const largest = max<f32>(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1));
    const label = logits + ((<usize>load<u32>(labels + at)) << 2);
    const own = load<f32>(label);
    let first = logits;
    while (first < label && load<f32>(first) != largest) first += 4;
    store<u32>(hits + at, u32(own == largest && first == label));
    store<f32>(gaps + at, largest - own);

    lanes = f32x4.splat(0);
    for (let z = logits; z < stop; z += 16) {
      const power = exponential(f32x4.sub(v128.load(z), f32x4.splat(largest)));
      v128.store(z, power);
      lanes = f32x4.add(lanes, power);
    }
    const sum = total(lanes);
    store<f32>(sums + at, sum);
    for (let z = logits; z < stop; z += 16) v128.store(z, f32x4.div(v128.load(z), f32x4.splat(sum)));
    store<f32>(label, load<f32>(label) - 1);
  }
}

/**
 * Adds the gradient of the weights of the panels `from` to `to` - 1: inputs times errors, samples in order.
 *
 * @param gradient where the sums of samples before are and those of all go, laid out as the weights; 0 when there are none before
 *   and none come after
 * @param isFirst whether there are no samples before
 * @param isLast whether none come after: then weights become `weights * decay - gradient * rate`
 */
export function backward(
  inputs: usize,
  stride: usize,
  samples: u32,
  from: u32,
  to: u32,
  panels: u32,
  weights: usize,
  tiles: u32,
  errors: usize,
  width: u32,
  gradient: usize,
  isFirst: bool,
  isLast: bool,
  decay: f32,
  rate: f32,
): void {
  const row = <usize>panels * PANEL_TILES;
  const next = (<usize>width) << 2;
  const length = <usize>samples * next;
  const keep = f32x4.splat(decay);
  const step = f32x4.splat(rate);
  for (let panel: usize = from; panel < to; panel++) {
    for (let tile: usize = 0; tile < tiles; tile++) {
      const place = tile * row + panel * PANEL_TILES;
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      if (!isFirst) {
        const g = gradient + place;
        a0 = v128.load(g);
        a1 = v128.load(g, 16);
        b0 = v128.load(g, 32);
        b1 = v128.load(g, 48);
        c0 = v128.load(g, 64);
        c1 = v128.load(g, 80);
        d0 = v128.load(g, 96);
        d1 = v128.load(g, 112);
      }
      let x = inputs + panel * stride;
      let e = errors + tile * PAIR;
      for (const end = e + length; e < end; e += next, x += LINE) {
        const e0 = v128.load32_splat(e);
        const e1 = v128.load32_splat(e, 4);
        let p = v128.load(x);
        a0 = f32x4.add(a0, f32x4.mul(p, e0));
        a1 = f32x4.add(a1, f32x4.mul(p, e1));
        p = v128.load(x, 16);
        b0 = f32x4.add(b0, f32x4.mul(p, e0));
        b1 = f32x4.add(b1, f32x4.mul(p, e1));
        p = v128.load(x, 32);
        c0 = f32x4.add(c0, f32x4.mul(p, e0));
        c1 = f32x4.add(c1, f32x4.mul(p, e1));
        p = v128.load(x, 48);
        d0 = f32x4.add(d0, f32x4.mul(p, e0));
        d1 = f32x4.add(d1, f32x4.mul(p, e1));
      }
      if (isLast) {
        const w = weights + place;
        v128.store(w, descend(v128.load(w), keep, a0, step));
        v128.store(w, descend(v128.load(w, 16), keep, a1, step), 16);
        v128.store(w, descend(v128.load(w, 32), keep, b0, step), 32);
        v128.store(w, descend(v128.load(w, 48), keep, b1, step), 48);
        v128.store(w, descend(v128.load(w, 64), keep, c0, step), 64);
        v128.store(w, descend(v128.load(w, 80), keep, c1, step), 80);
        v128.store(w, descend(v128.load(w, 96), keep, d0, step), 96);
        v128.store(w, descend(v128.load(w, 112), keep, d1, step), 112);
      } else {
        const g = gradient + place;
        v128.store(g, a0);
        v128.store(g, a1, 16);
        v128.store(g, b0, 32);
        v128.store(g, b1, 48);
        v128.store(g, c0, 64);
        v128.store(g, c1, 80);
        v128.store(g, d0, 96);
        v128.store(g, d1, 112);
      }
    }
  }
}

function descend(weights: v128, keep: v128, gradient: v128, step: v128): v128 {
  return f32x4.sub(f32x4.mul(weights, keep), f32x4.mul(gradient, step));
}

/**
 * The same for biases, which do not decay.
 *
 * @param gradient as many floats as `width`
 */
export function backwardBiases(
  biases: usize,
  samples: u32,
  errors: usize,
  width: u32,
  gradient: usize,
  isFirst: bool,
  isLast: bool,
  rate: f32,
): void {
  const next = (<usize>width) << 2;
  const step = f32x4.splat(rate);
  const length = <usize>samples * next;
  for (let at: usize = 0; at < next; at += 16) {
    let sum = isFirst ? f32x4.splat(0) : v128.load(gradient + at);
    for (let e = errors + at, end = e + length; e < end; e += next) sum = f32x4.add(sum, v128.load(e));
    if (isLast) v128.store(biases + at, f32x4.sub(v128.load(biases + at), f32x4.mul(sum, step)));
    else v128.store(gradient + at, sum);
  }
}
