"""Any photo becomes upright 8-bit sRGB, with a note on what was done; what is none is refused in a line."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from aic_helpers.core.errors import InputError
from aic_helpers.data.own_photos import MAX_PIXELS, read_photo

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
RGB = Image.fromarray(PIXELS)


def file_of(image, kind="PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png(width, height, *, bits=8, colours=2, rows=b"") -> bytes:
    """A PNG made by hand."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_a_plain_photo_keeps_every_pixel(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(file_of(RGB))
    for source in (path, str(path), path.read_bytes()):
        photo = read_photo(source)
        assert np.array_equal(photo.pixels, PIXELS)
        assert photo.pixels.dtype == np.uint8
        assert photo.notes == []


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [
        (1, PIXELS),
        (2, PIXELS[:, ::-1]),
        (3, PIXELS[::-1, ::-1]),
        (6, np.rot90(PIXELS, -1)),
        (8, np.rot90(PIXELS)),
    ],
)
def test_a_photo_is_turned_as_its_exif_says(orientation, upright):
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = read_photo(file_of(RGB, exif=exif))
    assert np.array_equal(photo.pixels, upright)
    assert photo.notes == (["turned as its EXIF says"] if orientation > 1 else [])


def half_clear():
    alpha = np.full((20, 30), 255, np.uint8)
    alpha[:, :10] = 0
    return Image.fromarray(np.dstack([PIXELS, alpha]))


def test_what_is_transparent_becomes_white():
    photo = read_photo(file_of(half_clear()))
    assert (photo.pixels[:, :10] == 255).all()
    assert np.array_equal(photo.pixels[:, 10:], PIXELS[:, 10:])
    assert photo.notes == ["laid on white where it is transparent"]


def test_a_transparent_colour_of_a_palette_becomes_white():
    two = Image.new("P", (20, 20), 0)
    two.putpalette([10, 20, 30, 200, 100, 50])
    two.paste(1, (0, 0, 5, 20))
    photo = read_photo(file_of(two, transparency=0))
    assert photo.pixels[0, 0].tolist() == [200, 100, 50]
    assert photo.pixels[0, 10].tolist() == [255, 255, 255]
    assert photo.notes == ["a palette made RGB", "laid on white where it is transparent"]


def test_grey_of_8_and_of_16_bits():
    grey = PIXELS[:, :, 0]
    photo = read_photo(file_of(Image.fromarray(grey)))
    assert np.array_equal(photo.pixels, np.dstack([grey] * 3))
    assert photo.notes == ["greyscale made RGB"]
    deep = read_photo(file_of(Image.fromarray(grey.astype(np.uint16) * 257)))
    assert np.array_equal(deep.pixels, photo.pixels)
    assert deep.notes == ["greyscale made RGB", "16 bits per channel taken down to 8"]


def test_rgb_of_16_bits():
    rows = (b"\0" + b"\x12\x34\x56\x78\x9a\xbc" * 16) * 16
    photo = read_photo(png(16, 16, bits=16, rows=rows))
    assert photo.pixels[3, 3].tolist() == [0x12, 0x56, 0x9A]
    assert photo.notes == ["16 bits per channel taken down to 8"]


def test_cmyk():
    photo = read_photo(file_of(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "TIFF"))
    assert photo.pixels[0, 0].tolist() == [255, 0, 0]
    assert photo.notes == ["CMYK made RGB"]


def test_a_colour_profile_is_applied():
    """A profile made by hand from sRGB's: what it calls red is green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = srgb.replace(b"rXYZ", b"xXYZ").replace(b"gXYZ", b"rXYZ").replace(b"xXYZ", b"gXYZ")
    swapped = swapped.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))
    red = Image.new("RGB", (20, 20), "red")
    photo = read_photo(file_of(red, icc_profile=swapped))
    assert np.abs(photo.pixels[0, 0].astype(int) - [0, 255, 0]).max() <= 1
    assert photo.notes == ["converted from its colour profile (swap built-in) to sRGB"]
    assert read_photo(file_of(red, icc_profile=srgb)).pixels[0, 0].tolist() == [255, 0, 0]
    assert read_photo(file_of(red, icc_profile=srgb)).notes == []


def primaries(columns, description):
    """An ICC profile of version 2 by hand: three columns of XYZ, and a gamma of 2.2 for each."""

    def fixed(values):
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = description.encode() + b"\0"
    tags = {b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)}
    tags[b"wtpt"] = b"XYZ " + bytes(4) + fixed((0.9642, 1, 0.8249))
    for channel, xyz in zip((b"r", b"g", b"b"), columns, strict=True):
        tags[channel + b"XYZ"] = b"XYZ " + bytes(4) + fixed(xyz)
        tags[channel + b"TRC"] = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    table, body = b"", b""
    for name, value in tags.items():
        table += name + struct.pack(">II", 132 + 12 * len(tags) + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = struct.pack(">I", 132 + len(table) + len(body))
    head = size + bytes(4) + b"\2\x10\0\0mntrRGB XYZ " + bytes(12) + b"acsp" + bytes(28) + fixed((0.9642, 1, 0.8249))
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


SRGB = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))
DISPLAY_P3 = ((0.5151, 0.2412, -0.0011), (0.2919, 0.6922, 0.0419), (0.1572, 0.0666, 0.7841))
"""Of the two colour spaces, adapted to D50."""


def test_what_a_colour_profile_is_called_does_not_count():
    wide = read_photo(file_of(RGB, icc_profile=primaries(DISPLAY_P3, "nearly sRGB")))
    assert wide.notes == ["converted from its colour profile (nearly sRGB) to sRGB"]
    same = read_photo(file_of(RGB, icc_profile=primaries(SRGB, "my screen")))
    assert same.notes == []
    assert np.array_equal(same.pixels, PIXELS)


def test_a_colour_profile_that_is_none_is_left_out():
    photo = read_photo(file_of(RGB, icc_profile=b"no profile at all"))
    assert photo.notes == ["its colour profile can't be used; taken as sRGB"]
    assert np.array_equal(photo.pixels, PIXELS)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_an_animation_gives_its_first_frame(kind):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    photo = read_photo(file_of(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True))
    assert photo.pixels[5, 5].tolist() == [255, 0, 0]
    assert "its first frame alone" in photo.notes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"expected a photo in the file \(PNG, JPEG, WEBP, BMP, TIFF or GIF\), found 0 bytes: save it as JPEG"),
        (b"no photo", "found a file of another kind: save it as JPEG or PNG"),
        (b"\0\0\0\x18ftypheic" + bytes(200), "found a file of another kind: save it as JPEG or PNG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "found a file of another kind"),
        (file_of(Image.new("RGB", (300, 300)), "JPEG")[:-200], "expected a whole photo in the file, found a damaged"),
        (file_of(Image.new("RGB", (1, 1))), "expected a photo of at least 16 px on each side .*, found 1x1: give a"),
        (file_of(Image.new("RGB", (400, 15))), "found 400x15"),
        (png(9000, 9000), "expected a photo of at most 64 megapixels in the file, found 81.0 megapixels: make it"),
        (png(10000, 10000), "found 100.0 megapixels"),
        (png(20000, 20000), "found 400.0 megapixels: make it smaller, or crop it"),
        (
            file_of(Image.new("F", (20, 20)), "TIFF"),
            "expected 8 or 16 bits per channel in the file, found Pillow mode F",
        ),
    ],
)
def test_what_is_refused(data, message):
    with pytest.raises(InputError, match=message) as refused:
        read_photo(data)
    assert "\n" not in str(refused.value)


def test_a_large_photo_is_refused_before_its_pixels_are_read():
    """Were the limit larger, the missing pixels of this file would be the error."""
    side = int(MAX_PIXELS**0.5)
    with pytest.raises(InputError, match="a damaged one"):
        read_photo(png(side, side))
    with pytest.raises(InputError, match=r"found 64\.8 megapixels"):
        read_photo(png(side, side + 100))


def test_a_path_is_named(tmp_path):
    with pytest.raises(InputError, match=r"expected a photo at .*nowhere.jpg, found nothing: check the path"):
        read_photo(tmp_path / "nowhere.jpg")
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(InputError, match=r"expected a photo in .*empty.jpg \(.*found 0 bytes"):
        read_photo(tmp_path / "empty.jpg")
