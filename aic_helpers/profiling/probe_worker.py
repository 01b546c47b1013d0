"""The worker of `probes`: one frozen model, run on what the rules of the challenge ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.machine import own_memory_mib
from aic_helpers.data.images import as_float
from aic_helpers.models.frozen_models import FrozenModel, load, read_graph

Batch = NDArray[np.float32]


class Trial:
    """Answers the requests ``load``, ``size``, ``values`` and ``batch``, as `workers.Worker` brings them."""

    def __init__(self) -> None:
        self._photo = np.zeros((1, 1, 3), np.uint8)

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "load":
            return self._load(request)
        images = self._images(request["width_px"], request["height_px"])
        actions = {"size": self._size, "values": self._values, "batch": self._batch}
        return actions[request["do"]](images)

    def _load(self, request: dict[str, Any]) -> dict[str, Any]:
        from tensorflow import as_dtype

        path = Path(request["model"])
        placeholder = next(node for node in read_graph(path).node if node.name == "input")
        self._model: FrozenModel = load(path)
        self._photo = np.load(request["photo"])
        kind = placeholder.attr["dtype"].type if "dtype" in placeholder.attr else 0
        return {"shape": self._model.input_shape, "dtype": as_dtype(kind).name if kind else "unknown"}

    def _size(self, images: Batch) -> dict[str, Any]:
        output = self._model(images)
        dtype = "string" if output.dtype == object else str(output.dtype)
        return {"output_shape": list(output.shape), "dtype": dtype, **own_memory_mib()}

    def _values(self, images: Batch) -> dict[str, Any]:
        """Look at what comes out for a photo, for black and for white, and for the photo once more."""
        first = self._model(images)
        if first.dtype == object:
            raise ValueError("the output is of strings, expected float32")
        outputs = {"a photo": first} | {
            name: self._model(np.full_like(images, value)) for name, value in (("black", 0), ("white", 1))
        }
        return {
            "not_finite_share": {name: float(np.mean(~np.isfinite(output))) for name, output in outputs.items()},
            **_outside(first[np.isfinite(first)]),
            "twice_max_abs": _difference(first, self._model(images)),
        }

    def _batch(self, images: Batch) -> dict[str, Any]:
        """Compare a batch of two with its images one by one."""
        pair = np.concatenate([images, images[:, ::-1, ::-1]])
        singly = np.concatenate([self._model(pair[:1]), self._model(pair[1:])])
        together = self._model(pair)
        if together.shape != singly.shape:
            return {"output_shape": list(together.shape), "max_abs": None}
        return {"output_shape": list(together.shape), "max_abs": _difference(together, singly)}

    def _images(self, width_px: int, height_px: int) -> Batch:
        """Return the top left of the photo, repeated where it is smaller than the size wanted."""
        height, width = self._photo.shape[:2]
        repeats = (-(-height_px // height), -(-width_px // width), 1)
        return as_float(np.tile(self._photo, repeats)[None, :height_px, :width_px])


def _outside(values: NDArray[np.floating]) -> dict[str, float]:
    excess = np.maximum(-values, values - 1)
    largest = float(excess.max()) if excess.size else 0.0
    return {"outside_share": float(np.mean(excess > 0)) if excess.size else 0.0, "outside_max": max(largest, 0.0)}


def _difference(one: Batch, other: Batch) -> float:
    """Return the largest absolute difference; NaN in the same places is no difference."""
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    with np.errstate(invalid="ignore"):
        difference = np.where(same, 0.0, np.abs(one - other))
    # A NaN on one side only: as different as can be.
    return float(np.nan_to_num(difference, nan=np.inf).max()) if difference.size else 0.0
