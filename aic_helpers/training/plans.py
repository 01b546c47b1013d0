"""How a network is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.training.losses import LOSSES
from aic_helpers.training.optimizers import OPTIMIZERS

LIMITS: dict[str, tuple[int, int]] = {
    "steps": (1, 10_000_000),
    "batch": (1, 1024),
    "patch_px": (1, 2048),
    "margin_px": (0, 1024),
    "reports": (1, 10_000),
    "patience": (0, 10_000),
    "candidates": (1, 64),
    "seed": (0, 2**32 - 1),
}
"""Lowest and highest value of each whole number in a plan."""

PRECISIONS = ("float32", "mixed_bfloat16")


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes
    ----------
    steps, batch : int
        Number of updates (at most 10 000 000, a multiple of the reports), and patches in each (at most 1024).
    patch_px : int
        Side of a patch of the target, at most 2048. Its input is smaller where the network enlarges.
    margin_px : int
        Pixels that each side of a patch loses before the loss, so that the zeros with which a network pads its
        input don't count. 0 where the images to come are small and scored to their border.
    loss : str
        A name in `aic_helpers.training.losses.LOSSES`.
    optimizer : str
        A name in `aic_helpers.training.optimizers.OPTIMIZERS`: ``adam``, or ``muon``, which learns faster where a
        network is a chain of convolutions.
    learning_rate : float
        Of either after a linear warm-up over the first twentieth of the steps; it then falls to 0 along a cosine.
    reports : int
        How often the held-out patches are scored and the progress is written, evenly spaced.
    patience : int
        Stop after so many reports without a better held-out PSNR; 0 goes through with all steps.
    scales : tuple of float
        Sizes, as shares of their own, at which the photos are learned from.
    candidates : int
        For each patch so many are drawn, at most 64, and the one whose input lacks most of its target is learned from.
    drawn_cameras : float
        On tracks of simulated shots, the share of them that other cameras than the sample's take, each drawn anew.
    precision : str
        Of the arithmetic in all convolutions but the first and the last: ``float32``, or ``mixed_bfloat16``, which is
        twice as fast on a processor or GPU that has it, and far slower on others. The weights are float32 in both.
    quantized : bool
        Learn for int8: weights and what the layers give are rounded on the way forward as LiteRT's int8 has them.
    clip_percentile : float
        With `quantized`, 100 or a little below: the range of each layer's output ends at this percentile of what it
        gave at first, and what lies beyond is drawn in. 100 clips nothing.
    seed : int
        Of the first weights, the simulated shots and the patches; below 2**32.

    Raises
    ------
    InputError
        A value of another type, out of its range, or that doesn't go with the others.
    """

    steps: int
    batch: int = 16
    patch_px: int = 64
    margin_px: int = 8
    loss: str = "charbonnier"
    optimizer: str = "adam"
    learning_rate: float = 1e-3
    reports: int = 20
    patience: int = 0
    scales: tuple[float, ...] = (1.0,)
    candidates: int = 1
    drawn_cameras: float = 0.0
    precision: str = "float32"
    quantized: bool = False
    clip_percentile: float = 100.0
    seed: int = 2018

    def __post_init__(self) -> None:
        for name in LIMITS:
            check_limits(name, getattr(self, name))
        if str(self.loss) not in LOSSES:
            raise InputError(f"a loss: {', '.join(LOSSES)}", str(self.loss), "choose one of them")
        if self.optimizer not in OPTIMIZERS:
            raise InputError(f"an optimizer: {', '.join(OPTIMIZERS)}", repr(self.optimizer), "choose one of them")
        if self.precision not in PRECISIONS:
            raise InputError(f"a precision: {', '.join(PRECISIONS)}", repr(self.precision), "choose one of them")
        if self.steps % self.reports:
            found = f"{self.steps} steps and {self.reports} reports"
            raise InputError("steps that are a multiple of the reports", found, "change one of them")
        if not (is_number(self.learning_rate) and 0 < self.learning_rate < 1):
            raise InputError("a learning_rate above 0 and below 1", repr(self.learning_rate), "change it")
        if not self.scales or not all(is_number(scale) and 0 < scale <= 1 for scale in self.scales):
            raise InputError("scales above 0, at most 1", f"{self.scales}", "1 is the photo as it is")
        if not (is_number(self.drawn_cameras) and 0 <= self.drawn_cameras <= 1):
            raise InputError("drawn_cameras as a share from 0 to 1", repr(self.drawn_cameras), "change it")
        self._check_quantization()
        if self.patch_px <= 2 * self.margin_px:
            found = f"patch_px {self.patch_px} and margin_px {self.margin_px}"
            raise InputError("patches wider than both their margins (px)", found, "raise patch_px or lower margin_px")

    def _check_quantization(self) -> None:
        if not isinstance(self.quantized, bool):
            raise InputError("quantized as True or False", repr(self.quantized), "change it")
        if self.quantized and self.precision != "float32":
            raise InputError("precision float32 with --quantised", self.precision, "leave --precision out")
        if self.quantized and self.optimizer != "adam":
            raise InputError("the optimizer adam with --quantised", self.optimizer, "leave --optimizer out")
        if not (is_number(self.clip_percentile) and 50 < self.clip_percentile <= 100):
            raise InputError("a percentile to clip at above 50, at most 100", repr(self.clip_percentile), "change it")
        if self.clip_percentile < 100 and not self.quantized:
            raise InputError("--clip with --quantised", "--clip alone", "add --quantised, or leave it out")


def is_number(value: object) -> bool:
    """Whether a value is an int or a float; True and False aren't."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_limits(name: str, value: object) -> None:
    """Raise `InputError` unless a value is a whole number within the limits of the plan's field of that name."""
    low, high = LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InputError(f"{name} as a whole number from {low} to {high}", repr(value), f"change {name}")


PLANS: dict[str, Plan] = {
    "enlarged": Plan(steps=20_000, patch_px=96, learning_rate=5e-4, scales=(1.0, 0.8, 0.6)),
    "own": Plan(steps=20_000, patch_px=100, margin_px=0, learning_rate=5e-4),
    "small": Plan(steps=20_000, patch_px=96, margin_px=0, scales=(1.0, 0.8, 0.6)),
}
"""By what a track's networks get, where nothing else is asked for."""

FAST: dict[str, Any] = {"optimizer": "muon", "learning_rate": 2e-3, "candidates": 2}
"""What the plans of the fast networks have in common."""

OWN_PLANS: dict[str, Plan] = {
    "srcnn enlarged": Plan(steps=8000, batch=8, loss="l2", learning_rate=3e-4),
    "srcnn own": Plan(steps=4000, batch=6, patch_px=80, margin_px=0, loss="l2", learning_rate=3e-4),
    "resnet_6_16 own": Plan(steps=1000, batch=8, patch_px=100, margin_px=0),
    "resnet_8_32 own": Plan(steps=600, batch=8, patch_px=100, margin_px=0),
    "resnet_12_64 own": Plan(steps=300, batch=4, patch_px=100, margin_px=0, learning_rate=5e-4),
    "vgg_19 enlarged": Plan(steps=1000, batch=4, learning_rate=5e-4, scales=(1.0, 0.8, 0.6)),
    "fast_enhancement own": Plan(20_000, patch_px=100, margin_px=0, loss="psnr", drawn_cameras=0.125, **FAST),
    "fast_sr enlarged": replace(PLANS["enlarged"], steps=40_000, reports=40, **FAST),
    "fast_sr_x4 small": replace(PLANS["small"], steps=40_000, loss="charbonnier_y", **FAST),
    "fsrcnn_x2 small": replace(PLANS["small"], steps=6_000, learning_rate=2e-3),
    "fsrcnn_x3 small": replace(PLANS["small"], steps=6_000, learning_rate=2e-3),
    "fsrcnn_x4 small": replace(PLANS["small"], steps=6_000, learning_rate=2e-3),
    "span_x4 small": replace(PLANS["small"], steps=6_000),
}
"""Of a network and what it gets, where another plan did better on the held-out patches."""

QUANTIZED: dict[str, Any] = {
    "steps": 1000,
    "reports": 10,
    "loss": "l2",
    "learning_rate": 1e-4,
    "optimizer": "adam",
    "quantized": True,
}
"""What other plans have in common with their network's own when it is trained for int8."""


def plan_for(network: str, given: str, *, quantized: bool = False) -> Plan:
    """Return the plan that a network is trained by on tracks that give it that: ``small``, ``enlarged`` or ``own``.

    A trained one that has to survive int8 learns for a short while, in small steps.
    """
    plan = OWN_PLANS.get(f"{network} {given}", PLANS[given])
    return replace(plan, **QUANTIZED) if quantized else plan


def of_steps(plan: Plan, steps: int) -> Plan:
    """Return the plan with another number of steps, rounded down to a multiple of the reports.

    So a long training always has all its reports. Fewer steps than reports are kept, with one report a step.
    """
    check_limits("steps", steps)
    reports = min(plan.reports, steps)
    return replace(plan, steps=steps - steps % reports, reports=reports)
