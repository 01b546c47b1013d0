"""What a person types -> a model source, or one line that says what is wrong."""

import re

import pytest
from fixtures import onnx_files

from aic_helpers.core.errors import InputError
from aic_helpers.models.sources import PRETRAINED, baseline_pb, fingerprint, pretrained, resolve, run_name
from aic_helpers.runs import run_settings
from aic_helpers.tracks.catalogue import TRACKS


def test_a_pretrained_name():
    source = resolve("sample_sr_srcnn")
    assert (source.kind, source.function, source.track) == ("function", "srcnn", "super_resolution")
    assert source.checkpoint == PRETRAINED / "sample_sr_srcnn.weights.h5"


def test_where_the_networks_stood_before_leads_to_where_they_are():
    with pytest.raises(
        InputError, match=r"at aic_helpers/networks\.py, found nothing: it is aic_helpers/models/networks"
    ):
        resolve("aic_helpers/networks.py:srcnn")


def test_every_sample_name_and_baseline_is_in_the_repository():
    for name, entry in pretrained().items():
        assert entry["track"] in TRACKS
        if not entry.get("challenge"):
            assert resolve(name).checkpoint.is_file()
    assert all(baseline_pb(track).is_file() for track in TRACKS.values())


def test_challenge_names_resolve_in_the_challenge_data(challenge):
    assert resolve("div2k_vgg19_vdsr").checkpoint == challenge / "models_pretrained" / "div2k_vgg19_vdsr.ckpt"


def test_challenge_names_without_the_data_say_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"expected the challenge's data .* found no folder .*: call aic data fetch"):
        resolve("dped_srcnn")


def test_challenge_names_in_a_part_of_the_data_say_how_to_get_the_rest(monkeypatch, tmp_path):
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(tmp_path))
    fetch = f": call aic data fetch challenge --to {tmp_path}, which brings what is missing"
    checkpoint = tmp_path / "models_pretrained" / "dped_srcnn"
    with pytest.raises(InputError) as caught:
        resolve("dped_srcnn")
    assert str(caught.value) == f"expected a checkpoint at {checkpoint}, found nothing{fetch}"
    checkpoint.parent.mkdir()
    checkpoint.with_suffix(".index").write_text("")
    with pytest.raises(InputError, match=f"expected dped_srcnn.data-00000-of-00001 beside .*{fetch}"):
        resolve("dped_srcnn")


def test_the_kinds_of_path(tmp_path):
    (tmp_path / "net.py").write_text("")
    (tmp_path / "net.ckpt").write_text("")
    (tmp_path / "net.pb").write_text("")
    (tmp_path / "net.keras").write_text("")
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_text("")
    function = resolve(f"{tmp_path}/net.py:my_network", tmp_path / "net.ckpt")
    assert (function.kind, function.function, function.name) == ("function", "my_network", "my_network")
    assert function.checkpoint == tmp_path / "net.ckpt"
    kinds = [resolve(str(tmp_path / name)).kind for name in ("net.pb", "net.keras", "saved")]
    assert kinds == ["frozen", "keras", "saved_model"]


def test_a_checkpoint_by_its_index_is_its_prefix(tmp_path):
    for name in ("net.py", "w.index", "w.data-00000-of-00001"):
        (tmp_path / name).touch()
    assert resolve(f"{tmp_path}/net.py:f", tmp_path / "w.index").checkpoint == tmp_path / "w"


@pytest.mark.parametrize(
    ("model", "checkpoint", "message"),
    [
        ("sample_sr_srcn", None, r"found sample_sr_srcn: did you mean sample_sr_srcnn\?"),
        (
            "nothing like it",
            None,
            "nothing at nothing like it: check the path, or take a name of models_pretrained/mod",
        ),
        ("some/where", None, "found nothing at some/where: check the path"),
        ("net.py", None, "expected file.py:function, found net.py: name the model function, as in net.py:my_network"),
        ("nowhere.py:f", None, "expected a Python file at nowhere.py, found nothing"),
        ("nowhere.pb", None, "expected a model at nowhere.pb, found nothing"),
        (".", None, "expected half.data-00000-of-00001 beside half.index, found nothing: copy both files"),
        ("empty", None, "expected a SavedModel at empty/saved_model.pb, found nothing"),
        ("net.pb", "w", "expected a checkpoint only beside file.py:function"),
        ("net.py:f", "nowhere", "expected a checkpoint at nowhere, found nothing"),
        ("net.py:f", "half", "expected half.data-00000-of-00001 beside half.index, found nothing"),
    ],
)
def test_errors(tmp_path, monkeypatch, model, checkpoint, message):
    monkeypatch.chdir(tmp_path)
    for name in ("net.py", "half.index"):
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=message):
        resolve(model, checkpoint)


def test_a_model_called_as_one_of_another_format_is_named_by_its_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = {
        ".pb": (PRETRAINED / "sample_sr_srcnn.pb").read_bytes(),
        ".tflite": b"\x1c\0\0\0TFL3",
        ".onnx": onnx_files.network().SerializeToString(),
    }
    words = {".pb": "a frozen graph", ".tflite": "a LiteRT file", ".onnx": "an ONNX file"}
    for called, expected in words.items():
        for suffix, content in written.items():
            (tmp_path / f"net{called}").write_bytes(content)
            if suffix == called:
                assert resolve(f"net{called}").path.suffix == suffix
                continue
            found = f"{words[suffix]}: call it by a name that ends with {suffix}"
            line = f"expected {expected} in net{called}, found {found}"
            with pytest.raises(InputError, match=f"^{re.escape(line)}$"):
                resolve(f"net{called}")


def test_the_fingerprint_covers_the_checkpoint(tmp_path):
    (tmp_path / "net.py").write_text("def net(images): ...")
    for name in ("weights.index", "weights.data-00000-of-00001"):
        (tmp_path / name).write_bytes(b"a")
    source = run_settings.settle("super_resolution", f"{tmp_path}/net.py:net", f"{tmp_path}/weights").source
    before = fingerprint(source)
    assert fingerprint(source) == before
    (tmp_path / "weights.data-00000-of-00001").write_bytes(b"b")
    assert fingerprint(source) != before


def test_the_fingerprint_covers_the_code_of_a_network_s_own_layers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.keras").write_text("")
    (tmp_path / "layers.py").write_text("class Mine: ...")
    source = resolve("net.keras", adapt={"code": "layers.py"})
    before = fingerprint(source)
    assert before != fingerprint(resolve("net.keras"))
    (tmp_path / "layers.py").write_text("class Mine: pass")
    assert fingerprint(source) != before


@pytest.mark.parametrize(
    ("model", "code", "message"),
    [
        ("net.keras", "nowhere.py", "expected a Python file at nowhere.py, found nothing"),
        (
            "net.pb",
            "layers.py",
            "expected code only beside a .keras or .h5 file, found it beside net.pb: leave --code out",
        ),
        ("net.keras", 3, "expected code as the path of a Python file, found 3: give a text"),
    ],
)
def test_code_that_can_t_be(tmp_path, monkeypatch, model, code, message):
    monkeypatch.chdir(tmp_path)
    for name in ("net.keras", "net.pb", "layers.py"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=message):
        resolve(model, adapt={"code": code})


def test_the_fingerprint_covers_what_a_model_file_imports_from_its_folder(tmp_path):
    (tmp_path / "net.py").write_text("import blocks\n\ndef net(images): ...")
    (tmp_path / "blocks.py").write_text("from parts import part")
    (tmp_path / "parts.py").write_text("import net\npart = 1")
    (tmp_path / "other.py").write_text("part = 1")
    source = run_settings.settle("super_resolution", f"{tmp_path}/net.py:net").source
    before = fingerprint(source)
    (tmp_path / "other.py").write_text("part = 2")
    assert fingerprint(source) == before
    (tmp_path / "parts.py").write_text("part = 2")
    assert fingerprint(source) != before


def test_what_the_run_folder_of_a_source_is_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("net.py", "my.keras", "my.pb", "w.weights.h5", "w.h5", "ckpt-7.index", "ckpt-7.data-00000-of-00001"):
        (tmp_path / name).touch()
    names = {
        ("net.py:network", None): "net-network",
        ("net.py:network", "w.weights.h5"): "net-network-w",
        ("net.py:network", "w.h5"): "net-network-w",
        ("net.py:network", "ckpt-7"): "net-network-ckpt-7",
        ("net.py:other", None): "net-other",
        ("my.keras", None): "my",
        ("my.pb", None): "my",
        ("fast_sr", None): "fast_sr",
    }
    assert {typed: run_name(resolve(*typed)) for typed in names} == names


@pytest.mark.parametrize("line", ["from nets.blocks import block", "import nets.blocks", "from nets import blocks"])
def test_the_fingerprint_covers_packages_in_the_folder(tmp_path, line):
    """A model that failed has nothing else to tell it by: what its code reads is only known of one that was built."""
    (tmp_path / "net.py").write_text(f"import keras\n{line}\nfrom . import nothing\n\ndef net(images): ...")
    (tmp_path / "nets" / "inner").mkdir(parents=True)
    for name in ("blocks", "inner/tones"):
        (tmp_path / "nets" / f"{name}.py").write_text("shade = 1")
    source = run_settings.settle("super_resolution", f"{tmp_path}/net.py:net").source
    before = fingerprint(source)
    (tmp_path / "nets" / "inner" / "tones.py").write_text("shade = 2")
    assert fingerprint(source) != before


TORCH, TENSORFLOW, NEITHER = "import torch.nn as nn\n", "import keras\n", "import blocks\n"


@pytest.mark.parametrize(
    ("code", "weights", "kind"),
    [
        (TORCH, "", "torch"),
        (TORCH, "w.pth", "torch"),
        (NEITHER, "w.pth", "torch"),
        (NEITHER, "w.safetensors", "torch"),
        (NEITHER, "", "function"),
        (TENSORFLOW, "w.pth", "function"),
        (NEITHER, "w.h5", "function"),
    ],
)
def test_a_network_is_pytorchs_by_its_code_or_else_by_its_weights(tmp_path, code, weights, kind):
    (tmp_path / "net.py").write_text(code)
    (tmp_path / "w.pth").write_bytes(b"PK\x03\x04")
    (tmp_path / "w.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    (tmp_path / "w.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    source = resolve(f"{tmp_path}/net.py:Net", f"{tmp_path}/{weights}" if weights else None)
    assert source.kind == kind
    assert (source.format.suffix == ".onnx") == (kind == "torch")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.pth", b"version https://git-lfs.github.com/spec/v1\n", "found a pointer of Git LFS in place of the file"),
        ("w.pth", b"<!DOCTYPE html>", "found a web page: download the file itself"),
        ("w.pth", b"", "found an empty file: give this network's own weights"),
        ("w.onnx", b"\x08\x08", "found an ONNX file: give it as --model, without a checkpoint"),
        ("w.h5", b"\x89HDF\r\n\x1a\n", "found weights of Keras: give this network's own weights"),
    ],
)
def test_weights_of_another_kind_beside_a_pytorch_network(tmp_path, name, content, message):
    (tmp_path / "net.py").write_text(TORCH)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as refusal:
        resolve(f"{tmp_path}/net.py:Net", tmp_path / name)
    assert f"expected PyTorch's weights in {tmp_path / name}, {message}" in str(refusal.value)


def test_weights_of_pytorch_alone_are_a_source(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"PK\x03\x04")
    source = resolve(str(tmp_path / "w.pth"))
    assert (source.kind, source.name, source.function, source.checkpoint) == ("torch", "w", None, None)
    with pytest.raises(InputError, match=r"expected --args beside file.py:Network, found it beside .*: leave"):
        resolve(str(tmp_path / "w.pth"), None, {"args": "scale=4"})


def test_what_is_said_of_pytorch_networks_alone(tmp_path):
    (tmp_path / "net.py").write_text(TORCH)
    with pytest.raises(
        InputError, match="expected --args beside a PyTorch network, found it beside fast_sr: leave --args"
    ):
        resolve("fast_sr", None, {"args": "scale=4"})
    with pytest.raises(InputError, match="expected --python beside a PyTorch network, found it beside fast_sr: leave"):
        resolve("fast_sr", None, {"python": "python3"})
    with pytest.raises(InputError, match=r"expected --set beside a graph with placeholders, found it beside .*--args"):
        resolve(f"{tmp_path}/net.py:Net", None, {"set": {"scale": 4}})


def test_a_file_of_code_without_a_name_beside_weights(tmp_path):
    (tmp_path / "w.pth").write_bytes(b"PK\x03\x04")
    with pytest.raises(
        InputError, match=r"expected file.py:function, found net.py: name the model function, as in net.py:"
    ):
        resolve("net.py", tmp_path / "w.pth")


def test_the_fingerprint_of_a_pytorch_network_covers_its_arguments_and_not_its_interpreter(tmp_path):
    (tmp_path / "net.py").write_text(TORCH + NEITHER)
    (tmp_path / "blocks.py").write_text("a = 1\n")

    def found(**said):
        return fingerprint(resolve(f"{tmp_path}/net.py:Net", None, said))

    plain = found()
    assert found(python="/usr/bin/python3") == plain
    assert found(args="scale=4") != plain
    (tmp_path / "blocks.py").write_text("a = 2\n")
    assert found() != plain
