"""What a device has to do, be it a phone over adb or this machine, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from aic_helpers.core.validation import OneLine
from aic_helpers.phone.readings import Readings

Kind = Literal["phone", "emulator", "host"]


class DeviceGone(Exception):  # noqa: N818 (a finding, not a fault of this program)
    """A phone that was there answers no more: unplugged, switched off, or out of battery."""


@dataclass(frozen=True)
class Facts:
    """What a device says of itself.

    Attributes
    ----------
    kind : {"phone", "emulator", "host"}
        An emulator answers over adb as a phone does, and is none.
    name : str
    chip : str or None
    android : str or None
        Its version; None on this machine.
    abi : str or None
        What its programs have to be built for.
    build : str or None
        Of its system.
    id : str
        Tells one phone from another of its kind; not its serial number, which is nobody's business.
    """

    kind: Kind
    name: OneLine
    chip: OneLine | None
    android: OneLine | None
    abi: OneLine | None
    build: OneLine | None
    id: OneLine

    @property
    def words(self) -> str:
        """The device in a few words."""
        if self.kind == "host":
            return f"this machine ({self.chip}), not a phone"
        system = f"Android {self.android or 'unknown'}"
        words = f"{self.name} ({self.chip or 'chip unknown'}), {system}"
        return f"{words}, an emulator, not a phone" if self.kind == "emulator" else words


@dataclass(frozen=True)
class Ran:
    """How a program on a device ended, and all that it printed."""

    status: int
    text: str


class Device(Protocol):
    """A phone, or this machine. All methods raise `DeviceGone` where it answers no more.

    Attributes
    ----------
    facts : Facts
    notes : list of str
        What has to be known beside its figures.
    """

    facts: Facts
    notes: list[str]

    def place(self, path: Path, name: str, *, runs: bool = False) -> str:
        """Bring a file there under a name, and return its path there; `runs` says whether it is a program."""

    def path(self, name: str) -> str:
        """Return the path there of a file that a program is to write."""

    def run(self, arguments: Sequence[str], *, timeout_s: float) -> Ran:
        """Run a program there.

        Raises
        ------
        InputError
            It takes longer, or more memory than there is.
        """

    def content(self, name: str) -> bytes | None:
        """Return what a file there holds that a program has written; None where there is none."""

    def readings(self) -> Readings:
        """Return temperatures and clocks as they are now."""

    def close(self) -> None:
        """Remove all that was brought there."""
