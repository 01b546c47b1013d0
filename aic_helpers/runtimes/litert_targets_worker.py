"""The worker of `litert_targets`: what a file computes in; made ready by LiteRT, what its delegate took of it."""

from __future__ import annotations

from typing import Any

from aic_helpers.core.installation import needed
from aic_helpers.litert.integer_verdict import verdict
from aic_helpers.litert.structures import read

CHANNELS = 3
DELEGATE = "DELEGATE"
"""What LiteRT calls the operator that stands for all those that a delegate took."""


def computed(request: dict[str, Any]) -> dict[str, Any]:
    """Return ``precision``, ``in_words`` and ``doubts`` of `aic_helpers.litert.integer_verdict.Verdict`."""
    found = verdict(read(request["model"]))
    return {"precision": found.precision, "in_words": found.in_words, "doubts": [*found.doubts]}


def taken(request: dict[str, Any]) -> dict[str, Any]:
    """Return ``delegates``, each with its ``inputs`` and ``outputs``, or None and ``why`` they aren't known."""
    with needed("mobile"):
        from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(request["model"], num_threads=1)
    (given,) = interpreter.get_input_details()
    if -1 in given["shape_signature"]:
        shape = (1, request["height_px"], request["width_px"], CHANNELS)
        interpreter.resize_tensor_input(given["index"], shape, strict=True)
    interpreter.allocate_tensors()
    if not hasattr(interpreter, "_get_ops_details"):
        return {"delegates": None, "why": "this version of ai-edge-litert doesn't say what its delegate took"}
    parts = [step for step in interpreter._get_ops_details() if step["op_name"] == DELEGATE]
    ends = ("inputs", "outputs")
    return {"delegates": [{end: [int(one) for one in part[end]] for end in ends} for part in parts], "why": ""}
