"""The progress of a training: its reports, the weights it keeps, and the file from which it goes on."""

from __future__ import annotations

import json
import math
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import locked
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.safe_files import replacing
from aic_helpers.training.int8_learners import ordinary_weights, ranges_of
from aic_helpers.training.plans import Plan

Report = dict[str, float]
"""``step``, ``loss`` (the mean since the last report) and ``held_out_psnr_db``.

Of a training for int8 these are the figures in int8; ``held_out_float_psnr_db`` is that of the same weights in floats.
"""

PROGRESS_FILE = "progress.npz"
"""In the folder of a training: everything that it needs to go on."""

ALIKE_DB = 0.01
"""Held-out PSNRs no further apart count as equal. Of such reports the last is kept: its learning rate is the lowest.

By the very best report a deeper `fast_sr` lost 0.02 dB on the sample's photos.
"""

FOLLOWING = ("schedule", "held_out_input_psnr_db", "start_recipe")
"""What a recipe says that follows from the rest of it."""

DAMAGES = (EOFError, zipfile.BadZipFile, ValueError, KeyError, IndexError, TypeError, OSError)
"""What reading a file raises that is empty, cut off, or something else than a training's progress."""


@dataclass(frozen=True)
class Trained:
    """A trained network, how it was made, and the loss and held-out PSNR on the way, one dict per report."""

    model: keras.Model
    recipe: dict[str, Any]
    history: list[Report]


def steps_planned(folder: Path) -> int | None:
    """Return for how many steps the training in a folder was planned; None where there is none."""
    file = folder / PROGRESS_FILE
    if not file.is_file():
        return None
    with _undamaged(file):
        return int(_read(file)[0]["recipe"]["steps"])


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep any other training out of a folder, which is made where it isn't there.

    Raises
    ------
    InputError
        Another training is at work there, or the folder can't be written.
    """
    remedy = "wait until it ends, or name another folder"
    refusal = InputError(f"no other training at work in {folder}", "one", remedy)
    with ExitStack() as at_end:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            at_end.enter_context(locked(folder / ".training.lock", refusal=refusal))
        except OSError as error:
            expected = f"a folder at {folder} that can be written"
            raise InputError(expected, error.strerror or str(error), "name another folder") from None
        yield


@contextmanager
def _undamaged(file: Path) -> Iterator[None]:
    """Turn what comes of reading a damaged file into one line."""
    try:
        yield
    except DAMAGES:
        raise InputError(f"a training's progress in {file}", "a damaged file", "remove it to start anew") from None


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the story and the arrays in a file of progress."""
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
        arrays = {name: kept[name] for name in kept.files}
    return json.loads(str(arrays.pop("story"))), arrays


def _differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """Return in words how the recipe of a training that was begun differs from the one that is wanted."""
    words = {"photos": "other photos", "photos_sha256": "other photos", "start_sha256": "other first weights"}
    unlike = [name for name in {**found, **wanted} if found.get(name) != wanted.get(name) and name not in FOLLOWING]
    told = [words.get(name, f"{name} {found.get(name)} (here {wanted.get(name)})") for name in unlike]
    return ", ".join(dict.fromkeys(told)) or "the recipe of another version"


@dataclass(frozen=True)
class FloatTwin:
    """What a training for int8 tells of the network in floats.

    Attributes
    ----------
    before : Report
        The held-out PSNR in int8 and in floats of the weights that the training starts from.
    psnr_db : callable
        Returns the held-out PSNR in floats of the weights that the training has reached.
    """

    before: Report
    psnr_db: Callable[[], float]


class TrainingCallback(keras.callbacks.Callback):
    """Tells each report, keeps one report's weights, writes everything to go on with, and stops where it should."""

    def __init__(
        self,
        plan: Plan,
        recipe: dict[str, Any],
        folder: Path | None,
        progress: Progress | None,
        started_s: float,
        twin: FloatTwin | None = None,
    ) -> None:
        super().__init__()
        self._plan, self._recipe, self._progress, self._started_s = plan, recipe, progress, started_s
        self._twin = twin
        self._file = folder / PROGRESS_FILE if folder else None
        self._steps_a_report = plan.steps // plan.reports
        self._step = 0
        self._words = f"{len(recipe['photos'])} photos, {plan.steps} steps"
        if twin:
            self._words += f"; before the first {_held_out_words(twin.before)}"
        self._seconds_before = 0.0
        self._best: list[Any] = []
        self.history: list[Report] = []
        self.lost_at: int | None = None

    def take_up(self) -> int:
        """Go back to the last report in the folder, if it has one; return how many reports lie behind."""
        if self._file is None or not self._file.is_file():
            return 0
        with _undamaged(self._file):
            story, arrays = _read(self._file)
            recipe = story["recipe"]
        wanted = json.loads(json.dumps(self._recipe))
        if recipe != wanted:
            raise InputError(
                f"the progress of this very plan in {self._file.parent}",
                f"one with {_differences(recipe, wanted)}",
                "give the same again, name another folder, or start from the weights there",
            )
        with _undamaged(self._file):
            self.history, self._seconds_before = story["history"], story["seconds"]
            for name, variables in self._variables().items():
                for index, variable in enumerate(variables):
                    variable.assign(arrays[f"{name}_{index}"])
            self._best = [arrays[f"best_{index}"] for index in range(len(self.model.weights))]
        for report in self.history:
            self._tell_report(report)
        self._step = len(self.history) * self._steps_a_report
        return len(self.history)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Tell of a step."""
        self._step += 1
        if self._step % self._steps_a_report:
            self._tell(self._step)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Take the report of an epoch."""
        assert logs is not None
        step = (epoch + 1) * self._steps_a_report
        if not (math.isfinite(logs["loss"]) and math.isfinite(logs["val_loss"])):
            self.lost_at = step
            self.model.stop_training = True
            return
        psnr_db = psnr_db_of(logs["val_square_error"])
        in_floats = {"held_out_float_psnr_db": self._twin.psnr_db()} if self._twin else {}
        self.history.append({"step": step, "loss": logs["loss"], "held_out_psnr_db": psnr_db, **in_floats})
        if self._kept_report() is self.history[-1]:
            self._best = self.model.get_weights()
        self._write()
        self._tell_report(self.history[-1])
        if self.patience_is_over():
            self.model.stop_training = True

    def patience_is_over(self) -> bool:
        """Whether too many reports brought nothing better."""
        if not (self._plan.patience and self.history):
            return False
        since = self.history[-1]["step"] - self._best_report()["step"]
        return since >= self._plan.patience * self._steps_a_report

    def trained(self, model: keras.Model) -> Trained:
        """Return the weights of the kept report in `model`, with the recipe."""
        self.model.set_weights(self._best)
        model.set_weights(ordinary_weights(self.model, model))
        kept = self._kept_report()
        found: dict[str, Any] = {"held_out_psnr_db": kept["held_out_psnr_db"], "kept_step": kept["step"]}
        if self._twin:
            found |= {"held_out_float_psnr_db": kept["held_out_float_psnr_db"], "before": self._twin.before}
            found |= {"ranges": ranges_of(self.model)}
        found |= {"steps_done": self.history[-1]["step"], "minutes": round(self._seconds() / 60, 1)}
        return Trained(model, self._recipe | found, self.history)

    def _tell_report(self, report: Report) -> None:
        step = int(report["step"])
        self._words = f"step {step}: loss {report['loss']:.5f}, {_held_out_words(report)}"
        self._tell(step)

    def _tell(self, step: int) -> None:
        if self._progress:
            self._progress(step, self._plan.steps, self._words)

    def _best_report(self) -> Report:
        return max(self.history, key=lambda report: report["held_out_psnr_db"])

    def _kept_report(self) -> Report:
        """Return the last report that is about as good as the best."""
        lowest_db = self._best_report()["held_out_psnr_db"] - ALIKE_DB
        return [report for report in self.history if report["held_out_psnr_db"] >= lowest_db][-1]

    def _seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._started_s

    def _variables(self) -> dict[str, list[Any]]:
        return {"weight": self.model.weights, "optimizer": self.model.optimizer.variables}

    def _write(self) -> None:
        """Write the progress beside its place and move it there: a kill in between costs one report.

        It is on the disk before it takes the place of the last, so that not even a power cut costs more.
        """
        if self._file is None:
            return
        arrays = {f"best_{index}": values for index, values in enumerate(self._best)}
        for name, variables in self._variables().items():
            arrays |= {f"{name}_{index}": np.asarray(variable) for index, variable in enumerate(variables)}
        story = {"recipe": self._recipe, "history": self.history, "seconds": self._seconds()}
        with replacing(self._file) as partial, partial.open("wb") as file:
            np.savez(file, story=np.asarray(json.dumps(story)), **arrays)
            file.flush()
            os.fsync(file.fileno())


def _held_out_words(report: Report) -> str:
    words = f"held-out PSNR {report['held_out_psnr_db']:.2f} dB"
    in_floats = report.get("held_out_float_psnr_db")
    return words if in_floats is None else f"{words} in int8, {in_floats:.2f} dB in floats"


def psnr_db_of(square_error: float) -> float:
    """Return the PSNR (dB) of a mean squared difference of values in [0, 1]."""
    return -10 * math.log10(square_error) if square_error else math.inf
