"""Layers of a file and of a network: by name, else by shape, and by order only where that is said."""

import pytest

from aic_helpers.weights.layer_matching import MismatchError, match
from aic_helpers.weights.layers_of_weights import Layer, Variable, grouped

KERNEL, OTHER = (3, 3, 8, 8), (3, 3, 8, 4)


def side(*names, mark="", shape=KERNEL):
    """Layers of one kernel and bias each; what they hold is their mark and name."""
    paths = [(f"{name}/{part}", size) for name in names for part, size in (("kernel", shape), ("bias", shape[-1:]))]
    return grouped((path, size, mark + path) for path, size in paths)


def numbered(*places, kind="conv2d"):
    """Layers of a file without names."""
    variables = {place: [Variable(None, KERNEL, f"{place}/0"), Variable(None, (8,), f"{place}/1")] for place in places}
    return [Layer("", held, kind, place, place) for place, held in variables.items()]


def taken(found):
    return {network.rpartition("/")[0]: saved.rpartition("/")[0] for network, saved in found.pairs}


def test_names_decide_whatever_the_order():
    found = match(side("first", "second"), side("second", "first"))
    assert taken(found) == {"first": "first", "second": "second"}
    assert found.note is None
    assert dict(found.pairs)["first/bias"] == "first/bias"


def test_what_stands_before_all_names_counts_for_nothing():
    found = match(side("first", "second"), side("net/generator/second", "net/generator/first"))
    assert taken(found) == {"first": "net/generator/first", "second": "net/generator/second"}


def test_blocks_whose_layers_are_called_alike_are_told_apart_by_the_block():
    found = match(side("a/conv", "b/conv"), side("net/b/conv", "net/a/conv"))
    assert taken(found) == {"a/conv": "net/a/conv", "b/conv": "net/b/conv"}
    assert found.note is None


def test_shape_decides_where_no_name_does():
    found = match([*side("a"), *side("b", shape=OTHER)], [*side("d", shape=OTHER), *side("c")])
    assert taken(found) == {"a": "c", "b": "d"}
    assert found.note is None


def test_names_that_keras_gave_go_by_order_and_that_is_said():
    found = match(side("conv2d", "conv2d_1"), side("conv2d_7", "conv2d_12"), ["conv2d"])
    assert taken(found) == {"conv2d": "conv2d_7", "conv2d_1": "conv2d_12"}
    assert found.note == "weights by order: conv2d, conv2d_1 could be exchanged, and no name in the file decides"


def test_a_file_without_names_goes_by_order_and_that_is_said():
    found = match(side("first", "second"), numbered("layers/conv2d", "layers/conv2d_1"))
    assert taken(found) == {"first": "layers/conv2d", "second": "layers/conv2d_1"}
    assert found.note.startswith("weights by order: first, second could be exchanged")


@pytest.mark.parametrize(
    ("network", "saved", "message"),
    [
        (
            side("conv2d", "conv2d_1"),
            side("conv2d_1", "conv2d"),
            "in the order conv2d_1, conv2d, which the network has as conv2d, conv2d_1",
        ),
        (
            side("first", "second"),
            side("alpha", "beta"),
            "layers of one shape called alpha, beta, which the network calls first, second",
        ),
        (
            side("first", "second"),
            [*numbered("layers/conv2d"), *numbered("layers/conv2d_transpose", kind="conv2d_transpose")],
            "in the order layers/conv2d, layers/conv2d_transpose, which",
        ),
        (
            side("first"),
            side("first", shape=OTHER),
            r"first of \[3, 3, 8, 4\] and \[4\] where the network's is of \[3, 3, 8, 8\] and \[8\]",
        ),
        (side("first"), side("first", "second"), "another network, second .* where this one has nothing"),
        (side("first", "second"), side("first"), "another network, nothing where this one has second"),
    ],
)
def test_what_is_refused(network, saved, message):
    with pytest.raises(MismatchError, match=message):
        match(network, saved, ["conv2d"])


def of_vectors(*names):
    return grouped((f"norm/{name}", (8,), name) for name in names)


def test_variables_of_one_shape_go_by_name_within_their_layer():
    found = match(of_vectors("gamma", "beta"), of_vectors("beta", "gamma"))
    assert dict(found.pairs) == {"gamma": "gamma", "beta": "beta"}
    with pytest.raises(MismatchError, match="scale, shift in norm, where the network has gamma, beta"):
        match(of_vectors("gamma", "beta"), of_vectors("scale", "shift"))
