"""Reading is strict, writing is whole, and the round trip is Pillow's bicubic on uint8."""

import os
import struct
import zlib

import numpy as np
import pytest
from fixtures.pirm2018 import round_trip
from PIL import Image, ImageCms, PngImagePlugin

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


def tagged(path, **options):
    """A file whose pixels are fine, and which says more of itself."""
    return save(path, Image.fromarray(PIXELS), **options)


def turned(way):
    exif = Image.Exif()
    exif[0x0112] = way
    return exif


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("way", [2, 3, 6, 8])
def test_an_image_that_lies_turned_is_refused(tmp_path, suffix, way):
    """A viewer turns it, Pillow doesn't (a TIFF it does): the input would be scored against a target another way up."""
    path = tagged(tmp_path / f"photo.{suffix}", exif=turned(way))
    with pytest.raises(InputError, match=f"expected an upright image in .*, found an EXIF orientation of {way}, which"):
        images.read_rgb(path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
@pytest.mark.parametrize("way", [0, 1, 9])
def test_an_orientation_that_turns_nothing_is_taken(tmp_path, suffix, way):
    assert images.read_rgb(tagged(tmp_path / f"photo.{suffix}", exif=turned(way))).shape == PIXELS.shape


def test_values_count_as_they_stand_whatever_colours_they_are_said_to_be(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, profile in (("named", srgb), ("unreadable", b"no profile")):
        assert np.array_equal(images.read_rgb(tagged(tmp_path / f"{name}.png", icc_profile=profile)), PIXELS)
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", struct.pack(">I", 100000))
    assert np.array_equal(images.read_rgb(tagged(tmp_path / "linear.png", pnginfo=chunks)), PIXELS)


def test_several_pages_and_a_transparent_colour_are_refused(tmp_path):
    pages = {"save_all": True, "append_images": [Image.fromarray(PIXELS[::-1])]}
    for suffix in ("tif", "png", "webp"):
        with pytest.raises(InputError, match=r"expected one picture in .*, found 2 frames or pages"):
            images.read_rgb(tagged(tmp_path / f"pages.{suffix}", **pages))
    with pytest.raises(InputError, match="found a colour that is transparent"):
        images.read_rgb(tagged(tmp_path / "hole.png", transparency=(1, 2, 3)))


def test_of_a_phones_jpeg_with_a_second_picture_the_first_is_read(tmp_path):
    """Such a file holds a preview or a depth map behind the photo."""
    path = tmp_path / "photo.jpg"
    Image.fromarray(PIXELS).save(path, format="MPO", save_all=True, append_images=[Image.new("RGB", (4, 4))])
    assert images.read_rgb(path).shape == PIXELS.shape


@pytest.mark.parametrize(("mode", "words"), [("CMYK", "CMYK"), ("F", "floating values"), ("1", "black and white")])
def test_other_kinds_of_tiff(tmp_path, mode, words):
    with pytest.raises(InputError, match=f"expected 8-bit RGB in .*, found {words}: convert it to 8-bit RGB first"):
        images.read_rgb(save(tmp_path / "photo.tif", Image.new(mode, (4, 4))))


def tiff(bits):
    """An RGB TIFF of 2x2 px in Intel order, of zeros, written by hand."""
    entries = [(256, 4, 1, 2), (257, 4, 1, 2), (258, 3, 3, 122), (259, 3, 1, 1), (262, 3, 1, 2), (273, 4, 1, 128)]
    entries += [(277, 3, 1, 3), (278, 4, 1, 2), (279, 4, 1, 12 * bits // 8)]
    tags = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\0" + struct.pack("<IH", 8, len(entries)) + tags + struct.pack("<I", 0)
    return head + struct.pack("<HHH", bits, bits, bits) + bytes(12 * bits // 8)


def test_16_bits_of_a_tiff_are_refused(tmp_path):
    """Pillow cuts their lower bytes off."""
    path = tmp_path / "photo.tif"
    path.write_bytes(tiff(8))
    assert images.read_rgb(path).tolist() == np.zeros((2, 2, 3)).tolist()
    path.write_bytes(tiff(16))
    with pytest.raises(InputError, match=r"expected 8-bit RGB in .*, found 16 bits per channel: convert it"):
        images.read_rgb(path)


def test_an_image_beyond_what_pillow_takes_is_told_by_its_size(tmp_path):
    """Its header says 20000 x 20000 px; nothing is unpacked."""
    path = save(tmp_path / "vast.png", Image.fromarray(PIXELS))
    content = bytearray(path.read_bytes())
    content[16:24] = struct.pack(">II", 20000, 20000)
    content[29:33] = struct.pack(">I", zlib.crc32(bytes(content[12:29])))
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"expected an image of at most 179 megapixels in .*, found 400 megapixels"):
        images.read_rgb(path)


def test_an_empty_file_is_told_as_empty(tmp_path):
    (tmp_path / "photo.png").touch()
    with pytest.raises(InputError, match=r"expected an image in .*photo.png, found 0 bytes: give a PNG or JPEG photo"):
        images.read_rgb(tmp_path / "photo.png")


def test_16_bit_rgb_is_refused(tmp_path):
    """Pillow reads it as 8 bits without a word. The file: 1x1 px, 16 bits, colour type 2, made by hand."""

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


def test_names_of_one_number_come_in_one_order(tmp_path):
    for name in ("1.png", "001.png", "01.png"):
        (tmp_path / name).touch()
    assert [path.name for path in images.list_images(tmp_path)] == ["001.png", "01.png", "1.png"]


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    path = images.write_png(tmp_path / "photo.png", PIXELS)
    monkeypatch.setattr(Image, "open", refuse)
    with pytest.raises(
        InputError, match=r"expected an image to read at .*, found no permission to read it: change its p"
    ):
        images.read_rgb(path)


def test_what_a_system_left_is_no_image(tmp_path):
    for name in ("1.png", "._1.png", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).touch()
    (tmp_path / "@eaDir").mkdir()
    assert [path.name for path in images.list_images(tmp_path)] == ["1.png"]


def test_a_digit_that_is_no_number_is_a_letter(tmp_path):
    for name in ("10\u00b2.png", "9\u00b2.png", "\u00b25.png"):
        (tmp_path / name).touch()
    assert [path.name for path in images.list_images(tmp_path)] == ["9\u00b2.png", "10\u00b2.png", "\u00b25.png"]


@pytest.mark.parametrize(
    ("make", "found"),
    [
        (lambda folder: (folder / "x.png").symlink_to(folder / "away.png"), "a link that leads nowhere called x.png"),
        (lambda folder: (folder / "x.PNG").mkdir(), "a folder called x.PNG"),
        (lambda folder: os.mkfifo(folder / "x.jpg"), "no file called x.jpg"),
        (lambda folder: (folder / "x.heic").touch(), "x.heic: convert it to PNG, or take it away"),
        (lambda folder: (folder / "x.gif").touch(), "x.gif: convert it to PNG, or take it away"),
        (
            lambda folder: (folder / os.fsdecode(b"caf\xe9.png")).touch(),
            r"caf\\udce9.png: rename it in UTF-8",
        ),
    ],
)
def test_no_image_is_left_out_in_silence(tmp_path, make, found):
    (tmp_path / "1.png").touch()
    make(tmp_path)
    with pytest.raises(InputError, match=found):
        images.list_images(tmp_path)


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
    assert np.array_equal(round_trip(PIXELS), expected)
    with pytest.raises(InputError, match="expected sides that are multiples of 4, found 15x12"):
        round_trip(PIXELS[:, :15])


def test_crops():
    assert images.crop_to_multiple(PIXELS[:11, :15], 4).shape == (8, 12, 3)
    assert np.array_equal(images.crop_border(PIXELS, 2), PIXELS[2:10, 2:14])
    assert images.crop_border(PIXELS, 0) is PIXELS
