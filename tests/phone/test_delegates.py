"""Which delegate really ran, from what benchmark_model prints."""

import pytest
from fixtures.browsing import HOSTILE
from fixtures.replayed_phones import text

from aic_helpers.phone.delegates import Delegated, of_benchmark_model


def test_the_whole_network():
    ran = of_benchmark_model(text("common", "bench_model"), "gpu")
    assert (ran.ran, ran.kernels, ran.operators, ran.of) == ("whole", 1, 33, 33)
    assert ran.words == "GPU, the whole network"


def test_a_part_of_it_with_what_was_left_and_why():
    ran = of_benchmark_model(text("part", "bench_model"), "gpu")
    assert (ran.ran, ran.kernels, ran.operators, ran.of) == ("part", 2, 30, 33)
    assert ran.left == [
        "DEPTH_TO_SPACE: Operation is not supported.",
        "PAD: Only 4D or 3D constant paddings are supported.",
    ]
    assert ran.words == "GPU, part of the network (30 of 33 operators in 2 pieces); the rest on the CPU"


def test_a_delegate_that_took_nothing():
    """XNNPACK ran then, whose lines don't make it the GPU."""
    ran = of_benchmark_model(text("falls_back", "bench_model"), "gpu")
    assert (ran.ran, ran.kernels, ran.operators) == ("none", None, None)
    assert ran.words == "the CPU: GPU took nothing of the network"


def test_a_phone_without_a_gpu_for_it():
    assert of_benchmark_model("WARN: GPU acceleration is unsupported on this platform.", "gpu").ran == "none"


def test_nnapi_on_nothing_but_its_reference():
    ran = of_benchmark_model(text("nnapi", "bench_model"), "nnapi")
    assert (ran.ran, ran.accelerators) == ("whole", ["nnapi-reference"])
    assert ran.words == "NNAPI, the whole network; NNAPI has no accelerator there, only its reference on the CPU"


def test_one_that_was_applied_beside_another():
    """Of two delegates the GPU's lines are no evidence for NNAPI."""
    both = (
        "INFO: Explicitly applied GPU delegate, and the model graph will be completely executed by the delegate.\n"
        "INFO: Though NNAPI delegate is explicitly applied, the model graph will not be executed by the delegate.\n"
    )
    assert of_benchmark_model(both, "nnapi").ran == "none"
    assert of_benchmark_model(both, "gpu").ran == "whole"


@pytest.mark.parametrize("asked", ["cpu", "gpu", "nnapi"])
def test_where_nothing_is_told_nothing_is_guessed(asked):
    ran = of_benchmark_model("INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", asked)
    assert (ran.ran, ran.words.startswith("unknown: ")) == ("unknown", True)


def test_the_cpu_without_its_delegate():
    assert Delegated("cpu", "none").words == "the CPU's plain kernels: CPU (XNNPACK) took nothing of the network"


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_operators_are_a_strangers(name):
    one_line = name.replace("\n", " ")
    printed = f"operations are not supported by GPU delegate:\nERROR: {one_line}\n1 operations will run on the GPU, and"
    ran = of_benchmark_model(printed, "gpu")
    assert all(line.isprintable() and len(line) <= 123 for line in ran.left)
    assert len(ran.left) >= 1
