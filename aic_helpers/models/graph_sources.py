"""TensorFlow's own forms brought to life and frozen: functions of 2018, checkpoints with a graph, and frozen graphs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.graphs.graph_ends import USUAL, Ends, find_ends
from aic_helpers.models.adapted_graphs import set_values
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.originals import Original
from aic_helpers.models.user_code import checked_output, load_function, user_code
from aic_helpers.runtimes.frozen_models import parse_graph
from aic_helpers.weights.restoring import Restored, is_by_names, restored


def tensorflow_1(path: Path, name: str, checkpoint: Path | None, adapt: Adapters) -> Original:
    import tensorflow as tf

    function = load_function(path, name)
    graph = _graph_of_2018(tf, function, path, adapt)
    with graph.as_default():
        session = tf.Session(graph=graph)
        found = _restore(tf, session, checkpoint, name)
    names = [name for name, _ in adapt.set]
    original = of_session(session, find_ends(graph.as_graph_def(), str(path), given=USUAL, set_names=names), adapt)
    original.unused, original.notes = found.unused, [found.note] if found.note else []
    return original


def _restore(tf: ModuleType, session: Any, checkpoint: Path | None, name: str) -> Restored:
    """Give the variables of a graph the values of a checkpoint."""
    variables = {variable.op.name: variable for variable in tf.global_variables()}
    if not variables:
        return Restored([])
    slots = [(key, tuple(variable.shape.as_list()), variable) for key, variable in variables.items()]
    found = restored(slots, checkpoint, name)
    if is_by_names(checkpoint):  # the way of TensorFlow itself, for variables in parts too
        tf.train.Saver(variables).restore(session, str(checkpoint))
    else:
        for variable, array in found.pairs:
            variable.load(array, session)
    return found


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
            raise InputError(f"a graph with its variables in {path}", reason(error), "save it again") from None
        session = tf.Session(graph=graph)
        if saver is not None:
            variables = [(one.op.name, tuple(one.shape.as_list()), one) for one in tf.global_variables()]
            restored(variables, checkpoint, path.name)
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
    values = set_values(graph, adapt)
    return Original(
        graph_def, lambda batch: session.run(ends.output, {ends.input: batch, **values}), "tensorflow1", ends
    )


def frozen_graph(path: Path, name: None, checkpoint: None, adapt: Adapters) -> Original:
    graph_def = parse_graph(path)
    ends = ends_of(graph_def, path, adapt)
    return Original(graph_def, None, "frozen", ends)
