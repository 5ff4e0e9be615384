import type { Bytes, RecordPlace } from "./records";

/** The first value of a feature of a `tf.train.Example`. */
export type Feature =
  | { readonly kind: "bytes"; readonly from: number; readonly to: number }
  | { readonly kind: "number"; readonly value: number };

/** A record is no `tf.train.Example`. */
export class ExampleDamaged extends Error {}

/** Longest name of a feature; longer ones are passed over. */
const MAX_NAME_BYTES = 200;

/** Wire types of protocol buffers. */
const [VARINT, FIXED64, LENGTH, FIXED32] = [0, 1, 2, 5];

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Where its content lies. */
  readonly from: number;
  readonly to: number;
}

/**
 * The features of a record by name, of each list the first value, of lists of `known` names only; all when `known` is absent.
 * Features without a value are left out. Nothing but the wanted names and numbers is read, so large images cost nothing.
 * @throws {ExampleDamaged} when the record is not what `tf.train.Example` is
 */
export function readFeatures(bytes: Bytes, place: RecordPlace, known?: ReadonlySet<string>): Map<string, Feature> {
  const features = new Map<string, Feature>();
  for (const map of fields(bytes, place.from, place.to)) {
    if (map.number !== 1 || map.wire !== LENGTH) continue;
    for (const entry of fields(bytes, map.from, map.to)) {
      if (entry.number !== 1 || entry.wire !== LENGTH) continue;
      readEntry(bytes, entry, known, features);
    }
  }
  return features;
}

function readEntry(
  bytes: Bytes,
  entry: Field,
  known: ReadonlySet<string> | undefined,
  features: Map<string, Feature>,
): void {
  let name = "";
  let value: Field | undefined;
  for (const field of fields(bytes, entry.from, entry.to)) {
    if (field.wire !== LENGTH) continue;
    if (field.number === 1) {
      if (field.to - field.from > MAX_NAME_BYTES) return;
      name = Buffer.from(bytes.slice(field.from, field.to)).toString();
    } else if (field.number === 2) value = field;
  }
  if (value === undefined || (known !== undefined && !known.has(name))) return;
  const feature = firstValue(bytes, value);
  if (feature !== undefined) features.set(name, feature);
}

/** The first value of the list of a feature: 1 bytes, 2 floats, 3 integers. */
function firstValue(bytes: Bytes, feature: Field): Feature | undefined {
  for (const list of fields(bytes, feature.from, feature.to)) {
    if (list.wire !== LENGTH) continue;
    for (const value of fields(bytes, list.from, list.to)) {
      if (value.number !== 1 || value.from === value.to) continue;
      if (list.number === 1 && value.wire === LENGTH) return { kind: "bytes", from: value.from, to: value.to };
      if (list.number === 2 && value.to - value.from >= 4) return { kind: "number", value: float(bytes, value.from) };
      if (list.number === 3) return { kind: "number", value: varint(bytes, value.from, value.to).signed };
    }
  }
  return undefined;
}

/** The fields of a message in the bytes `[from, to)`. */
function* fields(bytes: Bytes, from: number, to: number): Generator<Field> {
  for (let at = from; at < to;) {
    const tag = varint(bytes, at, to);
    const [number, wire] = [Math.floor(tag.value / 8), tag.value % 8];
    at = tag.end;
    let end: number;
    if (wire === VARINT) end = varint(bytes, at, to).end;
    else if (wire === FIXED64) end = at + 8;
    else if (wire === FIXED32) end = at + 4;
    else if (wire === LENGTH) {
      const length = varint(bytes, at, to);
      at = length.end;
      end = at + length.value;
    } else throw new ExampleDamaged();
    if (number === 0 || end > to) throw new ExampleDamaged();
    yield { number, wire, from: at, to: end };
    at = end;
  }
}

/** A number in groups of seven bits, the lowest first; `signed` reads its 64 bits as a signed integer. */
function varint(bytes: Bytes, from: number, to: number): { value: number; signed: number; end: number } {
  let value = 0;
  for (let at = from, factor = 1; at < to && at < from + 10; at++, factor *= 128) {
    const byte = bytes.byte(at);
    value += (byte & 127) * factor;
    // Rounding only reaches numbers beyond 53 bits: negative ones, which lie a little below 2^64, and no label or size.
    if (byte < 128) return { value, signed: value >= 2 ** 63 ? negative(bytes, from, at) : value, end: at + 1 };
  }
  throw new ExampleDamaged();
}

function negative(bytes: Bytes, from: number, last: number): number {
  let value = 0n;
  for (let at = last; at >= from; at--) value = (value << 7n) | BigInt(bytes.byte(at) & 127);
  return Number(BigInt.asIntN(64, value));
}

function float(bytes: Bytes, at: number): number {
  const four = bytes.slice(at, at + 4);
  return new DataView(four.buffer, four.byteOffset, 4).getFloat32(0, true);
}
