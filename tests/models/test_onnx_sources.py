"""An `.onnx` file as a model source: what is known of it, what is built around it, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures import onnx_files
from fixtures.browsing import HOSTILE
from onnx import TensorProto, helper, numpy_helper, save_model

from aic_helpers.core.errors import InputError
from aic_helpers.models import onnx_sources, sources
from aic_helpers.models.conversion import convert, photo
from aic_helpers.models.sources import ModelSource
from aic_helpers.onnx_graphs.structures import read
from aic_helpers.runtimes.onnx_models import OnnxModel

PHOTO = np.random.default_rng(3).random((1, 20, 30, 3), np.float32)

TakeOver = Callable[..., dict[str, Any]]


@pytest.fixture
def take_over(tmp_path: Path) -> TakeOver:
    """Take a model over into `model.onnx` and try it, as a conversion's child does; returns its report."""

    def take_over(model: Any, enlarges: int = 1, path: Path | None = None, **adapt: Any) -> dict[str, Any]:
        path = path or onnx_files.written(tmp_path / "net.onnx", model)
        (tmp_path / "model.onnx").unlink(missing_ok=True)
        asked = {"enlarges": enlarges, "macs_size": [24, 16], "adapt": sources.read_adapters(adapt).given}
        paths = {"path": str(path), "photo": str(photo()), "out": str(tmp_path / "model.onnx")}
        child = onnx_sources.TakingOver()
        report = child({"do": "take_over", **asked, **paths})
        child({"do": "try"})
        return report

    return take_over


def luma_network(scale: int = 1, layout: str = "NCHW", opset: int = 17) -> Any:
    """A convolution of one channel to one, of each pixel that it makes."""
    kernel = np.random.default_rng(1).uniform(-1, 1, (scale**2, 1, 3, 3)).astype(np.float32) / 9
    nodes = [
        helper.make_node("Conv", ["first", "kernel"], ["made"], pads=[1] * 4),
        helper.make_node("DepthToSpace", ["made"], ["larger"], blocksize=scale),
    ]
    if layout == "NHWC":
        nodes.insert(0, helper.make_node("Transpose", ["input"], ["first"], perm=[0, 3, 1, 2]))
        nodes.append(helper.make_node("Transpose", ["larger"], ["output"], perm=[0, 2, 3, 1]))
    else:
        nodes[0].input[0], nodes[-1].output[0] = "input", "output"
    sides = ["h", "w", 1] if layout == "NHWC" else [1, "h", "w"]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *sides]) for name in ("input", "output")]
    for side in ends[1].type.tensor_type.shape.dim:
        side.Clear()
    graph = helper.make_graph(nodes, "luma", ends[:1], ends[1:], [numpy_helper.from_array(kernel, "kernel")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = onnx_files.IR_VERSION
    return model


def test_what_is_known_of_a_file_that_is_used_as_it_is(tmp_path: Path) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.network(scale=2))
    report = convert(str(path), tmp_path / "run" / "model.onnx", enlarges=2, macs_size=(24, 16))
    assert (tmp_path / "run" / "model.onnx").read_bytes() == path.read_bytes()
    assert (report["name"], report["kind"], report["style"]) == ("net", "onnx", "onnx")
    assert (report["opset"], report["ir_version"], report["producer"]) == (17, 8, "tests")
    assert (report["input_dtype"], report["output_dtype"]) == ("float32", "float32")
    assert report["input_shape"] == [1, None, None, 3]
    assert report["adapters"] == ["takes and gives channels first"]
    assert report["macs"] == 16 * 24 * (27 * 4 + 36 * 12)
    assert report["parameters"] == 27 * 4 + 4 + 36 * 12 + 12
    assert report["gmacs_720p"] == pytest.approx(1280 * 720 * 540 / 1e9)
    assert report["parity"] == {"max_abs": None, "state": "frozen already", "by_size": None, "reason": None}


def test_nothing_of_a_persons_file_is_read_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.network())
    for name in ("aic_helpers.models.onnx_sources.read", "aic_helpers.models.onnx_sources.session"):
        monkeypatch.setattr(name, lambda *_, **__: pytest.fail("read here"))
    assert convert(str(path), tmp_path / "run" / "model.onnx")["parameters"] == 223


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize(
    ("said", "line"),
    [({"range": "255"}, "takes and gives 0 to 255"), ({"colour": "bgr"}, "takes and gives BGR")],
)
def test_what_is_said_is_built_around_it(
    tmp_path: Path, take_over: TakeOver, layout: str, said: dict[str, str], line: str
) -> None:
    report = take_over(onnx_files.network(layout=layout), **said)
    assert line in report["adapters"]
    assert report["parity"]["state"] == "compared"
    assert max(report["parity"]["by_size"].values()) < 1e-6
    own, made = OnnxModel(tmp_path / "net.onnx"), OnnxModel(tmp_path / "model.onnx")
    turned = {"range": PHOTO * 255, "colour": PHOTO[..., ::-1]}[next(iter(said))]
    expected = own(turned) / 255 if "range" in said else own(turned)[..., ::-1]
    np.testing.assert_allclose(made(PHOTO), expected, atol=1e-6)
    assert (report["parameters"], made.input_dtype) == (223, "float32")


@pytest.mark.tensorflow
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_network_of_luma_leaves_the_colours_to_the_input(take_over: TakeOver, layout: str, scale: int) -> None:
    """What is compared with enlarges the colours by TensorFlow, whose kernel of bicubic is a table of 1024 steps."""
    report = take_over(luma_network(scale, layout), scale, channels="y", range="255")
    assert len(report["parity"]["by_size"]) == 3
    assert max(report["parity"]["by_size"].values()) < 1e-4
    assert report["parameters"] == 9 * scale**2


def test_one_of_luma_says_what_to_say(take_over: TakeOver) -> None:
    with pytest.raises(InputError, match=r"an image of 3 channels as the input of .*, found one of 1, .*: say --ch"):
        take_over(luma_network())
    with pytest.raises(InputError, match=r"an image of 1 channel .*, found one of 3, .*: leave --channels out"):
        take_over(onnx_files.network(), channels="y")


def test_half_floats_are_cast(tmp_path: Path, take_over: TakeOver) -> None:
    report = take_over(onnx_files.network(dtype="float16"))
    assert report["adapters"][1:] == ["input: float16, cast in the graph", "output: float16, cast in the graph"]
    assert (report["input_dtype"], OnnxModel(tmp_path / "model.onnx").input_dtype) == ("float16", "float32")
    assert max(report["parity"]["by_size"].values()) < report["parity"]["limit"]


def test_whole_numbers_need_a_word_on_their_range(tmp_path: Path, take_over: TakeOver) -> None:
    with pytest.raises(InputError, match=r"expected an input of float32 in .*, found one of uint8: say --range 255"):
        take_over(onnx_files.of_integers())
    report = take_over(onnx_files.of_integers(), range="255")
    assert "input: uint8, cast in the graph" in report["adapters"]
    assert max(report["parity"]["by_size"].values()) == 0


def test_an_old_opset_is_raised_where_something_is_built(tmp_path: Path, take_over: TakeOver) -> None:
    report = take_over(onnx_files.network(opset=9), range="255")
    assert (report["opset"], read(tmp_path / "model.onnx").opset) == (9, 11)
    assert max(report["parity"]["by_size"].values()) < 1e-6


def test_weights_beside_it_are_put_into_it(tmp_path: Path, take_over: TakeOver) -> None:
    (tmp_path / "own").mkdir()
    path = onnx_files.with_external_data(tmp_path / "own" / "net.onnx")
    report = take_over(None, path=path)
    assert report["adapters"][-1] == "its weights, in files beside it, are put into it"
    assert max(report["parity"]["by_size"].values()) == 0
    (path.parent / "weights.bin").unlink()
    inside = onnx_files.written(tmp_path / "inside.onnx", onnx_files.network())
    np.testing.assert_array_equal(OnnxModel(tmp_path / "model.onnx")(PHOTO), OnnxModel(inside)(PHOTO))


def test_small_constants_may_lie_beside_it_too(tmp_path: Path, take_over: TakeOver) -> None:
    """Those that shapes are worked out by, which ONNX Runtime takes from no other file."""
    model = onnx_files.network()
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 3, -1, 0]), "sides"))
    onnx_files.add_node(model, "Reshape", ["sides"])
    save_model(model, str(tmp_path / "net.onnx"), save_as_external_data=True, location="weights.bin", size_threshold=0)
    report = take_over(None, path=tmp_path / "net.onnx")
    assert max(report["parity"]["by_size"].values()) == 0


def test_an_output_of_several_is_taken_by_its_name(tmp_path: Path, take_over: TakeOver) -> None:
    report = take_over(onnx_files.with_two_outputs(), output="output")
    assert max(report["parity"]["by_size"].values()) == 0
    assert [end.name for end in read(tmp_path / "model.onnx").outputs] == ["aic_result"]
    with pytest.raises(InputError, match=r"an output of shape \(1, 96, 128, 4\) for one image of 128x96"):
        take_over(onnx_files.with_two_outputs(), output="relu1")


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_sides_that_are_not_declared_are(tmp_path: Path, take_over: TakeOver, layout: str) -> None:
    model = onnx_files.network(layout=layout)
    for side in model.graph.input[0].type.tensor_type.shape.dim:
        side.Clear()
    words = "first" if layout == "NCHW" else "last"
    assert take_over(model)["adapters"] == [f"takes and gives channels {words}"]
    made = OnnxModel(tmp_path / "model.onnx")
    assert (made.input_shape, made.channels_first) == ([None, None, None, 3], layout == "NCHW")
    declared = OnnxModel(onnx_files.written(tmp_path / "declared.onnx", onnx_files.network(layout=layout)))
    np.testing.assert_array_equal(made(PHOTO), declared(PHOTO))


def of_one_step(kind: str, **attributes: Any) -> Any:
    """A network of any sides whose only operator knows no layout."""
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["a", "b", "c", "d"]) for name in ("input", "output")
    ]
    numbers = {"Resize": ([1, 1, 2, 2], "scales"), "Mul": (0.5, "half")}[kind]
    constant = numpy_helper.from_array(np.array(numbers[0], np.float32), numbers[1])
    given = ["input", "", "scales"] if kind == "Resize" else ["input", "half"]
    graph = helper.make_graph([helper.make_node(kind, given, ["output"])], "step", ends[:1], ends[1:], [constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = onnx_files.IR_VERSION
    return model


def test_a_layout_is_told_by_what_comes_out(tmp_path: Path, take_over: TakeOver) -> None:
    """An image of twice the size, and not one of the same height with 6 channels."""
    report = take_over(of_one_step("Resize"), 2)
    assert report["adapters"] == ["takes and gives channels first"]
    assert OnnxModel(tmp_path / "model.onnx")(PHOTO).shape == (1, 40, 60, 3)


@pytest.mark.parametrize(("said", "words"), [("nchw", "first"), ("nhwc", "last")])
def test_a_layout_that_nothing_shows_is_asked_for(tmp_path: Path, take_over: TakeOver, said: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        take_over(of_one_step("Mul"))
    assert str(caught.value) == (
        f"expected an input of {tmp_path}/net.onnx that shows where its channels are, found (any, any, any, any), and "
        "an image goes through either way: say --layout nchw or nhwc"
    )
    report = take_over(of_one_step("Mul"), layout=said)
    assert report["adapters"] == [f"takes and gives channels {words}"]
    np.testing.assert_array_equal(OnnxModel(tmp_path / "model.onnx")(PHOTO), PHOTO / 2)


def test_a_layout_that_the_file_contradicts_is_refused(take_over: TakeOver) -> None:
    with pytest.raises(InputError, match=r"channels last, as .*net.onnx takes them, found --layout nchw: leave"):
        take_over(onnx_files.network(layout="NHWC"), layout="nchw")
    with pytest.raises(InputError, match=r"channels first, as .*net.onnx takes them, found --layout nhwc: leave"):
        take_over(onnx_files.network(), layout="nhwc")


def test_a_network_of_another_scale_is_refused_with_both_sizes(take_over: TakeOver) -> None:
    words = "an output of the input's size .128x96., found 256x192, which is 2 times: choose a track of scale 2"
    with pytest.raises(InputError, match=words):
        take_over(onnx_files.network(scale=2))


def test_a_loop_without_end_is_left_to_what_runs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_sources, "TRIAL_TIMEOUT_S", 1.0)
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.with_endless_loop())
    report = convert(str(path), tmp_path / "run" / "model.onnx")
    assert (report["gmacs_720p"], report["macs"]) == (None, None)


def test_a_line_has_the_path_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    onnx_files.written(Path("net.onnx"), onnx_files.of_newer_opset())
    with pytest.raises(InputError, match=r"ONNX Runtime .* knows, in net\.onnx, found 99"):
        convert("net.onnx", "run/model.onnx")


def test_what_takes_too_long_is_ended_with_one_line(tmp_path: Path) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.network())
    with pytest.raises(InputError, match=r"expected .*net.onnx to take over, found .*: mend the model"):
        convert(str(path), tmp_path / "run" / "model.onnx", timeout_s=0.01)
    assert not (tmp_path / "run" / "model.onnx").exists()


@pytest.mark.parametrize(
    ("adapt", "line"),
    [
        ({"set": {"training": False}}, "--set beside a graph of TensorFlow, found it beside .*: make it a constant"),
        ({"fixed": "net.tflite"}, "--fixed beside a .tflite file, found it beside .*: leave --fixed out"),
        ({"code": "sources.py"}, "code only beside a .keras or .h5 file, found it beside .*: leave --code out"),
    ],
)
def test_what_is_for_others_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapt: dict[str, Any], line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("sources.py").touch()
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.network())
    with pytest.raises(InputError, match=line):
        sources.resolve(str(path), None, adapt)


def test_a_checkpoint_beside_it_is_refused(tmp_path: Path) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.network())
    with pytest.raises(InputError, match="a checkpoint only beside"):
        sources.resolve(str(path), "weights.h5")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a model at .*net.onnx, found nothing: check the path"):
        sources.resolve(str(tmp_path / "net.onnx"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_ends_are_shown_safely(take_over: TakeOver, name: str) -> None:
    model = onnx_files.with_two_outputs()
    model.graph.output[0].name = model.graph.node[1].output[0] = f"{name}\x1b[2J".encode("utf-8", "replace").decode()
    model.graph.node[2].input[0] = model.graph.output[0].name
    with pytest.raises(InputError) as caught:
        take_over(model)
    assert str(caught.value).isprintable()


def test_a_hand_over_needs_no_copy(tmp_path: Path) -> None:
    """As of what a PyTorch network became: a file that lies elsewhere."""
    path = onnx_files.written(tmp_path / "exported.onnx", onnx_files.network())
    source = ModelSource("onnx", "net", path, None, None, None, "net.py:Net")
    report = onnx_sources.take_over(source, tmp_path / "model.onnx", 1, (24, 16), photo(), 60.0)
    assert (tmp_path / "model.onnx").read_bytes() == path.read_bytes()
    assert report["parameters"] == 223


def test_what_was_built_around_a_network_has_to_run_where_that_does() -> None:
    class Made:
        input_shape = (None, None, None, 3)

        def __call__(self, batch: Any) -> Any:
            if batch.shape[1] % 2:
                raise ValueError("no odd heights")
            return batch

    def odd_alone(batch: Any) -> Any:
        if batch.shape[1] % 2 == 0:
            raise ValueError("no even heights")
        return batch

    def even_alone(batch: Any) -> Any:
        if batch.shape[1] % 2:
            raise ValueError("no odd heights")
        return batch

    made: Any = Made()
    assert [*onnx_sources._parity(even_alone, made, photo(), False)["by_size"]] == ["480x320"]
    with pytest.raises(InputError, match="runs as its source does, found no odd heights"):
        onnx_sources._parity(odd_alone, made, photo(), False)
