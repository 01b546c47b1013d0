"""Values of a result that a step has written, in types: one of another kind counts as none, as null does."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PrivateAttr, ValidatorFunctionWrapHandler, model_validator

LARGEST = 2.0**62
"""Of the numbers that are read, so that each has a place in a column of whole numbers; no figure comes near."""


def _figure(value: Any) -> float | None:
    if value in ("inf", "-inf") if isinstance(value, str) else isinstance(value, float) and not math.isfinite(value):
        return float(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and abs(value) < LARGEST else None


def _count(value: Any) -> int | None:
    number = _figure(value)
    return int(number) if number is not None and number.is_integer() else None


def _interval(value: Any) -> tuple[float, float] | None:
    ends = [*map(_figure, value)] if isinstance(value, list | tuple) else []
    finite = [end for end in ends if end is not None and math.isfinite(end)]
    return (finite[0], finite[1]) if len(finite) == len(ends) == 2 else None


def _size(value: Any) -> tuple[int, int] | None:
    sides = [side for side in map(_count, value) if side] if isinstance(value, list | tuple) else []
    return (sides[0], sides[1]) if len(sides) == 2 else None


def of_kind(kind: type, nothing: Any) -> BeforeValidator:
    """Read a value of another kind as nothing."""
    return BeforeValidator(lambda value: value if isinstance(value, kind) else nothing)


def null_as(nothing: Any) -> BeforeValidator:
    """Read null as something else."""
    return BeforeValidator(lambda value: nothing if value is None else value)


Figure = Annotated[float | None, BeforeValidator(_figure)]
"""A number; "inf" (the PSNR of identical images) is infinite."""
Count = Annotated[int | None, BeforeValidator(_count)]
Interval = Annotated[tuple[float, float] | None, BeforeValidator(_interval)]
"""The two ends, both finite."""
Size = Annotated[tuple[int, int] | None, BeforeValidator(_size)]
"""Width and height in px."""
Text = Annotated[str, of_kind(str, "")]
Words = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, str | int | float) else "")]
"""A text to show; a number may stand there."""
Table = Annotated[dict[str, Any], of_kind(dict, {})]


class AsWritten(BaseModel):
    """A part of a result. Frozen: what is written goes by way of `write_part` of `aic_helpers/runs/results.py`."""

    model_config = ConfigDict(frozen=True)
    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep(cls, value: Any, read: ValidatorFunctionWrapHandler) -> AsWritten:
        part = read(value)
        part._raw = value
        return part

    @property
    def raw(self) -> dict[str, Any]:
        """The part as the file has it, in its order, with the keys that another version may have added."""
        return self._raw


class Quality(AsWritten):
    """Means of the metrics over the validation images, with their 95 % intervals; None for one that isn't a track's."""

    psnr_db: Figure = None
    psnr_db_ci95: Interval = None
    ssim: Figure = None
    ssim_ci95: Interval = None
    ms_ssim: Figure = None
    ms_ssim_ci95: Interval = None
