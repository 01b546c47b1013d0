"""SavedModels brought to life and frozen, those of TensorFlow 1 among them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError, nearest
from aic_helpers.graphs.graph_ends import Ends, find_ends, listed, node_name
from aic_helpers.models.adapters import Adapters
from aic_helpers.models.graph_sources import ends_of, of_session
from aic_helpers.models.originals import Original, freeze_callable

SERVING = "serving_default"

Kind = TypeVar("Kind")

SAVE = "save it with one signature, as model.export(folder) does"


@dataclass(frozen=True)
class _Function:
    """A function of a SavedModel: `call` takes and returns tensors by name; `inputs` are their specs."""

    call: Callable[[dict[str, Any]], Mapping[str, Any]]
    inputs: Mapping[str, Any]
    outputs: Sequence[str]


def saved_model(path: Path, name: None, checkpoint: None, adapt: Adapters) -> Original:
    meta_graph = _for_serving(path)
    of_version_2 = meta_graph.HasField("object_graph_def")
    return (_of_version_2 if of_version_2 else _of_version_1)(path, meta_graph, adapt)


def _for_serving(path: Path) -> Any:
    """Return the graph of a SavedModel that is tagged for serving, or the only one."""
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    with _loading(path):
        graphs = parse_saved_model(str(path)).meta_graphs
    serving = [graph for graph in graphs if "serve" in graph.meta_info_def.tags] or list(graphs)
    if not serving:
        raise InputError(f"a graph in {path}", "none", SAVE)
    return min(serving, key=lambda graph: len(graph.meta_info_def.tags))


def _of_version_1(path: Path, meta_graph: Any, adapt: Adapters) -> Original:
    import tensorflow.compat.v1 as tf

    with tf.Graph().as_default() as graph, _loading(path):
        session = tf.Session(graph=graph)
        tf.saved_model.loader.load(session, list(meta_graph.meta_info_def.tags), str(path))
    original = of_session(session, _ends_of_version_1(path, meta_graph, graph.as_graph_def(), adapt), adapt)
    original.style = "saved_model"
    return original


def _ends_of_version_1(path: Path, meta_graph: Any, graph_def: Any, adapt: Adapters) -> Ends:
    """Return what a signature says, by its own names or the tensors', else the ends of the graph."""
    signatures = dict(meta_graph.signature_def)
    if not signatures:
        return ends_of(graph_def, path, adapt)
    signature = _chosen(signatures, lambda one: one.inputs, path, adapt)
    names = [name for name, _ in adapt.set]
    inputs = {key: info for key, info in signature.inputs.items() if node_name(info.name) not in names}
    taken = inputs[_one(inputs, "input", adapt.input, path)].name
    given = signature.outputs[_one(signature.outputs, "output", adapt.output, path)].name
    return find_ends(graph_def, str(path), given=Ends(taken, given), set_names=names)


def _of_version_2(path: Path, meta_graph: Any, adapt: Adapters) -> Original:
    import tensorflow as tf

    with _loading(path):
        loaded = tf.saved_model.load(str(path), tags=list(meta_graph.meta_info_def.tags))
    signatures = {name: _of_signature(function) for name, function in loaded.signatures.items()}
    functions = signatures or dict(_traced(loaded))
    function = _chosen(functions, lambda one: one.inputs, path, adapt)
    values = {name: tf.constant(value, function.inputs[name].dtype) for name, value in _set(function, path, adapt)}
    key = _one({name: spec for name, spec in function.inputs.items() if name not in values}, "input", adapt.input, path)
    output_key = _one(dict.fromkeys(function.outputs), "output", adapt.output, path)
    spec = function.inputs[key]

    def call(images: Any) -> Any:
        return function.call({key: images, **values})[output_key]

    shape = None if spec.shape.rank is None else spec.shape.as_list()
    frozen = freeze_callable(call, shape, adapt, spec.dtype)
    original = Original(frozen, lambda batch: call(tf.constant(batch, spec.dtype)).numpy(), "saved_model", has_set=True)
    if len(functions) > 1 or not loaded.signatures or len(function.outputs) > 1:
        name = next(name for name, one in functions.items() if one is function)
        original.notes = [f"of {path.name} the function {name} was taken, from {key} to {output_key}"]
    return original


def _of_signature(function: Any) -> _Function:
    inputs = function.structured_input_signature[1]
    return _Function(lambda tensors: function(**tensors), inputs, list(function.structured_outputs))


def _traced(loaded: Any) -> Iterator[tuple[str, _Function]]:
    """Yield the functions of a SavedModel that were traced for one tensor, and give one."""
    import tensorflow as tf

    named = {"__call__": loaded.__call__ if callable(loaded) else None, **vars(loaded)}
    for name, function in named.items():
        for concrete in getattr(function, "concrete_functions", ())[:1]:
            inputs = [one for one in tf.nest.flatten(concrete.structured_input_signature) if hasattr(one, "dtype")]
            if len(inputs) == len(tf.nest.flatten(concrete.structured_outputs)) == 1:
                yield name, _of_traced(function, inputs[0])


def _of_traced(function: Any, spec: Any) -> _Function:
    import tensorflow as tf

    def call(tensors: dict[str, Any]) -> dict[str, Any]:
        return {"output": tf.nest.flatten(function(*tensors.values()))[0]}

    return _Function(call, {"input": spec}, ["output"])


def _chosen(
    functions: Mapping[str, Kind], inputs: Callable[[Kind], Iterable[str]], path: Path, adapt: Adapters
) -> Kind:
    """Return the signature that has the input of the name given, that for serving, or the only one."""
    fitting = {name: one for name, one in functions.items() if not adapt.input or adapt.input in inputs(one)}
    if adapt.input and functions and not fitting:
        known = sorted({name for one in functions.values() for name in inputs(one)})
        remedy = nearest(adapt.input, known, f"inputs: {listed(known)}")
        raise InputError(f"an input of {path}", adapt.input, remedy)
    if SERVING in fitting:
        return fitting[SERVING]
    if len(fitting) == 1:
        return next(iter(fitting.values()))
    found = f"the signatures {listed(sorted(fitting))}" if fitting else "none, and no function traced for one tensor"
    remedy = f"{SAVE}, or call it {SERVING}" if fitting else SAVE
    raise InputError(f"one signature in {path}", found, remedy)


def _set(function: _Function, path: Path, adapt: Adapters) -> Iterator[tuple[str, Any]]:
    for name, value in adapt.set:
        if name not in function.inputs:
            remedy = nearest(name, function.inputs, f"inputs: {listed(sorted(function.inputs))}")
            raise InputError(f"an input of {path} to set", name, remedy)
        yield name, value


def _one(names: Mapping[str, Any], what: str, given: str, path: Path) -> str:
    """Return the name that was given, or the only one that there is."""
    if given and given not in names:
        raise InputError(f"an {what} of {path}", given, nearest(given, names, f"{what}s: {listed(sorted(names))}"))
    if given or len(names) == 1:
        return given or next(iter(names))
    remedy = f"say which: --{what} NAME" + (", and --set NAME=VALUE for the others" if what == "input" else "")
    raise InputError(f"one {what} in {path}", f"{len(names)} ({listed(sorted(names))})", remedy)


@contextmanager
def _loading(path: Path) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise InputError(f"a SavedModel in {path}", reason(error), "save it again, or copy it whole") from None
