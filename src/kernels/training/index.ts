/**
 * The kernels of the models softmax regression and nearest neighbours. All they work on lies in the memory that
 * `src/engine/training/kernel/memory.ts` hands out; they keep nothing between calls.
 */
export { outline, search } from "./neighbours";
export { add, descend, learn, predict, round } from "./softmax";
