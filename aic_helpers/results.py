"""Run folders and `result.json`.

A run is one model on one track, in one folder: `model.pb`, `result.json`, `report.html`, `images.csv` (a row per
validation image), `timing.csv` (a row per timed run) and the executed notebooks. Each step writes its part of
`result.json` as it is done; a part that no step has written yet is null.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import logging
import math
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from aic_helpers import datasets, machine, run_files, schema, sources, staging, texts
from aic_helpers.errors import InputError
from aic_helpers.fingerprints import fingerprint
from aic_helpers.places import PROJECT, folder_name
from aic_helpers.scoring import total_scores
from aic_helpers.tracks import HD_HEIGHT_PX, HD_WIDTH_PX, PROTOCOL, TRACKS, Track

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

SCHEMA = schema.SCHEMA
FILES = run_files.FILES

Table = Literal["images", "timing", "growth"]
Part = Literal["model", "metrics", "profile", "requirements"]

PARTS: tuple[Part, ...] = ("model", "metrics", "profile", "requirements")
"""What the steps write, in their order. `scores` follow from `metrics` and `profile`."""


@dataclass(frozen=True)
class Settings:
    """What a run works on: the parameters of a notebook or command, checked and resolved.

    Attributes
    ----------
    folder : Path
        The run folder. It need not be there yet.
    limit : int or None
        How many validation images to use; None for all.
    """

    track: Track
    source: sources.ModelSource
    dataset: datasets.Dataset
    folder: Path
    limit: int | None

    @property
    def model_pb(self) -> Path:
        """The frozen model in the run folder."""
        return self.folder / "model.pb"


def settle(
    track: str, model: str = "", checkpoint: str = "", data: str = "sample", out: str = "", limit: int = 0
) -> Settings:
    """Check the parameters that every notebook and command shares, and resolve them.

    Parameters
    ----------
    track : str
        ``super_resolution`` or ``enhancement``.
    model, checkpoint : str
        See `aic_helpers.sources.resolve`; no model means the track's sample network.
    data : str
        ``sample``, ``challenge`` or a folder.
    out : str
        The run folder; empty for ``runs/<track>/<model's name>`` in the project.
    limit : int
        How many validation images to use; 0 for all.

    Raises
    ------
    InputError
        An unknown track, model or dataset, a model made for the other track, or a limit below 0.
    """
    chosen = named_track(track)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise InputError("a limit of 0 (all) or more images", repr(limit), "0 stands for all")
    source = sources.resolve(str(model) or chosen.baseline, str(checkpoint) or None)
    if source.track not in (None, chosen.name):
        raise InputError(
            f"a model of track {chosen.name}", f"{source.name}, made for {source.track}", f"use track {source.track}"
        )
    dataset = datasets.open_dataset(str(data), track=chosen)
    return Settings(chosen, source, dataset, run_folder(chosen, source.name, str(out)), limit or None)


def named_track(name: str) -> Track:
    """Return the track of that name; `InputError` suggests the nearest name."""
    if name in TRACKS:
        return TRACKS[name]
    close = difflib.get_close_matches(str(name), TRACKS, n=1, cutoff=0.4)
    raise InputError(
        f"a track ({' or '.join(TRACKS)})", repr(name), f"did you mean {close[0]}?" if close else "name one"
    )


def run_folder(track: Track, name: str, out: str = "") -> Path:
    """Return the folder of a run: `out`, or `runs/<track>/<name>` in the project."""
    folder = Path(out).expanduser() if out else PROJECT / "runs" / track.name / folder_name(name)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"a folder for the run at {folder}", "a file", "name another place with out")
    return folder


def converted(settings: Settings) -> dict[str, Any] | None:
    """Return the `model` part of a run whose `model.pb` was made from this very source; None if it must be made."""
    if not (settings.model_pb.is_file() and (settings.folder / "result.json").is_file()):
        return None
    model = read(settings.folder)["model"]
    fresh = model and model.get("source_sha256") == fingerprint(settings.source)
    return model if fresh and sha256(settings.model_pb) == model["sha256"] else None


def sha256(path: Path) -> str | None:
    """Return the SHA-256 of a file; None where there is none."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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

    With it go its key, `made_from` (see `aic_helpers.keys`), and the hashes of the files that hang on it, as they
    are now. What was there stays, save where it was made on something else: another track, or another frozen model,
    clears everything, and other data clears the metrics and the profile.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}, not {part!r}")
    result = _kept(settings, value if part == "model" else None)
    for needs, names in run_files.HANGS_ON.items():
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
    result = texts.strict(result)
    texts.write_text(settings.folder / "result.json", texts.as_json(result) + "\n")
    return result


def part_sha256(value: Any) -> str | None:
    """Return the SHA-256 of a part as JSON; None where it isn't there."""
    return None if value is None else hashlib.sha256(texts.as_json(value).encode()).hexdigest()


def _hashes(folder: Path, part: Part) -> dict[str, str]:
    names = run_files.HANGS_ON[part]
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


def environment() -> dict[str, Any]:
    """Return what a figure depends on beside the model and the data: versions, processor, date."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("tensorflow", "keras", "numpy", "pillow")},
        "workbench": version("aic-workbench"),
        **machine.identity(),
        "platform": platform.platform(),
        "created_utc": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def write_table(settings: Settings, name: Table, table: pd.DataFrame) -> Path:
    """Write a table to the run folder as `<name>.csv` and return its path."""
    path = settings.folder / f"{name}.csv"
    texts.write_text(path, table.to_csv(index=False, lineterminator="\n"))
    return path


def read_table(settings: Settings, name: Table) -> pd.DataFrame:
    """Return a table of the run folder; an empty one where no step has written it."""
    import pandas as pd

    path = settings.folder / f"{name}.csv"
    return pd.read_csv(path, dtype={"image": str}) if path.is_file() else pd.DataFrame()
