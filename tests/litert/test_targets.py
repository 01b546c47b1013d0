"""Three answers for each operator, and none that is guessed."""

from __future__ import annotations

import pytest
from ai_edge_litert import _pywrap_analyzer_wrapper as analyzer
from fixtures import litert_files
from fixtures.browsing import HOSTILE
from fixtures.litert_files import FUSED, Draft, schema

from aic_helpers.litert import targets
from aic_helpers.litert.structures import Structure, read


def structure_of(draft: Draft) -> Structure:
    return read(draft.content())


def behind(name: str, options: object = None, *, custom: bytes | None = None) -> Structure:
    """Return the float network with one operator more at its end."""
    draft = litert_files.float_network()
    made = draft.tensor("net/last/Op", "float32", [1, 16, 24, 3])
    draft.operator(name, draft.graph.outputs, [made], options, custom=custom)
    draft.graph.outputs = [made]
    return structure_of(draft)


def test_every_operator_is_taken() -> None:
    target = targets.gpu(structure_of(litert_files.float_network()))
    assert target.in_words == "LiteRT GPU delegate: all 3 operators (by TensorFlow's rules, not run)."


def test_no_and_unknown_are_told_apart() -> None:
    draft = litert_files.float_network()
    shape = [1, 16, 24, 3]
    made = [draft.tensor(f"net/{name}/Op", "float32", shape) for name in ("a", "b", "c")]
    draft.operator("ROUND", draft.graph.outputs, made[:1])
    draft.operator("ROUND", made[:1], made[1:2])
    draft.operator("SELECT_V2", made[1:2], made[2:])
    draft.graph.outputs = made[2:]
    assert targets.gpu(structure_of(draft)).in_words == (
        "LiteRT GPU delegate: 3 of 6 operators (by TensorFlow's rules, not run); not ROUND (2 times: the delegate has "
        "none); unknown SELECT_V2 (c: its rule is not followed here)."
    )


def test_custom_operator_is_not_taken() -> None:
    target = targets.gpu(behind("CUSTOM", custom=b"StrangersOp"))
    (left,) = [one for one in target.answers if one.answer != "yes"]
    assert (left.operator.name, left.operator.layer) == ("StrangersOp", "last")
    assert (left.answer, left.why) == ("no", "the delegate has none")
    assert target.counted("yes") == 3
    assert targets.gpu(behind("CUSTOM", custom=b"Resampler")).counted("unknown") == 1


def test_analyzer_says_yes_to_everything() -> None:
    """Why the rules are put here in our own words: the day this fails, the analyzer itself can be asked."""
    words = analyzer.ModelAnalyzer(
        litert_files.with_custom_operator(litert_files.float_network()).content(), False, True
    )
    assert "Your model looks compatible with GPU delegate" in words


def test_file_of_any_size_is_unknown_to_the_gpu() -> None:
    target = targets.gpu(structure_of(litert_files.float_network(free=True)))
    assert target.counted("unknown") == 3
    assert target.in_words == (
        "LiteRT GPU delegate: unknown, the file is of any size, and the delegate asks for one: export a fixed one."
    )


def test_vendors_are_unknown_without_their_sdk() -> None:
    target = targets.vendors(structure_of(litert_files.int8_network()))
    assert target.in_words == "vendors' compilers: unknown, no vendor's SDK is here."


def test_cpu_by_the_parts_that_were_taken() -> None:
    structure = structure_of(litert_files.int8_network())
    number = {tensor.name: tensor.index for tensor in structure.tensors}
    part = {"inputs": [number["input_int8"]], "outputs": [number[FUSED[2]]]}
    assert targets.cpu(structure, [part]).in_words == (
        "LiteRT CPU (XNNPACK): 2 of 5 operators (made ready by LiteRT here); not QUANTIZE (2 times), "
        "ADD (Identity_int8)."
    )
    assert targets.cpu(structure, []).counted("no") == 5
    assert targets.cpu(structure, None, "it hangs").in_words == "LiteRT CPU (XNNPACK): unknown, it hangs."


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_line(name: str) -> None:
    draft = litert_files.with_custom_operator(litert_files.float_network(), name.encode("utf-8", "replace").decode())
    assert targets.gpu(structure_of(draft)).in_words.isprintable()


def _space(options, block: int):
    options.blockSize = block
    return options


def _softmax(beta: float):
    options = schema.SoftmaxOptionsT()
    options.beta = beta
    return options


def _signs():
    options = schema.SubOptionsT()
    options.fusedActivationFunction = schema.ActivationFunctionType.SIGN_BIT
    return options


NOT_TAKEN = {
    "blocks of one pixel": (
        lambda: behind("DEPTH_TO_SPACE", _space(schema.DepthToSpaceOptionsT(), 1)),
        "its blocks are",
    ),
    "blocks of two": (lambda: behind("SPACE_TO_DEPTH", _space(schema.SpaceToDepthOptionsT(), 2)), ""),
    "another softmax": (lambda: behind("SOFTMAX", _softmax(0.5)), "its beta isn't 1"),
    "softmax": (lambda: behind("SOFTMAX", _softmax(1.0)), ""),
    "one input of two": (lambda: behind("SUB", schema.SubOptionsT()), "it takes neither two inputs nor one and a con"),
    "the sign bit": (lambda: behind("SUB", _signs()), "it ends in SIGN_BIT"),
    "no input to add": (lambda: behind("ADD", schema.AddOptionsT()), "it takes 1 inputs, not two"),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_rules_of_the_gpu_delegate(name: str) -> None:
    make, words = NOT_TAKEN[name]
    last = targets.gpu(make()).answers[-1]
    assert (last.answer, last.why[: len(words)]) == ("no" if words else "yes", words)
    assert bool(words) == bool(last.why)
