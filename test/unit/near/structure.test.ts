import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import { blockMeans, lumaOf } from "../../../src/core/fingerprint/signature";
import { MEASURES, TRANSFORMS } from "../../../src/core/near/near";
import {
  hammingDistance,
  inverseOf,
  LOOK_SIDE,
  PhotoComparer,
  photoOf,
  turnHash,
  turnSquare,
  type Photo,
} from "../../../src/core/near/structure";
import type { Picture } from "../../../src/core/picture";
import { drawScene, SCENES, SCENE_SIZE, type SceneKind } from "../../support/scenes";

const [WIDTH, HEIGHT] = SCENE_SIZE;
const { threshold } = MEASURES.photos;

/** What copies are made of. */
const PHOTOS: readonly SceneKind[] = ["landscape", "still life", "portrait", "sky"];
const COPIED = PHOTOS.flatMap((kind) => Array.from({ length: 8 }, (_, i) => ({ kind, picture: drawScene(kind, i) })));

function photo(picture: Picture): Photo {
  return photoOf(blockMeans(lumaOf(picture), picture.width, picture.height, LOOK_SIDE, LOOK_SIDE));
}

function open({ width, height, pixels }: Picture): Sharp {
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

async function read(image: Sharp): Promise<Picture> {
  const { data, info } = await image.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, mode: "RGB", pixels: Uint8Array.from(data) };
}

function encoded(encode: (image: Sharp) => Sharp): (picture: Picture) => Promise<Picture> {
  return async (picture) => read(sharp(await encode(open(picture)).toBuffer()));
}

function levels(change: (level: number) => number): (picture: Picture) => Promise<Picture> {
  return async (picture) => ({ ...picture, pixels: Uint8Array.from(Uint8ClampedArray.from(picture.pixels, change)) });
}

/** Moved by shares of the side; the border is repeated, or black. */
function shifted(right: number, down: number, isBlack: boolean): (picture: Picture) => Promise<Picture> {
  const [dx, dy] = [Math.round(right * WIDTH), Math.round(down * HEIGHT)];
  return async (picture) => {
    const pixels = picture.pixels.map((_, at) => {
      const [x, y] = [(Math.floor(at / 3) % WIDTH) - dx, Math.floor(at / 3 / WIDTH) - dy];
      const [fromX, fromY] = [Math.min(WIDTH - 1, Math.max(0, x)), Math.min(HEIGHT - 1, Math.max(0, y))];
      if (isBlack && (fromX !== x || fromY !== y)) return 0;
      return picture.pixels[(fromY * WIDTH + fromX) * 3 + (at % 3)] ?? 0;
    });
    return { ...picture, pixels };
  };
}

function cropped(left: number, top: number, right: number, bottom: number): (picture: Picture) => Promise<Picture> {
  const [x, y] = [Math.round(left * WIDTH), Math.round(top * HEIGHT)];
  const region = {
    left: x,
    top: y,
    width: WIDTH - x - Math.round(right * WIDTH),
    height: HEIGHT - y - Math.round(bottom * HEIGHT),
  };
  return (picture) => read(open(picture).extract(region));
}

const COPIES: Readonly<Record<string, (picture: Picture) => Promise<Picture>>> = {
  "JPEG of quality 30": encoded((image) => image.jpeg({ quality: 30 })),
  "JPEG of quality 60": encoded((image) => image.jpeg({ quality: 60 })),
  "JPEG of quality 90": encoded((image) => image.jpeg({ quality: 90 })),
  "WebP of quality 40": encoded((image) => image.webp({ quality: 40 })),
  "half the size": (picture) => read(open(picture).resize(WIDTH / 2, HEIGHT / 2)),
  "a quarter of the size": (picture) => read(open(picture).resize(WIDTH / 4, HEIGHT / 4)),
  "twice the size, as JPEG": encoded((image) => image.resize(WIDTH * 2, HEIGHT * 2).jpeg()),
  grey: async (picture) => {
    const luma = lumaOf(picture);
    return { ...picture, pixels: picture.pixels.map((_, at) => luma[Math.floor(at / 3)] ?? 0) };
  },
  mirrored: (picture) => read(open(picture).flop()),
  "upside down": (picture) => read(open(picture).flip()),
  "rotated by 90 degrees": (picture) => read(open(picture).rotate(90)),
  "rotated by 180 degrees": (picture) => read(open(picture).rotate(180)),
  "rotated by 270 degrees, JPEG of quality 50": encoded((image) => image.rotate(270).jpeg({ quality: 50 })),
  "rotated by 90 degrees and mirrored, half the size": async (picture) =>
    read(
      open(await read(open(picture).rotate(90)))
        .flop()
        .resize(HEIGHT / 2, WIDTH / 2),
    ),
  "20 % brighter": levels((level) => level * 1.2),
  "20 % darker": levels((level) => level * 0.8),
  "brighter by 20 % of the range": levels((level) => level + 51),
  "20 % more contrast": levels((level) => (level - 128) * 1.2 + 128),
  "20 % less contrast": levels((level) => (level - 128) * 0.8 + 128),
  "shifted by 3 % right": shifted(0.03, 0, false),
  "shifted by 3 % left and down": shifted(-0.03, 0.03, false),
  "shifted by 3 % up, black behind": shifted(0, -0.03, true),
  "shifted by 1.5 % right and down, black behind": shifted(0.015, 0.015, true),
  "3 % cut off at the left and at the top": cropped(0.03, 0.03, 0, 0),
  "1.5 % cut off on all sides": cropped(0.015, 0.015, 0.015, 0.015),
  blurred: (picture) => read(open(picture).blur(1)),
};

describe("near duplicates of photos", () => {
  const originals = COPIED.map(({ picture }) => new PhotoComparer(photo(picture)));

  for (const [name, copy] of Object.entries(COPIES)) {
    it(`are found: ${name}`, async () => {
      const missed: string[] = [];
      for (const [index, { kind, picture }] of COPIED.entries()) {
        const found = originals[index]?.compare(photo(await copy(picture)));
        if ((found?.score ?? -1) < threshold) missed.push(`${kind} ${index}: ${found?.score ?? "no candidate"}`);
      }
      assert.deepEqual(missed, []);
    });
  }

  it("are not seen among different pictures, though their layout, subject or pattern is the same", () => {
    const photos = SCENES.flatMap((kind) =>
      Array.from({ length: 20 }, (_, i) => ({ name: `${kind} ${i}`, photo: photo(drawScene(kind, 100 + i)) })),
    );
    const wrong = photos.flatMap((first, at) => {
      const comparer = new PhotoComparer(first.photo);
      return photos.slice(at + 1).flatMap((second) => {
        const found = comparer.compare(second.photo);
        return found !== null && found.score >= MEASURES.photos.reach ? [`${first.name} and ${second.name}`] : [];
      });
    });
    assert.deepEqual(wrong, []);
  });

  it("are not seen where there is only light that falls off, not even in equal pictures", () => {
    const scores = Array.from({ length: 10 }, (_, i) => {
      const gradient = photo(drawScene("gradient", i));
      return new PhotoComparer(gradient).compare(gradient)?.score ?? -1;
    });
    assert.ok(Math.max(...scores) < MEASURES.photos.reach, `${Math.max(...scores)}`);
  });

  it("say how the second one must be turned and moved", () => {
    const { picture } = COPIED[9] ?? assert.fail();
    const look = blockMeans(lumaOf(picture), WIDTH, HEIGHT, LOOK_SIDE, LOOK_SIDE);
    const comparer = new PhotoComparer(photoOf(look));
    for (const transform of TRANSFORMS.keys()) {
      // Moved 2 left and 1 down, then turned so that turning it by `transform` undoes that.
      const moved = look.map((_, at) => {
        const [x, y] = [at % LOOK_SIDE, Math.floor(at / LOOK_SIDE)];
        return look[Math.max(0, y - 1) * LOOK_SIDE + Math.min(LOOK_SIDE - 1, x + 2)] ?? 0;
      });
      const found = comparer.compare(photoOf(turnSquare(moved, LOOK_SIDE, inverseOf(transform))));
      assert.deepEqual([found?.transform, found?.shift], [transform, [4, -2]], TRANSFORMS[transform]);
      assert.ok((found?.score ?? 0) > 0.99);
    }
  });
});

describe("transforms", () => {
  it("are what their names say", () => {
    const turned = TRANSFORMS.map((_, transform) => [...turnSquare(Uint8Array.of(1, 2, 3, 4), 2, transform)].join(""));
    assert.deepEqual(Object.fromEntries(TRANSFORMS.map((name, index) => [name, turned[index]])), {
      "as it is": "1234",
      mirrored: "2143",
      "upside down": "3412",
      "rotated by 180°": "4321",
      transposed: "1324",
      "rotated by 90° anticlockwise": "2413",
      "rotated by 90° clockwise": "3142",
      transversed: "4231",
    });
  });

  it("of a hash are those of the picture", () => {
    for (const [number, kind] of SCENES.entries()) {
      const look = blockMeans(lumaOf(drawScene(kind, number)), WIDTH, HEIGHT, LOOK_SIDE, LOOK_SIDE);
      const { hash } = photoOf(look);
      for (const transform of TRANSFORMS.keys()) {
        const turned = photoOf(turnSquare(look, LOOK_SIDE, transform));
        // A coefficient that is exactly zero has no sign to change.
        assert.ok(hammingDistance(turnHash(hash, transform), turned.hash) <= 1, `${kind} ${transform}`);
      }
    }
  });
});
