"""All near pairs by faiss: near-faiss.py glyphs FOLDER RMS SPREAD, or near-faiss.py hashes FILE WAYS DISTANCE.

A file of hashes has eight of 64 bits a picture, one for each way it can lie; the first WAYS of them are compared with the first
of the others.

Prints JSON: how many rows are searched, how many pairs there are, and what the search alone took, in seconds: reading the
input does not count, building the index does. Faiss uses as many threads as there are processors.
"""

import json
import os
import sys
import time

import faiss
import numpy as np

# Squared distances are differences of large 32-bit floats: so far from the bound they may be on its wrong side.
SLACK = 64
# Hashes that are searched at a time: most pairs differ little in one of eight ways, and all are held.
QUERIES = 4096


def read_glyphs(folder, spread):
    """The distinct pictures of a folder whose mean square difference from their mean is at least spread, a row each."""
    from PIL import Image

    rows = []
    for directory, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            with Image.open(os.path.join(directory, name)) as image:
                rows.append(np.asarray(image.convert("L"), dtype=np.uint8).reshape(-1))
    distinct = np.unique(np.stack(rows), axis=0)
    return distinct[distinct.var(axis=1, dtype=np.float64) >= spread]


def glyphs(folder, rms, spread):
    pixels = read_glyphs(folder, float(spread))
    bound = float(rms) ** 2 * pixels.shape[1]
    values = pixels.astype(np.float32)
    start, cpu = time.perf_counter(), time.process_time()
    index = faiss.IndexFlatL2(pixels.shape[1])
    index.add(values)
    limits, squares, others = index.range_search(values, bound + SLACK)
    took = time.perf_counter() - start, time.process_time() - cpu
    own = np.repeat(np.arange(len(pixels)), np.diff(limits).astype(np.int64))
    first, second = own[own < others], others[own < others]
    # Exactly, of the few pairs that are left.
    pairs = 0
    for at in range(0, len(first), 100_000):
        a, b = (pixels[part[at : at + 100_000]].astype(np.int32) for part in (first, second))
        pairs += int((((a - b) ** 2).sum(axis=1) <= bound).sum())
    return len(pixels), pairs, took


def hashes(file, ways, distance):
    rows = np.fromfile(file, dtype=np.uint8).reshape(-1, 8, 8)
    own = np.ascontiguousarray(rows[:, 0])
    pairs = 0
    start, cpu = time.perf_counter(), time.process_time()
    index = faiss.IndexBinaryFlat(64)
    index.add(own)
    for way in range(int(ways)):
        for at in range(0, len(rows), QUERIES):
            # Its bound is not part of the range.
            limits, _, others = index.range_search(np.ascontiguousarray(rows[at : at + QUERIES, way]), int(distance) + 1)
            queries = at + np.repeat(np.arange(len(limits) - 1), np.diff(limits).astype(np.int64))
            pairs += int((queries < others).sum())
    return len(rows), pairs, (time.perf_counter() - start, time.process_time() - cpu)


if __name__ == "__main__":
    compared, pairs, (wall, cpu) = {"glyphs": glyphs, "hashes": hashes}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps({"compared": compared, "pairs": pairs, "wall": wall, "cpu": cpu}))
