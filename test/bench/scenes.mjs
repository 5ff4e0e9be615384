// Scenes that resemble photos, and pictures that look alike without being the same: the same ones on every machine.
import { randomOf } from "./cache.mjs";

export const [WIDTH, HEIGHT] = [320, 240];

/**
 * RGB with 8 bits, {@link WIDTH} x {@link HEIGHT}.
 * @typedef {Uint8ClampedArray<ArrayBuffer>} Scene
 * @typedef {() => number} Random
 * @typedef {readonly [number, number, number]} Colour
 * @typedef {(x: number, y: number) => number} Field A value of about -1..1 at every pixel.
 */

/**
 * A scene of occluding, shaded and textured leaves of all sizes: the dead leaves model (Lee, Mumford and Huang, "Occlusion
 * models for natural images", 2001), whose statistics are close to those of photos. Radii r have a density of 1/r^3.
 * @param {number} seed @returns {Scene}
 */
export function drawScene(seed) {
  const random = randomOf(seed);
  const [least, most] = [14, 150];
  const light = softField(random);
  const leaves = Array.from({ length: 12 + Math.floor(90 * random()) }, () => {
    const radius = least / Math.sqrt(1 - random() * (1 - (least / most) ** 2));
    return leaf(random, random() * WIDTH, random() * HEIGHT, radius * 1.6);
  });
  const ground = leaf(random, WIDTH / 2, HEIGHT / 2, WIDTH * 2);
  // The largest ones at the back, so that they do not hide all others.
  const bySize = leaves.sort((a, b) => b.radius - a.radius);
  const backToFront = bySize.slice(0, 12).concat(shuffled(bySize.slice(12), random));
  return paint(random, (x, y) => {
    const top = backToFront.findLast((each) => each.covers(x, y)) ?? ground;
    const value = 1 + 0.35 * light(x, y);
    return top.colourAt(x, y, value);
  });
}

/**
 * Kinds of pictures that programs take for duplicates though they show different things, each a function of its number:
 * two numbers are two different pictures, whatever way they lie.
 * @type {Readonly<Record<string, (number: number) => Scene>>}
 */
export const LOOKALIKES = {
  gradient: drawGradient,
  page: drawPage,
  pattern: drawPattern,
  layout: drawLayout,
  texture: drawTexture,
};

/** Correlation of two gradients, whatever way they lie, from which on they would be the same to the eye. */
const SAME_GRADIENT = 0.8;
/** @type {number[][]} */
const gradients = [];

/** Soft light without any detail, as a sky or a wall. @param {number} number */
function drawGradient(number) {
  for (let seed = 5000 * (gradients.length + 1); gradients.length <= number; seed++) {
    const waves = gradientWaves(randomOf(seed));
    if (gradients.every((other) => likeness(waves, other) <= SAME_GRADIENT)) gradients.push(waves);
  }
  const random = randomOf(6000 + number);
  const [dark, bright] = [colour(random, 20, 120), colour(random, 130, 250)];
  const waves = gradients[number] ?? [];
  const most = waves.reduce((sum, wave) => sum + Math.abs(wave), 0);
  const [across, down] = [cosines(WIDTH), cosines(HEIGHT)];
  return paint(random, (x, y) => {
    let value = 0;
    for (let i = 1; i < 9; i++) value += (waves[i] ?? 0) * (across[i % 3]?.[x] ?? 0) * (down[(i / 3) | 0]?.[y] ?? 0);
    return mix(dark, bright, 0.5 + value / most);
  });
}

/** Amplitudes of cos(k pi x) cos(l pi y) at 3 l + k, for k and l up to 2. @param {Random} random */
function gradientWaves(random) {
  return Array.from({ length: 9 }, (_, i) => (i === 0 ? 0 : normal(random) / (1 + (i % 3) + ((i / 3) | 0))));
}

/** The largest correlation of two gradients over all eight ways they can lie. @param {number[]} a @param {number[]} b */
function likeness(a, b) {
  // The mean square of cos cos is 1/4, and 1/2 where one of the two is constant.
  const weight = (/** @type {number} */ i) => (i % 3 === 0 || i < 3 ? 2 : 1);
  const dot = (/** @type {number[]} */ p, /** @type {number[]} */ q) =>
    p.reduce((sum, value, i) => sum + weight(i) * value * (q[i] ?? 0), 0);
  const turned = (/** @type {number} */ code) =>
    b.map((_, i) => {
      const [k, l] = (code & 4) === 0 ? [i % 3, (i / 3) | 0] : [(i / 3) | 0, i % 3];
      const sign = ((code & 1) !== 0 && k === 1 ? -1 : 1) * ((code & 2) !== 0 && l === 1 ? -1 : 1);
      return sign * (b[3 * l + k] ?? 0);
    });
  return Math.max(...Array.from({ length: 8 }, (_, code) => dot(a, turned(code)) / Math.sqrt(dot(a, a) * dot(b, b))));
}

/** cos(k pi x) for k up to 2. @param {number} length */
function cosines(length) {
  return [0, 1, 2].map((k) => Float64Array.from({ length }, (_, x) => Math.cos((k * Math.PI * (x + 0.5)) / length)));
}

/** A page of text: one layout of paper, other words in each. @param {number} number */
function drawPage(number) {
  const random = randomOf(7000 + number);
  const ink = new Uint8Array(WIDTH * HEIGHT);
  const [left, right, size, line] = [24, WIDTH - 24, 7, 14];
  for (let top = 20; top < HEIGHT - 24; top += line) {
    const isLast = random() < 0.15;
    const end = isLast ? left + random() * (right - left) : right;
    for (let x = left; x < end;) {
      const letters = 2 + Math.floor(random() * 8);
      for (let letter = 0; letter < letters && x < end - 4; letter++, x += 5) drawLetter(ink, random, x, top, size);
      x += 4;
    }
  }
  return paint(random, (x, y) => {
    const grey = ink[y * WIDTH + x] === 1 ? 40 : 238;
    return [grey, grey, grey - 6];
  });
}

/**
 * Some strokes of 4 x `size` pixels that might be a letter.
 * @param {Uint8Array} ink @param {Random} random @param {number} left @param {number} top @param {number} size
 */
function drawLetter(ink, random, left, top, size) {
  const bits = Math.floor(random() * 127) + 1;
  const x0 = Math.floor(left);
  for (let y = 0; y < size; y++) {
    const isBar = y === 0 ? bits & 1 : y === size - 1 ? bits & 2 : y === size >> 1 ? bits & 4 : 0;
    const half = y < size / 2 ? bits >> 3 : bits >> 5;
    for (let x = 0; x < 4; x++) {
      if (isBar !== 0 || (x === 0 && (half & 1) !== 0) || (x === 3 && (half & 2) !== 0)) {
        ink[(top + y) * WIDTH + x0 + x] = 1;
      }
    }
  }
}

/** A repeated pattern: kind, period and angle are never the same twice. @param {number} number */
function drawPattern(number) {
  const random = randomOf(8000 + number);
  const kind = number % 4;
  const period = 7 * 1.32 ** (Math.floor(number / 4) % 8);
  // Within an eighth of a turn no pattern is another one mirrored or rotated by 90 degrees.
  const angle = (Math.PI / 180) * (8 + 14 * Math.floor(number / 32));
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [dark, bright] = [colour(random, 10, 110), colour(random, 140, 250)];
  return paint(random, (x, y) => {
    const [u, v] = [(x * cos + y * sin) / period, (y * cos - x * sin) / period];
    const [p, q] = [u - Math.floor(u), v - Math.floor(v)];
    const [stripe, square] = [Math.sin(2 * Math.PI * u) / 2 + 0.5, p < 0.5 === q < 0.5 ? 1 : 0];
    const dot = (p - 0.5) ** 2 + (q - 0.5) ** 2 < 0.09 ? 1 : 0;
    const brick =
      q < 0.15 || (u + (Math.floor(v) % 2) / 2 - Math.floor(u + (Math.floor(v) % 2) / 2)) * 2 < 0.15 ? 0 : 1;
    return mix(dark, bright, [stripe, square, dot, brick][kind] ?? 0);
  });
}

/** The layout of a product photo, the same of all with the same remainder, with another thing in each. @param {number} number */
function drawLayout(number) {
  const layout = randomOf(9000 + (number % 4));
  const [wall, table] = [colour(layout, 120, 230), colour(layout, 60, 160)];
  const horizon = HEIGHT * (0.55 + 0.2 * layout());
  const light = softField(layout);
  const random = randomOf(9100 + number);
  const things = Array.from({ length: 6 }, () =>
    leaf(random, WIDTH * (0.3 + 0.4 * random()), HEIGHT * (0.35 + 0.35 * random()), 20 + 45 * random()),
  );
  return paint(random, (x, y) => {
    const thing = things.findLast((each) => each.covers(x, y));
    const value = 1 + 0.25 * light(x, y);
    return thing?.colourAt(x, y, value) ?? scale(y < horizon ? wall : table, value);
  });
}

/** A surface that has no parts: sand, cloth, clouds. @param {number} number */
function drawTexture(number) {
  const random = randomOf(10_000 + number);
  const field = texture(random, 2 + random() * 30);
  const [dark, bright] = [colour(random, 20, 120), colour(random, 120, 240)];
  return paint(random, (x, y) => mix(dark, bright, 0.5 + 0.5 * field(x, y)));
}

/**
 * An ellipse or a box with a texture and a shade of its own.
 * @param {Random} random @param {number} x0 @param {number} y0 @param {number} radius
 */
function leaf(random, x0, y0, radius) {
  const angle = random() * Math.PI;
  const [cos, sin, flat] = [Math.cos(angle), Math.sin(angle), 0.4 + 0.6 * random()];
  const isBox = random() < 0.3;
  const paintOf = colour(random, 15, 240);
  const field = texture(random, 2 + random() * 16);
  const [rough, slope] = [random() * 0.5, random() - 0.5];
  const to = (/** @type {number} */ x, /** @type {number} */ y) => [
    ((x - x0) * cos + (y - y0) * sin) / radius,
    ((y - y0) * cos - (x - x0) * sin) / (radius * flat),
  ];
  return {
    radius,
    covers: (/** @type {number} */ x, /** @type {number} */ y) => {
      if (Math.abs(x - x0) > radius * 1.5 || Math.abs(y - y0) > radius * 1.5) return false;
      const [u = 0, v = 0] = to(x, y);
      return isBox ? Math.abs(u) < 1 && Math.abs(v) < 1 : u * u + v * v < 1;
    },
    colourAt: (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ light) => {
      const [u = 0] = to(x, y);
      return scale(paintOf, light * (1 + slope * Math.max(-1, Math.min(1, u)) + rough * field(x, y)));
    },
  };
}

/** Three octaves of value noise, of which `size` is the coarsest grain in pixels. @param {Random} random @param {number} size @returns {Field} */
function texture(random, size) {
  const stretch = 1 + random() * 3;
  const seed = Math.floor(random() * 2 ** 32);
  return (x, y) => {
    let [value, weight] = [0, 0.6];
    for (let octave = 0; octave < 3; octave++, weight /= 2) {
      const grain = size / 2 ** octave;
      value += weight * valueNoise(seed + octave, x / grain, y / (grain * stretch));
    }
    return value;
  };
}

/** Light that changes slowly across the picture. @param {Random} random @returns {Field} */
function softField(random) {
  const seed = Math.floor(random() * 2 ** 32);
  return (x, y) => valueNoise(seed, x / 150, y / 150);
}

/**
 * Random values at whole numbers and smooth between them, -1..1.
 * @param {number} seed @param {number} x @param {number} y
 */
function valueNoise(seed, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smooth(x - left), smooth(y - top)];
  const upper = hash(seed, left, top) * (1 - u) + hash(seed, left + 1, top) * u;
  const lower = hash(seed, left, top + 1) * (1 - u) + hash(seed, left + 1, top + 1) * u;
  return upper * (1 - v) + lower * v;
}

/** @param {number} t */
const smooth = (t) => t * t * (3 - 2 * t);

/** @param {number} seed @param {number} x @param {number} y */
function hash(seed, x, y) {
  let value = (seed ^ Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1)) >>> 0;
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39);
  return ((value ^ (value >>> 15)) >>> 0) / 2 ** 31 - 1;
}

/** The noise of a camera's sensor, in grey levels. */
const SENSOR_NOISE = 3;

/** @param {Random} random @param {(x: number, y: number) => Colour} colourAt @returns {Scene} */
function paint(random, colourAt) {
  const pixels = new Uint8ClampedArray(WIDTH * HEIGHT * 3);
  for (let y = 0, at = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const noise = normal(random) * SENSOR_NOISE;
      for (const value of colourAt(x, y)) pixels[at++] = value + noise;
    }
  }
  return pixels;
}

/** About normally distributed: mean 0, deviation 1. @param {Random} random */
export function normal(random) {
  return (random() + random() + random() + random() - 2) * Math.sqrt(3);
}

/** @param {Random} random @param {number} from @param {number} to @returns {Colour} */
function colour(random, from, to) {
  const grey = from + random() * (to - from);
  return [grey + random() * 60 - 30, grey + random() * 60 - 30, grey + random() * 60 - 30];
}

/** @param {Colour} colour @param {number} by @returns {Colour} */
const scale = ([red, green, blue], by) => [red * by, green * by, blue * by];

/** @param {Colour} a @param {Colour} b @param {number} share @returns {Colour} */
const mix = (a, b, share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];

/** @template T @param {readonly T[]} items @param {Random} random @returns {T[]} */
function shuffled(items, random) {
  const out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [out[i], out[other]] = [/** @type {T} */ (out[other]), /** @type {T} */ (out[i])];
  }
  return out;
}
