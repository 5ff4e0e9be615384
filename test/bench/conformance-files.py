"""Writes images of many formats and modes into a folder, for conformance.mjs: conformance-files.py FOLDER."""

import itertools
import pathlib
import subprocess
import sys

import numpy
from PIL import Image

folder = pathlib.Path(sys.argv[1])
random = numpy.random.default_rng(1)
WIDTH, HEIGHT = 37, 23


def samples(channels, dtype="u1"):
    """Slopes with noise."""
    y, x = numpy.mgrid[:HEIGHT, :WIDTH]
    planes = [x * 5 + y * 3 * (c + 1) + random.integers(0, 30, (HEIGHT, WIDTH)) for c in range(channels)]
    pixels = numpy.stack(planes, 2) % 256
    if dtype == "u2":
        pixels = pixels * 256 + random.integers(0, 256, pixels.shape)
    pixels = pixels.astype(dtype)
    return pixels[:, :, 0] if channels == 1 else pixels


grey, rgb, rgba, cmyk = (Image.fromarray(samples(n), mode) for n, mode in ((1, "L"), (3, "RGB"), (4, "RGBA"), (4, "CMYK")))
bits = grey.convert("1")
palette = rgb.quantize(16)
wide = Image.fromarray(samples(1, "u2"))
grey_alpha = Image.fromarray(samples(2), "LA")


def save(name, image, **options):
    image.save(folder / name, **options)


for name, image in {"bits": bits, "grey": grey, "palette": palette, "rgb": rgb, "rgba": rgba}.items():
    save(f"{name}.bmp", image)
    save(f"{name}.png", image)
for name, image in {"bits": bits, "grey": grey, "rgb": rgb}.items():
    save(f"{name}.pnm", image)
save("wide.pgm", wide)

kinds = {"bits": bits, "grey": grey, "grey_alpha": grey_alpha, "palette": palette, "rgb": rgb, "rgba": rgba}
kinds |= {"cmyk": cmyk, "wide": wide}
for (name, image), compression in itertools.product(
    kinds.items(), ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "group4", "jpeg")
):
    if (compression == "group4") != (name == "bits") and compression == "group4":
        continue
    if compression == "jpeg" and name not in ("grey", "rgb", "cmyk"):
        continue
    save(f"{name}_{compression}.tif", image, compression=compression)
save("big.tif", rgb, big_tiff=True)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[274] = orientation
    save(f"turned{orientation}.jpg", rgb, exif=exif, quality=95)
    save(f"turned{orientation}.tif", rgb, tiffinfo={274: orientation})
    save(f"turned{orientation}.webp", rgb, exif=exif, lossless=True)

for name, image in {"grey": grey, "rgb": rgb, "cmyk": cmyk}.items():
    for quality, progressive, sampling in itertools.product((30, 90), (False, True), (0, 1, 2)):
        options = {} if name != "rgb" else {"subsampling": sampling}
        save(f"{name}_{quality}_{progressive}_{sampling}.jpg", image, quality=quality, progressive=progressive, **options)
save("restarts.jpg", rgb, restart_marker_blocks=2)
save("keep_rgb.jpg", rgb, keep_rgb=True)
pnm = folder / "rgb.pnm"
with open(folder / "arithmetic.jpg", "wb") as target:
    subprocess.run(["cjpeg", "-arithmetic", pnm], stdout=target, check=True)
with open(folder / "arithmetic_progressive.jpg", "wb") as target:
    subprocess.run(["cjpeg", "-arithmetic", "-progressive", pnm], stdout=target, check=True)

for name, image in {"rgb": rgb, "rgba": rgba}.items():
    save(f"{name}_lossy.webp", image, quality=70)
    save(f"{name}_lossless.webp", image, lossless=True, exact=True)
    save(f"{name}.avif", image, quality=90, subsampling="4:4:4")
# Halved colours differ between decoders where colours are extreme.
y, x = numpy.mgrid[:HEIGHT, :WIDTH]
smooth = Image.fromarray(numpy.stack([60 + x * 3, 60 + y * 5, 180 - x - y], 2).astype("u1"), "RGB")
save("smooth_420.avif", smooth, quality=60)
frames = [rgb.rotate(turn) for turn in (90, 180)]
for extension in ("gif", "webp", "png", "tif"):
    save(f"animated.{extension}", rgb, save_all=True, append_images=frames)
save("grey.gif", grey)
save("interlaced.gif", palette, interlace=1)
save("plain.gif", palette, interlace=0)
save("transparent.gif", palette, transparency=3)
