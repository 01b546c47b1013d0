"""The worker of `exporting`: one frozen graph, converted, calibrated, quantised, and each file tried on a photo."""

from __future__ import annotations

import hashlib
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError, in_words
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.litert import one_network
from aic_helpers.litert.structures import Structure, Tensor, read
from aic_helpers.quantization import graph_changes, graph_conversion, integer_files, learned_ranges, weight_rounding
from aic_helpers.quantization.activation_ranges import RangeFinder, Ranges, plain_output
from aic_helpers.quantization.integer_files import NotQuantizableError
from aic_helpers.quantization.precisions import CROP, FIXED, FLOAT32, FREE, INT8, INT16X8
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.litert_models import LitertModel

MAX_TRIAL_S = 60.0
"""What is expected to take longer on the photo isn't run: 16-bit convolutions take a hundred times as long."""

TRIAL_PX = 64

WHOLE = ("uint8", "int8", "int16")

NODE = re.compile(r"Node number (\d+) \((\w+)\)")
"""How LiteRT names an operator that fails."""


class Exporting:
    """Answers ``open``, ``convert``, ``see``, ``ranges``, ``make`` and ``compare``."""

    def __init__(self) -> None:
        self._graphs: dict[str, Any] = {}
        self._sizes: dict[str, tuple[int, int] | None] = {}
        self._floats: dict[str, bytes] = {}
        self._finders: list[RangeFinder] = []
        self._ranges: Ranges = {}
        self._model = self._folder = Path()
        self._source: NDArray[np.float32] | None = None

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"open": self._open, "convert": self._convert, "see": self._see, "ranges": self._found_ranges}
        actions |= {"make": self._make, "compare": self._compare, "compare_free": self._compare_free}
        return actions[request["do"]](request)

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        self._model, self._folder = Path(request["model"]), Path(request["folder"])
        graph_def = graph_changes.with_means_in_two(frozen_models.read_graph(self._model))
        self._graphs = {FIXED: graph_def, CROP: graph_def}
        return {"input_shape": frozen_models.static_shape(graph_def)}

    def _convert(self, request: dict[str, Any]) -> dict[str, Any]:
        """Make a float form of the network; the free one after the others, whose sizes tell what it must know."""
        form, size = request["form"], request["size"] and tuple(request["size"])
        self._sizes[form] = size
        if form == FREE:
            width_px, height_px = self._sizes[FIXED] or (0, 0)
            sizes = (width_px, height_px), (2 * width_px, 2 * height_px)
            self._graphs[FREE] = graph_changes.with_channels(self._graphs[FIXED], sizes)
        self._floats[form] = graph_conversion.converted(self._graphs[form], size)
        structure = read(self._floats[form])
        return {"layers": list(dict.fromkeys(step.layer for step in structure.operators))}

    def _see(self, request: dict[str, Any]) -> dict[str, Any]:
        """Show a crop to the network of any size, and of the crop's where that has activations which the other hasn't.

        What is folded into the fixed form has no name there, and other names stand in the free one.
        """
        if not self._finders:
            names = {form: _activations(self._floats[form]) for form in (FREE, CROP) if form in self._floats}
            forms = [form for form in names if form == FREE or names[form] - names.get(FREE, set())]
            self._finders = [RangeFinder(self._floats[form], request["percentile"]) for form in forms]
        for finder in self._finders:
            finder.see(request["array"])
        return {}

    def _found_ranges(self, request: dict[str, Any]) -> dict[str, Any]:
        for finder in reversed(self._finders):
            self._ranges |= finder.ranges()
        self._finders = []
        given, known = {layer: (low, high) for layer, (low, high) in request["given"].items()}, Ranges()
        for structure in map(read, self._floats.values()):
            known |= learned_ranges.by_tensor(structure, given)
            self._ranges |= known | integer_files.image_ranges(structure)
        layers = _layers_of(self._ranges, read(self._floats[FIXED]))
        return {"ranges": self._ranges, "layers": layers, "given": sorted({layers.get(name, name) for name in known})}

    def _make(self, request: dict[str, Any]) -> dict[str, Any]:
        """Write the file of a precision in a form; what can't be made is a reason, in a sentence."""
        precision, form, path = request["precision"], request["form"], self._folder / request["file"]
        try:
            content = self._content(precision, form, request["keep_float"], request["weights"])
        except NotQuantizableError as error:
            return {"reason": str(error)}
        try:
            path.write_bytes(content)
        except OSError as error:
            found = in_words(error)
            raise InputError(f"room on the disk for {path.name}", found, "free some; nothing was changed") from None
        structure = read(content)
        return {
            "reason": "",
            "file": path.name,
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "input": _end(structure.inputs[0]),
            "output": _end(structure.outputs[0]),
            "squares": integer_files.widest_squares(structure),
            "no_pixels": integer_files.no_pixels(structure),
            "float_operators": sorted({step.name for step in integer_files.float_operators(structure)}),
        }

    def _content(self, precision: str, form: str, keep_float: list[str], weights: str | None) -> bytes:
        if precision == INT8.name:
            rounded = weight_rounding.load(Path(weights)) if weights else {}
            return integer_files.int8(self._floats[form], self._ranges, keep_float, rounded)
        if precision == INT16X8.name:
            return integer_files.int16x8(self._floats[form], self._ranges)
        if precision == FLOAT32.name:
            return self._floats[form]
        return graph_conversion.converted(self._graphs[form], self._sizes[form], precision)

    def _compare(self, request: dict[str, Any]) -> dict[str, Any]:
        """Compare a file of one size with its source, and with the file of any size, on a photo of that size."""
        photo, fixed = request["array"], self._folder / request["fixed"]
        free = self._folder / request["free"] if request["free"] else None
        differences = one_network.differences(read(fixed), read(free)) if free else []
        found: dict[str, Any] = {"differences": differences, "not_run": "", "reason": ""}
        try:
            if free and (expected_s := _expected_s(free, photo)) > MAX_TRIAL_S:
                return found | {"not_run": f"a photo of this size would take about {expected_s:.0f} s here"}
            output = LitertModel(fixed)(photo)  # gone before the next: each holds its activations
            between = _between(fixed, free, output, photo) if free else {}
        except (RuntimeError, ValueError) as error:
            return found | {"reason": _failing(error, read(fixed))}
        if self._source is None:
            self._source = frozen_models.load(self._model)(photo)
        whole = read(fixed).outputs[0].dtype in WHOLE  # what such an output has beyond an image is cut
        expected = self._source.clip(*integer_files.PIXELS) if whole else self._source
        return found | between | {"to_source": _largest(output, expected)}

    def _compare_free(self, request: dict[str, Any]) -> dict[str, Any]:
        """Compare the file of any size with its source on a photo of another size."""
        try:
            expected = frozen_models.load(self._model)(request["array"])
        except Exception:  # a network that doesn't take every size
            return {}
        return {"to_source": _largest(LitertModel(self._folder / request["free"])(request["array"]), expected)}


def _activations(content: bytes) -> set[str]:
    structure = read(content)
    return {tensor.name for tensor in structure.tensors if tensor.dtype == "float32" and not tensor.is_constant}


def _end(tensor: Tensor) -> dict[str, Any]:
    """Return the type of what a network takes or gives, with scale and zero point where it is of whole numbers."""
    scale, zero_point = (values[0] if values else None for values in (tensor.scales, tensor.zero_points))
    return {"dtype": tensor.dtype, "scale": scale, "zero_point": zero_point}


def _layers_of(ranges: Ranges, structure: Structure) -> dict[str, str]:
    """Return the layer that makes each activation, by the activation's name."""
    made = {structure.tensors[end].name: step.layer for step in structure.operators for end in step.outputs}
    return {name: made[name] for name in ranges if name in made}


def _between(fixed: Path, free: Path, output: NDArray[np.float32], photo: NDArray[np.float32]) -> dict[str, float]:
    """Return the largest difference between the outputs of the two files, and by plain kernels where there is one.

    XNNPACK takes more of the operators of one than of the other, and rounds in its own way.
    """
    found = _largest(output, LitertModel(free)(photo))
    if found <= MAX_DIFFERENCE:
        return {"between_forms": found}
    plain = [plain_output(path.read_bytes(), photo) for path in (fixed, free)]
    return {"between_forms": found, "between_forms_plain": _largest(*plain)}


def _expected_s(free: Path, photo: NDArray[np.float32]) -> float:
    """Return about how long a photo takes, by how long a small part of it does."""
    model, part = LitertModel(free), photo[:, :TRIAL_PX, :TRIAL_PX]
    start = time.perf_counter()
    model(part)
    return (time.perf_counter() - start) * photo.size / part.size


def _failing(error: Exception, structure: Structure) -> str:
    """Return why LiteRT doesn't run a file, with the layer of the operator that fails."""
    found = NODE.search(str(error))
    text = NODE.sub("", reason(error)).partition("failed to")[0].strip().rstrip(".")
    if found and int(found[1]) < len(structure.operators):
        return f"LiteRT doesn't run {found[2]} (layer {structure.operators[int(found[1])].layer}): {text}"
    return f"LiteRT doesn't run it: {text}"


def _largest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Return the largest absolute difference; infinite where the shapes differ or a value is not a number."""
    if one.shape != other.shape:
        return float("inf")
    largest = float(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    return largest if np.isfinite(largest) else float("inf")
