"""An export to ONNX in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aic_helpers.reporting.text_tables import typed


def lines(report: dict[str, Any], folder: Path) -> list[str]:
    """Return what a person sees of an export in a folder; `report` is that of `aic_helpers.onnx_export.exporting`."""
    sides = ", ".join("any" if side is None else str(side) for side in report["input_shape"])
    parity = report["parity"]
    sizes = ", ".join(parity["by_size"])
    one, other = (f"{package} {report['versions'][package]}" for package in ("onnxruntime", "tensorflow"))
    apart = f"within {parity['max_abs']:.1e} of each other on a photo of {sizes} (limit {parity['limit']:g})"
    return [
        f"{report['file']}: {report['bytes'] / 1e3:.0f} kB, opset {report['opset']}, by {report['producer']}",
        f"takes and gives RGB in [0, 1], ({sides})",
        f"{one} and {other} are {apart}",
        f"SHA-256 {report['sha256']}",
        f"folder: {typed(folder)}",
    ]
