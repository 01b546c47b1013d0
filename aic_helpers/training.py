"""Photos -> a checkpoint and its recipe."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aic_helpers.errors import InputError
from aic_helpers.networks import ModelFunction, build
from aic_helpers.patches import Batch, Scene, draw_patches, make_scenes, split
from aic_helpers.starts import STARTS, centred, weights_at_black
from aic_helpers.tracks import Track

Progress = Callable[[dict[str, float]], None]

HELD_OUT_PATCHES = 128

LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "l1": lambda target, output: ops.mean(ops.abs(output - target)),
    "l2": lambda target, output: ops.mean(ops.square(output - target)),
    "charbonnier": lambda target, output: ops.mean(ops.sqrt(ops.square(output - target) + 1e-6)),
}


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes
    ----------
    steps, batch : int
        Number of updates, and patches in each.
    patch_px : int
        Side of a patch.
    margin_px : int
        Pixels that each side of a patch loses before the loss, so that the zeros with which a network pads its
        input don't count. 0 where the images to come are small and scored to their border.
    loss : {"l1", "l2", "charbonnier"}
    learning_rate : float
        Of Adam after a linear warm-up over the first twentieth of the steps; it then falls to 0 along a cosine.
    reports : int
        How often the held-out patches are scored, evenly spaced.
    seed : int
        Of the first weights, the simulated shots and the patches.
    """

    steps: int
    batch: int = 16
    patch_px: int = 64
    margin_px: int = 8
    loss: str = "charbonnier"
    learning_rate: float = 1e-3
    reports: int = 20
    seed: int = 2018

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise InputError(f"a loss: {', '.join(LOSSES)}", self.loss, "choose one of them")
        if min(self.steps, self.reports) < 1 or self.steps % self.reports:
            found = f"{self.steps} steps and {self.reports} reports"
            raise InputError("steps that are a multiple of the reports", found, "change one of them")
        if self.patch_px <= 2 * self.margin_px:
            found = f"patch_px {self.patch_px} and margin_px {self.margin_px}"
            raise InputError("patches wider than both their margins (px)", found, "raise patch_px or lower margin_px")


@dataclass(frozen=True)
class Trained:
    """A trained network, how it was made, and the loss and held-out PSNR on the way, one dict per report."""

    model: keras.Model
    recipe: dict[str, Any]
    history: list[dict[str, float]]


def train(
    function: ModelFunction, track: Track, photos: Sequence[Path], plan: Plan, *, progress: Progress | None = None
) -> Trained:
    """Train a network on photos; the right tenth of each photo is held out to score it.

    Parameters
    ----------
    function : callable
        From `aic_helpers.networks`.
    track : Track
        Track A makes its inputs by the bicubic round trip, Track B by the simulated phone camera.
    photos : sequence of Path
        Training photos; none of them may be a validation photo.
    plan : Plan
    progress : callable, optional
        Called at each report with ``step``, ``loss`` and ``held_out_psnr_db``.

    Returns
    -------
    Trained
        The PSNR of the held-out patches is that of their pooled squared error.

    Raises
    ------
    InputError
        A photo too small for the patches, or a loss that is no longer finite.
    """
    started = time.monotonic()
    keras.utils.set_random_seed(plan.seed)
    scene_seed, patch_seed, held_out_seed = np.random.SeedSequence(plan.seed).spawn(3)
    scenes = make_scenes(track, photos, np.random.default_rng(scene_seed))
    taught, kept = split(scenes, photos, plan.patch_px)
    held_out = draw_patches(kept, HELD_OUT_PATCHES, plan.patch_px, np.random.default_rng(held_out_seed))
    model = build(function)
    if function.__name__ in STARTS:
        STARTS[function.__name__](model)
    learner = centred(model)
    history = _fit(learner, plan, _batches(taught, plan, patch_seed), held_out, progress)
    model.set_weights(weights_at_black(learner))
    input_psnr_db = _psnr_db(float(_square_error(plan.margin_px)(held_out[1], held_out[0])))
    recipe = {
        "network": function.__name__,
        "track": track.name,
        "start": STARTS[function.__name__].__name__ if function.__name__ in STARTS else "random",
        **_recipe(photos, plan),
        "held_out_patches": HELD_OUT_PATCHES,
        "held_out_psnr_db": history[-1]["held_out_psnr_db"],
        "held_out_input_psnr_db": input_psnr_db,
        "minutes": round((time.monotonic() - started) / 60, 1),
    }
    return Trained(model, recipe, history)


def save(trained: Trained, folder: Path, name: str, **measured: Any) -> Path:
    """Write `<name>.weights.h5` and beside it the recipe with anything measured since; return the weights' path."""
    folder.mkdir(parents=True, exist_ok=True)
    weights, recipe = folder / f"{name}.weights.h5", folder / f"{name}.json"
    partial = folder / f".{name}.weights.h5"
    trained.model.save_weights(partial)
    partial.replace(weights)
    partial = folder / f".{name}.json"
    partial.write_text(json.dumps(trained.recipe | measured, indent=2) + "\n", "utf-8")
    partial.replace(recipe)
    return weights


def photos_sha256(photos: Sequence[Path]) -> str:
    """Return one SHA-256 over the names and the bytes of photos, whatever their order."""
    lines = sorted(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in photos)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _recipe(photos: Sequence[Path], plan: Plan) -> dict[str, Any]:
    return {
        "photos": [path.name for path in photos],
        "photos_sha256": photos_sha256(photos),
        **asdict(plan),
        "optimizer": "adam",
        "schedule": f"linear warm-up over {_warm_up_steps(plan)} steps, cosine to 0",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


def _batches(scenes: Sequence[Scene], plan: Plan, seed: np.random.SeedSequence) -> tf.data.Dataset:
    """Return endless batches, drawn ahead of the step that needs them."""

    def draw() -> Iterator[tuple[Batch, Batch]]:
        rng = np.random.default_rng(seed)
        while True:
            yield draw_patches(scenes, plan.batch, plan.patch_px, rng)

    batch = tf.TensorSpec((plan.batch, plan.patch_px, plan.patch_px, 3), tf.float32)
    return tf.data.Dataset.from_generator(draw, output_signature=(batch, batch)).prefetch(4)


def _fit(
    model: keras.Model, plan: Plan, batches: tf.data.Dataset, held_out: tuple[Batch, Batch], progress: Progress | None
) -> list[dict[str, float]]:
    """Train in place; return what each report said."""
    history: list[dict[str, float]] = []
    steps = plan.steps // plan.reports

    def report(epoch: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise InputError(
                "a finite loss", f"{logs['loss']} by step {(epoch + 1) * steps}", "lower the learning rate"
            )
        psnr_db = _psnr_db(logs["val_square_error"])
        history.append({"step": (epoch + 1) * steps, "loss": logs["loss"], "held_out_psnr_db": psnr_db})
        if progress:
            progress(history[-1])

    model.compile(
        keras.optimizers.Adam(_schedule(plan)),
        loss=_without_margin(LOSSES[plan.loss], plan.margin_px),
        metrics=[_square_error(plan.margin_px)],
        jit_compile=False,
    )
    model.fit(
        batches,
        epochs=plan.reports,
        steps_per_epoch=steps,
        validation_data=held_out,
        validation_batch_size=plan.batch,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report)],
        shuffle=False,
        verbose=0,
    )
    return history


def _schedule(plan: Plan) -> keras.optimizers.schedules.LearningRateSchedule:
    warm_up = _warm_up_steps(plan)
    return keras.optimizers.schedules.CosineDecay(
        plan.learning_rate / 10, plan.steps - warm_up, warmup_target=plan.learning_rate, warmup_steps=warm_up
    )


def _warm_up_steps(plan: Plan) -> int:
    return plan.steps // 20


def _without_margin(measure: Callable[[Any, Any], Any], margin_px: int) -> Callable[[Any, Any], Any]:
    inner = slice(margin_px, -margin_px or None)
    return lambda target, output: measure(target[:, inner, inner], output[:, inner, inner])


def _square_error(margin_px: int) -> Callable[[Any, Any], Any]:
    def square_error(target: Any, output: Any) -> Any:
        return ops.mean(ops.square(ops.clip(output, 0, 1) - target))

    measure = _without_margin(square_error, margin_px)
    measure.__name__ = "square_error"
    return measure


def _psnr_db(square_error: float) -> float:
    return -10 * math.log10(square_error) if square_error else math.inf
