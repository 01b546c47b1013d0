"""Times and PSNRs of single images as NTIRE's Efficient SR challenges publish them, read from JSON."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.audits.published_tables import BySet, Published, Values, mean_over_sets, unique_names
from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import shown

FORM = "an object that has for each model its lists SET_runtime and SET_psnr (ms and dB of each image of a set)"

REMEDY = "give a file of that form, or a table in CSV"

LISTS = {"time_ms": "runtime", "psnr": "psnr"}
"""What the lists of a set are called, by quantity."""

TOTALS = {"macs": ("flops", 1e9), "parameters": ("num_parameters", 1e6), "activations": ("activations", 1e6)}
"""What figures of a whole network are called, and what they count; none has to be there."""

HUGE = 1e300

END = f"_{LISTS['time_ms']}"


def read_json(path: Path) -> Published:
    """Return the rows of raw data: times and PSNRs of the same images for each model.

    The file is a JSON object. It has an object for each model, by its name. For each set of images that holds
    ``SET_runtime`` and ``SET_psnr``, two lists of one number an image, in ms and dB, the same images in the same order
    for all models; ``valid_runtime`` and ``test_psnr``, say. It may hold ``flops`` (in 1e9), ``num_parameters`` and
    ``activations`` (in 1e6), and the means ``SET_ave_runtime`` and ``SET_ave_psnr``, which are checked.

    Raises
    ------
    InputError
        JSON of another form, a model twice, lists of unlike length, or what isn't a finite number.
    """
    expected = f"{FORM} in {path}"
    content = validation.parse_json(path.read_bytes(), expected, REMEDY, pairs=lambda pairs: _unique(pairs, path))
    if not isinstance(content, dict) or not content or not all(isinstance(row, dict) for row in content.values()):
        raise InputError(expected, "something else", REMEDY)
    names, rows = unique_names(content, path), list(content.values())
    sets = [key.removesuffix(END) for key, value in rows[0].items() if key.endswith(END) and isinstance(value, list)]
    if not sets:
        raise InputError(expected, f"no list whose name ends in {END} in {names[0]}", REMEDY)
    images = {
        shown(of_set): {name: _lists(names, rows, f"{of_set}_{key}") for name, key in LISTS.items()} for of_set in sets
    }
    for of_set, found in images.items():
        if len({values.shape for values in found.values()}) > 1:
            counts = " and ".join(f"{values.shape[1]} of {LISTS[name]}" for name, values in found.items())
            raise InputError(f"as many times as PSNRs of {of_set} in {path}", counts, "give both of each image")
    by_set = {of_set: {name: values.mean(axis=1) for name, values in found.items()} for of_set, found in images.items()}
    totals = {name: _totals(names, rows, *where) for name, where in TOTALS.items()}
    given = {name: values for name, values in totals.items() if np.isfinite(values).any()}
    return Published(
        names, mean_over_sets(by_set) | given, by_set=by_set, images=images, claimed=_claimed(names, rows, sets)
    )


def _unique(pairs: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
    name, count = Counter(key for key, _ in pairs).most_common(1)[0] if pairs else ("", 0)
    if count > 1:
        raise InputError(f"each model and each of its keys once in {path}", f"{shown(name)} twice", "leave one out")
    return dict(pairs)


def _lists(names: list[str], rows: list[dict[str, Any]], key: str) -> Values:
    """Return the lists of all models under one key, shape (rows, images)."""
    for name, row in zip(names, rows, strict=True):
        values = row.get(key)
        if not isinstance(values, list) or not values:
            found = "none" if key not in row else validation.brief(values)
            raise InputError(f"a list {shown(key)} of {name}", found, "each model needs the same sets of images")
        if len(values) != len(rows[0][key]):
            found = f"{len(values)} of {name} and {len(rows[0][key])} of {names[0]} in {shown(key)}"
            raise InputError("the same images for all models", found, "give one figure for each image")
        for place, value in enumerate(values):
            _check_number(value, f"image {place + 1} of {shown(key)} of {name}", positive=key.endswith(END))
    return np.array([row[key] for row in rows], dtype=np.float64)


def _check_number(value: Any, where: str, *, positive: bool) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < HUGE:
        raise InputError(f"a finite number for {where}", validation.brief(value), "correct it, or leave the model out")
    if positive and value <= 0:
        raise InputError(f"a number above 0 for {where}", validation.brief(value), "correct it, or leave the model out")


def _totals(names: list[str], rows: list[dict[str, Any]], key: str, factor: float) -> Values:
    """Return a figure of each network; NaN where there is none."""
    for name, row in zip(names, rows, strict=True):
        if key in row:
            _check_number(row[key], f"{key} of {name}", positive=True)
    return np.array([row.get(key, np.nan) for row in rows], dtype=np.float64) * factor


def _claimed(names: list[str], rows: list[dict[str, Any]], sets: list[str]) -> BySet:
    """Return the means that the file itself has."""
    claimed: BySet = {}
    for of_set in sets:
        for name, key in LISTS.items():
            values = _totals(names, rows, f"{of_set}_ave_{key}", 1.0)
            if np.isfinite(values).any():
                claimed.setdefault(shown(of_set), {})[name] = values
    return claimed
