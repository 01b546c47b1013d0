"""Weights of an `.onnx` file that lie in files beside it: found there, never elsewhere, and put into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_files import sha256
from aic_helpers.core.safe_texts import shown
from aic_helpers.onnx_graphs.structures import MAX_BYTES


def tensors(model: Any) -> list[Any]:
    """Return the constants of a model whose numbers lie in other files."""
    from onnx import TensorProto

    return [one for one in _every_tensor(model) if one.data_location == TensorProto.EXTERNAL]


def _every_tensor(model: Any) -> Iterator[Any]:
    yield from _of_graph(model.graph)
    for function in model.functions:
        yield from _of_nodes(function.node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        for attribute in node.attribute:
            yield from [*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors]
            for graph in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
                yield from _of_graph(graph)


def pack(model: Any, path: Path) -> dict[str, str]:
    """Put all numbers that lie beside the file at `path` into `model`; return the SHA-256 of each file by its path.

    Raises
    ------
    InputError
        A file that isn't there, that is too short, or that lies outside of the folder; or more than a file can hold.
    """
    outside = tensors(model)
    files = {location: _file(location, path) for location in {_entries(one).get("location", "") for one in outside}}
    sizes = [_span(one, files, path) for one in outside]
    total = model.ByteSize() + sum(length for _, length in sizes)
    if total > MAX_BYTES:
        found = f"{total / 1e9:.1f} GB with the files beside it"
        raise InputError(f"an ONNX model of at most 2 GB in {path}", found, "make it smaller")
    digests = {str(file): sha256(file) or "" for file in files.values()}  # first: a later change of one is then seen
    for tensor, (offset, length) in zip(outside, sizes, strict=True):
        with files[_entries(tensor)["location"]].open("rb") as file:
            file.seek(offset)
            tensor.raw_data = file.read(length)
        tensor.ClearField("external_data")
        tensor.ClearField("data_location")
    return digests


def _entries(tensor: Any) -> dict[str, str]:
    return {one.key: one.value for one in tensor.external_data}


def _file(location: str, path: Path) -> Path:
    folder = path.resolve().parent
    expected = f"weights in the folder of {path}"
    remedy = "export it into one file, or with its weights beside it"
    named = PurePosixPath(location.replace("\\", "/"))
    if not location or named.is_absolute() or ".." in named.parts:
        raise InputError(expected, shown(location), remedy)
    file = folder / named
    if not file.resolve().is_relative_to(folder):
        raise InputError(expected, f"{shown(location)}, a link out of it", remedy)
    if not file.is_file():
        raise InputError(f"the weights of {path} in {shown(location)} beside it", "nothing", "give both files")
    return file


def _span(tensor: Any, files: dict[str, Path], path: Path) -> tuple[int, int]:
    """Return where a constant's numbers begin, and how many bytes they are."""
    entries = _entries(tensor)
    location = entries["location"]
    size = files[location].stat().st_size
    try:
        offset = int(entries.get("offset", 0))
        length = int(entries.get("length", size - offset))
    except ValueError:
        offset = length = -1
    if offset < 0 or length < 0 or offset + length > size:
        found = f"{size} bytes, where {shown(tensor.name)} has its own beyond"
        raise InputError(f"the whole weights of {path} in {shown(location)}", found, "export it again")
    return offset, length
