"""Networks that get a small photo and return the large one: what is shown, figures, photos, menus, what is left out."""

import json

import numpy as np
import pytest
from fixtures import run_folders, small_to_large
from fixtures.browsing import HOSTILE
from fixtures.comparisons import FakeOutputs, model
from fixtures.pictures import decoded
from fixtures.pirm2018 import ENHANCEMENT
from fixtures.small_to_large import enlarged, given_small, repeated, small_of, target
from markupsafe import escape

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.dashboard import catalogues, compared_images, comparing, comparison_pages, image_store, snapshots
from aic_helpers.dashboard.dashboards import Dashboard
from aic_helpers.dashboard.image_figures import crop_figures
from aic_helpers.data import own_photos
from aic_helpers.data.datasets import open_dataset
from aic_helpers.data.images import as_float, as_uint8, write_png
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.runs import candidates, schema
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.catalogue import TRACKS


@pytest.fixture
def track(tmp_path):
    return small_to_large.track(tmp_path)


def opened(track, data, tmp_path, *models):
    dataset = open_dataset(data, track)
    found, notes = candidates.find(dataset, [str(name) for name in models], tmp_path, lambda *_: None)
    made = image_store.ImageStore(dataset, found, FakeOutputs(enlarges=track.enlarges), 0, lambda *_: None)
    made.notes += notes
    return made


def run_folder(folder, made_for, **changes):
    """A run of a network on a track of one's own, on other data."""
    folder.mkdir()
    (folder / "model.pb").write_text("adds 0.2")
    result = {**run_folders.empty(schema.Result), "schema": 1, "track": made_for.name, "track_file": made_for.content}
    result["data"] = {"name": "elsewhere", "note": ""}
    result["model"] = {"name": "net", "sha256": safe_files.sha256(folder / "model.pb")}
    result["scores"] = {"quality": {"value": 38.5, "ci95": [38.0, 39.0]}, "cost": {"value": None, "missing": "macs"}}
    (folder / "result.json").write_text(json.dumps(result | changes), "utf-8")
    return folder


@pytest.mark.parametrize("given", [True, False], ids=["small photos given", "targets alone"])
def test_the_input_is_shown_enlarged_and_the_network_gets_it_small(track, tmp_path, given):
    found = opened(track, small_to_large.data(tmp_path / "data", "one", given=given), tmp_path, model(tmp_path, "net"))
    large = target(seed=0)
    small = given_small(large) if given else small_of(large)
    np.testing.assert_array_equal(as_uint8(found.pixels("one", "target")), large)
    np.testing.assert_array_equal(as_uint8(found.pixels("one", "input")), enlarged(small))
    np.testing.assert_array_equal(as_uint8(found.pixels("one", "net")), repeated(small, 0.1))


def test_figures_are_those_of_the_tracks_protocol(track, tmp_path):
    found = opened(track, small_to_large.data(tmp_path / "data", "one"), tmp_path, model(tmp_path, "net"))
    small, large = given_small(target(seed=0)), as_float(target(seed=0))
    rows = found.images.set_index("model")
    for name, shown in (("input", as_float(enlarged(small))), ("net", found.pixels("one", "net"))):
        expected = score_output(large, shown, track.protocol)
        assert rows.loc[name, "psnr_db"] == pytest.approx(expected["psnr_db"])
        assert rows.loc[name, "ssim"] == pytest.approx(expected["ssim"])
    assert rows.loc["net", "ssim_gain"] == pytest.approx(rows.loc["net", "ssim"] - rows.loc["baseline", "ssim"])


def test_the_catalogue_calls_the_input_enlarged_and_names_luma(track, tmp_path):
    folder = run_folder(tmp_path / "run", track)
    found = opened(track, small_to_large.data(tmp_path / "data", "one"), tmp_path, folder)
    made = catalogues.catalogue(found, {})
    assert made["shown"][0] == {"name": "input", "title": "input (enlarged)"}
    assert [metric["title"] for metric in made["metrics"]] == ["PSNR (Y)", "SSIM (Y)"]
    assert made["shown"][-1] == {"name": "net", "rows": [["score quality", "38.50 (38.00 to 39.00)"]]}
    assert made["ways"] == [["the input, as it is", "as it is"], ["the target: shrunk 4 times first", "as the target"]]


def test_a_photo_of_ones_own_is_taken_as_the_small_one_or_as_the_target(track, tmp_path):
    found = opened(track, small_to_large.data(tmp_path / "data", "one"), tmp_path, model(tmp_path, "net"))
    photo = target(50, 70, seed=5)
    path = write_png(tmp_path / "me.png", photo)
    found.add_photo("me.png", path, own_photos.AS_IT_IS)
    np.testing.assert_array_equal(as_uint8(found.pixels(found.photo, "input")), enlarged(photo))
    np.testing.assert_array_equal(as_uint8(found.pixels(found.photo, "net")), repeated(photo, 0.1))
    assert found.pixels(found.photo, "target") == "your own photo has no target"
    found.add_photo("me.png", path, own_photos.AS_TARGET)
    small = small_of(photo[:48, :68])
    np.testing.assert_array_equal(as_uint8(found.pixels(found.photo, "target")), photo[:48, :68])
    np.testing.assert_array_equal(as_uint8(found.pixels(found.photo, "input")), enlarged(small))
    np.testing.assert_array_equal(as_uint8(found.pixels(found.photo, "net")), repeated(small, 0.1))


def test_the_figures_of_a_rectangle_are_by_the_protocol_without_its_border(track):
    large, output = (as_float(target(seed=seed)) for seed in (0, 1))
    whole = score_output(large, output, track.protocol.model_copy(update={"border_px": 0}))
    assert crop_figures(track, large, output) == {
        "psnr_db": f"{whole['psnr_db']:.2f} dB",
        "ssim": f"{whole['ssim']:.4f}",
    }
    small = crop_figures(track, large[:8, :40], output[:8, :40])
    assert small["psnr_db"].endswith(" dB")
    assert small["ssim"] == "crop too small: needs 11 px a side"


def test_the_dashboard_lists_pirm_2018_and_the_track_that_is_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(comparing, "Outputs", FakeOutputs)
    (tmp_path / "mine.toml").write_text(small_to_large.TOML)
    model(tmp_path, "baseline", "adds 0.0")
    data = small_to_large.data(tmp_path / "data", "one", "two")
    dashboard = comparing.compare(str(tmp_path / "mine.toml"), model(tmp_path, "net"), str(data), limit=1)
    assert [name for _, name in dashboard.catalogue["tracks"]] == ["super_resolution", "enhancement", "mine"]
    assert (dashboard.catalogue["track"], dashboard.shown) == ("mine", ["input", "baseline", "net", "target"])
    assert (dashboard.previews["width_px"], dashboard.previews["height_px"]) == (120, 80)
    html = dashboard._repr_mimebundle_()[0]["text/html"]
    assert "<figcaption>input (enlarged)</figcaption>" in html
    columns = ["PSNR (Y) (dB)", "PSNR (Y) against the baseline (dB)", "SSIM (Y)", "SSIM (Y) against the baseline"]
    assert list(snapshots.table(dashboard).columns) == columns
    dashboard.close()


def test_tracks_of_one_title_are_told_apart():
    twice = ENHANCEMENT.model_copy(update={"name": "mine"})
    assert comparing._menu({"enhancement": ENHANCEMENT, "mine": twice}) == {
        "Track B: photo enhancement (enhancement)": "enhancement",
        "Track B: photo enhancement (mine)": "mine",
    }


def test_a_saved_input_is_named_enlarged(track, tmp_path):
    found = opened(track, small_to_large.data(tmp_path / "data", "one"), tmp_path)
    saved = {}
    dashboard = Dashboard(found, {}, lambda *_: found, lambda name, picture: saved.update({name: picture}) or "saved")
    dashboard._handle_custom_msg({"kind": "save", "image": "one", "name": "input", "ask": 1}, [])
    assert {name: picture.shape for name, picture in saved.items()} == {"one input (enlarged)": (80, 120, 3)}
    [picture] = [copy for name, copy in dashboard.previews["pictures"].items() if name == "input"]
    assert decoded(picture).shape == (80, 120, 3)
    save = comparing._saver(tmp_path / "out")
    assert save("one input (enlarged)", saved["one input (enlarged)"]).startswith(
        f"saved: {tmp_path / 'out' / 'one_input_enlarged.png'}, 120x80 px"
    )


def test_models_of_another_task_are_left_out_and_those_of_the_same_task_shown(track, tmp_path):
    other = TRACKS["classic_x4"]
    folder = run_folder(tmp_path / "run", other, track="classic_x4", track_file={})
    found = opened(
        track, small_to_large.data(tmp_path / "data", "one"), tmp_path, "fast_enhancement", "sample_sr_srcnn", folder
    )
    assert found.models == ["baseline", "net"]
    assert found.notes == [
        "fast_enhancement is left out: it was made for another task",
        "sample_sr_srcnn is left out: it was made for another task",
        "net was run on Classic super-resolution, x4: here it is judged by Mine: four times as large",
    ]
    run = found.runs.set_index("model").loc["net"]
    assert np.isnan(run["score_quality"]), "its run was scored by another track"
    np.testing.assert_array_equal(as_uint8(found.pixels("one", "net")), repeated(given_small(target(seed=0)), 0.2))


def test_scores_made_before_the_tracks_file_was_changed_are_not_shown(track, tmp_path):
    changed = catalogue.made(track.name, track.content | {"formulas": {"quality": "psnr", "cost": "macs"}})
    folder, data = run_folder(tmp_path / "run", track), small_to_large.data(tmp_path / "data", "one")
    scores = [opened(one, data, tmp_path, folder).runs.set_index("model").loc["net"] for one in (track, changed)]
    assert scores[0]["score_quality"] == 38.5
    assert np.isnan(scores[1]["score_quality"])


def write(track, tmp_path, monkeypatch, *models, **how):
    """Write a page; return what was written and the pictures that were put into it."""
    monkeypatch.setattr(compared_images, "Outputs", FakeOutputs)
    taken = {}
    keep = comparison_pages._Kept.take

    def take(kept, image, shown, pixels):
        taken[image, shown] = pixels
        keep(kept, image, shown, pixels)

    monkeypatch.setattr(comparison_pages._Kept, "take", take)
    how = {"way": own_photos.AS_IT_IS, "progress": lambda *_: None} | how
    return comparison_pages.write_page(models, tmp_path / "page.html", track, **how), taken


def test_a_page_has_the_outputs_beside_the_enlarged_input_and_the_target(track, tmp_path, monkeypatch):
    data = small_to_large.data(tmp_path / "data", "one", "two")
    written, pictures = write(track, tmp_path, monkeypatch, model(tmp_path, "net"), data=str(data))
    assert written.notes == []
    for seed, name in enumerate(("one", "two")):
        large = target(seed=seed)
        np.testing.assert_array_equal(pictures[name, "target"], large)
        np.testing.assert_array_equal(pictures[name, "input"], enlarged(given_small(large)))
        np.testing.assert_array_equal(pictures[name, "net"], repeated(given_small(large), 0.1))
    page = (tmp_path / "page.html").read_text()
    assert "<bdi>input (enlarged)</bdi>: PSNR (Y) " in page


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()])
def test_a_tracks_title_stays_text(track, tmp_path, monkeypatch, text):
    hostile = catalogue.made("mine", track.content | {"title": text})
    data = small_to_large.data(tmp_path / "data", "one")
    made = catalogues.catalogue(opened(hostile, data, tmp_path), {text: "mine"})
    assert (made["title"], made["tracks"]) == (text, [[text, "mine"]])
    write(hostile, tmp_path, monkeypatch, model(tmp_path, "net"), data=str(data))
    page = (tmp_path / "page.html").read_text()
    assert page.count("<script") == 2
    assert escape(text) in page


def test_a_photo_too_small_for_the_window_of_ssim_has_no_figures_and_says_so(track, tmp_path, monkeypatch):
    photo = write_png(tmp_path / "tiny.png", target(20, 40))
    written, _ = write(
        track,
        tmp_path,
        monkeypatch,
        model(tmp_path, "net"),
        photos=[photo],
        way=own_photos.AS_TARGET,
        data=str(small_to_large.data(tmp_path / "data", "one")),
    )
    assert written.notes == []
    photo = write_png(tmp_path / "tiny.png", target(20, 40)[:16])
    written, _ = write(
        track,
        tmp_path,
        monkeypatch,
        model(tmp_path, "net"),
        photos=[photo],
        way=own_photos.AS_TARGET,
        data=str(tmp_path / "data"),
    )
    why = "40x16 is too small for a window of SSIM inside the border of 4 px"
    assert written.notes == [f"tiny.png has no figures: {why}"]


def test_a_photo_that_would_be_too_large_enlarged_is_refused_in_a_line(track):
    said = r"^expected a photo of at most 3\.1 megapixels to enlarge 4 times, found 2000x2000: choose a smaller photo$"
    with pytest.raises(InputError, match=said):
        own_photos.prepare(np.zeros((2000, 2000, 3), np.uint8), own_photos.AS_IT_IS, track)
