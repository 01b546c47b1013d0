"""The worker of `exporting`: one frozen graph, converted by tf2onnx, and the file tried beside it on a photo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.data.images import read_rgb
from aic_helpers.onnx_export import graph_conversion, parity_checks
from aic_helpers.onnx_graphs.structures import parse
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.onnx_models import OnnxModel


class Exporting:
    """Writes the `.onnx` file of a graph and compares the two."""

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of the file that was written.

        Parameters
        ----------
        request : dict
            ``model``, the `.pb`; ``out``, the `.onnx`; ``photo``.

        Returns
        -------
        dict
            ``opset``, ``ir_version``, ``producer``, ``input_shape`` and ``by_size``, the largest absolute difference
            by size.
        """
        graph_def = frozen_models.read_graph(Path(request["model"]))
        content = graph_conversion.converted(graph_def).SerializeToString(deterministic=True)
        Path(request["out"]).write_bytes(content)
        structure = parse(content, request["out"])
        source, made = frozen_models.load(request["model"]), OnnxModel(request["out"])
        photo = read_rgb(Path(request["photo"]))
        return {
            "opset": structure.opset,
            "ir_version": structure.ir_version,
            "producer": structure.producer,
            "input_shape": made.input_shape,
            "by_size": parity_checks.differences(source, made, source.input_shape, photo),
        }
