"""A track in words."""

import pytest

from aic_helpers.tracks.catalogue import TRACKS, made
from aic_helpers.tracks.explanations import checked, explained, lacks, remarks, tried, ways

OURS = {
    "title": "Ours",
    "rules": {"max_parameters": 50_000, "max_macs": 5e9, "max_file_mb": 1.5, "max_ram_mib": 512.0},
    "formulas": {"A": "log2(speedup) + gain", "gain": "psnr - 20", "cost": "macs / 1e9"},
    "scores": {"A": "higher", "cost": "lower"},
}


def texts(track, label):
    """Return the texts of a label."""
    found, current = [], ""
    for name, text in explained(track):
        current = name or current
        found += [text] if current == label else []
    return found


def test_every_shipped_track_is_explained_in_lines_with_a_label_first():
    for track in TRACKS.values():
        rows = explained(track)
        assert rows[0] == ("track", f"{track.name}: {track.title}")
        assert all(text.isprintable() and text for _, text in rows)


def test_rules_and_formulas_of_a_file():
    track = made("ours", OURS)
    assert texts(track, "rules") == [
        *("a file of at most 1.5 MB", "at most 512 MiB of memory"),
        *("at most 50,000 parameters", "at most 5 G operations"),
    ]
    assert texts(track, "scores") == [
        "A = log2(speedup) + gain  (higher is better)",
        "cost = macs / 1e9  (lower is better)",
    ]
    assert texts(track, "parts") == ["gain = psnr - 20"]
    assert ways(track) == "A (higher is better); cost (lower is better)"


def test_protocol_and_floor_of_pirm_2018_and_of_2026():
    assert texts(TRACKS["enhancement"], "protocol") == [
        "pirm2018: RGB, border 0 px, not rounded, PSNR and MS-SSIM",
        "MS-SSIM by the pooled definition, without the output clipped to its range",
    ]
    assert texts(TRACKS["ntire_esr_2026"], "rules") == [
        "PSNR of at least 26.9 dB (26.9 on valid, 26.99 on test), its mean rounded to 2 decimals"
    ]
    assert texts(TRACKS["mlperf_mobile_x2"], "rules")[-1] == "photos of the measured size are enough"


def test_what_a_run_lacks_hangs_on_the_baseline():
    beside = "speedup (the challenge's baseline isn't at hand to be timed beside, and times compare on one device only)"
    assert lacks(made("ours", OURS)) == {"A": beside, "cost": ""}
    assert lacks(made("ours", {**OURS, "baseline": {"model": "sample_sr_srcnn"}})) == {"A": "", "cost": ""}


@pytest.mark.parametrize("name", TRACKS)
def test_the_scores_of_every_shipped_track_can_be_tried(name):
    lines = tried(TRACKS[name])
    assert len(lines) == len(TRACKS[name].scores.better)
    assert not any("no value" in line for line in lines)


def test_a_division_by_a_constant_of_0_is_told():
    track = made("ours", {**OURS, "constants": {"zero": 0.0}, "formulas": {"A": "psnr / zero", "cost": "1"}})
    assert tried(track)[0] == (
        "A = no value: a finite result of / at character 6 of formulas.A ('psnr / zero') of psnr 35"
    )


def test_what_nothing_uses_is_remarked():
    assert remarks(made("ours", OURS)) == []
    track = made("ours", {**OURS, "constants": {"idle": 1}, "formulas": {**OURS["formulas"], "left": "psnr"}})
    assert remarks(track) == [
        f"{name} is used by no formula and is no score" for name in ("constants.idle", "formulas.left")
    ]
    assert checked(track)[-2:] == [("remarks", remarks(track)[0]), ("", remarks(track)[1])]
