"""Weights in files beside an `.onnx`: read in its folder, and nowhere else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from fixtures import onnx_files
from onnx import numpy_helper

from aic_helpers.core.errors import InputError
from aic_helpers.onnx_graphs import external_data
from aic_helpers.onnx_graphs.structures import read


def pack(path: Path) -> dict[str, str]:
    return external_data.pack(read(path).model, path)


def test_weights_are_put_into_the_model(tmp_path: Path) -> None:
    path = onnx_files.with_external_data(tmp_path / "net.onnx")
    model = read(path).model
    weights = tmp_path / "weights.bin"
    assert external_data.pack(model, path) == {str(weights): hashlib.sha256(weights.read_bytes()).hexdigest()}
    for tensor in model.graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(tensor), onnx_files.weights()[tensor.name])
    assert external_data.tensors(model) == []


def test_a_model_in_one_file_has_none(tmp_path: Path) -> None:
    assert pack(onnx_files.written(tmp_path / "net.onnx", onnx_files.network())) == {}


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/hostname", "a/../../weights.bin", "..\\weights.bin", ""])
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "weights.bin").write_bytes(bytes(4000))
    path = onnx_files.with_external_data(folder / "net.onnx", location, write=False)
    with pytest.raises(InputError, match=r"expected weights in the folder of .*net.onnx, found .*: export it into one"):
        pack(path)


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(4000))
    (folder / "weights.bin").symlink_to(tmp_path / "secret")
    path = onnx_files.with_external_data(folder / "net.onnx", write=False)
    with pytest.raises(InputError, match=r"found weights.bin, a link out of it: export it"):
        pack(path)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    path = onnx_files.with_external_data(tmp_path / "net.onnx", write=False)
    with pytest.raises(InputError, match=r"the weights of .*net.onnx in weights.bin beside it, found nothing: give"):
        pack(path)


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = onnx_files.with_external_data(tmp_path / "net.onnx")
    weights = tmp_path / "weights.bin"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"the whole weights of .* in weights.bin, found 891 bytes, where conv2.bias"):
        pack(path)


def test_more_than_a_file_of_protobuf_can_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = onnx_files.with_external_data(tmp_path / "net.onnx")
    model = read(path).model
    monkeypatch.setattr(external_data, "MAX_BYTES", 1000)
    with pytest.raises(InputError, match=r"an ONNX model of at most 2 GB in .*, found 0.0 GB with the files beside it"):
        external_data.pack(model, path)
