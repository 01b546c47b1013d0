"""Layers by the names that converters give to tensors."""

from __future__ import annotations

from aic_helpers.litert.layer_names import layer_names


def test_fused_names_become_the_layer_with_the_weights() -> None:
    made = "net/bias3_1/add;net/conv3_1/convolution;net/bias3_1/add/ReadVariableOp"
    assert layer_names([("CONV_2D", [made]), ("TANH", ["net/Tanh"]), ("ADD", [made])]) == ["conv3", "Tanh", "bias3"]


def test_what_keras_adds_to_all_layers_is_left_out() -> None:
    keras = [
        ("CONV_2D", ["net/conv_1_1/conv"]),
        ("ADD", ["net/Add_1"]),
        ("ADD", ["net/Add"]),
        ("MUL", ["net/norm_1/mul"]),
    ]
    assert layer_names(keras) == ["conv_1", "Add_1", "Add", "norm"]
    with_another = [*keras, ("CONV_2D", ["net/last_1/conv"]), ("FULLY_CONNECTED", ["net/Tensordot"])]
    assert layer_names(with_another)[-2:] == ["last", "Tensordot"]
    numbered = [("CONV_2D", ["net/conv_1/conv"]), ("CONV_2D", ["net/conv_2/conv"])]
    assert layer_names(numbered) == ["conv_1", "conv_2"]


def test_what_all_share_is_left_out() -> None:
    named = [
        ("CONV_2D", ["a/b/c1/Conv2D"]),
        ("CONV_2D", ["a/b/c2/Conv2D"]),
        ("ADD", ["a/b/d/e/add"]),
        ("MUL", ["Identity"]),
    ]
    assert layer_names(named) == ["c1", "c2", "d/e", "Identity"]


def test_nothing_to_go_by() -> None:
    assert layer_names([("CONV_2D", [""]), ("ADD", [])]) == ["CONV_2D", "ADD"]
    assert layer_names([]) == []


def test_a_long_name_is_cut() -> None:
    assert layer_names([("ADD", ["x" * 5000])]) == ["x" * 80]
