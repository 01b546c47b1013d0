"""Two `.tflite` files -> whether they are one network: weights, quantisation and operators, one against the other.

A file of one size has constants where a file of any size computes them. So operators that compute on sizes are left
out, and so are those that only cut, pad or shape an image: whether these do the same shows in the outputs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.layer_names import WITH_WEIGHTS
from aic_helpers.litert.size_operators import sizes, stands_for_itself
from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.litert.tensor_tables import Tensor

PLACING = frozenset({"EXPAND_DIMS", "MIRROR_PAD", "PAD", "PADV2", "RESHAPE", "SLICE", "SQUEEZE", "STRIDED_SLICE"})
TAKE_A_SIZE = frozenset(
    {"BATCH_TO_SPACE_ND", "BROADCAST_TO", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "SPACE_TO_BATCH_ND"}
    | {"TRANSPOSE_CONV"}
)
"""Operators that have a size among their inputs: of whole numbers, and another in each file."""

OF_SHAPES = "keepNumDims"
"""A setting that only says how many sides the output has."""

FROM_THE_INPUT, CONSTANT = -1, -2
"""In place of a step's number."""

BOTH = "{0}: {1} in the one, {2} in the other"


@dataclass(frozen=True)
class _Step:
    """An operator, its constants that aren't sizes, and the number of the step that each of its inputs is from."""

    operator: Operator
    constants: list[Tensor]
    sources: list[int]
    made: Tensor


def differences(one: Structure, other: Structure) -> list[str]:
    """Return what two files differ in, by layers in the order in which they run; [] where they are one network.

    Parameters
    ----------
    one, other : Structure
        Of one precision: a float file and a quantised one differ in every layer.

    Returns
    -------
    list of str
        A sentence each, the first layer that differs first. After an operator that has no counterpart nothing more is
        said: the rest can't be put side by side.
    """
    found = list(_of_inputs(one, other))
    for first, second in itertools.zip_longest(_steps(one), _steps(other)):
        if first is None or second is None or not _matched(first, second):
            return [*found, _unmatched(first, second)]
        found += _of_settings(one, first, other, second)
        found += _of_constants(one, first, other, second)
        found += _of_scales(f"the output of {_name(first)}", first.made, second.made)
    return found


def _of_inputs(one: Structure, other: Structure) -> Iterator[str]:
    if len(one.inputs) != len(other.inputs):
        yield BOTH.format("inputs", len(one.inputs), len(other.inputs))
    for first, second in zip(one.inputs, other.inputs, strict=False):
        yield from _of_scales("the input", first, second)


def _steps(structure: Structure) -> list[_Step]:
    """Return the operators that make the outputs, each behind those that it takes from: listed so, files compare."""
    left_out = sizes(structure)
    makers = {made: step for step in structure.operators for made in step.outputs if made not in left_out}
    numbers: dict[int, int] = {}
    steps: list[_Step] = []
    waiting = [end.index for end in reversed(structure.outputs)]
    while waiting:
        maker = makers.get(_placed(waiting[-1], makers))
        if maker is None or maker.index in numbers:
            waiting.pop()
            continue
        given = [structure.tensors[end] for end in maker.inputs if end >= 0 and end not in left_out]
        given = [tensor for tensor in given if not _is_a_size(maker, tensor)]
        sources = [makers.get(_placed(tensor.index, makers)) for tensor in given]
        missing = [source.outputs[0] for source in sources if source and source.index not in numbers]
        if missing:
            waiting += reversed(missing)
            continue
        numbers[maker.index] = len(steps)
        steps.append(_step(maker, given, sources, numbers, structure))
    return steps


def _step(
    maker: Operator,
    given: list[Tensor],
    sources: list[Operator | None],
    numbers: dict[int, int],
    structure: Structure,
) -> _Step:
    places = [
        numbers[source.index] if source else CONSTANT if tensor.is_constant else FROM_THE_INPUT
        for tensor, source in zip(given, sources, strict=True)
    ]
    return _Step(maker, [tensor for tensor in given if tensor.is_constant], places, structure.tensors[maker.outputs[0]])


def _is_a_size(step: Operator, tensor: Tensor) -> bool:
    return step.name in TAKE_A_SIZE and tensor.is_constant and stands_for_itself(tensor)


def _placed(tensor: int, makers: dict[int, Operator]) -> int:
    """Return the tensor that holds the same numbers before they were cut, padded or shaped."""
    while tensor in makers and makers[tensor].name in PLACING:
        tensor = makers[tensor].inputs[0]
    return tensor


def _matched(first: _Step, second: _Step) -> bool:
    return first.operator.name == second.operator.name and first.sources == second.sources


def _unmatched(first: _Step | None, second: _Step | None) -> str:
    """Return how two steps differ that aren't the same operator on the same inputs."""
    if first and second and first.operator.name == second.operator.name:
        return f"{_name(first)} takes other layers' outputs in the one than in the other"
    kinds = [f"{step.operator.name} {_name(step)}" if step else "nothing more" for step in (first, second)]
    return BOTH.format("operators", *kinds)


def _of_settings(one: Structure, first: _Step, other: Structure, second: _Step) -> Iterator[str]:
    given, found = one.options(first.operator), other.options(second.operator)
    for name in sorted((given.keys() | found.keys()) - {OF_SHAPES}):
        if given.get(name) != found.get(name):
            yield BOTH.format(f"{name} of {_name(first)}", given.get(name), found.get(name))


def _of_constants(one: Structure, first: _Step, other: Structure, second: _Step) -> Iterator[str]:
    for number, (given, found) in enumerate(zip(first.constants, second.constants, strict=True), start=1):
        what = f"the {_kind(first, number)} of {_name(first)}"
        yield from _of_scales(what, given, found)
        yield from _of_numbers(what, one, given, other, found)


def _kind(step: _Step, number: int) -> str:
    """Return what a step's constant is called, by its place among them."""
    name = step.operator.name
    kinds = ("weights", "biases") if name in WITH_WEIGHTS else ("weights",) if name == "DEQUANTIZE" else ()
    return kinds[number - 1] if number <= len(kinds) else "constants"


def _of_scales(what: str, first: Tensor, second: Tensor) -> Iterator[str]:
    for kind, given, found in (
        ("type", (first.dtype,), (second.dtype,)),
        ("scale", first.scales, second.scales),
        ("zero point", first.zero_points, second.zero_points),
    ):
        if given != found:
            yield BOTH.format(f"{kind} of {what}", _few(given), _few(found))


def _few(numbers: tuple[object, ...]) -> str:
    """Return one number, or how many and the first."""
    if not numbers:
        return "none"
    number = f"{numbers[0]:.6g}" if isinstance(numbers[0], float) else str(numbers[0])
    return number if len(numbers) == 1 else f"{len(numbers)} from {number} on"


def _of_numbers(what: str, one: Structure, first: Tensor, other: Structure, second: Tensor) -> Iterator[str]:
    if first.shape != second.shape:
        yield BOTH.format(f"the shape of {what}", first.shape, second.shape)
    elif first.dtype == second.dtype:
        given, found = one.content(first), other.content(second)
        if not np.array_equal(given, found):
            yield f"{what} differ by up to {_largest(given, first, found):.3g}"


def _largest(given: NDArray[np.generic], tensor: Tensor, found: NDArray[np.generic]) -> float:
    """Return the largest difference, in the numbers that whole ones stand for."""
    with np.errstate(invalid="ignore"):  # weights may be no numbers, and then the largest is none
        apart = np.abs(given.astype(np.float64) - found.astype(np.float64))
    if len(tensor.scales) > 1:
        sides = [-1 if axis == tensor.channel_axis else 1 for axis in range(apart.ndim)]
        return float((apart * np.reshape(tensor.scales, sides)).max())
    return float(apart.max()) * (tensor.scales[0] if tensor.scales else 1.0)


def _name(step: _Step) -> str:
    return shown(step.operator.layer)
