"""Which figures of a result are the quantities of a track."""

import pytest
from fixtures import run_folders
from fixtures.run_folders import typed

from aic_helpers.runs import quantities
from aic_helpers.runs.schema import Result
from aic_helpers.tracks.catalogue import TRACKS, made

CLASSIC = TRACKS["classic_x4"]
METRICS = {"psnr_db": 28.4, "ssim": 0.81, "images": 5, "protocol": CLASSIC.protocol.label}
MODEL = {"name": "net", "sha256": "0" * 64, "parameters": 1000, "bytes": 4000, "macs": 2e9, "macs_size": [320, 180]}


def result(note="", **parts):
    whole = run_folders.result() | {"track": "classic_x4", "data": {"name": "set5", "note": note}, "profile": None}
    return typed(Result, whole | {"metrics": METRICS, "model": MODEL} | parts)


def asking(**task):
    content = {
        "title": "Mine",
        "task": {"scale": 4, "input": "small", **task},
        "protocol": {"colour": "y", "border_px": 4},
    }
    return made("mine", content)


def test_of_the_tracks_own_run():
    found = quantities.quantities(CLASSIC, result())
    assert {name: figure.value for name, figure in found.items()} == {
        **{"psnr": 28.4, "ssim": 0.81, "macs": 2e9, "parameters": 1000, "file_bytes": 4000},
    }


@pytest.mark.parametrize(
    ("note", "reduced_by", "same"),
    [
        ("", "matlab_bicubic", True),
        ("", "pillow_bicubic", False),
        ("", "given", False),
        ("small photos in LR_bicubic/X4", "given", True),
        ("small photos in LR_bicubic/X4", "pillow_bicubic", True),
    ],
)
def test_photos_that_were_made_serve_who_makes_them_so(note, reduced_by, same):
    found = quantities.quantities(asking(reduced_by=reduced_by), result(note))
    assert ("psnr" in found) is same


def test_operations_at_another_size_are_none():
    assert "macs" not in quantities.quantities(TRACKS["ntire_esr_2026"], result())


def test_metrics_by_another_protocol_are_none():
    assert "psnr" not in quantities.quantities(TRACKS["ntire_esr_2026"], result())
