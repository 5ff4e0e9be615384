"""The peer of the bench of arrays: `arrays.py make COUNT FOLDER` makes the data, `arrays.py copy IN OUT` loads and saves."""
import os
import sys

import numpy as np


def make(count, folder):
    random = np.random.default_rng(1)
    pictures = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    # One in a hundred is there twice.
    twice = count // 100
    pictures[count // 2 : count // 2 + twice] = pictures[:twice]
    np.save(os.path.join(folder, "uint8.npy"), pictures)
    np.save(os.path.join(folder, "float32.npy"), (pictures.astype(np.float32) - 127.5) / 255)


def copy(source, target):
    array = np.load(source)
    with open(target, "wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())


if sys.argv[1] == "make":
    make(int(sys.argv[2]), sys.argv[3])
else:
    copy(sys.argv[2], sys.argv[3])
