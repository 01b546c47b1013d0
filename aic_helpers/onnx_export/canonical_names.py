"""An `.onnx` model with its nodes in one order and under names that follow from the network alone.

tf2onnx goes through sets: which of two equal constants stays, and the order of nodes, differ from run to run.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

NUMBER = re.compile(r"__\d+$")
"""What tf2onnx appends to names."""


def rename(model: Any) -> None:
    """Sort the nodes of a model from its output upwards, and name nodes, tensors and constants anew.

    A node with weights keeps the name of its layer; any other is called after its operator, with a number.
    """
    graph = model.graph
    nodes, constants = _sorted(graph), {one.name: one for one in graph.initializer}
    names, used, kept = {end.name: end.name for end in (*graph.input, *graph.output)}, Counter[str](), []
    for node in nodes:
        node.name = _name(node, constants, used)
        for slot, taken in enumerate(node.input):
            if taken in constants and taken not in names:
                names[taken] = f"{node.name}/{slot}"
                kept.append(constants[taken])
        for slot, given in enumerate(node.output):
            names.setdefault(given, f"{node.name}:{slot}")
    for node in nodes:
        node.input[:] = [names.get(taken, taken) for taken in node.input]
        node.output[:] = [names[given] for given in node.output]
    for constant in kept:
        constant.name = names[constant.name]
    _replace(graph.node, nodes)
    _replace(graph.initializer, kept)
    del graph.value_info[:]


def _name(node: Any, constants: dict[str, Any], used: Counter[str]) -> str:
    from onnx import TensorProto

    taken = [constants[name] for name in node.input if name in constants]
    has_weights = any(one.data_type == TensorProto.FLOAT and one.dims for one in taken)
    base = NUMBER.sub("", node.name) if has_weights else node.op_type
    used[base] += 1
    return base if has_weights and used[base] == 1 else f"{base}_{used[base]}"


def _sorted(graph: Any) -> list[Any]:
    """Return the nodes that the output needs, each after those that it takes from, in the order of its inputs."""
    makers = {given: node for node in graph.node for given in node.output}
    found: list[Any] = []
    seen: set[str] = set()
    waiting = [(end.name, False) for end in reversed(graph.output)]
    while waiting:
        tensor, is_ready = waiting.pop()
        node = makers.get(tensor)
        if node is None or (not is_ready and node.output[0] in seen):
            continue
        if is_ready:
            found.append(node)
            continue
        seen.add(node.output[0])
        waiting += [(tensor, True), *((taken, False) for taken in reversed(node.input))]
    return found


def _replace(field: Any, values: list[Any]) -> None:
    copies = [type(one).FromString(one.SerializeToString()) for one in values]
    del field[:]
    field.extend(copies)
