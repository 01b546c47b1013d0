"""A stranger's `.pb` -> whether it may be loaded: its graph read as data, with limits, before TensorFlow gets it.

A frozen graph is a program. Whoever loads one lets it read files, call Python or fill the memory, unless its operations
say otherwise; so each is held against a list (`allowed_operations`), those in the graph's own functions included.

It is read in a child of `aic_helpers.models.stranger_models`, which has limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import make_light
from aic_helpers.core.safe_texts import shown
from aic_helpers.graphs.allowed_operations import ALLOWED
from aic_helpers.graphs.tensorflow_runtime import runtime

MAX_NODES = 50_000
"""In the graph and its functions; vgg_19's graph has 300."""

MAX_FUNCTIONS = 1000
MAX_INPUTS = 1000
"""Of one operation."""

MAX_CONSTANT_BYTES = 2**29
"""Of all constants as they are declared: one value in the file may stand for as many as its shape says."""

MAX_NAME = 200
"""Characters of a node's name that a reason shows."""

TEXT = re.compile(r"[A-Za-z0-9_.,:;>@=()\[\] *+-]{0,200}\Z")
"""What a text among an operation's attributes may be: a padding, an equation, a layout. No path: it has no slash."""

NAME = r"[A-Za-z0-9_.][A-Za-z0-9_./\\-]{0,1000}\Z"
NAMES = {"_class": re.compile("loc:@" + NAME), "frame_name": re.compile(NAME), "tensor_array_name": re.compile(NAME)}
"""The attributes whose texts have slashes: names of other nodes, of loops, of lists in memory."""

DEVICE = re.compile(r"(/job:localhost)?(/replica:0)?(/task:0)?(/(device:)?(cpu|gpu|CPU|GPU):[0-9*])?\Z")

PROTO_TEXTS = ("config_proto", "executor_type")
"""Settings of a call of a function, which could name files: they must be left at nothing."""


def refuse(content: bytes) -> dict[str, Any]:
    """Return what a graph is, as `aic_helpers.models.stranger_models.look` tells it, or raise why it may not be loaded.

    Raises
    ------
    InputError
        It may not: the message names the node and the reason. Or it isn't a frozen graph.
    """
    make_light()
    graph_def = _parsed(content)
    nodes = list(_nodes(graph_def))
    _refuse_size(graph_def, nodes)
    for where, node in nodes:
        _refuse_node(where, node)
    _refuse_cycles(graph_def.library.function)
    _refuse_other_ends(graph_def)
    return {"nodes": len(nodes), "operations": len({node.op for _, node in nodes})}


def _parsed(content: bytes) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework.graph_pb2 import GraphDef

    graph_def = GraphDef()
    try:
        graph_def.ParseFromString(content)
    except DecodeError:
        found = "a truncated, too deeply nested or other file"
        raise InputError("a frozen graph", found, "freeze the model again") from None
    if not graph_def.node:
        raise InputError("a frozen graph", "one without operations", "freeze the model again")
    return graph_def


def _nodes(graph_def: Any) -> Iterator[tuple[str, Any]]:
    """Yield every operation with where it stands; a function's come as those of the graph do."""
    yield from (("", node) for node in graph_def.node)
    for function in graph_def.library.function:
        name = _shown(function.signature.name)
        yield from ((f" of the function {name}", node) for node in function.node_def)


def _refuse_size(graph_def: Any, nodes: Sequence[tuple[str, Any]]) -> None:
    functions = len(graph_def.library.function)
    for found, limit, what in ((len(nodes), MAX_NODES, "operations"), (functions, MAX_FUNCTIONS, "functions")):
        if found > limit:
            raise InputError(f"at most {limit} {what} in the graph", str(found), "make the network smaller")
    declared = sum(_declared_bytes(where, node) for where, node in nodes if node.op == "Const")
    if declared > MAX_CONSTANT_BYTES:
        limit_mib, found_mib = MAX_CONSTANT_BYTES >> 20, declared >> 20
        raise InputError(f"constants of at most {limit_mib} MiB together", f"{found_mib} MiB", "make them smaller")


def _declared_bytes(where: str, node: Any) -> int:
    """Return the size that a constant has once it is made of its declaration."""
    tensor = node.attr["value"].tensor
    count = 1
    for dim in tensor.tensor_shape.dim:
        if dim.size < 0:
            raise _refusal("constants of known sizes", where, node, f"a side of {dim.size}")
        count *= dim.size
    try:
        each = runtime().as_dtype(tensor.dtype).size or 1
    except (TypeError, KeyError):
        raise _refusal("constants of known types", where, node, f"type {tensor.dtype}") from None
    return count * each


def _refuse_node(where: str, node: Any) -> None:
    if node.op not in ALLOWED:
        remedy = "leave it out: only operations that make tensors of tensors are run"
        raise InputError("operations on tensors alone", f"{_shown(node.op)} ({_named(where, node)})", remedy)
    if len(node.input) > MAX_INPUTS:
        raise _refusal(f"at most {MAX_INPUTS} inputs of an operation", where, node, str(len(node.input)))
    if not DEVICE.match(node.device):
        raise _refusal("operations on this machine's processors", where, node, f"the device {_shown(node.device)}")
    for name in node.attr:
        _refuse_attribute(where, node, name, node.attr[name])


def _refuse_attribute(where: str, node: Any, name: str, held: Any) -> None:
    """Refuse texts that could name a file. A constant's own texts go nowhere: no operation here opens anything."""
    for text in filter(None, [held.s, *held.list.s]):
        words = text.decode("utf-8", "replace")
        allowed = NAMES.get(name, TEXT)
        if name in PROTO_TEXTS or not allowed.match(words):
            value = "settings of a call" if name in PROTO_TEXTS else _shown(words)
            raise _refusal("attributes that name no path", where, node, f"{_shown(name)} = {value}")


def _refuse_cycles(functions: Sequence[Any]) -> None:
    """Refuse functions that call themselves, by whatever way: they would never end, or never load."""
    calls = {function.signature.name: _called(function) for function in functions}
    done: set[str] = set()
    for start in calls:
        _follow(start, calls, done)


def _called(function: Any) -> set[str]:
    return {name for node in function.node_def for value in node.attr.values() for name in _names_in(value)}


def _names_in(value: Any) -> Iterator[str]:
    """Yield the functions that an attribute names, and those that it hands on to them."""
    waiting = [value.func, *value.list.func]
    while waiting:
        named = waiting.pop()
        if named.name:
            yield named.name
        for inner in named.attr.values():
            waiting += [inner.func, *inner.list.func] if inner.HasField("func") or inner.list.func else []


def _follow(start: str, calls: dict[str, set[str]], done: set[str]) -> None:
    """Walk through what a function calls, without recursion of our own."""
    path, waiting = [start], [iter(sorted(calls[start]))]
    while path:
        name = next(waiting[-1], None)
        if name is None:
            done.add(path.pop())
            waiting.pop()
        elif name in path:
            remedy = "leave it out: it would never end"
            raise InputError("functions that don't call themselves", _shown(name), remedy)
        elif name in calls and name not in done:
            path.append(name)
            waiting.append(iter(sorted(calls[name])))


def _refuse_other_ends(graph_def: Any) -> None:
    """Refuse a graph that begins with something else than one `input` of images, or has no `output`."""
    from tensorflow.core.framework.types_pb2 import DT_FLOAT

    placeholders = [node for node in graph_def.node if node.op == "Placeholder"]
    others = [node.name for node in placeholders if node.name != "input"]
    if others or len(placeholders) != 1:
        found = _shown(others[0]) if others else f"{len(placeholders)} of that name"
        raise InputError("one placeholder, called input", found, "freeze the model with one input")
    attributes = placeholders[0].attr
    if attributes["dtype"].type != DT_FLOAT:
        raise InputError("an input of float32", f"type {attributes['dtype'].type}", "freeze the model again")
    shape = attributes["shape"].shape
    if shape.dim and (len(shape.dim) != 4 or shape.dim[3].size not in (3, -1)):
        sides = ", ".join("any" if dim.size < 0 else str(dim.size) for dim in shape.dim)
        raise InputError("an input of shape (batch, height, width, 3)", f"({sides})"[:MAX_NAME], "freeze it again")
    names = [node.name for node in graph_def.node if node.name == "output"]
    if len(names) != 1:
        last = _shown(graph_def.node[-1].name)
        raise InputError("one operation called output", f"{len(names)} (the graph ends with {last})", "name it so")


def _refusal(expected: str, where: str, node: Any, found: str) -> InputError:
    return InputError(expected, f"{found} ({_named(where, node)})", "freeze the model without it")


def _named(where: str, node: Any) -> str:
    return f"{_shown(node.op)} {_shown(node.name)}{where}" if node.op in ALLOWED else f"node {_shown(node.name)}{where}"


def _shown(text: str) -> str:
    return shown(text, MAX_NAME, empty="(no name)")
