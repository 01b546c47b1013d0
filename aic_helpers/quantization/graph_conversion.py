"""A frozen graph -> the content of a float `.tflite` file, of one size or of any; TensorFlow works in this process."""

from __future__ import annotations

import re
from typing import Any

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.core.quiet_tensorflow import import_tensorflow
from aic_helpers.quantization.calibration import Size
from aic_helpers.quantization.precisions import FLOAT16, FLOAT32

UNSUPPORTED = re.compile(r"""loc\(.*?"(?P<layer>[^":]+)"[^"]*\): '(?:tf\.)?(?P<operator>\w+)' op is neither a custom""")
"""How TensorFlow names an operator that LiteRT hasn't, and the node that makes it."""


def converted(graph_def: Any, size: Size | None, precision: str = FLOAT32.name) -> bytes:
    """Return the content of a `.tflite` file.

    Parameters
    ----------
    graph_def : GraphDef
        With ``input:0`` (batch, height, width, 3) and ``output:0``. For any size, that of
        `aic_helpers.quantization.graph_changes.with_channels`.
    size : (int, int) or None
        Width and height in px; None for any.
    precision : {"float32", "float16", "dynamic_int8"}

    Raises
    ------
    InputError
        An operator that LiteRT hasn't, with the layer that makes it; or whatever else keeps it from being converted.
    """
    import_tensorflow()
    import tensorflow as tf

    try:
        function = _function(graph_def, size)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
        if precision != FLOAT32.name:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if precision == FLOAT16.name:
            converter.target_spec.supported_types = [tf.float16]
        return bytes(converter.convert())
    except Exception as error:  # whatever a converter makes of a stranger's network
        raise refusal(error, size) from None


def _function(graph_def: Any, size: Size | None) -> Any:
    import tensorflow as tf

    def network(images: Any) -> Any:
        return tf.import_graph_def(graph_def, {"input:0": images}, ["output:0"], name="")[0]

    width_px, height_px = size or (None, None)
    return tf.function(network).get_concrete_function(
        tf.TensorSpec([1, height_px, width_px, 3], tf.float32, name="input")
    )


def refusal(error: Exception, size: Size | None) -> InputError:
    """Return why TensorFlow doesn't convert a network, with the operators that LiteRT hasn't and their layers."""
    form = f"an input of {size[0]}x{size[1]} px" if size else "an input of any height and width"
    found = {(match["operator"], match["layer"]) for match in UNSUPPORTED.finditer(str(error))}
    if found:
        listed = ", ".join(f"{operator} (layer {layer})" for operator, layer in sorted(found)[:4])
        return InputError(f"a network of operators that LiteRT has for {form}", listed, "build these layers of others")
    return InputError(f"a network that converts to LiteRT with {form}", reason(error), "change the network")
