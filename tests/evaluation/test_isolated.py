"""Evaluation in a child process: the same figures, and a model that ends its process ends nothing else."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures import hostile_models
from fixtures.pirm2018 import ENHANCEMENT

from aic_helpers.core.errors import InputError
from aic_helpers.data.datasets import Dataset, open_dataset
from aic_helpers.data.images import write_png
from aic_helpers.evaluation import isolated
from aic_helpers.evaluation.per_image import evaluate, summarise
from aic_helpers.runtimes import frozen_models

pytestmark = pytest.mark.tensorflow

RNG = np.random.default_rng(6)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Four pairs, the third of another size."""
    for name, side_px in (("1", 32), ("2", 32), ("3", 48), ("4", 32)):
        target = RNG.random((side_px, 40, 3)) * 0.6 + 0.2
        write_png(tmp_path / "target" / f"{name}.png", target)
        write_png(tmp_path / "input" / f"{name}.png", target + 0.1)
    return open_dataset(tmp_path, ENHANCEMENT)


def test_a_child_finds_what_this_process_finds(dataset: Dataset, tmp_path: Path) -> None:
    model = hostile_models.freeze(hostile_models.good, tmp_path / "model.pb")
    told: list[tuple[int, int]] = []
    with isolated.Evaluator(dataset) as evaluator:
        found = evaluator.assess(model, examples=tmp_path / "run", progress=lambda *state: told.append(state))
    here = evaluate(frozen_models.load(model), dataset)
    assert found.to_dict("records") == here.to_dict("records")
    assert told == [(done, 4, "images") for done in (2, 3, 4)], "images of one size go through together"
    assert (tmp_path / "run" / "example_worst_output.webp").is_file()


@pytest.mark.parametrize(
    ("build", "limits", "reason"),
    [
        (hostile_models.aborts, {}, "died of SIGABRT"),
        # TensorFlow tries again for ten seconds before it tells, at each image.
        (hostile_models.asks_for_8_gb, {"max_rss_mib": 1000.0, "limit": 1}, "OOM when allocating tensor"),
        (hostile_models.loops, {"timeout_s": 12.0}, "no reply within 12 s"),
    ],
)
def test_a_model_that_ends_its_process_has_failed(
    dataset: Dataset, tmp_path: Path, build: hostile_models.Build, limits: dict[str, Any], reason: str
) -> None:
    model = hostile_models.freeze(build, tmp_path / "model.pb")
    with isolated.Evaluator(dataset, **limits) as evaluator:
        frame = evaluator.assess(model)
    assert list(frame["image"]) == ["1", "2", "3", "4"][: limits.get("limit")]
    assert math.isnan(frame["psnr_db"].iloc[0])
    assert reason in summarise(frame, ENHANCEMENT.protocol)["failed"]
    assert summarise(frame, ENHANCEMENT.protocol)["psnr_db"] is None


def test_an_image_that_cannot_be_read_is_told(dataset: Dataset, tmp_path: Path) -> None:
    model = hostile_models.freeze(hostile_models.good, tmp_path / "model.pb")
    (tmp_path / "input" / "3.png").write_bytes(b"no image")
    wrong = pytest.raises(InputError, match=r"expected an image in .*3\.png, found a file of another kind")
    with wrong, isolated.Evaluator(dataset) as evaluator:
        evaluator.assess(model)


def test_the_figures_of_an_image_are_those_of_it_alone(dataset: Dataset, tmp_path: Path) -> None:
    """A network with batch statistics: what other images share the run must not matter."""
    model = hostile_models.freeze(hostile_models.mixes_the_batch, tmp_path / "model.pb")
    with isolated.Evaluator(dataset) as evaluator:
        found = evaluator.assess(model)
    with isolated.Evaluator(dataset, limit=1) as evaluator:
        alone = evaluator.assess(model)
    assert alone["psnr_db"].iloc[0] == found["psnr_db"].iloc[0]
    assert found.attrs["mixing"] == "Mean (Mean)"


def test_what_the_outputs_say_stands_in_the_summary(dataset: Dataset, tmp_path: Path) -> None:
    model = hostile_models.freeze(lambda images: images * 255 - 25, tmp_path / "model.pb")
    with isolated.Evaluator(dataset) as evaluator:
        summary = summarise(evaluator.assess(model), ENHANCEMENT.protocol)
    assert summary["doubts"] == [{"kind": "range", "text": "it looks as if it gives 0..255: divide its output by 255"}]
    assert summary["mixing"] is None
