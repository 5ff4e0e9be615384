import { Random } from "../../src/core/training/random";
import type { Picture } from "../../src/core/picture";

/** Kinds of pictures, drawn like photos and like what is easily mistaken for each other. */
export const SCENES = ["landscape", "still life", "portrait", "sky", "gradient", "pattern", "page"] as const;

export type SceneKind = (typeof SCENES)[number];

/** Width and height of a scene. */
export const SCENE_SIZE = [96, 72] as const;

type Colour = readonly [number, number, number];

/** What is seen at a place; x and y are 0..1. */
type Paint = (x: number, y: number) => Colour;

/** A picture in mode RGB, the same on every machine. Scenes of another number or kind show something else. */
export function drawScene(kind: SceneKind, number: number): Picture {
  const random = new Random(1 + number * SCENES.length + SCENES.indexOf(kind));
  const next = (from = 0, to = 1): number => from + ((to - from) * random.next()) / 2 ** 32;
  const paint = PAINTERS[kind](next);
  const [width, height] = SCENE_SIZE;
  const pixels = new Uint8ClampedArray(width * height * 3);
  const grain = next(2, 10);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = paint(x / width, y / height);
      const noise = grain * (next() + next() - 1);
      for (const level of colour) pixels[at++] = level + noise;
    }
  }
  return { width, height, mode: "RGB", pixels: new Uint8Array(pixels.buffer) };
}

/** Answers a number between two others, by default 0 and 1. */
type Next = (from?: number, to?: number) => number;

const PAINTERS: Readonly<Record<SceneKind, (next: Next) => Paint>> = {
  landscape(next) {
    const sky = clouds(next, 70);
    const ridges = Array.from({ length: 3 }, (_, index) => {
      const ridge = fractal(next, 3, 5);
      const ground = textured(next, next(6, 20), 90);
      const level = 0.35 + 0.2 * index;
      return { top: (x: number) => level + 0.5 * (ridge(x, 0.5) - 0.5), ground };
    });
    return (x, y) => ridges.findLast(({ top }) => y > top(x))?.ground(x, y) ?? sky(x, y);
  },
  "still life"(next) {
    const table = textured(next, next(2, 8), 80);
    const things = Array.from({ length: 14 }, () => thing(next));
    return (x, y) => (things.find(({ contains }) => contains(x, y))?.paint ?? table)(x, y);
  },
  // Head and shoulders are always in the same place; only what they look like differs.
  portrait(next) {
    const wall = textured(next, next(2, 6), 90);
    const coat = textured(next, next(4, 14), 110);
    const face = textured(next, next(4, 9), 90);
    const hair = textured(next, next(8, 20), 80);
    const behind = Array.from({ length: 6 }, () => thing(next));
    const tilt = next(-0.06, 0.06);
    return (x, y) => {
      const [u, v] = [(x - 0.5 - tilt * (0.5 - y)) / 0.17, (y - 0.42) / 0.25];
      if (u * u + v * v < 1) return v < -0.35 + 0.3 * u * u ? hair(x, y) : face(x, y);
      if (y > 0.68 + 0.9 * (x - 0.5) ** 2) return coat(x, y);
      return (behind.find(({ contains }) => contains(x, y))?.paint ?? wall)(x, y);
    };
  },
  sky: (next) => clouds(next, 45),
  gradient(next) {
    const [from, to] = [colour(next), colour(next)];
    const [a, b, bend] = [next(-1, 1), next(-1, 1), next(-1, 1)];
    return (x, y) => mix(from, to, 0.5 + 0.5 * (a * (x - 0.5) + b * (y - 0.5) + bend * (x - 0.5) * (y - 0.5)));
  },
  pattern(next) {
    const [ink, paper] = [colour(next), colour(next)];
    const [angle, across, down] = [next(0, Math.PI), next(4, 13), next(4, 13)];
    const [cos, sin, phase, share] = [Math.cos(angle), Math.sin(angle), next(), next(0.3, 0.6)];
    return (x, y) => {
      const [u, v] = [(x * cos + y * sin) * across + phase, (y * cos - x * sin) * down];
      return u - Math.floor(u) < share !== v - Math.floor(v) < share ? ink : paper;
    };
  },
  // Lines of the same height at the same places; only the words differ.
  page(next) {
    const lines = Array.from({ length: 16 }, () => {
      const ends: number[] = [];
      const end = next() < 0.3 ? next(0.3, 0.9) : 0.93;
      for (let x = 0.07; x < end;) {
        const word = x + next(0.02, 0.13);
        ends.push(x, Math.min(end, word));
        x = word + 0.02;
      }
      return ends;
    });
    const isEmpty = lines.map(() => next() < 0.15);
    return (x, y) => {
      const line = Math.floor(y * lines.length);
      const within = y * lines.length - line;
      if (isEmpty[line] === true || within < 0.3 || within > 0.75) return WHITE;
      const passed = lines[line]?.filter((end) => end <= x).length ?? 0;
      return passed % 2 === 1 ? BLACK : WHITE;
    };
  },
};

const WHITE: Colour = [245, 245, 245];
const BLACK: Colour = [40, 40, 40];

function colour(next: Next, brightest = 235): Colour {
  return [next(20, brightest), next(20, brightest), next(20, brightest)];
}

function mix(a: Colour, b: Colour, share: number): Colour {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** Light that falls off over soft clouds, which differ by about `contrast` levels. */
function clouds(next: Next, contrast: number): Paint {
  const [top, bottom] = [colour(next, 190), colour(next, 190)];
  const shape = fractal(next, 2, 4);
  return (x, y) => {
    const cloud = contrast * (shape(x, 2 * y) - 0.5) * 2;
    const [red, green, blue] = mix(top, bottom, y);
    return [red + cloud, green + cloud, blue + cloud];
  };
}

/** A colour with a texture of so many spots across, which differ by about `contrast` levels. */
function textured(next: Next, spots: number, contrast: number): Paint {
  const base = colour(next);
  const texture = fractal(next, spots, 3);
  return (x, y) => {
    const level = contrast * (texture(x, y) - 0.5) * 2;
    return [base[0] + level, base[1] + level, base[2] + level];
  };
}

/** A textured ellipse or rectangle, somewhere, turned anyhow. */
function thing(next: Next): { readonly paint: Paint; readonly contains: (x: number, y: number) => boolean } {
  const [left, top, angle] = [next(), next(), next(0, Math.PI)];
  const [width, height, isRound] = [next(0.04, 0.22), next(0.04, 0.22), next() < 0.5];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return {
    paint: textured(next, next(3, 15), 70),
    contains(x, y) {
      const [dx, dy] = [x - left, y - top];
      const [u, v] = [Math.abs(dx * cos + dy * sin) / width, Math.abs(dy * cos - dx * sin) / height];
      return isRound ? u * u + v * v < 1 : u < 1 && v < 1;
    },
  };
}

/** Smooth noise of `octaves` sizes, the largest of which has so many spots across: 0..1. */
function fractal(next: Next, spots: number, octaves: number): (x: number, y: number) => number {
  const grids = Array.from({ length: octaves }, () => Array.from({ length: GRID * GRID }, () => next()));
  return (x, y) => {
    let [sum, weight, size] = [0, 1, spots];
    for (const grid of grids) {
      sum += weight * smooth(grid, x * size, y * size);
      weight /= 2;
      size *= 2;
    }
    return sum / (2 - 2 * weight);
  };
}

const GRID = 16;

function smooth(grid: readonly number[], x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [ease(x - left), ease(y - top)];
  const at = (column: number, row: number): number => grid[(row & (GRID - 1)) * GRID + (column & (GRID - 1))] ?? 0;
  const above = at(left, top) * (1 - u) + at(left + 1, top) * u;
  const below = at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u;
  return above * (1 - v) + below * v;
}

function ease(share: number): number {
  return share * share * (3 - 2 * share);
}
