"""A model source brought to life in this process, and how a function of TensorFlow 2 is frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError
from aic_helpers.graphs.graph_ends import USUAL, Ends, refuse_changing
from aic_helpers.models.adapters import Adapters, Shape, shape_words

Batch = NDArray[np.float32]


@dataclass
class Original:
    """A model source brought to life in this process.

    Attributes
    ----------
    graph_def : GraphDef
        Frozen, of the network's own form.
    run : callable or None
        The source itself on a batch of the network's own form, to compare with; None for a frozen graph.
    style : str
        ``keras``, ``tensorflow1``, ``tensorflow2``, ``saved_model`` or ``frozen``.
    ends : Ends
        Of the graph.
    unused : list of str
        Variables of the checkpoint that the network doesn't have.
    has_set : bool
        Whether the graph has the values that were set in place of placeholders already.
    read_files : dict of str to str
        See `aic_helpers.models.read_files`; only a model function reads any.
    notes : list of str
        What a person should know of how it was brought to life.
    """

    graph_def: Any
    run: Callable[[NDArray[Any]], NDArray[Any]] | None
    style: str
    ends: Ends = USUAL
    unused: list[str] = field(default_factory=list)
    has_set: bool = False
    read_files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def freeze_callable(call: Callable[[Any], Any], own_shape: Shape | None, adapt: Adapters, dtype: Any) -> Any:
    """Freeze with any batch and size where the model takes them, else with the shape that it declares.

    Parameters
    ----------
    call : callable
    own_shape : list of int or None
        None where it declares none.
    adapt : Adapters
        How the network takes images.
    dtype : DType or str
        What it takes.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    first: Exception | None = None
    for shape in [*adapt.shapes, own_shape]:
        spec = tf.TensorSpec(shape, dtype, name="input")
        try:
            concrete = tf.function(lambda images: tf.identity(call(images), name="output")).get_concrete_function(spec)
        except Exception as error:
            first = first or error
            continue
        refuse_changing(concrete.graph.as_graph_def())
        return convert_variables_to_constants_v2(concrete).graph.as_graph_def()
    expected = f"a model of one image batch {shape_words(adapt.shapes[0])}"
    raise InputError(expected, reason(first or ValueError()), "mend the model") from None
