import { deflateSync } from "node:zlib";

/** A variable of a MATLAB file: numbers in MATLAB's order, text, or a structure of further ones. */
export interface MatVariable {
  readonly name: string;
  /** Lengths of its axes; 1 x 1 by default. */
  readonly dims?: readonly number[];
  /** Bytes of its numbers, the first axis changing fastest, in the byte order of the file. */
  readonly data?: Uint8Array;
  /** Type of the data: 1 int8, 2 uint8, 3 int16, 4 uint16, 5 int32, 6 uint32, 7 single, 9 double, 12 int64, 13 uint64. */
  readonly type?: number;
  /** Class of the array: 2 structure, 4 text, 6 double, 9 uint8 and so on. */
  readonly kind?: number;
  readonly flags?: number;
  readonly fields?: readonly MatVariable[];
}

export interface MatOptions {
  readonly bigEndian?: boolean;
  readonly compressed?: boolean;
  /** What the header says of the system it was written on: Python's SciPy says posix. */
  readonly platform?: string;
}

/** The bytes of a MATLAB 5 file. */
export function mat(variables: readonly MatVariable[], options: MatOptions = {}): Buffer {
  const { bigEndian = false, compressed = false, platform = "GLNXA64" } = options;
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (bigEndian) bytes.writeUInt32BE(value);
    else bytes.writeUInt32LE(value);
    return bytes;
  };
  const element = (type: number, data: Uint8Array): Buffer => {
    const pad = Buffer.alloc((8 - (data.length % 8)) % 8);
    return Buffer.concat([word(type), word(data.length), data, pad]);
  };
  const small = (type: number, data: Uint8Array): Buffer => {
    const padded = Buffer.alloc(4);
    padded.set(data);
    return Buffer.concat([word((data.length << 16) | type), padded]);
  };
  const matrix = ({ name, dims = [1, 1], data, type = 2, kind = 9, flags = 0, fields }: MatVariable): Buffer => {
    const text = Buffer.from(name);
    const head = [
      element(6, Buffer.concat([word(flags | (fields === undefined ? kind : 2)), word(0)])),
      element(5, Buffer.concat(dims.map(word))),
      text.length > 0 && text.length <= 4 ? small(1, text) : element(1, text),
    ];
    if (fields === undefined) return element(14, Buffer.concat([...head, element(type, data ?? new Uint8Array())]));
    const names = Buffer.concat(fields.map((field) => Buffer.concat([Buffer.from(field.name)], 32)));
    const values = fields.map((field) => matrix({ ...field, name: "" }));
    return element(14, Buffer.concat([...head, small(5, word(32)), element(1, names), ...values]));
  };
  const header = Buffer.alloc(128, " ");
  header.write(`MATLAB 5.0 MAT-file, Platform: ${platform}, Created on: Mon Jan  1 00:00:00 2024`);
  header.fill(0, 116, 124);
  header.set(bigEndian ? [1, 0, 0x4d, 0x49] : [0, 1, 0x49, 0x4d], 124);
  const elements = variables.map((variable) => {
    const plain = matrix(variable);
    if (!compressed) return plain;
    const packed = deflateSync(plain);
    return Buffer.concat([word(15), word(packed.length), packed]);
  });
  return Buffer.concat([header, ...elements]);
}
