"""`aic export`: what it prints, its exit status, and what it refuses."""

import hashlib
import json
import sys

import pytest
from fixtures import onnx_files, planted_networks, small_networks

from aic_helpers.quantization.exporting import read_export

pytestmark = pytest.mark.tensorflow

SR = ("--track", "super_resolution")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working folder, with a network `net.pb` and photos to calibrate on."""
    monkeypatch.chdir(tmp_path)
    small_networks.frozen(tmp_path / "net.pb", small_networks.padded)
    (tmp_path / "photos").mkdir()
    small_networks.photos(tmp_path / "photos")
    return tmp_path


def test_a_network_with_what_can_be_made_of_it(aic, folder):
    options = ("--size", "80x64", "--calibrate-on", "photos", "--crops", 2)
    status, stdout, stderr = aic("export", *SR, "--model", "net.pb", "--out", "run", *options)
    title, *made, missing, calibrated, place = stdout.splitlines()
    assert (status, stderr) == (0, "")
    assert title.split("  ")[0] == "precision"
    assert [row.split()[0] for row in made] == ["float32", "float16", "dynamic_int8", "int8"]
    assert missing == (
        "int16x8 isn't made: TensorFlow doesn't quantise SPACE_TO_DEPTH (layer down), DEPTH_TO_SPACE (layer up) "
        "to 16 bits"
    )
    assert calibrated.startswith("int8 calibrated on 2 crops of 80x64 of 2 training photos")
    assert place == "folder: run/litert"
    assert len(read_export(folder / "run" / "litert").exported) == 5
    assert (folder / "run" / "model.pb").read_bytes() == (folder / "net.pb").read_bytes()

    asked = ("--precision", "int16x8", "--precision", "int8", "--keep-float", "last")
    status, stdout, stderr = aic("export", *SR, "--model", "net.pb", "--out", "run", *options, *asked)
    assert (status, stderr) == (1, "")  # what was asked for by its name isn't made
    assert "int8 keeps last in floats" in stdout.splitlines()
    stdout = aic("export", *SR, "--model", "net.pb", "--out", "run", *options, *asked[2:], "--json")[1]
    parts = json.loads(stdout)["precisions"]
    assert list(parts) == ["float32", "float16", "dynamic_int8", "int8", "int16x8"]
    assert parts["int8"]["keep_float"] == ["last"]
    assert parts["int16x8"]["state"] == "not made"


def test_a_precision_that_cant_be_made_is_named_with_the_network_as_it_was_typed(folder, refused):
    line = refused("convert", *SR, "--model", "net.pb", "--out", "run", "--precision", "int16x8")
    assert line.startswith("expected net.pb in int16x8, found TensorFlow doesn't quantise SPACE_TO_DEPTH")
    line = refused("convert", *SR, "--model", "net.pb", "--out", "run", "--precision", "")
    assert line.endswith("found nothing: take one of them")


def test_a_layer_at_fault_is_named_and_cured(aic, folder):
    small_networks.frozen(folder / "net.pb", planted_networks.of_rounded_sums)
    planted_networks.photos(folder / "waves")
    planted_networks.photos(folder / "judging" / "HR", size=(208, 208))
    options = ("--size", "96x80", "--calibrate-on", "waves", "--crops", 2, "--precision", "int8", "--data", "judging")
    status, stdout, stderr = aic("export", *SR, "--model", "net.pb", "--out", "run", *options, "--diagnose", "--cure")
    assert (status, stderr) == (0, "")
    assert "(CONV_2D) is at fault" in stdout
    assert "its weights do it" in stdout
    assert "\nint8 has weights that are rounded by photos\n" in stdout
    assert "\nWeights rounded by photos" in stdout
    assert stdout.splitlines()[-1].startswith("On validation photos: -0.")
    out = folder / "run" / "litert"
    layers = json.loads((out / "layers.json").read_text("utf-8"))
    assert layers["sentence"] in stdout
    assert layers["model_sha256"] == json.loads((out / "export.json").read_text("utf-8"))["model_sha256"]
    assert (out / "layers.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "export.json").read_text("utf-8"))["precisions"]["int8"]["rounded_weights"] is True


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("--precision", "int9"),
            "expected a precision (float32, float16, dynamic_int8, int8, int16x8), found int9: did you mean int8?",
        ),
        (
            ("--cure", "--keep-float", "last"),
            "expected --cure or --keep-float, found both: leave one out: the cure chooses what stays in floats",
        ),
        (("--size", "80"), "expected a size as WIDTHxHEIGHT, found 80: say for example 1280x720"),
        (("--calibrate-on", "run"), "expected a folder of images at run, found nothing: check the path"),
        (("--crops", "0"), "expected from 1 to 2000 crops to calibrate on, found 0: change their number"),
        (
            (
                "--size",
                "96x64",
                "--calibrate-on",
                "photos",
                "--crops",
                "1",
                "--precision",
                "int8",
                "--keep-float",
                "las",
            ),
            "expected a layer of the network to keep in floats, found las: did you mean last?",
        ),
    ],
)
def test_what_is_refused(refused, folder, options, line):
    assert refused("export", *SR, "--model", "net.pb", "--out", "out", *options) == line
    assert not (folder / "out" / "litert").exists()


def test_photos_that_are_too_small(refused, folder):
    small_networks.photos(folder / "photos", 1, (60, 60))
    line = refused("export", *SR, "--model", "net.pb", "--calibrate-on", "photos", "--precision", "int8")
    assert line == (
        "expected photos of at least 64x64 px to calibrate on, found 60x60 in photos/photo0.png: "
        "take it out, or use larger photos"
    )


def test_a_litert_file_is_no_float_network(aic, refused, folder):
    assert aic("export", *SR, "--model", "net.pb", "--out", "run", "--size", "80x64", "--precision", "int8")[0] == 0
    line = refused("export", *SR, "--model", "run/litert/net_int8_free.tflite")
    assert line == (
        "expected a float network to export, found run/litert/net_int8_free.tflite, a LiteRT file already: "
        "give the network that it was made from"
    )


def test_without_the_extra(refused, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    line = refused("export", *SR, "--model", "net.pb", "--precision", "float32")
    packages = "aic-workbench[mobile]"
    assert line == f'expected the packages of {packages}, found no ai_edge_litert: pip install "{packages}"'


def test_a_network_as_an_onnx_file_that_gives_the_same(aic, folder):
    status, stdout, stderr = aic("export", *SR, "--model", "net.pb", "--out", "run", "--onnx")
    report = json.loads((folder / "run" / "onnx" / "export.json").read_text("utf-8"))
    assert (status, stderr) == (0, "")
    first, ends, apart, digest, place = stdout.splitlines()
    assert first.startswith("net.onnx: ")
    assert first.endswith(f"opset 17, by tf2onnx {report['versions']['tf2onnx']}")
    assert ends == "takes and gives RGB in [0, 1], (any, any, any, 3)"
    assert apart.endswith("of each other on a photo of 480x320, 191x127, 61x93 (limit 0.0001)")
    assert digest == f"SHA-256 {hashlib.sha256((folder / 'run' / 'onnx' / 'net.onnx').read_bytes()).hexdigest()}"
    assert place == "folder: run/onnx"
    assert report["parity"]["max_abs"] < 1e-5
    stdout = aic("export", *SR, "--model", "net.pb", "--out", "run", "--onnx", "--json")[1]
    again = json.loads(stdout)
    assert {**again, "created_utc": report["created_utc"]} == report


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--model", "net.pb", "--onnx", "--precision", "int8"),
            "expected --onnx without what LiteRT is told, found --precision: leave it out, or --onnx",
        ),
        (
            ("--model", "net.onnx", "--onnx"),
            "expected a network of TensorFlow to export to ONNX, found net.onnx, which ONNX Runtime runs: "
            "take the file as it is",
        ),
    ],
)
def test_what_is_not_exported_to_onnx_is_told_in_a_line(aic, folder, options, message):
    onnx_files.written(folder / "net.onnx", onnx_files.network())
    assert aic("export", *SR, *options, "--out", "run") == (2, "", f"aic: {message}\n")
    assert not (folder / "run").exists()
