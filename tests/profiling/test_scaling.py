"""How cost grows: the fit by hand, and a small model in this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures import hostile_models, in_process

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.profiling import scaling
from aic_helpers.runtimes import model_workers

pytestmark = pytest.mark.tensorflow


def test_exponent_of_a_power_law() -> None:
    points = [(x, 3 * x**1.5) for x in (0.1, 0.5, 2.0, 7.0)]
    assert scaling.fit_exponent(points) == pytest.approx(1.5)
    assert scaling.fit_exponent(points[:2]) is None
    assert scaling.fit_exponent([(1.0, 0.0), *points[:2]]) is None


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_workers, "Worker", in_process.Worker)


@pytest.mark.usefixtures("here")
def test_one_row_a_point(tmp_path: Path) -> None:
    model = hostile_models.freeze(hostile_models.good, tmp_path / "good.pb")
    told = []
    result = scaling.growth(
        model, heights_px=(36, 18), batches=(3, 1), repetitions=2, progress=lambda *state: told.append(state)
    )
    table = result.table
    points = list(table[["varied", "width_px", "height_px", "batch"]].itertuples(index=False, name=None))
    assert points == [
        ("resolution", 32, 18, 1),
        ("resolution", 64, 36, 1),
        ("batch", 640, 360, 1),
        ("batch", 640, 360, 3),
    ]
    assert table["megapixels"].tolist() == pytest.approx([32 * 18e-6, 64 * 36e-6, 0.2304, 0.6912])
    assert (table["time_ms"] > 0).all()
    assert table["failed"].isna().all()
    assert told[0] == (0, 4, "1 x 32x18")
    assert result.exponents["batch"] == {"time": None, "memory": None}


PROFILED = {"width_px": 640, "height_px": 360, "batch": 1, "threads": machine.usable_cores(), "device": "cpu"}
HERE = {
    "machine": machine.identity(),
    "environment_variables": machine.timing_settings(machine.usable_cores(), "cpu"),
}
FIGURES = {"time_ms": 7.0, "peak_rss_mib": 800.0, "model_rss_mib": 200.0, "failed": None}


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The shapes of the batches that are measured; nothing runs."""
    shapes: list[tuple[int, ...]] = []

    def point(model: Path, pixels: np.ndarray, *limits: object) -> dict:
        shapes.append(pixels.shape[:3])
        return FIGURES | {"time_ms": 1.0}

    monkeypatch.setattr(scaling, "_point", point)
    return shapes


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model.pb").write_bytes(b"a model that is not run")
    return tmp_path / "model.pb"


def test_no_point_is_measured_twice(model: Path, measured: list) -> None:
    table = scaling.growth(model, heights_px=(180, 360), batches=(1, 2)).table
    assert measured == [(1, 180, 320), (1, 360, 640), (2, 360, 640)]
    assert table["batch"].tolist() == [1, 1, 1, 2]


def test_what_the_profile_measured_is_taken_from_it(model: Path, measured: list) -> None:
    profile = PROFILED | FIGURES | HERE
    table = scaling.growth(model, profile=profile, heights_px=(180, 360), batches=(1, 2)).table
    assert measured == [(1, 180, 320), (2, 360, 640)]
    assert table["time_ms"].tolist() == [1.0, 7.0, 7.0, 1.0]


@pytest.mark.parametrize(
    "other", [{"threads": 99}, {"device": "gpu"}, {"machine": {}}, {"environment_variables": {}}, {"failed": "it hung"}]
)
def test_a_profile_that_does_not_compare_is_left_out(model: Path, measured: list, other: dict) -> None:
    profile = PROFILED | FIGURES | HERE | other
    scaling.growth(model, profile=profile, heights_px=(360,), batches=(1,))
    assert measured == [(1, 360, 640)]


@pytest.mark.usefixtures("here")
def test_a_point_that_fails_is_a_row_that_says_so(tmp_path: Path) -> None:
    model = hostile_models.freeze(hostile_models.fails_when_it_runs, tmp_path / "model.pb")
    table = scaling.growth(model, heights_px=(18, 36), batches=(1,), repetitions=1).table
    assert table["varied"].tolist() == ["resolution", "batch"]
    assert table["failed"].str.contains("InvalidArgumentError").all()
    assert table["time_ms"].isna().all()


def test_points_out_of_range_are_refused(tmp_path: Path) -> None:
    model = hostile_models.freeze(hostile_models.good, tmp_path / "good.pb")
    with pytest.raises(InputError, match="expected heights, batches and repetitions above 0"):
        scaling.growth(model, heights_px=(0,))
