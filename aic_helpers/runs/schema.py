"""`result.json` in types, and the files of a run folder by the part of the result that each hangs on.

What a step has written always reads: a value of another kind than it should have counts as none, as null does. What a
step could not have written, a part without its keys, is refused.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    StrictInt,
    StrictStr,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.written_values import (
    AsWritten,
    Count,
    Figure,
    Interval,
    Quality,
    Size,
    Table,
    Text,
    Words,
    null_as,
    of_kind,
)
from aic_helpers.evaluation.example_images import EXAMPLES
from aic_helpers.evaluation.plausibility import BROKEN
from aic_helpers.models.adapters import read_adapters
from aic_helpers.models.sources import FIXED_FILE, MODEL_FILES
from aic_helpers.precisions.results import Precisions
from aic_helpers.runtimes.formats import FROZEN, Format, format_by_kind

HANGS_ON: dict[str, tuple[str, ...]] = {
    "model": (),
    "requirements": (),
    "metrics": ("images.csv", *EXAMPLES),
    "profile": ("timing.csv", "growth.csv"),
    "precisions": ("precision_images.csv", "precision_timing.csv"),
}
"""By part of the result: the files that say nothing once that part is gone."""

TABLES = ("images.csv", "examples.csv", "timing.csv", "growth.csv", *HANGS_ON["precisions"])
"""Of these files: those whose figures are shown and judged."""

NOTEBOOKS = ("01_convert.ipynb", "02_evaluate.ipynb", "03_profile.ipynb")

MOBILE = "09_mobile.ipynb"
"""What measures a model in its precisions, where that is asked for."""

TOLD_BY: dict[str, tuple[str, ...]] = {
    "model": (*NOTEBOOKS, MOBILE, "report.html"),
    "metrics": (*NOTEBOOKS[1:], "report.html"),
    "profile": (*NOTEBOOKS[2:], "report.html"),
    "requirements": (*NOTEBOOKS[2:], "report.html"),
    "precisions": (MOBILE, "report.html"),
}
"""By part of the result: the files that show it, and tell what was there before once it is made anew."""

MEASURED = (*HANGS_ON["metrics"], *HANGS_ON["profile"], *HANGS_ON["precisions"])

FILES = (*MODEL_FILES, FIXED_FILE, *MEASURED, *TOLD_BY["model"], "result.json")
"""What the steps, and the notebooks that call them, write into a run folder."""

SCHEMA = 1

REMEDY = "make the run again"


class Data(AsWritten):
    """What data a run was made on."""

    name: Text
    note: Text


class Parity(AsWritten):
    """How far a frozen model is from its source, black 0 and white 1; None where nothing was compared.

    `state` is ``compared``, ``frozen already`` or ``not compared``, and `reason` says why not.
    """

    state: Text = ""
    reason: Text = ""
    max_abs: Figure = None
    by_size: Table = {}


def _adapt(value: Any) -> dict[str, Any]:
    try:
        return read_adapters(value).given
    except InputError:
        return {}


class Origin(AsWritten):
    """What tells a source from any other: see `aic_helpers.models.sources.origin`. Empty in older results."""

    pretrained: Text = ""
    path: Text = ""
    function: Text = ""
    checkpoint: Text = ""


Whole = Annotated[StrictInt, Field(ge=0, le=2**62)]


class FixedFile(AsWritten):
    """What is known of the file of one size beside one of any."""

    sha256: StrictStr
    bytes: Whole
    input_shape: tuple[Whole, Whole, Whole, Whole]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.input_shape[2], self.input_shape[1]


def _fixed_file(value: Any, read: ValidatorFunctionWrapHandler) -> FixedFile | None:
    try:
        return read(value)
    except ValidationError:
        return None


class Model(AsWritten):
    """The frozen model.

    `checkpoint` and `adapt` are what was given beside its source, `adapters` what was done to it in words, `read_files`
    what else its code read: SHA-256 by path, `notes` what a person should know of how it was made. Of LiteRT's and
    ONNX's: the types of what it takes and gives. Of LiteRT's alone: what is known of the file of one size beside it
    (`fixed`), and the `precision` that it was exported in, where the workbench did that. Of ONNX's alone: the `opset`
    and `ir_version` of the source, and its `producer`.
    """

    name: Text
    sha256: Text
    source: Text = ""
    kind: Text = ""
    checkpoint: Text = ""
    adapt: Annotated[dict[str, Any], BeforeValidator(_adapt)] = {}
    adapters: Annotated[list[Text], of_kind(list, [])] = []
    source_sha256: Text = ""
    origin: Annotated[Origin, of_kind(dict, {})] = Origin()
    read_files: Table = {}
    notes: Annotated[list[Text], of_kind(list, [])] = []
    bytes: Count = None
    parameters: Count = None
    gmacs_720p: Figure = None
    macs: Figure = None
    macs_size: Size = None
    input_dtype: Text = ""
    output_dtype: Text = ""
    fixed: Annotated[FixedFile | None, WrapValidator(_fixed_file)] = None
    precision: Text = ""
    opset: Count = None
    ir_version: Count = None
    producer: Text = ""
    parity: Annotated[Parity, of_kind(dict, {})] = Parity()

    @property
    def format(self) -> Format:
        """Of the converted model's file."""
        return format_by_kind(self.kind)


class Doubt(AsWritten):
    """Why figures may not mean what they seem to: see `aic_helpers.evaluation.plausibility`."""

    kind: Text
    text: Text


class Metrics(Quality):
    """Means over the validation images; `failed` says why there are none.

    `mixing` is the operation for which images went through the network one by one.
    """

    protocol: Text = ""
    runtime: Text = ""
    images: Count = None
    limit: Count = None
    ms_ssim_float64: Figure = None
    cropped_images: Count = None
    capped_images: Count = None
    mixing: Text = ""
    doubts: Annotated[list[Doubt], of_kind(list, [])] = []
    failed: Text = ""

    @property
    def broken(self) -> bool:
        """Whether there are no figures, or none that can be meant."""
        return bool(self.failed) or any(doubt.kind in BROKEN for doubt in self.doubts)


class Roofline(AsWritten):
    """What the machine can reach."""

    gflop_per_s: Figure = None


class Profile(AsWritten):
    """Time and memory beside the baseline; `failed` says why there are none."""

    width_px: Count
    height_px: Count
    threads: Count
    device: Text
    time_ms: Figure
    baseline_time_ms: Figure
    speedup: Figure
    speedup_ci95: Interval
    repetitions: Count
    peak_rss_mib: Figure
    failed: Text
    failure: Any
    batch: Count = 1
    machine: Table = {}
    warm_up_runs: Count = None
    time_ms_p5: Figure = None
    time_ms_p95: Figure = None
    stop_reason: Text = ""
    timed_s: Figure = None
    runtime: Text = ""
    runtime_version: Text = ""
    provider: Text = ""
    runtime_rss_mib: Figure = None
    runtime_file_mib: Figure = None
    model_rss_mib: Figure = None
    baseline_peak_rss_mib: Figure = None
    memory_method: Text = ""
    gflop_per_s: Figure = None
    roofline: Annotated[Roofline, of_kind(dict, {})] = Roofline()
    load: Table = {}
    notes: Annotated[list[Text], of_kind(list, [])] = []
    environment_variables: Table = {}
    largest_activations: Annotated[list[Any], of_kind(list, [])] = []


class Requirement(AsWritten):
    """A rule; `passed` is None for an advice, and where it was not judged."""

    name: Text
    passed: Annotated[bool | None, of_kind(bool, None)]
    limit: Words
    found: Words
    evidence: Words
    remedy: Words


class Score(AsWritten):
    """One of the track's scores; `missing` says why it has no value."""

    value: Figure
    ci95: Interval = None
    missing: Text = ""


class Environment(AsWritten):
    """What figures depend on beside the model and the data. Versions are in `raw`."""

    cpu: Text = ""
    cores: Count = None
    host: Text = ""
    created_utc: Text = ""


class Key(AsWritten):
    """What a part was made from, the SHA-256 of it, and of the files that hang on it: see `cache_keys`."""

    made_from: dict[str, Any]
    files: dict[str, Any]
    sha256: Text = ""


def _whole_keys(value: Any) -> Any:
    """Leave out keys of another form, as if their parts were made before there were any."""
    if not isinstance(value, dict):
        return value
    return {part: key for part, key in value.items() if _is_key(key)}


def _is_key(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), dict) for name in ("made_from", "files"))


class Result(AsWritten):
    """A result; a part that no step has written yet is None or empty.

    `track_file` is what the file of a track of one's own says; empty for a track that is shipped.
    """

    track: StrictStr
    track_file: Table = {}
    protocol: Text = ""
    data: Data
    model: Model | None
    metrics: Annotated[Metrics | None, BeforeValidator(lambda value: None if value == {} else value)]
    profile: Profile | None
    requirements: Annotated[list[Requirement], null_as([])]
    precisions: Precisions | None = None
    scores: Annotated[dict[str, Score], null_as({})]
    environment: Annotated[Environment, null_as({})]
    keys: Annotated[dict[str, Key], BeforeValidator(_whole_keys)] = {}
    _altered: tuple[str, ...] = PrivateAttr(default=())

    @property
    def model_sha256(self) -> str:
        """The SHA-256 of the converted model; empty where there is none yet."""
        return self.model.sha256 if self.model else ""

    @property
    def model_name(self) -> str:
        """What the converted model's file is called in the run folder."""
        return (self.model.format if self.model else FROZEN).model_file

    @property
    def precisions_beside(self) -> Precisions | None:
        """The precisions, where they were judged on the images that the metrics are of; else None."""
        data = {part: key.made_from.get("data") for part, key in self.keys.items()}
        alike = self.metrics is None or data.get("metrics") == data.get("precisions")
        return self.precisions if alike else None

    @property
    def altered(self) -> tuple[str, ...]:
        """What was changed in the file, or beside it, since it was written; noted as a result is read."""
        return self._altered

    def noting(self, altered: tuple[str, ...]) -> Result:
        """Return this result with what was changed since it was written."""
        noted = self.model_copy()
        noted._altered = altered
        return noted


class OtherSchemaError(InputError):
    """A result of another schema: not damaged, but another version's, or JSON of another program's."""


def as_result(content: Any, path: Path) -> Result:
    """Return what was read from `path` as a result.

    Raises
    ------
    OtherSchemaError
        Another schema, or none.
    InputError
        A part that isn't as a step would have written it.
    """
    expected = f"a whole result in {path}"
    found = content.get("schema") if isinstance(content, dict) else None
    if not isinstance(found, int):
        found_words = f"{validation.brief(found)} as its schema" if isinstance(content, dict) else "no JSON object"
        raise OtherSchemaError(expected, found_words, "name another folder, or remove the file")
    if found != SCHEMA:
        raise OtherSchemaError(
            f"a result of schema {SCHEMA} in {path}",
            f"schema {validation.brief(found)}",
            "read it with the version it names",
        )
    return validation.fitted(Result, content, expected, REMEDY)
