"""The network that a track times every model beside, as ONNX Runtime takes it."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.installation import needed
from aic_helpers.core.project_paths import cache_folder
from aic_helpers.core.source_hashes import code
from aic_helpers.models.sources import PRETRAINED, baseline_pb
from aic_helpers.onnx_export import exporting
from aic_helpers.runtimes.formats import ONNX
from aic_helpers.tracks.definitions import Track


def onnx_baseline(track: Track) -> Path:
    """Return a track's baseline as an `.onnx` file: one of ours is there, a track's own is made once and kept.

    Raises
    ------
    InputError
        See `aic_helpers.models.sources.baseline_pb` and `aic_helpers.onnx_export.exporting.export`.
    """
    if shipped := _shipped(track):
        ONNX.require()
        return shipped
    kept = cache_folder() / "baselines" / f"{baseline_sha256(track)}{ONNX.suffix}"
    if not kept.is_file():
        frozen = baseline_pb(track)
        try:
            exporting.export(frozen, kept, name=frozen.name, ours=True)
        except InputError as error:
            raise InputError.again(f"{error}; or name another baseline in a track's file of your own") from None
    return kept


def baseline_sha256(track: Track) -> str:
    """Return the SHA-256 of the file that `onnx_baseline` returns, or of all that it makes that from."""
    if shipped := _shipped(track):
        return safe_files.sha256(shipped) or ""
    with needed(ONNX.extra):
        versions = [version(name) for name in ("tf2onnx", "onnx", "tensorflow")]
    made_from = (safe_files.sha256(baseline_pb(track)), versions, code("onnx_export.baselines"))
    return hashlib.sha256(repr(made_from).encode()).hexdigest()


def _shipped(track: Track) -> Path | None:
    frozen = baseline_pb(track)
    shipped = frozen.with_suffix(ONNX.suffix)
    return shipped if frozen.parent == PRETRAINED and shipped.is_file() else None
