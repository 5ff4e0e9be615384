import { randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { isRecord } from "../home";
import { writeError } from "../write/durable";

/** Numbers of one type. */
export type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array;

/** A named block of numbers. */
export interface Column<T extends Numbers = Numbers> {
  readonly name: string;
  /** Its product is the number of values. */
  readonly shape: readonly number[];
  readonly values: T;
}

const TYPES = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
} as const;
type TypeName = keyof typeof TYPES;
const TYPE_NAMES = Object.keys(TYPES) as readonly TypeName[];

const FORMAT = "cleansplit/columns@1";
const NEW_LINE = 0x0a;

/** What the first line of a file says of a column. */
interface ColumnHead {
  readonly name: string;
  readonly type: TypeName;
  readonly shape: readonly number[];
}

/**
 * Writes columns into one file, which appears whole or not at all: a line of JSON that names them, with a checksum over what
 * follows it, then their bytes (little endian), one column after the other.
 *
 * @throws CleanSplitError "full" or "forbidden" when it cannot be written
 */
export function writeColumns(file: string, columns: readonly Column[]): void {
  const body = Buffer.concat(columns.map(({ values }) => bytesOf(values)));
  const heads = columns.map(({ name, shape, values }): ColumnHead => ({ name, type: typeOf(values), shape }));
  const head = `${JSON.stringify({ format: FORMAT, crc: crc32(body), columns: heads })}\n`;
  const temporary = `${file}.${randomUUID().slice(0, 8)}`;
  try {
    writeFileSync(temporary, Buffer.concat([Buffer.from(head), body]), { flag: "wx", mode: 0o600 });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeError(file, error);
  }
}

/**
 * The columns of a file that {@link writeColumns} wrote.
 *
 * @throws CleanSplitError "corrupt" when the file is missing or is not whole
 */
export async function readColumns(file: string): Promise<readonly Column[]> {
  const damaged = (what: string): CleanSplitError =>
    new CleanSplitError("corrupt", l10n.t("{0} cannot be used: {1}. Run the experiment again.", file, what));
  const bytes = await readFile(file).catch((error: unknown) => {
    throw damaged(messageOf(error));
  });
  const end = bytes.indexOf(NEW_LINE);
  const head = parseHead(bytes.toString("utf8", 0, Math.max(0, end)));
  if (end < 0 || head === null) throw damaged(l10n.t("it is no file of columns"));
  const body = bytes.subarray(end + 1);
  const lengths = head.columns.map(({ type, shape }) => product(shape) * TYPES[type].BYTES_PER_ELEMENT);
  if (lengths.reduce((sum, length) => sum + length, 0) !== body.length || crc32(body) !== head.crc) {
    throw damaged(l10n.t("its checksum is wrong"));
  }
  let at = 0;
  return head.columns.map(({ name, type, shape }, index) => {
    const from = at;
    at += lengths[index] ?? 0;
    // A copy, because numbers must begin at a multiple of their size.
    return { name, shape, values: new TYPES[type](new Uint8Array(body.subarray(from, at)).buffer) };
  });
}

/** The values of a column by its name, which has this type. Throws a `CleanSplitError` when there is none. */
export function columnOf<K extends TypeName>(
  columns: readonly Column[],
  name: string,
  type: K,
  file: string,
): InstanceType<(typeof TYPES)[K]> {
  const values = columns.find((column) => column.name === name)?.values;
  if (values !== undefined && typeOf(values) === type) return values as InstanceType<(typeof TYPES)[K]>;
  throw new CleanSplitError(
    "corrupt",
    l10n.t("{0} cannot be used: it has no {1}. Run the experiment again.", file, name),
  );
}

function parseHead(text: string): { readonly crc: number; readonly columns: readonly ColumnHead[] } | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value) || value["format"] !== FORMAT) return null;
  const { crc, columns } = value;
  return typeof crc === "number" && Array.isArray(columns) && columns.every(isColumnHead) ? { crc, columns } : null;
}

function isColumnHead(value: unknown): value is ColumnHead {
  if (!isRecord(value)) return false;
  const { name, type, shape } = value;
  const isShape =
    Array.isArray(shape) && shape.every((size: unknown) => Number.isSafeInteger(size) && Number(size) >= 0);
  return typeof name === "string" && TYPE_NAMES.some((known) => known === type) && isShape;
}

function typeOf(values: Numbers): TypeName {
  const name = TYPE_NAMES.find((name) => values instanceof TYPES[name]);
  if (name === undefined) throw new TypeError("These numbers have no type that can be kept.");
  return name;
}

function bytesOf(values: Numbers): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function product(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
