"""The page that shows what models make of photos: its pictures, figures and sentences."""

import base64
import io
import json
import re

import numpy as np
import pytest
from fixtures.browsing import HOSTILE
from fixtures.comparisons import FakeOutputs, model
from PIL import Image

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable
from aic_helpers.core.tracks import ENHANCEMENT, SUPER_RESOLUTION
from aic_helpers.dashboard import compared_images, comparison_pages
from aic_helpers.data import own_photos
from aic_helpers.data.images import as_float, as_uint8, write_png
from aic_helpers.evaluation.per_image import score_output

BASELINE = "sample_sr_srcnn"


@pytest.fixture(autouse=True)
def outputs(monkeypatch):
    """What runs the models, which are files that say what they do."""
    monkeypatch.setattr(compared_images, "Outputs", FakeOutputs)


def noise(height=240, width=200, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def photo(folder, name="photo.png", pixels=None):
    path = folder / name
    write_png(path, noise() if pixels is None else pixels)
    return path


def write(folder, models, track=SUPER_RESOLUTION, way=own_photos.AS_IT_IS, **how):
    """Write the page; return what was written, what its viewer is told, and the pictures by image and name."""
    path = folder / "page.html"
    written = comparison_pages.write_page(models, path, track, way=way, progress=lambda *_: None, **how)
    page = path.read_text("utf-8")
    told = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    given, pictures = told["catalogue"], {}
    for image, shown, content in re.findall(r'data-image="(\d+)" data-shown="(\d+)"[^>]*;base64,([^"]*)"', page):
        key = given["images"][int(image)]["name"], given["shown"][int(shown)]["name"]
        with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            pictures[key] = np.asarray(picture.convert("RGB"))
    return written, told, pictures


def test_the_pictures_are_the_arrays(tmp_path):
    given = noise()
    models = [model(tmp_path, "little"), model(tmp_path, "much", "adds 0.3")]
    written, told, pictures = write(tmp_path, models, photos=[photo(tmp_path)])
    assert written.exact
    assert [shown["name"] for shown in told["catalogue"]["shown"]] == ["input", BASELINE, "little", "much"]
    np.testing.assert_array_equal(pictures["photo.png", "input"], given)
    for name, added in (("little", 0.1), ("much", 0.3)):
        expected = as_uint8(as_float(given) + np.float32(added))
        np.testing.assert_array_equal(pictures["photo.png", name], expected)


def test_without_a_target_there_are_no_figures_and_no_reference(tmp_path):
    _, told, _ = write(tmp_path, [model(tmp_path, "net")], photos=[photo(tmp_path)])
    (image,) = told["catalogue"]["images"]
    assert (image["target"], told["catalogue"]["reference"], told["catalogue"]["ways"]) == (False, "", [])
    assert set(image["figures"]["net"].values()) == {None}
    assert told["view"]["panes"] == ["input", BASELINE, "net"]


def test_as_the_target_a_photo_has_figures_by_the_protocol(tmp_path):
    _, told, pictures = write(tmp_path, [model(tmp_path, "net")], way=own_photos.AS_TARGET, photos=[photo(tmp_path)])
    (image,) = told["catalogue"]["images"]
    before, target = own_photos.prepare(noise(), own_photos.AS_TARGET, SUPER_RESOLUTION)
    np.testing.assert_array_equal(pictures["photo.png", "target"], noise())
    for name, output in (("input", before), ("net", before + np.float32(0.1))):
        expected = score_output(target, output, SUPER_RESOLUTION)
        assert image["figures"][name] == {key: pytest.approx(expected[key]) for key in ("psnr_db", "ms_ssim")}
    assert image["words"] == "Taken as the target."
    assert told["catalogue"]["baseline"] == BASELINE


def test_too_small_a_photo_has_pictures_and_no_figures(tmp_path):
    small = photo(tmp_path, pixels=noise(40, 40))
    written, told, pictures = write(tmp_path, [model(tmp_path, "net")], way=own_photos.AS_TARGET, photos=[small])
    assert written.compared.failures == []
    assert told["catalogue"]["images"][0]["figures"]["net"] == {"psnr_db": None, "ms_ssim": None}
    assert set(pictures) == {("photo.png", name) for name in ("input", "target", BASELINE, "net")}


def test_validation_images_are_taken_where_no_photo_is_named(tmp_path):
    for name in ("one", "two", "three"):
        write_png(tmp_path / "data" / "super_resolution" / "targets" / f"{name}.png", noise())
    _, told, pictures = write(tmp_path, [model(tmp_path, "net")], data=str(tmp_path / "data"), limit=2)
    assert len(told["catalogue"]["images"]) == 2
    assert len(pictures) == 2 * 4
    assert told["catalogue"]["data"] == str(tmp_path / "data")


def test_a_model_that_fails_stops_no_other(tmp_path):
    models = [model(tmp_path, "bad", "fails"), model(tmp_path, "good"), "nonesuch"]
    written, told, pictures = write(tmp_path, models, photos=[photo(tmp_path)])
    assert ("photo.png", "good") in pictures
    failures = told["catalogue"]["images"][0]["failures"]
    assert failures["bad"] == "it died of SIGSEGV"
    assert failures["nonesuch"].startswith("expected a pretrained name")
    assert written.compared.failures[0] == "bad: it died of SIGSEGV"
    assert told["view"]["panes"] == ["input", BASELINE, "good"], "what failed isn't what one looks at first"


@pytest.mark.parametrize("does", ["fails", None], ids=["it fails", "there is none"])
def test_where_no_model_gives_anything_the_page_before_stays(tmp_path, does):
    (tmp_path / "page.html").write_text("before")
    models = [model(tmp_path, "bad", does) if does else "nonesuch"]
    with pytest.raises(InputError, match=r"^expected a model that gives an image, found none \((bad|nonesuch): .*\)"):
        write(tmp_path, models, photos=[photo(tmp_path)])
    assert (tmp_path / "page.html").read_text() == "before"


def test_a_model_of_the_other_track_is_told(tmp_path):
    written, told, _ = write(tmp_path, [model(tmp_path, "net"), "fast_enhancement"], photos=[photo(tmp_path)])
    assert written.notes == ["fast_enhancement is left out: it was made for the other track"]
    assert told["catalogue"]["notes"] == written.notes


def test_pictures_that_are_too_many_are_compressed_and_the_page_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison_pages, "EXACT_BYTES", 100_000)
    written, told, pictures = write(tmp_path, [model(tmp_path, "net")], photos=[photo(tmp_path)])
    assert not written.exact
    (note,) = told["catalogue"]["notes"]
    assert re.fullmatch(r"The pictures are compressed with some loss \(WebP, quality 95\): exact .* take \d MB\.", note)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.count(" data-inexact ") == 3
    difference = np.abs(pictures["photo.png", "input"].astype(int) - noise())
    assert 0 < difference.mean() < 60


@pytest.mark.parametrize(("exact", "kind"), [(True, "png"), (False, "jpeg")])
def test_an_image_too_wide_for_webp(exact, kind):
    wide = noise(2, comparison_pages.WEBP_SIDE_PX + 1)
    picture = comparison_pages.encoded(wide)
    picture = picture if exact else comparison_pages._with_loss(picture)
    assert (picture.kind, picture.exact, picture.width_px) == (kind, exact, 16384)
    with Image.open(io.BytesIO(base64.b64decode(picture.base64))) as image:
        assert image.format == kind.upper()


def test_photos_of_one_name_are_told_apart(tmp_path):
    paths = [photo(tmp_path / name, pixels=noise(seed=seed)) for seed, name in enumerate("ab")]
    _, told, pictures = write(tmp_path, [model(tmp_path, "net")], photos=paths)
    assert [image["name"] for image in told["catalogue"]["images"]] == ["photo.png", "photo.png (2)"]
    np.testing.assert_array_equal(pictures["photo.png (2)", "input"], noise(seed=1))


def test_no_photo_takes_the_name_of_another(tmp_path):
    (tmp_path / "other").mkdir()
    paths = [photo(tmp_path), photo(tmp_path / "other", pixels=noise(seed=1)), photo(tmp_path)]
    paths.append(photo(tmp_path, "photo.png (2)", noise(seed=2)))
    _, told, pictures = write(tmp_path, [model(tmp_path, "net")], photos=paths)
    names = ["photo.png", "photo.png (3)", "photo.png (4)", "photo.png (2)"]
    assert [image["name"] for image in told["catalogue"]["images"]] == names
    for name, seed in zip(names, (0, 1, 0, 2), strict=True):
        np.testing.assert_array_equal(pictures[name, "input"], noise(seed=seed))


@pytest.mark.parametrize(
    ("track", "way", "message"),
    [
        (ENHANCEMENT, "as the target", "as it is, found as the target: name one such as 'as it is'"),
        (
            SUPER_RESOLUTION,
            "enlarged",
            "as it is, enlarged first, as the target, found enlarged: did you mean enlarged",
        ),
    ],
)
def test_a_way_that_a_track_has_not(tmp_path, track, way, message):
    with pytest.raises(InputError, match=message):
        write(tmp_path, ["net"], track, way, photos=[photo(tmp_path)])


def test_names_end_no_script(tmp_path):
    models = [model(tmp_path, f"net{number}") for number in range(len(HOSTILE))]
    found = [text.replace("/", "").encode("utf-8", "replace").decode().replace("\0", "") for text in HOSTILE]
    paths = [photo(tmp_path, f"{text}.png") for text in found]
    _, told, _ = write(tmp_path, models[:1], photos=paths)
    assert [image["name"] for image in told["catalogue"]["images"]] == [printable(f"{text}.png") for text in found]
    page = (tmp_path / "page.html").read_text("utf-8")
    assert len(re.findall(r"<(script|iframe|svg|b onclick)\b", page)) == 2
