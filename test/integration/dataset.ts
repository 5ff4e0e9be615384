import { mkdirSync, mkdtempSync, realpathSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "../support/png";

const SIZE = 12;
/** Side of the images that take time: small files with many pixels. */
const SIDE = 640;
const HALF = (SIZE * SIZE) / 2;

/** What is planted in the tiny dataset; every count below follows from it. */
export const PLANTED = {
  splits: { train: 43, valid: 10, test: 10 },
  /** Test images whose bytes are in train too, one of class a and one of class b. */
  leaks: 2,
  /** Pairs: the two leaks, one twin in train, one with two labels. */
  groups: 4,
  conflicts: 1,
  unreadable: 1,
} as const;

/** Writes a tiny dataset of two classes with planted faults and answers its folder. */
export function writeTinyDataset(name = "tiny", parent = newFolder()): string {
  const folder = path.join(parent, name);
  const write = (file: string, bytes: Uint8Array): void => {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, bytes);
  };
  for (const label of ["a", "b"]) {
    for (let i = 0; i < 20; i++) write(`train/${label}/${i}.png`, picture(label, i));
    for (let i = 0; i < 5; i++) write(`valid/${label}/${i}.png`, picture(label, 100 + i));
    for (let i = 0; i < 4; i++) write(`test/${label}/${i}.png`, picture(label, 200 + i));
    write(`test/${label}/leak.png`, picture(label, 0));
  }
  write("train/a/twin.png", picture("a", 1));
  write("train/b/conflict.png", picture("a", 2));
  write("train/a/broken.png", Buffer.from("no picture"));
  return folder;
}

/** Writes a dataset of drawings in two tones, of which one in train and one in test are nearly the same. */
export function writeSimilarDataset(): string {
  const folder = path.join(newFolder(), "similar");
  const drawing = (bars: number, level: number): Buffer => {
    const rows = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => ((((i % SIZE) >> 1) & bars) === 0 ? 0 : 255));
    rows[0] = level;
    return encodePng({ width: SIZE, height: SIZE, rows });
  };
  for (const [file, bars, level] of [
    ["train/1.png", 1, 0],
    ["train/2.png", 2, 0],
    ["train/4.png", 4, 0],
    ["test/1.png", 1, 60],
    ["test/7.png", 7, 0],
  ] as const) {
    const target = path.join(folder, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, drawing(bars, level));
  }
  return folder;
}

/** Writes a dataset of so many pairs of equal images, each pair in train and test. */
export function writeManyGroups(groups: number): string {
  const folder = path.join(newFolder(), "pairs");
  for (const split of ["train", "test"]) {
    mkdirSync(path.join(folder, split), { recursive: true });
    for (let i = 0; i < groups; i++) writeFileSync(path.join(folder, split, `${i}.png`), picture("a", i));
  }
  return folder;
}

/** Writes a dataset that takes a moment to inspect, with files old enough to be kept in the index. */
export function writeLargeDataset(images: number): string {
  const folder = path.join(newFolder(), "large");
  const anHourAgo = Date.now() / 1000 - 3600;
  const pictures = Array.from({ length: 50 }, (_, seed) => {
    const rows = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i * (seed + 1)) % 251);
    return encodePng({ width: SIDE, height: SIDE, rows, zlib: { level: 1 } });
  });
  for (let i = 0; i < images; i++) {
    const target = path.join(folder, i % 4 === 0 ? "test" : "train", `${i}.png`);
    if (i < 2) mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, pictures[i % pictures.length] ?? "");
    utimesSync(target, anHourAgo, anHourAgo);
  }
  return folder;
}

/**
 * A picture that no other class and number has, and that is similar to none: brighter above or below, in blocks whose
 * levels follow from both.
 */
function picture(label: string, id: number): Buffer {
  const rows = new Uint8Array(SIZE * SIZE).map((_, i) => {
    const isTop = i < HALF;
    const block = 4 * Math.floor(i / SIZE / 3) + Math.floor((i % SIZE) / 3);
    const chance = Math.sin((block + 1) * (id + 1) * (label === "a" ? 12.9898 : 78.233)) * 43758.5453;
    return (isTop === (label === "a") ? 95 : 0) + Math.floor(160 * (chance - Math.floor(chance)));
  });
  rows[0] = id;
  return encodePng({ width: SIZE, height: SIZE, rows });
}

function newFolder(): string {
  return realpathSync(mkdtempSync(path.join(tmpdir(), "cleansplit-data-")));
}
