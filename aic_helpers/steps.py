"""The steps of a run, each written to the run folder as it is done: what notebooks and commands both call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aic_helpers import (
    conversion,
    evaluation,
    examples,
    growth,
    inference,
    profiling,
    quiet,
    requirements,
    results,
    sources,
)
from aic_helpers.datasets import read_pair
from aic_helpers.results import Settings
from aic_helpers.subjects import Conditions
from aic_helpers.timing import Limits

if TYPE_CHECKING:
    import pandas as pd

    from aic_helpers.pictures import Comparison


def convert(settings: Settings, *, again: bool = False) -> dict[str, Any]:
    """Return the `model` part of the run, having converted the source to `model.pb`.

    A `model.pb` that was made from this very source is used as it is, unless `again` is true.
    """
    model = None if again else results.converted(settings)
    if model is None:
        converted = conversion.convert(settings.source, settings.model_pb)
        model = results.write_part(settings, "model", converted)["model"]
    return model


def evaluate(settings: Settings, *, progress: evaluation.Progress = iter) -> pd.DataFrame:
    """Return the figures of each validation image, having written them and their means to the run folder.

    Pictures of the worst, the median and the best image go there too.
    """
    convert(settings)
    model = load(settings.model_pb)
    images = evaluation.evaluate(model, settings.dataset, limit=settings.limit, progress=progress)
    results.write_part(settings, "metrics", {**evaluation.summarise(images), "limit": settings.limit})
    results.write_table(settings, "images", images)
    examples.write(settings, model, images)
    return images


def profile(
    settings: Settings,
    conditions: Conditions | None = None,
    limits: Limits | None = None,
    *,
    progress: profiling.Progress | None = None,
) -> profiling.Profile:
    """Return time and memory beside the track's baseline, having written them to the run folder."""
    convert(settings)
    baseline, photo = sources.baseline_pb(settings.track), _hd_photo(settings)
    measured = profiling.profile(settings.model_pb, baseline, conditions, limits, image=photo, progress=progress)
    results.write_part(settings, "profile", measured.result)
    results.write_table(settings, "timing", measured.samples)
    return measured


def grow(
    settings: Settings, *, threads: int | None = None, progress: profiling.Progress | None = None
) -> growth.Growth:
    """Return how time and memory grow with the resolution and the batch; the table goes to the run folder."""
    convert(settings)
    measured = growth.growth(settings.model_pb, image=_hd_photo(settings), threads=threads, progress=progress)
    profile = results.read(settings.folder)["profile"]
    if profile:
        results.write_part(settings, "profile", {**profile, "growth_exponents": measured.exponents})
    results.write_table(settings, "growth", measured.table)
    return measured


def check(settings: Settings) -> list[dict[str, Any]]:
    """Return the challenge's rules with what was found, having written them to the run folder.

    Rules about time, memory and quality are judged by the profile and the metrics that the run folder has.
    """
    model = convert(settings)
    run = results.read(settings.folder)
    rules = requirements.check(
        settings.model_pb,
        conversion=model,
        profile=run["profile"],
        metrics=run["metrics"],
        photo=_hd_photo(settings),
    )
    return results.write_part(settings, "requirements", rules)["requirements"]


def worst_and_best(settings: Settings, images: pd.DataFrame) -> list[Comparison]:
    """Return the images of lowest and highest PSNR with input, output and target; failed images are left out."""
    scored = images[images["psnr_db"].notna()].sort_values("psnr_db")
    ends = {"worst": scored.head(1), "best": scored.tail(1)} if len(scored) > 1 else {"the only": scored}
    return [
        comparison(settings, row.image, f"{end} image: {row.image}")
        for end, rows in ends.items()
        for row in rows.itertuples()
    ]


def load(frozen: Path) -> inference.FrozenModel:
    """Return the frozen model in a `.pb` file, without TensorFlow's start-up notes."""
    quiet.import_tensorflow()
    return inference.load(frozen)


def comparison(settings: Settings, name: str, title: str) -> Comparison:
    """Return one validation image with input, output and target."""
    from aic_helpers.pictures import Comparison

    pair = next(pair for pair in settings.dataset.pairs if pair.name == name)
    loaded = read_pair(settings.dataset, pair)
    output = load(settings.model_pb)(loaded.input[None])[0]
    return Comparison(title, loaded.input, output, loaded.target)


def _hd_photo(settings: Settings) -> Path | None:
    return settings.dataset.hd[0] if settings.dataset.hd else None
