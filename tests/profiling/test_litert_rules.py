"""Verdicts on a `.tflite` file, as rules beside a track's."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import litert_files
from fixtures.litert_files import Draft

from aic_helpers.profiling.litert_rules import judge
from aic_helpers.runtimes import litert_targets, litert_targets_worker


def judged(folder: Path, draft: Draft, timed: Draft | None = None) -> dict[str, dict]:
    paths = folder / "free.tflite", folder / "fixed.tflite"
    for path, one in zip(paths, (draft, timed or draft), strict=True):
        path.write_bytes(one.content())
    return {rule["name"]: rule for rule in judge(*paths, width_px=24, height_px=16)}


def test_int8_file(tmp_path: Path) -> None:
    found = judged(tmp_path, litert_files.int8_network(free=True), litert_files.int8_network())
    assert [(name, rule["passed"], rule["found"]) for name, rule in found.items()] == [
        ("precision", True, "int8"),
        ("ranges", True, "as they should be"),
        (
            "operators by target",
            None,
            "LiteRT CPU (XNNPACK) 3 of 5 (not QUANTIZE); LiteRT GPU delegate 5 of 5; vendors' compilers unknown",
        ),
    ]
    assert "not QUANTIZE (2 times)." in found["operators by target"]["evidence"]


def test_float_file_has_no_ranges(tmp_path: Path) -> None:
    found = judged(tmp_path, litert_files.float_network(free=True))
    assert list(found) == ["precision", "operators by target"]
    rule = found["operators by target"]
    assert (rule["passed"], rule["found"]) == (
        True,
        "LiteRT CPU (XNNPACK) 3 of 3; LiteRT GPU delegate unknown; vendors' compilers unknown",
    )


def test_what_takes_too_long_is_not_judged_and_never_in_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litert_targets_worker, "verdict", lambda *_: pytest.fail("judged here"))
    assert judged(tmp_path, litert_files.float_network())["precision"]["found"] == "float32"
    monkeypatch.setattr(litert_targets, "TIMEOUT_S", 0.01)
    rule = judged(tmp_path, litert_files.float_network())["precision"]
    assert (rule["passed"], rule["found"]) == (None, "not judged")
    assert rule["evidence"].startswith("no reply within 0.01 s")


def test_float_island_is_an_advice(tmp_path: Path) -> None:
    rule = judged(tmp_path, litert_files.with_island(litert_files.int8_network()))["precision"]
    assert (rule["passed"], rule["found"]) == (None, "mixed")
    assert rule["evidence"].startswith("1 of 4 operators compute in floats: TANH (tanh);")
    assert rule["remedy"] == "keep no layer in floats where the phone has whole numbers alone"


@pytest.mark.parametrize(
    ("ranges", "words"),
    [
        ({"input": (0.0, 2e-6)}, "the input holds 0 to 2e-06: calibrated on black images?"),
        ({"input": (-0.3, 0.7)}, "the input holds -0.298 to 0.702: brighter is cut off; calibrated on dark images, or"),
    ],
)
def test_doubtful_ranges_are_an_advice(tmp_path: Path, ranges: dict, words: str) -> None:
    rule = judged(tmp_path, litert_files.int8_network(ranges=litert_files.RANGES | ranges))["ranges"]
    assert (rule["passed"], rule["found"]) == (None, "1 in doubt")
    assert rule["evidence"].startswith(words)
    assert rule["remedy"].startswith("export it again with aic export")
