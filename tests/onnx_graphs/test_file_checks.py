"""What a stranger's `.onnx` may be; each thing that it may not be has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from fixtures import litert_files, onnx_files
from fixtures.browsing import HOSTILE
from onnx import ModelProto, TensorProto, helper, numpy_helper

from aic_helpers.core.errors import InputError
from aic_helpers.onnx_graphs import file_checks
from aic_helpers.onnx_graphs.allowed_operators import ALLOWED, GROUPS

LEAVE_OUT = "leave it out: only ONNX's own operators that make tensors of tensors are run"


def check(model: ModelProto) -> dict[str, int]:
    return file_checks.refuse(model.SerializeToString())


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("size", [onnx_files.ANY, (16, 24)])
@pytest.mark.parametrize(("scale", "mode"), [(1, "CRD"), (2, "CRD"), (3, "DCR")])
def test_a_network_that_keeps_the_rules_is_taken(layout: str, size: tuple, scale: int, mode: str) -> None:
    model = onnx_files.network(size=size, layout=layout, scale=scale, mode=mode)
    kinds = {node.op_type for node in model.graph.node}
    assert check(model) == {"nodes": len(model.graph.node), "operations": len(kinds)}


def test_sizes_that_are_computed_are_taken() -> None:
    """As exporters write them: a shape, parts of it, constants as nodes, a Resize to it; constants of other types."""
    model = onnx_files.network()
    add = model.graph.node.append
    model.graph.node[-1].output[0] = "made"
    add(helper.make_node("Shape", ["made"], ["sides"]))
    for name, value in (("two", [2]), ("four", [4]), ("ones", [1, 1])):
        add(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.array(value, np.int64))))
    add(helper.make_node("Slice", ["sides", "two", "four"], ["size"]))
    add(helper.make_node("Concat", ["ones", "size"], ["none"], axis=0))
    add(helper.make_node("ConstantOfShape", ["none"], ["zeros"], value=helper.make_tensor("zero", 1, [1], [0.0])))
    add(helper.make_node("Resize", ["made", "", "", "sides"], ["resized"], mode="linear"))
    add(helper.make_node("Add", ["zeros", "resized"], ["output"]))
    for kind, values in ((TensorProto.BOOL, [True]), (TensorProto.FLOAT16, [1.5]), (TensorProto.UINT32, [7])):
        model.graph.initializer.append(helper.make_tensor(f"unused {kind}", kind, [1], values))
    assert check(model)["nodes"] == 13


def test_every_allowed_operator_is_one_of_onnx_and_stands_once_and_holds_no_graph() -> None:
    listed = [name for group in GROUPS.values() for name in group.split()]
    assert len(listed) == len(ALLOWED)
    known = [one for one in onnx.defs.get_all_schemas_with_history() if one.domain == "" and one.name in ALLOWED]
    assert {one.name for one in known} == ALLOWED
    graphs = {onnx.defs.OpSchema.AttrType.GRAPH, onnx.defs.OpSchema.AttrType.GRAPHS}
    assert [one.name for one in known if {value.type for value in one.attributes.values()} & graphs] == []


OUTSIDE = """
    Bernoulli Dropout GRU If ImageDecoder Loop LSTM Multinomial Optional RandomNormal RandomNormalLike RandomUniform
    RandomUniformLike RNN Scan SequenceAt SequenceMap StringConcat StringNormalizer TfIdfVectorizer"""


@pytest.mark.parametrize("name", OUTSIDE.split())
def test_what_is_more_than_tensors_or_by_chance_is_not_allowed(name: str) -> None:
    assert name in {one.name for one in onnx.defs.get_all_schemas_with_history()}
    assert name not in ALLOWED
    with pytest.raises(InputError) as caught:
        check(onnx_files.add_node(onnx_files.network(), name))
    assert str(caught.value) == f"expected operators on tensors alone, found {name} (node added): {LEAVE_OUT}"


@pytest.mark.parametrize("kind", ["opset", "ir"])
def test_the_newest_versions_that_are_taken_are_those_of_onnx_runtime(kind: str) -> None:
    def made(more: int) -> bytes:
        model = onnx_files.network(opset=file_checks.OPSETS[1] + (more if kind == "opset" else 0))
        model.ir_version = file_checks.MAX_IR + (more if kind == "ir" else 0)
        return model.SerializeToString()

    file_checks.refuse(made(0))
    onnxruntime.InferenceSession(made(0))
    with pytest.raises(InputError, match=r"expected one opset of ONNX's own|expected an ONNX model of IR version"):
        file_checks.refuse(made(1))
    with pytest.raises(Exception, match=r"under development|Unsupported model IR version"):
        onnxruntime.InferenceSession(made(1))


def _first(model: ModelProto) -> TensorProto:
    return model.graph.initializer[0]


def _in_a_node(location: str) -> ModelProto:
    model = onnx_files.naming_another_file(location)
    tensor = model.graph.initializer[0]
    model.graph.node.insert(0, helper.make_node("Constant", [], [tensor.name], "weights", value=tensor))
    del model.graph.initializer[0]
    return model


def _changed(spoil: Callable[[ModelProto], object]) -> Callable[[], ModelProto]:
    def make() -> ModelProto:
        model = onnx_files.network()
        spoil(model)
        return model

    return make


def _with(kind: str, **attributes: object) -> Callable[[], ModelProto]:
    return lambda: onnx_files.add_node(onnx_files.network(), kind, **attributes)


def _many_sides(model: ModelProto) -> None:
    _first(model).dims[:] = [1] * 17


def _texts(model: ModelProto) -> None:
    model.graph.initializer.append(helper.make_tensor("words", TensorProto.STRING, [1], [b"x"]))


def _stored_twice(model: ModelProto) -> None:
    _first(model).float_data.append(1.0)


def _sparse(model: ModelProto) -> None:
    model.graph.sparse_initializer.add()


def _hidden_graph(model: ModelProto) -> None:
    """A graph in an attribute that says it is a number."""
    attribute = model.graph.node[0].attribute.add(name="pads_again", type=onnx.AttributeProto.INT)
    attribute.g.CopyFrom(onnx_files.with_endless_loop().graph)


def _argument(model: ModelProto) -> None:
    model.graph.node[0].attribute.add(name="group", ref_attr_name="secret")


def _circle(model: ModelProto) -> None:
    model.graph.node[0].input[0] = "output"


def _made_twice(model: ModelProto) -> None:
    model.graph.node[1].output[0] = "conv1"


def _lost(model: ModelProto) -> None:
    model.graph.output[0].name = "nowhere"


def _training(model: ModelProto) -> None:
    model.training_info.add()


def _without_opset(model: ModelProto) -> None:
    del model.opset_import[:]


def _two_opsets(model: ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("ai.onnx", 9))


def _side(place: int, **said: object) -> Callable[[], ModelProto]:
    def spoil(model: ModelProto) -> None:
        side = model.graph.input[0].type.tensor_type.shape.dim[place]
        side.Clear()
        for name, value in said.items():
            setattr(side, name, value)

    return _changed(spoil)


def _no_shape(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.ClearField("shape")


def _nothing(model: ModelProto) -> None:
    del model.graph.node[:]


ALL_WEIGHTS = "expected a file that has all of its weights, found one that names "
AS_LARGE = "expected constants as large as they say, in bytes, found "
NUMBERS = "expected attributes of numbers and short words, found another at "
SHAPE = "expected an input of shape (1, 3, height, width) or (1, height, width, 3), found "

REFUSED: dict[str, tuple[Callable[[], ModelProto], str]] = {
    "a custom operator": (
        onnx_files.with_custom_operator,
        "expected operators on tensors alone, found StrangersOp of the domain com.stranger (node strange): "
        + LEAVE_OUT,
    ),
    "an operator of ONNX's in another domain": (
        _with("Relu", domain="com.microsoft"),
        "expected operators on tensors alone, found Relu of the domain com.microsoft (node added): leave",
    ),
    "external data": (
        lambda: onnx_files.naming_another_file("weights.bin"),
        f"{ALL_WEIGHTS}weights.bin (conv1.weight): export it in one file",
    ),
    "external data outside the folder": (
        lambda: onnx_files.naming_another_file("/etc/passwd"),
        f"{ALL_WEIGHTS}/etc/passwd (conv1.weight)",
    ),
    "a path with ..": (
        lambda: onnx_files.naming_another_file("../../../etc/passwd"),
        f"{ALL_WEIGHTS}../../../etc/passwd (conv1.weight)",
    ),
    "external data of a node": (lambda: _in_a_node("/dev/zero"), f"{ALL_WEIGHTS}/dev/zero (node weights)"),
    "a loop without end": (
        onnx_files.with_endless_loop,
        f"expected operators on tensors alone, found Loop (node forever): {LEAVE_OUT}",
    ),
    "a branch": (onnx_files.with_branch, "expected operators on tensors alone, found If (node either): leave it"),
    "a graph in a number": (_changed(_hidden_graph), f"{NUMBERS}pads_again (Conv conv1): export the network without"),
    "a function": (onnx_files.with_function, "expected ONNX's own operators alone, found the function Twice: export"),
    "a function that is called like an operator": (
        lambda: onnx_files.with_function("", "Relu"),
        "expected ONNX's own operators alone, found the function Relu: export it without",
    ),
    "an argument of a function": (_changed(_argument), f"{NUMBERS}group (Conv conv1): export the network without it"),
    "2 GB declared": (
        onnx_files.declaring_2_gb,
        f"{AS_LARGE}432, where 2147483648 are declared (conv1.weight): export",
    ),
    "a negative side": (
        _changed(lambda model: _first(model).dims.__setitem__(0, -4)),
        "expected constants of at most 16 known sides, found a side of -4 (conv1.weight): export it again",
    ),
    "17 sides": (_changed(_many_sides), "expected constants of at most 16 known sides, found 17 sides (conv1.weight)"),
    "numbers stored twice": (_changed(_stored_twice), f"{AS_LARGE}some of it twice (conv1.weight): export it again"),
    "a part of a constant": (
        _changed(lambda model: _first(model).segment.SetInParent()),
        "expected whole constants, found a part of one (conv1.weight): export it again",
    ),
    "texts": (_changed(_texts), "expected constants of numbers, found string (words): export it without"),
    "texts of a node": (_with("Constant", value_string="x"), f"{NUMBERS}value_string (Constant added): export"),
    "texts of a cast": (_with("Cast", to=TensorProto.STRING), "expected casts to numbers, found string (Cast added)"),
    "a sparse constant": (_changed(_sparse), "expected constants of numbers, found a sparse one: export it without"),
    "a path in an attribute": (
        _with("Pad", mode="../../etc/passwd"),
        "expected attributes that name no path, found mode = b'../../etc/passwd' (Pad added): export the network with",
    ),
    "a tensor in an attribute": (
        _with("Relu", value=helper.make_tensor("hidden", 1, [1], [0.0])),
        f"{NUMBERS}value (Relu added): export the network without it",
    ),
    "a circle": (
        _changed(_circle),
        "expected operators in the order in which they run, found one that reads output early (Conv conv1): export",
    ),
    "a tensor made twice": (_changed(_made_twice), "expected tensors that are made once, found conv1 again (Relu re"),
    "an output that nothing makes": (_changed(_lost), "expected outputs that are made, found nowhere, which nothing"),
    "training": (_changed(_training), "expected a network to be run, found one to be trained: export it for inference"),
    "a newer opset": (
        onnx_files.of_newer_opset,
        "expected one opset of ONNX's own, 7 to 28, found 99: export it with opset 17",
    ),
    "no opset": (_changed(_without_opset), "expected one opset of ONNX's own, 7 to 28, found none: export it with op"),
    "two opsets": (_changed(_two_opsets), "expected one opset of ONNX's own, 7 to 28, found 17, 9: export it with"),
    "a newer IR": (
        onnx_files.of_newer_ir,
        "expected an ONNX model of IR version 1 to 14, found 99: export it in an older one, such as 10",
    ),
    "two inputs": (onnx_files.with_two_inputs, "expected one input, found 2: export a network with one input"),
    "two outputs": (onnx_files.with_two_outputs, "expected one output, found 2: export a network with one output"),
    "whole numbers": (onnx_files.of_integers, "expected an input of float32, found uint8: export it again"),
    "float16": (
        lambda: onnx_files.network(dtype="float16"),
        "expected an input of float32, found float16: export it again",
    ),
    "rank 3": (onnx_files.of_rank_3, f"{SHAPE}(3, any, any): export it again"),
    "a grey image": (_side(1, dim_value=1), f"{SHAPE}(1, 1, any, any): export it again"),
    "channels that aren't said": (_side(1, dim_param="channels"), f"{SHAPE}(1, any, any, any): export it again"),
    "a shape that isn't said": (_changed(_no_shape), f"{SHAPE}(): export it again"),
    "nothing": (_changed(_nothing), "expected a whole ONNX model, found one without operators: export it again"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_reason(name: str) -> None:
    make, words = REFUSED[name]
    with pytest.raises(InputError) as caught:
        check(make())
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_fields_that_onnx_does_not_have_are_refused() -> None:
    """Another parser may know them; among them is what another format has in their place."""
    content = onnx_files.network().SerializeToString()
    for more in (b"\xfa\x01\x03abc", b"\x0a\x03abc", b"\x3a\x05\xfa\x01\x02ab"):  # 31; 1, but bytes; one in the graph
        with pytest.raises(InputError, match=r"expected fields that ONNX has, found 5 bytes of others|found 6 bytes"):
            file_checks.refuse(content + more)


def test_deep_nesting_is_refused() -> None:
    def field(number: int, content: bytes) -> bytes:
        sizes, rest = b"", len(content)
        while rest > 127:
            sizes, rest = sizes + bytes([rest & 127 | 128]), rest >> 7
        return bytes([number << 3 | 2]) + sizes + bytes([rest]) + content

    inner = b""
    for _ in range(5000):
        inner = field(1, field(5, field(6, inner)))  # GraphProto.node, NodeProto.attribute, AttributeProto.g
    with pytest.raises(InputError, match="found a truncated, too deeply nested or other file: export it again"):
        file_checks.refuse(onnx_files.network().SerializeToString() + field(7, inner))


def test_the_mark_of_onnx_runtimes_own_format_is_refused() -> None:
    """Given bytes, ONNX Runtime would read such a file as another format, and never as what was looked at."""
    content = b"\x12\x06xxORTM" + onnx_files.network().SerializeToString()
    with pytest.raises(InputError, match="found one with the mark of ONNX Runtime's own format"):
        file_checks.refuse(content)


def test_many_nodes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_checks, "MAX_NODES", 3)
    with pytest.raises(InputError, match="expected at most 3 of node in the graph, found 4: make the network smaller"):
        check(onnx_files.network())


def test_constants_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_checks, "MAX_CONSTANT_BYTES", 2**10 - 1)
    model = onnx_files.network()
    check(model)
    value = numpy_helper.from_array(np.zeros(2**10, np.uint8))
    model.graph.node.insert(0, helper.make_node("Constant", [], ["large"], value=value))
    with pytest.raises(InputError, match="expected constants of at most 0 MiB together, found 0 MiB: make them smalle"):
        check(model)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_in_their_line(name: str) -> None:
    text = name.encode("utf-8", "replace").decode()
    with pytest.raises(InputError) as caught:
        check(onnx_files.with_custom_operator(text, text or "x"))
    assert str(caught.value).isprintable()


def test_names_that_are_no_texts_are_refused() -> None:
    content = onnx_files.network().SerializeToString().replace(b"conv1.weight", b"conv1\xff\xfeeight")
    with pytest.raises(InputError, match=r"^expected names in UTF-8, found b'conv1\\xff\\xfeeight': export it again$"):
        file_checks.refuse(content)


def test_cut_files_are_refused() -> None:
    content = onnx_files.network(scale=2).SerializeToString()
    for size in range(0, len(content), 97):
        with pytest.raises(InputError, match=r"^expected a whole ONNX model, found .*: export it again$"):
            file_checks.refuse(content[:size])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_mutations_get_one_line_each(layout: str) -> None:
    """250 of each file; some are read, with other weights or names."""
    content = onnx_files.network(layout=layout, scale=2).SerializeToString()
    answers = Counter(_answer(changed) for changed in litert_files.mutations(content, 250))
    assert max(len(line) for line in answers) < 400
    assert all(line.isprintable() for line in answers)
    assert 10 < answers[""] < 230


def _answer(content: bytes) -> str:
    try:
        file_checks.refuse(content)
    except InputError as error:
        return str(error)
    return ""


def test_external_data_are_never_opened(tmp_path: Path) -> None:
    """The file is judged by its bytes alone; what lies beside it doesn't matter."""
    path = onnx_files.with_external_data(tmp_path / "model.onnx")
    with pytest.raises(InputError, match=r"found one that names weights\.bin \(conv1\.weight\): export it in one file"):
        file_checks.refuse(path.read_bytes())
