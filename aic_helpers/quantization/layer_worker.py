"""The worker of `layer_losses` and `cures`: a float `.tflite` file, quantised in parts, and run on crops."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.evaluation.protocols import score_output
from aic_helpers.litert.structures import Structure, Tensor, read
from aic_helpers.quantization import integer_files, learned_ranges, weight_rounding
from aic_helpers.quantization.activation_ranges import WHOLE, RangeFinder, Ranges
from aic_helpers.quantization.integer_files import NotQuantizableError
from aic_helpers.quantization.weight_rounding import WeightRounder
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.tracks import catalogue

PART = "part.tflite"
"""Beside the float file: what is quantised at the moment."""

Floats = NDArray[np.float32]


class Layers:
    """Answers ``open``, ``see``, ``find``, ``round``, ``judge_on``, ``int8`` and ``weights``.

    Crops that ranges and weights are found on are shown by ``see``, those that judge by ``judge_on``.
    """

    def __init__(self) -> None:
        self._content = b""
        self._structure: Structure | None = None
        self._ranges: dict[str, Ranges] = {}
        self._finder: RangeFinder | None = None
        self._rounder: WeightRounder | None = None
        self._rounded: dict[str, Floats] = {}
        self._input: Floats = np.zeros(0, np.float32)
        self._judging: list[tuple[Floats, Floats, Floats]] = []

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        actions = {"open": self._open, "see": self._see, "find": self._find, "round": self._round}
        actions |= {"judge_on": self._judge_on, "int8": self._int8, "weights": self._weights}
        return actions[request["do"]](request)

    def _open(self, request: dict[str, Any]) -> dict[str, Any]:
        path = Path(request["model"])
        self._content, self._model = path.read_bytes(), LitertModel(path)
        self._structure = read(self._content)
        protocol = catalogue.made(**request["track"]).protocol
        self._protocol = protocol.model_copy(update={"metrics": ("psnr",)})  # of crops that may be small
        self._learned = {layer: (low, high) for layer, (low, high) in request["learned"].items()}
        self._finder, self._rounder = RangeFinder(self._content, WHOLE), WeightRounder(self._content)
        return {"layers": _layers(self._structure), "residual": _residual(self._structure)}

    def _see(self, request: dict[str, Any]) -> dict[str, Any]:
        """Look at a crop, for ranges and, where ``rounds`` says so, for the rounding of weights."""
        assert self._finder
        assert self._rounder
        self._finder.see(request["array"])
        if request["rounds"]:
            self._rounder.look(self._finder.interpreter)
        return {}

    def _find(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the ranges on the crops so far, which are called by a name from now on."""
        assert self._finder
        assert self._structure
        found = self._finder.ranges(request["percentile"])
        found |= learned_ranges.by_tensor(self._structure, self._learned) | integer_files.image_ranges(self._structure)
        self._ranges[request["name"]] = found
        return {"ranges": found}

    def _round(self, request: dict[str, Any]) -> dict[str, Any]:
        """Round the weights by the crops seen, and write them to a file, by their tensors' names."""
        assert self._rounder
        self._rounded = self._rounder.rounded()
        if request["file"]:
            weight_rounding.save(Path(request["file"]), self._rounded)
        return {"tensors": sorted(self._rounded)}

    def _judge_on(self, request: dict[str, Any]) -> dict[str, Any]:
        """Take a crop to judge on: its input first, its target in the next request."""
        if request["role"] == "input":
            self._input = request["array"]
        else:
            self._judging.append((self._input, request["array"], self._model(self._input)))
        return {}

    def _int8(self, request: dict[str, Any]) -> dict[str, Any]:
        """Judge the file with all in whole numbers but the layers in ``float_layers``, or only those in ``alone``."""
        assert self._structure
        kept = request["float_layers"]
        if request["alone"] is not None:
            kept = {step.layer for step in self._structure.operators} - {request["alone"]}
        ranges, weights = self._ranges[request["ranges"]], self._rounded if request["rounded"] else {}
        try:
            return self._judged(integer_files.int8(self._content, ranges, kept, weights))
        except (NotQuantizableError, RuntimeError) as error:  # LiteRT doesn't run every mixture
            return {"reason": reason(error)}

    def _weights(self, request: dict[str, Any]) -> dict[str, Any]:
        """Judge the float file with the weights of one layer rounded to 8 bits, and nothing else."""
        assert self._structure
        near = {
            tensor.name: weight_rounding.nearest(self._structure.content(tensor))
            for tensor in _weights_of(self._structure, [request["layer"]])
        }
        if request["rounded"]:
            near |= {name: values for name, values in self._rounded.items() if name in near}
        return self._judged(integer_files.with_weights(self._content, near))

    def _judged(self, content: bytes) -> dict[str, Any]:
        """Return the energy of the float outputs and of the error, and each crop's PSNR by the track's protocol."""
        file = self._model.path.with_name(PART)
        file.write_bytes(content)
        model, signal, noise = LitertModel(file), 0.0, 0.0
        psnr_db: list[float] = []
        float_psnr_db: list[float] = []
        for given, target, output in self._judging:
            found = model(given)
            signal += float(np.square(np.clip(output, 0, 1), dtype=np.float64).sum())
            noise += float(np.square(np.clip(found, 0, 1) - np.clip(output, 0, 1), dtype=np.float64).sum())
            for values, image in ((psnr_db, found), (float_psnr_db, output)):
                values.append(score_output(target[0], image[0], self._protocol)["psnr_db"])
        return {"reason": "", "signal": signal, "noise": noise, "psnr_db": psnr_db, "float_psnr_db": float_psnr_db}


def _layers(structure: Structure) -> list[dict[str, Any]]:
    """Return each layer's operators, the tensors that it makes, and the ranges of its weights."""
    by_name: dict[str, dict[str, Any]] = {}
    for step in structure.operators:
        if not any(structure.tensors[end].dtype == "float32" for end in step.outputs):
            continue  # it computes shapes
        layer = by_name.setdefault(step.layer, {"layer": step.layer, "operators": [], "tensors": [], "weights": None})
        layer["operators"].append(step.name)
        layer["tensors"] += [structure.tensors[end].name for end in step.outputs]
    for layer in by_name.values():
        kernels = _weights_of(structure, [layer["layer"]])
        largest = [np.abs(structure.content(tensor)).reshape(tensor.shape[0], -1).max(1) for tensor in kernels]
        if largest:
            ends = np.concatenate(largest)
            layer["weights"] = {"least": float(ends.min()), "middle": float(np.median(ends)), "most": float(ends.max())}
    return list(by_name.values())


def _residual(structure: Structure) -> list[str]:
    """Return the last layer that adds what is the network's input still, at most moved, to anything else."""
    images = {structure.inputs[0].index}
    for step in structure.operators:
        if step.name in integer_files.MOVING and step.inputs[0] in images:
            images.update(step.outputs)
    adding = [step.layer for step in structure.operators if step.name == "ADD" and images.intersection(step.inputs)]
    return adding[-1:]


def _weights_of(structure: Structure, layers: Collection[str]) -> list[Tensor]:
    """Return the constants of layers that are stored in 8 bits: kernels, which have two sides or more."""
    ends = {end for step in structure.operators if step.layer in layers for end in step.inputs if end >= 0}
    tensors = [structure.tensors[end] for end in sorted(ends)]
    return [
        tensor
        for tensor in tensors
        if tensor.is_constant and tensor.dtype == "float32" and math.prod(tensor.shape) > max(tensor.shape, default=1)
    ]
