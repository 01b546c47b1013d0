"""What a dashboard is given: tables and arrays from run folders, models and data, good and bad."""

import json
import shutil

import numpy as np
import pytest
from fixtures import run_folders
from fixtures.comparisons import FakeOutputs
from fixtures.pictures import decoded
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION
from PIL import Image

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.dashboard import comparing, image_store
from aic_helpers.data import own_photos
from aic_helpers.data.datasets import open_dataset
from aic_helpers.data.images import as_float, write_png
from aic_helpers.runs import candidates, schema

GREY = np.full((40, 60, 3), 100, np.uint8)


@pytest.fixture
def data(tmp_path):
    for name in ("first", "second"):
        write_png(tmp_path / "data" / "enhancement" / "targets" / f"{name}.png", GREY)
        write_png(tmp_path / "data" / "enhancement" / "inputs" / f"{name}.png", GREY - 20)
    return tmp_path / "data"


def run_folder(folder, where, **changes):
    """A run of a network with figures on the first image."""
    folder.mkdir()
    (folder / "model.pb").write_bytes(b"weights")
    dataset = open_dataset(where, track=ENHANCEMENT)
    result = {**run_folders.empty(schema.Result), "schema": 1, "track": "enhancement"}
    result["data"] = {"name": dataset.name, "note": ""}
    result["model"] = {"name": "<b>mine</b>", "sha256": safe_files.sha256(folder / "model.pb")}
    result["metrics"] = {"psnr_db": 31.0, "ms_ssim": 0.97}
    result["profile"] = run_folders.empty(schema.Profile)
    result["profile"] |= {"time_ms": 500.0, "speedup": 2.0, "speedup_ci95": [1.9, 2.1], "peak_rss_mib": 700.0}
    result["scores"] = {"A": {"value": 9.5, "ci95": None}}
    (folder / "result.json").write_text(json.dumps(result | changes), "utf-8")
    (folder / "images.csv").write_text("image,psnr_db,ms_ssim,failure\nfirst,31.0,0.97,\ngone,20.0,0.5,\n", "utf-8")
    return folder


def opened(data, models, tmp_path, limit=0):
    dataset = open_dataset(data, track=ENHANCEMENT)
    found, notes = candidates.find(dataset, [str(model) for model in models], tmp_path, lambda *_: None)
    made = image_store.ImageStore(dataset, found, FakeOutputs(), limit, lambda *_: None)
    made.notes += notes
    return made


def row(found, image, model):
    table = found.images
    return table[(table["image"] == image) & (table["model"] == model)].iloc[0]


def test_a_run_folder_brings_its_figures_and_the_rest_is_made(data, tmp_path):
    found = opened(data, [run_folder(tmp_path / "run", data)], tmp_path)
    assert found.models == ["sample_enhancement_srcnn", "<b>mine</b>"]
    run = found.runs.set_index("model").loc["<b>mine</b>"]
    assert (run["speedup"], run["speedup_low"], run["peak_rss_mib"], run["score_A"]) == (2.0, 1.9, 700.0, 9.5)
    assert np.isnan(run["score_B"])
    assert row(found, "first", "<b>mine</b>")["psnr_db"] == 31.0
    # 80 / 255 + 0.1 against 100 / 255: 10 log10(1 / (0.1 - 20 / 255) ** 2)
    assert row(found, "second", "<b>mine</b>")["psnr_db"] == pytest.approx(33.324, abs=0.001)
    base = row(found, "first", "sample_enhancement_srcnn")["psnr_db"]
    assert row(found, "first", "<b>mine</b>")["psnr_db_gain"] == pytest.approx(31.0 - base)


def test_a_run_whose_figures_were_changed_is_not_shown(data, tmp_path):
    key = {"made_from": {}, "files": {}, "sha256": "0" * 64}
    found = opened(data, [run_folder(tmp_path / "run", data, keys={"metrics": key})], tmp_path)
    failure = found.runs.set_index("model").loc["run"]["failure"]
    assert failure.startswith("expected a result as it was written in ")
    assert "metrics changed since" in failure


def test_figures_made_on_other_data_are_not_taken(data, tmp_path):
    folder = run_folder(tmp_path / "run", data, data={"name": "elsewhere", "note": ""})
    assert row(opened(data, [folder], tmp_path), "first", "<b>mine</b>")["psnr_db"] == pytest.approx(33.324, abs=0.001)


def test_an_image_that_a_run_has_figures_of_and_that_is_gone_is_said(data, tmp_path):
    found = opened(data, [run_folder(tmp_path / "run", data)], tmp_path)
    assert found.names == ["first", "second", "gone"]
    sentence = found.pixels("gone", "<b>mine</b>")
    assert sentence.startswith("expected an image at ")
    assert sentence.endswith("found nothing: check the path")


def test_an_image_deleted_meanwhile_is_said(data, tmp_path):
    found = opened(data, [run_folder(tmp_path / "run", data)], tmp_path)
    found._cache.clear()
    (data / "enhancement" / "targets" / "second.png").unlink()
    assert "found nothing: check the path" in found.pixels("second", "input")
    assert found.pixels("first", "<b>mine</b>").shape == GREY.shape


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "model.pb").unlink(), "found nothing: make the run again with: aic run"),
        (lambda folder: (folder / "model.pb").write_bytes(b"other"), "found another model.pb: make the run again"),
        (lambda folder: (folder / "result.json").unlink(), "found nothing: make one with: aic run"),
        (lambda folder: (folder / "result.json").write_text('{"schema": 2}'), "found schema 2: read it with the"),
        (lambda folder: (folder / "result.json").write_text("{"), "found something else"),
        (lambda folder: (folder / "result.json").write_text('{"schema": 1, "track": "enhancement"}'), "found nothing"),
    ],
    ids=["no model", "another model", "no result", "another schema", "no JSON", "no part"],
)
def test_a_run_folder_that_cannot_be_used_is_said_in_its_place(data, tmp_path, break_it, said):
    folder = run_folder(tmp_path / "run", data)
    break_it(folder)
    found = opened(data, [folder], tmp_path)
    assert found.models == ["sample_enhancement_srcnn", "run"]
    assert said in found.pixels("first", "run")
    assert found.pixels("first", "sample_enhancement_srcnn").shape == GREY.shape


def test_a_model_that_fails_is_run_once_and_said(data, tmp_path):
    (tmp_path / "bad.pb").write_bytes(b"fails")
    found = opened(data, [tmp_path / "bad.pb"], tmp_path)
    assert found.pixels("first", "bad") == "bad: it died of SIGSEGV"
    assert found._outputs.runs.count("bad.pb") == 1
    assert row(found, "second", "bad")["failure"] == "not measured after it failed on first"


def test_a_model_nobody_knows_is_said_and_one_of_the_other_track_left_out(data, tmp_path):
    found = opened(data, ["nonesuch", "sample_sr_srcnn"], tmp_path)
    assert found.models == ["sample_enhancement_srcnn", "nonesuch"]
    assert "expected a pretrained name" in found.pixels("first", "nonesuch")
    assert found.notes == ["sample_sr_srcnn is left out: it was made for another task"]


def test_models_of_one_name_are_told_apart(data, tmp_path):
    (tmp_path / "other").mkdir()
    for folder in (tmp_path, tmp_path / "other"):
        (folder / "net.pb").write_bytes(str(folder).encode())
    found = opened(data, [tmp_path / "net.pb", tmp_path / "other" / "net.pb", tmp_path / "net.pb"], tmp_path)
    assert found.models == ["sample_enhancement_srcnn", "net", "net (2)"]


def test_what_was_seen_is_kept_and_not_run_again(data, tmp_path):
    found = opened(data, [], tmp_path)
    before = len(found._outputs.runs)
    assert found.has("first", "sample_enhancement_srcnn")
    found.pixels("first", "sample_enhancement_srcnn")
    assert len(found._outputs.runs) == before


def test_the_cache_is_bounded(data, tmp_path, monkeypatch):
    monkeypatch.setattr(image_store, "CACHE_BYTES", 1)
    monkeypatch.setattr(image_store, "CACHE_LEAST", 4)
    assert len(opened(data, [], tmp_path)._cache) == 4


def test_a_photo_goes_through_the_models(data, tmp_path):
    found = opened(data, [], tmp_path)
    path = write_png(tmp_path / "me.png", GREY)
    assert found.add_photo("me.png", path, own_photos.AS_IT_IS) == []
    assert found.photo == "your photo: me.png"
    assert (found.pixels(found.photo, "input") == as_float(GREY)).all()
    assert found.pixels(found.photo, "target") == "your own photo has no target"
    output = found.pixels(found.photo, "sample_enhancement_srcnn")
    assert (output == as_float(GREY) + np.float32(0.1)).all()


def test_a_bad_photo_leaves_the_one_before(data, tmp_path):
    found = opened(data, [], tmp_path)
    with pytest.raises(InputError, match=r"expected a photo in the file .*found a file of another kind"):
        found.add_photo("notes.txt", b"no photo", own_photos.AS_IT_IS)
    assert found.photo is None
    found.add_photo("me.png", write_png(tmp_path / "me.png", GREY), own_photos.AS_IT_IS)
    with pytest.raises(InputError, match="found nothing: check the path"):
        found.add_photo("me.png", tmp_path / "none.png", own_photos.AS_IT_IS)
    assert (found.pixels("your photo: me.png", "input") == as_float(GREY)).all()


def test_a_photo_is_turned_as_its_camera_says_and_the_notes_say_so(data, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned by 90 degrees
    Image.new("RGB", (60, 40), "red").save(tmp_path / "turned.jpg", exif=exif)
    found = opened(data, [], tmp_path)
    assert found.add_photo("turned.jpg", tmp_path / "turned.jpg", own_photos.AS_IT_IS) == ["turned as its EXIF says"]
    assert found.pixels("your photo: turned.jpg", "input").shape == (60, 40, 3)


def test_a_thumbnail_is_made_from_the_file_and_not_kept(data, tmp_path):
    found = opened(data, [run_folder(tmp_path / "run", data)], tmp_path)
    found._cache.clear()
    assert decoded(found.thumbnail("first")).shape == GREY.shape
    assert found.thumbnail("gone") == b""
    assert not found._cache
    found.add_photo("me.png", write_png(tmp_path / "me.png", GREY), own_photos.AS_IT_IS)
    assert decoded(found.thumbnail("your photo: me.png")).shape == GREY.shape


def test_of_few_images_the_one_to_begin_with_is_the_first(data, tmp_path):
    dataset = open_dataset(data, track=ENHANCEMENT)
    found, _ = candidates.find(dataset, [], tmp_path, lambda *_: None)
    made = image_store.ImageStore(dataset, found, FakeOutputs(), 1, lambda *_: None, image="second")
    assert made.names == ["second"]
    assert set(made.images["image"]) == {"second"}


def test_a_photo_as_the_target_of_super_resolution():
    made = own_photos.prepare(np.full((42, 61, 3), 9, np.uint8), own_photos.AS_TARGET, SUPER_RESOLUTION)
    assert made.given.shape == made.shown.shape == made.target.shape == (40, 60, 3)
    assert own_photos.prepare(GREY, own_photos.ENLARGED, SUPER_RESOLUTION).given.shape == (160, 240, 3)
    assert list(own_photos.ways(ENHANCEMENT)) == ["the input, as it is"]
    with pytest.raises(InputError, match=r"expected a photo of at most 3.1 megapixels to enlarge 4 times, found 2000x"):
        own_photos.prepare(np.zeros((2000, 2000, 3), np.uint8), own_photos.ENLARGED, SUPER_RESOLUTION)


def test_a_picture_is_saved_beside_those_that_are_there(tmp_path):
    save = comparing._saver(tmp_path / "new")
    assert save("a photo: me.jpg/../x model", as_float(GREY)) == (
        f"saved: {tmp_path / 'new' / 'a_photo_me.jpg_.._x_model.png'}, 60x40 px"
    )
    assert save("a photo: me.jpg/../x model", as_float(GREY)).endswith("x_model_2.png, 60x40 px")
    shutil.rmtree(tmp_path / "new")
    (tmp_path / "new").write_text("a file")
    with pytest.raises(InputError, match=r"expected a place to save .*new.*: name another by the parameter out"):
        save("x", as_float(GREY))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"track": "enhancemnt"}, r"did you mean enhancement\?"),
        ({"limit": -1}, r"expected a limit of 0 \(all\) or more images, found -1: give a whole number"),
        ({"data": "/nowhere"}, r"found nothing: check the path"),
    ],
)
def test_what_compare_refuses(arguments, message):
    with pytest.raises(InputError, match=message):
        comparing.compare(**arguments)
