/**
 * Where things are in memory. All addresses are fixed; only the input at the end grows. The first 64 KiB hold constants
 * that the compiler places. Every buffer has room behind it, because 16 bytes are read and written at a time.
 */

/** Most files in a batch. */
export const MAX_FILES: u32 = 1024;

/** Larger pictures go to the library: see `src/engine/decode/png.ts`. */
export const MAX_RAW_BYTES: u32 = 1 << 19;

/** Widest picture whose look is found here. */
export const MAX_WIDTH: u32 = 1 << 19;

const ROOM: usize = 4096;

// Tables made when the module starts.
export const CRC_TABLES: usize = 0x10000;
export const FIXED_CODES: usize = CRC_TABLES + 16 * 1024;
export const DYNAMIC_CODES: usize = FIXED_CODES + 8 * 1024;
export const SYMBOL_ENTRIES: usize = DYNAMIC_CODES + 16 * 1024;
export const CODE_TABLES: usize = SYMBOL_ENTRIES + 2048;
export const CODE_LENGTHS: usize = CODE_TABLES + 4096;
export const PATTERNS: usize = CODE_LENGTHS + 512;
export const BASIS: usize = PATTERNS + 512;

// State of the kernels that keep some.
export const MD5_LANES: usize = BASIS + 1024;
export const MD5_JOBS: usize = MD5_LANES + 1024;
export const APPEARANCE: usize = MD5_JOBS + 4096;
export const BLOCKS: usize = APPEARANCE + 16384;

// The batch: offset and size of each file, and what was found in it, as columns.
export const FILES: usize = BLOCKS + 4096;
export const FILE_DIGESTS: usize = FILES + 8 * MAX_FILES;
export const PIXEL_DIGESTS: usize = FILE_DIGESTS + 16 * MAX_FILES;
export const SIGNATURES: usize = PIXEL_DIGESTS + 16 * MAX_FILES;
export const D_HASHES: usize = SIGNATURES + 64 * MAX_FILES;
export const P_HASHES: usize = D_HASHES + 8 * MAX_FILES;
export const WIDTHS: usize = P_HASHES + 8 * MAX_FILES;
export const HEIGHTS: usize = WIDTHS + 4 * MAX_FILES;
export const SPREADS: usize = HEIGHTS + 4 * MAX_FILES;
export const MODES: usize = SPREADS + 2 * MAX_FILES;
export const COVERED: usize = MODES + MAX_FILES;
export const BLANK: usize = COVERED + MAX_FILES;
export const DARKEST: usize = BLANK + MAX_FILES;
export const BRIGHTEST: usize = DARKEST + MAX_FILES;

// JPEGs: see `huffman.ts`, `scan.ts` and `jpeg.ts`.
/** Eight Huffman tables. */
export const HUFFMAN: usize = (BRIGHTEST + MAX_FILES + 15) & ~15;
export const HUFFMAN_BYTES: usize = 16384;
/** Four quantisation tables of 64 16-bit numbers. */
export const QUANTISATION: usize = HUFFMAN + 8 * HUFFMAN_BYTES;
/** What the coefficients of each of three components are multiplied with. */
export const FACTORS: usize = QUANTISATION + 512;
export const FACTORS_BYTES: usize = 2560;
/** Three components. */
export const COMPONENTS: usize = FACTORS + 3 * FACTORS_BYTES;
/** One block of coefficients. */
export const COEFFICIENTS: usize = COMPONENTS + 256;
/** The 8 bytes that `jpeg` says of a file's coefficients. */
export const CONTENT: usize = COEFFICIENTS + 512;
export const JPEG_END: usize = CONTENT + 16;

// Large buffers.
/** Never written: the row above the first. */
export const ZEROS: usize = 0x100000;
/** Filtered rows of one picture. */
export const RAW: usize = ZEROS + MAX_RAW_BYTES + ROOM;
/** Grey levels of one picture or band. */
export const LUMA: usize = RAW + MAX_RAW_BYTES + ROOM;
/** Sums of picture rows: two lines of 32-bit numbers. */
export const LINES: usize = LUMA + MAX_RAW_BYTES + ROOM;
export const LINE_BYTES: usize = 4 * MAX_WIDTH + ROOM;
/** Decoded pictures that wait for their MD5. */
export const PIXELS: usize = LINES + 2 * LINE_BYTES;
export const PIXELS_END: usize = PIXELS + 2 * MAX_RAW_BYTES;
/** Files, or pixels decoded elsewhere. */
export const INPUT: usize = PIXELS_END + ROOM;
