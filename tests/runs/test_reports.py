"""The report: what it says, and what it says where something is missing."""

import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from fixtures import run_folders

from aic_helpers.cli import main
from aic_helpers.core.errors import InputError
from aic_helpers.evaluation import example_images
from aic_helpers.runs import reports, results

VOID = {"meta", "link", "img", "input", "br"}


class Reader(HTMLParser):
    """Reads a page: its visible text, its elements, and whether each was closed in its place."""

    def __init__(self, page):
        super().__init__()
        self.words, self.elements, self.open, self.scripts = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"script", "style"} & set(self.open):
            self.words.append(data)
        elif self.open[-1] == "script":
            self.scripts.append(data)

    @property
    def told(self):
        """What the page tells its first viewer."""
        return json.loads(self.scripts[0])

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


def read(out, *folders):
    reader = Reader(reports.write_report(folders, out).read_text("utf-8"))
    assert reader.open == []
    return reader


@pytest.fixture
def report(tmp_path, monkeypatch):
    """Write the report of run folders, its plots left empty; returns it as read."""
    monkeypatch.setattr("aic_helpers.reporting.svg.inline", lambda draw, name: "<svg></svg>")
    return lambda *folders: read(tmp_path / "report.html", *folders)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The report of two whole runs with all their plots, as read and as it is."""
    folder = tmp_path_factory.mktemp("whole")
    page = read(folder / "report.html", *(run_folders.write(folder / name) for name in ("one", "two")))
    return page, (folder / "report.html").read_text("utf-8")


def changed(part, **values):
    content = run_folders.result()
    content[part] = {**content[part], **values} if values else None
    return content


def test_the_verdict_comes_first_with_what_is_broken_and_what_to_do(report, tmp_path):
    text = report(run_folders.write(tmp_path / "run")).text
    assert "Requirements not met: 1 of 2 broken" in text
    assert (
        "any resolution : fixed; limit: the output has the input's size. What to do: make height and width None."
        in text
    )
    assert "Not judged: parity with its source." in text
    assert "Advice, not counted: values in [0, 1]." in text
    order = ["not met", "score A 12.00 95 %: 8.00 to 16.00", "Figures", "Plots", "Images", "Environment", "aic run"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_figures_say_how_they_were_made(report, tmp_path):
    text = report(run_folders.write(tmp_path / "run")).text
    for words in (
        "PSNR 28.50 dB (27.00 to 30.00) mean over the images, protocol pirm2018; 95 % interval by bootstrap over the "
        "images. 16 px are cropped from each side; outputs are clipped to [0, 1]",
        "0.9593 with sums in float64",
        "images 5 validation images of sample; the first 5 at most; 1 cropped at the edge",
        "time 150.2 ms at 1280x720, 2 threads median of 22 runs after 3 to warm up, batch 1, on the cpu; "
        "5 to 95 % of the runs: 149.0 to 156.0 ms",
        "baseline 300.5 ms sample_sr_srcnn, timed in turn with the model",
        "speedup 2.000 (1.900 to 2.100) median over 22 pairs of runs; stopped by: interval after 11 s",
        "RAM 1023 MiB (616 runtime + 407 model; limit 3584) peak of a fresh process that runs one image (VmHWM, read "
        "by the process itself); the baseline takes 1020 MiB",
        "The machine was busy with other things.",
        "size 0.28 MB model.pb, the frozen model",
        "threads of a timed run 2",
        "OMP_NUM_THREADS=2",
    ):
        assert words in text


def test_what_was_changed_since_it_was_written_is_told_first(report, tmp_path):
    content = run_folders.result()
    content["requirements"] = [rule for rule in content["requirements"] if rule["passed"]]
    written = results.part_sha256(content["metrics"])
    content["metrics"]["psnr_db"] = 99.0
    content["keys"] = {"metrics": {"made_from": {}, "files": {}, "sha256": written}}
    text = report(run_folders.write(tmp_path / "run", content)).text
    assert "Not as it was written: nothing is judged by it" in text
    assert "Changed since the run wrote it, and not to be relied on: metrics." in text
    assert "net (changed since)" in text
    assert "Requirements met" not in text


def test_the_data_s_note_is_told(report, tmp_path):
    content = changed("data", name="sample", note="inputs simulated (old phone camera)")
    text = report(run_folders.write(tmp_path / "run", content)).text
    assert "Data sample: inputs simulated (old phone camera)." in text


def test_the_command_makes_it_again(report, tmp_path):
    text = report(run_folders.write(tmp_path / "my run")).text
    again = "--track super_resolution --model net.py:net --checkpoint weights/net --out"
    assert f"aic run {again} '{tmp_path}/my run' --limit 5" in text
    assert "papermill notebooks/03_profile.ipynb 03_profile.ipynb -p track super_resolution -p model net.py:net" in text


def of_own_track(formula, **parts):
    """Return a result of the track `ours`, which has this score."""
    scores = {"formulas": {"total": formula}, "scores": {"total": "higher"}, "quantities": {"lpips": "given"}}
    task = {"scale": 4, "input": "small"}
    content = run_folders.result()
    content["metrics"]["protocol"] = "RGB, border 0 px, rounded, PSNR"
    return content | {"track": "ours", "track_file": {"title": "Ours", "task": task, **scores}, **parts}


def test_the_command_takes_a_track_s_own_file(report, tmp_path):
    text = report(run_folders.write(tmp_path / "run", of_own_track("psnr"))).text
    assert "aic run --track ours.toml --model" in text
    assert "-p track ours.toml -p model" in text
    assert "ours.toml is this track's own file, which the commands take; it isn't shipped." in text


def test_a_score_without_a_value_says_what_it_lacks(report, tmp_path):
    why = "lpips (those of [quantities] are given as numbers, not measured here)"
    scores = {"total": {"value": None, "ci95": None, "missing": why}, "other": {"value": 3.0, "ci95": None}}
    text = report(run_folders.write(tmp_path / "run", of_own_track("psnr - lpips", scores=scores))).text
    assert f"score total none it lacks {why} score other 3.00 no interval" in text


@pytest.mark.parametrize(
    ("formula", "parts", "why"),
    [
        ("psnr - lpips", {"profile": None}, "they need PSNR and lpips, and there is no total: lpips (those of"),
        ("lpips", {"metrics": None}, "they need lpips, and there is no total: lpips (those of"),
        ("psnr", {"metrics": None}, "they need PSNR, and PSNR was not measured: aic evaluate."),
        ("time_ms", {"profile": None}, "they need time_ms at 320x180, and time was not measured: aic profile."),
    ],
)
def test_no_scores_asks_only_for_what_they_need(report, tmp_path, formula, parts, why):
    text = report(run_folders.write(tmp_path / "run", of_own_track(formula, scores=None, **parts))).text
    assert f"No scores: {why}" in text


@pytest.mark.parametrize(
    ("gets", "note", "words"),
    [
        ("small", "", "the targets scaled down by 4."),
        ("small", "small photos in LR_bicubic/X4", "the data's small photos."),
        ("enlarged", "small photos in LR_bicubic/X4", "the data's small photos, scaled up by 4."),
    ],
)
def test_inputs_are_what_the_data_gives(report, tmp_path, gets, note, words):
    content = of_own_track("psnr", data={"name": "sample", "note": note})
    content["track_file"]["task"]["input"] = gets
    assert f"inputs are {words}" in report(run_folders.write(tmp_path / "run", content)).text


def test_the_command_says_what_was_said_of_the_network_s_form(report, tmp_path):
    said = {"range": 255, "input": "lr images", "set": {"is_training": False, "scale": 2}}
    text = report(run_folders.write(tmp_path / "run", changed("model", adapt=said))).text
    options = "--range 255 --input 'lr images' --set is_training=false --set scale=2.0"
    assert f"--out {tmp_path}/run {options} --limit 5" in text
    assert """-y '{"adapt": {"range": "255", "input": "lr images", "set": {"is_training": false""" in text


def test_a_profile_under_other_conditions_has_its_command(report, tmp_path):
    content = changed("profile", width_px=1920, height_px=1080, threads=1)
    content["scores"] = None
    text = report(run_folders.write(tmp_path / "run", content)).text
    assert re.search(r"aic profile --track super_resolution .* --size 1920x1080 --threads 1", text)
    assert "and the profile is of another size than 1280x720." in text


def test_the_page_asks_no_host_for_anything(whole):
    page, text = whole
    addresses = [attributes[name] for _, attributes in page.elements for name in ("src", "href") if name in attributes]
    assert {address.partition(":")[0].partition("-")[0] for address in addresses} == {"data", "#run", "#picture"}
    assert len(page.all("img")) == 2 * 3 * 4
    assert re.findall(r"https?:", text) == []
    assert "@import" not in text
    assert re.findall(r"url\((?!#)", text) == []
    policy = page.all("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")


def test_pictures_have_words_and_figures(report, tmp_path):
    page = report(run_folders.write(tmp_path / "run"))
    words = [image["alt"] for image in page.all("img")]
    assert words[:3] == ["input of a", "output of a", "target of a"]
    assert words[9:] == ["the whole of a", "the whole of c", "the whole of e"]
    assert "Worst image by PSNR, +2.50 dB against the input. A detail of 480x360 from 1280x720, where" in page.text
    assert "input : PSNR 22.00 dB, MS-SSIM 0.9000 output : PSNR 24.50 dB, MS-SSIM 0.9500 target" in page.text
    assert "With JavaScript they can be enlarged and compared." in page.text
    box = next(style["style"] for style in page.all("span") if "left" in style.get("style", ""))
    assert box == "left: 25.000%; top: 10.000%; width: 37.500%; height: 50.000%"


def test_the_viewer_is_told_what_there_is(report, tmp_path):
    told = report(run_folders.write(tmp_path / "run")).told
    assert [image["name"] for image in told["catalogue"]["images"]] == ["a", "c", "e"]
    assert [shown["name"] for shown in told["catalogue"]["shown"]] == ["input", "output", "target"]
    assert told["catalogue"]["images"][0]["figures"]["output"] == {"psnr_db": 24.5, "ms_ssim": 0.95}
    assert told["view"]["panes"] == ["input", "output", "target"]
    assert told["view"]["sort"] == ["psnr_db", "output", ""]


@pytest.mark.parametrize(("side_px", "exact"), [((100, 100), True), ((360, 480), False)])
def test_pictures_say_whether_they_are_exact(report, tmp_path, side_px, exact):
    page = report(run_folders.write(tmp_path / "run", side_px=side_px))
    assert {"data-inexact" not in image for image in page.all("img") if "data-image" in image} == {exact}


def test_plots_keep_their_text_and_take_the_page_s_colours(whole):
    page, text = whole
    plots = [attributes["aria-label"] for attributes in page.all("div") if attributes.get("role") == "img"]
    own = [
        "PSNR and MS-SSIM of 5 images; PSNR from 24.00 to 33.00 dB",
        "Time of 8 runs; medians: baseline 301.5 ms, model 151.5 ms",
        "Peak memory 1023 MiB beside the limit",
        "Time and memory from 0.1 to 3.7 megapixels, on logarithmic axes",
    ]
    assert plots == ["speedup 2.00 at 28.50 dB; speedup 2.00 at 28.50 dB", *own, *own]
    assert "baseline: median 301.5 ms" in page.words
    assert "published in 2018" in page.words
    drawn = text[text.index("<svg") : text.rindex("</svg>")]
    assert "var(--plot-blue)" in drawn
    assert re.findall(r"[:\"] ?(#[0-9a-f]{6})", drawn, re.IGNORECASE) == []


def test_ids_are_unlike_each_other_and_every_reference_has_its_own(whole):
    page, text = whole
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:href="|url\()#([\w-]+)', text)
    assert len(used) > 50
    assert set(used) <= set(ids)
    copies = [attributes["data-copy-of"] for attributes in page.all("img") if "data-copy-of" in attributes]
    assert len(copies) == 9, "the pictures of the second run are those of the first"
    assert set(copies) <= set(ids)


def test_many_runs_are_compared_before_each_is_told(report, tmp_path):
    other = run_folders.result()
    other["model"]["name"] = "other"
    other["requirements"] = [rule for rule in other["requirements"] if rule["passed"] is not False]
    other["profile"] = other["scores"] = None
    page = report(run_folders.write(tmp_path / "one"), run_folders.write(tmp_path / "two", other))
    first = f"Track A: super-resolution; sample ; in {tmp_path}/one NOT MET 28.50 dB 27.00 to 30.00"
    assert page.text.index("2 runs compared") < page.text.index(first) < page.text.index("Requirements not met")
    assert f"; in {tmp_path}/two met 28.50 dB 27.00 to 30.00 0.9600" in page.text
    assert "not measured not measured none none none" in page.text
    assert "No. 2: it takes PSNR, MS-SSIM and a speedup, all finite." in page.text
    assert len(page.all("details")) == 1 + 2
    assert "TEAM_ALEX 28.21 dB 0.9636 701 ms 4.62 13.21 15.15 14.14" in page.text


def test_headings_are_in_order(report, tmp_path):
    for runs in (1, 2):
        page = report(*(run_folders.write(tmp_path / f"{runs} {number}") for number in range(runs)))
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_report_of_a_run_that_was_only_converted(report, tmp_path):
    content = run_folders.result()
    content |= dict.fromkeys(("metrics", "profile", "requirements", "scores"))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps(content))
    text = report(folder).text
    for words in (
        "Requirements not checked",
        "and PSNR and MS-SSIM were not measured: aic evaluate.",
        "There are no figures of single images: aic evaluate makes them.",
        "Time was not measured: aic profile does.",
        "Memory was not measured: aic profile does.",
        "Growth was not measured",
        "No example images are in the run folder: aic evaluate makes them.",
        "The requirements were not checked: aic check does.",
    ):
        assert words in text


def test_a_model_that_failed_is_told_first(report, tmp_path):
    content = run_folders.result()
    why = "5 of 5 images; a: the model returned NaN"
    content["metrics"] = {"protocol": "pirm2018", "images": 5, "psnr_db": None, "ms_ssim": None, "failed": why}
    content["scores"], content["requirements"] = None, content["requirements"][:1]
    folder = run_folders.write(tmp_path / "run", content)
    for name in example_images.EXAMPLES:
        (folder / name).unlink(missing_ok=True)
    text = report(folder).text
    assert "The model failed" in text
    assert f"The metrics failed: {why}." in text
    assert "and the metrics failed." in text
    assert f"No example images: the model failed on {why}." in text


def test_a_profile_that_failed_is_told(report, tmp_path):
    nothing = dict.fromkeys(("time_ms", "speedup", "repetitions", "peak_rss_mib", "model_rss_mib", "load"))
    content = changed("profile", **nothing, failed="the model died", baseline_time_ms=None)
    content["scores"] = None
    folder = run_folders.write(tmp_path / "run", content)
    (folder / "timing.csv").unlink()
    text = report(folder).text
    assert "The profile failed: the model died." in text
    assert "No timed runs: the model died." in text
    assert "Memory was not measured: the model died." in text


def test_identical_images_have_an_infinite_psnr(report, tmp_path):
    content = changed("metrics", psnr_db="inf", psnr_db_ci95=None)
    content["scores"] = None
    folder = run_folders.write(tmp_path / "run", content)
    images = pd.read_csv(folder / "images.csv").assign(psnr_db=[1.0, 2, 3, 4, np.inf])
    images.to_csv(folder / "images.csv", index=False)
    text = report(folder).text
    assert "PSNR inf dB" in text
    assert "and a figure is not finite." in text
    assert "This run has no place in a plot of speed against quality" in text


def test_a_deleted_picture_is_a_sentence_in_its_place(report, tmp_path):
    folder = run_folders.write(tmp_path / "run")
    (folder / "example_median_output.webp").unlink()
    (folder / "example_best_overview.webp").write_bytes(b"no picture")
    page = report(folder)
    median = page.text[page.text.index("Median image") : page.text.index("Best image")]
    gone = "The picture example_median_output.webp is not in the run folder: aic evaluate makes it anew."
    assert gone in median
    assert page.told["catalogue"]["images"][1]["failures"] == {"output": gone}
    assert "The picture example_best_overview.webp is damaged: aic evaluate makes it anew." in page.text
    assert len(page.all("img")) == 12 - 1 - 1


@pytest.mark.parametrize("content", ["", "image\n", '"', "image,psnr_db,end\na,x,worst\n", "\x00\x00"])
def test_damaged_tables_are_sentences_in_their_places(tmp_path, content):
    folder = run_folders.write(tmp_path / "run")
    for name in ("images", "timing", "growth", "examples"):
        (folder / f"{name}.csv").write_text(content)
    page = read(tmp_path / "report.html", folder)
    drawn = [attributes["aria-label"] for attributes in page.all("div") if attributes.get("role") == "img"]
    assert drawn == ["speedup 2.00 at 28.50 dB", "Peak memory 1023 MiB beside the limit"]
    assert page.all("img") == []
    for title in ("Spread over the images", "Timing samples", "Time and memory over resolution", "Images"):
        assert re.search(f"{title} .{{0,200}}(make the run again|aic (evaluate|profile)|03_profile)", page.text)


def test_runs_that_cannot_be_shown_leave_the_others(report, tmp_path):
    contents = {
        "no result": None,
        "no JSON": "{",
        "schema 2": '{"schema": 2}',
        "no track": '{"schema": 1}',
        "no keys": '{"schema": 1, "track": "enhancement", "data": {}, "model": {}}',
        "no model": json.dumps(changed("model")),
    }
    folders = [run_folders.write(tmp_path / "good")]
    for name, content in contents.items():
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        if content:
            (folders[-1] / "result.json").write_text(content)
    text = report(*folders).text
    assert "1 run compared" in text
    told = re.findall(r"A run is left out: (expected .*?, found .*?: (?:make|read) .*?) (?=A run|run)", text)
    assert len(told) == len(contents)
    assert f"expected a result of schema 1 in {tmp_path}/schema 2/result.json, found schema 2" in told[2]


def test_unusable_folders_alone_are_an_error(tmp_path, capsys):
    out = tmp_path / "report.html"
    with pytest.raises(InputError, match=r"expected a result at .*result\.json, found nothing: make one with: aic run"):
        reports.write_report([tmp_path], out)
    assert main.status(["report", str(tmp_path), str(tmp_path / "x"), "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert (printed.out, printed.err.count("\n")) == ("", 1)
    assert not out.exists()


def test_the_command_writes_the_file(tmp_path, capsys):
    folder = run_folders.write(tmp_path / "run")
    out = tmp_path / "new" / "report.html"
    assert main.status(["report", str(folder), str(folder), "--out", str(out)]) == 0
    assert capsys.readouterr().out.startswith(f"{out}  0.")
    assert "2 runs compared" in out.read_text("utf-8")
    assert main.status(["report", str(folder), "--out", str(tmp_path)]) == 2
    assert "name a file in it, as in report.html" in capsys.readouterr().err
    assert main.status(["report", str(folder), "--out", str(folder / "result.json")]) == 2
    assert "expected a file whose name ends in .html" in capsys.readouterr().err
    assert json.loads((folder / "result.json").read_text("utf-8"))["schema"] == 1


def test_texts_from_outside_are_escaped(report, tmp_path):
    hostile = "<img src=x onerror=hit()>\"'&{{7*7}}\u2028\u202e\x00\ud800</script>"
    content = run_folders.result()
    content["model"] |= {"name": hostile, "source": hostile, "checkpoint": hostile}
    content["data"] = {"name": hostile, "note": hostile}
    content["profile"] |= {"stop_reason": hostile, "notes": [hostile], "failed": hostile}
    content["environment"] = {hostile: hostile, "cores": 2}
    for rule in content["requirements"]:
        rule |= {"name": hostile, "evidence": hostile, "limit": hostile}
    names = [hostile.replace("\ud800", "") + str(number) for number in range(5)]
    page = report(run_folders.write(tmp_path / "run", content, names=names))
    assert [script.get("type") for script in page.all("script")] == ["application/json", None]
    assert page.told["catalogue"]["images"][0]["name"] == names[0].replace("\x00", "\ufffd")
    assert len(page.all("img")) == 12
    assert {name for _, attributes in page.elements for name in attributes if name.startswith("on")} == set()
    shown = hostile.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert shown in page.words


def test_sizes_of_pages_stay_in_their_budget(tmp_path):
    noise = np.random.default_rng(0).uniform(size=(360, 480, 3))
    folder = run_folders.write(tmp_path / "run")
    for picture in folder.glob("example_*.webp"):  # noise compresses worse than any photo
        example_images._write(picture, noise)
    one = reports.write_report([folder], tmp_path / "one.html").stat().st_size
    pictures = sum(len(source) for source in re.findall('data:image/webp[^"]*', (tmp_path / "one.html").read_text()))
    assert 1e6 < pictures < one < 4e6
    assert 6 * one < 12e6


def test_a_report_needs_no_tensorflow(tmp_path):
    folder = run_folders.write(tmp_path / "run")
    code = (
        "import sys; from aic_helpers.cli import main; "
        f"status = main.status(['report', {str(folder)!r}, '--out', {str(tmp_path / 'r.html')!r}]); "
        "sys.exit(status or {'tensorflow', 'keras', 'papermill'} & set(sys.modules) or 'none')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stderr.splitlines()[-1] == "none"
