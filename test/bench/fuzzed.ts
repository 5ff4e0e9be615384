// What the benches of damaged files read and make them with. All in one, because each import by tsx has modules of its own.
export { rowBytes, rowCount } from "../../src/engine/sources/arrays/ndarray";
export { openArrayFile } from "../../src/engine/sources/arrays/open";
export { returnLibrary, takeLibrary, type Hdf5Library } from "../../src/engine/sources/arrays/hdf5Library";
export { readImageList } from "../../src/engine/sources/lists/imageList";
export { openPackedFile } from "../../src/engine/sources/packed/open";
export { readParquet } from "../../src/engine/sources/packed/parquet";
export { readTfrecord } from "../../src/engine/sources/packed/tfrecord";
export { Unpacked } from "../../src/engine/sources/packed/unpacked";
export { writeParquet } from "../../src/engine/write/packedParquet";
export { writeTfrecord } from "../../src/engine/write/packedTfrecord";
export { tarOf, withChecksum, zipOf } from "../support/archives";
export { mat } from "../support/mat";
export { pickledDict } from "../support/pickle";
export * as tables from "../unit/tables/support";
