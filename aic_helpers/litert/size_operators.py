"""Which operators of a file compute on the image, and which on its sides alone: a file of any size has such."""

from __future__ import annotations

from aic_helpers.litert.structures import Operator, Structure
from aic_helpers.litert.tensor_tables import Tensor

ON_SHAPES = frozenset({"SHAPE", "RANK"})


def sizes(structure: Structure) -> set[int]:
    """Return the tensors that are computed of sizes, whatever the image holds, and of whole constants alone."""
    found: set[int] = set()
    for step in structure.operators:
        given = {end for end in step.inputs if end >= 0 and not structure.tensors[end].is_constant}
        whole = all(stands_for_itself(structure.tensors[end]) for end in step.outputs)
        if step.name in ON_SHAPES or (given <= found and (given or whole)):
            found.update(step.outputs)
    return found


def on_the_image(structure: Structure) -> list[Operator]:
    """Return the operators that compute on the image or on weights, in the order in which they run."""
    found = sizes(structure)
    return [step for step in structure.operators if not found.issuperset(step.outputs)]


def stands_for_itself(tensor: Tensor) -> bool:
    """Return whether a tensor's numbers are whole ones that mean nothing else."""
    return tensor.dtype in ("int32", "int64") and not tensor.scales
