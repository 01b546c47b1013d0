"""Photos -> a checkpoint and its recipe."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from PIL import Image as PillowImage

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.data import images
from aic_helpers.models.networks import ModelFunction, build
from aic_helpers.tracks.definitions import Track
from aic_helpers.training.callbacks import FloatTwin, Trained, TrainingCallback, alone, psnr_db_of
from aic_helpers.training.initializers import begin, centred
from aic_helpers.training.int8_learners import calibrate, ordinary_weights, quantized
from aic_helpers.training.losses import LOSSES
from aic_helpers.training.optimizers import OPTIMIZERS
from aic_helpers.training.patches import Batch, Scene, draw_patches, enlarged, make_scenes, sized, split
from aic_helpers.training.plans import LIMITS, Plan

HELD_OUT_PATCHES = 128

CALIBRATION_BATCHES = 8
"""Whose outputs give a training for int8 its first ranges: those of its first steps."""

TRIAL_STEPS = 20
"""Steps that are timed, after as many to warm up."""


class NotFiniteError(InputError):
    """The loss is no longer a number.

    Attributes
    ----------
    trained : Trained or None
        The network as it was best before that; None where no report came before it.
    """

    def __init__(self, step: int, trained: Trained | None) -> None:
        kept = f"the weights of step {trained.recipe['kept_step']} are the last good ones" if trained else "no weights"
        super().__init__("a finite loss", f"NaN or infinity by step {step} ({kept})", "lower the learning rate")
        self.trained = trained


def train(
    function: ModelFunction,
    track: Track,
    photos: Sequence[Path],
    plan: Plan,
    *,
    start: Path | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train a network on photos; the right tenth of each photo is held out to score it.

    Parameters
    ----------
    function : callable
        From `aic_helpers.models.networks`.
    track : Track
        Where it gives small photos or such as were enlarged again, they are made as its own are; where it gives photos
        of their own, by the simulated phone camera.
    photos : sequence of Path
        Training photos; none of them may be a validation photo.
    plan : Plan
    start : Path, optional
        A `.weights.h5` of this network to go on from, in place of its usual start: see
        `aic_helpers.training.initializers.begin`.
    folder : Path, optional
        Where the progress is written at each report, and taken up again by another call of the same plan. The
        patches of a step follow from the seed and the step alone, so both ways see the same ones.
    progress : callable, optional
        Called after each step; see `aic_helpers.training.callbacks.Progress`. First with the reports that are taken up
        again.

    Returns
    -------
    Trained
        With the weights of the report that scored best, or of a later one within `callbacks.ALIKE_DB` of it; for int8
        with the ranges of `int8_learners.ranges_of` in its recipe. The PSNR of the held-out patches is that of their
        pooled squared error.

    Raises
    ------
    InputError
        A network that int8 isn't known of, one that enlarges by something else than the track asks for, a photo too
        small for the patches, a folder with damaged progress or that of another plan, or one where another training is
        at work.
    NotFiniteError
        The loss is no longer finite.
    """
    with alone(folder) if folder else nullcontext():
        return _train(function, track, photos, plan, start, folder, progress)


def _train(
    function: ModelFunction,
    track: Track,
    photos: Sequence[Path],
    plan: Plan,
    start: Path | None,
    folder: Path | None,
    progress: Progress | None,
) -> Trained:
    started_s = time.monotonic()
    keras.utils.set_random_seed(plan.seed)
    model = build(function)
    _require_enlarging(model, function.__name__, track)
    _require_multiple(track, plan)
    begun = begin(model, function.__name__, start)
    scene_seed, patch_seed, held_out_seed = np.random.SeedSequence(plan.seed).generate_state(3)
    scenes = make_scenes(track, photos, np.random.default_rng(scene_seed), plan.scales, plan.drawn_cameras)
    taught, kept = split(scenes, plan.patch_px)
    held_out = draw_patches(kept, HELD_OUT_PATCHES, plan.patch_px, np.random.default_rng(held_out_seed))
    recipe = {
        "network": function.__name__,
        "track": track.name,
        **begun,
        **_recipe(photos, plan),
        "held_out_patches": HELD_OUT_PATCHES,
        "held_out_input_psnr_db": _input_psnr_db(held_out, track.enlarges, plan.margin_px),
    }
    learner, twin = centred(model, plan.precision), None
    if plan.quantized:
        batches = (_draw(taught, plan, int(patch_seed), step)[0] for step in range(CALIBRATION_BATCHES))
        learner = _in_int8(learner, function.__name__, plan, batches)
        twin = _float_twin(learner, model, plan, held_out)
    callback = TrainingCallback(plan, recipe, folder, progress, started_s, twin)
    _fit(learner, plan, lambda start: _batches(taught, plan, int(patch_seed), start), held_out, callback)
    trained = callback.trained(model) if callback.history else None
    if callback.lost_at is not None:
        raise NotFiniteError(callback.lost_at, trained)
    assert trained is not None
    return trained


def _in_int8(learner: keras.Model, network: str, plan: Plan, batches: Iterable[Batch]) -> keras.Model:
    in_int8 = quantized(learner, network)
    calibrate(in_int8, learner, batches, plan.clip_percentile)
    return in_int8


def _float_twin(learner: keras.Model, model: keras.Model, plan: Plan, held_out: tuple[Batch, Batch]) -> FloatTwin:
    """Return what is told of `model` beside a quantised copy of it, whose weights it takes over at each report."""

    def psnr_db(network: keras.Model) -> float:
        output = network.predict(held_out[0], batch_size=plan.batch, verbose=0)
        return psnr_db_of(float(_square_error(plan.margin_px)(held_out[1], output)))

    def reached() -> float:
        model.set_weights(ordinary_weights(learner, model))
        return psnr_db(model)

    return FloatTwin({"held_out_psnr_db": psnr_db(learner), "held_out_float_psnr_db": psnr_db(model)}, reached)


def _require_enlarging(model: keras.Model, network: str, track: Track) -> None:
    """Refuse a network whose output has another size than the track's targets."""
    side_px = 16
    height_px = model(np.zeros((1, side_px, side_px, 3), np.float32)).shape[1]
    if height_px != side_px * track.enlarges:
        expected = f"a network for {track.name}, whose output is {times_words(track.enlarges)}"
        found = f"{network}, whose output is {times_words(height_px / side_px)}"
        raise InputError(expected, found, "name another network, or another track")


def times_words(times: float) -> str:
    """Return how large an output is beside its input."""
    return f"{times:g} times the input's size" if times != 1 else "as large as the input"


def _input_psnr_db(held_out: tuple[Batch, Batch], enlarges: int, margin_px: int) -> float:
    """Return the PSNR (dB) of the inputs themselves, or of their bicubic enlargement."""
    inputs, targets = held_out
    return psnr_db_of(float(_square_error(margin_px)(targets, enlarged(inputs, enlarges))))


def sample_patches(track: Track, photos: Sequence[Path], plan: Plan, count: int = 6) -> tuple[Batch, Batch]:
    """Return some patches (inputs, targets) as a plan draws them to learn from."""
    _require_multiple(track, plan)
    scenes = make_scenes(track, photos, np.random.default_rng(plan.seed), plan.scales, plan.drawn_cameras)
    taught, _ = split(scenes, plan.patch_px)
    return draw_patches(taught, count, plan.patch_px, np.random.default_rng(plan.seed), plan.candidates)


def check_photos(track: Track, photos: Sequence[Path], plan: Plan) -> None:
    """Raise `InputError` if patches can't be reduced, or a photo is too small for them by what its file says."""
    _require_multiple(track, plan)
    for path in photos:
        for scale in plan.scales:
            sides = [max(1, round(side * scale)) // track.task.scale * track.task.scale for side in _size(path)]
            blank = np.broadcast_to(np.uint8(0), (sides[1], sides[0], 3))
            split([Scene(sized(path, scale), blank, [], track.task.scale)], plan.patch_px)


def _require_multiple(track: Track, plan: Plan) -> None:
    if plan.patch_px % track.enlarges:
        expected = f"a patch_px that is a multiple of {track.enlarges}, the scale of {track.name}"
        raise InputError(expected, str(plan.patch_px), "change it (--patch)")


def _size(path: Path) -> tuple[int, int]:
    """Return the width and height (px) of a photo; what isn't one is left to `images.read_rgb` to tell."""
    try:
        with PillowImage.open(path) as photo:
            return photo.size
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
        height_px, width_px = images.read_rgb(path).shape[:2]
        return width_px, height_px


def steps_within(minutes: float, function: ModelFunction, track: Track, photos: Sequence[Path], plan: Plan) -> int:
    """Return about how many steps of a plan this machine does in so many minutes, by the time that a few take."""
    ends_s: list[float] = []
    short = replace(plan, steps=2 * TRIAL_STEPS, reports=2, patience=0)
    train(function, track, photos, short, progress=lambda *_: ends_s.append(time.monotonic()))
    steps = int(60 * minutes / (ends_s[-1] - ends_s[TRIAL_STEPS]) * TRIAL_STEPS)
    steps = min(steps, LIMITS["steps"][1])
    return max(steps - steps % plan.reports, plan.reports)


def save(trained: Trained, folder: Path, name: str, **measured: Any) -> Path:
    """Write `<name>.weights.h5` and beside it the recipe, its curve and anything measured since.

    Returns the weights' path.
    """
    weights = folder / f"{name}.weights.h5"
    with safe_files.replacing(weights, ending=".weights.h5") as partial:  # Keras wants this ending
        trained.model.save_weights(partial)
    safe_files.write_json(folder / f"{name}.json", trained.recipe | {"history": trained.history} | measured)
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
        "schedule": f"linear warm-up over {_warm_up_steps(plan)} steps, cosine to 0",
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }


def _draw(scenes: Sequence[Scene], plan: Plan, seed: int, step: int) -> tuple[Batch, Batch]:
    """Return the patches of a step."""
    return draw_patches(scenes, plan.batch, plan.patch_px, np.random.default_rng([seed, int(step)]), plan.candidates)


def _batches(scenes: Sequence[Scene], plan: Plan, seed: int, start: int) -> tf.data.Dataset:
    """Return the batches from step `start` to the last, drawn ahead of the step that needs them."""

    def batch(step: Any) -> tuple[Any, Any]:
        drawn = partial(_draw, scenes, plan, seed)
        inputs, targets = tf.numpy_function(drawn, [step], (tf.float32, tf.float32), stateful=False)
        return with_side(inputs, plan.patch_px // scenes[0].enlarges), with_side(targets, plan.patch_px)

    def with_side(patches: Any, side_px: int) -> Any:
        return tf.ensure_shape(patches, (plan.batch, side_px, side_px, 3))

    return tf.data.Dataset.range(start, plan.steps).map(batch, num_parallel_calls=2).prefetch(4)


def _fit(
    learner: keras.Model,
    plan: Plan,
    batches: Callable[[int], tf.data.Dataset],
    held_out: tuple[Batch, Batch],
    callback: TrainingCallback,
) -> None:
    """Train in place, from the first step or from where `callback` finds it interrupted."""
    steps = plan.steps // plan.reports
    learner.compile(
        OPTIMIZERS[plan.optimizer](learner, _schedule(plan)),
        loss=_without_margin(LOSSES[plan.loss], plan.margin_px),
        metrics=[_square_error(plan.margin_px)],
        jit_compile=False,
    )
    learner.optimizer.build(learner.trainable_variables)
    callback.set_model(learner)
    done = callback.take_up()
    if done < plan.reports and not callback.patience_is_over():
        learner.fit(
            batches(done * steps),
            epochs=plan.reports,
            initial_epoch=done,
            steps_per_epoch=steps,
            validation_data=held_out,
            validation_batch_size=plan.batch,
            callbacks=[callback],
            shuffle=False,
            verbose=0,
        )


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
