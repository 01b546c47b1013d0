"""What a track's file says, in types: the task, the protocol, the rules, the baseline and the scores."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.tracks.score_sets import ScoreSet, read_scores

Metric = Literal["psnr", "ssim", "ms_ssim"]

MEASURED = (
    *("psnr", "ssim", "ms_ssim", "time_ms", "speedup", "macs", "parameters", "file_bytes", "peak_rss_mib"),
    *("activations", "gpu_peak_mib"),
)
"""Quantities of a model that a run, or a published table, has."""

RANKED = ("time_ms", "macs", "parameters", "activations", "gpu_peak_mib", "peak_rss_mib")
"""Those whose ranks among all models formulas may use, as ``rank_time_ms``: a published table has them."""

BASELINES = ("psnr", "ssim", "ms_ssim", "time_ms", "macs", "parameters")
"""Those of the baseline that formulas may use, as ``baseline_time_ms``."""

COLUMNS = {"psnr": "psnr_db", "ssim": "ssim", "ms_ssim": "ms_ssim"}
"""The metrics by their names in formulas: what results and tables call them."""

TITLES = {"psnr_db": "PSNR", "ssim": "SSIM", "ms_ssim": "MS-SSIM"}
"""Of these columns, as people write them."""

Side = Annotated[int, Field(ge=16, le=8192)]
Size = Annotated[tuple[Side, Side], Field(strict=False)]
"""Width and height in px."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


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
        Whether the output is clipped before MS-SSIM too.
    """

    name: str = ""
    colour: Literal["rgb", "y"] = "rgb"
    border_px: int = Field(default=0, ge=0, le=64)
    round_output: bool = True
    metrics: Annotated[tuple[Metric, ...], Field(strict=False)] = ("psnr",)
    ms_ssim: Literal["tensorflow", "pooled"] = "tensorflow"
    clip_for_ms_ssim: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.metrics not in (("psnr",), ("psnr", "ssim"), ("psnr", "ms_ssim")):
            expected = 'metrics of ["psnr"], ["psnr", "ssim"] or ["psnr", "ms_ssim"]'
            raise InputError(expected, f"{list(self.metrics)} in [protocol]", "take one of these")
        return self

    @property
    def label(self) -> str:
        """The protocol in a word, or its choices."""
        rounded = "rounded" if self.round_output else "not rounded"
        return self.name or f"{self.colour.upper()}, border {self.border_px} px, {rounded}, {' and '.join(self.words)}"

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

    max_file_mb: PositiveFloat | None = None
    max_ram_mib: PositiveFloat | None = None
    any_resolution: bool = True
    min_psnr_db: float | None = None
    min_psnr_db_by_set: dict[str, float] = {}
    psnr_decimals: int = Field(default=2, ge=0, le=6)
    max_parameters: PositiveInt | None = None
    max_macs: PositiveFloat | None = None


class Measured(_Part):
    """Sizes of the network's input: at which time and memory are measured, and at which operations are counted."""

    size: Size = (HD_WIDTH_PX, HD_HEIGHT_PX)
    macs_size: Size = (HD_WIDTH_PX, HD_HEIGHT_PX)


class Baseline(_Part):
    """What models are measured against.

    Attributes
    ----------
    model : str
        A pretrained name, or a `.pb` file, that is timed beside every model. Empty where the challenge's own isn't at
        hand: models are timed beside the workbench's reference then, and no score takes that speedup.
    name : str
        In words.
    device : str
        Of the published figures.
    published : dict of str to float
        What formulas call ``baseline_<name>``.
    """

    model: str = ""
    name: str = ""
    device: str = ""
    published: dict[str, float] = {}


class Opinion(_Part):
    """Mean opinion scores in place of a metric: base + per_grade (MOS - MOS of the baseline)."""

    in_place_of: Metric
    base: float
    per_grade: PositiveFloat


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

    name: str
    title: str = Field(min_length=1, max_length=120)
    letter: str = Field(default="", max_length=1)
    source: str = ""
    notes: list[str] = []
    task: Task = Task()
    protocol: Protocol = Protocol()
    rules: Rules = Rules()
    measured: Measured = Measured()
    baseline: Baseline = Baseline()
    quantities: dict[str, str] = {}
    constants: dict[str, float] = {}
    formulas: dict[str, str] = {}
    better: dict[str, str] = Field(default={}, alias="scores")
    opinion: Opinion | None = None

    @model_validator(mode="after")
    def _reads(self) -> Self:
        self.scores  # noqa: B018 (read once, so that a mistake shows here)
        return self

    @cached_property
    def scores(self) -> ScoreSet:
        """The scores, with the formulas read."""
        return read_scores(self.formulas, self.better, known=self.known)

    @property
    def known(self) -> set[str]:
        """The names that formulas may use."""
        ranks = {f"rank_{name}" for name in RANKED}
        return {*MEASURED, *ranks, *self.quantities, *self.constants} | {f"baseline_{name}" for name in BASELINES}

    @property
    def enlarges(self) -> int:
        """How many times larger an output is than its input."""
        return self.task.scale if self.task.input == "small" else 1

    @property
    def timed_beside(self) -> str:
        """The model that every model is timed beside: a pretrained name, or a `.pb` file."""
        return self.baseline.model or REFERENCES[self.enlarges]

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
        return self.model_dump(mode="json", exclude_unset=True, exclude={"name"}, by_alias=True)
