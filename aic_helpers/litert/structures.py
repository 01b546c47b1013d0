"""A `.tflite` file -> its tensors and operators, read as data with limits; nothing of it is run."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.file_marks import LITERT, is_litert
from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.flat_tables import INT8, INT32, UINT8, UINT32, UINT64, Damaged, FlatFile, Table
from aic_helpers.litert.layer_names import layer_names
from aic_helpers.litert.schema_names import names, schema
from aic_helpers.litert.tensor_tables import MAX_NAME, Tensor, index_of, item_bytes, read_tensor

MAX_BYTES = 2**30
SCHEMA_VERSION = 3

MAX_TENSORS = MAX_BUFFERS = 100_000
MAX_OPERATORS = 50_000
"""Of a subgraph; vgg_19 has 50."""

MAX_SUBGRAPHS = 100
MAX_ENDS = 1000
"""Inputs or outputs, of an operator or of the file."""

WITHOUT_OUTPUTS = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE", "HASHTABLE_IMPORT"})
OTHER_FILES = {b"\x89HDF": "an HDF5 file", b"PK\x03\x04": "a ZIP archive", b"vers": "a pointer of Git LFS"}
OPTIONAL = -1
"""In place of a tensor's index where an operator goes without that input."""


@dataclass(frozen=True)
class Operator:
    """A step of the network.

    Attributes
    ----------
    index : int
        In the order in which they run.
    name : str
        ``CONV_2D``, or what a custom operator is called.
    is_custom : bool
    version : int
    inputs, outputs : tuple of int
        Indexes of tensors; -1 for an input that it goes without.
    layer : str
        The network's layer that it is of, as the tensor's name says.
    """

    index: int
    name: str
    is_custom: bool
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    layer: str
    _options: tuple[int, int, int] = field(repr=False)


@dataclass(frozen=True)
class Subgraph:
    """Operators that run one after another. The first is the network, others are loops and branches.

    Attributes
    ----------
    name : str
    inputs, outputs : tuple of Tensor
    tensors : tuple of Tensor
    operators : tuple of Operator
    """

    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True)
class Structure:
    """What a `.tflite` file says of itself.

    Attributes
    ----------
    subgraphs : tuple of Subgraph
    schema_version : int
    description : str
        What the converter wrote of itself.
    size_bytes : int
    names_other_files : bool
        Whether it says that weights lie in files beside it.
    """

    subgraphs: tuple[Subgraph, ...]
    schema_version: int
    description: str
    size_bytes: int
    names_other_files: bool
    _content: bytes = field(repr=False)
    _buffers: tuple[tuple[int, int], ...] = field(repr=False)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The network's."""
        return self.subgraphs[0].inputs

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The network's."""
        return self.subgraphs[0].outputs

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """The network's."""
        return self.subgraphs[0].tensors

    @property
    def operators(self) -> tuple[Operator, ...]:
        """The network's, in the order in which they run."""
        return self.subgraphs[0].operators

    def stored_bytes(self, tensor: Tensor) -> int:
        """Return how many bytes of the file a tensor's numbers are; 0 of what isn't constant."""
        return self._buffers[tensor.buffer][1]

    def content(self, tensor: Tensor) -> NDArray[Any]:
        """Return the numbers of a constant, as they are stored (whole numbers where it is quantised).

        Raises
        ------
        InputError
            It is no constant, or of a type that isn't read: texts, numbers of less than a byte, sparse ones.
        """
        start, size = self._buffers[tensor.buffer]
        each = item_bytes(tensor.dtype)
        if not tensor.is_constant or not each or tensor.is_sparse:
            kind = "sparse" if tensor.is_sparse else tensor.dtype if tensor.is_constant else "no constant"
            found = f"{kind} at {shown(tensor.name)}"
            raise InputError("a constant whose numbers can be read", found, "look at its shape alone")
        return np.frombuffer(self._content, tensor.dtype, size // each, start).reshape(tensor.shape)

    def options(self, operator: Operator) -> dict[str, Any]:
        """Return an operator's settings by their names in the schema, such as ``strideW``; {} where it has none."""
        at, kind, second = operator._options
        if not at or operator.is_custom:
            return {}
        from flatbuffers.table import Table as TrustingTable

        creator = schema().BuiltinOptions2Creator if second else schema().BuiltinOptionsCreator
        try:
            made = creator(kind, TrustingTable(self._content, at))
        except (struct.error, ValueError, TypeError, IndexError, OverflowError):
            found = f"others at {operator.name} {shown(operator.layer)}"
            raise InputError("settings of operators that can be read", found, "export it again") from None
        return {} if made is None else {name: _plain(value) for name, value in vars(made).items()}


def read(source: str | Path | bytes) -> Structure:
    """Return what a `.tflite` file says of itself.

    Parameters
    ----------
    source : path or bytes
        At most 1 GiB.

    Returns
    -------
    Structure

    Raises
    ------
    InputError
        No such file; not a `.tflite` file, or one of another version of the schema; cut, damaged, or beyond the limits
        of this module.
    """
    name = "" if isinstance(source, bytes) else f" in {source}"
    content = source if isinstance(source, bytes) else _bytes(Path(source))
    _refuse_other_files(content, name)
    try:
        return _structure(FlatFile(content))
    except Damaged as error:
        raise InputError(f"a whole LiteRT model{name}", str(error), "export or download it again") from None


def _bytes(path: Path) -> bytes:
    size = require_file(path, "a LiteRT model").stat().st_size
    if size > MAX_BYTES:
        raise InputError(f"a LiteRT model of at most {MAX_BYTES} bytes at {path}", f"{size} bytes", "make it smaller")
    return path.read_bytes()


def _refuse_other_files(content: bytes, name: str) -> None:
    if content[4:8] == LITERT:
        return
    remedy = "convert it by TensorFlow's TFLiteConverter, or by aic export"
    if is_litert(content):
        version = f"version {shown(content[7:8].decode('latin-1'))}"
        raise InputError(f"a LiteRT model of schema version {SCHEMA_VERSION}{name}", version, remedy)
    what = OTHER_FILES.get(content[:4], f"a file of {len(content)} bytes without the mark TFL3")
    raise InputError(f"a LiteRT model{name}", what, remedy)


def _structure(file: FlatFile) -> Structure:
    model = file.root()
    version = model.number(0, UINT32)
    if version != SCHEMA_VERSION:
        raise Damaged(f"one of schema version {version}, not {SCHEMA_VERSION}")
    codes = [_code(table) for table in model.tables(1, MAX_OPERATORS, "kinds of operators")]
    buffers = [_buffer(table) for table in model.tables(4, MAX_BUFFERS, "buffers")]
    tables = model.tables(2, MAX_SUBGRAPHS, "subgraphs")
    if not tables:
        raise Damaged("one without a network")
    _look_through_the_rest(model, len(buffers))
    return Structure(
        subgraphs=tuple(_subgraph(table, codes, buffers) for table in tables),
        schema_version=version,
        description=model.text(3, MAX_NAME, "the description"),
        size_bytes=len(file.content),
        names_other_files=bool(model.tables(8, MAX_BUFFERS, "files") or model.tables(9, MAX_BUFFERS, "files' parts")),
        _content=file.content,
        _buffers=tuple(buffers),
    )


def _look_through_the_rest(model: Table, buffers: int) -> None:
    """Read what nobody asks for here, and LiteRT reads all the same: metadata, and names of inputs and outputs."""
    for metadata in model.tables(6, MAX_ENDS, "metadata"):
        metadata.text(0, MAX_NAME, "a name")
        index_of(metadata.number(1, UINT32), buffers, "buffer")
    for signature in model.tables(7, MAX_SUBGRAPHS, "signatures"):
        signature.text(2, MAX_NAME, "a name")
        for end in signature.tables(0, MAX_ENDS, "inputs") + signature.tables(1, MAX_ENDS, "outputs"):
            end.text(0, MAX_NAME, "a name")


def _code(table: Table) -> tuple[str, bool, int]:
    """Return the name of an operator, whether it is a custom one, and the version of it that is asked for."""
    number = max(table.number(0, INT8), table.number(3, INT32))
    known, version = names("BuiltinOperator"), table.number(2, INT32, 1)
    if number not in known:
        raise Damaged(f"one with operator number {number}, which this version of ai-edge-litert doesn't know")
    custom = known[number] == "CUSTOM"
    return table.text(1, MAX_NAME, "a name") if custom else known[number], custom, version


def _buffer(table: Table) -> tuple[int, int]:
    """Return where a buffer's bytes begin, and how many they are; of large files they stand behind the tables."""
    start, size = table.number(1, UINT64), table.number(2, UINT64)
    if start > 1:
        table.file.require(start, size)
        return start, size
    return table.data(0, MAX_BYTES, "a buffer")


def _subgraph(table: Table, codes: list[tuple[str, bool, int]], buffers: list[tuple[int, int]]) -> Subgraph:
    declared = table.tables(0, MAX_TENSORS, "tensors")
    tensors = tuple(read_tensor(index, tensor, buffers) for index, tensor in enumerate(declared))
    inputs, outputs = (_ends(table, number, len(tensors)) for number in (1, 2))
    listed = table.tables(3, MAX_OPERATORS, "operators")
    steps = [_operator(index, operator, codes, len(tensors)) for index, operator in enumerate(listed)]
    _refuse_disorder(inputs, outputs, tensors, steps)
    layers = layer_names([(step.name, [tensors[end].name for end in step.outputs]) for step in steps])
    return Subgraph(
        name=table.text(4, MAX_NAME, "a name"),
        inputs=tuple(tensors[index] for index in inputs),
        outputs=tuple(tensors[index] for index in outputs),
        tensors=tensors,
        operators=tuple(replace(step, layer=layer) for step, layer in zip(steps, layers, strict=True)),
    )


def _ends(table: Table, number: int, tensors: int) -> tuple[int, ...]:
    ends = table.numbers(number, "int32", MAX_ENDS, "inputs or outputs").tolist()
    return tuple(index_of(end, tensors, "tensor") for end in ends)


def _operator(index: int, table: Table, codes: list[tuple[str, bool, int]], tensors: int) -> Operator:
    name, custom, version = codes[index_of(table.number(0, UINT32), len(codes), "kind of operator")]
    given = table.numbers(1, "int32", MAX_ENDS, "inputs of an operator").tolist()
    made = table.numbers(2, "int32", MAX_ENDS, "outputs of an operator").tolist()
    table.data(5, MAX_BYTES, "a custom operator's settings")
    first, second = table.table(4), table.table(12)
    options = (first.at, table.number(3, UINT8), 0) if first else (0, 0, 0)
    return Operator(
        index=index,
        name=name,
        is_custom=custom,
        version=version,
        inputs=tuple(end if end == OPTIONAL else index_of(end, tensors, "tensor") for end in given),
        outputs=tuple(index_of(end, tensors, "tensor") for end in made),
        layer="",
        _options=(second.at, table.number(11, UINT8), 1) if second else options,
    )


def _refuse_disorder(
    inputs: tuple[int, ...], outputs: tuple[int, ...], tensors: tuple[Tensor, ...], steps: list[Operator]
) -> None:
    """Refuse operators that read what no earlier one makes, or write what is there: circles are among these."""
    there = {tensor.index for tensor in tensors if tensor.is_constant or tensor.is_variable or 0 in tensor.shape}
    there |= {OPTIONAL, *inputs}
    for step in steps:
        if not step.outputs and not step.is_custom and step.name not in WITHOUT_OUTPUTS:
            raise Damaged(f"one whose {step.name} makes nothing")
        missing = [tensors[end].name for end in step.inputs if end not in there]
        if missing:
            raise Damaged(f"one whose {step.name} reads {shown(missing[0])} before anything makes it")
        twice = [tensors[end].name for end in step.outputs if end in there and not tensors[end].is_variable]
        if twice:
            raise Damaged(f"one whose {step.name} writes {shown(twice[0])}, which is there by then")
        there.update(step.outputs)
    lost = [tensors[end].name for end in outputs if end not in there]
    if lost:
        raise Damaged(f"one whose output {shown(lost[0])} nothing makes")


def _plain(value: Any) -> Any:
    """Return a setting in Python's own types, so that two are easily compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value
