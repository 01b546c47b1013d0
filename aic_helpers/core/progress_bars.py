"""Progress on stderr: a bar in a terminal, a line a stage elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from aic_helpers.core.progress_types import Progress, UnitProgress


@contextmanager
def bar(unit: str, *, lines: bool = False) -> Iterator[Progress]:
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


@contextmanager
def units() -> Iterator[UnitProgress]:
    """Give what draws a bar over all units of work and one for each that goes on; ended units become lines."""
    with tqdm(unit="unit", disable=not sys.stderr.isatty(), leave=False, position=0) as whole:
        drawn = _Units(whole)
        try:
            yield drawn.tell
        finally:
            drawn.close()


class _Units:
    def __init__(self, whole: tqdm) -> None:
        self._whole = whole
        self._running: dict[str, tqdm] = {}
        self._lock = threading.Lock()

    def tell(self, unit: str, done: int, total: int | None, words: str) -> None:
        with self._lock:
            if not unit:
                self._whole.reset(total)
                self._whole.set_description(words)
            elif total == 0:
                self._end(unit, words)
            else:
                self._show(unit, done, total, words)

    def _show(self, unit: str, done: int, total: int | None, words: str) -> None:
        if unit not in self._running:
            self._running[unit] = tqdm(disable=self._whole.disable, leave=False, bar_format="{desc} {n}/{total}")
        bar = self._running[unit]
        bar.total, bar.n = total, done
        bar.set_description(f"{unit}: {words}")

    def _end(self, unit: str, words: str) -> None:
        if unit in self._running:
            self._running.pop(unit).close()
        tqdm.write(f"{unit}: {words}", file=sys.stderr)
        self._whole.update()

    def close(self) -> None:
        for bar in self._running.values():
            bar.close()
