"""What a person says of a network's form -> adapters, or one line that says what is wrong."""

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import AS_IT_IS, Adapters, read_adapters
from aic_helpers.models.sources import fingerprint, resolve


@pytest.mark.parametrize("given", [None, {}, {"range": 1, "layout": "nhwc", "colour": "rgb", "channels": "rgb"}])
def test_what_the_workbench_itself_has_is_nothing_to_adapt(given):
    assert read_adapters(given) == AS_IT_IS
    assert (AS_IT_IS.given, AS_IT_IS.lines) == ({}, [])


def test_texts_of_a_command_line_say_what_values_do():
    typed = read_adapters({"range": "255", "layout": "NCHW", "set": {"is_training": "False", "scale": "4"}})
    assert typed == read_adapters({"range": 255, "layout": "nchw", "set": {"scale": 4, "is_training": False}})
    assert typed == Adapters(range="255", layout="nchw", set=(("is_training", False), ("scale", 4.0)))
    assert read_adapters(typed.given) == typed
    assert typed.lines == [
        "takes and gives 0 to 255",
        "takes and gives channels first",
        "is_training is set to false",
        "scale is set to 4",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rang": 255}, r"expected adapt with keys of range, layout, .*, set, found rang: did you mean range\?"),
        ({"range": 254}, "expected range of 1 or 255, found 254: take one of them"),
        ({"layout": ""}, "expected layout of nhwc or nchw, found nothing: take one of them"),
        ({"input": 3}, "expected input as the name of a tensor, found 3: give a text"),
        ({"set": "is_training"}, "expected set as names with values, found 'is_training': say for example"),
        ({"set": {"is_training": "maybe"}}, "expected true, false or a number for is_training, found maybe"),
        ({"channels": "y", "colour": "bgr"}, "found colour bgr beside channels y: leave the colour out"),
        ("range=255", "expected adapt as a mapping with keys of range, .*, found 'range=255'"),
    ],
)
def test_errors(given, message):
    with pytest.raises(InputError, match=message):
        read_adapters(given)


def test_the_fingerprint_covers_the_adapters(tmp_path):
    model = tmp_path / "net.pb"
    model.write_bytes(b"")
    plain, also_plain, adapted = (resolve(str(model), adapt=given) for given in (None, {"range": 1}, {"range": 255}))
    assert fingerprint(plain) == fingerprint(also_plain) != fingerprint(adapted)
