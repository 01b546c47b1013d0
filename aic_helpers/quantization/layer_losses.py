"""What each layer of a network costs in int8: quantised alone, and kept in floats alone; which is at fault."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aic_helpers.core import safe_files
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.safe_texts import shown
from aic_helpers.quantization.calibration import Calibration, Size
from aic_helpers.quantization.exporting import DIAGNOSIS, Export
from aic_helpers.quantization.layer_processes import Judged, LayerProcess, judging
from aic_helpers.reporting.text_tables import aligned

RANGES = "all values"
"""What the ranges of a whole calibration are called in the process."""

LITTLE_DB = 0.1
"""A network that loses less in int8 has no layer at fault."""

AT_FAULT = 0.5
"""Of the whole error: a layer that makes as much alone is at fault."""

LISTED = 3

CHANNELS = ("least", "middle", "most")
"""Of the output channels' largest weights."""

SCHEMA = 1
REPORT, PICTURE = DIAGNOSIS


@dataclass(frozen=True)
class LayerLoss:
    """One layer.

    Attributes
    ----------
    layer : str
    operators : tuple of str
    alone : Judged
        It alone in whole numbers, the rest in floats.
    kept : Judged
        It alone in floats, the rest in whole numbers.
    weights : Judged or None
        Its weights alone in 8 bits; None where it has none.
    activations : (float, float) or None
        Lowest and highest value of what it makes.
    channels : tuple of float, or None
        Of its output channels' largest weights the least, the middle and the most.
    """

    layer: str
    operators: tuple[str, ...]
    alone: Judged
    kept: Judged
    weights: Judged | None
    activations: tuple[float, float] | None
    channels: tuple[float, ...] | None

    @property
    def label(self) -> str:
        """Its name as it may stand in a line: a file's author gave it."""
        return shown(self.layer)

    @property
    def weights_share(self) -> float:
        """How much of the error that it makes alone its weights make: from 0 to 1."""
        if self.weights is None or self.weights.reason or not self.alone.noise:
            return 0.0
        return min(1.0, self.weights.noise / self.alone.noise)


@dataclass(frozen=True)
class Diagnosis:
    """What int8 costs a network, and what each of its layers costs.

    Attributes
    ----------
    whole : Judged
        All in whole numbers.
    layers : tuple of LayerLoss
        In the order in which they run.
    crops : int
        On how many crops they were judged.
    size : (int, int)
        Width and height of the crops (px).
    """

    whole: Judged
    layers: tuple[LayerLoss, ...]
    crops: int
    size: Size

    def share(self, layer: LayerLoss) -> float:
        """Return the error that a layer makes alone beside the whole one; 0 where it can't be told."""
        known = self.whole.noise > 0 and not layer.alone.reason
        return layer.alone.noise / self.whole.noise if known else 0.0

    @property
    def worst(self) -> list[LayerLoss]:
        """The layers from the one that makes the largest error on; without those that make none."""
        ordered = sorted(self.layers, key=self.share, reverse=True)
        return [layer for layer in ordered if self.share(layer) > 0]

    def sentence(self) -> str:
        """Return which layer is at fault, and whether its weights or its activations are."""
        if self.whole.reason:
            return f"int8 can't be judged: {self.whole.reason}."
        lost = f"int8 has {self.whole.difference_db:+.2f} dB beside float32"
        if self.whole.difference_db > -LITTLE_DB:
            return f"{lost}: no layer is at fault."
        if not self.worst or self.share(self.worst[0]) < AT_FAULT:
            most = ", ".join(f"{layer.label} ({self.share(layer):.0%})" for layer in self.worst[:LISTED])
            return f"{lost}, and no single layer is at fault: most of the error is of {most}."
        first = self.worst[0]
        culprit = "weights" if first.weights_share >= AT_FAULT else "activations"
        told = (
            f"{lost}, and {first.label} ({' and '.join(first.operators)}) is at fault: quantised alone it has"
            f" {first.alone.difference_db:+.2f} dB, and its {culprit} do it."
        )
        if first.kept.reason:
            return told
        return f"{told} With it alone in floats int8 has {first.kept.difference_db:+.2f} dB."


def diagnose(
    process: LayerProcess,
    calibration: Calibration,
    progress: Progress | None = None,
    *,
    ranges: str = RANGES,
    rounded: bool = False,
) -> Diagnosis:
    """Quantise each layer of a network alone, and all but each.

    Parameters
    ----------
    process : LayerProcess
        Of `aic_helpers.quantization.layer_processes.shown`, for this calibration.
    calibration : Calibration
    progress : callable, optional
    ranges : str
        What `LayerProcess.find` was asked for.
    rounded : bool
        With weights rounded by photos, as `LayerProcess.round` has them.
    """
    tell = progress or (lambda done, total, words: None)
    ends = process.find(ranges, calibration.percentile)
    found = []
    for done, layer in enumerate(process.layers):
        tell(done, len(process.layers), f"quantising {shown(layer['layer'])} alone")
        name, channels = layer["layer"], layer["weights"]
        found.append(
            LayerLoss(
                layer=name,
                operators=tuple(dict.fromkeys(layer["operators"])),
                alone=process.int8(ranges, alone=name, rounded=rounded),
                kept=process.int8(ranges, float_layers=[name], rounded=rounded),
                weights=process.weights(name, rounded=rounded) if channels else None,
                activations=_joined([ends[tensor] for tensor in layer["tensors"] if tensor in ends]),
                channels=tuple(channels[name] for name in CHANNELS) if channels else None,
            )
        )
    whole = process.int8(ranges, rounded=rounded)
    return Diagnosis(whole, tuple(found), judging(calibration).crops, process.size)


def _joined(ranges: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None


TITLES = ("layer", "operators", "alone", "SNR", "error", "of its weights", "all but it", "activations", "weights")


def lines(diagnosis: Diagnosis) -> list[str]:
    """Return the layers as a table of text, and the sentence.

    ``alone`` and ``all but it`` are PSNRs beside float32, ``error`` is beside that of all in int8, ``weights`` are the
    least and the largest of the output channels' largest.
    """
    rows = [_row(layer, diagnosis.share(layer)) for layer in diagnosis.layers]
    return [*aligned([TITLES, *rows]).splitlines(), "", diagnosis.sentence()]


def _row(layer: LayerLoss, share: float) -> tuple[str, ...]:
    alone = layer.alone
    error = ("-", "-") if alone.reason else (f"{alone.snr_db:.1f} dB", f"{share:.1%}")
    of_weights = f"{layer.weights_share:.0%}" if layer.weights and not alone.reason else "-"
    made = "{:.3g} to {:.3g}".format(*layer.activations) if layer.activations else "-"
    weights = "{:.3g} to {:.3g}".format(*layer.channels[::2]) if layer.channels else "-"
    return (layer.label, ", ".join(layer.operators), _db(alone), *error, of_weights, _db(layer.kept), made, weights)


def write(diagnosis: Diagnosis, export: Export) -> None:
    """Write the diagnosis of a network to the folder of its export."""
    told = {"model_sha256": export.report["model_sha256"], **report(diagnosis)}
    safe_files.write_json(export.folder / REPORT, told)


def report(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a diagnosis for JSON: figures in dB, shares from 0 to 1."""
    return {
        "schema": SCHEMA,
        "sentence": diagnosis.sentence(),
        "crops": diagnosis.crops,
        "crop_size": [*diagnosis.size],
        "int8": _figures(diagnosis.whole),
        "layers": [
            {
                "layer": layer.layer,
                "operators": [*layer.operators],
                "alone": _figures(layer.alone),
                "all_but_it": _figures(layer.kept),
                "error_share": diagnosis.share(layer),
                "weights_share": layer.weights_share if layer.weights else None,
                "activations": layer.activations and [*layer.activations],
                "largest_weights": layer.channels
                and dict(zip(("least", "median", "most"), layer.channels, strict=True)),
            }
            for layer in diagnosis.layers
        ],
    }


def _figures(judged: Judged) -> dict[str, Any]:
    known = not judged.reason
    return {
        "psnr_difference_db": finite(judged.difference_db) if known else None,
        "snr_db": finite(judged.snr_db) if known else None,
        "reason": judged.reason,
    }


def _db(judged: Judged) -> str:
    return "-" if judged.reason else f"{judged.difference_db:+.2f} dB"


def finite(value: float) -> float | None:
    """Return a figure for JSON, which has no infinity."""
    return value if math.isfinite(value) else None
