"""What kind a file of a model or of weights is, by its content or else its name, and what to do where it isn't read."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aic_helpers.core.errors import InputError
from aic_helpers.core.file_marks import is_litert

HEAD_BYTES = 64

DOCUMENT = "docs/adapting-a-model.md"

Taken = Literal["hdf5", "keras"]


@dataclass(frozen=True)
class FileKind:
    """What a file is.

    Attributes
    ----------
    words : str
        As in "found PyTorch weights".
    as_model, as_checkpoint : str
        What to do where it was given as a model, or as a checkpoint.
    taken : {"hdf5", "keras"} or None
        How weights are read from it; None where they aren't.
    """

    words: str
    as_model: str
    as_checkpoint: str
    taken: Taken | None = None

    @property
    def holds_networks(self) -> bool:
        """Whether a file of this kind may hold a network beside its weights."""
        return self.taken is not None


def _foreign(words: str, as_model: str, as_checkpoint: str | None = None) -> FileKind:
    return FileKind(words, as_model, as_checkpoint or as_model)


OWN_WEIGHTS = "give this network's own weights"

GIVE = f"give its arrays to the layers in file.py:function, as in {DOCUMENT}"

TRANSPOSED = f"transpose its kernels to (height, width, in, out) and {GIVE}"

HDF5 = FileKind(
    "weights without a network",
    "give the network as file.py:function, and this with --checkpoint",
    "",
    "hdf5",
)
KERAS = FileKind("a .keras file", "", "", "keras")
PYTORCH = _foreign("a PyTorch file", f"write its network as file.py:function, {TRANSPOSED}", TRANSPOSED)
PICKLE = _foreign("a Python pickle", f"save its arrays with numpy.savez, and {GIVE}")
ONNX = _foreign("an ONNX file", "", "give it as --model, without a checkpoint")
TFLITE = _foreign(
    "a LiteRT file",
    "call it by a name that ends with .tflite",
    "give the weights that it was made from",
)
SAFETENSORS = _foreign("a safetensors file", f"read it with safetensors.numpy.load_file, and {GIVE}")
NUMPY = _foreign("arrays of numpy", f"read it with numpy.load, and {GIVE}")
CORE_ML = _foreign("a Core ML model", "give the model that it was made from")
GRAPH_TEXT = _foreign("a graph as text", f"write it as a .pb file, as in {DOCUMENT}", "give the weights beside it")
GRAPH = _foreign("a frozen graph", "", "give it as --model, without a checkpoint")
META = _foreign(
    "the graph of a checkpoint", f"import it in file.py:function, as in {DOCUMENT}", "give the checkpoint beside it"
)
CHECKPOINT = _foreign("a checkpoint", "give the network as file.py:function, and this with --checkpoint")
GZIP = _foreign("a compressed file", "unpack it first")
ZIP = _foreign("a zip archive", "unpack it first")
TAR = _foreign("a tar archive", "unpack it first")
LFS = _foreign("a pointer of Git LFS in place of the file", "call git lfs pull in its repository")
PAGE = _foreign("a web page", "download the file itself")
EMPTY = _foreign("an empty file", "copy it again", OWN_WEIGHTS)
OTHER = _foreign("a file of another kind", "save it again", OWN_WEIGHTS)

OF_TORCH: tuple[FileKind | None, ...] = (PYTORCH, PICKLE, SAFETENSORS)
"""What weights of PyTorch may be, by their content."""

BY_SUFFIX = {
    ".tflite": TFLITE,
    ".onnx": ONNX,
    ".pt": PYTORCH,
    ".pth": PYTORCH,
    ".safetensors": SAFETENSORS,
    ".mlmodel": CORE_ML,
    ".mlpackage": CORE_ML,
    ".npz": NUMPY,
    ".npy": NUMPY,
    ".pkl": PICKLE,
    ".pbtxt": GRAPH_TEXT,
    ".pb": GRAPH,
    ".meta": META,
    ".ckpt": CHECKPOINT,
    ".index": CHECKPOINT,
    ".h5": HDF5,
    ".hdf5": HDF5,
    ".keras": KERAS,
}

BY_START = {
    b"\x89HDF\r\n\x1a\n": HDF5,
    b"\x93NUMPY": NUMPY,
    b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19": PYTORCH,  # the number that PyTorch began its pickles with until 1.6
    b"\x1f\x8b": GZIP,
    b"version https://git-lfs": LFS,
    b"<!doctype html": PAGE,
    b"<html": PAGE,
}


def file_kind(path: Path) -> FileKind | None:
    """Return what a file is, by its content where that says so, else by its name; None where neither does."""
    return _by_content(path, _head(path)) or BY_SUFFIX.get(path.suffix.lower()) or _by_name(path)


def weights_kind(path: Path) -> FileKind | None:
    """Return what a file given as a checkpoint is; None where it may be one of TensorFlow's."""
    if not path.is_file():  # a prefix
        return None
    head = _head(path)
    if not head:
        return EMPTY
    if found := _by_content(path, head):
        return found
    by_name = BY_SUFFIX.get(path.suffix.lower())
    if by_name and by_name.taken:
        return OTHER
    return None if by_name is CHECKPOINT else by_name


def is_checkpoint_prefix(path: Path) -> bool:
    """Return whether a path is what the files of a checkpoint begin with."""
    return path.with_name(f"{path.name}.index").is_file() if path.name else False


def is_part_of_checkpoint(path: Path) -> bool:
    """Return whether a file is one of those that a checkpoint consists of."""
    return path.is_file() and (path.suffix in (".index", ".meta") or ".data-" in path.name)


def is_checkpoint_folder(path: Path) -> bool:
    """Return whether a folder holds checkpoints, and no SavedModel, whose variables are a checkpoint too."""
    return not (path / "saved_model.pb").exists() and any(path.glob("*.index"))


def require_known(path: Path, expected: str, *, as_model: bool) -> None:
    """Raise where a file is of a kind that can't be read, naming the kind and what to do."""
    kind = file_kind(path) if as_model else weights_kind(path)
    if kind and not (kind.taken and not as_model):
        raise InputError(expected, kind.words, kind.as_model if as_model else kind.as_checkpoint)


def require_of_torch(path: Path) -> None:
    """Raise where weights of a PyTorch network are a file of another kind, naming the kind and what to do."""
    kind = weights_kind(path)
    if kind and kind not in OF_TORCH:
        found = "weights of Keras" if kind.taken else kind.words
        raise InputError(f"PyTorch's weights in {path}", found, kind.as_checkpoint or OWN_WEIGHTS)


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _by_content(path: Path, head: bytes) -> FileKind | None:
    for start, kind in BY_START.items():
        if head.lower().startswith(start.lower()):
            return kind
    if head.startswith(b"PK"):
        return _of_zip(path)
    if is_litert(head):
        return TFLITE
    if head[8:10] == b'{"':
        return SAFETENSORS
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return PICKLE
    return TAR if _is_tar(path) else None


def _of_zip(path: Path) -> FileKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        return BY_SUFFIX.get(path.suffix.lower(), ZIP)
    if any(name.endswith("data.pkl") for name in names):
        return PYTORCH
    if "config.json" in names and "metadata.json" in names:
        return KERAS
    return NUMPY if names and all(name.endswith(".npy") for name in names) else ZIP


def _is_tar(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        file.seek(257)
        return file.read(5) == b"ustar"


def _by_name(path: Path) -> FileKind | None:
    checkpoint = (
        is_part_of_checkpoint(path) or is_checkpoint_prefix(path) or (path.is_dir() and is_checkpoint_folder(path))
    )
    return CHECKPOINT if checkpoint else None


def keras_weights(path: Path) -> io.BytesIO:
    """Return the weights in a `.keras` file, as the HDF5 file that they are."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".weights.h5"))
        return io.BytesIO(archive.read(name))
