"""Calls of adb, and what it says of the phones that it sees."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown
from aic_helpers.phone.devices import DeviceGone, Ran

LISTED = re.compile(r"^(\S+)\s+(no permissions.*?|\S+)((?:\s+\w+:\S*)*)\s*$")
HEAD = "List of devices attached"

REMEDIES = {
    "unauthorized": "unlock it and allow USB debugging on it",
    "authorizing": "unlock it and allow USB debugging on it",
    "offline": "unplug it, plug it in again and unlock it",
    "no permissions": "let this user at it by a udev rule (Debian's package android-sdk-platform-tools-common has one)",
}
"""By the state that adb tells of a phone that can't be used."""

SHORT_S = 60.0
"""For whatever is no measurement; a large file goes over a slow cable in it."""


@dataclass(frozen=True)
class Listed:
    """A line of `adb devices -l`.

    Attributes
    ----------
    serial, state, model : str
        `state` is ``device`` where it can be used.
    """

    serial: str
    state: str
    model: str

    @property
    def can_be_used(self) -> bool:
        """Whether it takes commands."""
        return self.state == "device"

    @property
    def words(self) -> str:
        """The phone in a few words."""
        model = f" ({shown(self.model)})" if self.model else ""
        return f"{shown(self.serial)}{model}" + ("" if self.can_be_used else f" {shown(self.state)}")

    @property
    def remedy(self) -> str:
        """What to do where it can't be used."""
        return next((words for state, words in REMEDIES.items() if self.state.startswith(state)), "start Android on it")


def program() -> str | None:
    """Return where adb is; None where it isn't."""
    return shutil.which("adb")


def listed() -> list[Listed]:
    """Return the phones that adb sees, whether they can be used or not.

    Raises
    ------
    InputError
        There is no adb, or it doesn't answer.
    """
    ran = _call(["devices", "-l"], SHORT_S)
    if ran.status:
        raise InputError("the phones that adb sees", shown(_last_line(ran.text), 200), "call adb devices yourself")
    lines = ran.text.partition(HEAD)[2].splitlines()
    return [_phone(found) for line in lines if (found := LISTED.match(line))]


def _phone(found: re.Match[str]) -> Listed:
    more = dict(part.partition(":")[::2] for part in found[3].split())
    return Listed(found[1], found[2].partition(" (")[0].strip(), more.get("model", "").replace("_", " "))


def choose(serial: str) -> Listed:
    """Return the phone of a serial number, or the only one that can be used where none is typed.

    Raises
    ------
    InputError
        There is none, or none of that number; it can't be used; or there are several.
    """
    phones = listed()
    if not phones:
        raise InputError("a phone with USB debugging on", "none", "plug one in, or take --device host for this machine")
    if serial and serial not in [phone.serial for phone in phones]:
        raise InputError(f"a phone with the serial number {shown(serial)}", _all(phones), "name one of them")
    asked = [phone for phone in phones if phone.serial == serial] if serial else phones
    usable = [phone for phone in asked if phone.can_be_used]
    if not usable:
        raise InputError("a phone that can be used", _all(asked), asked[0].remedy)
    if len(usable) > 1:
        remedy = f"name one, as in --serial {shown(usable[0].serial)}"
        raise InputError("one phone, or --serial with its serial number", f"{len(usable)}: {_all(usable)}", remedy)
    return usable[0]


def _all(phones: Sequence[Listed]) -> str:
    return ", ".join(phone.words for phone in phones)


class Adb:
    """Calls of adb for one phone, by its serial number."""

    def __init__(self, serial: str) -> None:
        self._serial = serial

    def call(self, *arguments: str, timeout_s: float = SHORT_S) -> Ran:
        """Return how a call ended, whatever its status.

        Raises
        ------
        DeviceGone
            It failed, and the phone isn't there any more.
        InputError
            It takes longer.
        """
        ran = _call(["-s", self._serial, *arguments], timeout_s)
        if ran.status and not self._is_there():
            raise DeviceGone
        return ran

    def shell(self, arguments: Sequence[str], *, timeout_s: float = SHORT_S) -> Ran:
        """Run a program on the phone; what it prints on stderr comes along."""
        return self.call("shell", f"{shlex.join(arguments)} 2>&1", timeout_s=timeout_s)

    def shell_line(self, line: str) -> str:
        """Return what a line for the phone's own shell prints, whatever its status."""
        return self.call("shell", line).text

    def done(self, *arguments: str, what: str) -> None:
        """Make a call that has to succeed; `what` it does stands in the message."""
        ran = self.call(*arguments)
        if ran.status:
            remedy = "see whether the phone has room, and may write to /data/local/tmp"
            raise InputError(f"{what} by adb", shown(_last_line(ran.text), 200), remedy)

    def _is_there(self) -> bool:
        ran = _call(["-s", self._serial, "get-state"], SHORT_S)
        return ran.status == 0 and _last_line(ran.text) == "device"  # adb may speak of its server first


def _call(arguments: Sequence[str], timeout_s: float) -> Ran:
    adb = program()
    if adb is None:
        remedy = "install Android's platform-tools (Debian's package adb), or take --device host for this machine"
        raise InputError("adb, by which phones are reached, on the PATH", "none", remedy)
    try:
        ended = subprocess.run(
            [adb, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        found = f"none ({shown(' '.join(arguments[:4]))})"
        raise InputError(f"an answer of adb within {timeout_s:g} s", found, "unlock the phone, and try again") from None
    except OSError as error:
        raise InputError(f"adb that runs at {adb}", str(error.strerror), "install it again") from None
    return Ran(ended.returncode, ended.stdout.decode(errors="replace").replace("\r\n", "\n"))


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "nothing")
