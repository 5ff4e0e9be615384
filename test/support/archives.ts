import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import { ZipFile } from "yazl";

/** Files of an archive by their paths, in their order. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

/** When every file of an archive was changed. */
export const MTIME = new Date(Date.UTC(2001, 1, 3, 4, 5, 6));

/** A tar file as tar-stream makes it: ustar, and pax where names are long or not ASCII. */
export async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) {
    archive.entry({ name, mode: 0o640, mtime: MTIME, uid: 1000, gid: 100, uname: "ann" }, Buffer.from(content));
  }
  archive.finalize();
  return buffer(archive);
}

/** A zip file as yazl makes it, deflated or stored. */
export async function zipOf(files: Files, compress = true): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) {
    zip.addBuffer(Buffer.from(content), name, { compress, mtime: MTIME, mode: 0o100640 });
  }
  zip.end();
  return buffer(zip.outputStream);
}

/** What a header of a tar file says beside the name. */
interface HeaderFields {
  readonly type?: string;
  readonly size?: number | Buffer;
  readonly target?: string;
  readonly prefix?: string;
  readonly magic?: string;
}

/** A header as any program may have written it, with the right checksum. */
export function tarHeader(
  name: string | Buffer,
  { type = "0", size = 0, target = "", prefix = "", magic = "ustar\x0000" }: HeaderFields = {},
): Buffer {
  const header = Buffer.alloc(512);
  header.fill(name, 0, Math.min(100, Buffer.byteLength(name)));
  header.write("0000644\0", 100, "latin1");
  if (typeof size === "number") header.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  else size.copy(header, 124);
  header.write(type, 156, "latin1");
  header.write(target, 157, 100, "utf8");
  header.write(magic, 257, "latin1");
  header.write(prefix, 345, 155, "utf8");
  return withChecksum(header);
}

/** A header whose checksum is made right. */
export function withChecksum(header: Buffer): Buffer {
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** The data of an entry, padded to whole blocks. */
export function padded(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(1024);
