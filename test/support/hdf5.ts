import type { File } from "h5wasm";

let made = 0;

/** The bytes of an HDF5 file that `build` fills, written by h5wasm. */
export async function hdf5(build: (file: File) => void, options: { readonly libver?: "latest" } = {}): Promise<Buffer> {
  const { default: library } = await import("h5wasm");
  const { FS } = await library.ready;
  const name = `/made${made++}`;
  const file = new library.File(name, "w", options);
  build(file);
  file.close();
  const bytes = Buffer.from(FS.readFile(name, { encoding: "binary" }));
  FS.unlink(name);
  return bytes;
}
