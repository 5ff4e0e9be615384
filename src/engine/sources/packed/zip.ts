import * as l10n from "@vscode/l10n";
import { withFile } from "../arrays/bytes";
import { listZip, type ZipLimits } from "../arrays/zip";
import { openArchive, type ArchiveEntry } from "./archive";
import type { PackedFile } from "./packedFile";

/** Bounds what a forged directory can cost; one of a million images has about 100 MB. */
export const ZIP_LIMITS: ZipLimits = { directoryBytes: 1 << 28, remedy: () => l10n.t("Pack its files anew.") };

/** Opens a zip file of images. Throws as `listZip` and `openArchive` do. */
export async function readZip(path: string): Promise<PackedFile> {
  return withFile(path, (file) => {
    const entries = listZip(file, ZIP_LIMITS).map(
      ({ name, method, offset, packedSize, size, crc, isLink }): ArchiveEntry => ({
        name,
        kind: isLink ? "link" : "file",
        offset,
        packedSize,
        size,
        isDeflated: method === "deflated",
        crc,
      }),
    );
    return openArchive(file, entries);
  });
}
