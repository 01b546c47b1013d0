"""Checkpoints of TensorFlow 2, which keep objects by their attributes -> the layers of each object in them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from aic_helpers.weights.layers_of_weights import Layer, grouped

GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"

OF_TRAINING = re.compile(
    r".*optimizer.*|.*metrics|.*loss_tracker|save_counter|keras_api|(.*_)?step|epoch", re.IGNORECASE
)
"""Attributes beside a network's own variables that a training leaves in a checkpoint."""

NUMBERED = re.compile(r"(.*/)?(_\w+/\d+|layer(_with_weights)?-\d+)")
"""A layer in one of Keras's own lists: its place, and no name."""

Found = tuple[str, str, Any]
"""A variable's path by attributes, what TensorFlow called it, and its array."""


def is_of_objects(reader: Any) -> bool:
    """Return whether a checkpoint is one of TensorFlow 2's objects."""
    return bool(reader.has_tensor(GRAPH))


def networks(reader: Any) -> dict[str, list[list[Layer]]]:
    """Return the layers of each object in a checkpoint, named in two ways, and under an empty name those of all.

    Layers go by what TensorFlow called their variables (``first/kernel``), or by the attributes that led to them.
    """
    from tensorflow.core.protobuf.trackable_object_graph_pb2 import TrackableObjectGraph

    graph = TrackableObjectGraph.FromString(reader.get_tensor(GRAPH))
    tops = {child.local_name: child.node_id for child in graph.nodes[0].children if _is_kept(child.local_name)}
    found = {top: [*_variables(graph, node, reader)] for top, node in ({"": 0} | tops).items()}
    return {top: [_by_name(variables), _by_attribute(variables)] for top, variables in found.items() if variables}


def _variables(graph: Any, start: int, reader: Any) -> Iterator[Found]:
    """Yield the variables that are reached from an object, the nearest first."""
    seen = {slot.slot_variable_node_id for node in graph.nodes for slot in node.slot_variables}
    waiting = deque([("", start)])
    while waiting:
        path, number = waiting.popleft()
        if number in seen:
            continue
        seen.add(number)
        for attribute in graph.nodes[number].attributes:
            array = reader.get_tensor(attribute.checkpoint_key) if reader.has_tensor(attribute.checkpoint_key) else None
            if hasattr(array, "shape"):
                yield path, attribute.full_name, array
        children = [child for child in graph.nodes[number].children if _is_kept(child.local_name)]
        waiting.extend((f"{path}/{child.local_name}".lstrip("/"), child.node_id) for child in children)


def _is_kept(name: str) -> bool:
    return not OF_TRAINING.fullmatch(name)


def _by_name(variables: list[Found]) -> list[Layer]:
    return grouped((name if "/" in name else path, array.shape, array) for path, name, array in variables)


def _by_attribute(variables: list[Found]) -> list[Layer]:
    """Return layers by attributes; Keras 3 keeps a kernel as ``_kernel``."""
    named = ((f"{owner}/{name.removeprefix('_')}", array) for owner, name, array in map(_split, variables))
    layers = grouped((path, array.shape, array) for path, array in named)
    for layer in layers:
        if NUMBERED.fullmatch(layer.name):
            layer.name = ""
    return layers


def _split(found: Found) -> Found:
    """Return what owns a variable, its own name, and its array."""
    owner, _, name = found[0].rpartition("/")
    return owner, name, found[2]
