"""A float `.tflite` file and ranges of its activations -> one in whole numbers; TensorFlow works in this process."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import file_marks
from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.installation import needed
from aic_helpers.core.quiet_tensorflow import import_tensorflow
from aic_helpers.core.safe_texts import shown
from aic_helpers.litert.structures import Operator, Structure, read
from aic_helpers.quantization.activation_ranges import Ranges

NOT_YET = re.compile(r"not yet supported for op: '(\w+)'")
BETWEEN = ("QUANTIZE", "DEQUANTIZE")
"""What stands between whole numbers and floats."""

PIXELS = (0.0, 1.0)
"""Range of an image; in uint8 its scale is 1/255 and its zero point 0, so that the bytes are those of a picture."""

MOVING = frozenset(
    (
        *("DEPTH_TO_SPACE", "EXPAND_DIMS", "GATHER", "MAX_POOL_2D", "MIRROR_PAD", "PAD", "RESHAPE", "RESIZE_BILINEAR"),
        *("RESIZE_NEAREST_NEIGHBOR", "SLICE", "SPACE_TO_DEPTH", "SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE"),
    )
)
"""Operators that only move values: what they give has the range of what they take."""

SQUARES = "SQUARED_DIFFERENCE"
"""What a variance is the mean of."""

LISTED = 3
"""Layers that a reason names."""


class NotQuantizableError(Exception):
    """A network can't be had in a precision; the text is one sentence, with the operator and the layer."""


def stamped(content: bytes, ranges: Ranges) -> bytes:
    """Return a file's content with the ranges of its activations written into it, by the tensors' names."""
    schema, model = _unpacked(content)
    ranges = _moved(read(content), ranges)
    for tensor in (tensor for subgraph in model.subgraphs for tensor in subgraph.tensors):
        if (name := tensor.name.decode()) in ranges:
            tensor.quantization = tensor.quantization or schema.QuantizationParametersT()
            tensor.quantization.min, tensor.quantization.max = ([end] for end in ranges[name])
    return _packed(model, len(content))


def with_weights(content: bytes, weights: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Return a float file's content with other weights of the same shapes, by the tensors' names.

    Raises
    ------
    NotQuantizableError
        The file has none of a name and shape.
    """
    schema, model = _unpacked(content)
    left = {name: values.shape for name, values in weights.items()}
    for tensor in (tensor for subgraph in model.subgraphs for tensor in subgraph.tensors):
        name = tensor.name.decode()
        if name in weights and tuple(tensor.shape) == weights[name].shape:
            left.pop(name, None)
            buffer = schema.BufferT()  # of its own: two tensors of the same weights may share one
            buffer.data = np.frombuffer(weights[name].astype(np.float32).tobytes(), np.uint8)
            model.buffers.append(buffer)
            tensor.buffer = len(model.buffers) - 1
    for name, shape in left.items():
        raise NotQuantizableError(f"the rounded weights {shown(name)} of shape {shape} have no place in this file")
    return _packed(model, len(content))


def _unpacked(content: bytes) -> tuple[Any, Any]:
    """Return the schema's module, and a file's content as its objects."""
    with needed("mobile"):
        from ai_edge_litert import schema_py_generated as schema
    return schema, schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))


def _packed(model: Any, size: int) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(size)
    builder.Finish(model.Pack(builder), file_marks.LITERT)
    return bytes(builder.Output())


def _moved(structure: Structure, ranges: Ranges) -> Ranges:
    """Return ranges in which what is moved has one range: on whole numbers it keeps scale and zero point."""
    found = dict(ranges)
    for step in structure.operators:
        if step.name in MOVING and (given := structure.tensors[step.inputs[0]].name) in found:
            found |= {structure.tensors[end].name: found[given] for end in step.outputs}
    return found


def image_ranges(structure: Structure) -> Ranges:
    """Return the range of an image for what comes in and goes out, and for what is moved behind and before that.

    What an output has below 0 and above 1 is cut so, as every protocol does.
    """
    given, taken = {structure.inputs[0].index}, {structure.outputs[0].index}
    for step in structure.operators:
        if step.name in MOVING and step.inputs[0] in given:
            given.update(step.outputs)
    for step in reversed(structure.operators):
        users = sum(step.inputs[0] in other.inputs for other in structure.operators)
        if step.name in MOVING and taken.intersection(step.outputs) and users == 1:
            taken.add(step.inputs[0])
    return {structure.tensors[index].name: PIXELS for index in given | taken}


def no_pixels(structure: Structure) -> str:
    """Return at which end the bytes of a file are no pixels, in a sentence; empty where they are, and at floats.

    An image that is moved, and is taken elsewhere too, keeps the range that it has there: see `_moved`.
    """
    ends = {"input": structure.inputs[0], "output": structure.outputs[0]}
    found = [
        f"the bytes of its {name} are no pixels (scale {end.scales[0]:.3g}, zero point {end.zero_points[0]})"
        for name, end in ends.items()
        if end.dtype == "uint8" and not (np.isclose(255 * end.scales[0], 1) and end.zero_points[0] == 0)
    ]
    return "; ".join(found)


def int8(
    content: bytes,
    ranges: Ranges,
    float_layers: Collection[str] = (),
    weights: Mapping[str, NDArray[np.float32]] = MappingProxyType({}),
) -> bytes:
    """Return the content of a file in 8-bit whole numbers, uint8 in and out.

    Parameters
    ----------
    content : bytes
        Of a float32 `.tflite` file.
    ranges : dict
        Of `aic_helpers.quantization.activation_ranges.RangeFinder`.
    float_layers : collection of str
        Layers that stay in floats, by their names in `aic_helpers.litert.structures.Operator`. Where the first or the
        last of the network is among them, that end is of floats too.
    weights : mapping of str to ndarray
        By their tensors' names what other layers than these have in place of the file's own.

    Raises
    ------
    NotQuantizableError
        An operator that has no form in whole numbers, beside those of these layers.
    InputError
        No such layer.
    """
    import_tensorflow()
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.util import modify_model_io_type

    structure = read(content)
    steps = of_layers(structure, float_layers)
    kept = {structure.tensors[end].name for step in steps for end in step.outputs}
    own = {structure.tensors[end].name for step in steps for end in step.inputs if end >= 0}
    changed = {name: values for name, values in weights.items() if name not in own}
    content = stamped(with_weights(content, changed) if changed else content, ranges)
    quantized = bytes(mlir_quantize(content, denylisted_nodes=kept or None))
    quantized = bytes(modify_model_io_type(quantized, **dict.fromkeys(_quantized_ends(quantized), tf.uint8)))
    left = float_operators(read(quantized))
    if left and not kept:
        raise NotQuantizableError(f"{_words(left)} has no form in 8-bit whole numbers")
    return quantized


def int16x8(content: bytes, ranges: Ranges) -> bytes:
    """Return the content of a file with activations of 16 bits and weights of 8; floats in and out.

    Raises
    ------
    NotQuantizableError
        An operator that TensorFlow doesn't quantise so.
    """
    import_tensorflow()
    from tensorflow.lite.python.optimize import _pywrap_tensorflow_lite_calibration_wrapper as wrapper

    numbers = {name: np.dtype(name).num for name in ("float32", "int16", "int64")}
    ranged = stamped(content, ranges)  # by a name of its own: the quantizer reads these bytes, and doesn't keep them
    quantizer = wrapper.CalibrationWrapper(ranged, [], [])
    ends, inner = (numbers["float32"],) * 2, (numbers["int16"], numbers["int64"])
    try:
        return bytes(quantizer.QuantizeModel(*ends, False, *inner, False, False))
    except RuntimeError as error:
        raise NotQuantizableError(_refused(str(error), read(content)) or reason(error)) from None


def widest_squares(structure: Structure) -> str:
    """Return how coarse the squares of an instance normalisation are in 8 bits, the widest; empty where it has none.

    What that costs only a diagnosis tells: most of it may be of other layers.
    """
    squares = [
        (structure.tensors[step.outputs[0]].scales[0], step.layer)
        for step in structure.operators
        if step.name == SQUARES and structure.tensors[step.outputs[0]].dtype == "int8"
    ]
    if not squares:
        return ""
    step, layer = max(squares)
    return (
        f"the squares of instance normalisation (layer {layer}) go up to {255 * step:.3g}, "
        f"and a step of 8 bits is {step:.2g}"
    )


def of_layers(structure: Structure, layers: Collection[str]) -> list[Operator]:
    """Return the operators of layers.

    Raises
    ------
    InputError
        A layer that there isn't.
    """
    there = {step.layer for step in structure.operators}
    for layer in layers:
        if layer not in there:
            remedy = nearest(layer, there, f"take one of {', '.join(sorted(there)[:20])}")
            raise InputError("a layer of the network", layer, remedy)
    return [step for step in structure.operators if step.layer in layers]


def float_operators(structure: Structure) -> list[Operator]:
    """Return the operators that compute in floats, beside those that stand between floats and whole numbers."""
    floats = {tensor.index for tensor in structure.tensors if tensor.dtype in ("float32", "float16")}
    return [
        step
        for step in structure.operators
        if step.name not in BETWEEN and floats.intersection((*step.inputs, *step.outputs))
    ]


def _quantized_ends(content: bytes) -> list[str]:
    """Return which ends nothing reads or makes in floats, as TensorFlow calls them."""
    structure = read(content)
    given, taken = structure.inputs[0].index, structure.outputs[0].index
    takes_whole = all(step.name == "QUANTIZE" for step in structure.operators if given in step.inputs)
    gives_whole = all(step.name == "DEQUANTIZE" for step in structure.operators if taken in step.outputs)
    ends = {"inference_input_type": takes_whole, "inference_output_type": gives_whole}
    return [name for name, is_whole in ends.items() if is_whole]


def _refused(text: str, structure: Structure) -> str:
    """Return what TensorFlow said of operators, with the layers that make them; empty where it said something else."""
    refused = set(NOT_YET.findall(text))
    steps = [step for step in structure.operators if step.name in refused and _is_of_numbers(step, structure)]
    return f"TensorFlow doesn't quantise {_words(steps)} to 16 bits" if steps else ""


def _is_of_numbers(step: Operator, structure: Structure) -> bool:
    """Whether it computes with activations, and not with shapes."""
    return any(structure.tensors[end].dtype == "float32" for end in step.outputs)


def _words(steps: Sequence[Operator]) -> str:
    """Return operators with their layers, as in "DEPTH_TO_SPACE (layer depth_to_space)"."""
    by_name: dict[str, list[str]] = {}
    for step in steps:
        layers = by_name.setdefault(step.name, [])
        layers += [step.layer] if step.layer not in layers else []
    return ", ".join(
        f"{name} (layer {', '.join(layers[:LISTED])}{', ...' if len(layers) > LISTED else ''})"
        for name, layers in by_name.items()
    )
