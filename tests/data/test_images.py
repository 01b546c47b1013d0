"""Reading is strict, writing is whole, and the round trip is Pillow's bicubic on uint8."""

import numpy as np
import pytest
from PIL import Image

from aic_helpers.core.errors import InputError
from aic_helpers.data import images

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)


def test_png_keeps_every_pixel(tmp_path):
    assert np.array_equal(images.read_rgb(images.write_png(tmp_path / "a" / "b.png", PIXELS)), PIXELS)
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.png"]


def test_floats_are_clipped_and_rounded():
    floats = np.array([[[-0.2, 0.5, 1.3]]])
    assert images.as_uint8(floats).tolist() == [[[0, 128, 255]]]
    assert np.array_equal(images.as_uint8(images.as_float(PIXELS)), PIXELS)


def save(path, image, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path, "expected an image at .*, found nothing: check the path"),
        (lambda path: path.mkdir(), "found a folder"),
        (lambda path: path.write_text("no photo"), "found a file of another kind: give a PNG or JPEG photo"),
        (lambda path: save(path, Image.new("L", (4, 4))), "expected 8-bit RGB in .*, found greyscale"),
        (lambda path: save(path, Image.new("RGBA", (4, 4))), r"found RGBA \(with alpha\)"),
        (lambda path: save(path, Image.new("I;16", (4, 4))), "found 16-bit greyscale: convert it to 8-bit RGB"),
        (lambda path: save(path, Image.new("P", (4, 4))), "found a palette"),
    ],
)
def test_what_is_refused(tmp_path, make, message):
    path = tmp_path / "photo.png"
    make(path)
    with pytest.raises(InputError, match=message):
        images.read_rgb(path)


def test_16_bit_rgb_is_refused(tmp_path):
    """Pillow reads it as 8 bits without a word. The file: 1x1 px, 16 bits, colour type 2, made by hand."""
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path = tmp_path / "deep.png"
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" + b"\x12\x34" * 3))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b""))
    with pytest.raises(InputError, match="found 16 bits per channel"):
        images.read_rgb(path)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_truncated_image_is_refused(tmp_path, suffix):
    whole = save(tmp_path / f"whole.{suffix}", Image.fromarray(np.tile(PIXELS, (20, 20, 1))))
    part = tmp_path / f"part.{suffix}"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(InputError, match=r"expected a whole image in .*, found a damaged one"):
        images.read_rgb(part)


def test_images_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("10.png", "9.png", "b2.png", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in images.list_images(tmp_path)] == ["9.png", "10.png", "b2.png"]


def test_an_empty_folder(tmp_path):
    with pytest.raises(InputError, match=r"expected images in .*, found none: put PNG or JPEG files there"):
        images.list_images(tmp_path)
    with pytest.raises(InputError, match=r"expected a folder of images at .*, found nothing: check the path"):
        images.list_images(tmp_path / "nowhere")
    (tmp_path / "photo.png").touch()
    with pytest.raises(InputError, match=r"expected a folder of images at .*photo.png, found a file: check the path"):
        images.list_images(tmp_path / "photo.png")


def test_the_round_trip_is_two_bicubic_steps_of_pillow():
    small = Image.fromarray(PIXELS).resize((4, 3), Image.Resampling.BICUBIC)
    expected = np.asarray(small.resize((16, 12), Image.Resampling.BICUBIC))
    assert np.array_equal(images.bicubic_round_trip(PIXELS, 4), expected)
    with pytest.raises(InputError, match="expected sides that are multiples of 4, found 15x12"):
        images.bicubic_round_trip(PIXELS[:, :15], 4)


def test_crops():
    assert images.crop_to_multiple(PIXELS[:11, :15], 4).shape == (8, 12, 3)
    assert np.array_equal(images.crop_border(PIXELS, 2), PIXELS[2:10, 2:14])
    assert images.crop_border(PIXELS, 0) is PIXELS
