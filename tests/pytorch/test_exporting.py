"""A PyTorch network -> `.onnx`: the same on the HD photos, of any size or of one, and within its time."""

import numpy as np
import onnxruntime
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import as_float, read_rgb
from aic_helpers.processes import workers
from aic_helpers.pytorch.exporting import Network, to_onnx

from .conftest import NETWORKS

pytestmark = pytest.mark.torch

PHOTOS = sorted((PROJECT / "data" / "sample" / "hd").glob("*.jpg"))


@pytest.fixture(scope="module")
def photos():
    """The HD photos, (1, 3, height, width)."""
    return [np.ascontiguousarray(as_float(read_rgb(photo)[None]).transpose(0, 3, 1, 2)) for photo in PHOTOS]


@pytest.mark.parametrize("order", ["Shuffled", "BlocksFirst"])
def test_both_orders_of_pixel_shuffle_give_what_torch_gives_on_hd_photos(python, photos, tmp_path, order):
    made = _exported(python, order, tmp_path / "free.onnx", photos, photos[0])
    assert len(photos) == 4
    assert max(made["by_size"].values()) <= 1e-4
    one_size = order.replace("Shuffled", "FixedSize").replace("Blocks", "FixedBlocks")
    crops = [photos[0][..., :height, :61] for height in (93, 64)]
    fixed = _exported(python, one_size, tmp_path / "fixed.onnx", crops, photos[0])
    size = f"{photos[0].shape[3]}x{photos[0].shape[2]}"
    assert fixed["notes"][-1].startswith(f"it has one size, {size}; with free sizes came an error")
    assert [*fixed["by_size"]] == [size]
    assert fixed["by_size"][size] <= 1e-4
    both = [onnxruntime.InferenceSession(tmp_path / f"{name}.onnx") for name in ("free", "fixed")]
    assert both[1].get_inputs()[0].shape == [1, 3, *photos[0].shape[2:]]
    for photo in photos[1:]:  # the weights are the same: what a size that is known does to the file is small too
        outputs = [one.run(None, {"input": photo})[0] for one in both]
        assert outputs[0].shape == (1, 3, 2 * photo.shape[2], 2 * photo.shape[3])
        assert np.abs(outputs[0] - outputs[1]).max() <= 1e-4


def test_an_export_that_takes_longer_than_its_limit_is_ended(python, photos, tmp_path):
    with pytest.raises(InputError) as refusal:
        _exported(python, "Slow", tmp_path / "slow.onnx", [photos[0][..., :16, :16]], photos[0], timeout_s=8.0)
    assert str(refusal.value) == (
        f"expected {NETWORKS}:Slow to export to ONNX within 8 s, found no end of it: make its forward faster; its "
        "export has so long and no longer"
    )


def test_a_network_that_ends_its_process_is_told_with_its_last_words(python, photos, tmp_path):
    line = _refused(python, "Ends", tmp_path, photos)
    assert line == (
        f"expected {NETWORKS}:Ends to export to ONNX, found it died of SIGABRT; it last printed: its last words: mend "
        "the network; `aic convert` tries it again"
    )


def test_what_a_network_prints_has_a_limit(python, photos, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "MAX_LOG_BYTES", 2**20)
    assert "found it printed more than 1 MiB; it was ended: " in _refused(python, "Prints", tmp_path, photos)
    assert [*tmp_path.rglob("*log*")] == []


def _refused(python, name, folder, photos):
    with pytest.raises(InputError) as refusal:
        _exported(python, name, folder / "made.onnx", [photos[0][..., :16, :16]], photos[0])
    return str(refusal.value)


def _exported(python, name, out, images, fixed, timeout_s=120.0):
    network = Network(NETWORKS, name, None, {"scale": 2})
    return to_onnx(network, out, images, fixed, python=python, white=1.0, timeout_s=timeout_s)
