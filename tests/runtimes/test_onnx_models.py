"""`.onnx` files run by ONNX Runtime: in both layouts, here and in a worker process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import onnx_files
from onnx import TensorProto, helper

from aic_helpers.core.errors import InputError
from aic_helpers.runtimes.loading import load
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker
from aic_helpers.runtimes.onnx_models import OnnxModel, session

IMAGES = np.random.default_rng(4).random((2, 16, 24, 3), np.float32)


def file(folder: Path, *, name: str = "net.onnx", **asked: object) -> Path:
    return onnx_files.written(folder / name, onnx_files.network(**asked))


def convolved(images: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """A 3x3 convolution with zeros around the image, by nine shifted products in float64; channels are last."""
    padded = np.pad(images.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    height, width = images.shape[1:3]
    rows = [padded[:, y : y + height, x : x + width] @ kernel[:, :, y, x].T for y in range(3) for x in range(3)]
    return sum(rows) + bias


def made(images: np.ndarray, scale: int = 1) -> np.ndarray:
    """What the last convolution makes."""
    first, one, second, two = onnx_files.weights(scale=scale).values()
    return convolved(np.maximum(convolved(images, first, one), 0), second, two)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_images_are_computed_as_by_hand_in_both_layouts(tmp_path: Path, layout: str) -> None:
    model = load(file(tmp_path, layout=layout))
    assert (model.input_shape, model.input_dtype, model.runtime) == ([1, None, None, 3], "float32", "onnxruntime")
    for images in (IMAGES, IMAGES[:, :9, :7], IMAGES):
        np.testing.assert_allclose(model(images), made(images) + images, atol=1e-6)


@pytest.mark.parametrize("mode", ["CRD", "DCR"])
def test_blocks_of_pixels_are_laid_as_each_order_says(tmp_path: Path, mode: str) -> None:
    batch, height, width, _ = IMAGES.shape
    blocks = made(IMAGES, 2)
    sides = (3, 2, 2) if mode == "CRD" else (2, 2, 3)  # PyTorch has the colours outermost, TensorFlow innermost
    split = blocks.reshape(batch, height, width, *sides)
    axes = (0, 1, 4, 2, 5, 3) if mode == "CRD" else (0, 1, 3, 2, 4, 5)
    expected = split.transpose(axes).reshape(batch, 2 * height, 2 * width, 3)
    np.testing.assert_allclose(load(file(tmp_path, scale=2, mode=mode))(IMAGES), expected, atol=1e-6)


def test_another_size_than_the_files_is_refused(tmp_path: Path) -> None:
    model = OnnxModel(file(tmp_path, size=(16, 24)))
    assert model.input_shape == [1, 16, 24, 3]
    with pytest.raises(ValueError, match=r"declared as \(1, 16, 24, 3\), the images are \(1, 9, 24, 3\)"):
        model(IMAGES[:, :9])


def test_a_damaged_file_gets_one_line(tmp_path: Path) -> None:
    path = file(tmp_path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=f"expected an ONNX model that ONNX Runtime loads in {path}, found Protobuf"):
        OnnxModel(path)


@pytest.mark.parametrize(
    ("model", "what"), [(onnx_files.of_newer_opset(), "opset"), (onnx_files.of_newer_ir(), "IR version")]
)
def test_a_newer_file_gets_both_numbers_and_what_to_do(tmp_path: Path, model: object, what: str) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", model)
    words = (
        rf"expected an {what} of at most (\d+), which ONNX Runtime [\d.]+ knows, in .*net.onnx, found 99: export it "
    )
    with pytest.raises(InputError, match=rf"{words}with {what} \1 or older, or take a newer onnxruntime"):
        session(path)


def test_an_operator_of_others_is_named_without_the_runtimes_codes(tmp_path: Path) -> None:
    path = onnx_files.written(tmp_path / "net.onnx", onnx_files.with_custom_operator())
    with pytest.raises(InputError) as caught:
        session(path)
    assert "found com.stranger:StrangersOp(-1) is not a registered function/op: export it again" in str(caught.value)


def test_one_that_draws_by_chance_says_so(tmp_path: Path) -> None:
    model = onnx_files.network()
    assert not OnnxModel(onnx_files.written(tmp_path / "net.onnx", model)).stateful
    model.graph.node[-1].output[0] = "made"
    model.graph.node.append(helper.make_node("RandomNormalLike", ["made"], ["noise"], dtype=TensorProto.FLOAT))
    model.graph.node.append(helper.make_node("Add", ["made", "noise"], ["output"]))
    assert OnnxModel(onnx_files.written(tmp_path / "noise.onnx", model)).stateful


def test_a_worker_runs_it_apart_and_times_the_network_alone(tmp_path: Path) -> None:
    path = file(tmp_path, scale=2)
    with ModelWorker(path, threads=1, max_rss_mib=1024, enlarges=2) as worker:
        loaded = worker.load()
        assert (loaded.shape, loaded.dtype, loaded.runtime) == ([1, None, None, 3], "float32", "onnxruntime")
        assert (loaded.runtime_version.count("."), loaded.provider) == (2, "CPUExecutionProvider")
        assert np.array_equal(worker.output_of(IMAGES), OnnxModel(path, 1)(IMAGES))
        run = worker.run()
        assert (run.output_shape, run.output_dtype, run.time_ms > 0) == ([2, 32, 48, 3], "float32", True)
        words = "how far the layers of an ONNX model look is not followed"
        assert worker.receptive_field(640, 480)["obstacle"] == words
        assert worker.cost(path, 24, 16)["gmacs"] * 1e9 == pytest.approx(24 * 16 * (27 * 4 + 36 * 12))


@pytest.mark.parametrize("times", [700, 2000], ids=["than the process has", "than the runtime allows"])
def test_a_worker_that_wants_more_memory_is_told_of_as_that(tmp_path: Path, times: int) -> None:
    model = onnx_files.add_node(onnx_files.network(), "Tile", ["times"])
    model.graph.initializer.append(helper.make_tensor("times", TensorProto.INT64, [4], [1, 1, times, times]))
    path = onnx_files.written(tmp_path / "net.onnx", model)
    with ModelWorker(path, threads=1, max_rss_mib=1024) as worker:
        worker.load()
        with pytest.raises(ModelFailure) as caught:
            worker.output_of(IMAGES)
    assert caught.value.kind == "memory"


def test_a_worker_knows_what_its_runtime_reaches_in_a_large_product(tmp_path: Path) -> None:
    with ModelWorker(file(tmp_path), threads=1, max_rss_mib=2048) as worker:
        worker.load()
        found = worker.roofline(1)
    assert found.keys() == {"gflop_per_s", "gb_per_s"}
    assert 0.1 < found["gflop_per_s"] < 10000


def test_there_is_no_gpu_for_it_here(tmp_path: Path) -> None:
    with (
        ModelWorker(file(tmp_path), threads=1, device="gpu") as worker,
        pytest.raises(InputError, match="the device cpu for an ONNX model, found gpu: take aic phone"),
    ):
        worker.load()
