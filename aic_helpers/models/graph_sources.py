"""TensorFlow's own forms brought to life and frozen: functions of 2018, SavedModels and frozen graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.models.checkpoints import match_variables, open_checkpoint
from aic_helpers.models.frozen_models import FrozenModel, read_graph
from aic_helpers.models.originals import ANY_BATCH, BATCH_OF_1, Original, freeze_callable
from aic_helpers.models.user_code import checked_output, load_function, user_code


def tensorflow_1(path: Path, name: str, checkpoint: Path | None) -> Original:
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


def saved_model(path: Path, name: None, checkpoint: None) -> Original:
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

    frozen = freeze_callable(call, [spec.shape.as_list()])
    parameters = sum(int(np.prod(variable.shape)) for variable in getattr(loaded, "variables", ()))
    return Original(frozen, lambda batch: call(tf.constant(batch)).numpy(), "saved_model", parameters)


def frozen_graph(path: Path, name: None, checkpoint: None) -> Original:
    graph_def = read_graph(path)
    floats = (node for node in graph_def.node if node.op == "Const" and node.attr["dtype"].type == 1)
    shapes = [[dim.size for dim in node.attr["value"].tensor.tensor_shape.dim] for node in floats]
    FrozenModel(path, graph_def)
    return Original(graph_def, None, "frozen", sum(int(np.prod(shape)) for shape in shapes if shape))
