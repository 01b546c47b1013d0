"""The challenge's six checkpoints give the figures that the original scripts print (`golden.json` says how)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow

FOLDER = os.environ.get("AIC_CHALLENGE_DATA")
TRACKS = ("super_resolution", "enhancement")
CASES = (
    [
        (track, model)
        for track in TRACKS
        for model in json.loads((Path(FOLDER) / "golden.json").read_text())[track]["models"]
    ]
    if FOLDER
    else [pytest.param("", "", marks=pytest.mark.skip(reason="AIC_CHALLENGE_DATA is not set: no golden figures"))]
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


@pytest.mark.parametrize(("track", "model"), CASES)
def test_evaluate_gives_the_golden_figures(challenge, track, model):
    stdout = aic("evaluate", "--data", "challenge", "--json", "--track", track, "--model", model)
    assert_golden(json.loads(stdout), challenge, track, model)


@pytest.mark.parametrize(("track", "model"), THROUGH_THE_NOTEBOOKS)
def test_run_gives_the_golden_figures(challenge, tmp_path, track, model):
    aic("run", "--data", "challenge", "--no-profile", "--track", track, "--model", model, "--out", tmp_path)
    assert_golden(json.loads((tmp_path / "result.json").read_text())["metrics"], challenge, track, model)
