"""What travels to the workers of a cluster: images of any track's layout."""

import io
import zipfile
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace

import numpy as np
import pytest
from fixtures import litert_files, onnx_files
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION

from aic_helpers.boards import dask_tasks
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.data.images import write_png
from aic_helpers.profiling import requirements
from aic_helpers.tracks.catalogue import TRACKS

CLASSIC = TRACKS["classic_x4"]


def photo(height_px, width_px):
    return np.random.default_rng(height_px).random((height_px, width_px, 3))


@pytest.mark.parametrize(
    ("track", "files"),
    [
        (SUPER_RESOLUTION, {"HR/0801.png": (64, 48)}),
        (ENHANCEMENT, {"target/0801.png": (64, 48), "input/0801.png": (64, 48)}),
        (CLASSIC, {"HR/0801.png": (64, 48), "LR_bicubic/X4/0801x4.png": (16, 12)}),
        (CLASSIC, {"HR/0801.png": (66, 49)}),
    ],
    ids=["enlarged", "pairs", "small, given", "small, made"],
)
def test_packed_images_are_read_as_they_were(tmp_path, track, files):
    for name, size in files.items():
        write_png(tmp_path / "data" / name, photo(*size))
    there = open_dataset(str(tmp_path / "data"), track)
    packed = dask_tasks.pack(there, None)
    zipfile.ZipFile(io.BytesIO(packed)).extractall(tmp_path / "worker")
    again = open_dataset(str(tmp_path / "worker"), track)
    (pair,), (other,) = there.pairs, again.pairs
    one, two = read_pair(there, pair), read_pair(again, other)
    assert pair.name == other.name == "0801"
    assert (one.input.tolist(), one.target.tolist()) == (two.input.tolist(), two.target.tolist())


@pytest.mark.parametrize("package", ["ai-edge-litert", "onnx", "onnxruntime"])
def test_workers_are_to_have_the_same_versions_of_what_runs_models_where_it_is_installed(monkeypatch, package):
    assert dask_tasks.identity()[package] == version(package)

    def lacking(name):
        if name == package:
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(dask_tasks, "version", lacking)
    assert package not in dask_tasks.identity()


def test_the_file_of_one_size_is_checked_beside_that_of_any(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_tasks, "get_worker", lambda: SimpleNamespace(local_directory=str(tmp_path)))
    monkeypatch.setattr(requirements, "run_trials", lambda *_, **__: SimpleNamespace(hd="not run"))
    monkeypatch.setattr(requirements, "judge", lambda *_: [])
    free, fixed = (litert_files.float_network(size=(16, 24), free=free).content() for free in (True, False))
    told = ENHANCEMENT.name, ENHANCEMENT.content
    on_gpu = [dask_tasks.check(free, b"", timed, told, {}, weighed=False)[-1]["found"] for timed in (free, fixed)]
    assert "LiteRT GPU delegate unknown" in on_gpu[0]
    assert "LiteRT GPU delegate 3 of 3" in on_gpu[1]


def test_models_that_travel_are_called_after_their_format(tmp_path, monkeypatch):
    """What runs a model is chosen by its file's name, and a model travels without one."""
    monkeypatch.setattr(dask_tasks, "get_worker", lambda: SimpleNamespace(local_directory=str(tmp_path)))
    contents = {".tflite": litert_files.float_network().content(), ".pb": b"a graph"}
    contents[".onnx"] = onnx_files.network().SerializeToString()
    for suffix, content in contents.items():
        kept = dask_tasks._kept(content)
        assert (kept.suffix, kept.read_bytes()) == (suffix, content)
        assert dask_tasks._kept(content) == kept
    assert dask_tasks._photo(contents[".onnx"]).suffix == ""
