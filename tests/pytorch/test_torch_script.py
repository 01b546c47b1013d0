"""PyTorch networks in the forms that people have, through `aic run`; and how their weights are found."""

import json

import pytest

from .conftest import NETWORKS

pytestmark = pytest.mark.torch

WITHOUT_WEIGHTS = "no weights were given: it has those that its code gives it"
EXPORTED = "exported by torch 2.13.0+cpu (TorchScript)"


@pytest.fixture
def run(aic, python, tmp_path):
    """Run a network on one small photo; returns what result.json says of the model, and the whole."""

    def call(name, *said):
        out = tmp_path / "run"
        options = ("--model", f"{NETWORKS}:{name}", "--python", python, *said)
        status, _, stderr = aic("run", "--track", "classic_x4", "--no-profile", "--limit", 1, "--out", out, *options)
        assert status in (0, 1), stderr  # 1 where a network that wasn't trained gives more than white
        result = json.loads((out / "result.json").read_text())
        assert (out / "model.onnx").stat().st_size == result["model"]["bytes"]
        assert result["metrics"]["images"] == 1
        return result["model"], result

    return call


@pytest.mark.parametrize(
    ("name", "said", "adapters", "notes"),
    [
        ("sequential", (), [], []),
        ("Shuffled", (), [], []),
        ("BlocksFirst", (), [], []),
        ("WithArguments", ("--args", "scale=4 features=8 act=prelu widths=8,8 residual=true"), [], []),
        ("GivesList", (), [], ["it gives 3 tensors: the last image of them is taken"]),
        ("Of255", ("--range", 255), ["takes and gives 0 to 255"], []),
        ("Pads", (), [], []),
        (
            "OnLuma",
            ("--channels", "y"),
            ["takes and gives luma (BT.601, 16 to 235 of 255); the colours are the input's"],
            [],
        ),
    ],
)
def test_networks_go_through_a_run(run, name, said, adapters, notes):
    model, result = run(name, *said)
    assert (model["kind"], model["name"], model["style"]) == ("torch", name, "torch")
    assert model["parity"]["state"] == "compared"
    assert [*model["parity"]["by_size"]] == ["480x320", "191x127", "61x93", "320x180"]
    assert model["parity"]["max_abs"] < 1e-5
    assert sorted(model["adapters"]) == sorted(["takes and gives channels first", *adapters])
    assert model["notes"] == [WITHOUT_WEIGHTS, *notes, EXPORTED]
    assert result["profile"] is None


def test_a_network_that_stands_in_its_file_is_taken_as_it_is(aic, python, tmp_path):
    said = ("--model", f"{NETWORKS}:sequential_itself", "--python", python)
    status, stdout, stderr = aic("convert", "--track", "classic_x4", "--json", "--out", tmp_path / "run", *said)
    assert status == 0, stderr
    assert json.loads(stdout)["parity"]["max_abs"] < 1e-5


def test_a_network_that_goes_by_its_size_is_told(aic, python, tmp_path):
    """Torch warns of the line; a size that matters is seen where the track has it."""
    said = ("--track", "classic_x4", "--python", python, "--json")
    warns = "Converting a tensor to a Python boolean might cause the trace to be incorrect"
    seen, unseen = ("Branches", "images.shape[3] >= 320"), ("BranchesUnseen", "images.shape[3] >= 1000")
    lines = NETWORKS.read_text().splitlines()
    told = {}
    for name, words in (seen, unseen):
        status, stdout, stderr = aic("convert", *said, "--out", tmp_path / name, "--model", f"{NETWORKS}:{name}")
        assert status == 0, stderr
        line = next(number for number, line in enumerate(lines, 1) if words in line)
        told[name] = json.loads(stdout) | {"warning": f"torch says torch_networks.py:{line}: {warns}"}
    given = told["BranchesUnseen"]
    assert given["notes"] == [WITHOUT_WEIGHTS, EXPORTED, given["warning"]]
    given = told["Branches"]  # it works in place too
    assert given["notes"][:3] == [WITHOUT_WEIGHTS, EXPORTED, given["warning"]]
    assert given["notes"][3].startswith("it has one size, 320x180; with free sizes came a difference of 0.")
    assert (given["parity"]["max_abs"] < 1e-5, [*given["parity"]["by_size"]]) == (True, ["320x180"])


@pytest.mark.parametrize(
    ("file", "notes", "unused"),
    [
        ("module.pth", ["weights under state_dict", "weights without the prefix module."], []),
        ("ema.pth", ["weights under params_ema"], []),
        (
            "lightning.ckpt",
            [
                "weights under state_dict",
                "weights without the prefix model.",
                "1 weights of the file aren't the network's (loss.vgg.weight)",
            ],
            ["loss.vgg.weight"],
        ),
        ("plain.safetensors", [], []),
        ("more.pth", ["1 weights of the file aren't the network's (loss.weight)"], ["loss.weight"]),
    ],
)
def test_weights_are_found_in_their_wrappers(aic, python, weights, tmp_path, file, notes, unused):
    """Each file has the same weights, so that the same bytes come of it."""
    plain, _ = _converted(aic, python, weights / "plain.pth", tmp_path / "plain")
    model, given = _converted(aic, python, weights / file, tmp_path / "wrapped")
    assert given["notes"] == [*notes, EXPORTED]
    assert given["checkpoint_unused"] == unused
    assert model == plain


def test_weights_of_float16_are_computed_in_float32(aic, python, weights, tmp_path):
    plain, _ = _converted(aic, python, weights / "plain.pth", tmp_path / "plain")
    model, given = _converted(aic, python, weights / "half.pth", tmp_path / "half")
    assert given["notes"] == ["weights of float16, computed in float32", EXPORTED]
    assert (given["input_dtype"], given["parity"]["max_abs"] < 1e-5) == ("float32", True)
    assert len(model) == len(plain)
    assert model != plain


def _converted(aic, python, weights, out):
    said = ("--model", f"{NETWORKS}:Shuffled", "--checkpoint", weights, "--python", python)
    status, stdout, stderr = aic("convert", "--track", "classic_x4", "--json", "--out", out, *said)
    assert status == 0, stderr
    return (out / "model.onnx").read_bytes(), json.loads(stdout)


def test_a_pickle_with_code_is_refused_and_nothing_of_it_is_run(refused, python, weights):
    said = ("--model", f"{NETWORKS}:Shuffled", "--checkpoint", weights / "code.pth", "--python", python)
    assert refused(*said) == (
        f"expected weights alone in {weights / 'code.pth'}, found a pickle that calls io.open; nothing of it was run: "
        "save its weights alone, torch.save(network.state_dict(), ...), where you trust it"
    )
    assert not (weights / "it_was_run").exists()


def test_weights_that_arent_the_networks_are_told(refused, python, weights):
    said = ("--model", f"{NETWORKS}:Shuffled", "--checkpoint", weights / "wider.pth", "--python", python)
    assert refused(*said) == (
        f"expected the weights of Shuffled in {weights / 'wider.pth'}, found 3 of another shape (head.weight is (16, "
        "3, 3, 3), in the network (8, 3, 3, 3)): give the weights of this network, or other --args"
    )


@pytest.mark.parametrize(
    ("name", "args", "messages"),
    [
        ("Shufled", "", ["expected a class or function Shufled in {}, found body, sequential, ", "mean Shuffled?"]),
        ("Shuffled", "feature=3", ["expected --args of scale, features, found feature: did you mean features?"]),
        ("sequential", "scale=3", ["expected no --args, for sequential takes none, found scale: leave --args out"]),
        ("sequential_itself", "scale=3", ["found sequential_itself, a network already: leave --args out"]),
        ("WithArguments", "scale=4", ["expected --args 'features=...', which WithArguments needs, found none of them"]),
        ("Shuffled", "scale=four", ["to build, found TypeError: unsupported operand type(s) for ** or pow(): 'str'"]),
        ("not_a_network", "", ["found not_a_network(...) gives int: name the class, or a function that returns one"]),
        ("Fails", "", ["found RuntimeError: pixel_shuffle expects its input's 'channel' dimension to be divisible"]),
        (
            "OnLuma",
            "",
            ["expected a network of one image (1, 3, height, width), found one of 1 channel: say --channels"],
        ),
        (
            "CallsNumpy",
            "",
            [
                "found ModuleNotFoundError: No module named 'numpy' at torch_networks.py:",
                ": install it for {python}, or take the import out",
            ],
        ),
        ("ByChance", "", ["a network that gives the same for the same image, found another image the second time"]),
        ("NotFinite", "", ["expected an image of numbers from the network, found NaN or infinity in it: give"]),
        (
            "NoOperator",
            "",
            [
                "found the operator aten::special_bessel_j0 at torch_networks.py:",
                "write it by other operators, or install onnx and onnxscript in {python} for torch's other",
            ],
        ),
        (
            "Freezes",
            "",
            [
                "expected an .onnx that gives what its network gives, found a difference of",
                "torch says torch_networks.py:",
            ],
        ),
    ],
)
def test_what_cant_be_exported_is_one_line(refused, python, name, args, messages):
    said = ["--model", f"{NETWORKS}:{name}", "--python", python, *(["--args", args] if args else [])]
    line = refused(*said)
    assert [message for message in messages if message.format(NETWORKS, python=python) not in line] == [], line


def test_weights_alone_need_spandrel(refused, python, weights):
    assert refused("--model", weights / "plain.pth", "--python", python) == (
        f"expected the network of {weights / 'plain.pth'}, which a file of weights doesn't say, found no spandrel in "
        f"{python}; spandrel would recognise many: give file.py:Network with --checkpoint plain.pth, or install "
        "spandrel there"
    )


SPANDREL = """
import torch_networks

class Found:
    architecture = type("Shuffled", (), {"name": "Shuffled"})

    def __init__(self, weights):
        self.model = torch_networks.Shuffled()
        self.model.load_state_dict(weights["params_ema"])

class ModelLoader:
    def __init__(self, device):
        assert device == "cpu"

    def load_from_state_dict(self, weights):
        if "params_ema" not in weights:
            raise ValueError("Unsupported architecture")
        return Found(weights)
"""
"""What stands for spandrel, which needs torchvision."""


def test_weights_alone_are_a_network_where_spandrel_knows_it(aic, refused, python, weights, tmp_path, monkeypatch):
    (tmp_path / "spandrel.py").write_text(SPANDREL)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{NETWORKS.parent}")
    said = ("--python", python, "--model")
    status, stdout, stderr = aic(
        "convert", "--track", "classic_x4", "--json", "--out", tmp_path / "out", *said, weights / "ema.pth"
    )
    assert status == 0, stderr
    assert json.loads(stdout)["notes"] == ["spandrel recognises Shuffled", EXPORTED]
    plain, _ = _converted(aic, python, weights / "plain.pth", tmp_path / "plain")
    assert (tmp_path / "out" / "model.onnx").read_bytes() == plain
    assert "found ValueError: Unsupported architecture: give file.py:Network" in refused(*said, weights / "half.pth")
