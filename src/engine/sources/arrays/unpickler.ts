import * as l10n from "@vscode/l10n";
import { printable, sliceOf, type ByteSource, type OpenFile } from "./bytes";
import { call, globalNamed, setItem, setState, type Context } from "./pickle-globals";
import { decodeQuoted, decodeRawUnicode } from "./pickle-text";
import {
  Budget,
  bytesOf,
  PickleErrors,
  smallest,
  type PyGlobal,
  type PyList,
  type PyObject,
  type PyTuple,
  type PyValue,
} from "./pickle-values";

/** Payloads beyond this stay in the file. */
const LARGE_BYTES = 65536;
const WINDOW_BYTES = 65536;
/** What may be taken for everything beside large payloads: objects, short payloads, memo. */
const BUDGET_BYTES = 2 ** 29;
const MAX_OPCODES = 20_000_000;
const MAX_MARKS = 10_000;
const MAX_NUMBER_LINE = 1024;
const MAX_NAME_LINE = 4096;
const MAX_LONG_BYTES = 1024;
const MAX_PROTOCOL = 5;
/** What an object takes in memory, measured roughly: dicts and bytes hold further objects. */
const OBJECT_BYTES = 96;
const LARGE_OBJECT_BYTES = 256;
/** What pickles begin with: the protocol, or a value where protocols 0 and 1 have none. */
const STARTS = "\x80()]}cGFIJKLMNSTUVX";
const NAME = /^[\p{L}\p{N}_.<>]+$/u;

/** What an instruction is followed by, for messages. Said only when something is wrong: there are millions of instructions. */
const PARTS = {
  instruction: () => l10n.t("an instruction"),
  protocol: () => l10n.t("the protocol"),
  frameLength: () => l10n.t("the length of a frame"),
  frame: () => l10n.t("a frame"),
  int: () => l10n.t("an int"),
  intLength: () => l10n.t("the length of an int"),
  float: () => l10n.t("a float"),
  bytes: () => l10n.t("bytes"),
  bytesLength: () => l10n.t("the length of bytes"),
  text: () => l10n.t("a text"),
  textLength: () => l10n.t("the length of a text"),
  string: () => l10n.t("a string"),
  memoIndex: () => l10n.t("a memo index"),
  name: () => l10n.t("a name"),
  extension: () => l10n.t("an extension"),
} as const;

/**
 * Reads the pickles that follow one another in a file, protocols 0 to 5 of Python 2 and 3, and gives the value of each.
 *
 * This is an interpreter of the format's instructions that makes plain values only. A global is a name that is compared
 * with a list; every other name, and everything else that would make Python call or import something, ends the reading
 * with a `CleanSplitError` ("forbidden"). Reasons "corrupt" and "unsupported" name the byte; "unsupported" is also what
 * ends a file that needs more than `budgetBytes` for anything but large payloads.
 */
export function unpickle(file: OpenFile, budgetBytes = BUDGET_BYTES): readonly PyValue[] {
  const errors = new PickleErrors(file.name);
  const cursor = new Cursor(file, errors);
  const budget = new Budget(budgetBytes, errors);
  const values: PyValue[] = [];
  const counter = { opcodes: 0 };
  // Calling pickle.dump several times on one file is a usual way to store several arrays.
  do values.push(new Machine(cursor, errors, budget, counter).run());
  while (cursor.position < file.length);
  return values;
}

/** Reads forward through a file, by windows, checking every length against what is left. */
class Cursor {
  position = 0;
  #window = new DataView(new ArrayBuffer(0));
  #windowStart = 0;

  constructor(
    readonly file: OpenFile,
    readonly errors: PickleErrors,
  ) {}

  get left(): number {
    return this.file.length - this.position;
  }

  /** The next byte, which is not passed. */
  peek(): number {
    return this.#view(1, PARTS.instruction).getUint8(this.position - this.#windowStart);
  }

  u8(what: () => string): number {
    return this.#view(1, what).getUint8(this.#take(1));
  }

  u16(what: () => string): number {
    return this.#view(2, what).getUint16(this.#take(2), true);
  }

  u32(what: () => string): number {
    return this.#view(4, what).getUint32(this.#take(4), true);
  }

  i32(what: () => string): number {
    return this.#view(4, what).getInt32(this.#take(4), true);
  }

  f64(what: () => string): number {
    return this.#view(8, what).getFloat64(this.#take(8));
  }

  u64(what: () => string): bigint {
    return this.#view(8, what).getBigUint64(this.#take(8), true);
  }

  /** The next `length` bytes, without reading them. */
  payload(length: number | bigint, at: number, what: () => string): ByteSource {
    if (length < 0) throw this.errors.corrupt(at, l10n.t("{0} has the length {1}", what(), String(length)));
    if (length > this.left) throw this.errors.truncated(at, what(), length, this.left);
    const slice = sliceOf(this.file, this.position, Number(length));
    this.position += slice.length;
    return slice;
  }

  /** The bytes up to the end of the line, which is passed; at most `limit`. */
  line(limit: number, at: number, what: () => string): Uint8Array {
    const start = this.position;
    for (let scan = start; scan < this.file.length;) {
      const part = this.#bytesAt(scan);
      const end = part.indexOf(0x0a);
      const length = scan - start + (end === -1 ? part.length : end);
      if (length > limit) {
        throw limit === MAX_NAME_LINE || limit === MAX_NUMBER_LINE
          ? this.errors.corrupt(at, l10n.t("{0} is longer than any can be", what()))
          : this.errors.unsupported(at, l10n.t("{0} is too large for protocol 0", what()));
      }
      if (end !== -1) {
        this.position = scan + end + 1;
        return this.file.read(start, length);
      }
      scan += part.length;
    }
    throw this.errors.endless(at, what());
  }

  #take(count: number): number {
    const at = this.position - this.#windowStart;
    this.position += count;
    return at;
  }

  #view(count: number, what: () => string): DataView {
    if (count > this.left) throw this.errors.truncated(this.position, what(), count, this.left);
    const offset = this.position - this.#windowStart;
    if (offset < 0 || offset + count > this.#window.byteLength) this.#fill(this.position);
    return this.#window;
  }

  #bytesAt(position: number): Uint8Array {
    let offset = position - this.#windowStart;
    if (offset < 0 || offset >= this.#window.byteLength) {
      this.#fill(position);
      offset = 0;
    }
    return new Uint8Array(this.#window.buffer, offset);
  }

  #fill(position: number): void {
    this.#windowStart = position;
    this.#window = new DataView(this.file.read(position, Math.min(WINDOW_BYTES, this.file.length - position)).buffer);
  }
}

/** Carries out the instructions of one pickle. */
class Machine {
  readonly #stack: PyValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PyValue>();

  constructor(
    readonly cursor: Cursor,
    readonly errors: PickleErrors,
    readonly budget: Budget,
    readonly counter: { opcodes: number },
  ) {}

  run(): PyValue {
    const { cursor } = this;
    const start = cursor.position;
    // Other files begin with instructions too, a PNG with the one for False; they are told apart before they are carried out.
    if (start < cursor.file.length && !STARTS.includes(String.fromCharCode(cursor.peek()))) {
      throw this.#noPickle(cursor.peek(), start);
    }
    for (;;) {
      const at = cursor.position;
      if (cursor.left === 0) throw this.errors.unfinished(cursor.file.length);
      const opcode = cursor.u8(PARTS.instruction);
      if (++this.counter.opcodes > MAX_OPCODES) {
        throw this.errors.unsupported(at, l10n.t("it has too many small values, such as pictures as lists of numbers"));
      }
      this.budget.take(8, at);
      if (opcode === 0x2e) return this.#pop(at);
      if (!this.#step(opcode, at)) throw this.errors.corrupt(at, l10n.t("{0} is no instruction", hex(opcode)));
    }
  }

  /** Carries out the instruction `opcode` at byte `at`; false when there is no such instruction. */
  #step(opcode: number, at: number): boolean {
    const { cursor } = this;
    switch (String.fromCharCode(opcode)) {
      // Beginnings and frames.
      case "\x80": {
        const protocol = cursor.u8(PARTS.protocol);
        if (protocol > MAX_PROTOCOL)
          throw this.errors.unsupported(at, l10n.t("its protocol is {0}, 0 to 5 are known", protocol));
        return true;
      }
      case "\x95": {
        const length = cursor.u64(PARTS.frameLength);
        if (length > cursor.left) throw this.errors.truncated(at, PARTS.frame(), length, cursor.left);
        return true;
      }

      // None, bools and numbers.
      case "N":
        return this.#push(null);
      case "\x88":
        return this.#push(true);
      case "\x89":
        return this.#push(false);
      case "K":
        return this.#push(cursor.u8(PARTS.int));
      case "M":
        return this.#push(cursor.u16(PARTS.int));
      case "J":
        return this.#push(cursor.i32(PARTS.int));
      case "I":
        return this.#push(this.#decimal(at, true));
      case "L":
        return this.#push(this.#decimal(at, false));
      case "\x8a":
        return this.#push(this.#long(cursor.u8(PARTS.intLength), at));
      case "\x8b":
        return this.#push(this.#long(cursor.i32(PARTS.intLength), at));
      case "F":
        return this.#pushObject(at, { kind: "float", value: this.#float(at) });
      case "G":
        return this.#pushObject(at, { kind: "float", value: cursor.f64(PARTS.float) });

      // Bytes, and text.
      case "C":
      case "U":
        return this.#bytes(cursor.u8(PARTS.bytesLength), at);
      case "B":
        return this.#bytes(cursor.u32(PARTS.bytesLength), at);
      case "T":
        return this.#bytes(cursor.i32(PARTS.bytesLength), at);
      case "\x8e":
      case "\x96":
        return this.#bytes(cursor.u64(PARTS.bytesLength), at);
      case "S":
        return this.#quoted(at);
      case "\x8c":
        return this.#text(cursor.u8(PARTS.textLength), at);
      case "X":
        return this.#text(cursor.u32(PARTS.textLength), at);
      case "\x8d":
        return this.#text(cursor.u64(PARTS.textLength), at);
      case "V":
        return this.#rawText(at);

      // Containers.
      case "(":
        if (this.#marks.length >= MAX_MARKS) throw this.errors.unsupported(at, l10n.t("it is nested too deeply"));
        this.#marks.push(this.#stack.length);
        return true;
      case ")":
        return this.#pushObject(at, { kind: "tuple", items: [] });
      case "t":
        return this.#pushObject(at, { kind: "tuple", items: this.#popToMark(at) });
      case "\x85":
        return this.#pushObject(at, { kind: "tuple", items: this.#popMany(1, at) });
      case "\x86":
        return this.#pushObject(at, { kind: "tuple", items: this.#popMany(2, at) });
      case "\x87":
        return this.#pushObject(at, { kind: "tuple", items: this.#popMany(3, at) });
      case "]":
        return this.#pushObject(at, { kind: "list", items: [] });
      case "l":
        return this.#pushObject(at, { kind: "list", items: this.#popToMark(at) });
      case "a": {
        const value = this.#pop(at);
        this.#list(at).items.push(value);
        return true;
      }
      case "e": {
        const values = this.#popToMark(at);
        const { items } = this.#list(at);
        for (const value of values) items.push(value);
        return true;
      }
      case "}":
        return this.#pushObject(at, { kind: "dict", entries: new Map() });
      case "d": {
        const items = this.#popToMark(at);
        this.#pushObject(at, { kind: "dict", entries: new Map() });
        return this.#setItems(items, at);
      }
      case "s":
        return this.#setItems(this.#popMany(2, at), at);
      case "u":
        return this.#setItems(this.#popToMark(at), at);
      case "\x8f":
        return this.#pushObject(at, { kind: "set" });
      case "\x90": {
        this.#popToMark(at);
        const target = this.#top(at);
        if (target === null || typeof target !== "object" || target.kind !== "set") {
          throw this.errors.corrupt(at, l10n.t("elements are added to what is no set"));
        }
        return true;
      }
      case "\x91":
        this.#popToMark(at);
        return this.#pushObject(at, { kind: "set" });

      // Stack and memo.
      case "0":
        if (this.#stack.length === (this.#marks.at(-1) ?? 0) && this.#marks.length > 0) this.#marks.pop();
        else this.#pop(at);
        return true;
      case "1":
        this.#popToMark(at);
        return true;
      case "2":
        return this.#push(this.#top(at));
      case "p":
        return this.#remember(this.#index(at), at);
      case "q":
        return this.#remember(cursor.u8(PARTS.memoIndex), at);
      case "r":
        return this.#remember(cursor.u32(PARTS.memoIndex), at);
      case "\x94":
        return this.#remember(this.#memo.size, at);
      case "g":
        return this.#recall(this.#index(at), at);
      case "h":
        return this.#recall(cursor.u8(PARTS.memoIndex), at);
      case "j":
        return this.#recall(cursor.u32(PARTS.memoIndex), at);

      // Names and what is made with them.
      case "c":
        return this.#push(this.#globalOfLines(at));
      case "\x93": {
        const [module, name] = this.#popMany(2, at);
        if (typeof module !== "string" || typeof name !== "string") {
          throw this.errors.corrupt(at, l10n.t("a global is named by what is no text"));
        }
        return this.#push(this.#global(module, name, at));
      }
      case "i": {
        const global = this.#globalOfLines(at);
        return this.#push(this.#call(global, { kind: "tuple", items: this.#popToMark(at) }, at));
      }
      case "o": {
        const [callee = null, ...items] = this.#popToMark(at);
        return this.#push(this.#call(callee, { kind: "tuple", items }, at));
      }
      case "R":
      case "\x81": {
        const [callee = null, args = null] = this.#popMany(2, at);
        return this.#push(this.#call(callee, args, at));
      }
      case "\x92": {
        const [callee = null] = this.#popMany(3, at);
        const name = isGlobal(callee) ? callee.name : l10n.t("a class");
        throw this.errors.forbidden(at, l10n.t("an object of {0} made with named arguments", name));
      }
      case "b": {
        const state = this.#pop(at);
        setState(this.#top(at), state, this.#context(at));
        return true;
      }

      // What lies outside of the file.
      case "\x82":
        throw this.errors.forbidden(at, l10n.t("the registered extension {0}", cursor.u8(PARTS.extension)));
      case "\x83":
        throw this.errors.forbidden(at, l10n.t("the registered extension {0}", cursor.u16(PARTS.extension)));
      case "\x84":
        throw this.errors.forbidden(at, l10n.t("the registered extension {0}", cursor.i32(PARTS.extension)));
      case "P":
      case "Q":
        throw this.errors.forbidden(at, l10n.t("an object that is kept outside of it (a persistent id)"));
      case "\x97":
      case "\x98":
        throw this.errors.unsupported(at, l10n.t("its arrays are kept outside of it (out-of-band buffers)"));
      default:
        return false;
    }
  }

  #noPickle(first: number, at: number): Error {
    return at === 0
      ? this.errors.corrupt(at, l10n.t("nothing begins with {0}", hex(first)))
      : this.errors.corrupt(at, l10n.t("what follows its last value is no pickle"));
  }

  #context(at: number): Context {
    return { at, errors: this.errors, budget: this.budget };
  }

  #push(value: PyValue): true {
    this.#stack.push(value);
    return true;
  }

  #pushObject(at: number, value: PyObject): true {
    this.budget.take(value.kind === "dict" || value.kind === "bytes" ? LARGE_OBJECT_BYTES : OBJECT_BYTES, at);
    return this.#push(value);
  }

  #pop(at: number): PyValue {
    const value = this.#stack.length > (this.#marks.at(-1) ?? 0) ? this.#stack.pop() : undefined;
    if (value === undefined) throw this.errors.corrupt(at, l10n.t("an instruction has no value to work on"));
    return value;
  }

  #popMany(count: number, at: number): PyValue[] {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) {
      throw this.errors.corrupt(at, l10n.t("an instruction has too few values to work on"));
    }
    return this.#stack.splice(-count);
  }

  #popToMark(at: number): PyValue[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.errors.corrupt(at, l10n.t("a mark is missing"));
    return this.#stack.splice(mark);
  }

  #top(at: number): PyValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) {
      throw this.errors.corrupt(at, l10n.t("an instruction has no value to work on"));
    }
    return value;
  }

  #list(at: number): PyList {
    const target = this.#top(at);
    if (target === null || typeof target !== "object" || target.kind !== "list") {
      throw this.errors.corrupt(at, l10n.t("elements are appended to what is no list"));
    }
    return target;
  }

  #setItems(items: readonly PyValue[], at: number): true {
    const target = this.#top(at);
    if (target === null || typeof target !== "object" || target.kind !== "dict" || items.length % 2 !== 0) {
      throw this.errors.corrupt(at, l10n.t("entries are put into what is no dict"));
    }
    const context = this.#context(at);
    for (let i = 0; i < items.length; i += 2) setItem(target, items[i] ?? null, items[i + 1] ?? null, context);
    return true;
  }

  #remember(index: number, at: number): true {
    this.budget.take(OBJECT_BYTES, at);
    this.#memo.set(index, this.#top(at));
    return true;
  }

  #recall(index: number, at: number): true {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.errors.corrupt(at, l10n.t("nothing is remembered as {0}", index));
    return this.#push(value);
  }

  #bytes(length: number | bigint, at: number): true {
    const payload = this.cursor.payload(length, at, PARTS.bytes);
    if (payload.length > LARGE_BYTES) return this.#pushObject(at, { kind: "bytes", bytes: payload });
    this.budget.take(payload.length, at);
    return this.#pushObject(at, bytesOf(payload.read(0, payload.length)));
  }

  #text(length: number | bigint, at: number): true {
    const payload = this.cursor.payload(length, at, PARTS.text);
    if (payload.length > LARGE_BYTES) return this.#pushObject(at, { kind: "text", utf8: payload, latin1: undefined });
    this.budget.take(OBJECT_BYTES + payload.length, at);
    return this.#push(Buffer.from(payload.read(0, payload.length)).toString("utf8"));
  }

  #quoted(at: number): true {
    const line = this.cursor.line(this.budget.left, at, PARTS.string);
    this.budget.take(line.length, at);
    const bytes = decodeQuoted(line.at(-1) === 0x0d ? line.subarray(0, -1) : line);
    if (bytes === undefined) throw this.errors.corrupt(at, l10n.t("a string is not quoted as Python does"));
    return this.#pushObject(at, bytesOf(bytes));
  }

  #rawText(at: number): true {
    const line = this.cursor.line(this.budget.left, at, PARTS.text);
    this.budget.take(OBJECT_BYTES + line.length, at);
    const text = decodeRawUnicode(line);
    if (text === undefined) throw this.errors.corrupt(at, l10n.t("a text has a wrong escape"));
    return this.#push(text);
  }

  #numberLine(at: number, what: () => string): string {
    return Buffer.from(this.cursor.line(MAX_NUMBER_LINE, at, what))
      .toString("latin1")
      .trim();
  }

  #decimal(at: number, boolsToo: boolean): PyValue {
    const text = this.#numberLine(at, PARTS.int);
    // This is how protocols 0 and 1 write bools.
    if (boolsToo && (text === "00" || text === "01")) return text === "01";
    const digits = /^([+-]?\d+)L?$/.exec(text)?.[1];
    if (digits === undefined) throw this.errors.corrupt(at, l10n.t('"{0}" is no int', printable(text)));
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value : BigInt(digits);
  }

  #index(at: number): number {
    const text = this.#numberLine(at, PARTS.memoIndex);
    const index = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(index)) throw this.errors.corrupt(at, l10n.t('"{0}" is no memo index', printable(text)));
    return index;
  }

  #float(at: number): number {
    const text = this.#numberLine(at, PARTS.float).toLowerCase();
    const special = /^([+-]?)(?:(nan)|inf(?:inity)?)$/.exec(text);
    if (special !== null) return special[2] === undefined ? (special[1] === "-" ? -Infinity : Infinity) : NaN;
    if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(text)) {
      throw this.errors.corrupt(at, l10n.t('"{0}" is no float', printable(text)));
    }
    return Number(text);
  }

  #long(length: number, at: number): number | bigint {
    const payload = this.cursor.payload(length, at, PARTS.int);
    if (payload.length > MAX_LONG_BYTES) throw this.errors.unsupported(at, l10n.t("it has an int of unusual size"));
    const bytes = payload.read(0, payload.length).reverse();
    const hex = Buffer.from(bytes).toString("hex");
    return smallest(BigInt.asIntN(8 * bytes.length, BigInt(`0x${hex === "" ? "0" : hex}`)));
  }

  #globalOfLines(at: number): PyGlobal {
    const module = Buffer.from(this.cursor.line(MAX_NAME_LINE, at, PARTS.name)).toString("utf8");
    const name = Buffer.from(this.cursor.line(MAX_NAME_LINE, at, PARTS.name)).toString("utf8");
    return this.#global(module, name, at);
  }

  #global(module: string, name: string, at: number): PyGlobal {
    const global = globalNamed(module, name);
    // Other files begin with the letter of this instruction too; what they go on with is no name.
    if (global === undefined && !NAME.test(`${module}.${name}`)) {
      throw this.errors.corrupt(at, l10n.t("a global has a name that no Python object can have"));
    }
    if (global === undefined) throw this.errors.forbidden(at, printable(`${module}.${name}`));
    return global;
  }

  #call(callee: PyValue, args: PyValue, at: number): PyValue {
    if (!isGlobal(callee)) throw this.errors.corrupt(at, l10n.t("what is called is no function"));
    if (!isTuple(args)) throw this.errors.corrupt(at, l10n.t("the arguments of {0} are no tuple", callee.name));
    this.budget.take(LARGE_OBJECT_BYTES, at);
    return call(callee, args, this.#context(at));
  }
}

function isGlobal(value: PyValue): value is PyGlobal {
  return value !== null && typeof value === "object" && value.kind === "global";
}

function isTuple(value: PyValue): value is PyTuple {
  return value !== null && typeof value === "object" && value.kind === "tuple";
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
