"""What every shipped track says of itself, and those of the literature."""

import pytest

from aic_helpers.tracks.catalogue import PIRM2018, TRACKS, made

LATER = [name for name in TRACKS if name not in PIRM2018]


def test_pirm_2018_stands_first():
    assert [*TRACKS][:2] == ["super_resolution", "enhancement"]
    assert len(TRACKS) == 17


@pytest.mark.parametrize("name", TRACKS)
def test_each_names_its_source_and_is_made_again_of_its_content(name):
    track = TRACKS[name]
    assert track.source
    assert made(name, track.content) == track


@pytest.mark.parametrize("name", LATER)
def test_networks_of_later_tracks_get_the_small_photo(name):
    """The name ends in the scale where it has one; the others are of x4."""
    track = TRACKS[name]
    scale = int(name[-1]) if name[-2:] in ("x2", "x3") else 4
    assert (track.task.input, track.task.scale, track.enlarges) == ("small", scale, scale)


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_the_literature_takes_y_and_leaves_out_a_border_of_the_scale(scale):
    protocol = TRACKS[f"classic_x{scale}"].protocol
    assert protocol.label == f"Y, border {scale} px, rounded, PSNR and SSIM"


def test_mlperf_is_a_gate_without_a_score():
    track = TRACKS["mlperf_mobile_x2"]
    assert (track.rules.min_psnr_db, dict(track.scores.better)) == (33, {})


def test_a_published_time_is_no_quantity_of_a_run():
    """Times compare on one device only."""
    assert "baseline_time_ms" not in TRACKS["ntire_esr_2026"].fixed
    assert TRACKS["ntire_esr_2026"].fixed["baseline_macs"] == 9.83e9
