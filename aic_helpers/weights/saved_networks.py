"""What a `.keras` or `.h5` file says of its network before Keras reads it: which Keras, and layers of one's own."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.weights import hdf5_files
from aic_helpers.weights.file_kinds import HDF5

OF_KERAS = ("keras", "tf_keras", "builtins")
"""The modules of what is Keras's own."""

LAMBDA = "a Lambda layer, which is code and not a layer of Keras"


@dataclass(frozen=True)
class SavedNetwork:
    """What is known of a network in a file.

    Attributes
    ----------
    version : str
        Of the Keras that wrote it.
    own : str
        A layer that isn't Keras's own, in words; empty where none is known.
    """

    version: str
    own: str


def read(path: Path) -> SavedNetwork:
    """Return what a file says of its network.

    Raises
    ------
    InputError
        There is none in it, or the file is damaged.
    """
    try:
        version, config = _of_hdf5(path) if hdf5_files.is_hdf5(path) else _of_zip(path)
    except (OSError, RuntimeError, KeyError, UnicodeDecodeError, json.JSONDecodeError, zipfile.BadZipFile):
        raise InputError(f"a network of Keras in {path}", "a truncated or other file", "save it again") from None
    if config is None:
        raise InputError(f"a network in {path}", HDF5.words, HDF5.as_model)
    return SavedNetwork(version, next(_own_layers(config), ""))


def _of_hdf5(path: Path) -> tuple[str, Any]:
    version, config = hdf5_files.network(path)
    return version, json.loads(config) if config else None


def _of_zip(path: Path) -> tuple[str, Any]:
    with zipfile.ZipFile(path) as archive:
        metadata, config = (json.loads(archive.read(name)) for name in ("metadata.json", "config.json"))
    return str(metadata.get("keras_version", "")), config


def _own_layers(config: Any) -> Iterator[str]:
    """Yield the layers of a configuration that aren't Keras's own; a `.h5` file names no modules."""
    if isinstance(config, dict):
        name = config.get("class_name")
        if name == "Lambda":
            yield LAMBDA
        elif config.get("registered_name") and str(config.get("module") or "").split(".")[0] not in OF_KERAS:
            yield f"{name}, which is not of Keras"
    parts = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    for part in parts:
        yield from _own_layers(part)
