"""The dashboard on arrays: what it sends to the page is compared with the arrays, pixel by pixel."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from fixtures.browsing import HOSTILE
from fixtures.pictures import decoded
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION
from ipywidgets import Widget

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable
from aic_helpers.dashboard import catalogues, snapshots
from aic_helpers.dashboard.dashboards import Dashboard
from aic_helpers.tracks.catalogue import TRACKS

BRIGHTNESS = {"input": 0.2, "target": 0.4, "base": 0.6, "better": 0.8}


class Source:
    """A track with three images: each a ramp from the left to the right, lifted by what it is."""

    def __init__(self, track=SUPER_RESOLUTION, size_px=(600, 400)):
        self.track, self.size_px = track, size_px
        self.data, self.notes = "two ramps", ["<b>a note</b>"]
        self.models, self.baseline = ["base", "better", "broken"], "base"
        self.ways = {"the input, as it is": "as it is"}
        self.runs = pd.DataFrame(
            [{"model": name, **dict.fromkeys(RUN, np.nan), "failure": None} for name in self.models]
        )
        measured = ["speedup", "speedup_low", "speedup_high", "time_ms", "peak_rss_mib", "score_A"]
        self.runs.loc[self.runs["model"] == "better", measured] = 2.5, 2.25, 2.75, 31.0, 900.0, 12.25
        self.images = pd.DataFrame([figures(*row) for row in ROWS])
        self.asked, self.photo, self.taken = [], None, []

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

    def thumbnail(self, image):
        return b"" if image == "gone" else image.encode()

    def add_photo(self, name, content, way):
        if content == b"no photo":
            raise InputError("a photo in the file", "a file of another kind", "save it as JPEG or PNG")
        if way == "enlarged first":
            raise InputError("a photo of at most 3.1 megapixels", "4000x3000", "give it as it is")
        self.photo = f"your photo: {name}"
        self.taken.append((name, content, way))
        return ["turned by 90 degrees", "16 bits per channel taken down to 8"]


RUN = ["time_ms", "peak_rss_mib"]
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


class Page:
    """What a page would get."""

    def __init__(self, dashboard):
        self.dashboard, self.sent = dashboard, []
        dashboard.send = lambda content, buffers=None: self.sent.append((content, buffers or []))

    def ask(self, kind, buffers=(), **content):
        """Return the answers to a message, and the progress told meanwhile, with their bytes."""
        self.sent.clear()
        self.dashboard._handle_custom_msg({"kind": kind, "ask": 7, **content}, [memoryview(each) for each in buffers])
        assert all(json.dumps(content, allow_nan=False).encode() for content, _ in self.sent)
        assert {content["ask"] for content, _ in self.sent if content["kind"] != "progress"} <= {7}
        return [self.sent[at] for at in range(len(self.sent))]

    def answers(self, kind, buffers=(), **content):
        return [content for content, _ in self.ask(kind, buffers, **content) if content["kind"] != "progress"]

    def look(self, image="blurred", names=("input", "better"), box=None, most_px=1_000_000):
        return self.ask("look", image=image, names=list(names), box=box, most_px=most_px)


def save(name, picture):
    if name == "blurred input":
        raise InputError("a place to save it", "Permission denied", "name another by the parameter out")
    return f"saved: {name} {picture.shape}"


def dashboard(source=None, image="blurred", opened=None, view=""):
    def open_track(name, progress):
        progress(0, 2, "figures of base on sharp")
        if opened is None:
            raise InputError("images of that track", "none", "check the path")
        return opened

    tracks = {track.title: name for name, track in TRACKS.items()}
    return Dashboard(source or Source(), tracks, open_track, save, image=image, view=view)


def page(*arguments, **more):
    return Page(dashboard(*arguments, **more))


def saved_widgets():
    return [state["model_name"] for state in Widget.get_manager_state()["state"].values()].count("AnyModel")


def wished(found, name, image="blurred"):
    return np.rint(np.clip(found.source.pixels(image, name), 0, 1) * 255).astype(np.uint8)


def rgb(answer):
    content, (pixels,) = answer
    width_px, height_px = content["shown_px"]
    return np.frombuffer(pixels, np.uint8).reshape(height_px, width_px, 3)


def test_what_there_is_to_see_is_told_as_json():
    found = dashboard(image="sharp").catalogue
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert (found["title"], found["track"], found["data"]) == (SUPER_RESOLUTION.title, "super_resolution", "two ramps")
    assert found["tracks"] == [[track.title, name] for name, track in TRACKS.items()]
    assert (found["models"], found["baseline"]) == (["base", "better", "broken"], "base")
    assert (found["input"], found["reference"]) == ("input", "target")
    assert found["ways"] == [["the input, as it is", "as it is"]]
    assert [image["name"] for image in found["images"]] == ["sharp", "blurred", "gone"]
    assert found["images"][0]["figures"]["better"] == {"psnr_db": 26.5, "ms_ssim": 0.88}
    assert found["images"][2]["figures"]["better"] == {"psnr_db": None, "ms_ssim": None}
    assert found["images"][2]["failures"]["better"] == "the image is gone"


def test_what_a_run_measured_is_told_in_words_and_what_not_is_left_out():
    shown = {one["name"]: one.get("rows") for one in dashboard().catalogue["shown"]}
    assert shown == {
        "input": None,
        "target": None,
        "base": [],
        "better": [["speedup", "2.50 (2.25 to 2.75), 31 ms"], ["RAM", "900 MiB"], ["score A", "12.25"]],
        "broken": [],
    }


def test_identical_images_have_an_infinite_figure():
    source = Source()
    source.images.loc[0, ["psnr_db", "ms_ssim"]] = np.inf, 1.0
    figures = dashboard(source).catalogue["images"][0]["figures"]["input"]
    assert figures == {"psnr_db": "Infinity", "ms_ssim": 1.0}


def test_it_begins_with_the_image_named_or_the_worst_in_four_panes():
    found = dashboard(image="sharp")
    assert (found.image, found.shown) == ("sharp", ["input", "better", "broken", "target"])
    assert dashboard(image="").image == "sharp"  # lower than the blurred one; of the one that is gone nothing is seen
    assert found.view["sort"] == ["psnr_db", "better", ""]
    alone = Source()
    alone.models, alone.runs = ["base"], alone.runs[:1]
    assert dashboard(alone).shown == ["input", "base", "target"]


def test_a_link_says_what_is_looked_at_first():
    found = dashboard(image="sharp", view="#view=image=blurred&panes=base,better&zoom=4&x=10&y=20")
    assert (found.image, found.shown) == ("blurred", ["base", "better"])
    assert (found.view["zoom"], found.view["x"], found.view["mode"]) == (4.0, 10.0, "side")
    assert found.previews["image"] == "blurred"
    before = saved_widgets()
    with pytest.raises(InputError, match=r"expected an image of the data, found 'blured': did you mean blurred\?"):
        dashboard(view="image=blured")
    assert saved_widgets() == before


def test_an_enlarged_view_without_a_place_begins_where_the_first_model_is_worst():
    source = Source()
    ramps = source.pixels

    def spotted(image, shown):
        found = ramps(image, shown)
        if shown == "better":
            found[300:320, 500:520] = 0  # the target is 0.57 there, and the output lies 0.4 above it elsewhere
        return found

    source.pixels = spotted
    found = dashboard(source, image="sharp", view="panes=input,better,base,target&zoom=2").view
    top, left = 300 - found["y"], 500 - found["x"]  # the part has 96 px a side and holds the spot
    assert (-48 <= left <= 28, -48 <= top <= 28) == (True, True)
    for view in ("panes=input,target&zoom=2", "panes=input,broken,target&zoom=2", "panes=input,better,target"):
        assert [dashboard(source, image="sharp", view=view).view[axis] for axis in "xy"] == [-1, -1]
    placed = dashboard(source, image="sharp", view="zoom=2&x=10&y=0").view
    assert (placed["x"], placed["y"]) == (10, 0)


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        (["psnr_db", "better", ""], "sharp"),
        (["psnr_db", "base", ""], "blurred"),
        (["psnr_db", "better", "base"], "blurred"),
        (["psnr_db", "input", "base"], "sharp"),
    ],
)
def test_the_first_image_is_that_of_the_order(sort, first):
    assert dashboard(image="", view=f"sort={','.join(sort)}").image == first
    assert dashboard(image="blurred", view=f"sort={','.join(sort)}").image == "blurred"
    sorted_later = dashboard(image="blurred")
    sorted_later.sort_by(*sort)
    assert (sorted_later.image, sorted_later.view["sort"], sorted_later.previews["image"]) == (first, sort, first)


def test_an_image_without_a_figure_or_on_which_one_is_perfect_comes_first():
    source = Source()
    source.images.loc[1, "psnr_db"] = np.inf  # base on sharp
    found = dashboard(source).catalogue
    assert catalogues.first_image(found, ["psnr_db", "better", "base"]) == "sharp"
    assert catalogues.first_image(found, ["psnr_db", "broken", ""]) == "sharp"
    source.images.loc[5, "psnr_db"] = np.nan  # better on blurred
    assert catalogues.first_image(dashboard(source).catalogue, ["psnr_db", "better", "base"]) == "blurred"


def test_a_look_is_answered_with_the_whole_pictures_and_then_done():
    found = page()
    *pictures, done = found.look(names=("input", "base", "better", "target"))
    pictures = [picture for picture in pictures if picture[0]["kind"] != "progress"]
    assert {content["name"] for content, _ in pictures} == {"input", "base", "better", "target"}
    assert done[0] == {"kind": "done", "ask": 7}
    for content, pixels in pictures:
        assert (rgb((content, pixels)) == wished(found.dashboard, content["name"])).all()
        assert (content["width_px"], content["height_px"], list(content["box"])) == (600, 400, [0, 0, 600, 400])


def test_a_large_picture_comes_reduced_and_its_part_exactly():
    found = page()
    reduced = found.look(names=["better"], most_px=60_000)[-2]
    assert reduced[0]["shown_px"] == [300, 200]
    assert (reduced[0]["width_px"], reduced[0]["height_px"]) == (600, 400)
    part = found.look(names=["better"], box=[590, -5, 40, 25], most_px=60_000)[-2]
    assert list(part[0]["box"]) == [590, 0, 10, 20]
    assert (rgb(part) == wished(found.dashboard, "better")[0:20, 590:600]).all()


def test_a_picture_brings_its_figures():
    found = page()
    told = {
        content["name"]: content
        for content, _ in found.look("sharp", ["input", "better", "target"])[:-1]
        if "name" in content
    }
    assert told["better"]["figures"] == {"psnr_db": 26.5, "ms_ssim": 0.88}
    assert told["target"]["figures"] is None


def test_what_was_seen_is_not_asked_for_again():
    found = page()
    found.look(names=["input", "better", "target"])
    before = len(found.dashboard.source.asked)
    found.look(names=["input", "better", "target"], box=[0, 0, 5, 5])
    assert len(found.dashboard.source.asked) == before


def test_a_model_that_fails_says_why_and_leaves_the_others_alive():
    answers = page().answers("look", image="blurred", names=["broken", "better"], box=None, most_px=1_000_000)
    assert [each["kind"] for each in answers] == ["problem", "picture", "done"]
    assert answers[0]["words"] == "broken: it died of <b>SIGSEGV</b>"


def test_an_image_that_is_gone_is_said_in_every_pane():
    answers = page().answers("look", image="gone", names=["input", "better"], box=None, most_px=1)
    said = "expected an image at gone.png, found nothing: check the path"
    assert [each.get("words") for each in answers] == [said, said, None]


def test_what_is_not_there_any_more_is_said_in_its_pane():
    answers = page().answers("look", image="of the other track", names=["input"], box=None, most_px=1)
    assert [each.get("words") for each in answers] == ["no input of of the other track here", None]


def test_what_is_there_comes_before_what_a_network_has_to_make():
    answers = page().answers("look", image="sharp", names=["base", "input", "better", "target"], box=None, most_px=1)
    assert [answer.get("name") for answer in answers] == ["input", "target", "base", "better", None]


def test_progress_is_told_before_a_network_runs_and_ends():
    found = page()
    told = [content["words"] for content, _ in found.look("sharp", ["input", "base", "better"]) if "words" in content]
    assert told == ["", "running base on sharp (1 of 2)", "", "running better on sharp (2 of 2)", "", ""]
    kinds = [content["kind"] for content, _ in found.look("sharp", ["input", "base"])]
    assert kinds == ["picture", "picture", "done"]


def test_the_figures_of_a_crop_are_made_on_the_arrays():
    [answer] = page().answers("crop", image="blurred", names=["better", "target", "broken"], box=[0, 0, 200, 100])
    # The output is 0.4 above the target everywhere: 10 log10(1 / 0.4 ** 2).
    assert answer["figures"] == {
        "better": {"psnr_db": "7.96 dB", "ms_ssim": "crop too small: needs 161 px a side"},
        "broken": {},
    }


def test_thumbnails_come_in_one_answer():
    [(content, pictures)] = page().ask("thumbs", images=["sharp", "gone", "nonesuch"])
    assert content["images"] == ["sharp", "gone"]
    assert pictures == [b"sharp", b""]


def test_a_picture_is_saved_whole_and_it_says_where_or_why_not():
    found = page()
    [said] = found.answers("save", image="blurred", name="better")
    assert (said["words"], said["good"]) == ("saved: blurred better (400, 600, 3)", True)
    [said] = found.answers("save", image="blurred", name="input")
    assert (said["words"].startswith("expected a place to save it, found Permission denied"), said["good"]) == (
        True,
        False,
    )
    [said] = found.answers("save", image="blurred", name="broken")
    assert (said["words"], said["good"]) == ("broken: it died of <b>SIGSEGV</b>", False)


def test_a_photo_of_ones_own_is_the_first_image_and_is_shown():
    found = page()
    said = found.answers("photo", [b"bytes"], name="me.jpg", way="as it is")
    assert [(each["words"], each["good"]) for each in said] == [("", True)]
    assert found.dashboard.source.taken == [("me.jpg", b"bytes", "as it is")]
    images = found.dashboard.catalogue["images"]
    assert [image["name"] for image in images] == ["your photo: me.jpg", "sharp", "blurred", "gone"]
    assert images[0]["words"] == "Turned by 90 degrees; 16 bits per channel taken down to 8."
    assert images[0]["target"] is False
    assert found.dashboard.image == "your photo: me.jpg"
    answers = found.answers("look", image="your photo: me.jpg", names=["base", "target"], box=None, most_px=10**6)
    assert (answers[0]["kind"], answers[0]["words"]) == ("problem", "your own photo has no target")
    assert (answers[1]["kind"], answers[1]["figures"]) == ("picture", None)


def test_another_photo_takes_the_place_of_the_one_before():
    found = page()
    for name in ("first.jpg", "second.jpg"):
        found.ask("photo", [b"bytes"], name=name, way="as it is")
    names = [image["name"] for image in found.dashboard.catalogue["images"]]
    assert names == ["your photo: second.jpg", "sharp", "blurred", "gone"]


def test_a_bad_photo_leaves_everything_as_it_was():
    found = page()
    found.ask("photo", [b"bytes"], name="me.jpg", way="as it is")
    before = found.dashboard.catalogue, found.dashboard.view, found.dashboard.source.photo
    [said] = found.answers("photo", [b"no photo"], name="notes.txt", way="as it is")
    assert (said["kind"], said["good"]) == ("said", False)
    assert said["words"] == "expected a photo in the file, found a file of another kind: save it as JPEG or PNG"
    assert (found.dashboard.catalogue, found.dashboard.view, found.dashboard.source.photo) == before
    found.ask("photo", way="as the target")  # the last that was good, once more
    assert found.dashboard.source.taken[-1] == ("me.jpg", b"bytes", "as the target")


def test_the_catalogue_has_the_way_by_which_the_photo_was_taken():
    found = page()
    assert found.dashboard.catalogue["way"] == ""
    found.ask("photo", [b"bytes"], name="me.jpg", way="as it is")
    assert found.dashboard.catalogue["way"] == "as it is"
    [said] = found.answers("photo", way="enlarged first")
    assert (said["good"], found.dashboard.catalogue["way"]) == (False, "as it is")
    found.ask("photo", way="as the target")
    assert found.dashboard.catalogue["way"] == "as the target"


def test_two_photos_that_arrive_at_a_time_do_not_mix():
    found = page()
    for ask, part, content in ((1, 0, b"one "), (2, 0, b"uno "), (1, 1, b"two"), (2, 1, b"due")):
        sent = {"kind": "photo", "name": f"{ask}.jpg", "way": "as it is", "part": part, "parts": 2}
        found.dashboard._handle_custom_msg({**sent, "ask": ask}, [memoryview(content)])
    assert found.dashboard.source.taken == [("1.jpg", b"one two", "as it is"), ("2.jpg", b"uno due", "as it is")]
    assert [content["ask"] for content, _ in found.sent if content["kind"] == "said"] == [1, 2]


def test_a_large_photo_comes_in_parts():
    found = page()
    for part, content in enumerate((b"one ", b"two ")):
        assert found.ask("photo", [content], name="me.jpg", way="as it is", part=part, parts=3) == []
    assert found.answers("photo", [b"three"], name="me.jpg", way="as it is", part=2, parts=3)[0]["good"]
    assert found.dashboard.source.taken == [("me.jpg", b"one two three", "as it is")]


def test_a_photo_by_its_path_and_none_at_all():
    found = page()
    found.ask("photo", path=" /home/me/photo.jpg ", way="as it is")
    name, path, _ = found.dashboard.source.taken[0]
    assert (name, str(path)) == ("photo.jpg", "/home/me/photo.jpg")
    [said] = found.answers("photo", path=" ", way="as it is")
    assert said["words"].startswith("expected the path of a photo, found ' '")
    [said] = page().answers("photo", way="as it is")  # chosen before there is any photo
    assert (said["words"], said["good"]) == ("", True)


def test_another_track_is_shown_from_its_start_or_the_sentence_why_not():
    small = Source(ENHANCEMENT, (100, 100))
    found = page(opened=small, image="sharp")
    found.dashboard.view = found.dashboard.view | {"zoom": 4}
    answers = found.ask("track", track="enhancement")
    assert answers[0][0]["words"] == "figures of base on sharp (1 of 2)"
    assert answers[-1][0] == {"kind": "said", "ask": 7, "words": "", "good": True}
    assert found.dashboard.catalogue["track"] == "enhancement"
    assert (found.dashboard.image, found.dashboard.view["zoom"]) == ("sharp", 0)
    stuck = page(image="sharp")
    before = stuck.dashboard.catalogue, stuck.dashboard.view
    [said] = stuck.answers("track", track="enhancement")
    assert (said["words"], said["good"]) == ("expected images of that track, found none: check the path", False)
    assert (stuck.dashboard.catalogue, stuck.dashboard.view) == before


def test_small_copies_of_what_was_shown_last_stay_with_the_notebook():
    found = page()
    assert set(found.dashboard.previews["pictures"]) == {"input", "better", "target"}
    found.look("sharp", ["base", "target"])
    assert found.dashboard.previews["image"] == "sharp"
    assert (found.dashboard.previews["width_px"], found.dashboard.previews["height_px"]) == (600, 400)
    pictures = found.dashboard.previews["pictures"]
    assert list(pictures) == ["base", "target"]
    found.look("sharp", ["better"])  # one pane alone was changed
    assert list(found.dashboard.previews["pictures"]) == ["better", "target"]
    small = decoded(pictures["base"])
    assert small.shape == (320, 480, 3)
    assert abs(int(small[160, 240, 0]) - int(wished(found.dashboard, "base", "sharp")[200, 300, 0])) <= 2


def test_what_an_error_map_is_against_stays_with_the_notebook_also_where_nothing_was_asked_for():
    found = page(view="panes=input,better")
    found.look("blurred", ["base", "target"])  # seen once, so that the page has it
    found.look("blurred", ["better"])
    assert set(found.dashboard.previews["pictures"]) == {"better", "input"}
    found.dashboard.view = found.dashboard.view | {"show": "absolute", "against": "base"}
    assert set(found.dashboard.previews["pictures"]) == {"better", "input", "target", "base"}
    found.look("blurred", ["better"])
    assert set(found.dashboard.previews["pictures"]) == {"better", "input", "target", "base"}


def test_fifty_changes_leave_a_small_state():
    found = page()
    for number in range(50):
        found.look(("sharp", "blurred")[number % 2], ["input", "base", "better", "target"])
    state = found.dashboard.get_state(["catalogue", "view", "previews"])
    assert sum(map(len, state["previews"]["pictures"].values())) <= 4 * 40_000
    assert len(json.dumps([state["catalogue"], state["view"]])) < 5_000


def test_without_widgets_there_is_a_picture_and_a_sentence():
    bundle, _ = dashboard()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    html = bundle["text/html"]
    assert "The viewer needs a running Jupyter with widgets" in html
    assert html.count("<img ") == 3
    assert "broken: it died of &lt;b&gt;SIGSEGV&lt;/b&gt;" in html
    assert len(html) < 200_000


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_from_outside_stay_text_in_the_html(hostile):
    name = printable(hostile)
    source = Source()
    source.models[1] = name
    for table in (source.images, source.runs):
        table["model"] = table["model"].replace("better", name)
    source.images["image"] = source.images["image"].replace("blurred", name)
    source.pixels = lambda image, shown: f"why: {hostile}" if shown == "base" else np.zeros((4, 4, 3), np.float32)
    found = dashboard(source, image=name, view="")
    found.view = found.view | {"panes": ["base", name, "target"]}
    html = found._repr_mimebundle_()[0]["text/html"]
    html.encode()
    assert json.dumps(found.catalogue, ensure_ascii=False).encode()
    assert set(re.findall("<([a-z/]+)", html)) == {
        "div",
        "/div",
        "p",
        "/p",
        "figure",
        "/figure",
        "figcaption",
        "/figcaption",
        "img",
    }
    assert set(re.findall(r" ([a-z]+)=\"", re.sub(r'alt="[^"]*"', "", html))) == {"style", "src"}


def test_the_table_that_stays_says_what_was_not_measured():
    table = snapshots.table(dashboard(image="sharp"))
    assert table.loc["better", "PSNR (dB)"] == 26.5
    assert table.loc["better", "speedup"] == 2.5
    assert table.loc["base", "speedup"] == "not measured"
    assert "score B" not in table.columns
    assert "NaN" not in table.to_html()
    assert "NaN" not in snapshots.table(dashboard(image="gone")).to_html()


def test_the_figure_that_stays():
    figure = snapshots.figure(dashboard(image="sharp"))
    texts = [text.get_text() for text in figure.findobj(match=lambda artist: hasattr(artist, "get_text"))]
    assert "better, sharp" in texts
