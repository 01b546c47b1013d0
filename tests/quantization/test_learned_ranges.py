"""Ranges from the recipe of a training find the activations of a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.litert.structures import Operator
from aic_helpers.quantization import learned_ranges


@dataclass(frozen=True)
class Named:
    """As much of a tensor as is looked at."""

    index: int
    name: str


class File:
    """As much of a file's structure as is looked at: a tensor for each operator, and the last is the output."""

    def __init__(self, *layers: tuple[str, str]) -> None:
        self.tensors = tuple(Named(index, f"tensor {index}") for index in range(len(layers)))
        self.outputs = self.tensors[-1:]
        self.operators = tuple(
            Operator(index, name, False, 1, (), (index,), layer, (0, 0, 0))
            for index, (name, layer) in enumerate(layers)
        )


LEARNED = {"conv01": (0.0, 1.0), "conv02": (0.0, 2.0), "add": (0.0, 3.0), "output": (0.0, 1.0), "input": (0.0, 1.0)}


def test_layers_are_found_by_their_names_as_keras_numbers_them_and_operations_as_tensorflow_does() -> None:
    file = File(("CONV_2D", "conv01_1"), ("PRELU", "conv02"), ("ADD", "Add"), ("ADD", "Add_1"), ("ADD", "Identity_1"))
    found = learned_ranges.by_tensor(file, LEARNED)  # type: ignore[arg-type]
    assert found == {"tensor 0": (0, 1), "tensor 1": (0, 2), "tensor 2": (0, 3)}


def test_the_output_and_a_layer_of_two_operators_keep_what_they_have() -> None:
    file = File(("CONV_2D", "conv01"), ("CONV_2D", "conv01"), ("CONV_2D", "conv02"))
    assert learned_ranges.by_tensor(file, LEARNED) == {}  # type: ignore[arg-type]


def test_the_recipe_beside_weights_has_the_ranges(tmp_path: Path) -> None:
    weights = tmp_path / "mine.weights.h5"
    assert learned_ranges.beside(weights) == {}
    recipe = {
        "network": "mine",
        "ranges": {"conv01": [0.0, 1.5], "dead": [0, 0]},
        "start_recipe": {"ranges": {"conv02": [0, 1]}},
    }
    (tmp_path / "mine.json").write_text(json.dumps(recipe))
    assert learned_ranges.beside(weights) == {"conv01": (0, 1.5)}
    assert learned_ranges.beside(tmp_path / "mine.ckpt") == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"expected the recipe of a training in .*mine.json, found something else .*: mend the file, or move it"),
        (
            "[]",
            r"expected the recipe of a training in .*mine.json, found \[\], not an object: mend the file, or move it",
        ),
        ('{"ranges": {"conv01": [1]}}', r"the recipe of a training in .*mine.json, found .* as ranges.conv01"),
        ('{"ranges": {"conv01": [0, "x"]}}', r"found .x. as ranges.conv01\[1\], not a number: mend"),
        (
            '{"ranges": {"conv01": [0, NaN]}}',
            r"the recipe of a training in .*mine.json, found NaN as ranges.* not a finite number",
        ),
        ('{"ranges": {"conv01": [1, 2]}}', r"expected a range around 0 of .conv01. in .*mine.json, found 1 to 2: mend"),
    ],
)
def test_ranges_that_are_none(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(content)
    with pytest.raises(InputError, match=message) as caught:
        learned_ranges.beside(tmp_path / "mine.weights.h5")
    assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_of_a_layer_is_told_in_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text(json.dumps({"ranges": {name: [1, 2]}}))
    with pytest.raises(InputError, match="expected a range around 0 of") as caught:
        learned_ranges.beside(tmp_path / "mine.weights.h5")
    assert str(caught.value).isprintable()
