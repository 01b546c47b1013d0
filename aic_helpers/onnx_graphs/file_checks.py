"""A stranger's `.onnx` -> whether ONNX Runtime may load it: read as data, held against a list and limits.

Such a file may name other files, bring functions and loops of its own, and say of a constant that it is larger than it
is. It is read in a child of `aic_helpers.models.stranger_models`, which has limits, before ONNX Runtime gets it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.installation import needed
from aic_helpers.onnx_graphs.allowed_operators import ALLOWED
from aic_helpers.onnx_graphs.stored_tensors import STORES, checked_bytes, told
from aic_helpers.onnx_graphs.structures import AGAIN, STANDARD, dtype_name

OPSETS, MAX_IR = (7, 28), 14
"""What the ONNX Runtime of `requirements.lock` runs: versions of ONNX's own operators, and of the file's format."""

MAX_NODES = 50_000
MAX_CONSTANTS = 100_000
MAX_PARTS = 1000
"""Inputs, outputs or attributes of an operator, and domains of a file."""

MAX_CONSTANT_BYTES = 2**29
"""Of all constants together, as they are in memory."""

TEXT = re.compile(rb"[A-Za-z0-9_.,> -]{0,200}\Z")
"""What a text among an operator's attributes may be: a padding, an equation. No path: it has no slash."""

PLAIN = frozenset({"name", "doc_string", "type", "f", "i", "s", "t", "floats", "ints", "strings"})
"""What an attribute may hold; not graphs, types, sparse tensors, or an argument of a function."""

WITH_TENSOR = ("Constant", "ConstantOfShape")
TEXTS = ("value_string", "value_strings")
"""Attributes by which a ``Constant`` would be one of texts."""

RUNTIMES_OWN = b"ORTM"
"""The mark of ONNX Runtime's own format, which it looks for where it is given bytes."""

CHANNELS = 3


def refuse(content: bytes) -> dict[str, Any]:
    """Return what a file is: ``nodes``, its operators, and ``operations``, how many kinds; or raise why it isn't taken.

    Raises
    ------
    InputError
        It may not be loaded: the message names the operator or constant, and the reason. Or it is no whole file.
    """
    model = _parsed(content)
    _refuse_parts(model)
    _refuse_versions(model)
    _refuse_counts(model.graph)
    _refuse_names(model)
    for node in model.graph.node:
        _refuse_node(node)
    _refuse_constants(model.graph)
    _refuse_disorder(model.graph)
    _refuse_other_ends(model.graph)
    return {"nodes": len(model.graph.node), "operations": len({node.op_type for node in model.graph.node})}


def _parsed(content: bytes) -> Any:
    with needed("onnx"):
        from onnx import ModelProto
    from google.protobuf.message import DecodeError

    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError:
        raise InputError("a whole ONNX model", "a truncated, too deeply nested or other file", AGAIN) from None
    if content[4:8] == RUNTIMES_OWN:
        raise InputError("an ONNX model", "one with the mark of ONNX Runtime's own format", AGAIN)
    if not model.graph.node:
        raise InputError("a whole ONNX model", "one without operators", AGAIN)
    return model


def _refuse_parts(model: Any) -> None:
    """Refuse what hides operators from the list, and what another version of ONNX might read out of the file."""
    for function in model.functions[:1]:
        raise InputError("ONNX's own operators alone", f"the function {told(function.name)}", "export it without")
    if model.training_info:
        raise InputError("a network to be run", "one to be trained", "export it for inference")
    if model.graph.sparse_initializer:
        raise InputError("constants of numbers", "a sparse one", "export it without")
    size = model.ByteSize()
    model.DiscardUnknownFields()
    if model.ByteSize() != size:
        raise InputError("fields that ONNX has", f"{size - model.ByteSize()} bytes of others", AGAIN)


def _refuse_versions(model: Any) -> None:
    if not 1 <= model.ir_version <= MAX_IR:
        remedy = "export it in an older one, such as 10"
        raise InputError(f"an ONNX model of IR version 1 to {MAX_IR}", str(model.ir_version), remedy)
    named = [one.version for one in model.opset_import[:MAX_PARTS] if one.domain in STANDARD]
    if len(named) != 1 or not OPSETS[0] <= named[0] <= OPSETS[1]:
        found = ", ".join(map(str, named[:3])) or "none"
        raise InputError(f"one opset of ONNX's own, {OPSETS[0]} to {OPSETS[1]}", found, "export it with opset 17")


def _refuse_counts(graph: Any) -> None:
    limits = {"node": MAX_NODES, "initializer": MAX_CONSTANTS, "input": MAX_CONSTANTS, "output": MAX_CONSTANTS}
    for name, limit in limits.items():
        if (found := len(getattr(graph, name))) > limit:
            raise InputError(f"at most {limit} of {name} in the graph", str(found), "make the network smaller")


def _refuse_names(model: Any) -> None:
    """Refuse names that aren't UTF-8: protobuf gives them as bytes, which nothing after this expects."""
    other = next((name for name in _names(model) if not isinstance(name, str)), None)
    if other is not None:
        raise InputError("names in UTF-8", told(other), AGAIN)


def _names(model: Any) -> Iterator[str | bytes]:
    yield from (model.producer_name, model.producer_version)
    for one in (*model.graph.input, *model.graph.output, *model.graph.initializer):
        yield one.name
    for node in model.graph.node:
        yield from (node.name, *node.input, *node.output, *(one.name for one in node.attribute))


def _refuse_node(node: Any) -> None:
    if node.domain not in STANDARD or node.op_type not in ALLOWED:
        kind = f" of the domain {told(node.domain)}" if node.domain not in STANDARD else ""
        remedy = "leave it out: only ONNX's own operators that make tensors of tensors are run"
        raise InputError("operators on tensors alone", f"{told(node.op_type)}{kind} (node {_name(node)})", remedy)
    if max(len(node.input), len(node.output), len(node.attribute)) > MAX_PARTS or not node.output:
        found = f"{len(node.input)}, {len(node.attribute)} and {len(node.output)}"
        expected = f"1 output or more, and at most {MAX_PARTS} inputs, attributes and outputs"
        raise _refusal(expected, found, node)
    for attribute in node.attribute:
        _refuse_attribute(node, attribute)


def _refuse_attribute(node: Any, attribute: Any) -> None:
    name = told(attribute.name)
    held = {field.name for field, _ in attribute.ListFields()}
    if held - PLAIN or attribute.name in TEXTS or ("t" in held and node.op_type not in WITH_TENSOR):
        raise _refusal("attributes of numbers and short words", f"another at {name}", node)
    for text in (attribute.s, *attribute.strings[:MAX_PARTS]):
        if not TEXT.match(text):
            raise _refusal("attributes that name no path", f"{name} = {told(text)}", node)
    if node.op_type == "Cast" and attribute.name == "to" and dtype_name(attribute.i) not in STORES:
        raise _refusal("casts to numbers", dtype_name(attribute.i), node)


def _refuse_constants(graph: Any) -> None:
    sizes = [checked_bytes(tensor, told(tensor.name)) for tensor in graph.initializer]
    for node in graph.node:
        sizes += [checked_bytes(one.t, f"node {_name(node)}") for one in node.attribute if one.HasField("t")]
    if sum(sizes) > MAX_CONSTANT_BYTES:
        expected = f"constants of at most {MAX_CONSTANT_BYTES >> 20} MiB together"
        raise InputError(expected, f"{sum(sizes) >> 20} MiB", "make them smaller")


def _refuse_disorder(graph: Any) -> None:
    """Refuse operators that read what no earlier one makes, or write what is there: circles are among these."""
    there = {"", *(end.name for end in graph.input), *(tensor.name for tensor in graph.initializer)}
    for node in graph.node:
        missing = [name for name in node.input if name not in there]
        if missing:
            raise _refusal("operators in the order in which they run", f"one that reads {told(missing[0])} early", node)
        twice = [name for name in node.output if name and name in there]
        if twice:
            raise _refusal("tensors that are made once", f"{told(twice[0])} again", node)
        there.update(node.output)
    lost = [end.name for end in graph.output if end.name not in there]
    if lost:
        raise InputError("outputs that are made", f"{told(lost[0])}, which nothing makes", AGAIN)


def _refuse_other_ends(graph: Any) -> None:
    """Refuse a file that takes something else than one image in RGB, or gives more or less than one output."""
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [end for end in graph.input if end.name not in constants]
    for what, ends in (("input", inputs), ("output", graph.output)):
        if len(ends) != 1:
            raise InputError(f"one {what}", str(len(ends)), f"export a network with one {what}")
        kind = dtype_name(ends[0].type.tensor_type.elem_type)
        if kind != "float32":
            raise InputError(f"an {what} of float32", kind, "export it again")
    _refuse_shape(inputs[0].type.tensor_type.shape.dim[:MAX_PARTS])


def _refuse_shape(sides: Sequence[Any]) -> None:
    if len(sides) != 4 or CHANNELS not in (sides[1].dim_value, sides[3].dim_value):
        found = ", ".join(str(side.dim_value) if side.HasField("dim_value") else "any" for side in sides[:5])
        raise InputError("an input of shape (1, 3, height, width) or (1, height, width, 3)", f"({found})", AGAIN)


def _name(node: Any) -> str:
    return told(node.name or next(iter(node.output), ""))


def _refusal(expected: str, found: str, node: Any) -> InputError:
    return InputError(expected, f"{found} ({told(node.op_type)} {_name(node)})", "export the network without it")
