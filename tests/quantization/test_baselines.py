"""A track's baseline for LiteRT: made once, and held against its source."""

from __future__ import annotations

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.models.sources import baseline_pb
from aic_helpers.quantization import baselines, graph_conversion
from aic_helpers.quantization.baselines import litert_baseline
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.tracks.catalogue import find_track

pytestmark = pytest.mark.tensorflow


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch, here):
    monkeypatch.setenv("AIC_CACHE", str(tmp_path))


def test_a_tracks_baseline_is_made_once():
    track = find_track("classic_x4")
    path = litert_baseline(track, (32, 24))
    made = path.stat().st_mtime_ns
    assert litert_baseline(track, (32, 24)).stat().st_mtime_ns == made
    assert litert_baseline(track, (24, 32)) != path
    photo = np.random.default_rng(1).random((1, 24, 32, 3), np.float32)
    assert np.abs(LitertModel(path)(photo) - frozen_models.load(baseline_pb(track))(photo)).max() < 1e-5
    assert [file.suffix for file in path.parent.iterdir()] == [".tflite", ".tflite"]


def test_other_code_makes_it_anew(monkeypatch):
    track = find_track("classic_x4")
    path = litert_baseline(track, (32, 24))
    monkeypatch.setattr(baselines, "code", lambda *modules: "other")
    assert litert_baseline(track, (32, 24)) != path


def test_a_baseline_that_litert_computes_otherwise_is_refused(monkeypatch, tmp_path):
    other, converted = frozen_models.read_graph(baseline_pb(find_track("super_resolution"))), graph_conversion.converted
    monkeypatch.setattr(graph_conversion, "converted", lambda graph_def, size, *precision: converted(other, size))
    with pytest.raises(InputError) as refused:
        litert_baseline(find_track("enhancement"), (32, 24))
    assert str(refused.value).startswith("expected LiteRT to give what ")
    assert "the track's baseline, found a difference of " in str(refused.value)
    assert [*(tmp_path / "baselines").iterdir()] == []
