import { readFileSync } from "node:fs";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";

/** The part of the WebAssembly interface that is used; Node's types do not declare it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
  Memory: new (options: { initial: number; maximum: number; shared: true }) => SharedMemory;
}

export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
  grow(pages: number): number;
}

/** What `src/kernels/training` exports; all numbers but `decay` and `rate` are whole, addresses and sizes are in bytes. */
export interface KernelExports {
  learn(job: number, samples: number, isAdded: boolean): void;
  predict(job: number, samples: number): void;
  round(job: number): void;
  add(sum: number, gradient: number, size: number): void;
  descend(weights: number, gradient: number, size: number, decay: number, rate: number): void;
  outline(row: number, height: number, width: number, channels: number, side: number, to: number, pitch: number): void;
  search(
    query: number,
    queryOutline: number,
    list: number,
    outlines: number,
    from: number,
    to: number,
    dim: number,
    cells: number,
    size: number,
    count: number,
    distances: number,
    positions: number,
  ): void;
}

/** Kernels and their memory, as they are sent to another thread. */
export interface SharedKernels {
  readonly module: object;
  readonly memory: SharedMemory;
}

/** Has a thread that was sent kernels run them. */
export function kernelsOf({ module, memory }: SharedKernels): KernelExports {
  const { WebAssembly: api } = globalThis as unknown as { WebAssembly: WebAssemblyApi };
  return new api.Instance(module, { env: { memory } }).exports as KernelExports;
}

const PAGE = 1 << 16;
/** Pages that 32-bit addresses reach. */
const MAX_PAGES = 1 << 16;
/** A line of the cache: where a block begins and to what its size is rounded up. */
const LINE = 64;

/** A block of memory, as address and bytes. */
interface Block {
  readonly at: number;
  readonly size: number;
}

/** The kernels in WebAssembly and the memory they work on, which grows as needed up to 4 GiB. */
export class KernelMemory {
  /** In the order of their addresses; no two touch. */
  private free: Block[] = [];
  private readonly taken = new Map<number, Block>();
  /** When memory grows it gets another buffer, but those before stay as they are and show the same bytes. */
  private readonly buffers = new WeakSet<ArrayBufferLike>();
  /** The first page is left to what the compiler places there. */
  private end = PAGE;

  private constructor(
    readonly exports: KernelExports,
    private readonly module: object,
    private readonly memory: SharedMemory,
  ) {}

  /** The kernels in `file`; undefined where Node cannot run them: no WebAssembly, no SIMD, no room for addresses. */
  static open(file: string): KernelMemory | undefined {
    const api = (globalThis as unknown as { WebAssembly?: WebAssemblyApi }).WebAssembly;
    const code = readFileSync(file);
    if (api?.validate(code) !== true) return undefined;
    try {
      const memory = new api.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
      const module = new api.Module(code);
      const { exports } = new api.Instance(module, { env: { memory } });
      return new KernelMemory(exports as KernelExports, module, memory);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** What a thread needs to run the same kernels on the same memory. */
  get shared(): SharedKernels {
    const { module, memory } = this;
    return { module, memory };
  }

  /** The bytes from 0 to the end of what was handed out; valid for good. */
  get buffer(): SharedArrayBuffer {
    return this.memory.buffer;
  }

  /**
   * Hands out a block of zeros, at an address that is a multiple of 64.
   *
   * @throws CleanSplitError "refused" when there is not so much memory
   */
  allocate(bytes: number): number {
    const size = Math.max(LINE, Math.ceil(bytes / LINE) * LINE);
    const at = this.place(size);
    this.taken.set(at, { at, size });
    new Uint8Array(this.buffer, at, size).fill(0);
    return at;
  }

  /** Takes a block back that was handed out. */
  release(at: number): void {
    const block = this.taken.get(at);
    if (block === undefined) throw new Error(`Nothing was handed out at ${at}.`);
    this.taken.delete(at);
    const merged: Block[] = [];
    for (const next of [...this.free, block].sort((a, b) => a.at - b.at)) {
      const last = merged.at(-1);
      if (last !== undefined && last.at + last.size === next.at) {
        merged[merged.length - 1] = { at: last.at, size: last.size + next.size };
      } else merged.push(next);
    }
    this.free = merged;
  }

  /** Hands out a block as bytes, whose address {@link addressOf} knows. Errors as for {@link allocate}. */
  allocatePixels(length: number): Uint8Array {
    const at = this.allocate(length);
    const { buffer } = this;
    this.buffers.add(buffer);
    return new Uint8Array(buffer, at, length);
  }

  /** Where pixels are that {@link allocatePixels} handed out; undefined for others. */
  addressOf(pixels: Uint8Array): number | undefined {
    return this.buffers.has(pixels.buffer) ? pixels.byteOffset : undefined;
  }

  private place(size: number): number {
    const index = this.free.findIndex((block) => block.size >= size);
    const found = this.free[index];
    if (found !== undefined) {
      const rest = { at: found.at + size, size: found.size - size };
      this.free.splice(index, 1, ...(rest.size > 0 ? [rest] : []));
      return found.at;
    }
    const at = this.end;
    // A line more: kernels read the last row of pixels to the end of a vector.
    const needed = at + size + LINE;
    const missing = needed - this.buffer.byteLength;
    try {
      if (needed > MAX_PAGES * PAGE) throw new RangeError();
      if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CleanSplitError(
        "refused",
        l10n.t(
          "Training needs {0} MB more memory, which cannot be had; choose fewer samples, or a smaller side for the pictures.",
          Math.ceil(size / 1e6),
        ),
      );
    }
    this.end = at + size;
    return at;
  }
}
