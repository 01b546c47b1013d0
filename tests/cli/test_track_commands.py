"""`aic track`, and `aic score` on any track: what they print, and their exit status."""

import json

import pytest

from aic_helpers.tracks.catalogue import SHIPPED, TRACKS, find_track

PERCEPTUAL = {"lpips": 0.3619, "dists": 0.1931, "niqe": 3.474, "maniqa": 0.3798, "musiq": 68.91, "clipiqa": 0.8669}
"""VIPSL of NTIRE 2026's mobile challenge."""


def set_to(figures):
    return [word for name, value in figures.items() for word in ("--set", f"{name}={value}")]


def test_list(aic):
    status, stdout, stderr = aic("track", "list")
    lines = stdout.splitlines()
    assert (status, stderr, len(lines)) == (0, "", len(TRACKS) + 1)
    assert lines[0].split() == ["name", "title", "scale", "input", "scores"]
    assert lines[1].split()[0] == "super_resolution"
    esr = next(line for line in lines if line.startswith("ntire_esr_2026"))
    assert esr.split(maxsplit=1)[1] == (
        "NTIRE 2026 Efficient Super-Resolution, x4          x4     small     "
        "score, runtime, flops, params (lower is better)"
    )


def test_list_as_json(aic):
    found = json.loads(aic("track", "list", "--json")[1])
    assert [one["name"] for one in found] == list(TRACKS)
    assert found[0] == {
        "name": "super_resolution",
        "title": "Track A: super-resolution",
        "scale": 4,
        "input": "enlarged",
        "scores": {"A": "higher", "B": "higher", "C": "higher"},
    }


@pytest.mark.parametrize("name", TRACKS)
def test_show_names_every_formula_and_note(aic, name):
    status, stdout, stderr = aic("track", "show", name)
    assert (status, stderr) == (0, "")
    track = TRACKS[name]
    assert stdout.startswith(f"track      {name}: {track.title}\n")
    for text in (track.source, *track.notes, *track.formulas.values(), *track.quantities.values()):
        assert text in stdout


def test_show_says_what_a_run_can_score_and_why_not(aic):
    stdout = aic("track", "show", "ntire_esr_2024")[1]
    assert "a run has  a value of flops, params\n" in stdout
    beside = "(RLFN isn't at hand to be timed beside, and times compare on one device only)"
    assert f"no runtime, which lacks baseline_time_ms {beside}\n" in stdout
    assert "models are timed beside fsrcnn_x4, the workbench's own; no score takes that speedup\n" in stdout
    assert "a run has  a value of score, runtime, flops, params\n" in aic("track", "show", "ntire_esr_2026")[1]
    assert "a run has  no score: figures and rules only\n" in aic("track", "show", "classic_x4")[1]
    ranks = "no main, which lacks rank_time_ms (only a table of all models has ranks)"
    assert ranks in aic("track", "show", "ntire_esr_2022")[1]


def test_show_as_json(aic):
    found = json.loads(aic("track", "show", "ntire_mobile_2026", "--json")[1])
    assert found["name"] == "ntire_mobile_2026"
    assert found["protocol"]["label"] == "RGB, border 0 px, rounded, PSNR and SSIM"
    assert found["task"] == {"scale": 4, "input": "small", "reduced_by": "given"}
    assert found["scores"] == {"final": "higher", "perceptual": "higher"}
    assert found["lacks"]["perceptual"].endswith("(those of [quantities] are given as numbers, not measured here)")


@pytest.mark.parametrize("name", TRACKS)
def test_a_shipped_file_is_the_start_of_ones_own(aic, tmp_path, name):
    stdout = aic("track", "show", name, "--toml")[1]
    assert stdout == (SHIPPED / f"{name}.toml").read_text("utf-8")
    (tmp_path / "ours.toml").write_text(stdout)
    own = find_track(tmp_path / "ours.toml")
    assert (own.name, own.content) == ("ours", TRACKS[name].content)
    assert aic("track", "show", tmp_path / "ours.toml", "--toml")[1] == stdout


def test_check_of_a_file_of_ones_own(aic, tmp_path):
    file = tmp_path / "ours.toml"
    file.write_text(
        'title = "Ours"\n'
        "[constants]\nidle = 3\nzero = 0\n"
        '[quantities]\nlpips = "LPIPS"\n'
        '[formulas]\nA = "psnr - 10 * lpips"\nspeed = "log2(speedup)"\nB = "1 / zero"\nidler = "psnr"\n'
        '[scores]\nA = "higher"\nspeed = "higher"\nB = "lower"\n'
    )
    status, stdout, stderr = aic("track", "check", file)
    assert (status, stderr) == (0, "")
    for line in (
        "track      ours: Ours",
        "task       the network gets a photo of its own, and returns a photo as large as that",
        "protocol   RGB, border 0 px, rounded, PSNR",
        "rules      no limits of its own",
        "parts      idler = psnr",
        "no A, which lacks lpips (those of [quantities] are given as numbers, not measured here)",
        "no speed, which lacks speedup (the challenge's baseline isn't at hand to be timed beside, and times compare",
        "tried      A = 25 of psnr 35, lpips 1",
        "speed = 1 of speedup 2",
        "B = no value: a finite result of / at character 3 of formulas.B ('1 / zero')",
        "remarks    constants.idle is used by no formula and is no score",
        "formulas.idler is used by no formula and is no score",
    ):
        assert line in stdout


def test_check_of_a_file_without_scores(aic, tmp_path):
    (tmp_path / "ours.toml").write_text('title = "Ours"')
    stdout = aic("track", "check", tmp_path / "ours.toml")[1]
    assert "remarks    without [scores] a run has figures and rules only, and a board no order by a score" in stdout


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[protocol]\ncolors = "y"', "ms_ssim, clip_for_ms_ssim), found protocol.colors: did you mean colour?"),
        (
            '[baseline]\nmodel = "sample_sr_srcn"',
            "span_x4, found 'sample_sr_srcn': did you mean sample_sr_srcnn?",
        ),
    ],
)
def test_check_of_a_mistake(refused, tmp_path, text, line):
    (tmp_path / "ours.toml").write_text(f'title = "Ours"\n{text}')
    assert line in refused("track", "check", tmp_path / "ours.toml")


def test_show_of_what_is_not_there(refused):
    expected = "expected the name of a track, or a .toml file, found 'clasic_x4': did you mean classic_x4?"
    assert refused("track", "show", "clasic_x4") == expected
    assert refused("track", "show", "classic_x4", "--json", "--toml") == (
        "expected --json or --toml, found both: leave one out"
    )


def test_score_of_an_efficient_network(aic):
    """DISP of NTIRE 2026, beside the published baseline."""
    figures = {"baseline_time_ms": 7.74, "macs": "10.69e9", "parameters": 164_000}
    printed = aic("score", "--track", "ntire_esr_2026", "--time-ms", 6.51, *set_to(figures))
    assert printed == (0, "score    6.05971\nruntime  5.37721\nflops    8.80196\nparams   8.77745\n", "")


def test_score_says_of_each_which_figures_it_lacks(aic):
    printed = aic("score", "--track", "ntire_esr_2026", "--set", "macs=9.83e9", "--set", "parameters=151000")
    lacks = "none: it lacks time_ms, baseline_time_ms"
    assert printed == (0, f"score    {lacks}\nruntime  {lacks}\nflops    7.38906\nparams   7.38906\n", "")
    found = json.loads(aic("score", "--track", "ntire_esr_2026", "--set", "macs=9.83e9", "--json")[1])
    assert found["runtime"] == {"value": None, "ci95": None, "missing": "time_ms, baseline_time_ms"}
    assert found["flops"]["value"] == pytest.approx(7.38906, abs=1e-5)


def test_score_takes_a_speedup_that_no_run_has(aic):
    printed = aic("score", "--track", "ntire_mobile_2026", "--speedup", 113.85, *set_to(PERCEPTUAL))
    assert printed == (0, "final       42.2125\nperceptual  4.0334\n", "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["ntire_esr_2026", "--set", "mac=9e9"], "baseline_parameters), found mac: did you mean macs?"),
        (["ntire_esr_2026", "--psnr", 27], "baseline_parameters), found psnr: leave it out"),
        (["ntire_esr_2026", "--set", "macs"], "expected --set NAME=VALUE, found macs: say for example --set macs=9.8"),
        (["ntire_esr_2026", "--set", "macs=x"], "expected --set macs=NUMBER, found 'x': write it as in 9.83e9"),
        (["ntire_esr_2026", "--set", "macs=nan"], "expected --set macs=NUMBER, found 'nan': write it as in 9.83e9"),
        (["ntire_esr_2026", "--set", "macs=-1"], "expected macs of 0 or more, found -1: check the value"),
        (
            ["ntire_esr_2026", "--time-ms", 1, "--set", "time_ms=2"],
            "expected each figure once, found time_ms twice: leave one out",
        ),
        (
            ["ntire_rtsr_2023_x2", "--psnr", 34],
            "expected the figures of a score of ntire_rtsr_2023_x2, found too few: score lacks time_ms: give them",
        ),
        (
            ["ntire_rtsr_2023_x2", "--set", "psnr_bicubic=31.7"],
            "found psnr_bicubic, a constant of ntire_rtsr_2023_x2: change it in a copy of the track's file",
        ),
        (["classic_x4"], "expected a track with scores, found classic_x4: see aic track show classic_x4"),
        (["ntire_sr_x4_2026", "--mos", 3], "expected a track with opinions in its scores, found ntire_sr_x4_2026: le"),
        (["enhancement", "--psnr", 22, "--ms-ssim", 0.9], "A lacks speedup; B lacks speedup; C lacks speedup: give"),
        (["enhancement", "--psnr", 22, "--speedup", 1], "A lacks ms_ssim; B lacks ms_ssim; C lacks ms_ssim: give"),
        (
            ["enhancement", "--psnr", 22, "--speedup", 1, "--ms-ssim", 0.9, "--mos", 2],
            "expected --ms-ssim, or --mos with --baseline-mos, found --ms-ssim, --mos: give one or the other",
        ),
        (["enhancement", "--mos", 3], "expected --ms-ssim, or --mos with --baseline-mos, found --mos: give one or"),
        (["enhancement", "--mos", 3, "--baseline-mos", 2], "found too few: A lacks psnr, speedup; B lacks psnr, speed"),
    ],
)
def test_score_of_figures_that_do_not_fit(refused, arguments, line):
    assert line in refused("score", "--track", *arguments)


def test_score_by_opinion(aic):
    """Track B: 4 (22 - 21) + 7.19 (2.8 - 2.3) + 2 x 2, and so on; as before there were other tracks."""
    arguments = ("--psnr", 22, "--mos", 2.8, "--baseline-mos", 2.3, "--speedup", 2)
    printed = aic("score", "--track", "enhancement", *arguments)
    assert printed == (0, "A  11.60\nB  19.38\nC  14.99\n", "")


def test_score_by_opinion_of_a_track_without_a_speedup(aic, tmp_path):
    """30 + 10 (0.9 + 0.1 (4 - 3)) - 5: the opinion stands for SSIM, the other figures count as ever."""
    (tmp_path / "ours.toml").write_text(BY_OPINION)
    opinions = ("--psnr", 30, "--mos", 4, "--baseline-mos", 3)
    printed = aic("score", "--track", tmp_path / "ours.toml", *opinions, "--set", "macs=5e9")
    assert printed[:2] == (0, "total  35\n")


BY_OPINION = """
title = "Ours"

[protocol]
metrics = ["psnr", "ssim"]

[formulas]
total = "psnr + 10 * ssim - macs / 1e9"

[scores]
total = "higher"

[opinion]
in_place_of = "ssim"
base = 0.9
per_grade = 0.1
"""
