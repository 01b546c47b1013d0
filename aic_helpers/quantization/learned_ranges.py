"""Ranges that a training for int8 has learned, by layer, -> those of a file's activations, by tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import pydantic

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.litert.layer_names import SECOND, WITH_WEIGHTS
from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.quantization.activation_ranges import Ranges

WEIGHTS = ".weights.h5"

NAMED = (*WITH_WEIGHTS, "PRELU")
"""Operators of layers that have weights, and so names of their own."""

Ends = Annotated[list[pydantic.FiniteFloat], pydantic.Field(min_length=2, max_length=2)]


class _Recipe(pydantic.BaseModel):
    """What is read of the recipe of a training."""

    ranges: dict[str, Ends] = {}


def beside(weights: Path | None) -> Ranges:
    """Return the ranges, by layer, in the recipe beside a `.weights.h5` file of `aic train`; none where it has none.

    A layer that gives nothing but 0 is left out.

    Raises
    ------
    InputError
        A recipe that can't be read, or a range that doesn't hold 0.
    """
    if weights is None or not weights.name.endswith(WEIGHTS):
        return {}
    recipe = weights.with_name(f"{weights.name.removesuffix(WEIGHTS)}.json")
    if not recipe.is_file():
        return {}
    expected, remedy = f"the recipe of a training in {recipe}", "mend the file, or move it away"
    content = validation.load_json(recipe, expected, remedy)
    found = validation.fitted(_Recipe, content, expected, remedy).ranges
    for layer, (low, high) in found.items():
        if not low <= 0 <= high:
            expected = f"a range around 0 of {validation.brief(layer)} in {recipe}"
            raise InputError(expected, f"{low:g} to {high:g}", remedy)
    return {layer: (low, high) for layer, (low, high) in found.items() if low < high}


def by_tensor(structure: Structure, learned: Mapping[str, tuple[float, float]]) -> Ranges:
    """Return the ranges of a file's activations whose layers a training knew, by the names of their tensors.

    Those of the network's input and output are left out: see `integer_files.image_ranges`. A layer of two operators has
    two ranges and one name, so it keeps those of the calibration.
    """
    names = {step.index: _learned_name(step, learned) for step in structure.operators}
    times = Counter(names.values())
    ends = {tensor.index for tensor in structure.outputs}
    return {
        structure.tensors[step.outputs[0]].name: learned[name]
        for step in structure.operators
        if (name := names[step.index]) is not None and times[name] == 1 and step.outputs[0] not in ends
    }


def _learned_name(step: Operator, learned: Mapping[str, tuple[float, float]]) -> str | None:
    """Return what a training calls the layer of an operator; TensorFlow writes ``Add`` where it has ``add``."""
    name = step.layer.removesuffix(SECOND) if step.name in NAMED else step.layer.lower()
    return next((name for name in (step.layer, name) if name in learned), None)
