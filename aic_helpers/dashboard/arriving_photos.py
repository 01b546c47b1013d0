"""A photo of the person's own, as the page sends it: in parts, as a path, or the last once more in another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable


@dataclass(frozen=True)
class Arrived:
    """A photo: its name, the file or where it is, and the way to give it to the networks."""

    name: str
    content: bytes | Path
    way: str


class ArrivingPhotos:
    """Collects the parts of a file: a server of Jupyter takes no message above 10 MB."""

    def __init__(self) -> None:
        self._parts: dict[Any, list[bytes]] = {}  # by ask: two photos may arrive at a time
        self._last: Arrived | None = None

    def is_whole(self, content: Mapping[str, Any], buffers: Sequence[memoryview]) -> bool:
        """Take in what a message brings of a file, and tell whether nothing more of it is to come."""
        if not buffers:
            return True
        parts = self._parts.setdefault(content["ask"], [])
        parts.append(bytes(buffers[0]))
        return len(parts) >= content.get("parts", 1)

    def take(self, content: Mapping[str, Any]) -> Arrived | None:
        """Return the photo that a message, which ends it, is about; None where it only says how one is to be taken.

        Raises
        ------
        InputError
            No path.
        """
        way = str(content["way"])
        if "path" in content:
            return self._at(str(content["path"]), way)
        parts = self._parts.pop(content["ask"], [])
        if not parts:
            return replace(self._last, way=way) if self._last else None
        return Arrived(printable(str(content["name"])), b"".join(parts), way)

    def keep(self, arrived: Arrived) -> None:
        """Keep a photo that was good, to be taken once more."""
        self._last = arrived

    def _at(self, typed: str, way: str) -> Arrived:
        try:
            path = Path(typed.strip()).expanduser()
        except RuntimeError:  # ~somebody who isn't here
            path = Path(typed.strip())
        if not path.name:
            raise InputError("the path of a photo", repr(typed), "name a file on the machine of the kernel")
        return Arrived(printable(path.name), path, way)
