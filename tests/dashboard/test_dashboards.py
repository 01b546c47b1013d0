"""The dashboard on arrays: what its widgets hold is decoded and compared with the arrays, pixel by pixel."""

import sys
from datetime import UTC, datetime

import ipywidgets as widgets
import numpy as np
import pandas as pd
import pytest
from fixtures.pictures import decoded

from aic_helpers.core.tracks import ENHANCEMENT, SUPER_RESOLUTION, TRACKS
from aic_helpers.dashboard import snapshots, views
from aic_helpers.dashboard.controls import worst_first
from aic_helpers.dashboard.dashboards import Dashboard
from aic_helpers.dashboard.sliders import INSTALL, BeforeAfter

BRIGHTNESS = {"input": 0.2, "target": 0.4, "base": 0.6, "better": 0.8}


class Source:
    """A track with two images: each a ramp from the left to the right, lifted by what it is."""

    def __init__(self, track=SUPER_RESOLUTION, size_px=(600, 400)):
        self.track, self.size_px = track, size_px
        self.data, self.notes = "two ramps", ["<b>a note</b>"]
        self.models, self.baseline = ["base", "better", "broken"], "base"
        self.ways = {"as it is": "as it is"}
        self.runs = pd.DataFrame(
            [{"model": name, **dict.fromkeys(RUN, np.nan), "failure": None} for name in self.models]
        )
        self.runs.loc[self.runs["model"] == "better", ["speedup", "peak_rss_mib", "score_A"]] = 2.5, 900.0, 12.25
        self.images = pd.DataFrame([figures(*row) for row in ROWS])
        self.asked, self.photo, self.taken = [], None, None

    def has(self, image, shown):
        return (image, shown) in self.asked

    def pixels(self, image, shown):
        self.asked.append((image, shown))
        if shown == "broken":
            return "broken: it died of <b>SIGSEGV</b>"
        if image == "gone":
            return "expected an image at gone.png, found nothing: check the path"
        if image == self.photo and shown == "target":
            return "your own photo has no target"
        width_px, height_px = self.size_px
        ramp = np.linspace(0, 0.2, width_px, dtype=np.float32)[None, :, None]
        return np.broadcast_to(ramp + np.float32(BRIGHTNESS[shown]), (height_px, width_px, 3)).copy()

    def add_photo(self, name, content, way):
        self.photo, self.taken = f"your photo: {name}", content
        return ["turned by 90 degrees"]


RUN = ["time_ms", "peak_rss_mib", "psnr_db", "ms_ssim"]
RUN += [f"{name}{end}" for name in ("speedup", "score_A", "score_B", "score_C") for end in ("", "_low", "_high")]
ROWS = [
    ("sharp", "input", 20.0, 0.8, -5.0, -0.1),
    ("sharp", "base", 25.0, 0.9, 0.0, 0.0),
    ("sharp", "better", 26.5, 0.88, 1.5, -0.02),
    ("blurred", "input", 15.0, 0.7, -3.0, -0.1),
    ("blurred", "base", 18.0, 0.8, 0.0, 0.0),
    ("blurred", "better", 30.0, 0.95, 12.0, 0.15),
    ("gone", "input", np.nan, np.nan, np.nan, np.nan),
    ("gone", "base", np.nan, np.nan, np.nan, np.nan),
    ("gone", "better", np.nan, np.nan, np.nan, np.nan),
]


def figures(image, model, psnr_db, ms_ssim, psnr_db_gain, ms_ssim_gain):
    failure = "the image is gone" if np.isnan(psnr_db) else None
    named = {"psnr_db": psnr_db, "ms_ssim": ms_ssim, "psnr_db_gain": psnr_db_gain, "ms_ssim_gain": ms_ssim_gain}
    return {"image": image, "model": model, **named, "failure": failure}


def dashboard(source=None, image="blurred", opened=None):
    tracks = {track.title: name for name, track in TRACKS.items()}
    return Dashboard(
        source or Source(),
        tracks,
        lambda name, progress: opened or "no data of this track",
        lambda name, picture: f"saved: {name} {picture.shape}",
        image=image,
    )


def seen(pane):
    return decoded(pane.picture.value)


def expected(found, name, box, factor=1):
    part = views.cut(found.source.pixels(found.image, name), box)
    return np.rint(np.clip(part, 0, 1) * 255).astype(np.uint8).repeat(factor, 0).repeat(factor, 1)


def test_each_pane_shows_the_same_crop_of_what_its_menu_says():
    found = dashboard()
    found.controls.x.value, found.controls.y.value = 300, 200
    assert found.shown == ["input", "better", "broken", "target"]
    box = views.Box(60, 20, 480, 360)
    for pane in (found.panes[0], found.panes[1], found.panes[3]):
        assert (seen(pane) == expected(found, pane.menu.value, box)).all()
    found.panes[0].menu.value = "base"
    assert (seen(found.panes[0]) == expected(found, "base", box)).all()


def test_zoom_and_crop_are_shared_by_all_panes():
    found = dashboard()
    found.controls.zoom.value = "4:1"
    found.controls.x.value, found.controls.y.value = 100, 50
    for pane in (found.panes[0], found.panes[3]):
        assert (seen(pane) == expected(found, pane.menu.value, views.Box(40, 5, 120, 90), 4)).all()
    assert found.controls.x.value == 100  # what was wished for stays, as far as it goes
    found.controls.overview.live.picked = [1.0, 1.0]
    assert (seen(found.panes[3]) == expected(found, "target", views.Box(480, 310, 120, 90), 4)).all()
    assert (found.controls.x.value, found.controls.y.value) == (600, 400)


def test_a_model_that_fails_says_why_in_its_pane_and_leaves_the_others_alive():
    found = dashboard()
    broken, other = found.panes[2], found.panes[1]
    assert broken.sentence.value == "<p>broken: it died of &lt;b&gt;SIGSEGV&lt;/b&gt;</p>"
    assert (broken.picture.layout.display, broken.sentence.layout.display) == ("none", "")
    assert broken.save.disabled
    assert (other.picture.layout.display, other.sentence.layout.display) == ("", "none")
    assert seen(other).size


def test_an_image_that_is_gone_is_said_in_every_pane_and_the_next_is_shown():
    found = dashboard(image="gone")
    assert {pane.sentence.value for pane in found.panes if pane.menu.value != "broken"} == {
        "<p>expected an image at gone.png, found nothing: check the path</p>"
    }
    found.controls.image.value = "sharp"
    assert seen(found.panes[0]).shape == (360, 480, 3)


def test_the_figures_beside_a_pane_are_those_of_image_crop_baseline_and_run():
    found = dashboard(image="sharp")
    html = found.panes[1].figures.value
    assert "26.50\N{NO-BREAK SPACE}dB" in html
    assert '<span class="aic-better">▲&nbsp;+1.50\N{NO-BREAK SPACE}dB</span>' in html
    assert '<span class="aic-worse">▼&nbsp;−0.0200</span>' in html  # noqa: RUF001
    # The output is 0.4 above the target everywhere: 10 log10(1 / 0.4 ** 2).
    assert "7.96\N{NO-BREAK SPACE}dB" in html
    assert '<th scope="row">speedup</th><td>2.50</td>' in html
    assert '<th scope="row">RAM</th><td>900 MiB</td>' in html
    assert '<th scope="row">score A</th><td>12.25</td>' in html
    assert '<th scope="row">score B</th><td>not measured</td>' in html
    found.controls.zoom.value = "4:1"
    assert "crop too small: needs 161 px a side" in found.panes[1].figures.value


def test_the_images_are_sorted_by_any_figure_worst_first():
    images = Source().images
    names = [name for _, name in worst_first(images, "psnr_db", "better")]
    assert names == ["gone", "sharp", "blurred"]
    labels = [label for label, _ in worst_first(images, "psnr_db_gain", "better")]
    assert labels == [
        "gone  (not measured)",
        "sharp  (+1.50\N{NO-BREAK SPACE}dB)",
        "blurred  (+12.00\N{NO-BREAK SPACE}dB)",
    ]
    found = dashboard()
    found.controls.metric.value = "ms_ssim"
    found.controls.model.value = "input"
    assert [name for _, name in found.controls.image.options] == ["gone", "blurred", "sharp"]
    assert found.image == "gone"


def test_the_error_map_shows_how_far_each_pane_is_from_the_target():
    found = dashboard()
    found.controls.mode.value = "error map"
    found.controls.top.value = 0.5
    found.controls.x.value, found.controls.y.value = 300, 200
    box = views.Box(60, 20, 480, 360)
    target = views.cut(found.source.pixels("blurred", "target"), box)
    better = views.cut(found.source.pixels("blurred", "better"), box)
    assert (seen(found.panes[1]) == views.error_map(target, better, 0.5)).all()
    assert (seen(found.panes[3]) == expected(found, "target", box)).all()
    assert "half the range from black to white" in found.scale.words.value
    assert found.scale.layout.display == ""
    found.controls.mode.value = "side by side"
    assert found.scale.layout.display == "none"


def test_the_slider_holds_the_same_pixels_of_the_first_two_panes():
    found = dashboard()
    found.controls.mode.value = "before/after slider"
    slider = found.comparison.slider.live
    assert (slider.before_words, slider.after_words) == ("input", "better")
    assert decoded(slider.before).shape == decoded(slider.after).shape == (400, 600, 3)
    assert (decoded(slider.after) == expected(found, "better", views.Box(0, 0, 600, 400))).all()
    assert found.panes[0].picture.value == b""
    found.controls.mode.value = "side by side"
    assert slider.before == b""
    found.panes[1].menu.value = "broken"
    found.controls.mode.value = "before/after slider"
    assert found.comparison.sentence.value == "<p>broken: it died of &lt;b&gt;SIGSEGV&lt;/b&gt;</p>"


def test_blinking_can_be_stopped():
    found = dashboard()
    found.controls.mode.value = "blink"
    blink = found.comparison.blink
    assert [decoded(picture.value)[0, 0, 0] for picture in blink.pictures] == [51, 204]
    blink.stop.value = True
    assert "aic-blink-stopped" in blink.grid._dom_classes
    assert blink.stop.description == "Go on"
    blink.stop.value = False
    assert "aic-blink-stopped" not in blink.grid._dom_classes


def test_without_anywidget_a_plain_slider_does_it_and_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "aic_helpers.dashboard.anywidgets", raising=False)
    monkeypatch.delattr("aic_helpers.dashboard.anywidgets", raising=False)
    plain = BeforeAfter()
    assert INSTALL == 'pip install "aic-workbench[slider]"'
    assert INSTALL in plain.children[0].value
    plain.show(np.full((2, 10, 3), 10, np.uint8), np.full((2, 10, 3), 200, np.uint8), "<input>", "model")
    plain.position.value = 0.2
    assert decoded(plain.picture.value)[0, :, 0].tolist() == [10, 255, 255] + [200] * 7
    assert "&lt;input&gt;" in plain.words.value
    found = dashboard()
    found.controls.mode.value = "before/after slider"
    assert decoded(found.comparison.slider.picture.value).shape == (400, 600, 3)


def every(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every(child)


@pytest.mark.parametrize("anywidget", [True, False])
def test_every_control_has_a_label(anywidget, monkeypatch):
    if not anywidget:
        monkeypatch.setitem(sys.modules, "anywidget", None)
        monkeypatch.delitem(sys.modules, "aic_helpers.dashboard.anywidgets", raising=False)
        monkeypatch.delattr("aic_helpers.dashboard.anywidgets", raising=False)
    kinds = (widgets.Dropdown, widgets.Button, widgets.ToggleButton, widgets.Text, widgets.FileUpload)
    kinds += (widgets.BoundedIntText, widgets.FloatSlider)
    controls = [widget for widget in every(dashboard()) if isinstance(widget, kinds)]
    assert len(controls) == 23 + (not anywidget)
    assert [control for control in controls if not (control.description and control.tooltip)] == []


def test_another_track_fills_the_menus_anew_or_says_why_it_cannot():
    small = Source(ENHANCEMENT, (100, 100))
    small.images = small.images[small.images["image"] != "gone"]
    found = dashboard(opened=small)
    found.controls.track.value = "enhancement"
    assert found.source is small
    assert (found.image, found.controls.zoom.value) == ("sharp", "2:1")
    assert seen(found.panes[0]).shape == (200, 200, 3)
    stuck = dashboard(opened="expected images of Track B, found none: check the path")
    stuck.controls.track.value = "enhancement"
    assert {pane.sentence.value for pane in stuck.panes} == {
        "<p>expected images of Track B, found none: check the path</p>"
    }
    stuck.controls.track.value = "super_resolution"


def test_a_photo_of_ones_own_is_shown_beside_what_is_there():
    found = dashboard()
    file = {"name": "me.jpg", "content": memoryview(b"bytes"), "type": "", "size": 5}
    found.photo.upload.value = (file | {"last_modified": datetime.now(UTC)},)
    assert found.source.taken == b"bytes"
    assert found.photo.upload.value == ()  # or it would be saved with the notebook
    assert found.image == "your photo: me.jpg"
    assert found.photo.notes.value == "turned by 90 degrees"
    assert found.panes[3].sentence.value == "<p>your own photo has no target</p>"
    assert "no target, so no figures" in found.panes[1].figures.value
    assert seen(found.panes[0]).shape == (360, 480, 3)
    found.controls.mode.value = "error map"
    assert "difference from the input" in found.scale.words.value
    found.controls.image.value = "sharp"
    assert "20.00" in found.panes[0].figures.value


def test_the_button_saves_the_whole_picture_and_says_where():
    found = dashboard()
    found.panes[1].save.click()
    assert found.panes[1].saved.value == "saved: blurred better (400, 600, 3)"


def test_names_from_outside_are_shown_as_text():
    found = dashboard()
    assert found.heading.value.endswith("&lt;b&gt;a note&lt;/b&gt;")


def test_fifty_changes_leave_one_picture_in_each_pane():
    found = dashboard()
    before = len(list(every(found)))
    for number in range(50):
        found.controls.image.value = ("sharp", "blurred")[number % 2]
    assert len(list(every(found))) == before
    assert sum(len(pane.picture.value) for pane in found.panes) <= 4 * views.BUDGET_BYTES


def test_what_was_run_once_is_asked_for_and_not_waited_for_again():
    found = dashboard()
    steps = []
    found.waiting.step = lambda done, total, words: steps.append(words)
    found.controls.image.value = "sharp"
    assert steps == ["running better on sharp", "running broken on sharp"]
    found.controls.zoom.value = "2:1"
    assert len(steps) == 2


def test_the_table_and_figure_that_stay():
    found = dashboard(image="sharp")
    table = snapshots.table(found)
    assert table.loc["better", "PSNR (dB)"] == 26.5
    assert table.loc["better", "speedup"] == 2.5
    assert np.isnan(table.loc["base", "speedup"])
    assert [text.get_text() for text in snapshots.figure(found).findobj(match=lambda a: hasattr(a, "get_text"))]
