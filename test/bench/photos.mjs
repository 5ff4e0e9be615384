// Synthetic photos: smooth light, a few shapes and sensor noise, so that they compress like pictures of a camera.
import path from "node:path";
import sharp from "sharp";
import { cached, randomOf } from "./cache.mjs";

const [WIDTH, HEIGHT] = [640, 480];
const SHAPES = 12;
const NOISE = 22;

/**
 * A flat folder of JPEGs; made when it is not there yet.
 * @param {number} count
 */
export async function preparePhotos(count) {
  const { folder } = await cached(`photos-1-${count}`, async (into) => {
    for (let number = 0; number < count; number++) {
      const pixels = drawPhoto(randomOf(number + 1));
      await sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })
        .jpeg({ quality: 90 })
        .toFile(path.join(into, `photo-${String(number).padStart(4, "0")}.jpg`));
    }
    return { count };
  });
  return folder;
}

/** @param {() => number} random */
function drawPhoto(random) {
  const corners = Array.from({ length: 12 }, () => 40 + random() * 180);
  const shapes = Array.from({ length: SHAPES }, () => ({
    x: random() * WIDTH,
    y: random() * HEIGHT,
    across: 20 + random() * 150,
    down: 20 + random() * 150,
    round: random() < 0.5,
    shift: [0, 1, 2].map(() => random() * 160 - 80),
  }));
  const pixels = new Uint8Array(WIDTH * HEIGHT * 3);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const [u, v] = [x / WIDTH, y / HEIGHT];
      const inside = shapes.filter((shape) => {
        const [dx, dy] = [Math.abs(x - shape.x) / shape.across, Math.abs(y - shape.y) / shape.down];
        return shape.round ? dx * dx + dy * dy < 1 : dx < 1 && dy < 1;
      });
      const noise = (random() + random() - 1) * NOISE;
      for (let channel = 0; channel < 3; channel++) {
        const corner = (/** @type {number} */ which) => corners[channel * 4 + which] ?? 0;
        const light =
          (corner(0) * (1 - u) + corner(1) * u) * (1 - v) + (corner(2) * (1 - u) + corner(3) * u) * v + noise;
        const value = inside.reduce((sum, shape) => sum + (shape.shift[channel] ?? 0), light);
        pixels[(y * WIDTH + x) * 3 + channel] = Math.max(0, Math.min(255, value));
      }
    }
  }
  return pixels;
}
