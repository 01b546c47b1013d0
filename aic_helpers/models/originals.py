"""A model source brought to life in this process, and how a function of TensorFlow 2 is frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError

ANY_BATCH = [None, None, None, 3]
BATCH_OF_1 = [1, None, None, 3]

Batch = NDArray[np.float32]


@dataclass
class Original:
    """A model source brought to life in this process.

    Attributes
    ----------
    graph_def : GraphDef
        Frozen, with `input:0` and `output:0`.
    run : callable or None
        The source itself on a batch, to compare with; None where the source is a frozen graph already.
    style : str
        ``keras``, ``tensorflow1``, ``saved_model`` or ``frozen``.
    parameters : int
    unused : list of str
        Variables of the checkpoint that the network doesn't have.
    read_files : dict of str to str
        See `aic_helpers.models.read_files`; only a model function reads any.
    """

    graph_def: Any
    run: Callable[[Batch], Batch] | None
    style: str
    parameters: int
    unused: list[str] = field(default_factory=list)
    read_files: dict[str, str] = field(default_factory=dict)


def freeze_callable(call: Callable[[Any], Any], own_shapes: list[list[int | None]]) -> Any:
    """Freeze with any batch and size where the model takes them, else with the shape that it declares."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    first: Exception | None = None
    for shape in [ANY_BATCH, BATCH_OF_1, *own_shapes]:
        spec = tf.TensorSpec(shape, tf.float32, name="input")
        try:
            concrete = tf.function(lambda images: tf.identity(call(images), name="output")).get_concrete_function(spec)
        except Exception as error:
            first = first or error
            continue
        return convert_variables_to_constants_v2(concrete).graph.as_graph_def()
    found = str(first).splitlines()[-1]
    raise InputError("a model of one image batch (batch, height, width, 3)", found, "mend the model") from None
