"""What a network and a file of weights have in common: layers by name, each with its own variables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, eq=False)
class Variable:
    """One array, in a network or in a file.

    Attributes
    ----------
    name : str or None
        Within its layer, as in ``kernel``; None where the file keeps none.
    shape : tuple of int
    held : object
        The variable itself on a network's side, the array on a file's.
    path : str
        All of its name, for messages.
    """

    name: str | None
    shape: tuple[int, ...]
    held: Any
    path: str = ""


@dataclass(eq=False)
class Layer:
    """Variables that stand together.

    Attributes
    ----------
    name : str
        From the outermost to its own, as in ``generator/first``; empty where nothing names it.
    variables : list of Variable
        In the order of the layer.
    kind : str or None
        What Keras calls layers of its class by itself, as in ``conv2d``; None where that isn't known.
    place : str
        Where it stands, for messages: its name, or its path in the file.
    structure : str
        Where Keras 3 keeps it in a `.weights.h5`, as in ``layers/res_block_1/conv``; empty where it doesn't.
    """

    name: str
    variables: list[Variable] = field(default_factory=list)
    kind: str | None = None
    place: str = ""
    structure: str = ""

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of its variables, which two layers that could be exchanged share."""
        return tuple(sorted(variable.shape for variable in self.variables))


def grouped(variables: Iterable[tuple[str, tuple[int, ...], Any]]) -> list[Layer]:
    """Return variables that are named by path (``generator/first/kernel``) as layers, in the order of their first."""
    layers: dict[tuple[str, int], Layer] = {}
    seen: dict[str, int] = {}
    for path, shape, held in variables:
        owner, _, name = path.rpartition("/")
        number = seen.get(path, 0)  # layers of equal names: the next begins where a variable's name comes again
        seen[path] = number + 1
        layer = layers.setdefault((owner, number), Layer(owner, place=owner or name))
        layer.variables.append(Variable(name, tuple(shape), held, path))
    return list(layers.values())
