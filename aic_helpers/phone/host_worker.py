"""The worker of `host_devices`: a program run to its end, or a network run once by LiteRT's compiled models."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np

from aic_helpers.core.installation import needed

MOST_BYTES = 2**22
"""Of what a program printed; the end is kept."""


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Return the status of a command, and what it printed."""
    ended = subprocess.run(
        request["command"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return {"status": ended.returncode, "text": ended.stdout[-MOST_BYTES:].decode(errors="replace")}


def output(request: dict[str, Any]) -> dict[str, Any]:
    """Return what a network gives for numbers as it takes them; both ends are as the file declares them."""
    with needed("mobile"):
        from ai_edge_litert.compiled_model import CompiledModel
        from ai_edge_litert.hardware_accelerator import HardwareAccelerator
    on = HardwareAccelerator.CPU | (HardwareAccelerator.GPU if request["delegate"] == "gpu" else 0)
    with CompiledModel.from_file(request["graph"], hardware_accel=on) as model:
        (taken,), (given,) = model.create_output_buffers(0), model.create_input_buffers(0)
        given.write(request["array"])
        model.run_by_index(0, [given], [taken])
        array = taken.read(int(np.prod(request["shape"])), np.dtype(request["dtype"]).type)
    return {"array": np.asarray(array).reshape(request["shape"])}
