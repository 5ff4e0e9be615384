import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { openPackedFile } from "../../../src/engine/sources/packed/open";
import type { PackedFile } from "../../../src/engine/sources/packed/packedFile";

/** A folder for the files of one `describe`, and a way to open bytes as a packed file of some name. */
export function usePacked(): {
  readonly file: (name: string, bytes: Uint8Array) => string;
  readonly open: (name: string, bytes: Uint8Array) => Promise<PackedFile>;
} {
  const folder = mkdtempSync(path.join(tmpdir(), "cleansplit-test-"));
  const opened: PackedFile[] = [];
  after(() => {
    for (const packed of opened) packed.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (name: string, bytes: Uint8Array): string => {
    const place = path.join(folder, name);
    writeFileSync(place, bytes);
    return place;
  };
  return {
    file,
    async open(name, bytes) {
      const packed = await openPackedFile(file(name, bytes));
      if (packed === undefined) throw new Error(`${name} is the name of no packed file.`);
      opened.push(packed);
      return packed;
    },
  };
}

/** Names and contents of all images; why one cannot be read instead of its content. */
export async function contentOf(packed: PackedFile): Promise<Record<string, string>> {
  const [images] = packed.images;
  if (images === undefined) return {};
  const read = await packed.read(images.key, 0, images.count);
  return Object.fromEntries(
    read.map((image, index) => {
      const name = images.names?.[index] ?? String(index);
      if (image.kind === "pixels") return [name, "pixels"];
      return [name, image.kind === "encoded" ? Buffer.from(image.bytes).toString("latin1") : image.reason];
    }),
  );
}
