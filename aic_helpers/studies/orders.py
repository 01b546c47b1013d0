"""Who sees which picture when: blinded, balanced over raters, at random for each, from one seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeVar

import numpy as np

Role = Literal["training", "counted", "repeat"]
Picture = tuple[str, str]
"""Photo and model."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Showing:
    """What one rater sees at one place of their sitting.

    Attributes
    ----------
    code : str
        What the rater's page calls it: drawn at random, another for each rater and for each repeat.
    pictures : tuple of (photo, model)
        One to grade, or two to choose from in the order in which they are shown.
    role : {"training", "counted", "repeat"}
        Training comes first and counts for nothing; a repeat shows again what was counted, to see whether the rater
        agrees with themselves.
    """

    code: str
    pictures: tuple[Picture, ...]
    role: Role


def orders(
    photos: Sequence[str],
    models: Sequence[str],
    *,
    pairs: bool,
    raters: int,
    photos_each: int,
    training: Sequence[tuple[Picture, ...]],
    repeats: int,
    seed: int,
) -> list[list[Showing]]:
    """Return for each rater what they see, in order.

    Parameters
    ----------
    photos, models : sequence of str
        A rater sees all models of a photo, or none: what compares models never mixes photos.
    pairs : bool
        Two models of a photo at a time, every pair once, in place of one.
    raters, photos_each : int
        How many raters, and how many photos of each. Every photo gets as many raters as any other, give or take one.
    training : sequence of tuple of pictures
        The same for all raters, in this order.
    repeats : int
        How many showings of the first half come again in the last third.
    seed : int
    """
    rng = np.random.default_rng(seed)
    cycle = [photos[place] for place in rng.permutation(len(photos))]
    codes = _codes(rng)
    found = []
    for rater in range(raters):
        own = [cycle[(rater * photos_each + step) % len(cycle)] for step in range(photos_each)]
        turn = {photo: rater + photos.index(photo) for photo in own}
        shown = [one for photo in own for one in _of_photo(photo, models, pairs, turn[photo])]
        ordered = _apart([(one[0][0], one) for one in _shuffled(shown, rng)])
        counted: list[tuple[tuple[Picture, ...], Role]] = [(one, "counted") for one in ordered]
        practice: list[tuple[tuple[Picture, ...], Role]] = [(one, "training") for one in training]
        sitting = practice + _with_repeats(counted, repeats, pairs, rng)
        found.append([Showing(next(codes), pictures, role) for pictures, role in sitting])
    return found


def _of_photo(photo: str, models: Sequence[str], pairs: bool, turn: int) -> list[tuple[Picture, ...]]:
    """Return the showings of a photo; of a pair, which comes first changes with rater, photo and pair."""
    if not pairs:
        return [((photo, model),) for model in models]
    chosen: list[tuple[Picture, ...]] = []
    for place, (first, second) in enumerate(combinations(models, 2)):
        pair = ((photo, first), (photo, second))
        chosen.append(pair if (place + turn) % 2 == 0 else pair[::-1])
    return chosen


def _shuffled(items: Sequence[Item], rng: np.random.Generator) -> list[Item]:
    return [items[place] for place in rng.permutation(len(items))]


def _apart(keyed: Sequence[tuple[str, Item]]) -> list[Item]:
    """Return the items in nearly their order, with no key twice in a row as long as that can be."""
    left, found, last = list(keyed), [], ""
    while left:
        counts = Counter(key for key, _ in left)
        key, count = counts.most_common(1)[0]
        others = [place for place, (one, _) in enumerate(left) if one != last]
        if 2 * count > len(left) and key != last:  # it must come now, or it will meet itself at the end
            others = [place for place in others if left[place][0] == key]
        last, item = left.pop(others[0] if others else 0)
        found.append(item)
    return found


def _with_repeats(
    counted: list[tuple[tuple[Picture, ...], Role]], repeats: int, pairs: bool, rng: np.random.Generator
) -> list[tuple[tuple[Picture, ...], Role]]:
    """Show some of the first half again in the last third; pairs the other way round."""
    half = max(1, len(counted) // 2)
    again = [counted[place][0] for place in rng.permutation(half)[:repeats]]
    found = list(counted)
    for pictures in again:
        place = int(rng.integers(len(counted) - len(counted) // 3, len(found) + 1))
        found.insert(place, (pictures[::-1] if pairs else pictures, "repeat"))
    return found


def _codes(rng: np.random.Generator) -> Iterator[str]:
    """Yield codes that never come twice."""
    given: set[str] = set()
    while True:
        code = rng.bytes(6).hex()
        if code not in given:
            given.add(code)
            yield code
