"""Names of tensors, as converters write them -> names of layers, as people know them."""

from __future__ import annotations

import re
from collections.abc import Sequence

WITH_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "CONV_3D", "BATCH_MATMUL")
OF_WEIGHTS = re.compile(r"conv|matmul|dense|tensordot", re.IGNORECASE)

NUMBER = re.compile(r"_\d+$")
SECOND = "_1"
"""What Keras adds to the name of a layer that is called once more, as all are when a network is frozen."""

SHOWN = 80
"""Characters of a layer's name."""


def layer_names(operators: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Return a layer's name for each operator.

    A fused operator's tensor has the names of all that went into it, such as ``net/conv12/Relu;net/conv12/BiasAdd``:
    one with weights is called after the operation that has them, another after the first. What all begin with, and the
    operation behind the last slash, are left out: ``conv12``. So is the ``_1`` that Keras adds to all its layers when
    a network is frozen.

    Parameters
    ----------
    operators : sequence of (str, sequence of str)
        Each operator's name, and those of the tensors that it makes.

    Returns
    -------
    list of str
        In the same order; two operators of one layer have the same.
    """
    paths = [_path(name, outputs) for name, outputs in operators]
    common = _common([path for path in paths if len(path) > 1])
    found = ["/".join(_scope(path[common:] if len(path) > common else path)) for path in paths]
    layers = [layer for layer, (name, _) in zip(found, operators, strict=True) if name in WITH_WEIGHTS]
    numbered = [layer for layer in layers if NUMBER.search(layer)]
    if 2 * len(numbered) > len(layers) and all(layer.endswith(SECOND) for layer in numbered):
        there = set(found)
        found = [layer if layer.removesuffix(SECOND) in there else layer.removesuffix(SECOND) for layer in found]
    return [layer[:SHOWN] for layer in found]


def _path(name: str, outputs: Sequence[str]) -> list[str]:
    parts = [part for part in outputs[0].split(";") if part] if outputs else []
    if name in WITH_WEIGHTS:
        parts = [part for part in parts if OF_WEIGHTS.search(part.rpartition("/")[2])] or parts
    return parts[0].split("/") if parts else [name]


def _common(paths: Sequence[Sequence[str]]) -> int:
    """Return how many parts all paths begin with; the last of a path is never one."""
    shortest = min((len(path) - 1 for path in paths), default=0)
    for place in range(shortest):
        if len({path[place] for path in paths}) > 1:
            return place
    return shortest


def _scope(path: Sequence[str]) -> Sequence[str]:
    return path[:-1] if len(path) > 1 else path
