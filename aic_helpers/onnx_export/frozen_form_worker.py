"""The worker of `frozen_forms`: starts the person's interpreter with onnx2tf, and compares what came of it."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.data.images import read_rgb
from aic_helpers.onnx_export import parity_checks
from aic_helpers.onnx_graphs.structures import read
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.onnx_models import OnnxModel

SCRIPT = "aic_helpers.onnx_export.onnx2tf_script"
"""Run as a file, and named in full, so that what was made by another one is made anew."""

OPERATOR = re.compile(r"onnx_op_name:\S*\s+(\S+)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ERROR = re.compile(r"^\w*(Error|Exception): (.+)", re.MULTILINE)
MAX_SAID = 200


def to_saved_model(request: dict[str, Any]) -> dict[str, Any]:
    """Write the SavedModel of an `.onnx` file; ``python``, ``version``, ``model`` and ``out`` are in the request."""
    structure, made = read(Path(request["model"])), OnnxModel(request["model"])
    asked = {"model": request["model"], "out": request["out"]}
    asked |= {"input": structure.inputs[0].name, "channels_last": not made.channels_first}
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder) / "request.json", Path(folder) / "log.txt"
        file.write_text(json.dumps(asked), "utf-8")
        command = [request["python"], str(Path(__file__).with_name(f"{SCRIPT.rpartition('.')[2]}.py")), str(file)]
        with log.open("wb") as stream:
            subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT)
        if not (Path(request["out"]) / "saved_model.pb").is_file():
            raise _refusal(request, COLOUR.sub("", log.read_text("utf-8", "replace")))
    return {}


def _refusal(request: dict[str, Any], said: str) -> InputError:
    operator, errors = OPERATOR.search(said), ERROR.findall(said)
    last = errors[-1][1] if errors else next(iter(said.strip().splitlines()[-1:]), "nothing that it said")
    found = f"{last[:MAX_SAID]}{f' (at {operator[1]})' if operator else ''}"
    expected = f"a network that onnx2tf {request['version']} in {request['python']} converts"
    return InputError(
        expected, found, "build these layers of others, or export the network to LiteRT where it was made"
    )


def compare(request: dict[str, Any]) -> dict[str, Any]:
    """Return ``by_size``, the largest differences between an `.onnx` file and what was frozen of it."""
    source, made = OnnxModel(request["model"]), frozen_models.load(request["frozen"])
    photo = read_rgb(Path(request["photo"]))
    return {"by_size": parity_checks.differences(source, made, source.input_shape, photo)}
