"""The challenge's six checkpoints give the figures that the original scripts print (`golden.json` says how)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.tensorflow

FOLDER = os.environ.get("AIC_CHALLENGE_DATA")
TRACKS = ("super_resolution", "enhancement")

FIRST = {("super_resolution", "div2k_vgg19_vdsr"): (1, 27.425962, 0.97558175)}
"""Slow networks: so many photos, the first ones, and the means of PSNR in dB and of MS-SSIM over them.

They are the means over the first rows of `images.csv`, which `aic evaluate --data challenge --out FOLDER` wrote when
its means over all photos, 30.299574 and 0.97503416, were the golden ones. The golden test of such a network, which
`make test-golden` runs, looks at these rows as well.
"""

CASES = (
    [
        pytest.param(track, model, marks=[pytest.mark.golden] if (track, model) in FIRST else [])
        for track in TRACKS
        for model in json.loads((Path(FOLDER) / "golden.json").read_text())[track]["models"]
    ]
    if FOLDER
    else [pytest.param("", "", marks=[pytest.mark.golden, pytest.mark.skip(reason="AIC_CHALLENGE_DATA is not set")])]
)

FLOAT32_NOISE_DB = {"div2k_resnet_6_16": 0.012}
"""Its instance normalisation averages 2.8 million pixels in float32, in an order that depends on the machine:
see "Golden figures" in docs/decisions.md for what was measured."""


THROUGH_THE_NOTEBOOKS = [
    ("super_resolution", "div2k_srcnn"),
    ("enhancement", "dped_srcnn"),
]


def aic(*arguments):
    command = [Path(sys.executable).with_name("aic"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_golden(metrics, challenge, track, model):
    golden = json.loads((challenge / "golden.json").read_text())[track]
    tolerance, expected = golden["tolerance"], golden["models"][model]
    psnr_tolerance = FLOAT32_NOISE_DB.get(model, tolerance["psnr_db"])
    assert metrics["psnr_db"] == pytest.approx(expected["psnr_db"], abs=psnr_tolerance)
    assert metrics["ms_ssim"] == pytest.approx(expected["ms_ssim"], abs=tolerance["ms_ssim"])


def evaluate(track, model, out, *options):
    """Return the metrics, and leave `images.csv` in the folder; a run that a person has is not read."""
    call = ["--data", "challenge", "--json", "--track", track, "--model", model, "--out", out]
    return json.loads(aic("evaluate", *call, *options))


@pytest.mark.parametrize(("track", "model"), CASES)
def test_evaluate_gives_the_golden_figures(challenge, tmp_path, track, model):
    metrics = evaluate(track, model, tmp_path / "run")
    assert_golden(metrics, challenge, track, model)
    if (track, model) in FIRST:
        rows = pd.read_csv(tmp_path / "run" / "images.csv").head(FIRST[track, model][0])
        assert_first(rows[["psnr_db", "ms_ssim"]].mean(), challenge, track, model)


@pytest.mark.parametrize(("track", "model"), FIRST)
def test_a_slow_network_gives_the_figures_of_the_first_photos(challenge, tmp_path, track, model):
    metrics = evaluate(track, model, tmp_path / "run", "--limit", str(FIRST[track, model][0]))
    assert_first(metrics, challenge, track, model)


def assert_first(metrics, challenge, track, model):
    tolerance = json.loads((challenge / "golden.json").read_text())[track]["tolerance"]
    _, psnr_db, ms_ssim = FIRST[track, model]
    assert metrics["psnr_db"] == pytest.approx(psnr_db, abs=tolerance["psnr_db"])
    assert metrics["ms_ssim"] == pytest.approx(ms_ssim, abs=tolerance["ms_ssim"])


@pytest.mark.parametrize(("track", "model"), THROUGH_THE_NOTEBOOKS)
def test_run_gives_the_golden_figures(challenge, tmp_path, track, model):
    aic("run", "--data", "challenge", "--no-profile", "--track", track, "--model", model, "--out", tmp_path)
    assert_golden(json.loads((tmp_path / "result.json").read_text())["metrics"], challenge, track, model)
