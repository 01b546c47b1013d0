"""Answers `to_onnx`: runs our script in the person's interpreter, and compares what came of it with the network.

Exporters are tried in turn until one gives, without a doubt, a file that gives what the network gives: TorchScript's
needs nothing but torch, and takes Python's numbers as they are while it looks on, of which torch warns; dynamo's needs
onnxscript, and follows some of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.pytorch.interpreters import environment
from aic_helpers.runtimes.onnx_models import session

SCRIPTS = (
    "aic_helpers.pytorch.torch_script",
    "aic_helpers.pytorch.torch_script_errors",
    "aic_helpers.pytorch.torch_script_weights",
)
"""The first is run, as a file. They are named in full, so that what was made by others is made anew."""

MOST = 1e-3
"""Of white, or of the largest value where that is more: a file that differs by more is another network. Above
`MAX_DIFFERENCE` another exporter is tried."""

MAX_SAID = 120

MAX_DOUBTS = 3
"""Lines of code that a note names."""

TORCHSCRIPT, DYNAMO = "TorchScript", "dynamo"

WAYS = ((TORCHSCRIPT, True), (DYNAMO, True), (TORCHSCRIPT, False))
"""Exporter, and whether sizes are free: in turn until one goes."""

Image = NDArray[np.float32]
Why = tuple[str, str, str]


@dataclass(frozen=True)
class Attempt:
    """What came of one way to export: the script's reply, differences by size, and why it won't do, where it won't."""

    exporter: str
    free: bool
    file: Path
    reply: dict[str, Any]
    by_size: dict[str, float]
    why: Why | None = None

    @property
    def doubt(self) -> tuple[int, float]:
        """The less, the better: of how many lines torch warns, and the largest difference."""
        return len(self.reply["warnings"]), max(self.by_size.values())

    @property
    def is_sure(self) -> bool:
        """Whether no other exporter need be tried."""
        return self.doubt <= (0, MAX_DIFFERENCE)


def export(request: dict[str, Any]) -> dict[str, Any]:
    """Write the `.onnx` of a network and return what `exporting.to_onnx` does."""
    images = _images(request["array"], request["shapes"])
    with tempfile.TemporaryDirectory(dir=Path(request["out"]).parent, prefix=".torch-") as folder:
        attempts = _attempts(request, images, Path(folder))
        good = [attempt for attempt in attempts if attempt.why is None]
        failed = [attempt.why for attempt in attempts if attempt.why]
        if not good:
            raise InputError(*failed[0])
        best = min(good, key=lambda attempt: attempt.doubt)
        best.file.replace(request["out"])
    # Dynamo's exporter drops what it assumes of sizes, so that what torch warned of before it holds for it too.
    doubts = dict.fromkeys(line for attempt in attempts for line in attempt.reply["warnings"])
    return _report(best, [*doubts], failed)


def _attempts(request: dict[str, Any], images: list[Image], folder: Path) -> list[Attempt]:
    """Return attempts in turn, until one will surely do."""
    fixed = images[-1]
    free_images = images if all(one.shape != fixed.shape for one in images[:-1]) else images[:-1]
    # The negative too, for what an exporter took for a constant fits the image that it saw.
    fixed_images = [fixed, request["white"] - fixed[..., ::-1]]
    attempts: list[Attempt] = []
    for exporter, free in WAYS:
        if exporter == DYNAMO and not attempts[0].reply["has_dynamo"]:
            continue
        if not free and any(one.why is None for one in attempts):
            break
        attempts.append(_attempt(request, folder, free_images if free else fixed_images, exporter, free))
        if not attempts[-1].reply.get("is_exported"):  # it isn't for the exporter that it fails
            break
        if attempts[-1].why is None and attempts[-1].is_sure:
            break
    return attempts


def _images(array: NDArray[Any], shapes: list[list[int]]) -> list[Image]:
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    return [part.reshape(shape) for part, shape in zip(np.split(array, ends[:-1]), shapes, strict=True)]


def _report(best: Attempt, doubts: list[str], failed: list[Why]) -> dict[str, Any]:
    told = [f"torch says {one}" for one in doubts[:MAX_DOUBTS]]
    told += [f"torch says the like of {len(doubts) - MAX_DOUBTS} more lines"] if len(doubts) > MAX_DOUBTS else []
    notes = [*best.reply["notes"], f"exported by torch {best.reply['torch']} ({best.exporter})", *told]
    if not best.free:
        (size,) = best.by_size
        notes.append(f"it has one size, {size}; with free sizes came {failed[0][1]}")
    kept = {name: best.reply[name] for name in ("unused", "read_files")}
    return {"notes": notes, **kept, "by_size": best.by_size}


def _attempt(request: dict[str, Any], above: Path, images: list[Image], exporter: str, free: bool) -> Attempt:
    folder = Path(tempfile.mkdtemp(dir=above))
    out = folder / "exported.onnx"
    entries = [_entry(folder, place, image) for place, image in enumerate(images)]
    asked = {name: request[name] for name in ("path", "name", "checkpoint", "args")}
    asked |= {"out": str(out), "images": entries, "exporter": exporter, "free": free}
    reply = _run(request, folder, asked)
    by_size: dict[str, float] = {}
    if "refusal" in reply:
        why = reply["refusal"]
    else:
        outputs = [_output(entry, shape) for entry, shape in zip(entries, reply["shapes"], strict=True)]
        by_size, why = _compared(out, request["white"], reply, images, outputs, exporter)
    return Attempt(exporter, free, out, reply, by_size, why and (why[0], why[1], why[2] + _or_dynamo(request, reply)))


def _entry(folder: Path, place: int, image: Image) -> dict[str, Any]:
    file, output = folder / f"{place}.raw", folder / f"{place}.out"
    file.write_bytes(np.ascontiguousarray(image, np.float32).tobytes())
    return {"file": str(file), "output": str(output), "shape": [*image.shape]}


def _output(entry: dict[str, Any], shape: list[int] | None) -> Image | None:
    return None if shape is None else np.fromfile(entry["output"], np.float32).reshape(shape)


def _run(request: dict[str, Any], folder: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what the script replies; where it ends without, end as it does.

    What it prints goes where this process prints, so that there is a limit to it, and an error shows the last line.
    """
    reply, file = folder / "reply.json", folder / "request.json"
    file.write_text(json.dumps(asked | {"reply": str(reply)}), "utf-8")
    script = Path(__file__).with_name(SCRIPTS[0].rpartition(".")[2] + ".py")
    command = [request["python"], "-u", "-W", "ignore", str(script), str(file)]  # the last line: its own
    ended = subprocess.run(command, env=environment(), stdin=subprocess.DEVNULL)
    if reply.is_file():
        return json.loads(reply.read_text("utf-8"))
    if ended.returncode < 0:
        signal.raise_signal(-ended.returncode)
    os._exit(ended.returncode)


def _or_dynamo(request: dict[str, Any], reply: dict[str, Any]) -> str:
    """Return that another exporter may do, where the network fails for this one alone."""
    missing = reply.get("is_exported") and not reply["has_dynamo"]
    return f", or install onnx and onnxscript in {request['python']} for torch's other exporter" if missing else ""


def _compared(
    file: Path, white: float, reply: dict[str, Any], images: list[Image], outputs: list[Image | None], exporter: str
) -> tuple[dict[str, float], Why | None]:
    """Return the differences between a file and its network, on all images that the network takes; why it won't do."""
    try:
        made = session(file)
    except InputError as error:
        return {}, ("an .onnx that ONNX Runtime loads", str(error), "install another torch")
    expected = "an .onnx that gives what its network gives"
    by_size: dict[str, float] = {}
    for image, output in zip(images, outputs, strict=True):
        if output is None:
            continue
        size = f"{image.shape[3]}x{image.shape[2]}"
        found, difference = _difference(made, image, output, float(white))
        if found:
            remedy = "compute with tensors of torch alone, and take sizes from x.shape in forward"
            said = "".join(f"; torch says {one}" for one in reply["warnings"][:1])
            return {}, (expected, f"{found} at {size} ({exporter}){said}", remedy)
        by_size[size] = max(difference, by_size.get(size, 0.0))
    return by_size, None


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
