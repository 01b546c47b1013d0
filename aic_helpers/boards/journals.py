"""What was begun and what was done on a board, a JSON line each, so that it can be seen that nothing was done twice."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

FILE = "journal.jsonl"

Event = Literal["begun", "done", "failed"]


def note(folder: Path, event: Event, unit: str, stage: str, **more: Any) -> None:
    """Add a line to the journal of a board folder. It is one write: lines of several processes don't mix."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"utc": when, "pid": os.getpid(), "event": event, "unit": unit, "stage": stage, **more})
    with (folder / FILE).open("ab", buffering=0) as file:
        file.write(line.encode() + b"\n")


def lines(folder: Path) -> list[dict[str, Any]]:
    """Return the journal; a line that a kill cut off is left out."""
    found = []
    path = folder / FILE
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        with suppress(ValueError):
            found.append(json.loads(line))
    return found
