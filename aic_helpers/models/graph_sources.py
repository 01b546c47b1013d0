"""TensorFlow's own forms brought to life and frozen: functions of 2018, checkpoints with a graph, and frozen graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.graphs.graph_ends import USUAL, Ends, find_ends
from aic_helpers.graphs.tensorflow_words import in_words
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.checkpoints import match_variables, open_checkpoint
from aic_helpers.models.frozen_models import parse_graph
from aic_helpers.models.originals import Original
from aic_helpers.models.user_code import checked_output, load_function, user_code


def tensorflow_1(path: Path, name: str, checkpoint: Path | None, adapt: Adapters) -> Original:
    import tensorflow as tf

    function = load_function(path, name)
    graph = _graph_of_2018(tf, function, path, adapt)
    with graph.as_default():
        session = tf.Session(graph=graph)
        variables = {variable.op.name: variable for variable in tf.global_variables()}
        unused: list[str] = []
        if variables:
            shapes = {key: variable.shape.as_list() for key, variable in variables.items()}
            unused = match_variables(open_checkpoint(checkpoint, name), shapes, name)
            tf.train.Saver(variables).restore(session, str(checkpoint))
    original = of_session(session, USUAL, adapt)
    original.unused = unused
    return original


def _graph_of_2018(tf: ModuleType, function: Callable[[Any], Any], path: Path, adapt: Adapters) -> Any:
    """Build the graph with any batch; a file that computes with the batch's number gets 1, as in the challenge."""
    first: Exception | None = None
    for shape in adapt.shapes:
        graph = tf.Graph()
        with graph.as_default():
            images = tf.placeholder(tf.float32, shape, name="input")
            try:
                output = function(images)
            except Exception as error:
                first = first or error
                continue
            tf.identity(checked_output(output, path, adapt), name="output")
            return graph
    with user_code(path):
        raise first or RuntimeError
    raise AssertionError


def meta_graph(path: Path, name: None, checkpoint: Path | None, adapt: Adapters) -> Original:
    """Bring to life what TensorFlow 1's Saver wrote: a graph as `.meta`, and the checkpoint beside it."""
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph:
        try:
            saver = tf.train.import_meta_graph(str(path), clear_devices=True)
        except Exception as error:
            raise InputError(f"a graph with its variables in {path}", in_words(error), "save it again") from None
        session = tf.Session(graph=graph)
        reader = open_checkpoint(checkpoint, path.name)
        if saver is not None:
            shapes = {variable.op.name: variable.shape.as_list() for variable in tf.global_variables()}
            match_variables(reader, shapes, path.name)
            saver.restore(session, str(checkpoint))
    return of_session(session, ends_of(graph.as_graph_def(), path, adapt), adapt)


def ends_of(graph_def: Any, path: Path, adapt: Adapters) -> Ends:
    """Return the ends of a graph that a person brought, by the names that they gave."""
    given = Ends(adapt.input, adapt.output)
    return find_ends(graph_def, str(path), given=given, set_names=[name for name, _ in adapt.set])


def of_session(session: Any, ends: Ends, adapt: Adapters) -> Original:
    """Freeze the graph of a session, whose variables have their values, up to its output."""
    import tensorflow.compat.v1 as tf

    graph = session.graph
    graph_def = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), [ends.nodes[1]])
    values = {f"{name}:0": value for name, value in adapt.set}
    return Original(
        graph_def, lambda batch: session.run(ends.output, {ends.input: batch, **values}), "tensorflow1", ends
    )


def frozen_graph(path: Path, name: None, checkpoint: None, adapt: Adapters) -> Original:
    graph_def = parse_graph(path)
    ends = ends_of(graph_def, path, adapt)
    return Original(graph_def, None, "frozen", ends)
