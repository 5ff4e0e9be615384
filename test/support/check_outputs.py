#!/usr/bin/env python3
"""Opens what CleanSplit wrote with the libraries that people use, and compares it with the dataset it came from.

    python3 test/support/check_outputs.py SOURCE OUTPUT

SOURCE is the file or folder that was sanitized, OUTPUT the folder that was written, with its cleansplit-manifest.json.
Every file of OUTPUT is opened by a library that has nothing to do with CleanSplit (numpy, h5py, pyarrow and pandas,
Pillow, tarfile and zipfile, tf.data, torchvision and Keras), and its images and labels must be those of the source without the
samples that the manifest says left. Of an index the lines of Python beside it are run. Says of each file what opened it, and what was not checked because no library is
there. Exit code 0 when everything that was checked is right, 1 otherwise.

Samples that move to another split are looked for in the whole output, not in their old place.
"""
import collections
import contextlib
import csv
import gzip
import hashlib
import importlib
import json
import math
import os
import pickle
import re
import struct
import sys
import tarfile
import zipfile

MANIFEST = "cleansplit-manifest.json"
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm", ".svg")


def library(name):
    """A module, or None when it is not installed."""
    try:
        return importlib.import_module(name)
    except Exception:  # Broken installations count as none.
        return None


np = library("numpy")
h5py = library("h5py")
parquet = library("pyarrow.parquet")
pandas = library("pandas")
# Before anything imports TensorFlow: both bring an LLVM, and in the other order the process ends.
torchvision = library("torchvision.datasets")

problems, checked, skipped = [], [], []


class NotChecked(Exception):
    """A file cannot be opened here; the message says why."""


def need(module, name):
    if module is None:
        raise NotChecked(f"{name} is not installed")
    return module


def digest(data):
    return hashlib.sha256(data).hexdigest()


# One row of a table of samples is (digest of the image, label). Labels are text; arrays and columns keep their type.


def row_digest(array):
    array = np.ascontiguousarray(array)
    return digest(str((array.dtype.newbyteorder("<"), array.shape)).encode() + array.tobytes())


def plain(label):
    """A label as text, whatever library gave it."""
    if label is None or (isinstance(label, float) and label != label):
        return None
    if isinstance(label, bytes):
        return label.decode("utf-8", "replace")
    if np is not None and isinstance(label, np.ndarray):
        return plain(label.item()) if label.size == 1 else str(label.tolist())
    value = label.item() if hasattr(label, "item") else label
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


# Readers: each gives {name of an array or column: list of digests or labels} of a file.


def read_npz(path):
    with need(np, "numpy").load(path, allow_pickle=False) as file:
        return {key: array_rows(file[key]) for key in file.files}, "numpy.load"


def read_npy(path):
    return {"": array_rows(need(np, "numpy").load(path, allow_pickle=False))}, "numpy.load"


def array_rows(array):
    return [plain(row) if np.ndim(row) == 0 or np.size(row) == 1 else row_digest(row) for row in array]


def read_pickle(path):
    need(np, "numpy")
    # Only the source is ever a pickle, and the person who runs this named it.
    with open(path, "rb") as file:
        content = pickle.load(file, encoding="latin1")
    found = {}
    for key, value in content.items():
        name = key.decode() if isinstance(key, bytes) else key
        if isinstance(value, (np.ndarray, list)) and len(np.shape(value)) > 0:
            found[name] = array_rows(np.asarray(value))
    return found, "pickle"


def read_idx(path):
    need(np, "numpy")
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with (gzip.open if packed else open)(path, "rb") as file:
        content = file.read()
    kinds = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
    axes = content[3]
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    array = np.frombuffer(content, kinds[content[2]], offset=4 + 4 * axes).reshape(shape)
    return {"": array_rows(array)}, "numpy.frombuffer, as the description of IDX says"


def read_cifar(path):
    """CIFAR-10 has a label before each picture, CIFAR-100 two."""
    need(np, "numpy")
    data = np.fromfile(path, "u1")
    labels = 1 if data.size % 3073 == 0 else 2
    rows = data.reshape(-1, 3072 + labels)
    names = ["label"] if labels == 1 else ["coarse_label", "fine_label"]
    found = {name: [plain(value) for value in rows[:, at]] for at, name in enumerate(names)}
    return {**found, "data": array_rows(rows[:, labels:])}, "numpy.fromfile, as the description of CIFAR says"


def read_hdf5(path):
    need(np, "numpy")
    found = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset) and item.ndim > 0:
            found[name] = array_rows(item[()])

    with need(h5py, "h5py").File(path, "r") as file:
        file.visititems(visit)
    return found, "h5py"


def read_mat(path):
    """MATLAB keeps samples along the last axis and pictures column by column: arrays are found as they are and turned."""
    scipy = need(library("scipy.io"), "scipy")
    found = {}
    for key, value in scipy.loadmat(path).items():
        if key.startswith("__") or not hasattr(value, "shape"):
            continue
        for turned, array in enumerate(turns(value)):
            found[key if turned == 0 else f"{key} ({turned})"] = array_rows(array)
    return found, "scipy.io.loadmat"


def turns(array):
    """An array, with its last axis first, and with flat squares as upright pictures."""
    yield array
    if array.ndim < 2:
        return
    last = np.moveaxis(array, -1, 0)
    yield last
    for flat in (array, last):
        side = math.isqrt(flat.shape[-1])
        if flat.ndim == 2 and side * side == flat.shape[-1]:
            yield flat.reshape(-1, side, side).transpose(0, 2, 1)


def read_parquet(path):
    table = need(parquet, "pyarrow").read_table(path)
    opened = "pyarrow"
    if pandas is not None:
        if len(pandas.read_parquet(path)) != table.num_rows:
            raise ValueError("pandas sees another number of rows than pyarrow")
        opened = "pyarrow and pandas"
    return {name: [cell_digest(value) for value in table[name].to_pylist()] for name in table.column_names}, opened


def cell_digest(value):
    if isinstance(value, (dict, list, bytes)):
        return digest(repr(value).encode())
    return plain(value)


def read_tfrecord(path):
    tensorflow = library("tensorflow")
    if tensorflow is not None:
        records = [bytes(record.numpy()) for record in tensorflow.data.TFRecordDataset(path)]
        return {"": [digest(record) for record in records], **features_of(tensorflow, path)}, "tf.data"
    records = list(plain_records(path))
    skipped.append((os.path.basename(path), "tensorflow is not installed; records were read as their format says"))
    return {"": [digest(record) for record in records]}, "plain Python"


def features_of(tensorflow, path):
    """Every feature of the examples in a file, as tf.data parses them; images are decoded, too."""
    first = next(iter(tensorflow.data.TFRecordDataset(path).take(1)), None)
    if first is None:
        return {}
    kinds = {"bytes_list": "string", "int64_list": "int64", "float_list": "float32"}
    features = {
        name: tensorflow.io.VarLenFeature(getattr(tensorflow, kinds[feature.WhichOneof("kind")]))
        for name, feature in tensorflow.train.Example.FromString(first.numpy()).features.feature.items()
        if feature.WhichOneof("kind") is not None
    }
    found = {name: [] for name in features}
    parse = lambda record: tensorflow.io.parse_single_example(record, features)
    for example in tensorflow.data.TFRecordDataset(path).map(parse):
        for name, value in example.items():
            values = value.values.numpy().tolist()
            found[name].append(plain(values[0]) if len(values) == 1 and not isinstance(values[0], bytes) else cell_digest(values))
            if len(values) == 1 and isinstance(values[0], bytes) and values[0].startswith((b"\x89PNG", b"\xff\xd8\xff")):
                tensorflow.io.decode_image(values[0])
    return found


def plain_records(path):
    with open(path, "rb") as file:
        while head := file.read(12):
            length, crc = struct.unpack("<QI", head)
            data = file.read(length)
            if masked_crc(head[:8]) != crc or struct.unpack("<I", file.read(4))[0] != masked_crc(data):
                raise ValueError("a checksum is wrong")
            yield data


def masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ CRC_TABLE[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def crc_entry(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


CRC_TABLE = [crc_entry(value) for value in range(256)]

TABLES = [
    (r"\.npz$", read_npz),
    (r"\.npy$", read_npy),
    (r"\.(pickle|pkl|p)$", read_pickle),
    (r"([-.]idx\d-ubyte|\.idx)(\.gz)?$", read_idx),
    (r"\.bin$", read_cifar),
    (r"\.(h5|hdf5)$", read_hdf5),
    (r"\.mat$", read_mat),
    (r"\.parquet$", read_parquet),
    (r"\.tfrecords?(-\d+-of-\d+)?$", read_tfrecord),
]


def read_tar(path):
    with tarfile.open(path) as file:
        return {item.name.removeprefix("./"): file.extractfile(item).read() for item in file if item.isfile()}, "tarfile"


def read_zip(path):
    with zipfile.ZipFile(path) as file:
        if (bad := file.testzip()) is not None:
            raise ValueError(f"the checksum of {bad} is wrong")
        return {item.filename: file.read(item) for item in file.infolist() if not item.is_dir()}, "zipfile"


ARCHIVES = [(r"\.(tar|tar\.gz|tgz)$", read_tar), (r"\.zip$", read_zip)]


def reader_of(name, kinds):
    return next((read for pattern, read in kinds if re.search(pattern, name, re.IGNORECASE)), None)


# What left: the manifest names samples by ids, paths of images or file#key[row].


def left_rows(manifest):
    """For each key of ids of rows the rows that left their place, and the paths of images that did."""
    rows, paths = collections.defaultdict(set), set()
    for change in manifest["changes"]:
        match = re.fullmatch(r"(.*)\[(\d+)\]", change["id"])
        if match is None:
            paths.add(change["id"])
        else:
            rows[match[1]].add(int(match[2]))
    return rows, paths


def files_below(root):
    if os.path.isfile(root):
        return {os.path.basename(root): root}
    found = {}
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, root).replace(os.sep, "/")] = path
    return found


def check_tables(source, output, manifest):
    """Every column of every table must hold the rows of a column of the source that stayed, in their order."""
    rows, _ = left_rows(manifest)
    columns = {}
    for name, path in source.items():
        found, _ = opened(name, path, TABLES)
        for key, values in found.items():
            columns[(name, key)] = values
    expected = [
        [value for row, value in enumerate(values) if row not in gone]
        for place, values in columns.items()
        for gone in left_of(place, columns, rows)
    ]
    for name, path in output.items():
        found, library_name = opened(name, path, TABLES)
        for key, values in found.items():
            if values not in expected:
                problems.append(f'{name}: "{key}" ({len(values)} rows) is no column of the source without what left')
        if found:
            checked.append((name, library_name, f"{len(found)} arrays or columns"))


def opened(name, path, kinds):
    """What the reader for a name gives; nothing for other files, and for those that no library here opens."""
    read = reader_of(name, kinds)
    try:
        return ({}, "") if read is None else read(path)
    except NotChecked as why:
        skipped.append((name, str(why)))
        return {}, ""


def left_of(place, columns, rows):
    """
    The sets of rows that may have left a column: for images those that their ids say, for labels and other columns those
    of images that are as many, for columns beside which nothing left none.
    """
    name, key = place
    ids = {}
    for prefix, gone in rows.items():
        file, _, other = prefix.partition("#")
        ids[(file, other)] = gone
    named = [gone for (file, other), gone in ids.items() if is_file(file, name) and other == key]
    if named:
        return named
    beside = [
        gone
        for (file, other), gone in ids.items()
        if any(is_file(file, n) and k in (other, "") and len(v) == len(columns[place]) for (n, k), v in columns.items())
    ]
    return [*named, *beside, set()]


def is_file(shown, name):
    """Ids show a file below the dataset, and with several inputs below the name of its input."""
    return shown == name or shown.endswith("/" + name) or name.endswith("/" + shown)


def check_archives(source, output, manifest):
    _, paths = left_rows(manifest)
    for name, path in output.items():
        after, library_name = opened(name, path, ARCHIVES)
        if not library_name:
            continue
        original = source.get(name) or next((p for n, p in source.items() if is_file(n, name)), None)
        if original is None:
            problems.append(f"{name}: the source has no such file")
            continue
        before, _ = opened(name, original, ARCHIVES)
        gone = {entry for entry in before if any(is_entry(entry, left) for left in paths)}
        expected = {entry: digest(data) for entry, data in before.items() if is_image(entry) and entry not in gone}
        found = {entry: digest(data) for entry, data in after.items() if is_image(entry)}
        compare_images(name, expected, found, moved(manifest))
        checked.append((name, library_name, f"{len(after)} entries, {len(found)} of them images"))


def is_image(name):
    return name.lower().endswith(IMAGES)


def is_entry(entry, shown):
    return shown == entry or shown.endswith(("#" + entry, "/" + entry))


def moved(manifest):
    return any(change.get("action") == "move" for change in manifest["changes"])


def compare_images(name, expected, found, anywhere):
    """Paths and bytes; where images moved only the bytes can be compared."""
    if anywhere:
        expected, found = (collections.Counter(entries.values()) for entries in (expected, found))
        # Those that moved are in the manifest, too, so there may be more than stayed in place, but none from elsewhere.
        if expected - found:
            problems.append(f"{name}: {sum((expected - found).values())} images that stay are not in it")
        return
    for path in sorted(expected.keys() - found.keys())[:10]:
        problems.append(f"{name}: {path} stays and is not in it")
    for path in sorted(found.keys() - expected.keys())[:10]:
        problems.append(f"{name}: {path} is in it, but left or was never there")
    for path in sorted(expected.keys() & found.keys()):
        if expected[path] != found[path]:
            problems.append(f"{name}: {path} has other bytes than in the source")


def check_folder(root, source, output, manifest):
    """Images of folders: paths and bytes, labels.csv, and how torchvision or Keras see them."""
    _, paths = left_rows(manifest)
    expected = {name: path for name, path in source.items() if is_image(name) and name not in paths}
    found = {name: path for name, path in output.items() if is_image(name)}
    if not found:
        return

    def digests(files):
        return {name: digest(contents(path)) for name, path in files.items()}

    compare_images("images", digests(expected), digests(found), moved(manifest))
    checked.append(("images", "plain Python", f"{len(found)} images"))
    pillow = library("PIL.Image")
    if pillow is None:
        skipped.append(("images", "Pillow is not installed, so they were compared but not decoded"))
    else:
        check_decodes(pillow, found, expected)
    for name, path in output.items():
        if os.path.basename(name) == "labels.csv":
            check_list(name, path, found)
    check_loaders(root, found, expected)


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def check_decodes(pillow, found, expected):
    """A picture that decodes in the source decodes in the copy; some of many are tried."""
    names = sorted(found)
    for name in names[:: max(1, len(names) // 500)]:
        with contextlib.suppress(Exception):
            pillow.open(expected[name]).load()
            try:
                pillow.open(found[name]).load()
            except Exception as error:
                problems.append(f"{name} decodes in the source and not in the output: {error}")
    checked.append(("images", "Pillow", "decoded as in the source"))


def check_list(name, path, found):
    folder = os.path.dirname(name)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if "/".join(filter(None, [folder, row["path"]])) not in found:
            problems.append(f"{name} lists {row['path']}, which is not there")
    if len({row["path"] for row in rows}) != len(rows):
        problems.append(f"{name} lists an image twice")
    checked.append((name, "csv", f"{len(rows)} rows"))


def check_loaders(root, found, expected):
    """Splits that are folders of classes, as torchvision and Keras read them: images, labels and pixels."""
    splits = collections.defaultdict(list)
    for name in sorted(found):
        if name.count("/") == 2:
            splits[name.split("/")[0]].append(name)
    keras = library("keras.utils")
    for split, names in sorted(splits.items()):
        folder = os.path.join(root, split)
        if torchvision is not None:
            compare_loaded(split, "torchvision.datasets.ImageFolder", names, by_torchvision(folder), expected)
        if keras is not None and np is not None:
            # What Keras reads is decided by these ends of names.
            readable = [name for name in names if name.lower().endswith((".bmp", ".gif", ".jpeg", ".jpg", ".png"))]
            loaded = by_keras(keras, folder, expected.get(readable[0]))
            compare_loaded(split, "keras.utils.image_dataset_from_directory", readable, loaded, expected)
    missing = [name for name, module in (("torchvision", torchvision), ("Keras", keras)) if module is None]
    if splits and missing:
        skipped.append((", ".join(sorted(splits)), f"{' and '.join(missing)} is not installed"))


def by_torchvision(folder):
    """Gives (path below the folder, class, pixels) of each image."""
    data = torchvision.ImageFolder(folder, is_valid_file=is_image)
    for at, (path, target) in enumerate(data.samples):
        picture, label = data[at]
        if label != target:
            raise ValueError(f"{path} is given with another label than it is listed with")
        yield os.path.relpath(path, folder), data.classes[target], pixels(picture)


def by_keras(keras, folder, first):
    """The same. Keras brings images to one size: that of the first, so that those of that size stay as they are."""
    pillow = need(library("PIL.Image"), "Pillow")
    width, height = pillow.open(first).size
    data = keras.image_dataset_from_directory(
        folder, label_mode="int", color_mode="rgb", batch_size=None, image_size=(height, width), shuffle=False, verbose=False
    )
    paths = list(data.file_paths)
    count = 0
    for path, (picture, label) in zip(paths, data):
        count += 1
        yield os.path.relpath(path, folder), data.class_names[int(label)], np.asarray(picture).astype("u1")
    if count != len(paths):
        raise ValueError(f"Keras lists {len(paths)} images of {folder} and gives {count}")


def pixels(picture):
    return None if np is None else np.asarray(picture.convert("RGB"))


def compare_loaded(split, loader, names, loaded, expected):
    """Images, their classes, and of those with the size of their source the pixels must be those that stay."""
    pillow = library("PIL.Image")
    seen = {}
    compared = 0
    for path, label, found in loaded:
        name = f"{split}/{path.replace(os.sep, '/')}"
        seen[name] = label
        if found is None or pillow is None or name not in expected:
            continue
        with pillow.open(expected[name]) as opened:
            original = pixels(opened)
        # What else there is than bytes is converted by each library in its way.
        if original.shape == found.shape and opened.mode in ("1", "L", "RGB"):
            compared += 1
            if not np.array_equal(original, found):
                problems.append(f"{name}: {loader} gives other pixels than its source has")
    if set(seen) != set(names):
        problems.append(f"{split}: {loader} sees {len(seen)} images, there are {len(names)}")
    for name, label in seen.items():
        if label != name.split("/")[1]:
            problems.append(f"{name}: {loader} gives it the label {label}")
    checked.append((split, loader, f"{len(seen)} images with their labels, pixels of {compared} as in the source"))


def check_index(out, source, manifest):
    """The lines of Python beside an index, run: what they load must be what stays, as it is in the source."""
    if not os.path.exists(os.path.join(out, "samples.py")):
        return
    sys.path.insert(0, os.path.abspath(out))
    need(np, "numpy")
    samples = importlib.import_module("samples")
    listed = samples.INDEX["samples"]
    left = {change["id"] for change in manifest["changes"] if change["action"] == "leave"}
    wrong = [sample["id"] for sample in listed if sample["id"] in left]
    problems.extend(f"samples.json names {name}, which left" for name in wrong[:10])
    if len({sample["id"] for sample in listed}) != len(listed):
        problems.append("samples.json names a sample twice")
    if all(sample["row"] is None and sample["key"] == "" for sample in listed):
        there = sum(is_image(name) for name in source)
        if len(listed) + len(left) != there:
            problems.append(f"samples.json names {len(listed)} images and {len(left)} left, of {there}")
    rows = {os.path.abspath(path): opened(name, path, TABLES)[0] for name, path in source.items()}
    for split in [split["name"] for split in samples.INDEX["splits"]]:
        check_split(samples, split, rows)


def check_split(samples, split, rows):
    chosen = samples.samples(split)
    pictures = [samples.image(sample) for sample in chosen]
    labels = [samples.label(sample) for sample in chosen]
    pillow = library("PIL.Image")
    for sample, picture in zip(chosen, pictures):
        if sample["row"] is None and sample["key"] == "" and pillow is not None:
            with pillow.open(sample["file"]) as opened:
                if not np.array_equal(np.asarray(opened), picture):
                    problems.append(f"samples.py gives other pixels of {sample['id']} than Pillow does")
            if sample["label"] is not None and sample["label"] != os.path.basename(os.path.dirname(sample["file"])):
                skipped.append((sample["id"], "its label is not the name of its folder"))
    known = [(sample, picture, rows.get(os.path.abspath(sample["file"]), {}).get(sample["key"])) for sample, picture in zip(chosen, pictures)]
    in_rows = [(sample, row_digest(picture) == found[sample["row"]]) for sample, picture, found in known if found is not None]
    # Where rows are flat squares their digests are of another shape.
    if in_rows and in_rows[0][1]:
        problems.extend(f"samples.py gives another row as {sample['id']}" for sample, is_right in in_rows if not is_right)
    elif in_rows:
        skipped.append((split, "rows have another shape than their pictures, so they were not compared"))
    checked.append((split, "samples.py", f"{len(chosen)} samples"))
    if chosen and len({picture.shape for picture in pictures}) == 1:
        images, targets = importlib.import_module("load_numpy").load(split)
        if not (np.array_equal(images, np.stack(pictures)) and targets.tolist() == labels):
            problems.append(f"load_numpy.py gives other images or labels of {split} than samples.py")
        checked.append((split, "load_numpy.py", f"{len(images)} images, {targets.min()}..{targets.max()} labels"))
        check_keras_index(split, pictures, labels)
    if torchvision is None:
        skipped.append((split, "torchvision is not installed, so load_torchvision.py was not run"))
        return
    data = importlib.import_module("load_torchvision").Samples(split)
    given = [data[at] for at in range(len(data))]
    is_wrong = [target for _, target in given] != labels or any(
        not np.array_equal(np.asarray(picture), expected) for (picture, _), expected in zip(given, pictures)
    )
    if is_wrong:
        problems.append(f"load_torchvision.py gives other images or labels of {split} than samples.py")
    checked.append((split, "load_torchvision.py", f"{len(data)} samples"))


def check_keras_index(split, pictures, labels):
    if library("keras") is None:
        skipped.append((split, "Keras is not installed, so load_keras.py was not run"))
        return
    kind = importlib.import_module("load_keras").Samples
    data = kind(split, shuffle=False)
    batches = [data[at] for at in range(len(data))]
    images = np.concatenate([images for images, _ in batches])
    targets = [int(label) for _, batch in batches for label in batch]
    if not np.array_equal(images, np.stack(pictures)) or targets != labels:
        problems.append(f"load_keras.py gives other images or labels of {split} than samples.py")
    shuffled = kind(split)
    if sorted(int(label) for at in range(len(shuffled)) for label in shuffled[at][1]) != sorted(labels):
        problems.append(f"load_keras.py does not give every sample of {split} once when it shuffles")
    checked.append((split, "load_keras.py", f"{len(targets)} samples in {len(batches)} batches"))


def main(arguments):
    if len(arguments) != 2:
        print(__doc__)
        return 1
    root, out = arguments
    try:
        with open(os.path.join(out, MANIFEST), encoding="utf-8") as file:
            manifest = json.load(file)
    except (OSError, ValueError) as error:
        print(f"{out} has no readable {MANIFEST}: {error}. Name a folder that CleanSplit wrote.")
        return 1
    source, output = files_below(root), files_below(out)
    for check in (
        lambda: check_tables(source, output, manifest),
        lambda: check_archives(source, output, manifest),
        lambda: check_folder(out, source, output, manifest),
        lambda: check_index(out, source, manifest),
    ):
        try:
            check()
        except Exception as error:  # A file that no library opens is what this is looking for.
            problems.append(f"{type(error).__name__}: {error}")
    for name, opened, what in checked:
        print(f"ok       {name}: {what}, opened with {opened}")
    for name, why in skipped:
        print(f"skipped  {name}: {why}")
    for problem in problems:
        print(f"WRONG    {problem}")
    if not checked:
        print("Nothing was checked.")
    return 0 if checked and not problems else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
