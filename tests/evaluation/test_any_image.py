"""Outputs of models, good and hostile: what comes back, in one line where it is a failure, and that the rest lives on.

Most run in this process: what a child process adds is in test_workers and in the last tests here.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import hostile_models, in_process

from aic_helpers.core.errors import InputError
from aic_helpers.evaluation import any_image
from aic_helpers.evaluation.any_image import Outputs
from aic_helpers.processes.workers import ChildError
from aic_helpers.runtimes import model_workers
from aic_helpers.runtimes.model_workers import ModelFailure

pytestmark = pytest.mark.tensorflow

PHOTO = np.random.default_rng(3).random((70, 90, 3), np.float32)


@pytest.fixture
def freeze(tmp_path):
    def frozen(name: str, *shape: int | None) -> Path:
        build = getattr(hostile_models, name)
        return hostile_models.freeze(build, tmp_path / f"{name}.pb", shape or (None, None, None, 3))

    return frozen


class Worker(in_process.Worker):
    """Stands for a child; one that has not enough memory for more than so many pixels, where a test says so."""

    started = ended = 0
    most_pixels = None

    def __init__(self, target, **limits):
        super().__init__(target, **limits)
        type(self).started += 1

    def receive(self, **limits):
        if "array" in self._request:
            self._pixels = self._request["array"][..., 0].size
        if self._request["do"] == "run" and self.most_pixels and self._pixels > self.most_pixels:
            raise ChildError("stopped by the watchdog at 3600 MiB resident, above the cap of 3584 MiB", "memory")
        return super().receive(**limits)

    def close(self):
        type(self).ended += not self._has_ended
        super().close()


@pytest.fixture
def workers(monkeypatch):
    kind = type("Counted", (Worker,), {})
    monkeypatch.setattr(model_workers, "Worker", kind)
    return kind


def test_an_output_is_what_the_network_gives(workers, freeze):
    from aic_helpers.runtimes.frozen_models import load

    path = freeze("good")
    with Outputs() as good:
        assert np.array_equal(good.of(path, PHOTO), load(path)(PHOTO[None])[0])
        assert good.of(path, PHOTO[:40, :33]).shape == (40, 33, 3)
    assert (workers.started, workers.ended) == (1, 1)


def test_an_output_is_not_clipped(workers, freeze):
    with Outputs() as wide:
        output = wide.of(freeze("out_of_range"), PHOTO)
    assert output.min() < -0.2
    assert output.max() > 1.2


def test_a_model_may_be_started_before_its_image_is_there(workers, freeze):
    path = freeze("good")
    with Outputs() as early:
        early.start(path)
        early.start(path)
        assert early.of(path, PHOTO).shape == PHOTO.shape
        assert workers.started == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("smaller", r"the output is \(1, 68, 88, 3\) where the input is \(1, 70, 90, 3\)"),
        ("grey", r"the output is \(1, 70, 90, 1\) where the input is \(1, 70, 90, 3\)"),
        ("always_nan", r"100.00% of the output's values are NaN or infinite"),
        ("fails_when_it_runs", r"Expected begin\[1\] in \[0, 70\], but got 1048576"),
    ],
)
def test_a_failure_is_one_line_and_the_next_call_works(workers, freeze, name, message):
    with Outputs() as both:
        with pytest.raises(ModelFailure, match=message) as failure:
            both.of(freeze(name), PHOTO)
        assert "\n" not in str(failure.value)
        assert both.of(freeze("good"), PHOTO).shape == PHOTO.shape


def test_a_file_that_is_no_model(workers, tmp_path):
    path = tmp_path / "model.pb"
    path.write_bytes(b"no model")
    with Outputs() as none:
        with pytest.raises(ModelFailure, match=r"expected a frozen graph in .*, found a truncated or other file"):
            none.of(path, PHOTO)
        assert workers.ended == 1, "a process without a model isn't kept"
        with pytest.raises(InputError, match=r"expected a frozen model at .*, found nothing"):
            none.of(tmp_path / "nowhere.pb", PHOTO)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 3)), np.zeros((4, 4, 1), np.float32), np.zeros((0, 4, 3), np.float32)]
)
def test_an_image_of_another_kind(image, freeze):
    with (
        Outputs() as none,
        pytest.raises(InputError, match=r"expected an image of float32, shape \(height, width, 3\)"),
    ):
        none.of(freeze("good"), image)


def test_the_least_recently_used_model_ends(workers, freeze, tmp_path):
    paths = [tmp_path / f"{index}.pb" for index in range(any_image.MAX_WORKERS + 1)]
    for path in paths:
        hostile_models.freeze(hostile_models.good, path)
    with Outputs() as many:
        for path in [*paths[:-1], paths[0]]:
            many.of(path, PHOTO)
        assert (workers.started, workers.ended) == (any_image.MAX_WORKERS, 0)
        many.of(paths[-1], PHOTO)
        assert (workers.started, workers.ended) == (any_image.MAX_WORKERS + 1, 1)
        many.of(paths[0], PHOTO)
        assert workers.started == any_image.MAX_WORKERS + 1, "the second was the least recently used one"
    assert workers.ended == any_image.MAX_WORKERS + 1


def test_a_model_that_is_written_anew_is_loaded_anew(workers, tmp_path):
    path = hostile_models.freeze(hostile_models.good, tmp_path / "model.pb")
    with Outputs() as one:
        first = one.of(path, PHOTO)
        hostile_models.freeze(hostile_models.out_of_range, path)
        assert np.abs(one.of(path, PHOTO) - first).max() > 0.1


def test_tiles_where_the_whole_is_too_large(workers, freeze, monkeypatch):
    path, sizes, run = freeze("good"), [], Outputs._run
    monkeypatch.setattr(Outputs, "_run", lambda self, path, image: sizes.append(image.shape) or run(self, path, image))
    with Outputs() as one:
        expected = one.of(path, PHOTO)
        assert sizes == [PHOTO.shape]
        workers.most_pixels = 60 * 60
        tiled = one.of(path, PHOTO)
    assert len(sizes) == 6, "whole, whole again, and four tiles"
    assert np.abs(tiled - expected).max() < 1e-6


def test_no_tiles_where_they_would_change_the_result(workers, tmp_path):
    path = hostile_models.freeze(lambda images: images / hostile_models.tf.reduce_mean(images), tmp_path / "m.pb")
    workers.most_pixels = 50 * 50
    size = r"90x70 at once is too large \(stopped by the watchdog .*\)"
    tiles = r"tiles may change the result \(Mean \(Mean\) takes in the whole photo\)"
    message = rf"{size}, and {tiles}; take a smaller photo"
    with Outputs() as one, pytest.raises(ModelFailure, match=message):
        one.of(path, PHOTO)


def test_tiles_that_are_too_large_too(workers, freeze):
    workers.most_pixels = 9
    with Outputs() as one, pytest.raises(ModelFailure, match="even in tiles of 64 px: stopped by the watchdog"):
        one.of(freeze("good"), PHOTO)


def test_in_processes_of_their_own(freeze):
    """One hangs and one aborts; the good one keeps its process."""
    with Outputs() as several:
        good = freeze("good")
        first = several.of(good, PHOTO)
        (pid,) = [worker.pid for worker in several._workers.values()]
        with pytest.raises(ModelFailure, match="it died of SIGABRT"):
            several.of(freeze("aborts"), PHOTO)
        several._run_timeout_s = 2.0  # for this run alone: the others may take what they need on a busy machine
        with pytest.raises(ModelFailure, match="no reply within 2 s; it was ended"):
            several.of(freeze("loops"), PHOTO)
        several._run_timeout_s = 120.0
        assert np.array_equal(several.of(good, PHOTO), first)
        assert [worker.pid for worker in several._workers.values()] == [pid]
