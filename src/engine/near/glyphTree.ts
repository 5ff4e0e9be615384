import { AXES } from "../../core/near/axes";
import { BOX, boxAt, GROUP, LEAF, type Space, type Views } from "./glyphSpace";

/** Pictures of a node that are looked at to see along which axis they differ most. */
const PROBED = 256;

/**
 * Splits the pictures of a node in two: those of its first half, which is full, have no larger coordinate along the axis in
 * which they differ most than those of its second half.
 */
export function splitNode({ coordinates, order }: Views, { count }: Space, firstLeaf: number, level: number): void {
  const [from, middle] = [firstLeaf * LEAF, (firstLeaf + 2 ** (level - 1)) * LEAF];
  const to = Math.min(count, (firstLeaf + 2 ** level) * LEAF);
  if (middle >= to) return;
  const axis = widestAxis(coordinates, order, from, to);
  const numbers = order.subarray(from, to);
  const keys = new Int16Array(to - from);
  for (let i = 0; i < keys.length; i++) keys[i] = coordinates[(numbers[i] ?? 0) * AXES + axis] ?? 0;
  select(keys, numbers, middle - from);
}

/** Orders the pictures of a node into leaves and writes these with their boxes. */
export function orderNode(views: Views, space: Space, firstLeaf: number, level: number): void {
  if (firstLeaf >= space.leafCount) return;
  if (level === 0) {
    writeLeaf(views, space, firstLeaf);
    return;
  }
  splitNode(views, space, firstLeaf, level);
  orderNode(views, space, firstLeaf, level - 1);
  orderNode(views, space, firstLeaf + 2 ** (level - 1), level - 1);
}

/** Writes the boxes of all nodes, from those of the leaves. */
export function writeBoxes({ boxes }: Views, space: Space): void {
  for (let level = 1; level <= space.depth; level++) {
    const nodes = Math.ceil(space.leafCount / 2 ** level);
    const below = Math.ceil(space.leafCount / 2 ** (level - 1));
    for (let node = 0; node < nodes; node++) {
      const [into, from] = [boxAt(space, level, node), boxAt(space, level - 1, 2 * node)];
      boxes.copyWithin(into, from, from + BOX);
      if (2 * node + 1 < below) widen(boxes, into, from + BOX, from + BOX + AXES);
    }
  }
}

/** Widens a box so that it holds what lies between two corners. */
function widen(boxes: Int16Array, at: number, least: number, most: number, source = boxes): void {
  for (let axis = 0; axis < AXES; axis++) {
    boxes[at + axis] = Math.min(boxes[at + axis] ?? 0, source[least + axis] ?? 0);
    boxes[at + AXES + axis] = Math.max(boxes[at + AXES + axis] ?? 0, source[most + axis] ?? 0);
  }
}

function writeLeaf({ coordinates, order, leaves, boxes }: Views, space: Space, leaf: number): void {
  const box = boxAt(space, 0, leaf);
  boxes.fill(32767, box, box + AXES);
  boxes.fill(-32768, box + AXES, box + BOX);
  for (let i = 0; i < LEAF; i++) {
    const picture = order[Math.min(leaf * LEAF + i, space.count - 1)] ?? 0;
    const from = picture * AXES;
    widen(boxes, box, from, from, coordinates);
    const group = (leaf * LEAF + i - (i % GROUP)) * AXES;
    for (let axis = 0; axis < AXES; axis++) {
      const at = group + (axis >> 1) * 2 * GROUP + (i % GROUP) * 2 + (axis & 1);
      leaves[at] = coordinates[from + axis] ?? 0;
    }
  }
}

/** The axis along which some pictures of a node, spread over it, have the largest variance. */
function widestAxis(coordinates: Int16Array, order: Uint32Array, from: number, to: number): number {
  const probed = Math.min(to - from, PROBED);
  let [widest, largest] = [0, -1];
  for (let axis = 0; axis < AXES; axis++) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < probed; i++) {
      const picture = order[from + Math.floor((i * (to - from)) / probed)] ?? 0;
      const value = coordinates[picture * AXES + axis] ?? 0;
      sum += value;
      squares += value * value;
    }
    const variance = squares - (sum * sum) / probed;
    if (variance > largest) [widest, largest] = [axis, variance];
  }
  return widest;
}

/** Orders keys, and numbers with them, so that none before `middle` is larger than one from there on (Hoare, 1961). */
function select(keys: Int16Array, numbers: Uint32Array, middle: number): void {
  let [low, high] = [0, keys.length - 1];
  while (low < high) {
    const pivot = keys[(low + high) >> 1] ?? 0;
    let [i, j] = [low, high];
    while (i <= j) {
      while ((keys[i] ?? 0) < pivot) i++;
      while ((keys[j] ?? 0) > pivot) j--;
      if (i > j) break;
      const [key, number] = [keys[i] ?? 0, numbers[i] ?? 0];
      keys[i] = keys[j] ?? 0;
      numbers[i] = numbers[j] ?? 0;
      keys[j] = key;
      numbers[j] = number;
      i++;
      j--;
    }
    if (middle <= j) high = j;
    else if (middle >= i) low = i;
    else return;
  }
}
