"""Reference decoders for conformance.mjs: reads lines of a path, a tab and where its pixels go; answers a line of JSON each.

PNG: pngtopam (libpng), the transparent colour of tRNS is compared here. JPEG: djpeg -dct int (libjpeg-turbo). WebP: dwebp
(libwebp), Pillow for animations. These are turned as Pillow reads EXIF. SVG: rsvg-convert (librsvg). Others: Pillow. Pixels are RGBA with 16 bits, little endian; 8 bits are times 257. For all
but SVG the verdict of Pillow comes along.
"""

import io
import json
import re
import subprocess
import sys

import numpy
from PIL import Image, ImageOps

Image.MAX_IMAGE_PIXELS = None

# What pngtopam says of files in which nothing is wrong.
CHATTER = r"^\s*$|non-square pixels|different bit depths|bit resolution|setjmp returns"


def read_pnm(data):
    """The samples of a binary PGM, PPM or PAM as 16-bit rows, pixels and channels; stretched to 16 bits."""
    if data[:2] == b"P7":
        head, body = data.split(b"ENDHDR\n", 1)
        fields = dict(line.split()[:2] for line in head.decode().splitlines()[1:] if line and not line.startswith("#"))
        width, height, depth, most = (int(fields[name]) for name in ("WIDTH", "HEIGHT", "DEPTH", "MAXVAL"))
    else:
        if data[:2] == b"P4":
            width, height = map(int, data.split(maxsplit=3)[1:3])
            size = (width + 7) // 8 * height
            bits = numpy.unpackbits(numpy.frombuffer(data[-size:], "u1").reshape(height, -1), axis=1)[:, :width, None]
            return (1 - bits.astype(numpy.uint64)) * 65535
        width, height, most = map(int, data.split(maxsplit=4)[1:4])
        depth = 3 if data[:2] == b"P6" else 1
        body = data[-width * height * depth * (2 if most > 255 else 1) :]
    samples = numpy.frombuffer(body, ">u2" if most > 255 else "u1", width * height * depth).astype(numpy.uint64)
    return ((samples * 65535 + most // 2) // most).reshape(height, width, depth)


def to_rgba(samples):
    height, width, channels = samples.shape
    out = numpy.full((height, width, 4), 65535, "<u2")
    out[:, :, :3] = samples[:, :, :3] if channels >= 3 else samples[:, :, :1]
    if channels in (2, 4):
        out[:, :, 3] = samples[:, :, channels - 1]
    return out


def run(*command):
    done = subprocess.run(command, capture_output=True, timeout=60)
    lines = done.stderr.decode("utf8", "replace").splitlines()
    lines = [line.replace("pngtopam: fatal", "fatal") for line in lines if not re.search(CHATTER, line)]
    return done.returncode, done.stdout, " / ".join(lines)


def from_pillow(file):
    with Image.open(file) as image:
        image.load()
        if image.mode in ("I;16", "I;16B", "I;16L", "I", "F") and image.format != "TIFF":
            samples = numpy.asarray(image).astype(numpy.uint64)
            return to_rgba(samples.reshape(*samples.shape, 1))
        if image.mode in ("I", "F"):
            return None
        if image.mode.startswith("I;16"):
            return to_rgba(numpy.asarray(image).astype("u2")[:, :, None])
        turned = ImageOps.exif_transpose(image)
        # Straight from CMYK to RGBA is not possible.
        rgba = (turned.convert("RGB") if turned.mode == "CMYK" else turned).convert("RGBA")
        return numpy.asarray(rgba).astype("<u2") * 257


def turn(file, pixels):
    """As EXIF says."""
    try:
        with Image.open(file) as image:
            orientation = image.getexif().get(274, 1)
    except Exception:
        orientation = 1
    ways = {"h": lambda p: p[:, ::-1], "v": lambda p: p[::-1], "t": lambda p: p.transpose(1, 0, 2)}
    for way in {2: "h", 3: "hv", 4: "v", 5: "t", 6: "th", 7: "thv", 8: "tv"}.get(orientation, ""):
        pixels = ways[way](pixels)
    return pixels


def transparent_colour(data):
    """The samples that a PNG of grey or RGB without alpha declares transparent, or None."""
    at = 8
    while at + 12 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name == b"tRNS" and data[25] in (0, 2):
            return [int.from_bytes(data[at + 8 + i : at + 10 + i], "big") for i in range(0, size, 2)]
        at += size + 12
    return None


def from_pngtopam(file):
    code, out, said = run("pngtopam", "-alphapam", file)
    if code != 0:
        return None, said
    with open(file, "rb") as source:
        data = source.read()
    colour = transparent_colour(data)
    if colour is None:
        return turn(file, to_rgba(read_pnm(out))), said
    # pngtopam takes gAMA into account when it looks for the colour.
    samples = read_pnm(run("pngtopam", file)[1])
    pixels = to_rgba(samples)
    most = (1 << data[24]) - 1
    key = [value * 65535 // most for value in colour]
    pixels[:, :, 3] = numpy.where((pixels[:, :, : len(key)] == key).all(axis=2), 0, 65535)
    return turn(file, pixels), said


def reference(file, kind):
    """Name of the decoder, what it answers or None, and what it complains about."""
    if kind == "png":
        return "pngtopam", *from_pngtopam(file)
    if kind == "jpeg":
        code, out, said = run("djpeg", "-dct", "int", "-pnm", file)
        if code not in (0, 2) or len(out) == 0:
            return "djpeg", None, said
        return "djpeg", turn(file, to_rgba(read_pnm(out))), said
    if kind == "webp":
        code, out, said = run("dwebp", "-quiet", "-pam", file, "-o", "-")
        if code == 0:
            return "dwebp", turn(file, to_rgba(read_pnm(out))), ""
        # dwebp takes no animations.
    if kind == "svg":
        code, out, said = run("rsvg-convert", file)
        if code != 0:
            return "rsvg-convert", None, said
        return "rsvg-convert", numpy.asarray(Image.open(io.BytesIO(out)).convert("RGBA")).astype("<u2") * 257, said
    try:
        return "Pillow", from_pillow(file), ""
    except Exception as error:
        return "Pillow", None, str(error).replace(f" '{file}'", "")


for line in sys.stdin:
    path, kind, target = line.rstrip("\n").split("\t")
    decoder, found, complaint = reference(path, kind)
    answer = {"decoder": decoder, "complaint": complaint, "decoded": found is not None, "pillow": ""}
    try:
        from_pillow(path)
    except Exception as error:
        answer["pillow"] = str(error).replace(f" '{path}'", "") or type(error).__name__
    if found is not None:
        answer["height"], answer["width"] = found.shape[:2]
        numpy.ascontiguousarray(found, "<u2").tofile(target)
    print(json.dumps(answer), flush=True)
