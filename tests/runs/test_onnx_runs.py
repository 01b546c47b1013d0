"""Runs of an `.onnx` that a person brings: what is another model, and what it is compared as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import onnx_files

from aic_helpers.data.datasets import Dataset, open_dataset
from aic_helpers.data.images import write_png
from aic_helpers.runs import cache_keys, candidates, results, run_settings, steps
from aic_helpers.runtimes.onnx_models import OnnxModel
from aic_helpers.tracks.catalogue import find_track

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


def compared(tmp_path: Path, data: Path, *models: Path) -> list[candidates.Candidate]:
    """Return the models of a comparison without the track's baseline."""
    dataset: Dataset = open_dataset(str(data), find_track("enhancement"))
    (tmp_path / "workshop").mkdir(exist_ok=True)
    found, _ = candidates.find(dataset, [*map(str, models)], tmp_path / "workshop", lambda *_: None)
    return found[1:]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_it_is_compared_as_it_is_run(tmp_path: Path, data: Path, layout: str, dtype: str) -> None:
    """Built around: as it comes it takes other numbers, and doesn't say where its channels are."""
    model = onnx_files.network(layout=layout, dtype=dtype)
    for side in model.graph.input[0].type.tensor_type.shape.dim:
        side.Clear()
    path = onnx_files.written(tmp_path / "net.onnx", model)
    (found,) = compared(tmp_path, data, path, tmp_path / "." / ".." / tmp_path.name / "net.onnx")
    settings = run_settings.settle("enhancement", str(path), data=str(data), out=str(tmp_path / "run"))
    steps.convert(settings)
    assert found.failure is None
    images = PHOTO[None].astype(np.float32)
    np.testing.assert_array_equal(OnnxModel(found.pb)(images), OnnxModel(settings.model_file)(images))


def test_two_of_one_name_are_told_apart(tmp_path: Path, data: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        onnx_files.written(tmp_path / folder / "net.onnx", onnx_files.network(seed=len(folder)))
    found = compared(tmp_path, data, tmp_path / "a" / "net.onnx", tmp_path / "b" / "net.onnx")
    assert [one.name for one in found] == ["net.onnx", "net.onnx (2)"]
