"""aic compare: what it prints, and how it ends."""

import resource

import numpy as np
import pytest
from fixtures import small_to_large
from fixtures.comparisons import FakeOutputs, model

from aic_helpers.cli import main
from aic_helpers.dashboard import compared_images
from aic_helpers.data.images import write_png


@pytest.fixture
def compare(tmp_path, monkeypatch, capsys):
    """Call the command in a folder with a photo; returns its status, what it printed and what it said."""
    monkeypatch.setattr(compared_images, "Outputs", FakeOutputs)
    monkeypatch.chdir(tmp_path)
    write_png(tmp_path / "photo.png", np.random.default_rng(0).integers(0, 256, (240, 200, 3), dtype=np.uint8))

    def call(*arguments):
        status = main.status(["compare", *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return call


def test_it_prints_the_figures_and_where_the_page_is(compare, tmp_path):
    net = model(tmp_path, "net")
    status, out, _ = compare(net, "--photo", "photo.png", "--take-as", "as-the-target", "--out", "new/page.html")
    assert status == 0
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["image", "model", "PSNR", "MS-SSIM"]
    assert [row[:2] for row in rows[1:4]] == [["photo.png", name] for name in ("input", "sample_sr_srcnn", "net")]
    assert [(row[3], len(row[4])) for row in rows[1:4]] == [("dB", 6)] * 3
    assert out.splitlines()[-1].endswith(" MB, exact pictures")
    assert "<bdi>net</bdi>" in (tmp_path / "new" / "page.html").read_text("utf-8")


def test_without_a_target_it_prints_no_figures(compare, tmp_path):
    status, out, _ = compare(model(tmp_path, "net"), "--photo", "photo.png", "--out", "page.html")
    assert (status, out.count("\n")) == (0, 1)


def test_a_model_that_fails_makes_the_status_1(compare, tmp_path, caplog):
    models = model(tmp_path, "good"), model(tmp_path, "bad", "fails")
    status, out, _ = compare(*models, "--photo", "photo.png", "--take-as", "as-the-target", "--out", "page.html")
    assert status == 1
    assert "photo.png  bad              failed\n" in out
    assert "bad: it died of SIGSEGV" in caplog.messages


def test_a_track_of_ones_own_by_its_file(compare, tmp_path):
    data = small_to_large.data(tmp_path / "data", "one")
    (tmp_path / "mine.toml").write_text(small_to_large.TOML)
    model(tmp_path, "baseline", "adds 0.0")
    status, out, _ = compare(model(tmp_path, "net"), "--track", "mine.toml", "--data", str(data), "--out", "page.html")
    assert status == 0
    rows = [line.split("  ") for line in out.splitlines() if line]
    assert [cell for cell in rows[0] if cell] == ["image", "model", " PSNR (Y)", "SSIM (Y)"]
    assert [[cell for cell in row if cell][:2] for row in rows[1:4]] == [
        ["one", name] for name in ("input", "baseline", "net")
    ]
    assert "Mine: four times as large" in (tmp_path / "page.html").read_text("utf-8")


def test_the_track_is_that_of_the_first_model_that_has_one(compare, tmp_path):
    compare(model(tmp_path, "net"), "sample_enhancement_srcnn", "--photo", "photo.png", "--out", "page.html")
    assert "Track B: photo enhancement" in (tmp_path / "page.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("page.html/y.html", "expected a folder to write page.html/y.html in, found the file {folder}/page.html: name"),
        ("net.pb/new/y.html", "expected a folder to write net.pb/new/y.html in, found the file {folder}/net.pb: name"),
        ("folder.html", "expected an HTML file to write, found the folder folder.html: name a file in it"),
        ("/proc/new/y.html", "expected a place where /proc/new/y.html can be written, found No such file or directory"),
        (f"{'x' * 240}.html", "can be written, found File name too long in {folder}: name another file with --out"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_refused_before_models_run(
    compare, tmp_path, monkeypatch, out, message
):
    net = model(tmp_path, "net")
    (tmp_path / "page.html").write_text("before")
    (tmp_path / "folder.html").mkdir()
    monkeypatch.setattr(compared_images, "compare", None)
    there = sorted(tmp_path.iterdir())
    status, printed, err = compare(net, "--photo", "photo.png", "--out", out)
    assert (status, printed, err.count("\n")) == (2, "", 1)
    assert message.format(folder=tmp_path) in err
    assert sorted(tmp_path.iterdir()) == there


def test_a_disk_that_is_full_in_the_end_is_said_of_the_file(compare, tmp_path):
    net = model(tmp_path, "net")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        status, out, err = compare(net, "--photo", "photo.png", "--out", "page.html")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (status, out) == (2, "")
    assert err == "aic: page.html: File too large; check the path, its permissions and the free space\n"
    assert not (tmp_path / "page.html").exists()


def test_a_photo_too_small_for_figures_is_said(compare, tmp_path, caplog):
    write_png(tmp_path / "small.png", np.zeros((16, 16, 3), np.uint8))
    net = model(tmp_path, "net")
    status, out, _ = compare(net, "--photo", "small.png", "--take-as", "as-the-target", "--out", "page.html")
    assert (status, out.count("not measured")) == (0, 6)
    said = "small.png has no figures: 16x16 is too small for the five scales of MS-SSIM inside the border of 16 px"
    assert caplog.messages == [said]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["net.pb", "--photo", "none.png", "--out", "page.html"], "expected a photo at none.png, found nothing"),
        (["net.pb", "--photo", "net.pb", "--out", "page.html"], "expected a photo in net.pb"),
        (["net.pb", "--photo", "photo.png", "--out", "page.txt"], "expected a file whose name ends in .html"),
        (["net.pb", "--photo", "photo.png", "--out", "."], "expected an HTML file to write, found the folder ."),
        (["net.pb", "--photo", "photo.png", "--limit", "2", "--out", "page.html"], "validation images with --data"),
        (
            ["nonesuch", "--photo", "photo.png", "--out", "page.html"],
            "expected a model that gives an image, found none",
        ),
        (
            ["fast_sr", "--track", "B", "--photo", "photo.png", "--out", "page.html"],
            "found fast_sr, made for another task",
        ),
        (["net.pb", "--track", "sr", "--out", "page.html"], "expected the name of a track, or a .toml file"),
        (["net.pb", "--data", "nowhere", "--out", "page.html"], "nowhere"),
        (["--out", "page.html"], "Missing argument 'MODEL...'"),
        (["net.pb"], "Missing option '--out'"),
    ],
)
def test_a_wrong_call_is_one_line_and_leaves_what_was_there(compare, tmp_path, arguments, message):
    model(tmp_path, "net")
    (tmp_path / "page.html").write_text("before")
    status, out, err = compare(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert (tmp_path / "page.html").read_text() == "before"
