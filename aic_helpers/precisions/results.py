"""The part ``precisions`` of `result.json` in types: what a model is worth in each precision."""

from __future__ import annotations

from typing import Annotated

from aic_helpers.core.written_values import AsWritten, Count, Figure, Interval, Quality, Table, Text, of_kind


class Estimate(AsWritten):
    """A value with its 95 % interval."""

    value: Figure = None
    ci95: Interval = None


class Computes(AsWritten):
    """What a file computes in, in what it isn't what it is called, and which operators each target takes."""

    computes: Text = ""
    problems: Annotated[list[Text], of_kind(list, [])] = []
    targets: Annotated[list[Text], of_kind(list, [])] = []


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
    verdict: Annotated[Computes, of_kind(dict, {})] = Computes()


class FixedFile(AsWritten):
    """What `export.json` says of the file of one size; `squares` of its instance normalisation, where it has one."""

    squares: Text = ""


class Made(AsWritten):
    """What `export.json` says of how a precision was made: which layers are in floats, whose weights it has."""

    keep_float: Annotated[list[Text], of_kind(list, [])] = []
    rounded_weights: Annotated[bool, of_kind(bool, False)] = False
    fixed: Annotated[FixedFile, of_kind(dict, {})] = FixedFile()


class MadePrecisions(AsWritten):
    """The content of `export.json`."""

    precisions: Annotated[dict[str, Annotated[Made, of_kind(dict, {})]], of_kind(dict, {})] = {}


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
    export: Annotated[MadePrecisions, of_kind(dict, {})] = MadePrecisions()
