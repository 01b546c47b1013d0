"""What a stranger's `.tflite` may be; each thing that it may not be has its reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from fixtures import litert_files
from fixtures.browsing import HOSTILE
from fixtures.litert_files import Draft

from aic_helpers.core.errors import InputError
from aic_helpers.litert import file_checks
from aic_helpers.litert.allowed_operators import ALLOWED, GROUPS


def check(draft: Draft) -> dict[str, int]:
    return file_checks.refuse(draft.content())


@pytest.mark.parametrize("free", [False, True])
@pytest.mark.parametrize("make", [litert_files.float_network, litert_files.float16_network, litert_files.int8_network])
def test_a_network_that_keeps_the_rules_is_taken(make: Callable[..., Draft], free: bool) -> None:
    draft = make(free=free)
    kinds = {step.opcodeIndex for step in draft.graph.operators}
    assert check(draft)["nodes"] == len(kinds)


def test_every_allowed_operator_is_one_of_litert_and_stands_once() -> None:
    listed = [name for group in GROUPS.values() for name in group.split()]
    assert len(listed) == len(ALLOWED)
    assert vars(schema.BuiltinOperator).keys() >= ALLOWED


OUTSIDE = ("CALL", "CALL_ONCE", "CUSTOM", "DELEGATE", "HASHTABLE_IMPORT", "IF", "READ_VARIABLE", "VAR_HANDLE", "WHILE")


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_reaches_beyond_its_tensors_is_not_allowed(name: str) -> None:
    assert name not in ALLOWED
    draft = litert_files.float_network()
    draft.model.operatorCodes[-1].builtinCode = getattr(schema.BuiltinOperator, name)
    draft.model.operatorCodes[-1].customCode = b"Add"
    with pytest.raises(InputError, match="expected operators on tensors alone, found"):
        check(draft)


def _custom(draft: Draft) -> None:
    litert_files.with_custom_operator(draft)


def _variable(draft: Draft) -> None:
    draft.named("Identity").isVariable = True


def _other_file(draft: Draft) -> None:
    group = schema.ExternalBufferGroupT()
    group.name = b"/etc/passwd"
    draft.model.externalBufferGroups = [group]


def _subgraphs(draft: Draft) -> None:
    draft.model.subgraphs *= 2


def _texts(draft: Draft) -> None:
    draft.named("Identity").type = schema.TensorType.STRING


def _sparse(draft: Draft) -> None:
    draft.named("net/conv1/Conv2D").sparsity = schema.SparsityParametersT()


def _two_inputs(draft: Draft) -> None:
    draft.graph.inputs.append(draft.tensor("mask", "float32", [1, 16, 24, 1]))


def _no_output(draft: Draft) -> None:
    draft.graph.outputs = []


def _whole_input(draft: Draft) -> None:
    draft.named("input").type = schema.TensorType.INT32


def _grey(draft: Draft) -> None:
    draft.named("input").shape = [1, 16, 24, 1]


def _flat(draft: Draft) -> None:
    draft.named("input").shape = [16, 24, 3]


REFUSED = {
    "a custom operator": (
        _custom,
        "expected operators on tensors alone, found the custom operator StrangersOp (layer strange): leave it out: "
        "only LiteRT's own operators that make tensors of tensors are run",
    ),
    "a variable": (_variable, "expected tensors of numbers, found a variable (Identity): export it without"),
    "another file": (_other_file, "expected a file that has all of its weights, found one that names other files: exp"),
    "two networks": (_subgraphs, "expected one network, without loops and branches, found 2 subgraphs: leave them out"),
    "texts": (_texts, "expected tensors of numbers, found string (Identity): export it without"),
    "a sparse constant": (_sparse, "expected tensors of numbers, found a sparse constant (net/conv1/Conv2D): export"),
    "two inputs": (_two_inputs, "expected one input, found 2: export a network with one input"),
    "no output": (_no_output, "expected one output, found 0: export a network with one output"),
    "whole numbers": (_whole_input, "expected an input of float32, uint8, int8 or int16, found int32: export it again"),
    "a grey image": (_grey, "expected an input of shape (1, height, width, 3), found (1, 16, 24, 1): export it again"),
    "no batch": (_flat, "expected an input of shape (1, height, width, 3), found (16, 24, 3): export it again"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_reason(name: str) -> None:
    spoil, words = REFUSED[name]
    draft = litert_files.float_network()
    spoil(draft)
    with pytest.raises(InputError) as caught:
        check(draft)
    assert str(caught.value).startswith(words)


def test_many_tensors_of_one_constant_are_as_large_as_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_checks, "MAX_CONSTANT_BYTES", 2**20)
    draft = litert_files.float_network()
    first = draft.constant("large", np.zeros(2**17, np.float32))
    check(draft)
    for _ in range(2):
        again = draft.tensor("large", "float32", [2**17])
        draft.graph.tensors[again].buffer = draft.graph.tensors[first].buffer
    with pytest.raises(
        InputError, match="expected constants of at most 1 MiB together, found 1 MiB: make them smaller"
    ):
        check(draft)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_line(name: str) -> None:
    with pytest.raises(InputError) as caught:
        check(litert_files.with_custom_operator(litert_files.float_network(), name.encode("utf-8", "replace").decode()))
    assert str(caught.value).isprintable()
