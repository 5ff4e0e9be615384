/**
 * What is written beside an index of samples for people who work in Python. None of it holds anything of the dataset: it
 * reads `samples.json`, which lies beside it.
 */

/** Finds samples, and reads one from where it is. */
const SAMPLES = `"""The samples that samples.json names, read from where they are.

Needs numpy; for image files Pillow, for HDF5 h5py.
"""
import gzip
import json
import math
import os
import pickle
import posixpath
import tarfile
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np

INDEX = json.loads((Path(__file__).parent / "samples.json").read_text(encoding="utf-8"))
CLASSES = INDEX["classes"]
SHAPES = {(array["file"], array["key"]): array for array in INDEX["arrays"]}
IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def samples(split):
    """The samples of a split, each a dict with id, file, key, row, split and label."""
    return [sample for sample in INDEX["samples"] if sample["split"] == split]


def label(sample):
    """The number of its class in CLASSES, -1 without one."""
    return -1 if sample["label"] is None else CLASSES.index(sample["label"])


def image(sample):
    """Its picture: an array of height x width, or height x width x channels."""
    file, key, row = sample["file"], sample["key"], sample["row"]
    if row is None:
        from PIL import Image

        with encoded(file, key) as opened, Image.open(opened) as picture:
            return np.asarray(picture)
    shape = SHAPES[file, key]
    height, width, channels = shape["height"], shape["width"], shape["channels"]
    pixels = np.asarray(array(file, key)[row])
    if channels == 1:
        return pixels.reshape(height, width)
    if shape["channelsFirst"]:
        return pixels.reshape(channels, height, width).transpose(1, 2, 0)
    return pixels.reshape(height, width, channels)


def encoded(file, key):
    """An image file, or one of an archive, opened for reading."""
    if key == "":
        return open(file, "rb")
    archive, members = members_of(file)
    return archive.open(members[key]) if isinstance(archive, zipfile.ZipFile) else archive.extractfile(members[key])


@lru_cache(maxsize=8)
def members_of(file):
    """An archive, and what it holds by path."""
    if zipfile.is_zipfile(file):
        archive = zipfile.ZipFile(file)
        return archive, {posixpath.normpath(name): name for name in archive.namelist()}
    archive = tarfile.open(file)
    return archive, {posixpath.normpath(member.name): member for member in archive.getmembers()}


@lru_cache(maxsize=8)
def array(file, key):
    """The array of a file whose rows are samples; without loading it where the format allows that."""
    with open(file, "rb") as opened:
        start = opened.read(8)
    if start.startswith(b"\\x93NUMPY"):
        return np.load(file, mmap_mode="r")
    if start.startswith(b"PK"):
        return np.load(file)[key]
    if start.startswith(b"\\x89HDF"):
        import h5py

        return h5py.File(file, "r")[key]
    if start.startswith((b"\\x1f\\x8b", b"\\0\\0")):
        return idx(file)
    if file.endswith(".bin"):
        # CIFAR: one label in front of the pixels of a record, or two.
        labels = 1 if os.path.getsize(file) % 3073 == 0 else 2
        return np.fromfile(file, np.uint8).reshape(-1, labels + 3072)[:, labels:]
    with open(file, "rb") as opened:
        # A pickle can run code when it is loaded. Go on only if you trust whoever made it.
        value = pickle.load(opened, encoding="latin1")
    for part in key.split("/") if key else ():
        value = value[int(part)] if isinstance(value, (list, tuple)) else value[part]
    return np.asarray(value)


def idx(file):
    """An IDX file, the format of MNIST, plain or gzipped."""
    with open(file, "rb") as opened:
        content = opened.read()
    if content.startswith(b"\\x1f\\x8b"):
        content = gzip.decompress(content)
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, 4).astype(int)
    return np.frombuffer(content, IDX_TYPES[content[2]], math.prod(shape), 4 + 4 * axes).reshape(shape)
`;

const NUMPY = `"""Arrays of a split: \`images, labels = load("train")\`. The images must be of one size."""
import numpy as np

from samples import image, label, samples


def load(split):
    chosen = samples(split)
    return np.stack([image(sample) for sample in chosen]), np.array([label(sample) for sample in chosen])
`;

const TORCHVISION = `"""A dataset for PyTorch: \`DataLoader(Samples("train", transform), batch_size=64, shuffle=True)\`."""
import numpy as np
import torch
from PIL import Image
from torchvision.datasets import VisionDataset

from samples import CLASSES, INDEX, image, label, samples


class Samples(VisionDataset):
    """Gives (image, label): a PIL image where pixels are bytes, so that every transform works, else a tensor."""

    classes = CLASSES

    def __init__(self, split, transform=None, target_transform=None):
        super().__init__(root=INDEX["inputs"][0], transform=transform, target_transform=target_transform)
        self.samples = samples(split)
        self.targets = [label(sample) for sample in self.samples]

    def __len__(self):
        return len(self.samples)

    def __getitem__(self, index):
        picture, target = image(self.samples[index]), self.targets[index]
        picture = Image.fromarray(picture) if picture.dtype == np.uint8 else torch.tensor(picture)
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target
`;

const KERAS = `"""Batches for Keras 3: \`model.fit(Samples("train"))\`. The images must be of one size."""
import math

import keras
import numpy as np

from samples import image, label, samples


class Samples(keras.utils.PyDataset):
    """Gives batches of (images, labels); in another order each epoch when it shuffles."""

    def __init__(self, split, batch_size=64, shuffle=True, seed=0, **options):
        super().__init__(**options)
        self.samples = samples(split)
        self.batch_size = batch_size
        self.random = np.random.default_rng(seed) if shuffle else None
        self.on_epoch_end()

    def __len__(self):
        return math.ceil(len(self.samples) / self.batch_size)

    def __getitem__(self, index):
        batch = [self.samples[i] for i in self.order[index * self.batch_size : (index + 1) * self.batch_size]]
        return np.stack([image(sample) for sample in batch]), np.array([label(sample) for sample in batch])

    def on_epoch_end(self):
        count = len(self.samples)
        self.order = np.arange(count) if self.random is None else self.random.permutation(count)
`;

/** The files in Python, by name. */
export const LOADERS: Readonly<Record<string, string>> = {
  "samples.py": SAMPLES,
  "load_numpy.py": NUMPY,
  "load_torchvision.py": TORCHVISION,
  "load_keras.py": KERAS,
};
