"""An `.onnx` model with its nodes in one order and under names that follow from the network alone.

tf2onnx goes through sets: which of two equal constants stays, and the order of nodes, differ from run to run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

NUMBER = re.compile(r"__\d+$")
"""What tf2onnx appends to names."""


def rename(model: Any) -> None:
    """Sort the nodes of a model from its output upwards, and name nodes, tensors and constants anew.

    A node with weights keeps the name of its layer; any other is called after its operator, with a number.
    """
    graph = model.graph
    nodes, constants = _sorted(graph), {one.name: one for one in graph.initializer}
    names, kept = {end.name: end.name for end in (*graph.input, *graph.output)}, []
    for node, name in zip(nodes, _names(nodes, constants), strict=True):
        node.name = name
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


def _names(nodes: Sequence[Any], constants: dict[str, Any]) -> list[str]:
    """Return a name of its own for each node. A layer may be called as an operator with its number: Mul_2."""
    layers = [_layer(node, constants) for node in nodes]
    waiting, taken, used, names = {*layers} - {""}, {*layers}, Counter[str](), list[str]()
    for node, layer in zip(nodes, layers, strict=True):
        base = layer or node.op_type
        used[base] += 1
        names.append(layer if layer in waiting else _free(base, used, taken))
        waiting.discard(layer)  # its first node has the name as it is
    return names


def _free(base: str, used: Counter[str], taken: set[str]) -> str:
    while (name := f"{base}_{used[base]}") in taken:
        used[base] += 1
    taken.add(name)
    return name


def _layer(node: Any, constants: dict[str, Any]) -> str:
    """Return the name of the layer that a node's weights are of; empty for one without weights."""
    from onnx import TensorProto

    taken = [constants[name] for name in node.input if name in constants]
    has_weights = any(one.data_type == TensorProto.FLOAT and one.dims for one in taken)
    return NUMBER.sub("", node.name) if has_weights else ""


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
