"""Is a quantised file what it says? Which operators compute in floats, what comes in and goes out, doubtful ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.layer_names import WITH_WEIGHTS
from aic_helpers.litert.quantized_ranges import doubts
from aic_helpers.litert.size_operators import on_the_image
from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.litert.tensor_tables import FLOATS, Tensor

CONVERTING = ("QUANTIZE", "DEQUANTIZE")
"""They stand between floats and whole numbers, and compute nothing."""

MIXED = "mixed"
SHOWN = 6
"""Operators that a sentence names."""


@dataclass(frozen=True)
class Verdict:
    """What a file computes in.

    Attributes
    ----------
    precision : str
        ``float32``, ``float16``, ``dynamic_int8`` (whole weights, floats between layers), ``int8``, ``int16x8``;
        another type's name; or ``mixed``, where some operators compute in floats and others in whole numbers.
    operators : int
        That compute on the image.
    islands : tuple of tuple of Operator
        Those that compute in floats, in groups that hang together.
    input_dtype, output_dtype : str
    doubts : tuple of str
        What looks wrong with its ranges; see `aic_helpers.litert.quantized_ranges.doubts`.
    """

    precision: str
    operators: int
    islands: tuple[tuple[Operator, ...], ...]
    input_dtype: str
    output_dtype: str
    doubts: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """One sentence: in what the operators compute, and as what images come and go."""
        images = f"images come as {self.input_dtype} and go as {self.output_dtype}"
        floats = sum(len(island) for island in self.islands)
        if not floats:
            return f"All {self.operators} operators compute in whole numbers ({self.precision}); {images}."
        if self.precision != MIXED:
            return f"All {self.operators} operators compute in floats ({self.precision}); {images}."
        places = "; ".join(_named(island) for island in self.islands[:SHOWN])
        return f"{floats} of {self.operators} operators compute in floats: {places}; {images}."

    def objections(self, precision: str, images: str | None = None) -> list[str]:
        """Return why the file isn't what was asked for, a sentence each; [] where it is.

        Parameters
        ----------
        precision : str
            One that `precision` may be.
        images : str, optional
            The type in which images have to come and go, such as ``uint8``.
        """
        found = [] if self.precision == precision else [f"asked for {precision}: {self.in_words}"]
        for what, dtype in (("input", self.input_dtype), ("output", self.output_dtype)):
            if images and dtype != images:
                found.append(f"asked for an {what} of {images}, found {dtype}")
        return [*found, *self.doubts]


def verdict(structure: Structure) -> Verdict:
    """Return what a file computes in, from its structure alone."""
    steps = [step for step in on_the_image(structure) if step.name not in CONVERTING]
    floats = [step for step in steps if _is_float(structure, step)]
    return Verdict(
        precision=_precision(structure, steps, floats),
        operators=len(steps),
        islands=_islands(floats),
        input_dtype=_dtype(structure.inputs),
        output_dtype=_dtype(structure.outputs),
        doubts=tuple(doubts(structure)),
    )


def _is_float(structure: Structure, step: Operator) -> bool:
    """Return whether an operator takes or makes floats; a constant counts where nothing else comes in."""
    return any(tensor.dtype in FLOATS for tensor in _ends(structure, step))


def _ends(structure: Structure, step: Operator) -> Iterator[Tensor]:
    yield from (structure.tensors[end] for end in (*step.inputs, *step.outputs) if end >= 0)


def _precision(structure: Structure, steps: list[Operator], floats: list[Operator]) -> str:
    if not floats:
        made = {structure.tensors[end].dtype for step in steps for end in step.outputs}
        return "int16x8" if made == {"int16"} else made.pop() if len(made) == 1 else MIXED if made else "nothing"
    if len(floats) < len(steps):
        return MIXED
    kept = {structure.tensors[end].dtype for step in _keepers(structure, steps) for end in step.inputs if end >= 0}
    return "dynamic_int8" if "int8" in kept else "float16" if "float16" in kept else "float32"


def _keepers(structure: Structure, steps: list[Operator]) -> list[Operator]:
    """Return the operators that take weights as they are stored: some make floats of them first."""
    unpacking = [step for step in structure.operators if step.name == "DEQUANTIZE" and _of_a_constant(structure, step)]
    return [step for step in steps if step.name in WITH_WEIGHTS] + unpacking


def _of_a_constant(structure: Structure, step: Operator) -> bool:
    return all(end >= 0 and structure.tensors[end].is_constant for end in step.inputs)


def _islands(floats: list[Operator]) -> tuple[tuple[Operator, ...], ...]:
    """Return operators in groups: those that hand tensors to one another are one."""
    joined, makers = list(range(len(floats))), dict[int, int]()

    def first(place: int) -> int:
        """Return what stands for the group of an operator, and shorten the way there."""
        while joined[place] != place:
            joined[place] = joined[joined[place]]
            place = joined[place]
        return place

    for place, step in enumerate(floats):
        for maker in {makers[end] for end in step.inputs if end in makers}:
            joined[first(maker)] = first(place)
        makers |= dict.fromkeys(step.outputs, place)
    groups: dict[int, list[Operator]] = {}
    for place, step in enumerate(floats):
        groups.setdefault(first(place), []).append(step)
    return tuple(map(tuple, groups.values()))


def _named(island: tuple[Operator, ...]) -> str:
    named = [f"{step.name} ({shown(step.layer)})" for step in island]
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return ", ".join(named[:SHOWN]) + more


def _dtype(ends: tuple[Tensor, ...]) -> str:
    return ", ".join(sorted({end.dtype for end in ends})) or "nothing"
