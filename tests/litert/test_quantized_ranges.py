"""Ranges that contradict images, a calibration or their operator, each planted in a file that is well without."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fixtures import litert_files
from fixtures.litert_files import FUSED, RANGES, Draft, schema

from aic_helpers.litert.quantized_ranges import doubts, limits
from aic_helpers.litert.structures import read

BLACK = {"input": (0.0, 2e-6), "conv1": (0.0, 0.03), "conv2": (-0.01, 0.02), "sum": (-0.01, 0.02)}


def doubts_of(draft: Draft) -> list[str]:
    return doubts(read(draft.content()))


@pytest.mark.parametrize("images", ["uint8", "int8", "float32"])
def test_nothing_is_wrong_with_a_right_file(images: str) -> None:
    assert doubts_of(litert_files.int8_network(images=images)) == []
    assert doubts_of(litert_files.float_network()) == []


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.985), (0.0, 1.01), (-0.01, 1.0)])
def test_what_photos_give_is_right(low: float, high: float) -> None:
    assert doubts_of(litert_files.int8_network(ranges=RANGES | {"input": (low, high)})) == []


def test_limits_by_scale_and_by_calibration() -> None:
    draft = litert_files.float_network()
    draft.named("input").quantization.min, draft.named("input").quantization.max = [0.0], [0.5]
    assert [limits(end) for end in read(draft.content()).inputs] == [(0.0, 0.5)]
    assert limits(read(litert_files.int8_network().content()).inputs[0]) == pytest.approx((0, 1))
    assert limits(read(litert_files.float_network().content()).inputs[0]) is None


def test_calibration_on_black_images() -> None:
    found = doubts_of(litert_files.int8_network(ranges=BLACK))
    assert found == [
        "the input holds 0 to 2e-06: calibrated on black images?",
        "the output holds -0.01 to 0.02: calibrated on black images?",
        "no layer holds more than 0 to 0.03: calibrated on black images?",
    ]


def test_calibration_on_values_up_to_255() -> None:
    found = doubts_of(litert_files.int8_network(ranges=RANGES | {"input": (0, 255), "sum": (0, 255)}))
    assert found == [
        "the input holds 0 to 255, images have 0 to 1: calibrated on values up to 255?",
        "the output holds 0 to 255, images have 0 to 1: values up to 255?",
    ]


def test_calibration_on_dark_images() -> None:
    (found,) = doubts_of(litert_files.int8_network(ranges=RANGES | {"input": (0.0, 0.6)}))
    assert found == ("the input holds 0 to 0.6: brighter is cut off; calibrated on dark images, or a wrong zero point?")


def test_output_that_cuts_white_off() -> None:
    (found,) = doubts_of(litert_files.int8_network(ranges=RANGES | {"sum": (0.0, 0.9)}))
    assert found == ("the output holds 0 to 0.9, not all of 0 to 1: the rest is cut off; a wrong scale or zero point?")


def test_one_range_for_all_layers() -> None:
    (found,) = doubts_of(litert_files.int8_network(ranges=dict.fromkeys(RANGES, (0.0, 1.0))))
    assert found == "all 3 layers hold 0 to 1: calibrated at all?"


def _input_zero(draft: Draft) -> None:
    draft.named("input").quantization.zeroPoint = [40]


def _input_int8_zero(draft: Draft) -> None:
    draft.named("input").quantization.zeroPoint = [-88]


def _output_zero(draft: Draft) -> None:
    draft.named("Identity").quantization.zeroPoint = [128]


def _relu_zero(draft: Draft) -> None:
    draft.named(FUSED[1]).quantization.zeroPoint = [-28]


def _weights_zero(draft: Draft) -> None:
    draft.named("net/conv1/Conv2D").quantization.zeroPoint = [0, 0, 5, 0]


def _bias_scale(draft: Draft) -> None:
    bias = draft.named("net/conv2/BiasAdd/bias")
    bias.quantization.scale = [2 * scale for scale in bias.quantization.scale]


def _lost_layer(draft: Draft) -> None:
    draft.named(FUSED[2]).quantization.scale = [1e-12]


PLANTED = {
    "the input's zero point": (
        _input_zero,
        "uint8",
        "the input holds -0.157 to 0.843: brighter is cut off; calibrated",
    ),
    "of int8": (_input_int8_zero, "int8", "the input holds -0.157 to 0.843: brighter is cut off; calibrated"),
    "the output's": (_output_zero, "uint8", "the output holds -0.703 to 0.697, not all of 0 to 1: the rest is cut off"),
    "a layer's": (
        _relu_zero,
        "uint8",
        "CONV_2D conv1 gives nothing below 0, and its output holds -0.784 to 1.22: a wro",
    ),
    "the weights'": (_weights_zero, "uint8", "the weights of CONV_2D conv1 have the zero point 5, int8 asks for 0"),
    "a bias's scale": (
        _bias_scale,
        "uint8",
        "the biases of CONV_2D conv2 have another scale than its input's times its",
    ),
    "a layer lost": (_lost_layer, "uint8", "CONV_2D conv2 holds 0 to 0: every output of it is lost"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_scale_or_zero_point(name: str) -> None:
    plant, images, words = PLANTED[name]
    draft = litert_files.int8_network(images=images)
    plant(draft)
    (found,) = doubts_of(draft)
    assert found.startswith(words)


def _behind(name: str, options: object, *, scale: float, zero: int) -> Callable[[], Draft]:
    def make() -> Draft:
        draft = litert_files.int8_network(images="int8")
        made = draft.tensor("net/last/Op", "int8", [1, 16, 24, 3], scales=[scale], zeros=[zero])
        draft.operator(name, draft.graph.outputs, [made], options, version=2)
        draft.graph.outputs = [made]
        return draft

    return make


def test_an_operator_that_must_keep_its_scale() -> None:
    found = doubts_of(_behind("RESHAPE", schema.ReshapeOptionsT(), scale=1.4 / 255, zero=-100)())
    assert found == ["RESHAPE last gives another scale or zero point than it takes"]


def test_an_operator_whose_range_is_known() -> None:
    assert doubts_of(_behind("LOGISTIC", None, scale=1 / 256, zero=-128)()) == []
    assert doubts_of(_behind("LOGISTIC", None, scale=1 / 128, zero=-128)()) == [
        "LOGISTIC last gives 0 to 1, and its output holds 0 to 1.99"
    ]
