#!/usr/bin/env python3
"""Counts what is in the unpacked sample dataset, with nothing of CleanSplit's own code.

    python3 scripts/sample/count.py FOLDER [PLANTED.json]

Prints JSON. FOLDER holds SPLIT/LABEL/*.png. With PLANTED.json, the list of planted faults that make.mjs
writes, it also checks that each fault is what it is said to be and adds the list to the output.
Only what the sample holds is understood: 8-bit grey PNG files, not interlaced.
"""

import hashlib
import json
import os
import struct
import sys
import zlib
from collections import Counter, defaultdict

SPLITS = ["train", "validation", "test"]


class Unreadable(Exception):
    pass


def decode(data):
    """Width, height and pixel bytes of a PNG file; strict about checksums and lengths."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        raise Unreadable("no PNG signature")
    at, header, packed, ended = 8, None, b"", False
    while not ended:
        if at + 12 > len(data):
            raise Unreadable("truncated")
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body, check = data[at + 4 : at + 8], data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if len(check) < 4:
            raise Unreadable("truncated")
        if struct.unpack(">I", check)[0] != zlib.crc32(kind + body):
            raise Unreadable("wrong checksum")
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", body)
        elif kind == b"IDAT":
            packed += body
        ended = kind == b"IEND"
        at += 12 + length
    if header is None:
        raise Unreadable("no header")
    width, height, *rest = header
    if rest != [8, 0, 0, 0, 0]:
        raise SystemExit("only 8-bit grey PNG files are understood, not %r" % (rest,))
    try:
        raw = zlib.decompress(packed)
    except zlib.error as error:
        raise Unreadable(str(error)) from error
    if len(raw) != height * (width + 1):
        raise Unreadable("wrong amount of data")

    above, rows = bytes(width), []
    for y in range(height):
        kind, line = raw[y * (width + 1)], raw[y * (width + 1) + 1 : (y + 1) * (width + 1)]
        if kind == 0:
            row = line
        else:
            row = bytearray(width)
            for x in range(width):
                left = row[x - 1] if x else 0
                corner = above[x - 1] if x else 0
                row[x] = (line[x] + predict(kind, left, above[x], corner)) & 255
            row = bytes(row)
        rows.append(row)
        above = row
    return width, height, b"".join(rows)


def predict(kind, left, above, corner):
    if kind == 1:
        return left
    if kind == 2:
        return above
    if kind == 3:
        return (left + above) // 2
    if kind == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda value: abs(guess - value))
    raise Unreadable("unknown filter")


def scan(folder):
    """All files below the folder: pictures as dicts in path order, the others' paths, and a hash of everything."""
    pictures, strays, sums = [], [], []
    for base, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(base, name)
            path = os.path.relpath(full, folder).replace(os.sep, "/")
            with open(full, "rb") as file:
                data = file.read()
            sums.append("%s  %s\n" % (hashlib.sha256(data).hexdigest(), path))
            parts = path.split("/")
            if not name.lower().endswith(".png"):
                strays.append(path)
                continue
            if len(parts) != 3 or parts[0] not in SPLITS:
                raise SystemExit("unexpected place for a picture: " + path)
            picture = {"id": path, "split": parts[0], "label": parts[1], "file": data, "pixel": None, "blank": False}
            try:
                width, height, pixels = decode(data)
                picture["pixel"] = (width, height, pixels)
                picture["blank"] = len(set(pixels)) == 1
            except Unreadable as error:
                picture["error"] = str(error)
            pictures.append(picture)
    pictures.sort(key=lambda picture: picture["id"])
    sums.sort(key=lambda line: line.split("  ", 1)[1])
    return pictures, sorted(strays), hashlib.sha256("".join(sums).encode()).hexdigest()


def group(pictures, tier):
    groups = defaultdict(list)
    for picture in pictures:
        groups[picture[tier]].append(picture)
    return list(groups.values())


def count(pictures):
    """The counts of duplicates, leakage and conflicts among readable pictures."""
    groups = {tier: group(pictures, tier) for tier in ("file", "pixel")}
    duplicates = {}
    for tier, every in groups.items():
        several = [members for members in every if len(members) > 1]
        samples = sum(map(len, several))
        duplicates[tier] = {"groups": len(several), "samples": samples, "extra": samples - len(several)}

    leakage = []
    for split in SPLITS:
        for other in SPLITS:
            for tier, every in groups.items():
                if split == other:
                    continue
                both = []
                for members in every:
                    per_split = Counter(picture["split"] for picture in members)
                    if per_split[split] and per_split[other]:
                        both.append((per_split[split], per_split[other]))
                leakage.append({
                    "split": split,
                    "in": other,
                    "tier": tier,
                    "samples": sum(a for a, _ in both),
                    "groups": len(both),
                    "pairs": sum(a * b for a, b in both),
                })

    conflicts = [members for members in groups["pixel"] if len({picture["label"] for picture in members}) > 1]
    largest = max(groups["pixel"], key=lambda members: (len(members), members[0]["id"]))
    return {
        "duplicates": duplicates,
        "leakage": leakage,
        "conflicts": {"groups": len(conflicts), "samples": sum(map(len, conflicts))},
        "largestGroup": {"tier": "pixel", "samples": len(largest), "ids": [picture["id"] for picture in largest]},
    }


def check(planted, pictures, strays):
    """Stops when a planted fault is not what its kind says, or when a fault nobody planted is found."""
    by_id = {picture["id"]: picture for picture in pictures}
    members = Counter(picture["pixel"] for picture in pictures if picture["pixel"])

    def expect(fact, fault):
        if not fact:
            raise SystemExit("not as planted: %r" % (fault,))

    for fault in planted:
        kind, paths = fault["kind"], fault["paths"]
        if kind in ("blank", "unreadable", "stray"):
            continue
        found = [by_id[path] for path in paths]
        files, pixels = {p["file"] for p in found}, {p["pixel"] for p in found}
        labels, splits = {p["label"] for p in found}, {p["split"] for p in found}
        expect(None not in pixels, fault)
        if kind == "near":
            expect(len(pixels) == 2 and all(members[p] == 1 for p in pixels) and len(labels) == 1, fault)
            continue
        expect(len(pixels) == 1 and members[found[0]["pixel"]] == len(found), fault)
        expect(len(files) == (1 if kind.endswith("-file") else 2), fault)
        expect(len(labels) == (2 if kind.startswith("conflict") else 1), fault)
        if kind.startswith("duplicate"):
            expect(len(splits) == 1, fault)
        if kind.startswith("leak"):
            expect(len(splits) == len(found), fault)

    def said(kind):
        return sorted(path for fault in planted if fault["kind"] == kind for path in fault["paths"])

    expect(said("unreadable") == [p["id"] for p in pictures if not p["pixel"]], "unreadable")
    expect(said("blank") == [p["id"] for p in pictures if p["blank"]], "blank")
    expect(said("stray") == strays, "stray")


def main():
    pictures, strays, tree = scan(sys.argv[1])
    readable = [picture for picture in pictures if picture["pixel"]]
    unreadable = [picture for picture in pictures if not picture["pixel"]]
    splits = []
    for name in SPLITS:
        own = [picture for picture in pictures if picture["split"] == name]
        splits.append({
            "name": name,
            "samples": len(own),
            "unreadable": sum(1 for picture in own if not picture["pixel"]),
            "classes": dict(sorted(Counter(picture["label"] for picture in own).items())),
        })
    result = {
        "images": len(pictures),
        "files": len(pictures) + len(strays),
        "treeSha256": tree,
        "splits": splits,
        **count(readable),
        "blank": {"samples": sum(picture["blank"] for picture in readable)},
        "unreadable": [{"id": picture["id"]} for picture in unreadable],
        "withoutBlank": count([picture for picture in readable if not picture["blank"]]),
        "stray": strays,
    }
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            planted = json.load(file)
        check(planted, pictures, strays)
        result["planted"] = planted
    json.dump(result, sys.stdout, indent=1)
    print()


main()
