"""Keras models, and functions of Keras and TensorFlow 2, brought to life and frozen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from aic_helpers.core.error_reasons import named_reason
from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.built_functions import Built, build, of_model
from aic_helpers.models.originals import Original, freeze_callable
from aic_helpers.models.user_code import load_module
from aic_helpers.weights import saved_networks
from aic_helpers.weights.restoring import restored

OWN_CLASS = re.compile(
    r"(?:Could not locate (?:class|function)|Unknown [a-z ]+:|Cannot deserialize object of type) "
    r"['`]?(?:[\w.]+>)?(?P<name>\w+)"
)
"""What Keras 3 and 2 say of a class or function that isn't theirs."""

SEEDS = (1, 2)


def python_function(path: Path, name: str, checkpoint: Path | None, adapt: Adapters, *, keras_first: bool) -> Original:
    """Return what a name in a file of Keras or TensorFlow 2 stands for, with the weights of a checkpoint or its own."""
    if checkpoint is None:
        return _with_own_weights(path, name, adapt, keras_first=keras_first)
    built = build(path, name, adapt, keras_first=keras_first)
    title, names, own, structure = _title(built, name), built.names, built.own, built.structure
    if not built.slots:
        raise InputError(f"no checkpoint beside {title}, which has no variables", str(checkpoint), "leave it out")
    found = restored(built.slots, checkpoint, title, names=names, own=own, structure=structure)
    for variable, array in found.pairs:
        variable.assign(array)
    return _original(built, adapt, found.unused, [found.note] if found.note else [])


def _with_own_weights(path: Path, name: str, adapt: Adapters, *, keras_first: bool) -> Original:
    """Return a network that needs no checkpoint: one whose weights come out the same from other random numbers."""
    import keras

    keras.utils.set_random_seed(SEEDS[0])
    built = build(path, name, adapt, keras_first=keras_first)
    if not built.slots:
        return _original(built, adapt)
    before = _values(built)
    keras.utils.set_random_seed(SEEDS[1])
    again = build(path, name, adapt, keras_first=keras_first)
    if len(before) != len(again.slots) or not all(map(np.array_equal, before, _values(again))):
        restored(built.slots, None, _title(built, name))
    return _original(again, adapt, [], ["the weights are the code's own: they came without a checkpoint"])


def _title(built: Built, name: str) -> str:
    return f"the model that {built.builder}() builds" if built.builder else name


def _values(built: Built) -> list[Any]:
    return [np.asarray(variable) for _, _, variable in built.slots]


def keras_file(path: Path, name: None, checkpoint: None, adapt: Adapters) -> Original:
    """Return the network in a `.keras` or `.h5` file, of Keras 3 or 2; `adapt.code` defines its own layers."""
    saved, code = saved_networks.read(path), adapt.code
    if saved.own and not code:
        raise _refusal(saved.own, path)
    keras = _keras(saved.version)
    own = _classes(load_module(Path(code), "aic_model_code")) if code else {}
    settings = {"safe_mode": False} if code else {}
    try:
        model = keras.models.load_model(path, custom_objects=own, compile=False, **settings)
    except Exception as error:
        raise _reason(error, path, saved.version) from None
    return _original(of_model(model, path, adapt), adapt)


def _keras(version: str) -> ModuleType:
    """Return the Keras that reads a file: 3 its own, 2 the older ones."""
    if version.startswith("3"):
        import keras

        return keras
    import tf_keras

    return tf_keras


def _classes(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if callable(value) and name[0] != "_"}


def _reason(error: Exception, path: Path, version: str) -> InputError:
    """Return a layer that Keras doesn't know by its name, with what to do; else the reason that Keras gave."""
    if own := OWN_CLASS.search(str(error)):
        return _refusal(f"{own['name']}, which is not of Keras", path)
    return InputError(f"a network of Keras {version} in {path}", named_reason(error), "save it again")


def _refusal(found: str, path: Path) -> InputError:
    remedy = (
        "for a model of your own give --code FILE.py with its code, which is run; "
        "or save it with model.export(FOLDER) and give the folder"
    )
    return InputError(f"only layers of Keras in {path}", found, remedy)


def _original(built: Built, adapt: Adapters, unused: Sequence[str] = (), notes: Sequence[str] = ()) -> Original:
    import tensorflow as tf

    frozen = freeze_callable(built.call, built.shape, adapt, built.dtype)
    called = f"{built.builder}() was called without arguments, because it builds a Keras model"
    told = [called, *notes] if built.builder else [*notes]

    def run(batch: Any) -> Any:
        return np.asarray(built.call(tf.constant(batch, built.dtype)))

    return Original(frozen, run, built.style, unused=[*unused], notes=told)
