"""PSNR and MS-SSIM beside other people's tools: a 2K pair, and patches beside the inference that makes them.

    .venv-bench/bin/python benchmarks/metrics.py [ROUNDS]

All in one process, in turn. oneDNN is switched on for TensorFlow, which on some processors leaves it off: there its
MS-SSIM takes ten times longer.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import original_metrics
import piq_alone
import pytorch_msssim
import side_by_side
import tensorflow as tf
import torch
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import multiscale_structural_similarity_index_measure

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import datasets, images, small_photos
from aic_helpers.evaluation.metrics import ms_ssim, ms_ssim_both, psnr
from aic_helpers.evaluation.ssim_means import scale_means
from aic_helpers.models import sources
from aic_helpers.runtimes import frozen_models
from aic_helpers.tracks.catalogue import TRACKS

Image = NDArray[np.float32]

WIDTH_PX, HEIGHT_PX = 2008, 1324
PATCHES = 400
BATCHES = (1, 4, 16, 50)
ACCURACY = 1e-6

OURS, OURS_POOLED, OURS_BOTH = "ours, `per_channel`", "ours, `pooled`", "ours, `tensorflow` and `per_channel` at once"
ORIGINAL = "the original's algorithm (numpy, scipy)"
TF_FUNCTION, TF_EAGER = "tf.image in a tf.function", "tf.image, eager"
PIQ, TORCHMETRICS, PYTORCH_MSSSIM = "piq", "torchmetrics", "pytorch-msssim"
SKIMAGE = "scikit-image (SSIM: one scale of five)"

GOALS = {TF_FUNCTION: 4.0, PIQ: 20.0, ORIGINAL: 30.0}
"""How many times faster ours is to be."""

INFERENCE_SHARE = 10.0
"""How many times longer the inference of patches is to take than their metrics."""

PACKAGES = (
    "numpy",
    "numba",
    "scipy",
    "tensorflow",
    "torch",
    "piq",
    "torchmetrics",
    "pytorch-msssim",
    "scikit-image",
)


def main(rounds: int) -> None:
    """Print and keep both tables."""
    warnings.filterwarnings("ignore", category=UserWarning, module="piq|torch")
    parts = [*of_a_2k_pair(rounds), *of_patches(rounds)]
    side_by_side.write("metrics", "PSNR and MS-SSIM", parts, PACKAGES)


def of_a_2k_pair(rounds: int) -> list[str]:
    """Return the table of MS-SSIM on one large pair, with what it is about and what it leaves out."""
    reference, output = photo_pair()
    runs = ways(reference, output)
    times_ms = side_by_side.time_in_turn(runs, rounds)
    rows = [row(name, run, times_ms, reference, output) for name, run in runs.items()]
    return [
        f"## MS-SSIM of one {WIDTH_PX}x{HEIGHT_PX} RGB pair",
        f"{rounds} rounds, all in turn. Times are medians (5th to 95th percentile); how many times faster ours is, is "
        "the ratio of the medians with its 95 % interval over the rounds, against ours of the same definition "
        "(`pooled` for the original's algorithm, else `per_channel`).",
        side_by_side.table(["", "time (ms)", "ours is faster by", "goal", "off float64 by"], rows),
        "Off float64: the difference from the same definition in plain float64, or from `per_channel` for the other "
        "tools. They average in float32 (TensorFlow pixel by pixel), and on an odd size they halve the image in other "
        f"ways, so this is no error of theirs; for ours the goal is {ACCURACY:g}. scikit-image has no MS-SSIM: its "
        "SSIM is held against ours of the same windows.",
    ]


def photo_pair() -> tuple[Image, Image]:
    """Return a photo of the sample, tiled to the size, and its bicubic round trip."""
    photo = images.read_rgb(min((PROJECT / "data/sample/super_resolution/targets").iterdir()))
    target = np.tile(images.crop_to_multiple(photo, 4), (2, 2, 1))[:HEIGHT_PX, :WIDTH_PX]
    task = TRACKS["super_resolution"].task
    return images.as_float(target), images.as_float(small_photos.enlarged(small_photos.reduced(target, task), task))


def ways(reference: Image, output: Image) -> dict[str, Callable[[], float]]:
    """Return each way to compare the pair as a function; all have it in their own form by now."""
    tensors = [tf.constant(image) for image in (reference, output)]
    batches = [torch.from_numpy(image).permute(2, 0, 1)[None].contiguous() for image in (reference, output)]
    in_function = tf.function(lambda x, y: tf.image.ssim_multiscale(x, y, 1.0))
    return {
        OURS: lambda: ms_ssim(reference, output, data_range=1.0),
        OURS_POOLED: lambda: ms_ssim(reference, output, data_range=1.0, definition="pooled"),
        OURS_BOTH: lambda: ms_ssim_both(reference, output, data_range=1.0).per_channel,
        TF_FUNCTION: lambda: float(in_function(*tensors)),
        TF_EAGER: lambda: float(tf.image.ssim_multiscale(*tensors, 1.0)),
        PIQ: lambda: float(piq_alone.multi_scale_ssim(*batches, data_range=1.0)),
        TORCHMETRICS: lambda: float(multiscale_structural_similarity_index_measure(*batches, data_range=1.0)),
        PYTORCH_MSSSIM: lambda: float(pytorch_msssim.ms_ssim(*batches, data_range=1.0)),
        SKIMAGE: lambda: one_scale(reference, output),
        ORIGINAL: lambda: original_metrics.pooled(reference, output),
    }


def one_scale(reference: Image, output: Image) -> float:
    """Return scikit-image's SSIM by the window of the others, averaged where the window fits."""
    settings = {"gaussian_weights": True, "use_sample_covariance": False, "channel_axis": 2, "full": True}
    return float(structural_similarity(reference, output, data_range=1.0, **settings)[1][5:-5, 5:-5].mean())


def row(
    name: str, run: Callable[[], float], times_ms: dict[str, list[float]], reference: Image, output: Image
) -> list[str]:
    """Return a line of the table."""
    off = run() - exact(name, reference, output)
    if name in (OURS, OURS_POOLED, OURS_BOTH):
        verdict = "passed" if abs(off) <= ACCURACY else "missed"
        return [name, side_by_side.spread(times_ms[name]), "", "", f"{off:.1g} ({verdict})"]
    faster = side_by_side.ratio(times_ms[name], times_ms[OURS_POOLED if name == ORIGINAL else OURS])
    goal = faster.against(GOALS[name]) if name in GOALS else ""
    return [name, side_by_side.spread(times_ms[name]), str(faster), goal, f"{off:.1g}"]


def exact(name: str, reference: Image, output: Image) -> float:
    """Return what a way would give in plain float64."""
    if name == SKIMAGE:
        return float(scale_means(reference, output, data_range=1.0, scales=1)[0].mean())
    definition = original_metrics.pooled if name in (ORIGINAL, OURS_POOLED) else original_metrics.per_channel
    return definition(reference, output)


def of_patches(rounds: int) -> list[str]:
    """Return the table of metrics and inference on the patches of Track B."""
    inputs, targets, data = patches()
    model = frozen_models.load(sources.baseline_pb(TRACKS["enhancement"]))
    outputs = model(inputs)
    clipped = np.clip(outputs, 0, 1)

    def infer(batch: int, count: int) -> None:
        for start in range(0, count, batch):
            model(inputs[start : min(start + batch, count)])

    def judge() -> None:
        for target, output, inside in zip(targets, outputs, clipped, strict=True):
            psnr(target, inside, data_range=1.0)
            ms_ssim(target, output, data_range=1.0, definition="pooled")

    batch = best_batch(infer)
    times_ms = side_by_side.time_in_turn({"judge": judge, "infer": lambda: infer(batch, len(inputs))}, rounds)
    share = side_by_side.ratio(times_ms["infer"], times_ms["judge"])
    patch_ms = {name: side_by_side.spread(np.array(times) / len(inputs)) for name, times in times_ms.items()}
    rows = [
        ["our PSNR and MS-SSIM (`pooled`), checks included", patch_ms["judge"], "", ""],
        [f"SRCNN inference, batches of {batch}", patch_ms["infer"], str(share), share.against(INFERENCE_SHARE)],
    ]
    sizes = ", ".join(map(str, BATCHES))
    return [
        f"## {len(inputs)} patches of {inputs.shape[2]}x{inputs.shape[1]} ({data} data)",
        f"{rounds} rounds, in turn. Of batches of {sizes} patches the one that is fastest here.",
        side_by_side.table(["", "time a patch (ms)", "takes longer by", "goal"], rows),
    ]


def best_batch(infer: Callable[[int, int], None]) -> int:
    """Return the batch size at which the patches go through fastest, tried on as many as the largest takes."""
    runs = {str(batch): lambda batch=batch: infer(batch, max(BATCHES)) for batch in BATCHES}
    times_ms = side_by_side.time_in_turn(runs, 3)
    return min(BATCHES, key=lambda batch: float(np.median(times_ms[str(batch)])))


def patches() -> tuple[Image, Image, str]:
    """Return inputs, targets and where they are from: the challenge's patches where they are, else the sample's."""
    dataset = datasets.open_dataset("challenge" if has_patches() else "sample", track=TRACKS["enhancement"])
    pairs = [datasets.read_pair(dataset, pair) for pair in dataset.pairs[:PATCHES]]
    return np.stack([pair.input for pair in pairs]), np.stack([pair.target for pair in pairs]), dataset.name


def has_patches() -> bool:
    """Whether the challenge's patches of Track B are at hand."""
    return "AIC_CHALLENGE_DATA" in os.environ and (Path(os.environ["AIC_CHALLENGE_DATA"]) / "dped/patches").is_dir()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
