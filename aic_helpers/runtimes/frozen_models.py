"""Frozen model -> a callable on arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.quiet_tensorflow import import_tensorflow, is_light
from aic_helpers.graphs import tensorflow_runtime
from aic_helpers.graphs.receptive_fields import mixes_images
from aic_helpers.graphs.tensorflow_runtime import Runtime
from aic_helpers.runtimes.file_formats import SAVED_MODEL


class FrozenModel:
    """A loaded `model.pb`: call it with a batch of images.

    Attributes
    ----------
    path : Path
    input_shape : list of int or None
        Batch, height, width and channels; None where any will do.
    input_dtype : str
        As the graph declares it; ``unknown`` where it doesn't.
    runtime : str
        ``tensorflow-light`` or ``tensorflow``: see `aic_helpers.graphs.tensorflow_runtime`.
    runtime_note : str or None
        Why it is the whole of TensorFlow where a part should have done.
    mixing : str or None
        The operation that may mix the images of a batch, where `keeps_apart` found one.
    stateful : bool
        Whether an operation may give something else at the next call.
    """

    def __init__(self, path: Path, graph_def: Any, threads: int | None = None, runtime: Runtime | None = None) -> None:
        runtime = runtime or tensorflow_runtime.runtime()
        graph = runtime.Graph()
        with graph.as_default():
            runtime.import_graph_def(graph_def, name="")
        session = runtime.Session(graph=graph, config=_config(runtime, threads))
        self._outputs = session.make_callable("output:0", ["input:0"])
        self.path = path
        self.input_shape = static_shape(graph_def)
        declared = _placeholder(graph_def).attr
        self.input_dtype: str = runtime.as_dtype(declared["dtype"].type).name if "dtype" in declared else "unknown"
        self.runtime = tensorflow_runtime.name()
        self.runtime_note = runtime.note
        self.mixing: str | None = None
        self.stateful = any(node.op_def.is_stateful for node in graph.get_operations() if node.type != "Placeholder")
        self._kept_apart: dict[tuple[int, ...], bool] = {}

    @property
    def batch(self) -> int | None:
        """The fixed batch size (1 in the challenge's own files), or None where any will do."""
        return self.input_shape[0]

    def keeps_apart(self, shape: tuple[int, ...]) -> bool:
        """Return whether each output of a batch of that shape is proved to be that of its image alone."""
        if self.batch is not None:
            return False
        if shape not in self._kept_apart:
            mixing = mixes_images(read_graph(self.path), shape)
            self.mixing, self._kept_apart[shape] = mixing or self.mixing, mixing is None
        return self._kept_apart[shape]

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
        if not _fits(images.shape, self.input_shape):
            sides = ", ".join("any" if side is None else str(side) for side in self.input_shape)
            raise ValueError(f"input:0 is declared as ({sides}), the images are {images.shape}")
        if self.input_dtype not in ("float32", "unknown"):  # a session would make them that, without a word
            raise ValueError(f"input:0 is declared as {self.input_dtype}, the images are {images.dtype}")
        return self._outputs(images)


def _config(runtime: Runtime, threads: int | None) -> Any:
    """Return settings of a session on the processor; None, which is what this process has set, without `threads`."""
    if threads is None:
        return None
    pools = {"intra_op_parallelism_threads": threads, "inter_op_parallelism_threads": threads}
    return runtime.ConfigProto(**pools, device_count={"GPU": 0})


def _fits(found: tuple[int, ...], declared: list[int | None]) -> bool:
    return len(found) == len(declared) and all(
        side in (None, given) for given, side in zip(found, declared, strict=True)
    )


def load(path: str | Path, threads: int | None = None) -> FrozenModel:
    """Return the frozen model in a `.pb` file.

    Parameters
    ----------
    path : path
    threads : int, optional
        For TensorFlow's two pools, on the processor alone; by default as this process has it.

    Raises
    ------
    InputError
        No file, no frozen graph in it, or no `input:0` and `output:0` in the graph.
    """
    path = Path(path)
    tensorflow_runtime.runtime()  # before what reading the graph imports of it
    graph_def = read_graph(path)
    if tensorflow_runtime.needs_python(graph_def):
        import_tensorflow()
    try:
        try:
            return FrozenModel(path, graph_def, threads)
        except Exception as error:
            if not is_light():
                raise
            why = f"TensorFlow's inner modules can't load {path.name} ({type(error).__name__}: {error})"
            return FrozenModel(path, graph_def, threads, tensorflow_runtime.whole(why))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"a whole graph in {path}", reason(error), "freeze the model again") from None


def read_graph(path: Path) -> Any:
    """Return the GraphDef in a `.pb` file, having checked that it has `input:0` and `output:0`."""
    graph_def = parse_graph(path)
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


def parse_graph(path: Path) -> Any:
    """Return the GraphDef in a `.pb` file, whatever its tensors are called."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.framework.graph_pb2 import GraphDef

    graph_def, content = GraphDef(), require_file(path, "a frozen model").read_bytes()
    if content.startswith(SAVED_MODEL):
        remedy = "call it saved_model.pb, with its folder variables beside it, and give the folder"
        raise InputError(f"a frozen graph in {path}", "the file of a SavedModel", remedy)
    try:
        graph_def.ParseFromString(content)
    except DecodeError:
        raise InputError(f"a frozen graph in {path}", "a truncated or other file", "freeze the model again") from None
    return graph_def


def static_shape(graph_def: Any) -> list[int | None]:
    """Return the shape that a graph's `input` placeholder declares; None for a side that may be any."""
    shape = _placeholder(graph_def).attr["shape"].shape
    if shape.unknown_rank or not shape.dim:
        return [None, None, None, None]
    return [None if dim.size < 0 else dim.size for dim in shape.dim]


def _placeholder(graph_def: Any) -> Any:
    return next(node for node in graph_def.node if node.name == "input")
