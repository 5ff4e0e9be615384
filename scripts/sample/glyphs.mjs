/**
 * Turns a glyph outline into a 28x28 grey picture. Own code instead of a drawing library, so that the
 * pictures are the same on every machine: it uses only additions, multiplications and divisions.
 */

export const SIZE = 28;
/** Free pixels on every side of the glyph's longer dimension, so that it can be moved by one pixel. */
const MARGIN = 1;
/** Scanlines per pixel. */
const LINES = 8;
/** Straight pieces per curve. */
const PIECES = 16;
/** Grey steps. Sixteen look smooth at this size and compress much better than 256. */
const STEPS = 255;

/** The outline's curves as closed polygons in font units: arrays of [x, y], y pointing up. */
function flatten(commands) {
  const polygons = [];
  let polygon = [];
  for (const c of commands) {
    const last = polygon[polygon.length - 1];
    if (c.type === "M") {
      polygon = [[c.x, c.y]];
      polygons.push(polygon);
    } else if (c.type === "L") {
      polygon.push([c.x, c.y]);
    } else if (c.type === "Q") {
      for (let i = 1; i <= PIECES; i++) {
        const t = i / PIECES;
        const u = 1 - t;
        polygon.push([
          u * u * last[0] + 2 * u * t * c.x1 + t * t * c.x,
          u * u * last[1] + 2 * u * t * c.y1 + t * t * c.y,
        ]);
      }
    } else if (c.type === "C") {
      for (let i = 1; i <= PIECES; i++) {
        const t = i / PIECES;
        const u = 1 - t;
        polygon.push([
          u * u * u * last[0] + 3 * u * u * t * c.x1 + 3 * u * t * t * c.x2 + t * t * t * c.x,
          u * u * u * last[1] + 3 * u * u * t * c.y1 + 3 * u * t * t * c.y2 + t * t * t * c.y,
        ]);
      }
    }
  }
  return polygons.filter((points) => points.length > 2);
}

/** The polygons scaled to fill the picture (proportions kept), centred, y pointing down. */
function fit(polygons) {
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of polygons.flat()) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    bottom = Math.min(bottom, y);
    top = Math.max(top, y);
  }
  const scale = (SIZE - 2 * MARGIN) / Math.max(right - left, top - bottom);
  const dx = (SIZE - (right - left) * scale) / 2;
  const dy = (SIZE - (top - bottom) * scale) / 2;
  return polygons.map((points) => points.map(([x, y]) => [(x - left) * scale + dx, (top - y) * scale + dy]));
}

/** Adds the ink of one scanline between two x positions to a row of coverage sums. */
function addSpan(row, from, to) {
  for (let x = Math.max(0, Math.floor(from)); x < Math.min(SIZE, to); x++) {
    row[x] += Math.min(to, x + 1) - Math.max(from, x);
  }
}

/** Draws an outline (opentype.js path commands) white on black; null when there is nothing to draw. */
export function rasterise(commands) {
  const outline = flatten(commands);
  if (outline.length === 0) {
    return null;
  }
  const polygons = fit(outline);
  const pixels = new Uint8Array(SIZE * SIZE);
  for (let y = 0; y < SIZE; y++) {
    const row = new Float64Array(SIZE);
    for (let line = 0; line < LINES; line++) {
      const at = y + (line + 0.5) / LINES;
      const crossings = [];
      for (const points of polygons) {
        for (let i = 0; i < points.length; i++) {
          const [x0, y0] = points[i];
          const [x1, y1] = points[(i + 1) % points.length];
          if (y0 <= at !== y1 <= at) {
            crossings.push({ x: x0 + ((at - y0) / (y1 - y0)) * (x1 - x0), turn: y1 > y0 ? 1 : -1 });
          }
        }
      }
      crossings.sort((a, b) => a.x - b.x);
      // Nonzero winding: overlapping strokes, usual in these fonts, stay filled.
      let winding = 0;
      for (let i = 0; i + 1 < crossings.length; i++) {
        winding += crossings[i].turn;
        if (winding !== 0) {
          addSpan(row, crossings[i].x, crossings[i + 1].x);
        }
      }
    }
    for (let x = 0; x < SIZE; x++) {
      pixels[y * SIZE + x] = Math.round(Math.min(1, row[x] / LINES) * STEPS) * Math.round(255 / STEPS);
    }
  }
  return pixels.some((value) => value > 0) ? pixels : null;
}
