"""HDF5 files of Keras -> layers: those of Keras 2 by name, and the numbered ones of Keras 3 and later Keras 2."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from aic_helpers.weights.layer_matching import is_automatic, kind_in
from aic_helpers.weights.layers_of_weights import Layer, Variable, grouped

OTHER_PARTS = ("optimizer", "metrics", "_metrics", "_loss_tracker", "_compile_metrics", "optimizer_weights")
"""What training leaves beside the network's own weights."""

WHOLE_MODEL = "model_weights"
TOP_LEVEL = "top_level_model_weights"


def layers(file: Path | IO[bytes], known: Collection[str]) -> list[Layer]:
    """Return the layers of a `.h5` file that have variables, in the file's order.

    Parameters
    ----------
    file : path or binary file
    known : collection of str
        What Keras calls layers by itself, numbers left out.

    Raises
    ------
    OSError, RuntimeError, KeyError
        The file is damaged.
    """
    import h5py

    with h5py.File(file) as content:
        root = content.get(WHOLE_MODEL, content)
        return list(_of_keras_2(root) if _texts(root, "layer_names") else _numbered(root, known))


def is_hdf5(file: Path) -> bool:
    """Return whether a file is of HDF5, whatever it is called."""
    import h5py

    return bool(h5py.is_hdf5(file))


def network(file: Path) -> tuple[str, str]:
    """Return which Keras wrote a `.h5` file, and the configuration of the network in it; empty where there is none."""
    import h5py

    with h5py.File(file) as content:
        written = [content.attrs.get(name, "") for name in ("keras_version", "model_config")]
    version, config = (text.decode() if isinstance(text, bytes) else str(text) for text in written)
    return version, config


def _of_keras_2(root: Any) -> Iterator[Layer]:
    names = [*_texts(root, "layer_names"), *([TOP_LEVEL] if TOP_LEVEL in root else [])]
    for name in names:
        group = root[name]
        arrays = [(text.partition(":")[0], group[text][()]) for text in _texts(group, "weight_names")]
        found = grouped((path, array.shape, array) for path, array in arrays)
        if len(found) == 1 and name != TOP_LEVEL:  # what TensorFlow calls its variables may have a number more
            found[0].name = found[0].place = name
        yield from found


def _texts(group: Any, name: str) -> list[str]:
    """Return an attribute of texts; a long one is in pieces, numbered."""
    pieces = [name, *(f"{name}{number}" for number in range(sum(key.startswith(name) for key in group.attrs)))]
    values = [value for piece in pieces if piece in group.attrs for value in group.attrs[piece]]
    return [value.decode() if isinstance(value, bytes) else str(value) for value in values]


def _numbered(root: Any, known: Collection[str]) -> Iterator[Layer]:
    import h5py

    paths: list[str] = []
    root.visititems(lambda path, item: paths.append(path) if isinstance(item, h5py.Group) else None)
    for path in sorted(paths, key=_natural):
        owner, _, last = path.rpartition("/")
        if last != "vars" or path.split("/")[0] in OTHER_PARTS or not root[path].keys():
            continue
        keys = sorted(root[path].keys(), key=_natural)
        arrays = {key: _array(root[path][key]) for key in keys}
        variables = [Variable(None, array.shape, array, f"{owner}/{key}") for key, array in arrays.items()]
        name = _name(root, owner, known)
        yield Layer(name, variables, _kind(root, owner), name or owner, owner)


def _array(item: Any) -> Any:
    """Return an array; HDF5 has no bfloat16, so Keras says by an attribute that its bytes are that."""
    array = item[()]
    if item.attrs.get("dtype") != "bfloat16":
        return array
    import ml_dtypes

    return array.view(ml_dtypes.bfloat16)


def _natural(path: str) -> list[tuple[str, int]]:
    """Return what sorts ``conv2d_2`` before ``conv2d_10``."""
    parts = [re.fullmatch(r"(.*?)_?(\d*)", part) for part in path.split("/")]
    return [(part[1], int(part[2] or 0)) for part in parts if part]


def _name(root: Any, owner: str, known: Collection[str]) -> str:
    """Return a layer's name, within those of what it is in; nothing where it has none of its own."""
    parts = owner.split("/") if owner else []
    places = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    names = [_own_name(root, place, known) for place in places if "vars" in root[place]]
    return "/".join(filter(None, names)) if names and names[-1] else ""


def _own_name(root: Any, owner: str, known: Collection[str]) -> str:
    """Return the name that a layer had, or the attribute of the model that held it; else nothing."""
    written = str(root[owner]["vars"].attrs.get("name", ""))
    attribute = "" if _in_a_list(root, owner) else owner.rpartition("/")[2]
    return attribute if attribute and (not written or is_automatic(written, known)) else written


def _kind(root: Any, owner: str) -> str | None:
    return kind_in(owner.rpartition("/")[2]) if _in_a_list(root, owner) else None


def _in_a_list(root: Any, owner: str) -> bool:
    """Return whether a layer is one of a list, which numbers them: a list has no variables of its own."""
    around = owner.rpartition("/")[0]
    return bool(around) and "vars" not in root[around]
