"""Model source -> frozen graph, in the process that calls it.

TensorFlow 1 changes a whole process, so `freeze` is meant for a child: see `aic_helpers.models.conversion`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import import_tensorflow, make_light
from aic_helpers.data.images import as_float, read_rgb
from aic_helpers.graphs.static_cost import static_cost
from aic_helpers.models import read_files, tensorflow1
from aic_helpers.models.checkpoints import load_weights, match_variables, open_checkpoint
from aic_helpers.models.frozen_models import FrozenModel, read_graph, static_shape
from aic_helpers.models.user_code import checked_output, load_function, user_code

PARITY_SIZES_PX = ((480, 320), (191, 127), (61, 93))
"""Width and height of the crops of a photo on which the frozen model is compared with its source."""

ANY_BATCH = [None, None, None, 3]
BATCH_OF_1 = [1, None, None, 3]

TAKEN_ALONG = ("matplotlib", "pandas")
"""What Keras imports for plots and tables where it finds it: a fifth of the time that importing Keras takes."""

Batch = NDArray[np.float32]


@dataclass
class Original:
    """A model source brought to life in this process.

    Attributes
    ----------
    graph_def : GraphDef
        Frozen, with `input:0` and `output:0`.
    run : callable or None
        The source itself on a batch, to compare with; None where the source is a frozen graph already.
    style : str
        ``keras``, ``tensorflow1``, ``saved_model`` or ``frozen``.
    parameters : int
    unused : list of str
        Variables of the checkpoint that the network doesn't have.
    read_files : dict of str to str
        See `aic_helpers.models.read_files`; only a model function reads any.
    """

    graph_def: Any
    run: Callable[[Batch], Batch] | None
    style: str
    parameters: int
    unused: list[str] = field(default_factory=list)
    read_files: dict[str, str] = field(default_factory=dict)


def freeze(request: dict[str, Any]) -> dict[str, Any]:
    """Write the frozen model of a source and compare the two.

    Parameters
    ----------
    request : dict
        ``kind``, ``path``, ``function``, ``checkpoint`` as in `ModelSource`; ``out``, the `.pb` to write (a copy
        of the source, there already, where that is frozen); and
        ``photo``, an image at least 480x320 to compare on.

    Returns
    -------
    dict
        ``style``, ``parameters``, ``gmacs_720p``, ``input_shape``, ``checkpoint_unused``, ``read_files``, and
        ``parity``: the largest absolute difference by size, or None where the source is a frozen graph already.

    Raises
    ------
    InputError
        Anything about the source that keeps it from being a frozen model; the message says what.
    """
    load: dict[str, Callable[..., Original]] = {
        "function": _function,
        "keras": _keras_file,
        "saved_model": _saved_model,
        "frozen": _frozen,
    }
    make_light() if request["kind"] == "frozen" else import_keras()
    checkpoint = request["checkpoint"]
    original = load[request["kind"]](Path(request["path"]), request["function"], checkpoint and Path(checkpoint))
    out = Path(request["out"])
    if original.run is not None:
        out.write_bytes(original.graph_def.SerializeToString(deterministic=True))
    return {
        "style": original.style,
        "parameters": original.parameters,
        "gmacs_720p": static_cost(read_graph(out))["gmacs"],
        "input_shape": static_shape(original.graph_def),
        "checkpoint_unused": original.unused,
        "read_files": original.read_files,
        "parity": _parity(original, Path(request["photo"])),
    }


def import_keras() -> None:
    """Import TensorFlow and Keras without what they take along only because it is installed.

    A model's own code may import that afterwards.
    """
    absent = [name for name in TAKEN_ALONG if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an ImportError for who asks
    try:
        import_tensorflow()
        import keras  # noqa: F401
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _function(path: Path, name: str, checkpoint: Path | None) -> Original:
    try:
        old = tensorflow1.is_2018_style(path)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"Python in {path}", f"{error} at line {line}", "mend the syntax") from None
    if old:
        tensorflow1.install()
    read = read_files.watch()
    original = (_tensorflow_1 if old else _keras_function)(path, name, checkpoint)
    original.read_files = read(path)
    return original


def _tensorflow_1(path: Path, name: str, checkpoint: Path | None) -> Original:
    import tensorflow as tf

    function = load_function(path, name)
    graph = _graph_of_2018(tf, function, path)
    with graph.as_default():
        session = tf.Session(graph=graph)
        variables = {variable.op.name: variable for variable in tf.global_variables()}
        unused: list[str] = []
        if variables:
            shapes = {key: variable.shape.as_list() for key, variable in variables.items()}
            unused = match_variables(open_checkpoint(checkpoint, name), shapes, name)
            tf.train.Saver(variables).restore(session, str(checkpoint))
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["output"])
        parameters = sum(int(np.prod(variable.shape.as_list())) for variable in variables.values())
    return Original(
        frozen, lambda batch: session.run("output:0", {"input:0": batch}), "tensorflow1", parameters, unused
    )


def _graph_of_2018(tf: ModuleType, function: Callable[[Any], Any], path: Path) -> Any:
    """Build the graph with any batch; a file that computes with the batch's number gets 1, as in the challenge."""
    first: Exception | None = None
    for shape in (ANY_BATCH, BATCH_OF_1):
        graph = tf.Graph()
        with graph.as_default():
            images = tf.placeholder(tf.float32, shape, name="input")
            try:
                output = function(images)
            except Exception as error:
                first = first or error
                continue
            tf.identity(checked_output(output, path), name="output")
            return graph
    with user_code(path):
        raise first or RuntimeError
    raise AssertionError


def _keras_function(path: Path, name: str, checkpoint: Path | None) -> Original:
    import keras

    function = load_function(path, name)
    with user_code(path):
        images = keras.Input((None, None, 3), name="input")
        output = function(images)
    model = keras.Model(images, checked_output(output, path))
    unused = _restore_keras(model, function, checkpoint, name) if model.weights else []
    return _from_keras_model(model, unused)


def _restore_keras(model: Any, function: Any, checkpoint: Path | None, name: str) -> list[str]:
    if checkpoint is not None and checkpoint.name.endswith(".h5"):
        load_weights(model, checkpoint, name)
        return []
    names = getattr(function, "checkpoint_names", {weight.path: weight.path for weight in model.weights})
    reader = open_checkpoint(checkpoint, name)
    shapes = {names[weight.path]: list(weight.shape) for weight in model.weights}
    unused = match_variables(reader, shapes, name)
    for weight in model.weights:
        weight.assign(reader.get_tensor(names[weight.path]))
    return unused


def _keras_file(path: Path, name: None, checkpoint: None) -> Original:
    import keras

    with user_code(path):
        model = keras.models.load_model(path, compile=False)
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise InputError(
            f"one input and one output in {path}", f"{len(model.inputs)} and {len(model.outputs)}", "save a network"
        )
    checked_output(model.outputs[0], path)
    return _from_keras_model(model, [])


def _from_keras_model(model: Any, unused: list[str]) -> Original:
    def call(images: Any) -> Any:
        return model(images, training=False)

    frozen = _freeze_callable(call, [list(model.inputs[0].shape)])
    parameters = sum(int(np.prod(weight.shape)) for weight in model.weights)
    return Original(frozen, lambda batch: np.asarray(call(batch)), "keras", parameters, unused)


def _saved_model(path: Path, name: None, checkpoint: None) -> Original:
    import tensorflow as tf

    with user_code(path):
        loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures.get("serving_default") or next(iter(loaded.signatures.values()), None)
    if signature is None:
        raise InputError(f"a serving signature in {path}", "none", "save it with model.export(folder)")
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise InputError(f"one input and one output in {path}", f"{len(inputs)} and {len(outputs)}", "save a network")
    (key, spec), output_key = next(iter(inputs.items())), next(iter(outputs))

    def call(images: Any) -> Any:
        return signature(**{key: images})[output_key]

    frozen = _freeze_callable(call, [spec.shape.as_list()])
    parameters = sum(int(np.prod(variable.shape)) for variable in getattr(loaded, "variables", ()))
    return Original(frozen, lambda batch: call(tf.constant(batch)).numpy(), "saved_model", parameters)


def _frozen(path: Path, name: None, checkpoint: None) -> Original:
    graph_def = read_graph(path)
    floats = (node for node in graph_def.node if node.op == "Const" and node.attr["dtype"].type == 1)
    shapes = [[dim.size for dim in node.attr["value"].tensor.tensor_shape.dim] for node in floats]
    FrozenModel(path, graph_def)
    return Original(graph_def, None, "frozen", sum(int(np.prod(shape)) for shape in shapes if shape))


def _freeze_callable(call: Callable[[Any], Any], own_shapes: list[list[int | None]]) -> Any:
    """Freeze with any batch and size where the model takes them, else with the shape that it declares."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    first: Exception | None = None
    for shape in [ANY_BATCH, BATCH_OF_1, *own_shapes]:
        spec = tf.TensorSpec(shape, tf.float32, name="input")
        try:
            concrete = tf.function(lambda images: tf.identity(call(images), name="output")).get_concrete_function(spec)
        except Exception as error:
            first = first or error
            continue
        return convert_variables_to_constants_v2(concrete).graph.as_graph_def()
    found = str(first).splitlines()[-1]
    raise InputError("a model of one image batch (batch, height, width, 3)", found, "mend the model") from None


def _parity(original: Original, photo: Path) -> dict[str, float] | None:
    """Return the largest absolute difference between the source and its frozen graph at each size."""
    if original.run is None:
        return None
    frozen = FrozenModel(photo, original.graph_def)
    image = as_float(read_rgb(photo))
    differences = {}
    for width_px, height_px in PARITY_SIZES_PX:
        batch = image[None, :height_px, :width_px]
        try:
            expected = original.run(batch)
        except Exception:
            continue  # a size that the source itself can't take; the rule on resolutions names it
        differences[f"{width_px}x{height_px}"] = float(np.abs(frozen(batch) - expected).max())
    return differences
