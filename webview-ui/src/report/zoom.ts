/** How large pictures are shown, and which part of them: all that are compared alike. */
export interface Zoom {
  /** 1 shows all of a picture, 2 half its width. */
  readonly scale: number;
  /** By how much its middle is right of and below the middle of the stage, in sides of the stage. */
  readonly x: number;
  readonly y: number;
}

/** A point of a stage, in its sides, from the middle: -0.5..0.5. */
export interface StagePoint {
  readonly x: number;
  readonly y: number;
}

/** The whole picture. */
export const WHOLE: Zoom = { scale: 1, x: 0, y: 0 };

/** The steps of zooming; 32 times shows single pixels of a photo. */
const SCALES = [1, 2, 4, 8, 16, 32] as const;

export const LARGEST_SCALE = 32;

/** From this scale on pixels are drawn as squares. */
const CRISP_SCALE = 4;

/** Up to this size a picture is drawn pixel by pixel: smoothing would hide what differs. */
const CRISP_UP_TO_PX = 64;

/** Whether a picture of this size is drawn pixel by pixel. */
export function isCrisp(width: number, height: number, { scale }: Zoom): boolean {
  return scale >= CRISP_SCALE || Math.max(width, height) <= CRISP_UP_TO_PX;
}

/** One step nearer, or farther away; what is at a point of the stage stays there. */
export function zoomed({ scale, x, y }: Zoom, by: 1 | -1, at: StagePoint = { x: 0, y: 0 }): Zoom {
  const step = SCALES.findIndex((known) => known >= scale) + by;
  const next = SCALES[Math.max(0, Math.min(SCALES.length - 1, step))] ?? 1;
  const growth = next / scale;
  return held({ scale: next, x: at.x - (at.x - x) * growth, y: at.y - (at.y - y) * growth });
}

/** The pictures moved right and down, in sides of the stage, as far as they reach. */
export function moved({ scale, x, y }: Zoom, right: number, down: number): Zoom {
  return held({ scale, x: x + right, y: y + down });
}

/** No farther than to the edges. */
function held({ scale, x, y }: Zoom): Zoom {
  const most = (scale - 1) / 2;
  const within = (value: number): number => Math.max(-most, Math.min(most, value));
  return { scale, x: within(x), y: within(y) };
}
