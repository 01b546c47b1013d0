"""What tests of exports share."""

from __future__ import annotations

import pytest
from fixtures import in_process, small_networks

from aic_helpers.quantization import calibration, export_processes
from aic_helpers.quantization.calibration import Calibration


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an export work in this process."""
    monkeypatch.setattr(export_processes, "Worker", in_process.Worker)


@pytest.fixture(scope="module")
def two_crops(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    return calibration.settle(small_networks.photos(tmp_path_factory.mktemp("photos")), 2)
