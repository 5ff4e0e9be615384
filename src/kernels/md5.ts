/**
 * MD5 (RFC 1321) of up to eight messages at once, one in each 32-bit lane of two vectors: one step of MD5 waits for the one
 * before, so only different messages can be worked on side by side.
 */
import { MD5_JOBS, MD5_LANES } from "./layout";

/** The padding of a message takes 9 bytes at least; behind it, up to 72 and a few more are written. */
const PADDING: u32 = 72;

const LANES: u32 = 8;

/** Most messages that wait; 12 bytes each: where it is, how many blocks of 64 bytes, where the digest goes. */
export const MAX_JOBS: u32 = 256;

// What each lane works on: the message from its next block on, blocks to do, where the digest goes. Then the state of all
// lanes, a to d of the first four and of the last four, then the sixteen words of a block of four lanes each.
const MESSAGES: usize = MD5_LANES;
const REMAINING: usize = MESSAGES + 4 * LANES;
const DIGESTS: usize = REMAINING + 4 * LANES;
const STATES: usize = DIGESTS + 4 * LANES;
const WORDS: usize = STATES + 128;

/** `floor(2^32 * abs(sin(i + 1)))`, i = 0..63. */
const SINES = memory.data<u32>([
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8,
  0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
  0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87,
  0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
  0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
  0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
  0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb,
  0xeb86d391,
]);

let jobs: u32 = 0;

/** How many messages wait. */
export function waitingJobs(): u32 {
  return jobs;
}

/** Has the digest of the message written to `digest` with the next `runJobs`. Writes the padding behind the message. */
export function addJob(message: usize, size: u32, digest: usize): void {
  const blocks = (size + PADDING) >>> 6;
  const end = message + size;
  const stop = message + ((<usize>blocks) << 6);
  for (let at = end; at < stop; at += 8) store<u64>(at, 0);
  store<u8>(end, 0x80);
  store<u64>(stop - 8, (<u64>size) << 3);
  const job = MD5_JOBS + <usize>jobs * 12;
  store<u32>(job, <u32>message);
  store<u32>(job, blocks, 4);
  store<u32>(job, <u32>digest, 8);
  jobs++;
}

/** Writes the digests of all messages that wait. */
export function runJobs(): void {
  let next: u32 = 0;
  let busy: u32 = 0;
  for (let lane: u32 = 0; lane < LANES; lane++) {
    if (next < jobs) {
      takeJob(lane, next++);
      busy |= 1 << lane;
    } else store<u32>(REMAINING + (lane << 2), 0);
  }
  while (busy !== 0) {
    let count: u32 = 0xffffffff;
    for (let rest = busy; rest !== 0; rest &= rest - 1) count = min(count, load<u32>(REMAINING + (ctz(rest) << 2)));
    // Lanes without a message do what the first busy one does, for nothing.
    const message = load<u32>(MESSAGES + (ctz(busy) << 2));
    for (let idle = ~busy & 255; idle !== 0; idle &= idle - 1) store<u32>(MESSAGES + (ctz(idle) << 2), message);
    hashBlocks(count);
    for (let rest = busy; rest !== 0; rest &= rest - 1) {
      const lane: u32 = ctz(rest);
      const remaining = load<u32>(REMAINING + (lane << 2)) - count;
      store<u32>(REMAINING + (lane << 2), remaining);
      if (remaining !== 0) continue;
      giveDigest(lane);
      if (next < jobs) takeJob(lane, next++);
      else busy &= ~(1 << lane);
    }
  }
  jobs = 0;
}

function stateOf(lane: u32): usize {
  return STATES + ((lane >> 2) << 6) + ((lane & 3) << 2);
}

function takeJob(lane: u32, job: u32): void {
  const at = MD5_JOBS + <usize>job * 12;
  store<u32>(MESSAGES + (lane << 2), load<u32>(at));
  store<u32>(REMAINING + (lane << 2), load<u32>(at, 4));
  store<u32>(DIGESTS + (lane << 2), load<u32>(at, 8));
  const state = stateOf(lane);
  store<u32>(state, 0x67452301);
  store<u32>(state, 0xefcdab89, 16);
  store<u32>(state, 0x98badcfe, 32);
  store<u32>(state, 0x10325476, 48);
}

function giveDigest(lane: u32): void {
  const digest = load<u32>(DIGESTS + (lane << 2));
  const state = stateOf(lane);
  store<u32>(digest, load<u32>(state));
  store<u32>(digest, load<u32>(state, 16), 4);
  store<u32>(digest, load<u32>(state, 32), 8);
  store<u32>(digest, load<u32>(state, 48), 12);
}

/** Words 4 * `part` to 4 * `part` + 3 of the next block of four lanes. */
function loadWords(lanes: usize, part: u32, words: usize): void {
  const p = v128.load(load<u32>(lanes) + (part << 4));
  const q = v128.load(load<u32>(lanes, 4) + (part << 4));
  const r = v128.load(load<u32>(lanes, 8) + (part << 4));
  const s = v128.load(load<u32>(lanes, 12) + (part << 4));
  const pqLow = i32x4.shuffle(p, q, 0, 4, 1, 5);
  const pqHigh = i32x4.shuffle(p, q, 2, 6, 3, 7);
  const rsLow = i32x4.shuffle(r, s, 0, 4, 1, 5);
  const rsHigh = i32x4.shuffle(r, s, 2, 6, 3, 7);
  const to = words + ((<usize>part) << 6);
  v128.store(to, i64x2.shuffle(pqLow, rsLow, 0, 2));
  v128.store(to, i64x2.shuffle(pqLow, rsLow, 1, 3), 16);
  v128.store(to, i64x2.shuffle(pqHigh, rsHigh, 0, 2), 32);
  v128.store(to, i64x2.shuffle(pqHigh, rsHigh, 1, 3), 48);
}

/** One step but for the addition of b: a + f + word + sine, rotated. */
function turn(a: v128, f: v128, word: usize, sine: v128, by: i32): v128 {
  const sum = i32x4.add(i32x4.add(a, i32x4.add(v128.load(WORDS + word), sine)), f);
  return v128.or(i32x4.shl(sum, by), i32x4.shr_u(sum, 32 - by));
}

function f1(b: v128, c: v128, d: v128): v128 {
  return v128.xor(d, v128.and(b, v128.xor(c, d)));
}

function f3(b: v128, c: v128, d: v128): v128 {
  return v128.xor(b, v128.xor(c, d));
}

function f4(b: v128, c: v128, d: v128): v128 {
  return v128.xor(c, v128.or(b, v128.not(d)));
}

/** The next `count` blocks of all lanes. */
function hashBlocks(count: u32): void {
  let a = v128.load(STATES);
  let b = v128.load(STATES, 16);
  let c = v128.load(STATES, 32);
  let d = v128.load(STATES, 48);
  let e = v128.load(STATES, 64);
  let f = v128.load(STATES, 80);
  let g = v128.load(STATES, 96);
  let h = v128.load(STATES, 112);
  for (; count !== 0; count--) {
    for (let part: u32 = 0; part < 4; part++) {
      loadWords(MESSAGES, part, WORDS);
      loadWords(MESSAGES + 16, part, WORDS + 256);
    }
    const step = i32x4.splat(64);
    v128.store(MESSAGES, i32x4.add(v128.load(MESSAGES), step));
    v128.store(MESSAGES, i32x4.add(v128.load(MESSAGES, 16), step), 16);
    const a0 = a;
    const b0 = b;
    const c0 = c;
    const d0 = d;
    const e0 = e;
    const f0 = f;
    const g0 = g;
    const h0 = h;
    let sines = SINES;
    // Four steps a turn of the loop; words are 16 bytes apart, those of the second four lanes 256 bytes further.
    for (let word: usize = 0; word < 256; word += 64, sines += 16) {
      let sine = v128.load32_splat(sines);
      a = i32x4.add(b, turn(a, f1(b, c, d), word, sine, 7));
      e = i32x4.add(f, turn(e, f1(f, g, h), word + 256, sine, 7));
      sine = v128.load32_splat(sines, 4);
      d = i32x4.add(a, turn(d, f1(a, b, c), word + 16, sine, 12));
      h = i32x4.add(e, turn(h, f1(e, f, g), word + 272, sine, 12));
      sine = v128.load32_splat(sines, 8);
      c = i32x4.add(d, turn(c, f1(d, a, b), word + 32, sine, 17));
      g = i32x4.add(h, turn(g, f1(h, e, f), word + 288, sine, 17));
      sine = v128.load32_splat(sines, 12);
      b = i32x4.add(c, turn(b, f1(c, d, a), word + 48, sine, 22));
      f = i32x4.add(g, turn(f, f1(g, h, e), word + 304, sine, 22));
    }
    // The word of step i is 5 i + 1.
    for (let i: usize = 0, word: usize = 16; i < 4; i++, word += 64, sines += 16) {
      const word1 = (word + 80) & 255;
      const word2 = (word + 160) & 255;
      const word3 = (word + 240) & 255;
      let sine = v128.load32_splat(sines);
      a = i32x4.add(b, turn(a, f1(d, b, c), word, sine, 5));
      e = i32x4.add(f, turn(e, f1(h, f, g), word + 256, sine, 5));
      sine = v128.load32_splat(sines, 4);
      d = i32x4.add(a, turn(d, f1(c, a, b), word1, sine, 9));
      h = i32x4.add(e, turn(h, f1(g, e, f), word1 + 256, sine, 9));
      sine = v128.load32_splat(sines, 8);
      c = i32x4.add(d, turn(c, f1(b, d, a), word2, sine, 14));
      g = i32x4.add(h, turn(g, f1(f, h, e), word2 + 256, sine, 14));
      sine = v128.load32_splat(sines, 12);
      b = i32x4.add(c, turn(b, f1(a, c, d), word3, sine, 20));
      f = i32x4.add(g, turn(f, f1(e, g, h), word3 + 256, sine, 20));
    }
    // 3 i + 5.
    for (let i: usize = 0, word: usize = 80; i < 4; i++, word = (word + 192) & 255, sines += 16) {
      const word1 = (word + 48) & 255;
      const word2 = (word + 96) & 255;
      const word3 = (word + 144) & 255;
      let sine = v128.load32_splat(sines);
      a = i32x4.add(b, turn(a, f3(b, c, d), word, sine, 4));
      e = i32x4.add(f, turn(e, f3(f, g, h), word + 256, sine, 4));
      sine = v128.load32_splat(sines, 4);
      d = i32x4.add(a, turn(d, f3(a, b, c), word1, sine, 11));
      h = i32x4.add(e, turn(h, f3(e, f, g), word1 + 256, sine, 11));
      sine = v128.load32_splat(sines, 8);
      c = i32x4.add(d, turn(c, f3(d, a, b), word2, sine, 16));
      g = i32x4.add(h, turn(g, f3(h, e, f), word2 + 256, sine, 16));
      sine = v128.load32_splat(sines, 12);
      b = i32x4.add(c, turn(b, f3(c, d, a), word3, sine, 23));
      f = i32x4.add(g, turn(f, f3(g, h, e), word3 + 256, sine, 23));
    }
    // 7 i.
    for (let i: usize = 0, word: usize = 0; i < 4; i++, word = (word + 192) & 255, sines += 16) {
      const word1 = (word + 112) & 255;
      const word2 = (word + 224) & 255;
      const word3 = (word + 80) & 255;
      let sine = v128.load32_splat(sines);
      a = i32x4.add(b, turn(a, f4(b, c, d), word, sine, 6));
      e = i32x4.add(f, turn(e, f4(f, g, h), word + 256, sine, 6));
      sine = v128.load32_splat(sines, 4);
      d = i32x4.add(a, turn(d, f4(a, b, c), word1, sine, 10));
      h = i32x4.add(e, turn(h, f4(e, f, g), word1 + 256, sine, 10));
      sine = v128.load32_splat(sines, 8);
      c = i32x4.add(d, turn(c, f4(d, a, b), word2, sine, 15));
      g = i32x4.add(h, turn(g, f4(h, e, f), word2 + 256, sine, 15));
      sine = v128.load32_splat(sines, 12);
      b = i32x4.add(c, turn(b, f4(c, d, a), word3, sine, 21));
      f = i32x4.add(g, turn(f, f4(g, h, e), word3 + 256, sine, 21));
    }
    a = i32x4.add(a, a0);
    b = i32x4.add(b, b0);
    c = i32x4.add(c, c0);
    d = i32x4.add(d, d0);
    e = i32x4.add(e, e0);
    f = i32x4.add(f, f0);
    g = i32x4.add(g, g0);
    h = i32x4.add(h, h0);
  }
  v128.store(STATES, a);
  v128.store(STATES, b, 16);
  v128.store(STATES, c, 32);
  v128.store(STATES, d, 48);
  v128.store(STATES, e, 64);
  v128.store(STATES, f, 80);
  v128.store(STATES, g, 96);
  v128.store(STATES, h, 112);
}
