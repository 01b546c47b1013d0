"""Answers `to_onnx`: runs our script in the person's interpreter, and compares what came of it with the network.

Exporters are tried in turn until one gives a file that gives what the network gives: TorchScript's needs nothing but
torch, and takes Python's numbers as they are while it looks on; dynamo's needs onnxscript, and follows some of them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.runtimes.onnx_models import session

SCRIPTS = (
    "aic_helpers.pytorch.torch_script",
    "aic_helpers.pytorch.torch_script_errors",
    "aic_helpers.pytorch.torch_script_weights",
)
"""The first is run, as a file. They are named in full, so that what was made by others is made anew."""

MOST = 1e-3
"""Of white, or of the largest value where that is more: a file that differs by more is another network."""

MAX_SAID = 120

TORCHSCRIPT, DYNAMO = "TorchScript", "dynamo"

WAYS = ((TORCHSCRIPT, True), (DYNAMO, True), (TORCHSCRIPT, False))
"""Exporter, and whether sizes are free: in turn until one goes."""

Image = NDArray[np.float32]
Why = tuple[str, str, str]


@dataclass(frozen=True)
class Attempt:
    """What came of one way to export: the script's reply, differences by size, and why it won't do, where it won't."""

    reply: dict[str, Any]
    by_size: dict[str, float]
    why: Why | None = None


def export(request: dict[str, Any]) -> dict[str, Any]:
    """Write the `.onnx` of a network and return what `exporting.to_onnx` does."""
    *images, fixed = _images(request["array"], request["shapes"])
    failed: list[Why] = []
    has_dynamo = True
    for exporter, free in WAYS:
        if exporter == DYNAMO and not has_dynamo:
            continue
        # The negative too, for what an exporter took for a constant fits the image that it saw.
        attempt = _attempt(request, images if free else [fixed, request["white"] - fixed[..., ::-1]], exporter, free)
        if attempt.why is None:
            return _report(attempt, exporter, free, failed)
        failed.append(attempt.why)
        has_dynamo = attempt.reply["has_dynamo"]
        if not attempt.reply.get("is_exported"):
            break  # it isn't for the exporter that it fails
    raise InputError(*failed[0])


def _images(array: NDArray[Any], shapes: list[list[int]]) -> list[Image]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(array, ends[:-1]), shapes, strict=True)]


def _report(attempt: Attempt, exporter: str, free: bool, failed: list[Why]) -> dict[str, Any]:
    notes = [*attempt.reply["notes"], f"exported by torch {attempt.reply['torch']} ({exporter})"]
    if not free:
        (size,) = attempt.by_size
        notes.append(f"it has one size, {size}; with free sizes came {failed[0][1]}")
    kept = {name: attempt.reply[name] for name in ("unused", "read_files")}
    return {"notes": notes, **kept, "by_size": attempt.by_size}


def _attempt(request: dict[str, Any], images: list[Image], exporter: str, free: bool) -> Attempt:
    out = Path(request["out"])
    out.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".torch-") as folder:
        entries = [_entry(Path(folder), place, image) for place, image in enumerate(images)]
        names = ("path", "name", "checkpoint", "args", "out")
        asked = {name: request[name] for name in names} | {"images": entries, "exporter": exporter, "free": free}
        reply = _run(request, Path(folder), asked)
        if "refusal" in reply:
            expected, found, remedy = reply["refusal"]
            return Attempt(reply, {}, (expected, found, remedy + _or_dynamo(request, reply)))
        outputs = [_output(entry, shape) for entry, shape in zip(entries, reply["shapes"], strict=True)]
    return _compared(request, reply, images, outputs, exporter)


def _entry(folder: Path, place: int, image: Image) -> dict[str, Any]:
    file, output = folder / f"{place}.raw", folder / f"{place}.out"
    file.write_bytes(np.ascontiguousarray(image, np.float32).tobytes())
    return {"file": str(file), "output": str(output), "shape": [*image.shape]}


def _output(entry: dict[str, Any], shape: list[int] | None) -> Image | None:
    return None if shape is None else np.fromfile(entry["output"], np.float32).reshape(shape)


def _run(request: dict[str, Any], folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the script replies; raise where it ends without."""
    reply, log, file = folder / "reply.json", folder / "log.txt", folder / "request.json"
    file.write_text(json.dumps(asked | {"reply": str(reply)}), "utf-8")
    with log.open("wb") as stream:
        command = [request["python"], str(Path(__file__).with_name(SCRIPTS[0].rpartition(".")[2] + ".py")), str(file)]
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT)
    if reply.is_file():
        return json.loads(reply.read_text("utf-8"))
    last = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()][-1:]
    found = f"an end with status {ended.returncode}" + (f"; it last printed: {last[0][:MAX_SAID]}" if last else "")
    raise InputError(f"the export of the network by {request['python']}", found, "mend what it says")


def _or_dynamo(request: dict[str, Any], reply: dict[str, Any]) -> str:
    """Return that another exporter may do, where the network fails for this one alone."""
    missing = reply.get("is_exported") and not reply["has_dynamo"]
    return f", or install onnx and onnxscript in {request['python']} for torch's other exporter" if missing else ""


def _compared(
    request: dict[str, Any], reply: dict[str, Any], images: list[Image], outputs: list[Image | None], exporter: str
) -> Attempt:
    """Return the differences between a file and its network, on all images that the network takes."""
    try:
        made = session(Path(request["out"]))
    except InputError as error:
        return Attempt(reply, {}, ("an .onnx that ONNX Runtime loads", str(error), "install another torch"))
    expected = "an .onnx that gives what its network gives"
    by_size: dict[str, float] = {}
    for image, output in zip(images, outputs, strict=True):
        if output is None:
            continue
        size = f"{image.shape[3]}x{image.shape[2]}"
        found, difference = _difference(made, image, output, float(request["white"]))
        if found:
            remedy = "compute with tensors of torch alone, and take sizes from x.shape in forward"
            said = "".join(f"; torch says {one}" for one in reply["warnings"][:1])
            found = f"{found} at {size} ({exporter}){said}"
            return Attempt(reply, {}, (expected, found, remedy + _or_dynamo(request, reply)))
        by_size[size] = max(difference, by_size.get(size, 0.0))
    return Attempt(reply, by_size)


def _difference(made: Any, image: Image, output: Image, white: float) -> tuple[str, float]:
    """Return why a file doesn't do in place of its network, and the largest difference as a part of white."""
    try:
        (given,) = made.run(None, {made.get_inputs()[0].name: np.ascontiguousarray(image)})
    except Exception as error:  # ONNX Runtime's own classes have no base of their own
        return f"an error ({reason(error)[:MAX_SAID]})", 0.0
    if given.shape != output.shape:
        return f"an output of {given.shape} in place of {output.shape}", 0.0
    difference = float(np.abs(given - output).max()) / white
    most = MOST * max(1.0, float(np.abs(output).max()) / white)
    return (f"a difference of {difference:.2g}" if not difference <= most else ""), difference
