"""An `.onnx` file -> what it says of itself: ends, opset, producer. Nothing of it is run, no file beside it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.installation import needed
from aic_helpers.core.safe_texts import shown

STANDARD = ("", "ai.onnx")
"""What the domain of ONNX's own operators is called."""

OTHER_FILES = {
    b"\x89HDF": "an HDF5 file",
    b"PK\x03\x04": "a ZIP archive, as PyTorch writes",
    b"vers": "a pointer of Git LFS",
}

AGAIN = "export it again"

MAX_BYTES = 2**31 - 1
"""Of a file of protobuf; weights beside it may be more."""

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class End:
    """An input or output of a network.

    Attributes
    ----------
    name : str
    dtype : str
        In the words of numpy, and ``bfloat16`` and the like; ``unknown`` where the file doesn't say.
    shape : tuple of int or None, or None
        None for a side that may be any, and where the file says nothing of it.
    """

    name: str
    dtype: str
    shape: Shape | None


@dataclass(frozen=True)
class Structure:
    """What an `.onnx` file says of itself.

    Attributes
    ----------
    model : ModelProto
        Without what lies in files beside it.
    opset : int
        Of ONNX's own operators.
    ir_version : int
    producer : str
        What wrote it, with its version.
    inputs, outputs : tuple of End
        Inputs without those that have a value in the file.
    domains : tuple of str
        Of operators that aren't ONNX's own.
    """

    model: Any = field(repr=False)
    opset: int
    ir_version: int
    producer: str
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    domains: tuple[str, ...]


def read(path: Path) -> Structure:
    """Return what an `.onnx` file says of itself.

    Raises
    ------
    InputError
        No file, or none of ONNX's format, or one that was cut, or one of more than 2 GB.
    """
    size = require_file(path, "an ONNX model").stat().st_size
    if size > MAX_BYTES:
        raise InputError(f"an ONNX model of at most 2 GB in {path}", f"{size / 1e9:.1f} GB", "make it smaller")
    return parse(path.read_bytes(), str(path))


def parse(content: bytes, where: str) -> Structure:
    """Return what the content of an `.onnx` file says; `where` names the file in an `InputError`."""
    with needed("onnx"):
        import onnx
    from google.protobuf.message import DecodeError

    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (DecodeError, RecursionError):
        raise InputError(f"a whole ONNX model in {where}", _other(content), AGAIN) from None
    if not model.graph.node or not model.graph.output:
        found = "a file without a network" if content else "an empty file"
        raise InputError(f"a whole ONNX model in {where}", found, AGAIN)
    try:
        return _structure(model)
    except TypeError:  # protobuf gives bytes where a name is no text
        raise InputError(f"a whole ONNX model in {where}", "names that aren't text", AGAIN) from None


def _structure(model: Any) -> Structure:
    values = {one.name for one in model.graph.initializer} | {one.values.name for one in model.graph.sparse_initializer}
    opsets = {one.domain: one.version for one in model.opset_import}
    return Structure(
        model,
        next((opsets[domain] for domain in STANDARD if domain in opsets), 0),
        model.ir_version,
        _producer(model),
        tuple(_end(one) for one in model.graph.input if one.name not in values),
        tuple(_end(one) for one in model.graph.output),
        tuple(sorted({node.domain for node in model.graph.node} - {*STANDARD})),
    )


def _producer(model: Any) -> str:
    """Return what wrote a file; empty where it doesn't say."""
    version = model.producer_version.removesuffix(" None")  # tf2onnx has no commit to name where pip installed it
    return shown(" ".join(filter(None, (model.producer_name, version))), empty="")


def every_node(graph: Any) -> Iterator[Any]:
    """Yield the nodes of a graph, and of the graphs inside them."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                yield from every_node(inner)


def _other(content: bytes) -> str:
    return next((words for start, words in OTHER_FILES.items() if content.startswith(start)), "a cut or other file")


def _end(value: Any) -> End:
    if value.type.WhichOneof("value") != "tensor_type":
        return End(value.name, value.type.WhichOneof("value") or "unknown", None)
    tensor = value.type.tensor_type
    sides = tuple(_side(one) for one in tensor.shape.dim) if tensor.HasField("shape") else None
    return End(value.name, dtype_name(tensor.elem_type), sides)


def _side(dimension: Any) -> int | None:
    known = dimension.HasField("dim_value") and dimension.dim_value >= 0
    return int(dimension.dim_value) if known else None


def dtype_name(number: int) -> str:
    """Return what a type of ONNX is called: in the words of numpy where it has it."""
    from onnx import TensorProto

    names = {"FLOAT": "float32", "DOUBLE": "float64", "UNDEFINED": "unknown"}
    name = TensorProto.DataType.Name(number) if number in TensorProto.DataType.values() else "unknown"
    return names.get(name, name.lower())
