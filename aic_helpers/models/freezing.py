"""Model source -> frozen graph, in the process that calls it.

TensorFlow 1 changes a whole process, so `freeze` is meant for a child: see `aic_helpers.models.conversion`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import import_tensorflow, make_light
from aic_helpers.graphs import graph_ends
from aic_helpers.graphs.static_cost import static_cost, weights
from aic_helpers.graphs.tensorflow_runtime import runtime
from aic_helpers.models import read_files, tensorflow1, trials
from aic_helpers.models.adapters import Adapters, read_adapters
from aic_helpers.models.graph_sources import frozen_graph, meta_graph, tensorflow_1
from aic_helpers.models.keras_sources import keras_file, python_function
from aic_helpers.models.originals import Original
from aic_helpers.models.saved_models import saved_model
from aic_helpers.runtimes.frozen_models import static_shape
from aic_helpers.weights.restoring import is_by_names

TAKEN_ALONG = ("matplotlib", "pandas")
"""What Keras imports for plots and tables where it finds it: a fifth of the time that importing Keras takes."""


class Freezing:
    """Answers ``freeze``, and then ``try``, which runs the model that it froze."""

    def __init__(self) -> None:
        self._try: Callable[[], None] = lambda: None

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "freeze":
            return self._freeze(request)
        self._try()
        return {}

    def _freeze(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write the frozen model of a source and compare the two.

        Parameters
        ----------
        request : dict
            ``kind``, ``path``, ``function``, ``checkpoint`` as in `ModelSource`; ``adapt``, what was said of its form;
            ``out``, the `.pb` to write (a copy of the source, there already, where that is frozen); and ``photo``, an
            image to compare on; ``enlarges`` and ``macs_size`` as in `aic_helpers.models.conversion.convert`.

        Returns
        -------
        dict
            ``style``, ``adapters`` (what was done to the network's form, a line each), ``parameters``, ``gmacs_720p``,
            ``macs``, ``macs_size``, ``input_shape``, ``checkpoint_unused``, ``read_files``, ``notes`` and ``parity``
            (see `trials.parity`).

        Raises
        ------
        InputError
            Anything about the source that keeps it from being a frozen model; the message says what.
        """
        photo, adapt, enlarges = Path(request["photo"]), read_adapters(request["adapt"]), request["enlarges"]
        original = _original(request, adapt)
        types = _types(original, request["path"])
        adapted = trials.adapted(original, adapt, types, photo, enlarges)
        if adapted.run is not None:
            Path(request["out"]).write_bytes(adapted.graph_def.SerializeToString(deterministic=True))
        self._try = lambda: trials.refuse_other_forms(original, adapt, adapted.graph_def, photo, enlarges)
        return {
            "style": original.style,
            "adapters": adapted.lines,
            "parameters": weights(original.graph_def, original.ends.nodes[1]),
            "gmacs_720p": static_cost(adapted.graph_def)["gmacs"],
            "macs": _macs(adapted.graph_def, request["macs_size"]),
            "macs_size": request["macs_size"],
            "input_shape": static_shape(adapted.graph_def),
            "checkpoint_unused": original.unused,
            "read_files": original.read_files,
            "notes": original.notes,
            "parity": trials.parity(adapted.run, adapted.graph_def, photo),
        }


def _macs(graph_def: Any, size: list[int]) -> int | None:
    """Return the multiply-accumulates of one image of a size (width, height); None where they can't be known."""
    gmacs = static_cost(graph_def, width_px=size[0], height_px=size[1])["gmacs"]
    return None if gmacs is None else round(gmacs * 1e9)


def _original(request: dict[str, Any], adapt: Adapters) -> Original:
    make_light() if request["kind"] == "frozen" else import_keras()
    path, checkpoint = Path(request["path"]), request["checkpoint"]
    original = LOAD[request["kind"]](path, request["function"], checkpoint and Path(checkpoint), adapt)
    names = [name for name, _ in adapt.set]
    if names and original.style == "keras":
        raise InputError("--set beside a graph with placeholders", f"--set {names[0]} beside {path}", "leave it out")
    graph_ends.refuse_unready(original.graph_def, original.ends, str(path), names)
    return original


def _types(original: Original, path: str) -> tuple[str, str]:
    """Return the types of what a network takes and gives."""
    tensorflow = runtime()
    try:
        with tensorflow.Graph().as_default() as graph:
            tensorflow.import_graph_def(original.graph_def, name="")
        tensors = [graph.get_tensor_by_name(name) for name in (original.ends.input, original.ends.output)]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"a whole graph in {path}", reason(error), "freeze the model again") from None
    graph_ends.refuse_large(graph, path)
    given, taken = (tensor.dtype.base_dtype.name for tensor in tensors)
    return given, taken


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


def _function(path: Path, name: str, checkpoint: Path | None, adapt: Adapters) -> Original:
    by_names = is_by_names(checkpoint)
    try:
        style = tensorflow1.style_of(path, by_names=by_names)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(f"Python in {path}", f"{error} at line {line}", "mend the syntax") from None
    if style == "tensorflow1":
        tensorflow1.install()
    read = read_files.watch()
    if style == "tensorflow1":
        original = tensorflow_1(path, name, checkpoint, adapt)
    else:
        original = python_function(path, name, checkpoint, adapt, keras_first=style == "keras")
    original.read_files = read(path, checkpoint)
    return original


LOAD: dict[str, Callable[..., Original]] = {
    "function": _function,
    "keras": keras_file,
    "saved_model": saved_model,
    "meta": meta_graph,
    "frozen": frozen_graph,
}
"""By kind of source: what brings it to life."""
