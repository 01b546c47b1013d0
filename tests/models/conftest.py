"""What tests of models share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aic_helpers.models.conversion import PHOTO
from aic_helpers.models.sources import resolve


@pytest.fixture
def freeze(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Freeze a source into `model.pb` and try it, as a conversion's child does; returns its report."""

    def freeze(model: Path, enlarges: int = 1, **adapt: Any) -> dict[str, Any]:
        from aic_helpers.models.freezing import Freezing

        source = resolve(str(model), adapt=adapt)
        paths = {"path": str(source.path), "checkpoint": source.checkpoint and str(source.checkpoint)}
        paths |= {"photo": str(min(PHOTO.iterdir())), "out": str(tmp_path / "model.pb")}
        asked = {"enlarges": enlarges, "macs_size": [256, 128], "adapt": source.adapt.given}
        child = Freezing()
        report = child({"do": "freeze", "kind": source.kind, "function": None, **asked, **paths})
        child({"do": "try"})
        return report

    return freeze
