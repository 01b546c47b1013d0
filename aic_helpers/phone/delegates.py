"""Which delegate was asked for, and which really ran, as the program that ran it says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from aic_helpers.core.safe_texts import shown
from aic_helpers.core.validation import OneLine

Asked = Literal["cpu", "gpu", "nnapi"]
"""Delegates by the names that people type."""

Share = Literal["whole", "part", "none", "not whole", "unknown"]
"""How much of a network a delegate ran. ``not whole``: the program says no more than that."""

FLAGS: dict[Asked, str] = {"cpu": "--use_xnnpack=true", "gpu": "--use_gpu=true", "nnapi": "--use_nnapi=true"}
"""What benchmark_model is told."""

NAMES: dict[Asked, str] = {"cpu": "XNNPACK", "gpu": "GPU", "nnapi": "NNAPI"}
"""What benchmark_model calls them in what it prints."""

WORDS: dict[Asked, str] = {"cpu": "CPU (XNNPACK)", "gpu": "GPU", "nnapi": "NNAPI"}

APPLIED = re.compile(r"Explicitly applied (\w+) delegate, and the model graph will be (completely|partially) executed")
KERNELS = re.compile(r"executed by the delegate w/ (\d+) delegate kernels")
REFUSED = re.compile(r"Though (\w+) delegate is explicitly applied, the model graph will not be executed")
UNSUPPORTED = re.compile(r"(\w+) (?:acceleration|delegate) is (?:unsupported|not supported) on this platform")
REPLACED = re.compile(r"Replacing (\d+) out of (\d+) node\(s\) with delegate \((\w+)\)")
CLASSES: dict[Asked, str] = {"cpu": "xnnpack", "gpu": "gpudelegate", "nnapi": "nnapi"}
"""What the class of a delegate is called, in part and in small letters."""

NOT_TAKEN = re.compile(r"operations are not supported by GPU delegate:\n(.*?)\n[^\n]*will run on the GPU", re.DOTALL)
ACCELERATORS = re.compile(r"NNAPI accelerators available: \[([^\]]*)\]")
REFERENCE = "nnapi-reference"
"""Android's NNAPI on the CPU, for tests."""

MOST_NAMED = 20
"""Lines on operators that a delegate doesn't take."""


@dataclass(frozen=True)
class Delegated:
    """What ran a network on a device.

    Attributes
    ----------
    asked : str
        ``cpu``, ``gpu`` or ``nnapi``.
    ran : {"whole", "part", "none", "not whole", "unknown"}
        How much of the network the delegate that was asked for took. What it leaves, the CPU does.
    kernels : int or None
        Pieces that it took, between which data goes to and fro.
    operators, of : int or None
        How many operators it took of how many.
    left : list of str
        Operators that it doesn't take, with its reasons.
    accelerators : list of str
        What NNAPI has on that phone.
    """

    asked: Asked
    ran: Share
    kernels: int | None = None
    operators: int | None = None
    of: int | None = None
    left: list[OneLine] = field(default_factory=list)
    accelerators: list[OneLine] = field(default_factory=list)

    @property
    def words(self) -> str:
        """What ran, in a few words."""
        name = WORDS[self.asked]
        if self.ran == "whole":
            return f"{name}, the whole network{self._on_the_reference()}"
        if self.ran == "none":
            plain = "the CPU's plain kernels" if self.asked == "cpu" else "the CPU"
            return f"{plain}: {name} took nothing of the network"
        if self.ran == "part":
            return f"{name}, part of the network{self._counts()}; the rest on the CPU{self._on_the_reference()}"
        if self.ran == "not whole":
            return f"{name}, not the whole network (how much isn't told); the rest on the CPU's plain kernels"
        return f"unknown: {name} was asked for, and what ran isn't told"

    def _counts(self) -> str:
        operators = "" if self.operators is None else f"{self.operators} of {self.of} operators"
        kernels = "" if self.kernels is None else f"in {self.kernels} pieces"
        counts = " ".join(part for part in (operators, kernels) if part)
        return f" ({counts})" if counts else ""

    def _on_the_reference(self) -> str:
        """Say so where NNAPI has nothing but the CPU."""
        only = self.accelerators == [REFERENCE]
        return "; NNAPI has no accelerator there, only its reference on the CPU" if only else ""


def of_benchmark_model(text: str, asked: Asked) -> Delegated:
    """Return what ran, from all that benchmark_model printed."""
    applied = dict(APPLIED.findall(text)).get(NAMES[asked])
    refused = NAMES[asked] in [*REFUSED.findall(text), *UNSUPPORTED.findall(text)]
    ran: Share = "none" if refused else "unknown"
    if applied:
        ran = "whole" if applied == "completely" else "part"
    kernels = KERNELS.search(text) if ran == "part" else None
    taken = _taken(text, asked) if ran in ("whole", "part") else None
    return Delegated(
        asked,
        ran,
        kernels=1 if ran == "whole" else int(kernels[1]) if kernels else None,
        operators=taken[0] if taken else None,
        of=taken[1] if taken else None,
        left=_left(text),
        accelerators=[shown(name.strip()) for found in ACCELERATORS.findall(text) for name in found.split(",") if name],
    )


def _taken(text: str, asked: Asked) -> tuple[int, int] | None:
    """Return how many operators the delegate took of how many, over all its lines for the network itself."""
    found = [(int(taken), int(of)) for taken, of, kind in REPLACED.findall(text) if CLASSES[asked] in kind.lower()]
    return found[0] if found else None


def _left(text: str) -> list[str]:
    lines = [line for found in NOT_TAKEN.findall(text) for line in found.splitlines()]
    return [shown(line.removeprefix("ERROR: ").strip(), 120) for line in lines if line.strip()][:MOST_NAMED]
