"""`.tflite` files run by LiteRT: what they take and give, quantised or not, here and in a worker process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import litert_files

from aic_helpers.core.errors import InputError
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.runtimes.loading import load
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker

IMAGES = np.random.default_rng(4).random((2, 16, 24, 3), np.float32)
STEP = (1.2 - -0.2) / 255
"""Of the int8 network's output: its range over 255."""


def file(folder: Path, draft: litert_files.Draft, name: str = "net.tflite") -> Path:
    path = folder / name
    path.write_bytes(draft.content())
    return path


def convolved(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A 3x3 convolution with zeros around the image, by nine shifted products in float64."""
    padded = np.pad(images.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    rows = [padded[:, y : y + height, x : x + width] @ kernel[:, y, x].T for y in range(3) for x in range(3)]
    return sum(rows) + bias


def expected(images: np.ndarray) -> np.ndarray:
    (first, second), (one, two) = litert_files.weights()
    return convolved(np.maximum(convolved(images, first, one), 0), second, two) + images


def test_floats_are_computed_as_by_hand(tmp_path: Path) -> None:
    model = load(file(tmp_path, litert_files.float_network()))
    assert (model.input_shape, model.runtime) == ([1, 16, 24, 3], "litert")
    np.testing.assert_allclose(model(IMAGES), expected(IMAGES), atol=1e-5)


def test_a_file_of_any_size_takes_one_after_the_other(tmp_path: Path) -> None:
    model = LitertModel(file(tmp_path, litert_files.float_network(free=True)))
    assert model.input_shape == [1, None, None, 3]
    for images in (IMAGES, IMAGES[:, :9, :7], IMAGES):
        np.testing.assert_allclose(model(images), expected(images), atol=1e-5)


@pytest.mark.parametrize("images", ["uint8", "int8", "float32"])
def test_whole_numbers_are_read_by_the_files_own_scale(tmp_path: Path, images: str) -> None:
    model = LitertModel(file(tmp_path, litert_files.int8_network(images=images)))
    output = model(IMAGES)
    assert (model.input_dtype, model.output_dtype, output.dtype) == (images, images, np.float32)
    assert np.abs(output - expected(IMAGES)).max() < 4 * STEP  # four operators round, each by up to a step


def test_another_size_than_the_files_is_refused(tmp_path: Path) -> None:
    model = LitertModel(file(tmp_path, litert_files.float_network()))
    with pytest.raises(ValueError, match=r"declared as \(1, 16, 24, 3\), the images are \(1, 9, 24, 3\)"):
        model(IMAGES[:, :9])


def test_a_damaged_file_gets_one_line(tmp_path: Path) -> None:
    path = file(tmp_path, litert_files.float_network())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=f"expected a whole LiteRT model in {path}, found .*: export it again"):
        LitertModel(path)


def test_whole_numbers_without_a_scale_are_refused(tmp_path: Path) -> None:
    draft = litert_files.int8_network()
    draft.graph.tensors[draft.graph.inputs[0]].quantization.scale = None
    with pytest.raises(InputError, match=r"whole numbers with their scale and zero point in .*, found uint8 without"):
        LitertModel(file(tmp_path, draft))


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    draft = litert_files.float_network()
    draft.graph.inputs = [*draft.graph.inputs, draft.tensor("other", "float32", (1, 4, 4, 3))]
    with pytest.raises(InputError, match=r"expected one input in .*, found 2: .*other: export a network of one input"):
        LitertModel(file(tmp_path, draft))


def test_a_worker_runs_it_apart_and_times_the_network_alone(tmp_path: Path) -> None:
    path = file(tmp_path, litert_files.int8_network(free=True))
    with ModelWorker(path, threads=1, max_rss_mib=1024) as worker:
        loaded = worker.load()
        assert (loaded.shape, loaded.dtype, loaded.runtime) == ([1, None, None, 3], "uint8", "litert")
        assert np.array_equal(worker.output_of(IMAGES), LitertModel(path, 1)(IMAGES))
        run = worker.run()
        assert (run.output_shape, run.output_dtype, run.time_ms > 0) == ([2, 16, 24, 3], "float32", True)
        assert (
            worker.receptive_field(640, 480)["obstacle"] == "how far the layers of a LiteRT model look is not followed"
        )


def test_a_worker_says_what_a_file_does_not_take(tmp_path: Path) -> None:
    with ModelWorker(file(tmp_path, litert_files.float_network()), max_rss_mib=1024) as worker:
        worker.load()
        with pytest.raises(ModelFailure, match=r"the input is declared as \(1, 16, 24, 3\)"):
            worker.output_of(IMAGES[:, :9])
        assert worker.ready


def test_there_is_no_gpu_for_it_here(tmp_path: Path) -> None:
    path = file(tmp_path, litert_files.float_network())
    with (
        ModelWorker(path, threads=1, device="gpu") as worker,
        pytest.raises(InputError, match="the device cpu for a LiteRT model, found gpu: take aic phone"),
    ):
        worker.load()
