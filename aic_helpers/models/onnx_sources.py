"""An `.onnx` file that a person brings -> the model of a run: read, built around, tried, in a process of its own.

`take_over` is what others call. `TakingOver` is its process's side.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.data.images import read_rgb
from aic_helpers.models import onnx_forms
from aic_helpers.models.adapted_graphs import CAST, WHOLE, around_function
from aic_helpers.models.adapters import WORDS, Adapters, read_adapters
from aic_helpers.models.sources import ModelSource
from aic_helpers.models.trials import (
    COMPARED,
    FROZEN_ALREADY,
    NOT_COMPARED,
    TRIAL_SIZES_PX,
    Function,
    Trial,
    batch_of,
    refuse_another_scale,
    sized_differences,
)
from aic_helpers.onnx_graphs import external_data, network_ends
from aic_helpers.onnx_graphs.network_ends import NCHW, NHWC, Ends
from aic_helpers.onnx_graphs.static_cost import static_cost, weights
from aic_helpers.onnx_graphs.structures import Structure, read
from aic_helpers.processes.workers import ChildError, Worker
from aic_helpers.reporting.text_tables import counted
from aic_helpers.runtimes.onnx_models import OnnxModel, session

TAKING_OVER = "aic_helpers.models.onnx_sources:TakingOver"

TRIAL_TIMEOUT_S = 10.0

OF_FLOAT16 = 2**-9
"""Four steps of float16 below 1, half an 8-bit step: on a processor ONNX Runtime computes in float32, and leaves out
roundings to float16 at the ends of a network that takes and gives float32."""

PACKED = "its weights, in files beside it, are put into it"

LAST = "takes and gives channels last"
"""Told where it was found out."""

CHANNELS, PLACES = {"rgb": 3, "y": 1}, {NCHW: "first", NHWC: "last"}


def take_over(
    source: ModelSource, out: Path, enlarges: int, macs_size: tuple[int, int], photo: Path, timeout_s: float
) -> dict[str, Any]:
    """Write the `.onnx` of a source to `out`, with what was said of its form built around it; return what is known.

    `out` may be there already, as a copy of the source.

    Returns
    -------
    dict
        As of `aic_helpers.models.freezing`; and ``input_dtype``, ``output_dtype``, ``opset``, ``ir_version`` and
        ``producer`` of the source.

    Raises
    ------
    InputError
        Not a whole `.onnx` file, one that takes or gives no RGB image, one that ONNX Runtime doesn't know, or one that
        enlarges by another number.
    """
    request: dict[str, Any] = {
        "do": "take_over",
        "path": str(source.path.resolve()),
        "adapt": source.adapt.given,
        "photo": str(photo),
        "out": str(out.resolve()),
        "enlarges": enlarges,
        "macs_size": [*macs_size],
    }
    try:
        with Worker(TAKING_OVER, timeout_s=timeout_s, max_rss_mib=machine.spare_memory_mib()) as worker:
            report = worker.ask(request)
            with suppress(ChildError):  # it hangs, or wants too much: evaluation and rules tell of that
                worker.ask({"do": "try"}, timeout_s=TRIAL_TIMEOUT_S)
            return report
    except InputError as error:  # which has whole paths, for the process may have another folder
        raise InputError.again(str(error).replace(request["path"], str(source.path))) from None
    except ChildError as error:
        remedy = "mend the model; `aic convert` tries it again"
        raise InputError(f"{source.typed} to take over", str(error), remedy) from None


class TakingOver:
    """Answers ``take_over``, and then ``try``, which runs the model that it made."""

    def __init__(self) -> None:
        self._try: Callable[[], None] = lambda: None

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["do"] == "take_over":
            return self._take_over(request)
        self._try()
        return {}

    def _take_over(self, request: dict[str, Any]) -> dict[str, Any]:
        path, out, adapt = Path(request["path"]), Path(request["out"]), read_adapters(request["adapt"])
        source = read(path)
        ends = network_ends.find(source, str(path), given=adapt.input, taken=adapt.output)
        packed = external_data.pack(source.model, path)
        own = _own_session(source, path, is_packed=bool(packed))
        named = adapt.output if len(source.outputs) > 1 else ""
        adapt = replace(adapt, layout=_layout(source, ends, adapt, path, own), output=named)
        parameters = weights(source)
        lines = [*_lines(ends, adapt, path), *([PACKED] if packed else [])]
        is_built = bool(packed) or _needs_more(ends, adapt)
        if is_built:
            _build(source, ends, adapt, out, request["enlarges"])
        elif not out.exists():
            shutil.copyfile(path, out)
        made = OnnxModel(out)
        run = _own_function(own, ends, adapt, request["enlarges"]) if is_built else None
        photo, wanted = Path(request["photo"]), request["enlarges"]
        self._try = lambda: _refuse_other_forms(made, photo, wanted)
        return {
            "style": "onnx",
            "adapters": lines,
            "parameters": parameters,
            **_cost(read(out), request["macs_size"]),
            "macs_size": request["macs_size"],
            "input_shape": made.input_shape,
            "input_dtype": ends.input.dtype,
            "output_dtype": ends.output.dtype,
            "opset": source.opset,
            "ir_version": source.ir_version,
            "producer": source.producer,
            "checkpoint_unused": [],
            "read_files": packed,
            "notes": [],
            "parity": _parity(run, made, photo, "float16" in (ends.input.dtype, ends.output.dtype)),
        }


def _own_session(source: Structure, path: Path, *, is_packed: bool) -> Any:
    """Return a session of what the person gave: before anything is built, what it doesn't know is refused in its words.

    ONNX Runtime takes no constants that shapes are worked out by from files beside it, so weights are in it by now.
    """
    return session(source.model.SerializeToString() if is_packed else path, where=str(path))


def _layout(source: Structure, ends: Ends, adapt: Adapters, path: Path, own: Any) -> str:
    """Return where the network has its channels, as the file shows it, the person says it, or what it gives shows."""
    shown, wanted = network_ends.layout(source, ends.input), CHANNELS[adapt.channels]
    if shown and adapt.layout not in ("", shown):
        expected = f"channels {PLACES[shown]}, as {path} takes them"
        raise InputError(expected, f"--layout {adapt.layout}", "leave --layout out")
    shape = ends.input.shape or (None,) * 4
    found = shown or adapt.layout or _by_output(own, ends, wanted, path)
    channels = shape[1 if found == NCHW else 3]
    if channels in (None, wanted):
        return found
    where = network_ends.shape_words(shape)
    remedy = {1: "say --channels y", 3: "leave --channels out"}.get(channels, "build the change into it, then export")
    expected = f"an image of {counted(wanted, 'channel')} as the input of {path}"
    raise InputError(expected, f"one of {channels}, {where}", remedy)


def _by_output(own: Any, ends: Ends, channels: int, path: Path) -> str:
    """Return the layout in which an image comes out of an image, where the file shows none."""
    width_px, height_px = TRIAL_SIZES_PX[0]
    shapes = {NHWC: (1, height_px, width_px, channels), NCHW: (1, channels, height_px, width_px)}
    alike: dict[str, bool] = {}
    for layout, shape in shapes.items():
        declared = ends.input.shape or (None,) * 4
        sized = [side or own_side for side, own_side in zip(declared, shape, strict=True)]
        with suppress(Exception):
            (made,) = own.run([ends.output.name], {ends.input.name: np.zeros(sized, ends.input.dtype)})
            alike[layout] = _is_enlarged(made.shape, sized, 1 if layout == NCHW else 3)
    fitting = [layout for layout, is_alike in alike.items() if is_alike] or [*alike]
    if len(fitting) == 1:
        return fitting[0]
    expected = f"an input of {path} that shows where its channels are"
    declared_words = network_ends.shape_words(ends.input.shape or (None,) * 4)
    if fitting:
        raise InputError(
            expected, f"{declared_words}, and an image goes through either way", "say --layout nchw or nhwc"
        )
    raise InputError(
        expected, f"{declared_words}, and no image goes through either way", "export it with them declared"
    )


def _is_enlarged(made: tuple[int, ...], given: list[int], channels_at: int) -> bool:
    """Whether a shape is that of the image that was given, or of one that is as many times as high and wide."""
    sides = [axis for axis in (1, 2, 3) if axis != channels_at]
    if len(made) != 4 or made[channels_at] != given[channels_at]:
        return False
    return made[sides[0]] * given[sides[1]] == made[sides[1]] * given[sides[0]] > 0


def _lines(ends: Ends, adapt: Adapters, path: Path) -> list[str]:
    """Return what is done to the network's form, a line each."""
    cast = [f"{end}: {kind}, cast in the graph" for end, kind in _types(ends, adapt, path) if kind != "float32"]
    last = [LAST] if adapt.layout == NHWC and not _is_declared(ends, adapt) else []
    return [WORDS[key] for key in adapt.forms] + last + cast


def _needs_more(ends: Ends, adapt: Adapters) -> bool:
    """Whether the file isn't used as it is: something is said of its form, or its input isn't declared in full."""
    said = [key for key in adapt.forms if key != "layout"] or adapt.output
    return bool(said) or not _is_declared(ends, adapt) or {ends.input.dtype, ends.output.dtype} != {"float32"}


def _is_declared(ends: Ends, adapt: Adapters) -> bool:
    """Whether the file says how many channels its input has, where the layout has them."""
    return (ends.input.shape or (None,) * 4)[1 if adapt.layout == NCHW else 3] is not None


def _build(source: Structure, ends: Ends, adapt: Adapters, out: Path, enlarges: int) -> None:
    more = _needs_more(ends, adapt)
    model = onnx_forms.around(source, ends, adapt, adapt.layout, enlarges) if more else source.model
    out.write_bytes(model.SerializeToString(deterministic=True))


def _types(ends: Ends, adapt: Adapters, path: Path) -> list[tuple[str, str]]:
    """Return the types of both ends, having refused what can't be an image."""
    found = [("input", ends.input.dtype), ("output", ends.output.dtype)]
    for end, kind in found:
        if not kind.startswith(WHOLE) and kind not in ("float32", *CAST):
            raise InputError(f"an {end} of float32 in {path}", f"one of {kind}", "cast it inside the network")
        if kind.startswith(WHOLE) and adapt.range == "1":
            raise InputError(f"an {end} of float32 in {path}", f"one of {kind}", "say --range 255")
    return found


def _cost(made: Structure, macs_size: list[int]) -> dict[str, Any]:
    width_px, height_px = macs_size
    found = static_cost(made, width_px=width_px, height_px=height_px)
    hd = static_cost(made, width_px=HD_WIDTH_PX, height_px=HD_HEIGHT_PX)
    macs = None if found["gmacs"] is None else round(found["gmacs"] * 1e9)
    return {"gmacs_720p": hd["gmacs"], "macs": macs}


def _own_function(own: Any, ends: Ends, adapt: Adapters, enlarges: int) -> Function:
    """Return the source itself as a function of RGB in [0, 1], with what is said of its form done on arrays."""

    def run(given: Any) -> Any:
        (made,) = own.run([ends.output.name], {ends.input.name: given.astype(ends.input.dtype, copy=False)})
        return made

    return around_function(run, ends.input.dtype, adapt, enlarges)


def _parity(run: Function | None, made: OnnxModel, photo: Path, is_half: bool) -> dict[str, Any]:
    """Return what `aic_helpers.models.trials.parity` does, and ``limit``, where another holds than for float32."""
    if run is None:
        return {"state": FROZEN_ALREADY, "by_size": None, "reason": None}
    differences, why = sized_differences(run, made, made.input_shape, read_rgb(photo))
    if differences:
        limit = {"limit": OF_FLOAT16} if is_half else {}
        return {"state": COMPARED, "by_size": differences, "reason": None, **limit}
    return {"state": NOT_COMPARED, "by_size": {}, "reason": f"it fails: {why}"}


def _refuse_other_forms(made: OnnxModel, photo: Path, enlarges: int) -> None:
    """Refuse a network that gives no RGB image, or one of another scale."""
    tried = _tried(made, photo)
    if tried is None or tried.fits(enlarges):
        return
    refuse_another_scale(tried, enlarges)
    if len(tried.shape) == 4 and tried.shape[3] == 3:
        return  # another size: the rule on resolutions tells of it
    expected = "a network of one RGB image in [0, 1], in and out"
    found = f"an output of shape {tried.shape} for one image of {tried.size[0]}x{tried.size[1]}"
    raise InputError(expected, found, "mend the model")


def _tried(made: OnnxModel, photo: Path) -> Trial | None:
    """Return the first size that went through; None where none did, which the evaluation and the rules tell of."""
    image, (_, own_height_px, own_width_px, _) = read_rgb(photo), made.input_shape
    for width_px, height_px in TRIAL_SIZES_PX:
        size = own_width_px or width_px, own_height_px or height_px
        with suppress(Exception):
            return Trial(size, made(batch_of(image, size)))
    return None
