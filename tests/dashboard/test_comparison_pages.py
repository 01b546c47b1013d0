"""The page that shows what models make of photos: its pictures, figures and sentences."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from fixtures import run_folders
from fixtures.browsing import HOSTILE
from fixtures.comparisons import FakeOutputs, model
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION
from PIL import Image

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable
from aic_helpers.dashboard import compared_images, comparison_pages
from aic_helpers.data import own_photos
from aic_helpers.data.images import as_float, as_uint8, write_png
from aic_helpers.evaluation.protocols import score_output

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
    """Write the page; return what was written, what its viewer is told, and the pictures by image and name.

    What stands above the viewer is put into the catalogue, as `notes` and `heading`.
    """
    path = folder / "page.html"
    written = comparison_pages.write_page(models, path, track, way=way, progress=lambda *_: None, **how)
    page = path.read_text("utf-8")
    told = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    given, pictures = told["catalogue"], {}
    assert (given["title"], given["data"], given["notes"]) == ("", "", []), "the viewer says nothing again"
    given["heading"], *given["notes"] = map(
        html.unescape, re.findall(r'<p class="quiet">(.*?)</p>', page.partition('<div class="wide">')[0])
    )
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
    made = own_photos.prepare(noise(), own_photos.AS_TARGET, SUPER_RESOLUTION)
    np.testing.assert_array_equal(pictures["photo.png", "target"], noise())
    for name, output in (("input", made.given), ("net", made.given + np.float32(0.1))):
        expected = score_output(made.target, output, SUPER_RESOLUTION.protocol)
        assert image["figures"][name] == {key: pytest.approx(expected[key]) for key in ("psnr_db", "ms_ssim")}
    assert image["words"] == "Taken as the target."
    assert told["catalogue"]["baseline"] == BASELINE


def test_too_small_a_photo_has_pictures_and_no_figures(tmp_path):
    small = photo(tmp_path, pixels=noise(40, 40))
    written, told, pictures = write(tmp_path, [model(tmp_path, "net")], way=own_photos.AS_TARGET, photos=[small])
    assert written.compared.failures == []
    assert told["catalogue"]["images"][0]["figures"]["net"] == {"psnr_db": None, "ms_ssim": None}
    why = "40x40 is too small for the five scales of MS-SSIM inside the border of 16 px"
    assert told["catalogue"]["images"][0]["words"] == f"Taken as the target. No figures: {why}."
    assert written.notes == [f"photo.png has no figures: {why}"]
    assert set(pictures) == {("photo.png", name) for name in ("input", "target", BASELINE, "net")}


def test_validation_images_are_taken_where_no_photo_is_named(tmp_path):
    for name in ("one", "two", "three"):
        write_png(tmp_path / "data" / "super_resolution" / "targets" / f"{name}.png", noise())
    _, told, pictures = write(tmp_path, [model(tmp_path, "net")], data=str(tmp_path / "data"), limit=2)
    assert len(told["catalogue"]["images"]) == 2
    assert len(pictures) == 2 * 4
    assert told["catalogue"]["heading"] == f"Track A: super-resolution. Data: <bdi>{tmp_path / 'data'}</bdi>."


def test_a_model_that_fails_stops_no_other(tmp_path):
    models = [model(tmp_path, "bad", "fails"), model(tmp_path, "good"), "nonesuch"]
    written, told, pictures = write(tmp_path, models, photos=[photo(tmp_path)])
    assert ("photo.png", "good") in pictures
    failures = told["catalogue"]["images"][0]["failures"]
    assert failures["bad"] == "it died of SIGSEGV"
    assert failures["nonesuch"].startswith("expected a pretrained name")
    assert written.compared.failures[0] == "bad: it died of SIGSEGV"
    assert told["catalogue"]["notes"] == written.compared.failures == written.notes
    assert told["view"]["panes"] == ["input", BASELINE, "good"], "what failed isn't what one looks at first"


def test_reasons_that_differ_by_photo_name_it(tmp_path):
    paths = [photo(tmp_path, f"{rows}.png", noise(rows)) for rows in (240, 280, 100)]
    models = [model(tmp_path, "net"), model(tmp_path, "modest", "wants small"), model(tmp_path, "bad", "fails")]
    written, told, _ = write(tmp_path, models, photos=paths)
    assert told["catalogue"]["notes"] == [
        "modest on 240.png: 240 rows are too many",
        "modest on 280.png: 280 rows are too many",
        "bad: it died of SIGSEGV",
    ]
    paths.pop()
    written, _, _ = write(tmp_path, models[:2], photos=paths)
    assert written.notes[0] == "modest on 240.png: 240 rows are too many", "also where it gives nothing at all"


def test_a_model_that_takes_too_long_is_run_once(tmp_path):
    paths = [photo(tmp_path, name) for name in ("a.png", "b.png", "c.png")]
    written, told, _ = write(tmp_path, [model(tmp_path, "slow", "hangs"), model(tmp_path, "net")], photos=paths)
    assert [name for name in FakeOutputs.runs if name in ("slow.pb", "net.pb")] == ["slow.pb", *["net.pb"] * 3]
    assert written.notes == [
        "slow on a.png: no reply within 120 s; it was ended",
        "slow on b.png, c.png: not run after it took too long on a.png",
    ]
    failures = [image["failures"] for image in told["catalogue"]["images"]]
    assert failures[2] == {"slow": "not run after it took too long on a.png"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad", r"found none \(bad: it died of SIGSEGV\): name another model, or a smaller photo$"),
        ("nonesuch", r"found none \(nonesuch: expected a pretrained name.*\): name another model$"),
        ("folder", r"found none \(folder: expected a result at .* with: aic run\): name another model$"),
        ("alien", r"found none \(alien: .* no JSON object: name another folder, or remove .*\): name another model$"),
    ],
)
def test_where_no_model_gives_anything_the_page_before_stays(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "page.html").write_text("before")
    (tmp_path / "folder").mkdir()
    (tmp_path / "alien").mkdir()
    (tmp_path / "alien" / "result.json").write_text("[]")
    models = [model(tmp_path, "bad", "fails") if name == "bad" else name]
    with pytest.raises(InputError, match=f"^expected a model that gives an image, {message}"):
        write(tmp_path, models, photos=[photo(tmp_path)])
    assert (tmp_path / "page.html").read_text() == "before"


def test_models_of_the_other_track_alone_make_no_page(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "result.json").write_text(json.dumps(run_folders.result()))
    message = "^expected a model for Track B: photo enhancement, found fast_sr, ours, made for another task: name one"
    with pytest.raises(InputError, match=message):
        write(tmp_path, ["fast_sr", str(tmp_path / "ours")], ENHANCEMENT, photos=[photo(tmp_path)])
    assert not (tmp_path / "page.html").exists()


def test_the_baseline_alone_is_shown_where_it_is_named(tmp_path):
    models = [BASELINE, "fast_enhancement", model(tmp_path, "bad", "fails")]
    written, _, pictures = write(tmp_path, models, photos=[photo(tmp_path)])
    assert set(pictures) == {("photo.png", "input"), ("photo.png", BASELINE)}
    assert written.notes == [
        "fast_enhancement is left out: it was made for another task",
        "bad: it died of SIGSEGV",
    ]


def test_a_model_of_the_other_track_is_told(tmp_path):
    written, told, _ = write(tmp_path, [model(tmp_path, "net"), "fast_enhancement"], photos=[photo(tmp_path)])
    assert written.notes == ["fast_enhancement is left out: it was made for another task"]
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


SIDES = {"webp": 200, "jpeg": comparison_pages.WEBP_SIDE_PX + 1, "png": comparison_pages.JPEG_SIDE_PX + 1}


@pytest.mark.parametrize(("kind", "width_px"), SIDES.items())
def test_an_image_too_wide_for_a_format(kind, width_px):
    exact = comparison_pages.encoded(noise(2, width_px))
    lossy = comparison_pages._with_loss(exact)
    assert (exact.kind, exact.exact) == ("webp" if kind == "webp" else "png", True)
    assert (lossy.kind, lossy.exact, lossy.width_px) == (kind, kind == "png", width_px)
    with Image.open(io.BytesIO(base64.b64decode(lossy.base64))) as image:
        assert image.format == kind.upper()
        assert image.size == (width_px, 2)


@pytest.mark.parametrize(
    ("kinds", "note"),
    [
        (["png"], "are exact and take N MB: no format with loss holds a side over 65500 px."),
        (["jpeg"], "are compressed with some loss (JPEG, quality 95): exact ones would take N MB."),
        (
            ["webp", "jpeg", "png"],
            "are compressed with some loss (JPEG and WebP, quality 95), but for those with a side over 65500 px: exact "
            "ones would take N MB.",
        ),
    ],
)
def test_what_is_said_of_compressed_pictures_is_true(tmp_path, monkeypatch, kinds, note):
    monkeypatch.setattr(comparison_pages, "EXACT_BYTES", 1000)
    paths = [photo(tmp_path, f"{kind}.png", noise(16 if kind != "webp" else 64, SIDES[kind])) for kind in kinds]
    written, told, pictures = write(tmp_path, [model(tmp_path, "net")], photos=paths)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert [re.sub(r"\d+ MB", "N MB", one) for one in told["catalogue"]["notes"]] == [f"The pictures {note}"]
    assert written.exact == (kinds == ["png"])
    assert page.count(" data-inexact ") == 3 * sum(kind != "png" for kind in kinds)
    if "png" in kinds:
        np.testing.assert_array_equal(pictures["png.png", "input"], noise(16, SIDES["png"]))


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
