"""Where a graph takes images and where it gives them, and what keeps it from running on images alone."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.limits import MAX_RAM_MIB
from aic_helpers.graphs.tensorflow_runtime import PYTHON_OPERATIONS, runtime

PLACEHOLDERS = frozenset({"Placeholder", "PlaceholderV2"})
SETTABLE = PLACEHOLDERS | {"PlaceholderWithDefault"}

VARIABLES = frozenset({"Variable", "VariableV2", "VarHandleOp", "AutoReloadVariable"})

MAKERS = frozenset({"BroadcastTo", "Const", "Fill", "RandomStandardNormal", "RandomUniform", "Tile"})
"""Operations that may make much of a few numbers."""

NO_OUTPUT = frozenset({"NoOp", "Assert", "Const", "HostConst"})

MOST = 8
"""Names that a message lists."""


@dataclass(frozen=True)
class Ends:
    """The tensors of a graph that take the images and give them, such as ``images:0``."""

    input: str = "input:0"
    output: str = "output:0"

    @property
    def nodes(self) -> tuple[str, str]:
        """The names of their operations."""
        return node_name(self.input), node_name(self.output)

    @property
    def lines(self) -> list[str]:
        """Which were taken, where they have other names than `model.pb` has, a line each."""
        named = {"input": self.input, "output": self.output}
        return [f"{end}: the tensor {tensor}" for end, tensor in named.items() if tensor != f"{end}:0"]


USUAL = Ends()
"""What `model.pb` has."""


def find_ends(graph_def: Any, where: str, *, given: Ends, set_names: Collection[str] = ()) -> Ends:
    """Return a graph's ends: those that were given, else ``input`` and ``output``, else the only ones that there are.

    Parameters
    ----------
    graph_def : GraphDef
    where : str
        What a message calls the graph.
    given : Ends
        Names that a person gave; empty where none was.
    set_names : collection of str
        Placeholders that are set to a value, and so take no images.

    Raises
    ------
    InputError
        No node of a name given, no such ends, or more than one: the message lists what there is.
    """
    nodes = {node.name: node for node in graph_def.node}
    for name in set_names:
        if name not in nodes or nodes[name].op not in SETTABLE:
            others = [node.name for node in graph_def.node if node.op in SETTABLE]
            raise InputError(f"a placeholder of {where} to set", name, _nearest(name, others, "placeholders"))
    entry = _input(nodes, where, given.input, set_names)
    return Ends(entry, _output(nodes, where, given.output, node_name(entry)))


def refuse_changing(graph_def: Any) -> None:
    """Refuse a graph that writes to its own variables, as batch statistics do in training: it can't be frozen."""
    functions = [function.node_def for function in graph_def.library.function]
    if changed := [
        node.name for nodes in (graph_def.node, *functions) for node in nodes if node.op.startswith("Assign")
    ]:
        found, remedy = f"one that writes to its variables as it runs ({listed(changed)})", "build it for inference"
        raise InputError(
            "a network that stays as it is", found, f"{remedy}: batch norm with training=False, no counters"
        )


def refuse_unready(graph_def: Any, ends: Ends, where: str, set_names: Collection[str] = ()) -> None:
    """Refuse a graph that can't run on images alone: it has variables, other inputs, or Python inside.

    Raises
    ------
    InputError
    """
    needed = [node for scope in needed_nodes(graph_def, ends.nodes[1]) for node in scope]
    if variables := [node.name for node in needed if node.op in VARIABLES]:
        found = f"variables that were never frozen ({listed(variables)})"
        remedy = "give the .meta file beside its checkpoint, or freeze it with convert_variables_to_constants"
        raise InputError(f"a frozen graph in {where}", found, remedy)
    if python := [node.name for node in needed if node.op in PYTHON_OPERATIONS]:
        found, remedy = f"Python inside ({listed(python)})", "put TensorFlow's operations in place of tf.numpy_function"
        raise InputError(f"a graph that runs without Python in {where}", found, remedy)
    taken = {ends.nodes[0], *set_names}
    for node in needed:
        if node.op in PLACEHOLDERS and node.name not in taken:
            remedy = f"say --set {node.name}=false" if _is_bool(node) else "freeze the network with one input"
            remedy += "" if _is_bool(node) or _may_be_image(node) else f", or say --set {node.name}=NUMBER"
            raise InputError(f"one input in {where}", f"another placeholder, {node.name} ({_kind(node)})", remedy)


def refuse_large(graph: Any, where: str) -> None:
    """Refuse a graph with a constant that would take more memory than a model may, by the shapes that are known.

    Parameters
    ----------
    graph : Graph
        Imported.
    where : str

    Raises
    ------
    InputError
    """
    for operation in graph.get_operations():
        for tensor in operation.outputs if operation.type in MAKERS else ():
            sides = tensor.shape.as_list() if tensor.shape.is_fully_defined() else []
            size_mib = math.prod(sides) * tensor.dtype.size / 2**20
            if size_mib > MAX_RAM_MIB:
                found, remedy = f"{operation.name} of {size_mib:.0f} MiB", "make it smaller: it is filled at each run"
                raise InputError(f"constants of at most {MAX_RAM_MIB:.0f} MiB in {where}", found, remedy)


def needed_nodes(graph_def: Any, output: str) -> list[list[Any]]:
    """Return the operations that an output hangs on, and, a list each, those of the functions that they call."""
    nodes = {node.name: node for node in graph_def.node}
    functions = {function.signature.name: list(function.node_def) for function in graph_def.library.function}
    names, waiting = {output}, [output] if output in nodes else []
    while waiting:
        new = {node_name(name) for name in nodes[waiting.pop()].input} & nodes.keys() - names
        names |= new
        waiting += new
    found, called = [[node for name, node in nodes.items() if name in names]], set[str]()
    for scope in found:  # which grows
        new = {name for node in scope for name in _called(node)} & functions.keys() - called
        called |= new
        found += [functions[name] for name in sorted(new)]
    return found


def _called(node: Any) -> Iterator[str]:
    yield node.op
    for value in node.attr.values():
        yield from (one.name for one in [value.func, *value.list.func])


def node_name(tensor: str) -> str:
    """Return the name of the operation that gives a tensor."""
    return tensor.lstrip("^").partition(":")[0]


def listed(names: Sequence[str]) -> str:
    """Return some names in words."""
    return ", ".join(names[:MOST]) + (f" and {len(names) - MOST} more" if len(names) > MOST else "")


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _input(nodes: dict[str, Any], where: str, given: str, set_names: Collection[str]) -> str:
    free = [name for name, node in nodes.items() if node.op in PLACEHOLDERS and name not in set_names]
    if given:
        if node_name(given) not in nodes:
            raise InputError(f"an input of {where}", given, _nearest(given, free, "placeholders"))
        return _tensor(given)
    if "input" in nodes:
        return "input:0"
    images = [name for name in free if _may_be_image(nodes[name])]
    images = images or [name for name in free if not nodes[name].attr["shape"].shape.dim and not _is_bool(nodes[name])]
    if len(images) == 1:
        return f"{images[0]}:0"
    found = f"the placeholders {listed(images or free)}" if images or free else "no placeholder"
    remedy = "say which: --input NAME" if images else "freeze it with a placeholder for the images"
    raise InputError(f"one placeholder for images in {where}", found, remedy)


def _output(nodes: dict[str, Any], where: str, given: str, entry: str) -> str:
    if given:
        if node_name(given) not in nodes:
            raise InputError(f"an output of {where}", given, _nearest(given, _ends(nodes, entry), "it ends with"))
        return _tensor(given)
    if "output" in nodes:
        return "output:0"
    ends = _ends(nodes, entry)
    if len(ends) == 1:
        return f"{ends[0]}:0"
    found = f"the ends {listed(ends)}" if ends else f"none that hangs on {entry}"
    raise InputError(f"one end in {where}", found, "say which: --output NAME")


def _nearest(name: str, names: Sequence[str], what: str) -> str:
    return nearest(name, names, f"{what}: {listed(names) or 'none'}")


def _ends(nodes: dict[str, Any], entry: str) -> list[str]:
    """Return what hangs on the input and nothing hangs on."""
    used = {node_name(name) for node in nodes.values() for name in node.input}
    hanging = {entry}
    waiting, consumers = [entry], _consumers(nodes)
    while waiting:
        for name in consumers.get(waiting.pop(), ()):
            if name not in hanging:
                hanging.add(name)
                waiting.append(name)
    return [name for name, node in nodes.items() if name in hanging - used - {entry} and node.op not in NO_OUTPUT]


def _consumers(nodes: dict[str, Any]) -> dict[str, list[str]]:
    consumers: dict[str, list[str]] = {}
    for name, node in nodes.items():
        for source in node.input:
            consumers.setdefault(node_name(source), []).append(name)
    return consumers


def _may_be_image(node: Any) -> bool:
    """Whether a placeholder may take images, by what it declares: numbers of any type, and four sides if it says."""
    kind = runtime().as_dtype(node.attr["dtype"].type)
    shape = node.attr["shape"].shape
    return (kind.is_floating or kind.is_integer) and (shape.unknown_rank or len(shape.dim) == 4)


def _is_bool(node: Any) -> bool:
    return bool(runtime().as_dtype(node.attr["dtype"].type).is_bool)


def _kind(node: Any) -> str:
    shape = node.attr["shape"].shape
    sides = ", ".join("any" if dim.size < 0 else str(dim.size) for dim in shape.dim)
    name = runtime().as_dtype(node.attr["dtype"].type).name
    return f"{name} ({sides})" if sides else str(name)
