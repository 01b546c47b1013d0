"""Run folders and `result.json`.

A run is one model on one track, in one folder: `model.pb`, `result.json`, `report.html`, `images.csv` (a row per
validation image), `timing.csv` (a row per timed run) and the executed notebooks. Each step writes its part of
`result.json` as it is done; a part that no step has written yet is null.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aic_helpers.core import safe_files, staging
from aic_helpers.core.errors import InputError
from aic_helpers.core.machine import environment
from aic_helpers.core.safe_files import sha256
from aic_helpers.core.scoring import total_scores
from aic_helpers.core.tracks import HD_HEIGHT_PX, HD_WIDTH_PX, PROTOCOL, Track
from aic_helpers.models.sources import fingerprint
from aic_helpers.runs import schema
from aic_helpers.runs.run_settings import Settings

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

SCHEMA = schema.SCHEMA
FILES = schema.FILES

Table = Literal["images", "timing", "growth"]
Part = Literal["model", "metrics", "profile", "requirements"]

PARTS: tuple[Part, ...] = ("model", "metrics", "profile", "requirements")
"""What the steps write, in their order. `scores` follow from `metrics` and `profile`."""


def converted(settings: Settings) -> dict[str, Any] | None:
    """Return the `model` part of a run whose `model.pb` was made from this very source; None if it must be made."""
    if not (settings.model_pb.is_file() and (settings.folder / "result.json").is_file()):
        return None
    model = read(settings.folder)["model"]
    fresh = model and model.get("source_sha256") == fingerprint(settings.source)
    return model if fresh and sha256(settings.model_pb) == model["sha256"] else None


def read(run: str | Path) -> dict[str, Any]:
    """Return the result in a run folder (or in a `result.json`).

    Raises
    ------
    InputError
        No result, not JSON, a schema other than 1, or parts without their keys.
    """
    path = Path(run)
    path = path if path.suffix == ".json" else path / "result.json"
    shown = staging.home(path.parent) / path.name
    if not path.is_file():
        raise InputError(f"a result at {shown}", "nothing", "make one with: aic run")
    try:
        result = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"JSON in {shown}", f"something else ({error})", schema.REMEDY) from None
    schema.require(result, shown)
    return {"keys": {}, **result}


def set_damaged_aside(folder: Path) -> None:
    """Rename a `result.json` that isn't JSON or lacks what a step would have written, and say so.

    It is kept, because it may be a person's own.

    Raises
    ------
    OtherSchemaError
        One that another version of the workbench may have written.
    """
    path = folder / "result.json"
    try:
        if path.is_file():
            read(path)
    except schema.OtherSchemaError:
        raise
    except InputError as error:
        aside = path.with_name(f"result.damaged-{str(sha256(path))[:8]}.json")
        path.replace(aside)
        log.warning("the result is made anew (%s); the one that was there is kept as %s", error, aside.name)


def write_part(settings: Settings, part: Part, value: Any, made_from: dict[str, Any] | None = None) -> dict[str, Any]:
    """Put one part into the run's `result.json`, with the scores that follow, and return the whole result.

    With it go its key, `made_from` (see `aic_helpers.runs.cache_keys`), and the hashes of the files that hang on it, as
    they are now. What was there stays, save where it was made on something else: another track, or another frozen
    model, clears everything, and other data clears the metrics and the profile.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, not {part!r}")
    result = _kept(settings, value if part == "model" else None)
    for needs, names in schema.HANGS_ON.items():
        for name in names if result[needs] is None and needs != part else ():
            (settings.folder / name).unlink(missing_ok=True)
    (settings.folder / "report.html").unlink(missing_ok=True)  # it told what was there before
    if part == "model":
        source = settings.source
        given = None if source.track else source.checkpoint  # a pretrained model's own need not be typed
        value = {**value, "source_sha256": fingerprint(source), "checkpoint": given}
    result[part] = value
    if part != "requirements":
        result["requirements"] = None  # they were judged by what was there before
        result["keys"].pop("requirements", None)
    result["keys"].pop(part, None)
    if made_from is not None:
        files = _hashes(settings.folder, part)
        result["keys"][part] = {"made_from": made_from, "files": files, "sha256": part_sha256(value)}
    result["scores"] = scores(settings.track, result["metrics"], result["profile"])
    result["environment"] = environment()
    result = safe_files.strict(result)
    safe_files.write_json(settings.folder / "result.json", result)
    return result


def part_sha256(value: Any) -> str | None:
    """Return the SHA-256 of a part as JSON; None where it isn't there."""
    return None if value is None else hashlib.sha256(safe_files.as_json(value).encode()).hexdigest()


def _hashes(folder: Path, part: Part) -> dict[str, str]:
    names = schema.HANGS_ON[part]
    return {name: digest for name in names if (digest := sha256(folder / name))}


def _kept(settings: Settings, new_model: dict[str, Any] | None) -> dict[str, Any]:
    """Return the result so far, without the parts that no longer hold."""
    data = {"name": settings.dataset.name, "note": settings.dataset.note}
    blank: dict[str, Any] = {"schema": SCHEMA, "track": settings.track.name, "protocol": PROTOCOL, "data": data}
    blank |= {**dict.fromkeys((*PARTS, "scores", "environment")), "keys": {}}
    if not (settings.folder / "result.json").is_file():
        return blank
    old = read(settings.folder)
    other_model = new_model and (old["model"] or {}).get("sha256") != new_model["sha256"]
    if old["track"] != settings.track.name or other_model:
        return blank
    if old["data"] != data:
        return blank | {"model": old["model"], "keys": {k: v for k, v in old["keys"].items() if k == "model"}}
    return blank | old


def scores(track: Track, metrics: dict[str, Any] | None, profile: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return scores A, B and C with their intervals.

    None where a figure they need is missing or not finite, or the speedup is of another size than the challenge's.
    """
    if not (metrics and profile) or (profile["width_px"], profile["height_px"]) != (HD_WIDTH_PX, HD_HEIGHT_PX):
        return None
    figures = [metrics.get("psnr_db"), metrics.get("ms_ssim"), profile.get("speedup")]
    psnr_db, ms_ssim, speedup = (math.nan if figure is None else float(figure) for figure in figures)
    if not all(map(math.isfinite, (psnr_db, ms_ssim, speedup))):
        return None
    found = total_scores(
        track,
        psnr_db=psnr_db,
        ms_ssim=ms_ssim,
        speedup=speedup,
        psnr_db_ci95=metrics.get("psnr_db_ci95"),
        ms_ssim_ci95=metrics.get("ms_ssim_ci95"),
        speedup_ci95=profile.get("speedup_ci95"),
    )
    return {name: asdict(score) for name, score in found.items()}


def write_table(settings: Settings, name: Table, table: pd.DataFrame) -> Path:
    """Write a table to the run folder as `<name>.csv` and return its path."""
    path = settings.folder / f"{name}.csv"
    safe_files.write_text(path, table.to_csv(index=False, lineterminator="\n"))
    return path


def read_table(settings: Settings, name: Table) -> pd.DataFrame:
    """Return a table of the run folder; an empty one where no step has written it."""
    import pandas as pd

    path = settings.folder / f"{name}.csv"
    return pd.read_csv(path, dtype={"image": str}) if path.is_file() else pd.DataFrame()
