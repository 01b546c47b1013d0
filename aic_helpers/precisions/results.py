"""The part ``precisions`` of `result.json` in types: what a model is worth in each precision."""

from __future__ import annotations

from typing import Annotated, Any

from aic_helpers.core.written_values import AsWritten, Count, Figure, Interval, Quality, Table, Text, of_kind


class Estimate(AsWritten):
    """A value with its 95 % interval."""

    value: Figure = None
    ci95: Interval = None


class Precision(Quality):
    """One precision: see `aic_helpers.precisions.measuring.measure`; `reason` says why there is no file of it."""

    reason: Text = ""
    failed: Text = ""
    bytes: Count = None
    images: Count = None
    loss: Annotated[dict[str, Estimate | None], of_kind(dict, {})] = {}
    time_ms: Figure = None
    over_float32: Annotated[Estimate, of_kind(dict, {})] = Estimate()
    over_tensorflow: Annotated[Estimate, of_kind(dict, {})] = Estimate()
    peak_rss_mib: Figure = None
    verdict: Table = {}


class Precisions(AsWritten):
    """A model in all precisions, and what their figures share."""

    by_precision: dict[str, Precision]
    width_px: Count = None
    height_px: Count = None
    threads: Count = None
    machine: Table = {}
    repetitions: Count = None
    stop_reason: Text = ""
    tensorflow_time_ms: Figure = None
    export: Annotated[dict[str, Any], of_kind(dict, {})] = {}
