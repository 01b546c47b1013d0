"""A frozen model tried on photos: does it take one RGB image, and does it give what its source gives?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.data.images import as_float, read_rgb
from aic_helpers.models.adapted_graphs import CAST, WHOLE, around, around_function, own_function
from aic_helpers.models.adapters import Adapters, read_adapters
from aic_helpers.models.originals import Original
from aic_helpers.runtimes.frozen_models import FrozenModel, static_shape

PARITY_SIZES_PX = ((480, 320), (191, 127), (61, 93))
"""Width and height of the crops of a photo on which the frozen model is compared with its source."""

TRIAL_SIZES_PX = ((128, 96), (256, 256), (100, 100))
"""Of those tried in turn until one works: a network may want multiples of something, or be made for one size."""

MAX_IMAGE_BYTES = 2**28
"""A graph may declare any size as its own; no larger image is made."""

Form = dict[str, str]

OTHER_FORMS: tuple[Form, ...] = ({"channels": "y"}, {"layout": "nchw"}, {"layout": "nchw", "channels": "y"})
"""What is tried where a network takes no RGB, to say what would help."""

OF_255 = ({"range": "255"}, *({"range": "255", **form} for form in OTHER_FORMS))

MOST_TIMES = 8
"""By which a network is known as one that enlarges."""

Size = tuple[int, int]
Batch = NDArray[np.float32]
Function = Callable[[Batch], Batch]

OUT_OF_MEMORY = "OOM when allocating"

COMPARED, FROZEN_ALREADY, NOT_COMPARED = "compared", "frozen already", "not compared"


@dataclass(frozen=True)
class Trial:
    """What came of one image, or why nothing did."""

    size: Size
    output: NDArray[Any] | None = None
    reason: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the output."""
        return () if self.output is None else self.output.shape

    def fits(self, enlarges: int) -> bool:
        """Whether an RGB image so many times as large as the input came."""
        return self.shape == (1, enlarges * self.size[1], enlarges * self.size[0], 3)


@dataclass(frozen=True)
class Adapted:
    """What is handed on: a graph of RGB in [0, 1], its source as it takes and gives the same, and what was done to it.

    `run` is None where the graph is the source.
    """

    graph_def: Any
    run: Function | None
    lines: list[str]


def adapted(original: Original, adapt: Adapters, types: tuple[str, str], photo: Path, enlarges: int) -> Adapted:
    """Return a network with what was said of its form built around it, and what has to be for its types.

    Parameters
    ----------
    original : Original
    adapt : Adapters
    types : (str, str)
        Of what the network takes and gives.
    photo : Path
        For trials.
    enlarges : int
        How many times as high and wide as the input the output should be.

    Raises
    ------
    InputError
        It takes or gives whole numbers, and nothing was said of their range.
    """
    lines = adapt.lines + original.ends.lines
    for end, kind in zip(("input", "output"), types, strict=True):
        if not kind.startswith(WHOLE) and kind not in ("float32", *CAST):
            raise InputError(f"an {end} of float32", f"one of {kind}", "cast it inside the network")
        if kind.startswith(WHOLE) and adapt.range == "1":
            refuse(original, adapt, photo, enlarges, f"an {end} of {kind}", OF_255)
        lines += [f"{end}: {kind}, cast in the graph"] if kind.startswith(WHOLE) or kind in CAST else []
    if not lines:
        return Adapted(original.graph_def, original.run, [])
    adapt = replace(adapt, set=()) if original.has_set else adapt
    run = original.run or own_function(original.graph_def, original.ends, adapt)
    try:
        graph_def = around(original.graph_def, original.ends, adapt, enlarges)
    except ValueError as error:
        said = ", ".join(f"{key} {value}" for key, value in adapt.given.items())
        raise InputError(f"a network that fits {said}", reason(error), "say other of it, or nothing") from None
    return Adapted(graph_def, around_function(run, types[0], adapt, enlarges), lines)


def parity(run: Function | None, graph_def: Any, photo: Path) -> dict[str, Any]:
    """Return ``state``, ``by_size`` (the largest absolute difference between source and frozen model) and ``reason``.

    Parameters
    ----------
    run : callable or None
        The source itself, as the frozen model takes and gives images; None where it is the frozen model.
    graph_def : GraphDef
        The frozen model's.
    photo : Path
    """
    if run is None:
        return {"state": FROZEN_ALREADY, "by_size": None, "reason": None}
    image, differences, why = read_rgb(photo), {}, ""
    pair: dict[str, Function] = {"the source itself": run, "the frozen model": FrozenModel(photo, graph_def)}
    for size in _sizes(graph_def, PARITY_SIZES_PX):
        outputs, failure = _both(pair, batch_of(image, size))
        if not failure:
            differences[_words(size)] = float(np.abs(outputs[1] - outputs[0]).max())
        why = why or (failure and f"{failure} (at {_words(size)})")
        if OUT_OF_MEMORY in failure:
            break  # the allocator tries for seconds before it gives up
    if differences:
        return {"state": COMPARED, "by_size": differences, "reason": None}
    why = why or f"its own size is above the {MAX_IMAGE_BYTES >> 20} MiB that are tried"
    return {"state": NOT_COMPARED, "by_size": {}, "reason": why}


def sized_differences(
    source: Function, made: Function, shape: Sequence[int | None], photo: NDArray[np.uint8]
) -> tuple[dict[str, float], str]:
    """Return the largest absolute difference between what two models give, by the sizes that the source takes.

    Beside it, why the source takes none of the others; `shape` is what it declares, None for a side that may be any.

    Raises
    ------
    InputError
        What was made doesn't run at a size that the source takes.
    """
    _, height_px, width_px, _ = shape
    found, why = {}, ""
    for size in dict.fromkeys((width_px or width, height_px or height) for width, height in PARITY_SIZES_PX):
        batch, words = batch_of(photo, size), _words(size)
        try:
            expected = source(batch)
        except Exception as error:  # a network that doesn't take every size
            why = why or f"{reason(error)} (at {words})"
            continue
        found[words] = _largest(_run(made, batch, words), expected)
    return found, why


def _run(made: Function, batch: NDArray[np.float32], words: str) -> NDArray[np.float32]:
    try:
        return made(batch)
    except Exception as error:
        found = f"{reason(error)} (at {words})"
        raise InputError(
            "a converted network that runs as its source does", found, "build these layers of others"
        ) from None


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest absolute difference; infinite where the shapes differ or a value is not a number."""
    if one.shape != other.shape:
        return float("inf")
    largest = float(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    return largest if np.isfinite(largest) else float("inf")


def _both(pair: dict[str, Function], batch: Batch) -> tuple[list[NDArray[Any]], str]:
    """Return what both make of a batch, or which can't take it and why; the rule on resolutions tells of that too."""
    outputs = []
    for name, function in pair.items():
        try:
            outputs.append(function(batch))
        except Exception as error:
            return [], f"{name} fails: {reason(error)}"
    return outputs, ""


def refuse_other_forms(original: Original, adapt: Adapters, graph_def: Any, photo: Path, enlarges: int) -> None:
    """Refuse a frozen model that takes no RGB image, or gives none of the size asked for; and say what would help.

    Parameters
    ----------
    original : Original
        The network in its own form.
    adapt : Adapters
    graph_def : GraphDef
        What is handed on: the network with what `adapt` says around it.
    photo : Path
    enlarges : int
        See `adapted`.

    Raises
    ------
    InputError
    """
    if static_shape(graph_def)[0] not in (None, 1):
        return  # the rule on input and output tells of a fixed batch
    if _channels_first(graph_def):
        refuse(original, adapt, photo, enlarges, "an input with the channels first", OTHER_FORMS[1:])
    tried = _tried(graph_def, photo)
    if tried is None or tried.fits(enlarges):
        return
    refuse_another_scale(tried, enlarges)
    if len(tried.shape) == 4 and tried.shape[3] == 3:
        return  # another size: the rule on resolutions tells of it
    found = tried.reason or f"an output of shape {tried.shape} for one image of {_words(tried.size)}"
    refuse(original, adapt, photo, enlarges, found, OTHER_FORMS)


def _channels_first(graph_def: Any) -> bool:
    """Whether a graph declares the channels where the height should be; it would run on an image so low."""
    shape = static_shape(graph_def)
    return len(shape) == 4 and shape[1] in (1, 3) and shape[3] not in (1, 3)


def refuse_another_scale(tried: Trial, enlarges: int) -> None:
    """Refuse a network that enlarges by another number than is asked for; say both sizes, and which track would do."""
    times = next((times for times in range(1, MOST_TIMES + 1) if tried.fits(times)), None)
    if times is None:
        return
    given, wanted, found = (_words((by * tried.size[0], by * tried.size[1])) for by in (1, enlarges, times))
    own = f"of the input's size ({given})"
    expected = f"{enlarges} times the input's size ({wanted} for {given})" if enlarges > 1 else own
    larger = f"which is {times} times" if times > 1 else "the input's own size"
    track = f"of scale {times} that gives the small photo" if times > 1 else "that gives photos of full size"
    raise InputError(f"an output {expected}", f"{found}, {larger}", f"choose a track {track}, or mend the model")


def refuse(original: Original, adapt: Adapters, photo: Path, enlarges: int, found: str, forms: Sequence[Form]) -> None:
    """Refuse a network of another form, and say which of some forms would do.

    Raises
    ------
    InputError
        In any case.
    """
    expected = "a network of one RGB image in [0, 1], (batch, height, width, 3), in and out"
    for said in (form for form in forms if not form.keys() & adapt.forms.keys()):
        try:
            form = read_adapters({**adapt.given, **said})
            tried = _tried(around(original.graph_def, original.ends, form, enlarges), photo)
        except Exception:  # not this one
            continue
        if tried and tried.fits(enlarges):
            raise InputError(expected, found, "say " + " ".join(f"--{key} {value}" for key, value in said.items()))
    raise InputError(expected, found, "mend the model")


def _tried(graph_def: Any, photo: Path) -> Trial | None:
    """Return the first trial that gave an output, else the first of all; None where there is no memory for any."""
    model, image = FrozenModel(photo, graph_def), read_rgb(photo)
    first = None
    for size in _sizes(graph_def, TRIAL_SIZES_PX):
        try:
            return Trial(size, model(batch_of(image, size)))
        except Exception as error:
            if OUT_OF_MEMORY in str(error):
                return None  # what runs it tells of that
            first = first or Trial(size, reason=f"{reason(error)} (at {_words(size)})")
    return first


def _sizes(graph_def: Any, sizes: tuple[Size, ...]) -> list[Size]:
    """Return the size that a graph declares as its own, or sizes where it declares none."""
    _, height_px, width_px, _ = [*static_shape(graph_def), *[None] * 4][:4]
    own = dict.fromkeys((width_px or width, height_px or height) for width, height in sizes)
    return [size for size in own if math.prod(size) * 3 * 4 <= MAX_IMAGE_BYTES]


def batch_of(photo: NDArray[np.uint8], size: Size) -> Batch:
    """Return the top left of a photo as a batch of one, repeated where the photo is smaller."""
    height, width = photo.shape[:2]
    return as_float(photo[np.ix_(np.arange(size[1]) % height, np.arange(size[0]) % width)][None])


def _words(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
