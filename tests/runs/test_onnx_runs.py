"""Runs of an `.onnx` that a person brings: what is another model, and what it is compared as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import onnx_files

from aic_helpers.data.images import write_png
from aic_helpers.runs import cache_keys, results, run_settings, steps

PHOTO = np.random.default_rng(3).random((32, 40, 3))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of one pair of Track B."""
    for kind in ("input", "target"):
        write_png(tmp_path / "data" / kind / "0.png", PHOTO)
    return tmp_path / "data"


def test_other_weights_beside_it_are_another_model(tmp_path: Path, data: Path) -> None:
    """The `.onnx` itself stays as it is, to the byte."""
    path, weights = onnx_files.with_external_data(tmp_path / "net.onnx"), tmp_path / "weights.bin"
    settings = run_settings.settle("enhancement", str(path), data=str(data), out=str(tmp_path / "run"))
    first = steps.convert(settings)
    assert results.converted(settings) is not None
    weights.write_bytes((np.frombuffer(weights.read_bytes(), np.float32) / 2).tobytes())
    assert results.converted(settings) is None
    why = cache_keys.standing(settings, results.read(settings.folder), profile=False)["model"]
    assert why == f"changed since: {weights}"
    assert steps.convert(settings).model_sha256 != first.model_sha256
