"""The steps of a run, each written to the run folder as it is done: what notebooks and commands both call."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aic_helpers.core import isolation, machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.data.datasets import read_pair
from aic_helpers.evaluation import any_image, isolated, per_image, protocol_comparisons
from aic_helpers.models import sources
from aic_helpers.onnx_export.baselines import onnx_baseline
from aic_helpers.profiling import profiler, requirements, scaling
from aic_helpers.profiling.network_pairs import Conditions, conditions_of
from aic_helpers.profiling.timing import Limits
from aic_helpers.quantization import baselines
from aic_helpers.runs import cache_keys, model_cache, results
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Result
from aic_helpers.runtimes.formats import LITERT, ONNX

if TYPE_CHECKING:
    import pandas as pd

    from aic_helpers.runs.comparison_figures import Comparison


def convert(settings: Settings, known: Result | None = None, *, fresh: bool = False) -> Result:
    """Return the result of the run, having converted the source to `model.pb`.

    A `model.pb` that was made from this very source is used as it is, one in the cache too
    (see `aic_helpers.runs.model_cache`), unless `fresh` is true.

    Parameters
    ----------
    known : Result, optional
        What the run folder has, where that was read already.

    Raises
    ------
    InputError
        The source can't be converted, or the run folder has the result of another.
    """
    folder, key = settings.folder, cache_keys.model_key(settings.source, settings.track)
    result = known or results.find(folder)
    results.require_own(settings, result)
    held = result and not cache_keys.model_stale(settings, result, key) and results.has_model(folder, result)
    if result and held and not fresh:
        return result
    model = model_cache.convert(settings.source, settings.track, settings.model_file, key, fresh=fresh)
    return results.write_part(settings, "model", model, key)


def evaluate(
    settings: Settings,
    known: Result | None = None,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    threads: int | None = None,
    max_rss_mib: float | None = None,
) -> Result:
    """Return the result of the run, having written the figures of each validation image and their means to the folder.

    Pictures of the worst, the median and the best image go there too. Figures that the run folder has of this very
    model, of these images and by this protocol are used as they are, unless `fresh` is true.

    Parameters
    ----------
    known
        See `convert`.
    threads, max_rss_mib
        See `aic_helpers.evaluation.isolated.Evaluator`.
    """
    known = known or results.find(settings.folder)
    start = partial(
        isolated.Evaluator, settings.dataset, limit=settings.limit, threads=threads, max_rss_mib=max_rss_mib
    )
    lacks = fresh or not (known and known.metrics)
    with start() if lacks else nullcontext() as ready:  # its process makes ready beside the conversion
        result = convert(settings, known)
        key = cache_keys.metrics_key(settings, result.model_sha256)
        if not (fresh or cache_keys.told_stale(settings, result, "metrics", key)):
            return result
        with nullcontext(ready) if ready else start() as evaluator:
            images = evaluator.assess(settings.model_file, examples=settings.folder, progress=progress)
    return record_metrics(settings, images, key)


def record_metrics(settings: Settings, images: pd.DataFrame, key: cache_keys.Key) -> Result:
    """Write the figures of each validation image and their means to the run folder; return the result."""
    results.write_table(settings, "images", images)
    return results.write_part(
        settings, "metrics", {**per_image.summarise(images, settings.track.protocol), "limit": settings.limit}, key
    )


def profile(
    settings: Settings,
    conditions: Conditions | None = None,
    limits: Limits | None = None,
    known: Result | None = None,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Return the result of the run, having written time and memory beside the track's baseline.

    A profile that the run folder has of this very model, with these settings on this machine, is used as it is, unless
    `fresh` is true. `known`: see `convert`.
    """
    result = convert(settings, known)
    conditions, limits = conditions or conditions_of(settings.track), limits or Limits()
    key = cache_keys.profile_key(settings, result.model_sha256, conditions, limits)
    if not (fresh or cache_keys.told_stale(settings, result, "profile", key)):
        return result
    require_size(settings, result, conditions)
    photo = settings.hd_photo
    with _let_in(baseline_file(settings, conditions), settings.folder) as baseline:
        measured = profiler.profile(settings.timed_file, baseline, conditions, limits, image=photo, progress=progress)
    return record_profile(settings, measured, key)


def require_size(settings: Settings, result: Result, conditions: Conditions) -> None:
    """Refuse to time a file of one size at another."""
    asked, fixed = (conditions.width_px, conditions.height_px), result.model and result.model.fixed
    if not fixed or fixed.size == asked:
        return
    size, found = (f"{width_px}x{height_px}" for width_px, height_px in (asked, fixed.size))
    if settings.source.adapt.precision:
        remedy = f"leave --size out, or time the file that aic export --size {size} makes"
        raise InputError(f"{found}, the track's size, with --precision", f"--size {size}", remedy)
    expected, remedy = f"a file of {size} with --fixed, the size that is timed", "export it for that size"
    raise InputError(expected, f"one of {found}", f"{remedy}, or leave --fixed out")


def baseline_file(settings: Settings, conditions: Conditions) -> Path:
    """Return the track's baseline as the runtime of the model takes it: times are compared within one runtime."""
    if settings.source.format is LITERT:
        return baselines.litert_baseline(settings.track, (conditions.width_px, conditions.height_px))
    if settings.source.format is ONNX:
        return onnx_baseline(settings.track)
    return sources.baseline_pb(settings.track)


@contextmanager
def _let_in(file: Path, folder: Path) -> Iterator[Path]:
    """Give a file of a person's own where children may read it: where they are confined, as a copy in a folder."""
    if not isolation.active():
        yield file
        return
    with tempfile.TemporaryDirectory(dir=folder, prefix=".baseline-") as copied:
        isolation.let_in(Path(copied))
        yield Path(shutil.copyfile(file, Path(copied) / file.name))


def record_profile(settings: Settings, measured: profiler.Profile, key: cache_keys.Key) -> Result:
    """Write time and memory to the run folder; return the result."""
    results.write_table(settings, "timing", measured.samples)
    return results.write_part(settings, "profile", measured.result, key)


def grow(settings: Settings, *, threads: int | None = None, progress: Progress | None = None) -> scaling.Growth:
    """Return how time and memory grow with the resolution and the batch; the table goes to the run folder."""
    result = convert(settings)
    profile = result.raw["profile"] if result.profile else None
    measured = scaling.growth(
        settings.model_file,
        profile=profile,
        heights_px=[height_px // settings.track.enlarges for height_px in scaling.HEIGHTS_PX],
        image=settings.hd_photo,
        threads=threads,
        progress=progress,
    )
    results.write_table(settings, "growth", measured.table)
    if result.profile:
        key = result.keys["profile"].made_from if "profile" in result.keys else None
        grown = result.profile.raw | {"growth_exponents": measured.exponents}
        results.write_part(settings, "profile", grown, key)
    return measured


def check(settings: Settings, known: Result | None = None, *, fresh: bool = False, weighed: bool = True) -> Result:
    """Return the result of the run, having written the track's rules with what was found.

    Rules about time, memory and quality are judged by the profile and the metrics that the run folder has. Rules
    that were judged by these very parts already are used as they are, unless `fresh` is true.

    Parameters
    ----------
    known
        See `convert`.
    weighed : bool
        See `aic_helpers.profiling.requirements.check`.
    """
    result = convert(settings, known)
    key = cache_keys.requirements_key(settings, result, weighed=weighed)
    if not (fresh or cache_keys.told_stale(settings, result, "requirements", key)):
        return result
    results.require_as_written(result, settings.folder, ("metrics", "profile"))
    rules = requirements.check(
        settings.model_file,
        settings.track,
        conversion=result.raw["model"],
        profile=result.raw["profile"],
        metrics=result.raw["metrics"],
        photo=settings.hd_photo,
        timed=settings.timed_file,
        weighed=weighed,
    )
    return results.write_part(settings, "requirements", rules, key)


def explain(settings: Settings, *, progress: Progress | None = None) -> pd.DataFrame:
    """Return the figures of the run's frozen model by all protocols: see `evaluation.protocol_comparisons`."""
    convert(settings)
    with any_image.Outputs(max_rss_mib=machine.spare_memory_mib(), enlarges=settings.track.enlarges) as models:
        run = partial(models.of, settings.model_file)
        return protocol_comparisons.explain(run, settings.dataset, limit=settings.limit, progress=progress)


def worst_and_best(settings: Settings, images: pd.DataFrame) -> list[Comparison]:
    """Return the images of lowest and highest PSNR with input, output and target; failed images are left out."""
    scored = images[images["psnr_db"].notna()].sort_values("psnr_db")
    ends = {"worst": scored.head(1), "best": scored.tail(1)} if len(scored) > 1 else {"the only": scored}
    with any_image.Outputs(max_rss_mib=machine.spare_memory_mib(), enlarges=settings.track.enlarges) as models:
        return [
            comparison(settings, str(row.image), f"{end} image: {row.image}", models)
            for end, rows in ends.items()
            for row in rows.itertuples()
        ]


def comparison(settings: Settings, name: str, title: str, models: any_image.Outputs) -> Comparison:
    """Return one validation image with input, output and target; `models` runs the frozen model."""
    from aic_helpers.runs.comparison_figures import Comparison

    pair = next(pair for pair in settings.dataset.pairs if pair.name == name)
    loaded = read_pair(settings.dataset, pair)
    output = models.of(settings.model_file, loaded.input)
    return Comparison(title, loaded.shown, output, loaded.target)
