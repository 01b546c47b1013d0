"""The network that a track times every model beside, as LiteRT takes it."""

from __future__ import annotations

import hashlib
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.core.project_paths import cache_folder
from aic_helpers.core.source_hashes import code
from aic_helpers.data.images import read_rgb
from aic_helpers.models import conversion
from aic_helpers.models.sources import baseline_pb
from aic_helpers.models.trials import batch_of
from aic_helpers.quantization.calibration import Size
from aic_helpers.quantization.export_processes import ExportProcess
from aic_helpers.quantization.exporting import TIMEOUT_S
from aic_helpers.quantization.precisions import FIXED, FLOAT32, FREE
from aic_helpers.runtimes.formats import LITERT
from aic_helpers.tracks.definitions import Track


def litert_baseline(track: Track, size: Size) -> Path:
    """Return a track's baseline as a float32 `.tflite` file of one size (width, height in px), made once and kept.

    Raises
    ------
    InputError
        See `aic_helpers.models.sources.baseline_pb` and `aic_helpers.quantization.exporting.export`; or what LiteRT
        gives for a photo is not what the baseline gives.
    """
    frozen = baseline_pb(track)
    kept = cache_folder() / "baselines" / f"{baseline_sha256(track, size)}{LITERT.suffix}"
    if not kept.is_file():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".made-") as folder:
            with ExportProcess(frozen, Path(folder), frozen.stem, TIMEOUT_S, ours=True) as process:
                process.open()
                process.convert(FIXED, size)
                process.make(FLOAT32.name, FIXED, kept.name)
                photo = batch_of(read_rgb(conversion.photo()), size)
                _require_alike(frozen, process.compare({FIXED: kept.name, FREE: None}, photo))
            (Path(folder) / kept.name).replace(kept)
    return kept


def baseline_sha256(track: Track, size: Size) -> str:
    """Return the SHA-256 of all that `litert_baseline` makes its file from."""
    made_from = (safe_files.sha256(baseline_pb(track)), size, version("tensorflow"), code("quantization.baselines"))
    return hashlib.sha256(repr(made_from).encode()).hexdigest()


def _require_alike(frozen: Path, proof: dict[str, Any]) -> None:
    found = proof["reason"]
    if not found and proof["to_source"] > MAX_DIFFERENCE:
        found = f"a difference of {proof['to_source']:.1e} on a photo"
    if found:
        expected = f"LiteRT to give what {frozen.name} gives, the track's baseline"
        raise InputError(expected, found, "name another baseline in a track's file of your own")
