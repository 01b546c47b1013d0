"""Frozen model -> a callable on arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.quiet_tensorflow import import_tensorflow


class FrozenModel:
    """A loaded `model.pb`: call it with a batch of images.

    Attributes
    ----------
    path : Path
    input_shape : list of int or None
        Batch, height, width and channels; None where any will do.
    input_dtype : str
        As the graph declares it; ``unknown`` where it doesn't.
    """

    def __init__(self, path: Path, graph_def: Any) -> None:
        import tensorflow as tf

        def import_graph() -> None:
            tf.graph_util.import_graph_def(graph_def, name="")

        self.path = path
        self._function = tf.compat.v1.wrap_function(import_graph, []).prune("input:0", "output:0")
        self.input_shape = static_shape(graph_def)
        declared = _placeholder(graph_def).attr
        self.input_dtype: str = tf.as_dtype(declared["dtype"].type).name if "dtype" in declared else "unknown"

    @property
    def batch(self) -> int | None:
        """The fixed batch size (1 in the challenge's own files), or None where any will do."""
        return self.input_shape[0]

    def __call__(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the network's output for a batch.

        Parameters
        ----------
        images : ndarray of float32, shape (batch, height, width, 3)
            Values in [0, 1]. A model with a fixed batch of 1 gets the images one by one.

        Returns
        -------
        ndarray of float32, shape as the network gives it, (batch, height, width, 3) if it keeps the rules

        Raises
        ------
        ValueError
            A size that the graph's placeholder excludes. TensorFlow 2 would run it all the same; a session refuses.
        """
        if self.batch == 1 and len(images) != 1:
            return np.concatenate([self._run(images[i : i + 1]) for i in range(len(images))])
        return self._run(images)

    def _run(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        import tensorflow as tf

        if not _fits(images.shape, self.input_shape):
            sides = ", ".join("any" if side is None else str(side) for side in self.input_shape)
            raise ValueError(f"input:0 is declared as ({sides}), the images are {images.shape}")
        output = self._function(tf.constant(images, tf.float32))
        return (output[0] if isinstance(output, list | tuple) else output).numpy()


def _fits(found: tuple[int, ...], declared: list[int | None]) -> bool:
    return len(found) == len(declared) and all(
        side in (None, given) for given, side in zip(found, declared, strict=True)
    )


def load(path: str | Path) -> FrozenModel:
    """Return the frozen model in a `.pb` file.

    Raises
    ------
    InputError
        No file, no frozen graph in it, or no `input:0` and `output:0` in the graph.
    """
    path = Path(path)
    import_tensorflow()
    graph_def = read_graph(path)
    try:
        return FrozenModel(path, graph_def)
    except (ValueError, KeyError, TypeError) as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"a whole graph in {path}", lines[-1][:300], "freeze the model again") from None


def read_graph(path: Path) -> Any:
    """Return the GraphDef in a `.pb` file, having checked that it has `input:0` and `output:0`."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework.graph_pb2 import GraphDef

    graph_def = GraphDef()
    try:
        graph_def.ParseFromString(require_file(path, "a frozen model").read_bytes())
    except DecodeError:
        raise InputError(f"a frozen graph in {path}", "a truncated or other file", "freeze the model again") from None
    names = {node.name for node in graph_def.node}
    missing = [f"{name}:0" for name in ("input", "output") if name not in names]
    if missing:
        last = ", ".join(node.name for node in graph_def.node[-3:]) or "no nodes"
        raise InputError(
            f"tensors input:0 and output:0 in {path}",
            f"no {' and no '.join(missing)} (the graph ends with {last})",
            "name them with tf.placeholder(..., name='input') and tf.identity(..., name='output')",
        )
    return graph_def


def static_shape(graph_def: Any) -> list[int | None]:
    """Return the shape that a graph's `input` placeholder declares; None for a side that may be any."""
    shape = _placeholder(graph_def).attr["shape"].shape
    if shape.unknown_rank or not shape.dim:
        return [None, None, None, None]
    return [None if dim.size < 0 else dim.size for dim in shape.dim]


def _placeholder(graph_def: Any) -> Any:
    return next(node for node in graph_def.node if node.name == "input")
