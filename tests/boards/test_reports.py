"""The report of a board: what it says, where it links to."""

import base64
import json
import re
import shutil

import pandas as pd
import pytest
from fixtures import boards, reading, run_folders

from aic_helpers.boards import folders, reports, standings

DB, SIMILAR = [24.0, 28.0, 31.0], [0.95, 0.96, 0.97]


def add(board, name, gain_db=0.0, **how):
    return boards.add(board, name, [db + gain_db for db in DB], SIMILAR, 2.0, **how)


@pytest.fixture
def write(monkeypatch):
    """Write the report of a board, its plots left empty; returns it without its line breaks."""
    monkeypatch.setattr("aic_helpers.reporting.svg.inline", lambda draw, name: f"<svg id='{name}'></svg>")

    def written(folder):
        path = reports.write_report(standings.standings(folders.open_board(folder)))
        assert path == folder / "report.html"
        return path.read_text("utf-8")

    return written


def words(page):
    """Return what is read of a page."""
    body = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)
    return re.sub(r" ([.;,])", r"\1", " ".join(re.sub(r"<[^>]*>", " ", body).split()))


def test_ranks_intervals_and_reasons_are_told(write, tmp_path):
    boards.failed(tmp_path / "super_resolution" / "lost", "no answer", "convert")
    entries = [add(tmp_path, "second"), add(tmp_path, "heavy", broken=("file size",)), add(tmp_path, "first", 0.5)]
    page = write(boards.plan(tmp_path, *entries, boards.named("lost"), boards.named("later"), limit=3))
    text = words(page)
    assert "Data: sample, the first 3 images at most." in text
    assert "Models: 5: 3 done, 1 failed, 1 waiting." in text
    assert "Best by score A: first with 10.67, 2.00 (1.86 to 2.14) ahead of the next: decided." in text
    assert re.search(r"first 1 decided 1 decided 1 decided 10\.67 -?\d+\.\d\d to \d+\.\d\d ", text)
    assert re.search(r"heavy \d[^A-Z]* NOT MET done, breaks file size", text)
    assert re.search(r"lost( none)+ not checked failed, convert: no answer", text)
    assert re.search(r"later( none)+ not checked waiting, not run yet", text)
    assert re.findall(r'data-row="\d+" data-kind="(\w+)"', page) == ["ranked", "ranked", "broken", "apart", "apart"]
    assert re.findall(r"<bdi>(\w+)</bdi></a></th><td", page) == ["first", "second", "heavy"]


def test_rules_are_a_matrix(write, tmp_path):
    page = write(boards.plan(tmp_path, add(tmp_path, "net"), add(tmp_path, "heavy", broken=("file size",))))
    matrix = words(page[page.index("Requirements, one by one") :])
    assert "model file size any resolution values in [0, 1] parity with its source" in matrix
    assert "net met met advice not judged heavy BROKEN met advice not judged" in matrix


def test_five_plots_a_track_with_words(write, tmp_path):
    page = write(boards.many(tmp_path, 3, tracks=("super_resolution", "enhancement")))
    labels = re.findall(r'role="img" aria-label="([^"]*)"', page[: page.index("<h2>The runs")])
    assert len(labels) == 2 * 5
    assert labels[0].startswith("PSNR over speedup of 3 models; on the front: ")
    assert labels[2].startswith("Ranks by score A of 3 models, best first: ")
    names = re.findall(r"<svg id='([^']*)'", page)
    assert len(names) == len(set(names))


def test_where_nothing_is_ranked_the_plots_are_sentences(write, tmp_path):
    text = words(write(boards.plan(tmp_path, boards.named("later"))))
    assert text.count("No model of this track is ranked.") == 3
    assert "No model of this track is ranked yet." in text


def test_few_runs_stand_in_the_page(write, tmp_path):
    run_folders.write(tmp_path / "super_resolution" / "net")
    page = write(boards.plan(tmp_path, boards.named("net")))
    assert '<a href="#run-1"><bdi>net</bdi></a>' in page
    assert 'id="run-1"' in page
    assert page.count("data:image/webp") > 5


def side_by_side(page):
    """Return what the viewer of a track is told, and the pictures that it shows, which stand elsewhere in the page."""
    told = re.search(r'class="aic-viewer-data copies">\s*<script type="application/json">(.*?)</script>', page)
    sources = dict(re.findall(r'<img id="([^"]*)"[^>]* src="data:image/webp;base64,([^"]*)"', page))
    copies = re.findall(r'<img [^>]*data-copy-of="([^"]*)"', page[told.start() : page.index("<table")])
    return json.loads(told[1]), [base64.b64decode(sources[copy]) for copy in copies]


def test_models_with_pictures_of_one_place_are_compared(write, tmp_path):
    run_folders.write(tmp_path / "super_resolution" / "input")
    other = run_folders.write(tmp_path / "super_resolution" / "other")
    for seed, end in enumerate(("worst", "best")):
        output = run_folders.shaded((360, 480), 1, 7 + seed)
        run_folders.save(other / f"example_{end}_output.webp", output, lossless=False)
    rows = pd.read_csv(other / "examples.csv")
    rows.assign(top_px=[72, 0, 72], psnr_db=25.25).to_csv(other / "examples.csv", index=False)
    page = write(boards.plan(tmp_path, boards.named("input"), boards.named("other")))
    told, pictures = side_by_side(page)
    assert [image["name"] for image in told["catalogue"]["images"]] == ["a", "e"], "c shows another place of the photo"
    assert [shown["name"] for shown in told["catalogue"]["shown"]] == ["input", "input (model)", "other", "target"]
    assert told["catalogue"]["shown"][1]["rows"][0] == ["speedup", "2.000 (1.900 to 2.100)"]
    assert told["catalogue"]["images"][0]["figures"]["other"]["psnr_db"] == 25.25
    assert told["view"]["panes"] == ["input", "input (model)", "other", "target"]
    runs = [tmp_path / "super_resolution" / name for name in ("input", "input", "other", "input")]
    places = list(zip(runs, ("input", "output", "output", "target"), strict=True))
    files = [run / f"example_{end}_{side}.webp" for end in ("worst", "best") for run, side in places]
    assert pictures == [file.read_bytes() for file in files]


@pytest.mark.parametrize("change", ["one run", "another input", "a picture less"])
def test_where_no_pictures_are_of_one_place_nothing_is_said(write, tmp_path, change):
    run_folders.write(tmp_path / "super_resolution" / "net")
    other = run_folders.write(tmp_path / "super_resolution" / "other")
    for end in ("worst", "median", "best"):
        if change == "another input":
            shutil.copy(other / f"example_{end}_target.webp", other / f"example_{end}_input.webp")
        if change == "a picture less":
            (other / f"example_{end}_output.webp").unlink()
    names = ["net"] if change == "one run" else ["net", "other"]
    page = write(boards.plan(tmp_path, *map(boards.named, names)))
    assert "Side by side" not in page
    assert 'class="aic-viewer-data copies"' not in page


def test_many_runs_are_links_to_their_own_reports(write, tmp_path):
    entries = [add(tmp_path, f"net {number}") for number in range(reports.EMBEDDED_RUNS + 1)]
    (tmp_path / "super_resolution" / "net 1" / "report.html").unlink()
    page = write(boards.plan(tmp_path, *entries, boards.named("out", folder="../secret")))
    assert '<a href="./super_resolution/net%200/report.html"><bdi>net 0</bdi></a>' in page
    assert re.search(r'data-sort="net 1"><bdi>net 1</bdi>', page)
    assert 'id="run-1"' not in page
    assert "secret/report" not in page


def test_a_folder_that_reads_like_an_address_is_a_path(write, tmp_path):
    entries = [add(tmp_path, f"net{number}") for number in range(reports.EMBEDDED_RUNS + 1)]
    folder = tmp_path / "javascript:hit()"
    (tmp_path / "super_resolution" / "net0").rename(folder)
    entries[0] |= {"folder": folder.name}
    page = write(boards.plan(tmp_path, *entries))
    assert 'href="./javascript%3Ahit%28%29/report.html"' in page
    assert 'href="javascript' not in page


def test_unlike_machines_are_told_beside_each_model(write, tmp_path):
    entries = [add(tmp_path, "one"), add(tmp_path, "two")]
    file = tmp_path / "super_resolution" / "two" / "result.json"
    file.write_text(file.read_text("utf-8").replace("a processor", "another"), "utf-8")
    text = words(write(boards.plan(tmp_path, *entries)))
    assert "Track A was timed on 2 machines (a processor, 2 cores; another, 2 cores)" in text
    assert re.search(r"two 2 [^a-z]+ to [^k]* met another, 2 cores", text)
    assert not re.search(r"\btime \d", text[: text.index("The runs")])
    assert "150.2 ms" not in text[: text.index("The runs")]


def test_publishing_writes_tables_and_report(write, tmp_path):
    board = boards.plan(tmp_path, add(tmp_path, "net"))
    rows = reports.publish(standings.standings(folders.open_board(board)))
    assert [label for label, _ in rows] == ["table", "parquet", "report"]
    assert rows[-1][1] == str(board / "report.html")


def test_two_hundred_models_fit_in_a_megabyte(tmp_path):
    board = boards.many(tmp_path, 200)
    path = reports.write_report(standings.standings(folders.open_board(board)))
    assert path.stat().st_size < 1e6
    page = path.read_text("utf-8")
    assert page.count("<tr") == 2 * (202 + 1)
    assert set(re.findall(r"https?:[^\"]*", page)) == {"http://www.w3.org/2000/svg"}  # a name that is asked of nobody


def test_a_board_is_shown_with_each_result_parsed_once(write, tmp_path, monkeypatch):
    folder = boards.plan(tmp_path, *(add(tmp_path, name) for name in ("one", "two", "three")))
    counts = reading.counted(monkeypatch)
    assert "run-3" in write(folder)
    assert counts["result.json"] == 3
