/** Writes small grey PNG files, each picture in several spellings that decode to the same pixels. */

import zlib from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

const CRC_TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) {
    n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  }
  return n >>> 0;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function adler32(bytes) {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  return Buffer.concat([uint32(data.length), body, uint32(crc32(body))]);
}

/** A zlib stream that only stores: the archive's brotli packs it far better than deflated data. */
function store(data) {
  const length = Buffer.alloc(4);
  length.writeUInt16LE(data.length, 0);
  length.writeUInt16LE(~data.length & 0xffff, 2);
  return Buffer.concat([Buffer.from([0x78, 0x01, 0x01]), length, data, uint32(adler32(data))]);
}

/** The rows with PNG filter 0 (as they are), 1 (minus the pixel to the left) or 2 (minus the one above). */
function filterRows(pixels, size, filter) {
  const rows = Buffer.alloc(size * (size + 1));
  for (let y = 0; y < size; y++) {
    rows[y * (size + 1)] = filter;
    for (let x = 0; x < size; x++) {
      const at = y * size + x;
      const left = filter === 1 && x > 0 ? pixels[at - 1] : 0;
      const above = filter === 2 && y > 0 ? pixels[at - size] : 0;
      rows[y * (size + 1) + 1 + x] = (pixels[at] - left - above) & 255;
    }
  }
  return rows;
}

function assemble(size, ...chunks) {
  const header = Buffer.concat([uint32(size), uint32(size), Buffer.from([8, 0, 0, 0, 0])]);
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), ...chunks, chunk("IEND", Buffer.alloc(0))]);
}

/** The usual spelling of a square 8-bit grey picture. */
export function encode(pixels, size) {
  return assemble(size, chunk("IDAT", store(filterRows(pixels, size, 0))));
}

/** Other spellings of the same pixels, by name. */
export const REENCODERS = {
  "zlib level 9": (pixels, size) =>
    assemble(size, chunk("IDAT", zlib.deflateSync(filterRows(pixels, size, 0), { level: 9 }))),
  "filter Up, zlib level 9": (pixels, size) =>
    assemble(size, chunk("IDAT", zlib.deflateSync(filterRows(pixels, size, 2), { level: 9 }))),
  "filter Sub, two IDAT chunks": (pixels, size) => {
    const data = zlib.deflateSync(filterRows(pixels, size, 1), { level: 9 });
    const half = data.length >> 1;
    return assemble(size, chunk("IDAT", data.subarray(0, half)), chunk("IDAT", data.subarray(half)));
  },
  "tEXt chunk": (pixels, size) =>
    assemble(
      size,
      chunk("tEXt", Buffer.from("Comment\0saved again", "latin1")),
      chunk("IDAT", store(filterRows(pixels, size, 0))),
    ),
};

const dataStart = (png) => png.indexOf("IDAT", 0, "latin1") + 4;

/** Ways to break a good PNG file, by name. */
export const BREAKERS = {
  "no bytes": () => Buffer.alloc(0),
  truncated: (png) => png.subarray(0, Math.floor(png.length * 0.6)),
  "text, not a picture": () => Buffer.from("404 Not Found: this letter has moved.\n", "latin1"),
  "wrong IDAT checksum": (png) => {
    const broken = Buffer.from(png);
    const end = dataStart(broken) + broken.readUInt32BE(dataStart(broken) - 8);
    broken[end] ^= 0xff;
    return broken;
  },
  "IDAT data is not a zlib stream": (png, size) => assemble(size, chunk("IDAT", Buffer.alloc(400, 0xa5))),
};
