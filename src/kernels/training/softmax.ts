/**
 * Softmax regression on 8-bit pixels by gradient descent. `src/engine/training/kernel/reference.ts` does the same in plain
 * TypeScript, bit for bit: however the work is cut here, each sum is added up in the order that it has there.
 *
 * Inputs are p - 127.5, which is exact, so weights are those of (p - 127.5) / 255 divided by 255.
 *
 * Two classes by four samples, or by four vectors of inputs, are as many sums as registers hold beside what is added to them.
 * V8 loads everything that a piece of code without branches needs first, which would be more than fits, so the innermost
 * loops, of four steps each, may end after any of them.
 */

/** Inputs of a panel and bytes of a sample in it: a line of the cache. */
const PANEL: usize = 16;
const LINE: usize = 64;
/** Bytes of two vectors of a pair of classes, and of the weights of a pair for a panel. */
const PAIR: usize = 32;
const PANEL_PAIR: usize = 128;
/** Samples that {@link forward} takes at a time. */
const GROUP: u32 = 4;

/** What {@link learn} and {@link predict} work on: addresses and sizes, as 32-bit numbers in this order. */
@unmanaged
class Job {
  /** Addresses of rows of pixels, and labels, as 32-bit numbers. */
  list!: usize;
  labels!: usize;
  /** Pixels of a row. */
  dim!: u32;
  /** Panels of 16 inputs and pairs of classes that hold all; what fills up the last ones has no weight. */
  panels!: u32;
  pairs!: u32;
  /** Samples that are worked on at a time, a multiple of four. */
  slice!: u32;
  /** `[input / 16][sample][input % 16]`, a panel every `stride` bytes; what is behind the last input is zero. */
  inputs!: usize;
  stride!: usize;
  /** `[class / 2][input / 4][class % 2][input % 4]`; and biases of all classes of the pairs. */
  weights!: usize;
  biases!: usize;
  /** Samples x classes, a sample every `width` floats, a multiple of four; -Infinity behind the classes of the pairs. */
  logits!: usize;
  width!: u32;
  /** Room for `width` floats. */
  row!: usize;
  /** `[class / 2][sample][class % 2][4]`, each error four times; a pair every `slice` samples. */
  errors!: usize;
  /** Laid out as weights, and as a row of logits. */
  gradient!: usize;
  biasGradient!: usize;
  /** Of each sample: the sum of e^(logit - largest logit), and the largest logit less that of the label. */
  sums!: usize;
  gaps!: usize;
  /** 1 when the label is the first class with the largest logit, else 0, as 32-bit numbers. */
  hits!: usize;
}

/** Writes the gradient, sums, gaps and hits of samples, at least one. */
export function learn(job: Job, samples: u32): void {
  memory.fill(job.biasGradient, 0, (<usize>job.width) << 2);
  for (let from: u32 = 0; from < samples; from += job.slice) {
    const count = min(job.slice, samples - from);
    gather(job, from, count);
    forward(job, count);
    findErrors(job, from, count);
    backward(job, count, from == 0);
  }
}

/** Writes the logits of samples, as many as a slice at most. */
export function predict(job: Job, samples: u32): void {
  gather(job, 0, samples);
  forward(job, samples);
}

/** Writes rows of pixels as inputs. */
function gather(job: Job, from: u32, samples: u32): void {
  const list = job.list + ((<usize>from) << 2);
  touch(list, samples, job.dim);
  for (let sample: u32 = 0; sample < samples; sample++) {
    widen(load<u32>(list + ((<usize>sample) << 2)), job.dim, job.inputs + <usize>sample * LINE, job.stride);
  }
}

/** Where {@link touch} leaves what it read, so that it is read. */
let touched: u32 = 0;

/**
 * Rows lie far apart: reading a byte of each line of all of them first has the processor fetch many at a time, and the first
 * lines of all rows before the second ones has it look up the pages of many at a time.
 */
function touch(list: usize, samples: u32, dim: u32): void {
  const end = list + ((<usize>samples) << 2);
  let sum: u32 = 0;
  for (let line: usize = 0; line < dim; line += LINE) {
    for (let row = list; row < end; row += 4) sum += load<u8>(<usize>load<u32>(row) + line);
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

/** Writes the logits of samples, and of up to three behind them. */
function forward(job: Job, samples: u32): void {
  const stride = job.stride;
  const panels = <i32>job.panels;
  const next = (<usize>job.width) << 2;
  for (let sample: u32 = 0; sample < samples; sample += GROUP) {
    let u = job.weights;
    let z = job.logits + <usize>sample * next;
    for (let bias = job.biases, end = bias + <usize>job.pairs * 8; bias < end; bias += 8, z += 8) {
      let at = job.inputs + <usize>sample * LINE;
      let left = 4 * panels;
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      let u0 = a0;
      let u1 = a0;
      let x = a0;
      do {
        u0 = v128.load(u);
        u1 = v128.load(u, 16);
        x = v128.load(at);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 64);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 128);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 192);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        if (left == 1) break;
        u0 = v128.load(u, 32);
        u1 = v128.load(u, 48);
        x = v128.load(at, 16);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 80);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 144);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 208);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        if (left == 2) break;
        u0 = v128.load(u, 64);
        u1 = v128.load(u, 80);
        x = v128.load(at, 32);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 96);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 160);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 224);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        if (left == 3) break;
        u0 = v128.load(u, 96);
        u1 = v128.load(u, 112);
        x = v128.load(at, 48);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 112);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 176);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 240);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        at += stride;
        u += PANEL_PAIR;
        left -= 4;
      } while (left > 0);
      storeLogits(z, bias, a0, a1);
      storeLogits(z + next, bias, b0, b1);
      storeLogits(z + 2 * next, bias, c0, c1);
      storeLogits(z + 3 * next, bias, d0, d1);
    }
  }
}

function storeLogits(z: usize, bias: usize, first: v128, second: v128): void {
  store<f32>(z, total(first) + load<f32>(bias));
  store<f32>(z, total(second) + load<f32>(bias, 4), 4);
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

/** Makes errors of logits: softmax, less one at the label; and adds them to the gradient of the biases, samples in order. */
function findErrors(job: Job, from: u32, samples: u32): void {
  const next = (<usize>job.width) << 2;
  const row = job.row;
  const biasGradient = job.biasGradient;
  let logits = job.logits;
  for (let sample: u32 = 0; sample < samples; sample++, logits += next) {
    const at = (<usize>from + sample) << 2;
    const label = load<u32>(job.labels + at);
    const largest = largestOf(logits, next);
    store<f32>(job.gaps + at, largest - load<f32>(logits + ((<usize>label) << 2)));

    let first: u32 = -1;
    let lanes = f32x4.splat(0);
    for (let i: usize = 0; i < next; i += 16) {
      const z = v128.load(logits + i);
      const bits = i32x4.bitmask(f32x4.eq(z, f32x4.splat(largest)));
      first = select<u32>(((<u32>i) >> 2) + ctz(bits), first, i32(bits != 0) & i32(first == -1));
      const power = exponential(f32x4.sub(z, f32x4.splat(largest)));
      v128.store(row + i, power);
      lanes = f32x4.add(lanes, power);
    }
    store<u32>(job.hits + at, u32(first == label));
    const sum = total(lanes);
    store<f32>(job.sums + at, sum);

    let classes = i32x4(0, 1, 2, 3);
    for (let i: usize = 0; i < next; i += 16, classes = i32x4.add(classes, i32x4.splat(4))) {
      const truth = v128.and(i32x4.eq(classes, i32x4.splat(label)), f32x4.splat(1));
      const error = f32x4.sub(f32x4.div(v128.load(row + i), f32x4.splat(sum)), truth);
      v128.store(row + i, error);
      v128.store(biasGradient + i, f32x4.add(v128.load(biasGradient + i), error));
    }
    spread(row, job.pairs, job.errors + <usize>sample * PAIR, <usize>job.slice * PAIR);
  }
}

/** The largest logit; NaN when one is. */
function largestOf(logits: usize, length: usize): f32 {
  let lanes = v128.load(logits);
  for (let z = logits + 16, end = logits + length; z < end; z += 16) lanes = f32x4.max(lanes, v128.load(z));
  lanes = f32x4.max(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
  return max<f32>(f32x4.extract_lane(lanes, 0), f32x4.extract_lane(lanes, 1));
}

/** Writes the errors of a sample, each into all lanes of a vector. */
function spread(row: usize, pairs: u32, to: usize, pitch: usize): void {
  for (const end = row + <usize>pairs * 8; row < end; row += 8, to += pitch) {
    v128.store(to, v128.load32_splat(row));
    v128.store(to, v128.load32_splat(row, 4), 16);
  }
}

/**
 * Adds inputs times errors to the gradient of the weights, samples in order.
 *
 * @param isFirst whether there are no samples before
 */
function backward(job: Job, samples: u32, isFirst: bool): void {
  const panels = <usize>job.panels;
  const pairs = <usize>job.pairs;
  const pitch = <usize>job.slice * PAIR;
  for (let panel: usize = 0; panel < panels; panel++) {
    for (let pair: usize = 0; pair < pairs; pair++) {
      const g = job.gradient + (pair * panels + panel) * PANEL_PAIR;
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      let u0 = a0;
      let u1 = a0;
      let x = a0;
      if (!isFirst) {
        a0 = v128.load(g);
        a1 = v128.load(g, 16);
        b0 = v128.load(g, 32);
        b1 = v128.load(g, 48);
        c0 = v128.load(g, 64);
        c1 = v128.load(g, 80);
        d0 = v128.load(g, 96);
        d1 = v128.load(g, 112);
      }
      let at = job.inputs + panel * job.stride;
      let u = job.errors + pair * pitch;
      let left = <i32>samples;
      do {
        u0 = v128.load(u);
        u1 = v128.load(u, 16);
        x = v128.load(at);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 16);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 32);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 48);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        if (left == 1) break;
        u0 = v128.load(u, 32);
        u1 = v128.load(u, 48);
        x = v128.load(at, 64);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 80);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 96);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 112);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        if (left == 2) break;
        u0 = v128.load(u, 64);
        u1 = v128.load(u, 80);
        x = v128.load(at, 128);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 144);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 160);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 176);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        if (left == 3) break;
        u0 = v128.load(u, 96);
        u1 = v128.load(u, 112);
        x = v128.load(at, 192);
        a0 = f32x4.add(a0, f32x4.mul(x, u0));
        a1 = f32x4.add(a1, f32x4.mul(x, u1));
        x = v128.load(at, 208);
        b0 = f32x4.add(b0, f32x4.mul(x, u0));
        b1 = f32x4.add(b1, f32x4.mul(x, u1));
        x = v128.load(at, 224);
        c0 = f32x4.add(c0, f32x4.mul(x, u0));
        c1 = f32x4.add(c1, f32x4.mul(x, u1));
        x = v128.load(at, 240);
        d0 = f32x4.add(d0, f32x4.mul(x, u0));
        d1 = f32x4.add(d1, f32x4.mul(x, u1));
        at += 4 * LINE;
        u += 4 * PAIR;
        left -= 4;
      } while (left > 0);
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

/** Adds a gradient to a sum of gradients, both of `size` bytes. */
export function add(sum: usize, gradient: usize, size: usize): void {
  for (const end = sum + size; sum < end; sum += 16, gradient += 16) {
    v128.store(sum, f32x4.add(v128.load(sum), v128.load(gradient)));
  }
}

/** Weights of `size` bytes become `weights * decay - gradient * rate`, and the gradient zero. */
export function descend(weights: usize, gradient: usize, size: usize, decay: f32, rate: f32): void {
  const keep = f32x4.splat(decay);
  const step = f32x4.splat(rate);
  for (const end = weights + size; weights < end; weights += 16, gradient += 16) {
    const kept = f32x4.mul(v128.load(weights), keep);
    v128.store(weights, f32x4.sub(kept, f32x4.mul(v128.load(gradient), step)));
    v128.store(gradient, f32x4.splat(0));
  }
}
