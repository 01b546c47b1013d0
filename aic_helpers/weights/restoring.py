"""A checkpoint of any kind that is understood + the variables of a network -> which array each variable gets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.weights import file_kinds, hdf5_files, object_checkpoints
from aic_helpers.weights.layer_matching import Match, MismatchError, few, match
from aic_helpers.weights.layers_of_weights import Layer, grouped

Structure = Mapping[int, str]
"""Where Keras 3 keeps the owner of a variable, by the variable's id."""

Slots = Sequence[tuple[str, tuple[int, ...], Any]]
"""The variables of a network: path (``first/kernel``), shape, and the variable itself."""


@dataclass(frozen=True)
class Restored:
    """What a checkpoint gives to a network.

    Attributes
    ----------
    pairs : list of tuple
        Each variable and its array.
    unused : list of str
        Variables of the checkpoint that the network lacks.
    note : str or None
        Which layers were matched by nothing but their order.
    """

    pairs: list[tuple[Any, Any]]
    unused: list[str] = field(default_factory=list)
    note: str | None = None


def slots_of(variables: Iterable[Any]) -> Slots:
    """Return variables of Keras or TensorFlow as `restored` takes them."""
    return [(path_of(variable), tuple(variable.shape), variable) for variable in variables]


def path_of(variable: Any) -> str:
    """Return what a variable is called, from its network's name to its own."""
    return str(getattr(variable, "path", None) or variable.name.partition(":")[0])


def restored(
    slots: Slots,
    checkpoint: Path | None,
    name: str,
    *,
    names: Mapping[str, str] | None = None,
    own: Sequence[str] = (),
    structure: Structure | None = None,
) -> Restored:
    """Return the array of each variable of a network.

    Parameters
    ----------
    slots : sequence of tuple
    checkpoint : Path or None
        The prefix of one of TensorFlow's, a `.h5` file of Keras of any age, or a `.keras` file.
    name : str
        Of the network, for messages.
    names : dict, optional
        What a checkpoint by names calls each path; by default the path itself.
    own : sequence of str
        What Keras calls layers of the network's own classes by itself.
    structure : dict, optional
        Of a model of Keras 3: see `structure_of`.

    Raises
    ------
    InputError
        No such checkpoint, a damaged one or one of another kind, or weights that don't belong to this network.
    """
    if checkpoint is None:
        raise InputError(f"a checkpoint for {name}, which has variables", "none", "give --checkpoint PATH")
    expected = f"weights of {name} in {checkpoint}"
    file_kinds.require_known(checkpoint, expected, as_model=False)
    kind = file_kinds.weights_kind(checkpoint)
    known = {*keras_kinds(), *own}
    if kind and kind.taken:
        saved = _hdf5_layers(checkpoint, kind.taken, known, expected)
        return _matched(_placed(slots, structure or {}), saved, known, expected)
    reader = open_checkpoint(checkpoint, name)
    if object_checkpoints.is_of_objects(reader):
        return _of_objects(slots, object_checkpoints.networks(reader), known, expected)
    return by_names(slots, reader, name, names or {})


def is_by_names(checkpoint: Path | None) -> bool:
    """Return whether a checkpoint is one of TensorFlow 1, which keeps variables by their names alone."""
    if checkpoint is None or file_kinds.weights_kind(checkpoint):
        return False
    return not object_checkpoints.is_of_objects(open_checkpoint(checkpoint, ""))


def open_checkpoint(checkpoint: Path, name: str) -> Any:
    """Return TensorFlow's reader of a checkpoint."""
    import tensorflow.compat.v1 as tf

    try:
        return tf.train.NewCheckpointReader(str(checkpoint))
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        if checkpoint.is_file() and "sstable" in str(error):
            raise InputError(
                f"a checkpoint at {checkpoint}", "a file of another kind", file_kinds.OWN_WEIGHTS
            ) from None
        raise InputError(f"a TensorFlow checkpoint at {checkpoint}", reason(error), "copy it again") from None


def by_names(slots: Slots, reader: Any, name: str, names: Mapping[str, str]) -> Restored:
    """Return what a checkpoint by names holds for each variable."""
    called = [(names.get(path, path), shape, variable) for path, shape, variable in slots]
    unused = _require_names(reader, {path: list(shape) for path, shape, _ in called}, name)
    return Restored([(variable, reader.get_tensor(path)) for path, _, variable in called], unused)


def _require_names(reader: Any, shapes: dict[str, list[int]], name: str) -> list[str]:
    """Return the checkpoint's variables that the network lacks; raise where it has one that doesn't fit."""
    saved = reader.get_variable_to_shape_map()
    missing = sorted(set(shapes) - set(saved))
    unused = sorted(set(saved) - set(shapes))
    unlike = sorted(key for key in shapes if key in saved and list(saved[key]) != shapes[key])
    if missing or unlike:
        parts = [
            f"missing {few(missing)}" if missing else "",
            f"unexpected {few(unused)}" if unused else "",
            f"of another shape {few([f'{key} {saved[key]} for {shapes[key]}' for key in unlike])}" if unlike else "",
        ]
        found = "; ".join(part for part in parts if part)
        raise InputError(f"the variables of {name} in the checkpoint", found, "give this network's own checkpoint")
    return unused


def _placed(slots: Slots, structure: Structure) -> list[Layer]:
    """Return the layers of a network, each with its place in the structure."""
    layers = grouped(slots)
    for layer in layers:
        layer.structure = structure.get(id(layer.variables[0].held), "")
    return layers


def structure_of(model: Any) -> Structure:
    """Return where Keras 3 would keep each variable of a model in a `.weights.h5`; nothing for another model."""
    from keras.src.saving import saving_lib

    places: dict[int, str] = {}

    class Store(saving_lib.H5IOStore):
        """Takes the variables themselves, and writes no file."""

        def __init__(self) -> None:
            self._place = ""

        def __bool__(self) -> bool:
            return True

        def make(self, path: str, metadata: Any = None) -> Any:
            self._place = path
            return self

        def __setitem__(self, key: str, variable: Any) -> None:
            places[id(variable)] = self._place

    with suppress(Exception):  # not of Keras 3, or a Keras whose inside is another
        saving_lib._save_state(model, weights_store=Store(), assets_store=None, inner_path="", visited_saveables=set())
    return places


def _matched(network: list[Layer], saved: list[Layer], known: set[str], expected: str) -> Restored:
    try:
        found = match(network, saved, known)
    except MismatchError as error:
        raise InputError(expected, str(error), error.remedy) from None
    return Restored(found.pairs, note=found.note)


def _of_objects(slots: Slots, candidates: dict[str, list[list[Layer]]], known: set[str], expected: str) -> Restored:
    """Return what the one network of a checkpoint that fits holds: there may be several side by side."""
    fitting: dict[str, Match] = {}
    refusals = [MismatchError("no variables")]
    for top, namings in candidates.items():
        try:
            fitting[top] = _by_either_name(slots, namings, known)
        except MismatchError as error:
            refusals.append(error)
    if "" in fitting or len(fitting) == 1:
        top, found = ("", fitting[""]) if "" in fitting else next(iter(fitting.items()))
        others = [key for key in candidates if key not in ("", top)] if top else []
        return Restored(found.pairs, others, found.note)
    if fitting:
        raise InputError(expected, f"several that fit: {few([*fitting])}", "save the one that is meant by itself")
    raise InputError(expected, str(refusals[-1]), refusals[-1].remedy)


def _by_either_name(slots: Slots, namings: list[list[Layer]], known: set[str]) -> Match:
    """Return the match by the naming that leaves nothing to the order of layers; else the first that matches."""
    found, refusal = [], None
    for layers in namings:
        try:
            found.append(match(grouped(slots), layers, known))
        except MismatchError as error:
            refusal = refusal or error
    if not found:
        raise refusal or MismatchError("no variables")
    return min(found, key=lambda one: one.note is not None)


def _hdf5_layers(path: Path, taken: str, known: set[str], expected: str) -> list[Layer]:
    try:
        source = file_kinds.keras_weights(path) if taken == "keras" else path
        return hdf5_files.layers(source, known)
    except (OSError, RuntimeError, KeyError, ValueError, StopIteration):
        raise InputError(expected, "a truncated or damaged file", file_kinds.OWN_WEIGHTS) from None


@cache
def keras_kinds() -> frozenset[str]:
    """Return what Keras calls the layers of its own classes, numbers left out."""
    import keras

    return frozenset(snake_case(name) for name in dir(keras.layers) if name[0].isupper())


def snake_case(name: str) -> str:
    """Return a class's name as Keras begins the names of its layers with it: ``conv2d`` for ``Conv2D``."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
