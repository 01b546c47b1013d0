"""What tests of exports to ONNX share."""

from __future__ import annotations

import pytest
from fixtures import in_process

from aic_helpers.onnx_export import exporting


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an export work in this process."""
    monkeypatch.setattr(exporting, "Worker", in_process.Worker)
