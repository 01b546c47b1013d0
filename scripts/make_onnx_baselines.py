"""Make the `.onnx` files of the networks that models are timed beside, from the `.pb` files in models_pretrained/.

Usage: python scripts/make_onnx_baselines.py     needs the extra onnx; ten seconds for each

The same `.pb` files, tf2onnx and TensorFlow give the same bytes.
"""

from __future__ import annotations

from aic_helpers.models.sources import PRETRAINED
from aic_helpers.onnx_export import exporting


def main() -> None:
    """Make each beside its `.pb`."""
    for frozen in sorted(PRETRAINED.glob("*.pb")):
        made = exporting.export(frozen, frozen.with_suffix(".onnx"))
        print(f"{made['file']}: {made['bytes'] / 1e3:.0f} kB, within {made['parity']['max_abs']:.1e} of {frozen.name}")


if __name__ == "__main__":
    main()
