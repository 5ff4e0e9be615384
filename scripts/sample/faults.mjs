/** Plants documented faults into the clean set of letters. */

import { BREAKERS, encode, REENCODERS } from "./png.mjs";

const LETTERS = [..."ABCDEFGHIJ"];

/** [from, to, file-identical copies, re-encoded copies] */
const LEAKS = [
  ["test", "train", 10, 8],
  ["train", "test", 9, 7],
  ["validation", "train", 6, 5],
  ["train", "validation", 5, 5],
  ["test", "validation", 4, 4],
  ["validation", "test", 3, 3],
];
/** [split, file-identical copies, re-encoded copies] */
const DUPLICATES = [
  ["train", 10, 8],
  ["validation", 3, 2],
  ["test", 3, 3],
];
/** [from, to, count]: the copy is filed under another letter; every second one is re-encoded. */
const CONFLICTS = [
  ["train", "train", 6],
  ["validation", "validation", 2],
  ["test", "test", 2],
  ["train", "validation", 4],
  ["train", "test", 1],
  ["test", "train", 1],
  ["validation", "test", 2],
];
/** [path without ending, grey value] */
const BLANKS = [
  ["train/B/blank-1", 0],
  ["train/B/blank-2", 0],
  ["train/F/blank-3", 0],
  ["validation/B/blank-4", 0],
  ["test/B/blank-5", 0],
  ["train/D/inked-1", 255],
  ["train/D/inked-2", 255],
  ["train/I/inked-3", 255],
  ["validation/I/inked-4", 255],
  ["validation/I/inked-5", 255],
  ["test/D/inked-6", 255],
];
const STRAYS = {
  ".DS_Store": Buffer.from("\0\0\0\u0001Bud1\0\0\u0010\0\0\0\u0008\0", "latin1"),
  "notes.txt": Buffer.from("Rendered from open fonts, see the licences next to the archive.\n", "latin1"),
  "train/A/.DS_Store": Buffer.from("\0\0\0\u0001Bud1\0\0\u0010\0\0\0\u0008\0", "latin1"),
  "train/desktop.ini": Buffer.from("[.ShellClassInfo]\r\nLocalizedResourceName=train\r\n", "latin1"),
  "test/J/notes.txt": Buffer.from("Are these all J? Ask.\n", "latin1"),
};

function shift(pixels, size, dx, dy) {
  return pixels.map((_, at) => {
    const x = (at % size) - dx;
    const y = Math.floor(at / size) - dy;
    return x >= 0 && x < size && y >= 0 && y < size ? pixels[y * size + x] : 0;
  });
}

/** Pictures that look alike but are not the same, by name. */
const NEAR = {
  "shifted right by 1 pixel": (pixels, size) => shift(pixels, size, 1, 0),
  "shifted down by 1 pixel": (pixels, size) => shift(pixels, size, 0, 1),
  "darker by 24": (pixels) => pixels.map((value) => Math.max(0, value - 24)),
  "brighter by 24": (pixels) => pixels.map((value) => Math.min(255, value + 24)),
  mirrored: (pixels, size) => pixels.map((_, at) => pixels[at - (at % size) + size - 1 - (at % size)]),
};

/**
 * Adds the faults to `tree` (path -> file bytes) and returns what was planted.
 * `originals` are pictures that are unique before: {path, split, letter, pixels, unusual}.
 * `random` gives numbers from 0 up to 1.
 */
export function plant(tree, originals, size, random) {
  const planted = [];
  const unused = [...originals];
  const reencoders = Object.entries(REENCODERS);
  let turn = 0;

  function add(path, bytes) {
    if (tree.has(path)) {
      throw new Error(`${path} is there already`);
    }
    tree.set(path, bytes);
    return path;
  }

  function take(split, wanted = () => true) {
    turn++;
    const fits = unused.filter((o) => o.split === split && wanted(o));
    const original = fits[Math.floor(random() * fits.length)];
    unused.splice(unused.indexOf(original), 1);
    return original;
  }

  function newName(split, letter, prefix) {
    for (;;) {
      const number = String(1 + Math.floor(random() * 9999)).padStart(4, "0");
      const path = `${split}/${letter}/${prefix}-${number}.png`;
      if (!tree.has(path)) {
        return path;
      }
    }
  }

  function copyFile(original, path) {
    return add(path, tree.get(original.path));
  }

  function reencode(original, path) {
    const [how, encoder] = reencoders[turn % reencoders.length];
    add(path, encoder(original.pixels, size));
    return { path, how };
  }

  for (const [from, to, files, pixels] of LEAKS) {
    // Between train and test every second one is a shape that a model only gets right when it has seen it:
    // such leaks are the ones that show in its accuracy.
    const telling = [from, to].sort().join() === "test,train";
    for (let i = 0; i < files; i++) {
      const original = take(from, (o) => o.unusual === (telling && i % 2 === 0));
      const path = copyFile(original, newName(to, original.letter, "scan"));
      planted.push({ kind: "leak-file", from, to, paths: [original.path, path] });
    }
    for (let i = 0; i < pixels; i++) {
      const original = take(from, (o) => o.unusual === (telling && i % 2 === 0));
      const { path, how } = reencode(original, newName(to, original.letter, "export"));
      planted.push({ kind: "leak-pixel", from, to, how, paths: [original.path, path] });
    }
  }

  for (let i = 0; i < 4; i++) {
    const original = take("train");
    const validation = copyFile(original, newName("validation", original.letter, "scan"));
    const { path, how } = reencode(original, newName("test", original.letter, "export"));
    planted.push({ kind: "leak-everywhere", how, paths: [original.path, validation, path] });
  }

  for (const [split, files, pixels] of DUPLICATES) {
    for (let i = 0; i < files; i++) {
      const original = take(split);
      const path = copyFile(original, original.path.replace(".png", i % 2 ? " (1).png" : "-copy.png"));
      planted.push({ kind: "duplicate-file", split, paths: [original.path, path] });
    }
    for (let i = 0; i < pixels; i++) {
      const original = take(split);
      const { path, how } = reencode(original, original.path.replace(".png", "-optimised.png"));
      planted.push({ kind: "duplicate-pixel", split, how, paths: [original.path, path] });
    }
  }
  for (let i = 0; i < 3; i++) {
    const original = take("train");
    const copy = copyFile(original, original.path.replace(".png", "-copy.png"));
    const { path, how } = reencode(original, original.path.replace(".png", "-optimised.png"));
    planted.push({ kind: "duplicate-mixed", split: "train", how, paths: [original.path, copy, path] });
  }

  for (const [from, to, count] of CONFLICTS) {
    for (let i = 0; i < count; i++) {
      const original = take(from);
      const others = LETTERS.filter((letter) => letter !== original.letter);
      const letter = others[Math.floor(random() * others.length)];
      const path = newName(to, letter, "scan");
      if (i % 2 === 0) {
        copyFile(original, path);
        planted.push({ kind: "conflict-file", from, to, paths: [original.path, path] });
      } else {
        const { how } = reencode(original, path);
        planted.push({ kind: "conflict-pixel", from, to, how, paths: [original.path, path] });
      }
    }
  }

  for (const [name, value] of BLANKS) {
    const path = add(`${name}.png`, encode(new Uint8Array(size * size).fill(value), size));
    planted.push({ kind: "blank", how: value === 0 ? "all black" : "all white", paths: [path] });
  }

  for (const split of ["train", "train", "validation", "test"]) {
    for (const [how, breaker] of Object.entries(BREAKERS)) {
      // Broken files replace nothing: their names belong to no other file.
      const original = take(split);
      const path = add(newName(split, original.letter, "broken"), breaker(tree.get(original.path), size));
      planted.push({ kind: "unreadable", how, paths: [path] });
      unused.push(original);
    }
  }

  for (const [path, bytes] of Object.entries(STRAYS)) {
    planted.push({ kind: "stray", paths: [add(path, bytes)] });
  }

  const routes = [
    ["train", "train"],
    ["test", "train"],
    ["train", "validation"],
    ["train", "test"],
    ["validation", "train"],
  ];
  for (const [from, to] of routes) {
    for (const [how, change] of Object.entries(NEAR)) {
      // These letters are no mirror images of themselves; and a change must leave something to see.
      const original = take(from, (o) => "BCDEFGJ".includes(o.letter) && change(o.pixels, size).some((p) => p > 64));
      const path = newName(to, original.letter, "variant");
      add(path, encode(change(original.pixels, size), size));
      planted.push({ kind: "near", from, to, how, paths: [original.path, path] });
    }
  }
  return planted;
}
