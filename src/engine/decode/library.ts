import sharp from "sharp";

// Worker threads provide the parallelism, and no picture is decoded twice.
sharp.cache(false);
sharp.concurrency(1);

export { sharp };
