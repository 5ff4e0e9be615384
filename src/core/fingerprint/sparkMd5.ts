import SparkMD5 from "spark-md5";
import { DIGEST_BYTES, type Md5 } from "./md5";

/** MD5 by `spark-md5`. */
export const sparkMd5: Md5 = {
  name: "spark-md5",
  into(target, at, ...parts) {
    const hash = new SparkMD5.ArrayBuffer();
    // SparkMD5 takes a whole ArrayBuffer, and a part may be a window of a larger one: `new Uint8Array` copies just that.
    for (const part of parts) hash.append(new Uint8Array(part).buffer);
    const binary = hash.end(true);
    for (let i = 0; i < DIGEST_BYTES; i++) target[at + i] = binary.charCodeAt(i);
  },
};
