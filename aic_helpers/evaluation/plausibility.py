"""What outputs say of a network that its figures don't: another range of values, exchanged colours, nothing done.

A network that works in 0..255 gets a PSNR as any other, of a white picture. So its outputs are looked at, and where it
does worse than its input, the readings of values and colours that people mix up are tried on one image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.evaluation.per_image import Model, run_model

Image = NDArray[np.float32]

Kind = Literal["range", "colour", "repeat", "flat", "identity"]

BROKEN: tuple[Kind, ...] = ("range", "repeat")
"""Kinds that break a rule of the challenge; the others may be meant."""

WORSE_DB = 1.0
"""A network that does so much worse than its own input is looked into, and no reading that does is named."""

BETTER_DB = 3.0
"""A reading that does so much better is named: half the error."""

BELOW = -0.2
"""An output that goes below may be one in -1..1."""

BRIGHT = 0.4
"""An output of a network that takes 0 for a middle grey stays above."""

SAME_READING_DB = 0.1
"""Of two readings that differ by less the simpler is named, which stands first."""

MIDDLE_PX = 256
"""Of the sides of what readings are tried on."""

HALF_STEP = 0.5 / 255 + 1e-6
"""No 8-bit value differs."""

SAME_DB = 100.0
"""Of pictures between which nothing is to be seen; so that two such can be compared."""

FLAT_STD = 0.01
"""Of each channel of a picture: under three steps of 255."""


@dataclass(frozen=True)
class Doubt:
    """Why figures may not mean what they seem to: one sentence, with what to do."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Seen:
    """An input, the same at the target's size, its target and what the network gave, clipped to [0, 1]."""

    input: Image
    shown: Image
    target: Image
    output: Image

    @property
    def enlarges(self) -> int:
        """How many times larger the output is than the input."""
        return len(self.output) // len(self.input)

    @property
    def lost_db(self) -> float:
        """How much worse than the input the output is."""
        return _psnr_db(self.target, self.shown) - _psnr_db(self.target, self.output)

    def middle(self) -> Seen:
        """Return the middle of it all, as much as is enough to tell: readings take many runs."""
        large = (_middle(image, self.enlarges) for image in (self.shown, self.target, self.output))
        return Seen(_middle(self.input, 1), *large)


@dataclass(frozen=True)
class _Reading:
    """Another way to feed a network and to read what it gives; only where its outputs as they are look like it."""

    kind: Kind
    words: str
    before: Callable[[Image], Image]
    after: Callable[[Image], Image]
    looks_like_it: Callable[[Image], bool] = lambda output: True


def _same(image: Image) -> Image:
    return image


def _to_255(image: Image) -> Image:
    return image * np.float32(255)


def _from_255(image: Image) -> Image:
    return image / np.float32(255)


def _to_both_signs(image: Image) -> Image:
    return image * np.float32(2) - np.float32(1)


def _from_both_signs(image: Image) -> Image:
    return (image + np.float32(1)) / np.float32(2)


def _exchanged(image: Image) -> Image:
    return image[..., ::-1]


def _is_flat(output: Image) -> bool:
    return bool(output.std(axis=(0, 1)).max() < FLAT_STD)


def _goes_below(output: Image) -> bool:
    return bool(output.min() < BELOW)


def _is_bright(output: Image) -> bool:
    return bool(output.min() > BRIGHT)


READINGS = (
    _Reading("range", "it takes and gives 0..255: give --range 255", _to_255, _from_255),
    _Reading("range", "it gives 0..255: divide its output by 255", _same, _from_255),
    _Reading("range", "it takes 0..255: multiply its input by 255", _to_255, _same, _is_flat),
    _Reading("range", "it gives -1..1: return (output + 1) / 2", _same, _from_both_signs, _goes_below),
    _Reading("range", "it takes -1..1: call it with 2 * images - 1", _to_both_signs, _same, _is_bright),
    _Reading(
        "range",
        "it takes and gives 0..255 and BGR: give --range 255 --colour bgr",
        lambda image: _to_255(_exchanged(image)),
        lambda image: _from_255(_exchanged(image)),
    ),
    _Reading("colour", "it takes and gives BGR: give --colour bgr", _exchanged, _exchanged),
    _Reading("colour", "it gives BGR: return output[..., ::-1]", _same, _exchanged),
)


def doubts(model: Model, seen: Sequence[Seen]) -> list[dict[str, Any]]:
    """Return why the figures of a network may not mean what they seem to.

    Parameters
    ----------
    model : callable
        See `aic_helpers.evaluation.per_image.evaluate`; one with a true attribute `stateful` is run twice.
    seen : sequence of Seen
        A few of the images that it was evaluated on.

    Returns
    -------
    list of dict
        ``kind``: ``range``, ``colour``, ``repeat``, ``flat`` (one colour everywhere) or ``identity``; and ``text``.
    """
    found = [_repeated(model, seen[0])] if seen and getattr(model, "stateful", False) else []
    if seen and all(np.abs(one.output - one.shown).max() <= HALF_STEP for one in seen):
        words = "its input" if seen[0].enlarges == 1 else "its input enlarged by bicubic"
        found.append(Doubt("identity", f"it returns {words}: no 8-bit value differs"))
    elif seen and np.mean([one.lost_db for one in seen]) > WORSE_DB:
        found.append(_misread(model, seen) or _flat(seen))
    return [asdict(doubt) for doubt in found if doubt]


def _repeated(model: Model, one: Seen) -> Doubt | None:
    first, second = (run_model(model, one.input, one.enlarges)[0] for _ in range(2))
    if first is None or second is None:
        return None
    difference = float(np.abs(first - second).max())
    if difference <= MAX_DIFFERENCE:
        return None
    text = f"the same image gives another output at the next call, by {difference:.1e}: freeze it for inference"
    return Doubt("repeat", text)


def _misread(model: Model, seen: Sequence[Seen]) -> Doubt | None:
    """Return the reading that does better on every image than what the network was taken for, and well on the whole."""
    parts = [one.middle() for one in seen]
    outputs = [run_model(model, part.input, part.enlarges)[0] for part in parts]
    taken_db = np.array([_scored_db(part.target, output) for part, output in zip(parts, outputs, strict=True)])
    own_db = np.mean([_psnr_db(part.target, part.shown) for part in parts])
    least_db = max(taken_db.mean() + BETTER_DB, own_db - WORSE_DB)
    found: list[tuple[float, _Reading]] = []
    for reading in READINGS:
        if all(output is not None and reading.looks_like_it(output) for output in outputs):
            read_db = np.array([_read_db(model, part, reading) for part in parts])
            if (read_db >= taken_db).all() and read_db.mean() >= least_db:
                found.append((read_db.mean(), reading))
    best_db = max((read_db for read_db, _ in found), default=0.0)
    best = next((reading for read_db, reading in found if read_db > best_db - SAME_READING_DB), None)
    return Doubt(best.kind, f"it looks as if {best.words}") if best else None


def _middle(image: Image, times: int) -> Image:
    """Return the middle of an image that is so many times larger than the input."""
    top, left = (max(side // times - MIDDLE_PX, 0) // 2 * times for side in image.shape[:2])
    return image[top : top + MIDDLE_PX * times, left : left + MIDDLE_PX * times]


def _read_db(model: Model, part: Seen, reading: _Reading) -> float:
    output, _ = run_model(model, np.ascontiguousarray(reading.before(part.input)), part.enlarges)
    return _scored_db(part.target, None if output is None else reading.after(output))


def _scored_db(target: Image, output: Image | None) -> float:
    return -np.inf if output is None else _psnr_db(target, np.clip(output, 0, 1))


def _flat(seen: Sequence[Seen]) -> Doubt | None:
    if not all(_is_flat(one.output) for one in seen):
        return None
    levels = [255 * float(one.output.mean()) for one in seen]
    shade = "black" if max(levels) < 16 else "white" if min(levels) > 239 else "of one colour"
    return Doubt(
        "flat", f"its output is nearly {shade} everywhere: look at the range of values that it takes and gives"
    )


def _psnr_db(target: Image, image: Image) -> float:
    from aic_helpers.evaluation.metrics import psnr  # numba: who only reads results needs none

    return min(psnr(target, image, data_range=1.0), SAME_DB)
