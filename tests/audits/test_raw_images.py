"""Raw data of single images in JSON: what is read, and the one line that says what can't be."""

import json

import numpy as np
import pytest
from fixtures import audits

from aic_helpers.audits.raw_images import FORM, REMEDY, read_json
from aic_helpers.core.errors import InputError

A, B = audits.raw([7.0, 9.0]), audits.raw([8.0, 8.0])


@pytest.fixture
def read(tmp_path):
    return lambda content: read_json(audits.write(tmp_path, content, "raw.json"))


def test_figures_are_means_over_the_images_and_then_over_the_sets(read):
    sets = {"test_runtime": [1.0, 2.0, 3.0], "test_psnr": [30.0, 30.0, 33.0]}
    found = read({" 01_A": A | sets | {"flops": 9.5, "num_parameters": 0.15, "valid_ave_runtime": 8.0}})
    assert found.names == ["01_A"]
    assert {name: values[0] for name, values in found.figures.items()} == {
        "time_ms": 5.0,
        "psnr": 29.0,
        "macs": 9.5e9,
        "parameters": 150_000,
    }
    assert found.by_set["test"]["psnr"][0] == 31.0
    assert found.images["test"]["time_ms"].tolist() == [[1.0, 2.0, 3.0]]
    assert found.claimed == {"valid": {"time_ms": np.array([8.0])}}


def test_a_network_without_its_operations_has_none(read):
    assert np.isnan(read({"A": A | {"flops": 9.5}, "B": B}).figures["macs"]).tolist() == [False, True]


SAME = "each model needs the same sets of images"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ([1, 2], f"expected {FORM} in FILE, found something else: {REMEDY}"),
        ({}, f"expected {FORM} in FILE, found something else: {REMEDY}"),
        ({"A": [7.0]}, f"expected {FORM} in FILE, found something else: {REMEDY}"),
        (
            {"A": {"runtime": [7.0]}},
            f"expected {FORM} in FILE, found no list whose name ends in _runtime in A: {REMEDY}",
        ),
        ({"A": {"valid_runtime": [7.0]}}, f"expected a list valid_psnr of A, found none: {SAME}"),
        ({"A": A, "B": audits.raw([])}, f"expected a list valid_runtime of B, found []: {SAME}"),
        ({"A": A, "B": {"test_runtime": [7.0]}}, f"expected a list valid_runtime of B, found none: {SAME}"),
        (
            {"A": A, "B": audits.raw([7.0])},
            "expected the same images for all models, found 1 of B and 2 of A in valid_runtime: "
            "give one figure for each image",
        ),
        (
            {"A": A | {"valid_psnr": [27.0]}},
            "expected as many times as PSNRs of valid in FILE, found 2 of runtime and 1 of psnr: "
            "give both of each image",
        ),
    ],
)
def test_another_form_is_one_line(read, tmp_path, content, line):
    with pytest.raises(InputError) as caught:
        read(content)
    assert str(caught.value) == line.replace("FILE", str(tmp_path / "raw.json"))


@pytest.mark.parametrize("value", ["7.5", True, None, float("nan"), float("inf"), 10**400, [7.0]])
def test_what_is_no_number_is_named_with_its_place(read, value):
    with pytest.raises(InputError, match=r"^expected a finite number for image 2 of valid_runtime of B, found "):
        read({"A": A, "B": audits.raw([7.0, value])})


def test_a_time_that_cannot_be_is_named(read):
    with pytest.raises(InputError, match=r"^expected a number above 0 for image 1 of valid_runtime of A, found -7.0: "):
        read({"A": audits.raw([-7.0, 8.0])})


def test_a_model_twice_is_one_line(read):
    text = json.dumps(A)
    with pytest.raises(InputError, match=r"^expected each model and each of its keys once in .*, found A twice: leave"):
        read(f'{{"A": {text}, "A": {text}}}')
    with pytest.raises(InputError, match=r"^expected each team once in .*, found A twice: "):
        read({"A": A, " A": A})


@pytest.mark.parametrize("content", [b'{"A": ', b"\xff\xfe\xfd{", b"[" * 100_000])
def test_what_is_no_json_is_one_line(read, content):
    with pytest.raises(InputError, match=f"^expected {FORM.replace('(', '.').replace(')', '.')} in .*, found "):
        read(content)
