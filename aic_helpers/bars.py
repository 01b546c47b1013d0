"""Progress on stderr: a bar in a terminal, a line a stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

Show = Callable[[int, int | None, str], None]
"""Told how much is done, of how much (None where that isn't known yet), and the stage in words."""


@contextmanager
def bar(unit: str, *, lines: bool = False) -> Iterator[Show]:
    """Give what draws a bar over all stages; away from a terminal it writes each stage's words once, if `lines`.

    Of bytes (`unit` "B") it shows kB and MB.
    """
    terminal = sys.stderr.isatty()
    seen: set[str] = set()
    with tqdm(unit=unit, unit_scale=unit == "B", disable=not terminal, leave=False) as drawn:

        def show(done: int, total: int | None, stage: str) -> None:
            if lines and not terminal and stage not in seen:
                tqdm.write(stage, file=sys.stderr)
            seen.add(stage)
            drawn.total, drawn.n = total, done
            drawn.set_description(stage)

        yield show
