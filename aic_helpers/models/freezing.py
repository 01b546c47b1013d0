"""Model source -> frozen graph, in the process that calls it.

TensorFlow 1 changes a whole process, so `freeze` is meant for a child: see `aic_helpers.models.conversion`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import import_tensorflow, make_light
from aic_helpers.data.images import as_float, read_rgb
from aic_helpers.graphs.static_cost import static_cost
from aic_helpers.models import read_files, tensorflow1
from aic_helpers.models.frozen_models import FrozenModel, read_graph, static_shape
from aic_helpers.models.graph_sources import frozen_graph, saved_model, tensorflow_1
from aic_helpers.models.keras_sources import keras_file, keras_function
from aic_helpers.models.originals import Original

PARITY_SIZES_PX = ((480, 320), (191, 127), (61, 93))
"""Width and height of the crops of a photo on which the frozen model is compared with its source."""

TAKEN_ALONG = ("matplotlib", "pandas")
"""What Keras imports for plots and tables where it finds it: a fifth of the time that importing Keras takes."""


def freeze(request: dict[str, Any]) -> dict[str, Any]:
    """Write the frozen model of a source and compare the two.

    Parameters
    ----------
    request : dict
        ``kind``, ``path``, ``function``, ``checkpoint`` as in `ModelSource`; ``out``, the `.pb` to write (a copy
        of the source, there already, where that is frozen); and
        ``photo``, an image at least 480x320 to compare on.

    Returns
    -------
    dict
        ``style``, ``parameters``, ``gmacs_720p``, ``input_shape``, ``checkpoint_unused``, ``read_files``, and
        ``parity``: the largest absolute difference by size, or None where the source is a frozen graph already.

    Raises
    ------
    InputError
        Anything about the source that keeps it from being a frozen model; the message says what.
    """
    load: dict[str, Callable[..., Original]] = {
        "function": _function,
        "keras": keras_file,
        "saved_model": saved_model,
        "frozen": frozen_graph,
    }
    make_light() if request["kind"] == "frozen" else import_keras()
    checkpoint = request["checkpoint"]
    original = load[request["kind"]](Path(request["path"]), request["function"], checkpoint and Path(checkpoint))
    out = Path(request["out"])
    if original.run is not None:
        out.write_bytes(original.graph_def.SerializeToString(deterministic=True))
    return {
        "style": original.style,
        "parameters": original.parameters,
        "gmacs_720p": static_cost(read_graph(out))["gmacs"],
        "input_shape": static_shape(original.graph_def),
        "checkpoint_unused": original.unused,
        "read_files": original.read_files,
        "parity": _parity(original, Path(request["photo"])),
    }


def import_keras() -> None:
    """Import TensorFlow and Keras without what they take along only because it is installed.

    A model's own code may import that afterwards.
    """
    absent = [name for name in TAKEN_ALONG if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: an ImportError for who asks
    try:
        import_tensorflow()
        import keras  # noqa: F401
    finally:
        for name in absent:
            sys.modules.pop(name, None)


def _function(path: Path, name: str, checkpoint: Path | None) -> Original:
    try:
        old = tensorflow1.is_2018_style(path)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"Python in {path}", f"{error} at line {line}", "mend the syntax") from None
    if old:
        tensorflow1.install()
    read = read_files.watch()
    original = (tensorflow_1 if old else keras_function)(path, name, checkpoint)
    original.read_files = read(path)
    return original


def _parity(original: Original, photo: Path) -> dict[str, float] | None:
    """Return the largest absolute difference between the source and its frozen graph at each size."""
    if original.run is None:
        return None
    frozen = FrozenModel(photo, original.graph_def)
    image = as_float(read_rgb(photo))
    differences = {}
    for width_px, height_px in PARITY_SIZES_PX:
        batch = image[None, :height_px, :width_px]
        try:
            expected = original.run(batch)
        except Exception:
            continue  # a size that the source itself can't take; the rule on resolutions names it
        differences[f"{width_px}x{height_px}"] = float(np.abs(frozen(batch) - expected).max())
    return differences
