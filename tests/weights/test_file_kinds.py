"""What a file is, whatever it is called, and what a person is told to do with it."""

import pickle
import tarfile
import zipfile

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.models.sources import resolve
from aic_helpers.weights.file_kinds import file_kind, require_known, weights_kind


def zipped(path, *names):
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"")


MADE = {
    "a PyTorch file": lambda path: zipped(path, "archive/data.pkl", "archive/data/0"),
    "a Python pickle": lambda path: path.write_bytes(pickle.dumps({"w": np.ones(3)})),
    "arrays of numpy": lambda path: zipped(path, "w.npy"),
    "a safetensors file": lambda path: path.write_bytes((2).to_bytes(8, "little") + b'{"w":{}}'),
    "a LiteRT file": lambda path: path.write_bytes(b"\x1c\0\0\0TFL3"),
    "a compressed file": lambda path: path.write_bytes(b"\x1f\x8b\x08"),
    "a zip archive": lambda path: zipped(path, "readme.txt"),
    "a pointer of Git LFS in place of the file": lambda path: path.write_text("version https://git-lfs.github.com"),
    "a web page": lambda path: path.write_text("<!DOCTYPE html>"),
    "an empty file": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("words", MADE)
@pytest.mark.parametrize("name", ["weights.ckpt", "weights.h5", "weights"])
def test_content_counts_for_more_than_the_name(tmp_path, words, name):
    MADE[words](tmp_path / name)
    assert weights_kind(tmp_path / name).words == words


def test_pytorch_of_before_2020_and_a_tar_archive(tmp_path):
    (tmp_path / "old.pt").write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2))
    assert weights_kind(tmp_path / "old.pt").words == "a PyTorch file"
    with tarfile.open(tmp_path / "w.ckpt", "w") as archive:
        archive.add(tmp_path / "old.pt")
    assert weights_kind(tmp_path / "w.ckpt").words == "a tar archive"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("net.lite", "a LiteRT file: call it by a name that ends with .tflite"),
        ("net.mlmodel", "a Core ML model: give the model that it was made from"),
        ("net.npz", "arrays of numpy: read it with numpy.load, and give its arrays to the layers in file.py:function"),
        ("net.pbtxt", "a graph as text: write it as a .pb file, as in docs/adapting-a-model.md"),
        ("net.ckpt", "a checkpoint: give the network as file.py:function, and this with --checkpoint"),
    ],
)
def test_a_model_of_another_kind_is_named_with_its_own_remedy(tmp_path, monkeypatch, name, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(b"\x1c\0\0\0TFL3" if name == "net.lite" else b"content")
    with pytest.raises(InputError, match=f"expected a model at {name}, found {message}"):
        resolve(name)


@pytest.mark.parametrize("name", ["net.pth", "net.pt", "net.safetensors"])
def test_weights_of_pytorch_alone_are_a_model_that_spandrel_may_know(tmp_path, name):
    (tmp_path / name).write_bytes(b"content")
    assert resolve(str(tmp_path / name)).kind == "torch"


def test_any_part_of_a_checkpoint_given_as_a_model_leads_to_its_graph(tmp_path):
    parts = [tmp_path / f"net.ckpt{part}" for part in (".index", ".data-00000-of-00001", ".meta")]
    for part in parts[:2]:
        part.touch()
    for given in (*parts[:2], tmp_path / "net.ckpt", tmp_path):
        with pytest.raises(
            InputError, match=r"found a checkpoint: give the network as file.py:function, and this with"
        ):
            resolve(str(given))
    parts[2].touch()
    assert {resolve(str(given)).path for given in (*parts, tmp_path / "net.ckpt", tmp_path)} == {parts[2]}


def test_a_checkpoint_of_another_kind_is_named(tmp_path):
    path = tmp_path / "weights.ckpt"
    zipped(path, "archive/data.pkl")
    with pytest.raises(InputError, match="expected weights, found a PyTorch file: transpose its kernels"):
        require_known(path, "weights", as_model=False)


def test_what_is_read_is_no_other_kind(tmp_path):
    (tmp_path / "w.ckpt").write_text("an old checkpoint of TensorFlow has no mark")
    assert weights_kind(tmp_path / "w.ckpt") is None
    assert file_kind(tmp_path / "w.ckpt").words == "a checkpoint"
    zipped(tmp_path / "net.zip", "config.json", "metadata.json", "model.weights.h5")
    assert weights_kind(tmp_path / "net.zip").taken == "keras"
