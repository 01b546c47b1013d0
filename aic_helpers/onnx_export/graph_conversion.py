"""A frozen graph -> an `.onnx` model, by tf2onnx; TensorFlow works in this process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import import_tensorflow
from aic_helpers.onnx_export import canonical_names, operators

OPSET = 17
"""Of 2022: every runtime that phones and browsers have knows it, and no network of ours needs a later one."""

SIDES = ("batch", "height", "width")

MOST = 4
"""Operations that a message lists."""


def converted(graph_def: Any) -> Any:
    """Return the model of a graph, whose ends are called ``input`` and ``output``.

    The same graph gives the same bytes. Nothing of the machine is in them.

    Parameters
    ----------
    graph_def : GraphDef
        With ``input:0`` (batch, height, width, 3) and ``output:0``.

    Raises
    ------
    InputError
        An operation that tf2onnx doesn't convert, with the layer that has it.
    """
    import_tensorflow()
    from tf2onnx import convert

    try:
        with _failures() as failed:
            model, _ = convert.from_graph_def(
                graph_def,
                input_names=["input:0"],
                output_names=["output:0"],
                opset=OPSET,
                custom_op_handlers=operators.handlers(graph_def),
                tensors_to_rename={"input:0": "input", "output:0": "output"},
            )
    except Exception as error:  # whatever a converter makes of a stranger's network
        raise _refusal(_listed(graph_def, failed) or reason(error)) from None
    unknown = [node.name for node in model.graph.node if not _is_known(node)]
    if found := _listed(graph_def, failed | {*unknown}):
        raise _refusal(found)
    return _plain(model)


def _refusal(found: str) -> InputError:
    return InputError("a network of operations that tf2onnx converts", found, "build these layers of others")


@contextmanager
def _failures() -> Iterator[set[str]]:
    """Gather the nodes that tf2onnx fails at: it goes on, and tells of them in its log alone."""
    found: set[str] = set()

    class Gathering(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR and isinstance(record.args, tuple) and record.args:
                found.add(str(record.args[0]))

    log, handler = logging.getLogger("tf2onnx"), Gathering()
    log.addHandler(handler)
    try:
        yield found
    finally:
        log.removeHandler(handler)


def _listed(graph_def: Any, names: set[str]) -> str:
    """Return the operations of nodes with their layers, in the order of the graph."""
    found = [f"{node.op} (layer {node.name})" for node in graph_def.node if node.name in names]
    return ", ".join(found[:MOST])


def _is_known(node: Any) -> bool:
    from onnx import defs

    return bool(defs.has(node.op_type, node.domain))


def _plain(model: Any) -> Any:
    """Return a model without what tells of its making, whose free sides are called what they are."""
    model.doc_string = model.graph.doc_string = ""
    model.producer_version = version("tf2onnx")
    model.graph.name = "network"
    used = {node.domain for node in model.graph.node}
    imports = [one for one in model.opset_import if one.domain in used | {""}]
    del model.opset_import[:]
    model.opset_import.extend(imports)
    for end, prefix in ((model.graph.input[0], ""), (model.graph.output[0], "output_")):
        for side, dimension in zip(SIDES, end.type.tensor_type.shape.dim, strict=False):
            if not dimension.HasField("dim_value"):
                dimension.dim_param = side if side == "batch" else f"{prefix}{side}"
    canonical_names.rename(model)
    return model
