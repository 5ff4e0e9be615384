/** A value that is pickled: bytes are those of Python 2, an image array N x D of bytes, ints a list. */
export type Pickled =
  | { readonly bytes: string }
  | { readonly rows: number; readonly data: Uint8Array }
  | { readonly ints: readonly number[] }
  | { readonly texts: readonly string[] };

/** A dict as Python 2 pickles it with numpy, protocol 2: as the batches of CIFAR are. */
export function pickledDict(entries: Readonly<Record<string, Pickled>>): Buffer {
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const bytes = (data: Uint8Array | string): Buffer =>
    Buffer.concat([Buffer.from("T"), u32(data.length), Buffer.from(data)]);
  const int = (value: number): Buffer => Buffer.concat([Buffer.from("J"), u32(value)]);
  const list = (items: readonly Buffer[]): Buffer => Buffer.concat([Buffer.from("]("), ...items, Buffer.from("e")]);
  const array = (rows: number, data: Uint8Array): Buffer =>
    Buffer.concat([
      Buffer.from("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R(K\x01", "latin1"),
      int(rows),
      int(data.length / rows),
      Buffer.from("\x86cnumpy\ndtype\nU\x02u1K\0K\x01\x87R(K\x03U\x01|NNNJ", "latin1"),
      Buffer.from([255, 255, 255, 255, 0x4a, 255, 255, 255, 255, 0x4b, 0, 0x74, 0x62, 0x89]),
      bytes(data),
      Buffer.from("tb"),
    ]);
  const value = (one: Pickled): Buffer => {
    if ("bytes" in one) return bytes(one.bytes);
    if ("ints" in one) return list(one.ints.map(int));
    return "texts" in one ? list(one.texts.map(bytes)) : array(one.rows, one.data);
  };
  const items = Object.entries(entries).flatMap(([key, one]) => [bytes(key), value(one)]);
  return Buffer.concat([Buffer.from("\x80\x02}(", "latin1"), ...items, Buffer.from("u.")]);
}
