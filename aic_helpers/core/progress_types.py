"""What is told how far a piece of work is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int | None, str], None]
"""Told how much is done, of how much (None where that isn't known yet), and what is being done, in words."""

UnitProgress = Callable[[str, int, int | None, str], None]
"""Told the same of one of several units that go on at once, which it is told first; `partial` makes a `Progress` of it.

At a unit's end it is told 0 of 0 and what was found. As a stage begins it is told of no unit, and how many come."""
