"""What a track's file says, in types: the task, the protocol, the rules, the baseline and the scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    PrivateAttr,
    field_validator,
    model_validator,
)

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.core.safe_texts import shown
from aic_helpers.core.validation import OneLine, brief
from aic_helpers.tracks.score_sets import ScoreSet, check_name, read_scores

Metric = Literal["psnr", "ssim", "ms_ssim"]

MEASURED = ("psnr", "ssim", "ms_ssim", "time_ms", "speedup", "macs", "parameters", "file_bytes", "peak_rss_mib")
"""Quantities of a model that a run has."""

PUBLISHED_ONLY = ("activations", "gpu_peak_mib")
"""Those that only a published table has."""

RANKED = ("time_ms", "macs", "parameters", "activations", "gpu_peak_mib", "peak_rss_mib")
"""Those whose ranks among all models formulas may use, as ``rank_time_ms``: a published table has them."""

BASELINES = ("psnr", "ssim", "ms_ssim", "time_ms", "macs", "parameters")
"""Those of the baseline that formulas may use, as ``baseline_time_ms``."""

WORKBENCH = (
    *MEASURED,
    *PUBLISHED_ONLY,
    *(f"rank_{name}" for name in RANKED),
    *(f"baseline_{name}" for name in BASELINES),
)
"""The quantities that every track's formulas may use."""

COLUMNS = {"psnr": "psnr_db", "ssim": "ssim", "ms_ssim": "ms_ssim"}
"""The metrics by their names in formulas: what results and tables call them."""

TITLES = {"psnr_db": "PSNR", "ssim": "SSIM", "ms_ssim": "MS-SSIM"}
"""Of these columns, as people write them."""

Side = Annotated[int, Field(ge=16, le=8192)]
Size = Annotated[
    tuple[Side, Side], Field(strict=False, description="[width, height] in px, both whole numbers from 16 to 8192")
]

ABOVE_0 = "a number above 0"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Task(_Part):
    """What a network gets and returns.

    Attributes
    ----------
    scale : int
        How many times larger the target is than the small photo.
    input : {"small", "enlarged", "own"}
        What the network gets: the small photo, the small photo enlarged again, or a photo of its own (scale 1).
    reduced_by : {"pillow_bicubic", "matlab_bicubic", "given"}
        How a small photo is made where the data has only large ones; `given` where it has to come with the data.
    """

    scale: int = Field(default=1, ge=1, le=4, description="a whole number from 1 to 4")
    input: Literal["small", "enlarged", "own"] = "own"
    reduced_by: Literal["pillow_bicubic", "matlab_bicubic", "given"] = "given"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.scale == 1) != (self.input == "own"):
            expected = 'input "own" at scale 1, and "small" or "enlarged" above'
            raise InputError(expected, f'scale {self.scale} and input "{self.input}" in [task]', "change one of them")
        return self


class Protocol(_Part):
    """How an output is judged.

    Attributes
    ----------
    name : str
        What results call it; by default its choices in words.
    colour : {"rgb", "y"}
        ``y`` as MATLAB's ``rgb2ycbcr`` has it.
    border_px : int
        Pixels that output and target lose on each side before scoring.
    round_output : bool
        Whether the output is rounded to 8 bits first. PSNR is always on values clipped to [0, 1].
    metrics : tuple of str
        PSNR, and at most one kind of SSIM.
    ms_ssim : {"tensorflow", "pooled"}
        See `aic_helpers.evaluation.metrics.ms_ssim`.
    clip_for_ms_ssim : bool
        Whether the output is clipped before MS-SSIM too; one of 8 bits always is.
    """

    name: OneLine = ""
    colour: Literal["rgb", "y"] = "rgb"
    border_px: int = Field(default=0, ge=0, le=64, description="a whole number from 0 to 64")
    round_output: bool = True
    metrics: Annotated[tuple[Metric, ...], Field(strict=False)] = ("psnr",)
    ms_ssim: Literal["tensorflow", "pooled"] = "tensorflow"
    clip_for_ms_ssim: bool = True

    @field_validator("metrics", mode="before")
    @classmethod
    def _computed(cls, metrics: Any) -> Any:
        for metric in metrics if isinstance(metrics, list) else ():
            if not isinstance(metric, str) or metric not in COLUMNS:
                remedy = nearest(
                    str(metric), COLUMNS, "what isn't computed here is given as a number: see [quantities]"
                )
                raise InputError(f"protocol.metrics of {', '.join(COLUMNS)}", brief(metric), remedy)
        return metrics

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.metrics not in (("psnr",), ("psnr", "ssim"), ("psnr", "ms_ssim")):
            expected = 'protocol.metrics as ["psnr"], ["psnr", "ssim"] or ["psnr", "ms_ssim"]'
            raise InputError(expected, brief(self.metrics), "take one of these")
        idle = {"ms_ssim", "clip_for_ms_ssim"} & self.model_fields_set
        if idle and "ms_ssim" not in self.metrics:
            expected = f'"ms_ssim" in protocol.metrics beside protocol.{min(idle)}'
            raise InputError(expected, brief(self.metrics), "add the metric, or leave the other out")
        if self.round_output and not self.clip_for_ms_ssim:
            expected = "protocol.round_output = false beside protocol.clip_for_ms_ssim = false"
            raise InputError(expected, "true", "8 bits hold no value to clip: change one of them")
        return self

    @property
    def label(self) -> str:
        """The protocol in a word, or its choices."""
        return self.name or self.choices

    @property
    def choices(self) -> str:
        """What the protocol takes, in words."""
        rounded = "rounded" if self.round_output else "not rounded"
        return f"{self.colour.upper()}, border {self.border_px} px, {rounded}, {' and '.join(self.words)}"

    @property
    def words(self) -> list[str]:
        """The metrics as people write them."""
        return [TITLES[column] for column in self.columns]

    @property
    def columns(self) -> list[str]:
        """The metrics as results and tables call them."""
        return [COLUMNS[metric] for metric in self.metrics]


class Rules(_Part):
    """Limits; None where the track has none. `psnr_decimals`: a mean is rounded so before it is held to the floor."""

    max_file_mb: PositiveFloat | None = Field(default=None, description=ABOVE_0)
    max_ram_mib: PositiveFloat | None = Field(default=None, description=ABOVE_0)
    any_resolution: bool = True
    min_psnr_db: PositiveFloat | None = Field(default=None, description=ABOVE_0)
    min_psnr_db_by_set: dict[OneLine, PositiveFloat] = {}
    psnr_decimals: int = Field(default=2, ge=0, le=6, description="a whole number from 0 to 6")
    max_parameters: PositiveInt | None = Field(default=None, description="a whole number above 0")
    max_macs: PositiveFloat | None = Field(default=None, description=ABOVE_0)

    def floor(self, psnr_db: float) -> str:
        """Return a floor as people write it: with the decimals of the means, or more where it has more."""
        few = f"{psnr_db:.{self.psnr_decimals}f}"
        return few if float(few) == psnr_db else f"{psnr_db:.12g}"


class Measured(_Part):
    """Sizes of the network's input: at which time and memory are measured, and at which operations are counted.

    By default those of an output of 1280x720, and operations where time is measured.
    """

    size: Size = (HD_WIDTH_PX, HD_HEIGHT_PX)
    macs_size: Size = (HD_WIDTH_PX, HD_HEIGHT_PX)

    @model_validator(mode="before")
    @classmethod
    def _counted_where_timed(cls, content: Any) -> Any:
        return {"macs_size": content["size"], **content} if isinstance(content, dict) and "size" in content else content


class Baseline(_Part):
    """What models are measured against.

    Attributes
    ----------
    model : str
        A pretrained name, or the name of a `.pb` file, that is timed beside every model. Empty where the challenge's
        own isn't at hand: models are timed beside the workbench's reference then, and no score takes that speedup.
    name : str
        In words.
    device : str
        Of the published figures.
    published : dict of str to float
        What formulas call ``baseline_<name>``.
    """

    model: OneLine = ""
    name: OneLine = ""
    device: OneLine = ""
    published: dict[str, PositiveFloat] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not re.fullmatch(r"[\w.-]*", self.model):
            expected = "baseline.model as a name of models_pretrained, or of a .pb file"
            raise InputError(expected, repr(shown(self.model)), "write it so")
        for name in self.published:
            if name not in BASELINES:
                expected = f"quantities in baseline.published ({', '.join(BASELINES)})"
                raise InputError(expected, shown(name), nearest(name, BASELINES, "leave it out"))
        return self


class Opinion(_Part):
    """Mean opinion scores in place of a metric: base + per_grade (MOS - MOS of the baseline)."""

    in_place_of: Metric
    base: float
    per_grade: PositiveFloat = Field(description=ABOVE_0)

    def in_place(self, grades: float) -> float:
        """Return what stands for the metric of a model that was found so many grades better than the baseline."""
        return self.base + self.per_grade * grades


REFERENCES = {1: "sample_sr_srcnn", 2: "fsrcnn_x2", 3: "fsrcnn_x3", 4: "fsrcnn_x4"}
"""By how many times a network enlarges: what models are timed beside where a track names no baseline."""


class Track(_Part):
    """One track of a challenge; see `docs/tracks.md` for its file.

    Attributes
    ----------
    name : str
        The stem of its file's name.
    letter : str
        What PIRM 2018 calls it, ``A`` or ``B``; empty for others.
    source : str
        Where its rules stand.
    notes : list of str
        Sentences that a reader of a score has to know.
    quantities : dict of str to str
        What the workbench doesn't measure and a person gives as numbers, each in words.
    constants : dict of str to float
        For formulas. One called `speedup_cap` is where more speed counts no more.
    formulas, better : dict of str to str
        See `aic_helpers.tracks.score_sets.read_scores`; `better` is the table ``[scores]``.
    """

    name: str = Field(exclude=True)  # of the file, and not in it
    title: OneLine = Field(min_length=1, max_length=120, description="one printable line of 1 to 120 characters")
    letter: OneLine = Field(default="", max_length=1, description="one letter")
    source: OneLine = ""
    notes: list[OneLine] = []
    task: Task = Task()
    protocol: Protocol = Protocol()
    rules: Rules = Rules()
    measured: Measured = Measured()
    baseline: Baseline = Baseline()
    quantities: dict[str, OneLine] = {}
    constants: dict[str, float] = {}
    formulas: dict[str, str] = {}
    better: dict[str, str] = Field(default={}, alias="scores")
    opinion: Opinion | None = None
    _baseline_path: str = PrivateAttr("")

    @model_validator(mode="before")
    @classmethod
    def _measured_small(cls, content: Any) -> Any:
        """Add the sizes of an output of 1280x720, where a network enlarges and its file says none."""
        match content:
            case {"task": {"input": "small", "scale": 2 | 3 | 4 as scale}} if "measured" not in content:
                return {**content, "measured": {"size": [HD_WIDTH_PX // scale, HD_HEIGHT_PX // scale]}}
        return content

    @model_validator(mode="after")
    def _reads(self) -> Self:
        own: set[str] = set()
        for table, names in (("quantities", self.quantities), ("constants", self.constants)):
            for name in names:
                check_name(table, name, {*WORKBENCH, *COLUMNS.values(), *own})
            own.update(names)
        if self.opinion and self.opinion.in_place_of not in self.protocol.metrics:
            expected = f"opinion.in_place_of as one of protocol.metrics ({', '.join(self.protocol.metrics)})"
            raise InputError(expected, self.opinion.in_place_of, "name one of these")
        self.scores  # noqa: B018 (read once, so that a mistake shows here)
        return self

    @cached_property
    def scores(self) -> ScoreSet:
        """The scores, with the formulas read."""
        return read_scores(self.formulas, self.better, known=self.known)

    @property
    def known(self) -> set[str]:
        """The names that formulas may use."""
        return {*WORKBENCH, *self.quantities, *self.constants}

    @property
    def enlarges(self) -> int:
        """How many times larger an output is than its input."""
        return self.task.scale if self.task.input == "small" else 1

    @property
    def timed_beside(self) -> str:
        """The model that every model is timed beside: a pretrained name, or the path of a `.pb` file.

        Of such a file the name alone, where the track was not read from its own file.
        """
        return self._baseline_path or self.baseline.model or REFERENCES[self.enlarges]

    def beside(self, baseline: Path | None) -> Track:
        """Return this track with the path of its baseline's `.pb` file."""
        track = self.model_copy()
        track._baseline_path = str(baseline or "")
        return track

    @property
    def judged_by(self) -> dict[str, Any]:
        """What it says of how figures are measured, for JSON: those by other choices don't compare."""
        parts = self.model_dump(mode="json", include={"task", "protocol", "measured"})
        return {**parts, "baseline": self.baseline.model}

    def judges_as(self, other: Track) -> bool:
        """Return whether figures of this track are what another asks for: two versions of a file may differ there."""
        return self.judged_by == other.judged_by

    @property
    def speedup_cap(self) -> float | None:
        """From where on more speed counts no more; None where it always does, or never."""
        return self.constants.get("speedup_cap")

    @property
    def fixed(self) -> Mapping[str, float]:
        """The quantities that are the same for all models: constants, and the baseline's published figures.

        Its published time isn't among them, nor what follows from it: times compare on one device only.
        """
        published = {f"baseline_{name}": value for name, value in self.baseline.published.items() if name != "time_ms"}
        return {**published, **self.constants}

    @property
    def content(self) -> dict[str, Any]:
        """What its file says; `aic_helpers.tracks.catalogue.made` makes the track of it again."""
        return self.model_dump(mode="json", exclude_unset=True, by_alias=True)
