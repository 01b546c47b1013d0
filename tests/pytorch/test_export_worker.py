"""Which exporter's file is kept, without torch: what the script would reply is given."""

from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.source_hashes import behind
from aic_helpers.pytorch import export_worker
from aic_helpers.pytorch.export_worker import DYNAMO, TORCHSCRIPT, Attempt

LINE = "net.py:7: Converting a tensor to a Python boolean might cause the trace to be incorrect"

WHY = ("an .onnx that gives what its network gives", "a difference of 0.3", "mend it")


@pytest.fixture
def export(tmp_path, monkeypatch):
    """Export where each way gives a difference, or fails; returns the report, the ways tried, and the file."""

    def call(differences, warnings=None, has_dynamo=True):
        tried = []

        def attempt(request, folder, images, exporter, free):
            tried.append((exporter, free))
            sizes = {"x".join(str(side) for side in image.shape[:1:-1]) for image in images}
            reply = {"has_dynamo": has_dynamo, "is_exported": True, "torch": "2.13.0", "notes": []}
            reply |= {"unused": [], "read_files": {}, "warnings": (warnings or {}).get(exporter, [])}
            file, difference = folder / f"{len(tried)}.onnx", differences[exporter, free]
            file.write_text(f"{exporter} {free}")
            by_size = dict.fromkeys(sorted(sizes), difference) if difference is not None else {}
            return Attempt(exporter, free, file, reply, by_size, None if by_size else WHY)

        monkeypatch.setattr(export_worker, "_attempt", attempt)
        shapes = [[1, 3, 4, 6], [1, 3, 5, 7], [1, 3, 8, 9]]
        array = np.zeros(sum(int(np.prod(shape)) for shape in shapes), np.float32)
        request = {"array": array, "shapes": shapes, "white": 1.0, "out": str(tmp_path / "made.onnx")}
        return export_worker.export(request), tried, (tmp_path / "made.onnx").read_text()

    return call


FREE, FREE_DYNAMO, ONE_SIZE = export_worker.WAYS


def test_one_that_is_sure_is_taken_at_once_and_was_compared_at_the_tracks_size(export):
    report, tried, file = export({FREE: 1e-4})
    assert (tried, file) == ([FREE], "TorchScript True")
    assert report["notes"] == ["exported by torch 2.13.0 (TorchScript)"]
    assert [*report["by_size"]] == ["6x4", "7x5", "9x8"]


def test_above_what_the_rules_allow_another_is_tried_and_the_best_taken(export):
    assert export({FREE: 5e-4, FREE_DYNAMO: 1e-6})[1:] == ([FREE, FREE_DYNAMO], "dynamo True")
    assert export({FREE: 5e-4, FREE_DYNAMO: 6e-4})[1:] == ([FREE, FREE_DYNAMO], "TorchScript True")
    assert export({FREE: 5e-4, FREE_DYNAMO: None})[1:] == ([FREE, FREE_DYNAMO], "TorchScript True")
    assert export({FREE: 5e-4}, has_dynamo=False)[1:] == ([FREE], "TorchScript True")


def test_where_torch_warns_another_is_tried_and_the_warning_stays(export):
    warns = {TORCHSCRIPT: [LINE]}
    report, tried, file = export({FREE: 0.0, FREE_DYNAMO: 1e-5}, warns)
    assert (tried, file) == ([FREE, FREE_DYNAMO], "dynamo True")
    assert report["notes"] == ["exported by torch 2.13.0 (dynamo)", f"torch says {LINE}"]
    report, _, file = export({FREE: 0.0}, {TORCHSCRIPT: [f"net.py:{line}: so" for line in range(5)]}, has_dynamo=False)
    assert file == "TorchScript True"
    assert report["notes"][1:] == [
        *(f"torch says net.py:{line}: so" for line in range(3)),
        "torch says the like of 2 more lines",
    ]


def test_one_size_is_the_last_way(export):
    report, tried, file = export({FREE: None, FREE_DYNAMO: None, ONE_SIZE: 0.0})
    assert (tried, file) == ([FREE, FREE_DYNAMO, ONE_SIZE], "TorchScript False")
    assert report["notes"][-1] == "it has one size, 9x8; with free sizes came a difference of 0.3"
    with pytest.raises(InputError, match=r"found a difference of 0\.3: mend it"):
        export(dict.fromkeys(export_worker.WAYS))


def test_a_changed_script_makes_other_figures():
    """All its files are among what a converted model was made by."""
    files = Path(export_worker.__file__).parent.glob("torch_script*.py")
    modules = {f"aic_helpers.pytorch.{file.stem}" for file in files}
    assert {*export_worker.SCRIPTS} == modules
    assert modules | {"aic_helpers.pytorch.interpreter_worker"} <= behind("models.conversion")
    assert export_worker.WAYS[1][0] == DYNAMO
