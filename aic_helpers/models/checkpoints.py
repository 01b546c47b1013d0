"""Checkpoints: open one of TensorFlow's, and match its variables with a network's; load one of Keras."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError


def open_checkpoint(checkpoint: Path | None, name: str) -> Any:
    import tensorflow.compat.v1 as tf

    if checkpoint is None:
        raise InputError(f"a checkpoint for {name}, which has variables", "none", "give --checkpoint PATH")
    try:
        return tf.train.NewCheckpointReader(str(checkpoint))
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        found = str(error).splitlines()[-1]
        raise InputError(f"a TensorFlow checkpoint at {checkpoint}", found, "copy it again") from None


def match_variables(reader: Any, shapes: dict[str, list[int]], name: str) -> list[str]:
    """Return the checkpoint's variables that the network lacks; raise where it has one that doesn't fit."""
    saved = reader.get_variable_to_shape_map()
    missing = sorted(set(shapes) - set(saved))
    unused = sorted(set(saved) - set(shapes))
    unlike = sorted(key for key in shapes if key in saved and list(saved[key]) != shapes[key])
    if missing or unlike:
        parts = [
            f"missing {_few(missing)}" if missing else "",
            f"unexpected {_few(unused)}" if unused else "",
            f"of another shape {_few([f'{key} {saved[key]} for {shapes[key]}' for key in unlike])}" if unlike else "",
        ]
        found = "; ".join(part for part in parts if part)
        raise InputError(f"the variables of {name} in the checkpoint", found, "give this network's own checkpoint")
    return unused


def load_weights(model: Any, weights: Path, name: str) -> None:
    """Load a `.weights.h5` into a Keras model; raise where it isn't one, or holds not all weights of this model.

    Keras only warns of some that it can't find, and leaves them as they were.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model.load_weights(weights)
    except (ValueError, OSError, KeyError, RuntimeError, UserWarning):
        found = _other_than_weights(weights)
        raise InputError(f"weights of {name} in {weights}", found, "give this network's own weights") from None


def _other_than_weights(path: Path) -> str:
    """Return what a file is that can't be loaded into a network: Keras and HDF5 speak of their own insides."""
    import h5py

    if path.stat().st_size == 0:
        return "an empty file"
    if not h5py.is_hdf5(path):
        return "a file of another kind"
    try:
        with h5py.File(path) as file:
            file.visititems(_read)
    except (OSError, RuntimeError):
        return "a truncated or damaged file"
    return "the weights of another network"


def _read(name: str, item: Any) -> None:
    """Read what a HDF5 file holds under a name, where it is an array."""
    if hasattr(item, "shape"):
        _ = item[()]


def _few(names: list[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
