"""Files of weights: all are loaded in one process by an interpreter with torch; what is said of each."""

import json
import subprocess

import pytest

from aic_helpers.core.project_paths import PACKAGE

from .conftest import FIXTURES

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def loaded(python, weights):
    """What came of each file, by its name."""
    command = [python, FIXTURES / "torch_weights.py", weights, PACKAGE / "pytorch"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("file", "notes", "unused"),
    [
        ("decay.pth", ["weights under params_ema"], []),
        (
            "two.pth",
            [
                "weights under state_dict",
                "weights without the prefix ema.; model. would fit as well",
                "4 weights of the file aren't the network's (model.head.weight, model.head.bias, model.tail.weight, "
                "...)",
            ],
            ["model.head.weight", "model.head.bias", "model.tail.weight", "model.tail.bias"],
        ),
        ("of_none.safetensors", ["1 weights of the file aren't the network's (loss.weight)"], ["loss.weight"]),
    ],
)
def test_what_stands_beside_the_weights_is_left_out_and_told(loaded, file, notes, unused):
    assert loaded[file] == {"notes": notes, "unused": unused, "is_plain": True}


@pytest.mark.parametrize(
    ("file", "line"),
    [
        (
            "left.pth",
            "expected the weights of Shuffled in FILE, found 1 unexpected (head.more.weight): give the weights of this "
            "network, or other --args",
        ),
        (
            "old.pth",
            "expected weights alone in FILE, found a tar archive, of which torch before 2.6 runs code; "
            "nothing of it was read: save its weights anew, torch.save(network.state_dict(), ...), where you "
            "trust it",
        ),
        (
            "empty.safetensors",
            "expected a whole file of weights at FILE, found one that is cut or damaged: copy it again",
        ),
        (
            "f8.safetensors",
            "expected weights of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL in FILE, found F8_E4M3: save them as "
            "float16 or float32",
        ),
    ],
)
def test_what_isnt_the_networks_weights_is_refused(loaded, file, line):
    assert loaded[file]["refusal"] == line


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("whole.pth", "found a pickle that calls torch_networks.Shuffled; nothing of it was run: save its weights"),
        (
            "another.pth",
            "expected the weights of Shuffled in FILE, found 4 of 4 keys missing (head.weight, head.bias, tail.weight, "
            "...), 4 unexpected (0.weight, 0.bias, 2.weight, ...): the nearest to head.weight is 0.weight; give the "
            "weights of this network, or other --args",
        ),
        ("longer.pth", "found 1 unexpected (head.more.weight): give the weights of this network, or other --args"),
        ("cut_plain.pth", "expected a whole file of weights at FILE, found one that is cut or damaged ("),
        (
            "cut_plain.safetensors",
            "expected a whole file of weights at FILE, found one that is cut or damaged: copy it",
        ),
    ],
)
def test_other_files_are_refused_and_told(loaded, file, message):
    assert message in loaded[file]["refusal"]


def test_a_file_of_zeros_is_damaged_and_no_archive(loaded):
    assert loaded["zeros.pth"]["refusal"].startswith(
        "expected a whole file of weights at FILE, found one that is cut or"
    )
