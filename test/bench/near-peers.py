"""How the peers score pairs of images: near-peers.py TASK.json, of which every answer is a line of JSON.

The task names a folder, its files, the tools, which pairs are listed, by the numbers of their files, and which pairs count:
those of files of different groups (all, where the groups are null), or only the listed ones. For every tool the answer has
the distance of each listed pair (null where a file has no hash), and how many of all pairs that count have which distance.
"""

import json
import os
import sys
import types
from multiprocessing import Pool

import numpy as np
from PIL import Image

# Below it a PDQ hash is not to be matched, says its reference (ThreatExchange, hashing/pdq).
PDQ_LEAST_QUALITY = 50
ROWS = 1024


def bits(hexadecimal):
    return np.unpackbits(np.frombuffer(bytes.fromhex(hexadecimal), dtype=np.uint8))


def imagededup(method):
    # Its CNN method imports PyTorch, which hashing does not need.
    for name, what in (("methods.cnn", "CNN"), ("utils.models", "CustomModel")):
        module = types.ModuleType(f"imagededup.{name}")
        setattr(module, what, None)
        sys.modules[module.__name__] = module
    from imagededup import methods

    hasher = getattr(methods, method)(verbose=False)
    return lambda file: [bits(hasher.encode_image(image_file=file))]


def imagehash(method):
    import imagehash as library

    return lambda file: [getattr(library, method)(Image.open(file)).hash.reshape(-1)]


def pdq(dihedral):
    import pdqhash

    def hashes(file):
        pixels = np.asarray(Image.open(file).convert("RGB"))
        found, quality = pdqhash.compute_dihedral(pixels) if dihedral else pdqhash.compute(pixels)
        if quality < PDQ_LEAST_QUALITY:
            raise ValueError("too little detail")
        return list(found) if dihedral else [found]

    return hashes


# A file has one hash, or one for each way it can lie, itself first.
HASHERS = {
    "imagededup PHash": lambda: imagededup("PHash"),
    "imagededup DHash": lambda: imagededup("DHash"),
    "imagededup AHash": lambda: imagededup("AHash"),
    "imagededup WHash": lambda: imagededup("WHash"),
    "imagehash phash": lambda: imagehash("phash"),
    "imagehash dhash": lambda: imagehash("dhash"),
    "PDQ": lambda: pdq(False),
    "PDQ, all eight ways": lambda: pdq(True),
}


def hash_files(tool, files):
    hasher = HASHERS[tool]()
    found = []
    for file in files:
        try:
            found.append(np.asarray(hasher(file)).astype(np.float32) * 2 - 1)
        except Exception:
            # No image, or one that the tool does not read.
            found.append(None)
    return found


def hash_all(pool, tool, files):
    parts = [files[i : i + 64] for i in range(0, len(files), 64)]
    found = pool.starmap(hash_files, [(tool, part) for part in parts])
    return [each for part in found for each in part]


def distances(a, ways):
    """Least Hamming distances of the rows of a from any of the ways of the others, from values of -1 and 1."""
    best = max_of([a @ way.T for way in ways])
    return np.rint((a.shape[1] - best) / 2).astype(np.int64)


def max_of(products):
    best = products[0]
    for product in products[1:]:
        np.maximum(best, product, out=best)
    return best


def score_hashes(hashes, task):
    known = np.flatnonzero([each is not None for each in hashes])
    rank = {int(file): row for row, file in enumerate(known)}
    if len(known) == 0:
        return [None] * len(task["listed"]), {}
    ways = np.stack([hashes[file] for file in known], axis=1)
    own = ways[0]
    # The first file of a pair as it lies against all ways of the second one: the other way round may differ by a few bits.
    listed = [
        int(distances(own[rank[a]][None], ways[:, rank[b]][:, None])[0, 0]) if a in rank and b in rank else None
        for a, b in map(sorted, task["listed"])
    ]
    if task["onlyListed"]:
        return listed, histogram([each for each in listed if each is not None])
    groups = None if task["groups"] is None else np.asarray(task["groups"])[known]
    counts = np.zeros(own.shape[1] + 1, dtype=np.int64)
    for start in range(0, len(known), ROWS):
        end = min(start + ROWS, len(known))
        found = distances(own[start:end], ways[:, start:])
        counts_as_pair = np.arange(start, end)[:, None] < np.arange(start, len(known))[None]
        if groups is not None:
            counts_as_pair &= groups[start:end, None] != groups[None, start:]
        counts += np.bincount(found[counts_as_pair], minlength=len(counts))
    return listed, {str(value): int(count) for value, count in enumerate(counts) if count}


def histogram(values):
    found, counts = np.unique(values, return_counts=True)
    return {str(value): int(count) for value, count in zip(found, counts)}


def score_cleanvision(files, task):
    from cleanvision import Imagelab

    readable = [file for file in files if is_readable(file)]
    lab = Imagelab(filepaths=readable)
    lab.find_issues({"exact_duplicates": {}, "near_duplicates": {}}, n_jobs=1, verbose=False)
    number = {file: i for i, file in enumerate(files)}
    # What has one perceptual hash is near, or exact when its pixels are the same too; both are sets of files.
    set_of = {}
    for name, kind in enumerate(("near_duplicates", "exact_duplicates")):
        for index, members in enumerate(lab.info[kind]["sets"]):
            for file in members:
                set_of.setdefault(number[file], set()).add((name, index))
    shared = lambda a, b: bool(set_of.get(a, set()) & set_of.get(b, set()))
    listed = [0 if shared(a, b) else None for a, b in task["listed"]]
    if task["onlyListed"]:
        return listed, {"0": sum(each is not None for each in listed)}
    found = set()
    members = {}
    for file, sets in set_of.items():
        for each in sets:
            members.setdefault(each, []).append(file)
    groups = task["groups"]
    for each in members.values():
        for i, a in enumerate(each):
            for b in each[:i]:
                if groups is None or groups[a] != groups[b]:
                    found.add((min(a, b), max(a, b)))
    return listed, {"0": len(found)}


def is_readable(file):
    try:
        with Image.open(file) as image:
            image.load()
        return True
    except Exception:
        return False


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        task = json.load(file)
    files = [os.path.join(task["folder"], name) for name in task["files"]]
    with Pool() as pool:
        for tool in task["tools"]:
            if tool == "cleanvision":
                hashed = len(files)
                listed, counts = score_cleanvision(files, task)
            else:
                hashes = hash_all(pool, tool, files)
                hashed = sum(each is not None for each in hashes)
                listed, counts = score_hashes(hashes, task)
            print(json.dumps({"tool": tool, "hashed": hashed, "listed": listed, "counts": counts}), flush=True)
