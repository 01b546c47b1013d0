"""A name in a person's file -> a network with its variables: a function of Keras or TensorFlow 2, or a Keras model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import Adapters, Shape
from aic_helpers.models.user_code import (
    check_signature,
    checked_output,
    is_without_arguments,
    load_callable,
    name_of,
    takes_anything,
    user_code,
)
from aic_helpers.weights.restoring import Slots, Structure, path_of, slots_of, snake_case, structure_of

TRIED_PX = 64
"""Height and width of the image that a function is run on where it can't be traced at once."""

NOT_OF_KERAS = "KerasTensor"
"""In what Keras says where a function of TensorFlow gets what Keras stands for images with."""


@dataclass
class Built:
    """A network brought to life, with whatever weights its code gave it.

    Attributes
    ----------
    call : callable
        A batch of images -> the output.
    slots : list of tuple
        Its variables: path, shape and the variable itself.
    shape : list of int or None
        Of the images, as it declares them itself.
    style : {"keras", "tensorflow2"}
    dtype : DType or str
        Of the images.
    names : dict of str to str
        What a checkpoint by names calls each path.
    own : list of str
        What Keras calls layers of the network's own classes by itself.
    structure : dict
        See `aic_helpers.weights.restoring.structure_of`.
    builder : str
        The function that was called without arguments to build it; empty for a function of images.
    """

    call: Callable[[Any], Any]
    slots: Slots
    shape: Shape
    style: str
    dtype: Any = "float32"
    names: Mapping[str, str] = field(default_factory=dict)
    own: Sequence[str] = ()
    structure: Structure = field(default_factory=dict)
    builder: str = ""


def build(path: Path, name: str, adapt: Adapters, *, keras_first: bool) -> Built:
    """Run a person's file and return what the name stands for, brought to life.

    Parameters
    ----------
    path : Path
    name : str
        Of a function, of a Keras model, or of an object that can be called.
    adapt : Adapters
        How the network takes images.
    keras_first : bool
        Whether the file uses Keras, so that a function gets what stands for images there.

    Raises
    ------
    InputError
        The file or the function fails, or gives no image.
    """
    _forget_names()
    made: list[Any] = []
    import tensorflow as tf

    with tf.variable_creator_scope(_noting(made)):
        found, builder = load_callable(path, name), ""
        if is_without_arguments(found) and (model := _built_without_arguments(found)):
            found, builder = model, name_of(found)
        if is_keras_model(found) and getattr(found, "inputs", None):
            return of_model(found, path, adapt, builder)
        check_signature(found, path)
        of_either = _function_of_keras if keras_first else _function_of_tensorflow
        built = of_either(found, path, adapt, made)
        built.builder = builder
        return built


def is_keras_model(found: Any) -> bool:
    """Return whether this is a model of Keras 3 or 2."""
    kinds = tuple(module.Model for name in ("keras", "tf_keras") if (module := sys.modules.get(name)))
    return isinstance(found, kinds)


def of_model(model: Any, path: Path, adapt: Adapters, builder: str = "") -> Built:
    """Return a Keras model as a network; `builder` is the function that was called without arguments for it."""
    import tensorflow as tf

    inputs: Sequence[Any] = getattr(model, "inputs", None) or ()
    outputs: Sequence[Any] = getattr(model, "outputs", None) or ()
    if not inputs:
        found, remedy = f"{type(model).__name__}, which declares none", "build it from a keras.Input of (None, None, 3)"
        raise InputError(f"one input and one output in {path}", found, remedy)
    if len(inputs) != 1 or len(outputs) != 1:
        found, remedy = f"{len(inputs)} and {len(outputs)}", "save a network of one image in and one out"
        raise InputError(f"one input and one output in {path}", found, remedy)
    checked_output(outputs[0], path, adapt)
    slots = slots_of(model.weights)
    kinds = [snake_case(type(layer).__name__) for layer in _layers(model)]
    shape, dtype = list(inputs[0].shape), inputs[0].dtype

    def call(images: Any) -> Any:
        return tf.nest.flatten(model(images, training=False))[0]  # the one of a dict or list, too

    return Built(call, slots, shape, "keras", dtype, own=kinds, structure=structure_of(model), builder=builder)


def _built_without_arguments(function: Callable[..., Any]) -> Any:
    """Return the model that a function builds; None where it isn't one that does, and will be told as it is.

    A function that could take the images as well must return a model that knows what it takes.
    """
    try:
        model = function()
    except Exception:
        return None
    is_ready = getattr(model, "inputs", None) or not takes_anything(function)
    return model if is_keras_model(model) and is_ready else None


def _function_of_keras(function: Callable[..., Any], path: Path, adapt: Adapters, made: list[Any]) -> Built:
    """Give a function what stands for images in Keras; where it can't take that, trace it as one of TensorFlow."""
    import keras

    images = keras.Input(adapt.shapes[0][1:], name="input")
    try:
        output = function(images)
    except Exception as error:
        _forget_names()
        made.clear()
        with suppress(Exception):
            return _function_of_tensorflow(function, path, adapt, made)
        if NOT_OF_KERAS in str(error):
            return _function_of_tensorflow(function, path, adapt, made)
        with user_code(path):
            raise
    built = of_model(keras.Model(images, checked_output(output, path, adapt)), path, adapt)
    built.names = getattr(function, "checkpoint_names", {})
    return built


def _function_of_tensorflow(function: Callable[..., Any], path: Path, adapt: Adapters, made: list[Any]) -> Built:
    """Trace a function with any batch, else with a batch of 1; layers that it makes are made once."""
    first: Exception | None = None
    for trace in (_traced, _traced_with_variables_made_before):
        for shape in adapt.shapes:
            before = len(made)
            try:
                traced = trace(lambda images: _tensor(function(images), path, adapt), shape, made)
            except InputError:
                raise
            except Exception as error:
                first = first or error
                del made[before:]
                continue
            return Built(traced, _slots(function, traced, made), shape, "tensorflow2", own=_own_kinds(function))
    with user_code(path):
        raise first or RuntimeError
    raise AssertionError


def _traced(function: Callable[[Any], Any], shape: Shape, made: list[Any]) -> Any:
    return _trace(function, shape, _noting(made))


def _traced_with_variables_made_before(function: Callable[[Any], Any], shape: Shape, made: list[Any]) -> Any:
    """Trace a function whose variables begin as tensors, which no trace can keep: a run makes them."""
    import tensorflow as tf

    before = len(made)
    sides = [1, *(side or TRIED_PX for side in shape[1:])]
    with tf.variable_creator_scope(_noting(made)):
        function(tf.fill(sides, 0.5))
    ready = iter(made[before:])
    return _trace(function, shape, lambda make, **settings: next(ready))


def _trace(function: Callable[[Any], Any], shape: Shape, creator: Callable[..., Any]) -> Any:
    """Trace a function; `creator` stands around variables of the trace, and around those that Keras lifts out of it."""
    import tensorflow as tf

    def inside(images: Any) -> Any:
        with tf.variable_creator_scope(creator):
            return function(images)

    with tf.variable_creator_scope(creator):
        return tf.compat.v1.wrap_function(inside, [tf.TensorSpec(shape, tf.float32, name="input")])


def _noting(made: list[Any]) -> Callable[..., Any]:
    def noted(make: Callable[..., Any], **settings: Any) -> Any:
        variable = make(**settings)
        if not any(variable is one for one in made):
            made.append(variable)
        return variable

    return noted


def _tensor(output: Any, path: Path, adapt: Adapters) -> Any:
    import tensorflow as tf

    return tf.identity(checked_output(output, path, adapt))


def _slots(function: Callable[..., Any], traced: Any, made: list[Any]) -> Slots:
    """Return the variables that a traced function reads, in the order in which they were made."""
    used = {id(variable): variable for variable in traced.graph.variables}
    order = [variable for variable in made if id(variable) in used]
    rest = [variable for variable in used.values() if not any(variable is one for one in order)]
    by_attribute = dict(_attributes(function))
    return [(by_attribute.get(id(one), path_of(one)), tuple(one.shape.as_list()), one) for one in (*order, *rest)]


def _attributes(function: Callable[..., Any]) -> Iterator[tuple[int, str]]:
    """Yield variables of modules that a file keeps, by the attributes that lead to them, where no name has a path."""
    import tensorflow as tf

    for module in _modules(function):
        for parts, variable in module._flatten(predicate=lambda one: isinstance(one, tf.Variable), with_path=True):
            if "/" not in variable.name:
                yield id(variable), "/".join(str(part) for part in parts)


def _own_kinds(function: Callable[..., Any]) -> list[str]:
    return [snake_case(type(layer).__name__) for module in _modules(function) for layer in module.submodules]


def _modules(function: Callable[..., Any]) -> list[Any]:
    import tensorflow as tf

    around = getattr(sys.modules.get(getattr(function, "__module__", "")), "__dict__", {})
    return [value for value in (function, *around.values()) if isinstance(value, tf.Module)]


def _layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        yield from _layers(layer)


def _forget_names() -> None:
    """Let Keras number names from the start, as it does in a process of its own."""
    if keras := sys.modules.get("keras"):
        keras.utils.clear_session(free_memory=False)  # which takes a tenth of a second, and there is nothing to free
    if tf_keras := sys.modules.get("tf_keras"):
        tf_keras.backend.clear_session()
