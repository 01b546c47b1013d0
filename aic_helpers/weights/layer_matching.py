"""Which layer of a file belongs to which of a network: by name first, by shape and order only where no name speaks.

A network whose weights went into the wrong layers of the same shape runs, and no comparison with its source can tell:
the source has them wrong too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.weights.file_kinds import OWN_WEIGHTS
from aic_helpers.weights.layers_of_weights import Layer, Variable

FEW = 6

BY_ORDER = "weights by order"
"""How the note begins that says so."""


class MismatchError(Exception):
    """Weights and network don't belong together, or nothing says how.

    Attributes
    ----------
    remedy : str
    """

    def __init__(self, found: str, remedy: str = OWN_WEIGHTS) -> None:
        super().__init__(found)
        self.remedy = remedy


@dataclass(frozen=True)
class Match:
    """Which array each variable of a network gets.

    Attributes
    ----------
    pairs : list of tuple
        What `Variable.held` is, of the network and of the file.
    note : str or None
        Which layers were matched by nothing but their order.
    """

    pairs: list[tuple[Any, Any]]
    note: str | None


Pair = tuple[Layer, Layer]


def match(network: Sequence[Layer], saved: Sequence[Layer], kinds: Collection[str] = ()) -> Match:
    """Return which array of a file each variable of a network gets.

    Parameters
    ----------
    network, saved : sequence of Layer
    kinds : collection of str
        What Keras calls layers by itself, numbers left out: such a name says nothing of which layer is meant.

    Raises
    ------
    MismatchError
        A layer has no counterpart, or names and order disagree where layers of one shape could be exchanged.
    """
    known = {*kinds, *(layer.kind for layer in saved if layer.kind)}
    pairs = _by_name(network, saved, known)
    mine, theirs = ({id(pair[side]) for pair in pairs} for side in (0, 1))
    rest = [layer for layer in network if id(layer) not in mine]
    left = [layer for layer in saved if id(layer) not in theirs]
    by_order, note = _by_order(rest, left, known)
    return Match([held for pair in (*pairs, *by_order) for held in _variables(*pair)], note)


def _by_name(network: Sequence[Layer], saved: Sequence[Layer], known: Collection[str]) -> list[Pair]:
    """Return the layers that both sides call alike: by all of the name, then by the last part of it."""
    pairs: list[Pair] = []
    for names_of in (_without_prefix, _last_parts):
        done = {id(layer) for pair in pairs for layer in pair}
        here, there = (_unique(side, names_of(side), done, known) for side in (network, saved))
        pairs += [(here[name], there[name]) for name in here if name in there]
    for layer, stored in pairs:
        if layer.shapes != stored.shapes:
            raise MismatchError(f"{_own(layer)} of {_said(stored)} where the network's is of {_said(layer)}")
    return pairs


def _unique(layers: Sequence[Layer], names: list[str], done: set[int], known: Collection[str]) -> dict[str, Layer]:
    """Return layers by a name that a person gave and that no other of them has."""
    counts = Counter(names)
    return {
        name: layer
        for name, layer in zip(names, layers, strict=True)
        if counts[name] == 1 and id(layer) not in done and _is_given(layer, known)
    }


def _without_prefix(layers: Sequence[Layer]) -> list[str]:
    """Return the names of layers without the first parts that all share, such as the model's own name."""
    parts = [layer.name.split("/") for layer in layers]
    while len(parts) > 1 and min(map(len, parts)) > 1 and len({names[0] for names in parts}) == 1:
        parts = [names[1:] for names in parts]
    return ["/".join(names) for names in parts]


def _last_parts(layers: Sequence[Layer]) -> list[str]:
    return [_own(layer) for layer in layers]


def _by_order(network: list[Layer], saved: list[Layer], known: Collection[str]) -> tuple[list[Pair], str | None]:
    pairs, undecided = [], []
    here, there = _by_shape(network, saved, known)
    for shapes in {**here, **there}:
        mine, theirs = here.get(shapes, []), there.get(shapes, [])
        if len(mine) != len(theirs):
            raise MismatchError(_counts(network, saved))
        if len(mine) > 1:
            theirs = _in_structure(mine, theirs)
            _require_order(mine, theirs, known)
            undecided += mine
        pairs += list(zip(mine, theirs, strict=True))
    if not undecided:
        return pairs, None
    names = few([layer.place or _own(layer) for layer in undecided])
    return pairs, f"{BY_ORDER}: {names} could be exchanged, and no name in the file decides"


def _in_structure(network: list[Layer], saved: list[Layer]) -> list[Layer]:
    """Return the layers of a file in the network's order, where both are built alike; else as they are."""
    by_structure = {layer.structure: layer for layer in saved}
    wanted = [layer.structure for layer in network]
    alike = sorted(wanted) == sorted(by_structure) and "" not in by_structure
    return [by_structure[place] for place in wanted] if alike else saved


Groups = dict[Hashable, list[Layer]]


def _by_shape(network: list[Layer], saved: list[Layer], known: Collection[str]) -> tuple[Groups, Groups]:
    """Return the layers of both sides by their shapes, and by their kinds where both sides have these."""
    unknown = {layer.shapes for layer in (*network, *saved) if _kind(layer, known) is None}
    sides = []
    for layers in (network, saved):
        groups: Groups = defaultdict(list)
        for layer in layers:
            groups[layer.shapes, None if layer.shapes in unknown else _kind(layer, known)].append(layer)
        sides.append(groups)
    return sides[0], sides[1]


def _require_order(network: list[Layer], saved: list[Layer], known: Collection[str]) -> None:
    """Raise where what names there are speak against matching these layers, all of one shape, by their order."""
    here, there = ([layer.place or _own(layer) for layer in side] for side in (network, saved))
    if _names_disagree(network, saved, known):
        raise MismatchError(
            f"layers of one shape called {few(there)}, which the network calls {few(here)}",
            "call them in the network as in the file",
        )
    ranks = [_ranks(side, known) for side in (network, saved)]
    if _has_no_order(network, saved) or (None not in ranks and ranks[0] != ranks[1]):
        raise MismatchError(
            f"layers of one shape in the order {few(there)}, which the network has as {few(here)}",
            "name the layers alike where the weights are saved and in the network",
        )


def _names_disagree(network: list[Layer], saved: list[Layer], known: Collection[str]) -> bool:
    """Return whether persons gave both sides names that aren't the same: for each pair, where both are built alike."""
    if _are_alike(network, saved):
        pairs = zip(network, saved, strict=True)
        return any(_is_given(a, known) and _is_given(b, known) and _own(a) != _own(b) for a, b in pairs)
    of_network = any(_is_given(layer, known) or not layer.name for layer in network)
    return of_network and any(_is_given(layer, known) for layer in saved)


def _has_no_order(network: list[Layer], saved: list[Layer]) -> bool:
    """Return whether a file's order means nothing: Keras 3 sorts attributes, and layers of one kind alone by number."""
    kinds = {layer.kind for layer in saved if layer.structure}
    return bool(kinds) and not _are_alike(network, saved) and (None in kinds or len(kinds) > 1)


def _are_alike(network: list[Layer], saved: list[Layer]) -> bool:
    return all(a.structure and a.structure == b.structure for a, b in zip(network, saved, strict=True))


def _ranks(layers: list[Layer], known: Collection[str]) -> list[tuple[str, int]] | None:
    """Return the kind of each layer, and where the number that Keras gave it stands among those of its kind."""
    if not all(layer.name and is_automatic(_own(layer), known) for layer in layers):
        return None
    numbers = [_kind_and_number(_own(layer)) for layer in layers]
    return [(kind, sorted(n for k, n in numbers if k == kind).index(number)) for kind, number in numbers]


def _is_given(layer: Layer, known: Collection[str]) -> bool:
    """Return whether a person gave this layer its name."""
    return bool(layer.name) and not is_automatic(_own(layer), known)


def is_automatic(name: str, known: Collection[str]) -> bool:
    """Return whether a name is one of those that Keras gives by itself, such as ``conv2d_1``."""
    return kind_in(name) in known


def kind_in(name: str) -> str:
    """Return a name without the number at its end: ``conv2d`` of ``conv2d_1``."""
    return _kind_and_number(name)[0]


def _kind_and_number(name: str) -> tuple[str, int]:
    kind, _, number = name.rpartition("_")
    return (kind, int(number)) if kind and number.isdecimal() else (name, 0)


def _kind(layer: Layer, known: Collection[str]) -> str | None:
    return layer.kind or (kind_in(_own(layer)) if is_automatic(_own(layer), known) else None)


def _own(layer: Layer) -> str:
    return layer.name.rpartition("/")[2]


def _variables(layer: Layer, stored: Layer) -> list[tuple[Any, Any]]:
    """Return the variables of a layer, each with its array: by name, or by order where the file has no names."""
    there = {variable.name: variable for variable in stored.variables if variable.name is not None}
    named = [(variable, there.pop(variable.name)) for variable in layer.variables if variable.name in there]
    done = {id(variable) for variable, _ in named}
    rest = [variable for variable in layer.variables if id(variable) not in done]
    if there and len({variable.shape for variable in rest}) < len(rest):
        raise MismatchError(
            f"{few([*there])} in {layer.place}, where the network has {few([str(v.name) for v in rest])}",
            "call them in the network as in the file",
        )
    left = [variable for variable in stored.variables if variable.name is None or variable.name in there]
    pairs = named + [(variable, _first_of_shape(left, variable)) for variable in rest]
    for variable, array in pairs:
        if variable.shape != array.shape:
            raise MismatchError(f"{[*array.shape]} for {variable.path}, which is {[*variable.shape]}")
    return [(variable.held, array.held) for variable, array in pairs]


def _first_of_shape(left: list[Variable], variable: Variable) -> Variable:
    return left.pop(next(at for at, array in enumerate(left) if array.shape == variable.shape))


def _counts(network: list[Layer], saved: list[Layer]) -> str:
    def said(layers: list[Layer]) -> str:
        return few([f"{layer.place or _own(layer)} {_said(layer)}" for layer in layers], 3) or "nothing"

    return f"the weights of another network, {said(saved)} where this one has {said(network)}"


def _said(layer: Layer) -> str:
    return " and ".join(str([*variable.shape]) for variable in layer.variables)


def few(names: Sequence[str], most: int = FEW) -> str:
    """Return the first of many names, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
