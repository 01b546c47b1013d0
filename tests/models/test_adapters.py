"""What a person says of a network's form -> adapters, or one line that says what is wrong."""

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import AS_IT_IS, Adapters, args_words, read_adapters
from aic_helpers.models.sources import fingerprint, resolve


@pytest.mark.parametrize("given", [None, {}, {"range": 1, "colour": "rgb", "channels": "rgb"}])
def test_what_the_workbench_itself_has_is_nothing_to_adapt(given):
    assert read_adapters(given) == AS_IT_IS
    assert (AS_IT_IS.given, AS_IT_IS.lines) == ({}, [])


def test_channels_last_may_be_said_and_change_no_network_that_has_them_so(tmp_path):
    said = read_adapters({"layout": "nhwc"})
    assert (said.given, said.forms, said.lines, read_adapters(said.given)) == ({"layout": "nhwc"}, {}, [], said)
    for name in ("net.pb", "net.tflite", "net.onnx"):
        (tmp_path / name).write_bytes(b"")
        found = resolve(str(tmp_path / name), None, {"layout": "nhwc"}).adapt
        assert found == (said if name == "net.onnx" else AS_IT_IS)


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


def test_arguments_come_as_a_text_or_as_a_mapping():
    text = "scale=4 rate=0.5 act=prelu residual=true widths=8,16 one=8,"
    said = {"scale": 4, "rate": 0.5, "act": "prelu", "residual": True, "widths": [8, 16], "one": [8]}
    typed = read_adapters({"args": text})
    assert typed == read_adapters({"args": said})
    assert (typed.given, typed.lines) == ({"args": said}, [])
    assert read_adapters(typed.given) == typed
    assert read_adapters({"args": args_words(typed.given["args"])}) == typed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ("scale 4", "expected args as NAME=VALUE, a blank between two, found scale: say for example scale=4 blocks=8"),
        ("nf=", "expected args as NAME=VALUE, a blank between two, found nf=: say for example scale=4 blocks=8"),
        ("nf=1 nf=2", "expected args of different names, found nf twice: leave one of them out"),
        ("4=scale", "expected args as NAME=VALUE, a blank between two, found 4=scale: say for example"),
        (7, "expected args as names with values, found 7: say for example scale=4 blocks=8"),
        ({"a b": 4}, "expected args with names of Python's, found 'a b': say for example scale=4"),
        (
            {"a": None},
            "expected a number, true, false, a text or a list of numbers for a of args, found None: give",
        ),
        ({"a": [[1], 2]}, "expected a list of numbers for a of args, found [[1], 2]: give one list, and none in it"),
    ],
)
def test_arguments_that_cant_be(args, message):
    with pytest.raises(InputError) as refusal:
        read_adapters({"args": args})
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rang": 255}, r"expected adapt with keys of range, layout, .*, set, args, found rang: did you mean range\?"),
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
