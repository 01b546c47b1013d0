"""The baselines as `.onnx` files: the same networks as the `.pb` files, made once where they are a track's own."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.images import as_float, list_images, read_rgb
from aic_helpers.models.sources import PRETRAINED
from aic_helpers.onnx_export import exporting
from aic_helpers.onnx_export.baselines import onnx_baseline
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.onnx_models import OnnxModel
from aic_helpers.tracks.catalogue import TRACKS, find_track

pytestmark = pytest.mark.tensorflow

NAMES = sorted(path.stem for path in PRETRAINED.glob("*.pb"))


def test_there_is_one_of_each():
    assert sorted(path.stem for path in PRETRAINED.glob("*.onnx")) == NAMES
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_each_is_the_network_of_its_pb(name):
    source, made = frozen_models.load(PRETRAINED / f"{name}.pb"), OnnxModel(PRETRAINED / f"{name}.onnx")
    photos = list_images(PROJECT / "data" / "sample" / "hd")[:2]
    for photo, (height, width) in zip(photos, ((360, 480), (127, 191)), strict=False):
        image = as_float(read_rgb(photo)[None, :height, :width])
        assert np.abs(made(image) - source(image)).max() <= 1e-5
    assert photos


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_made_anew_to_the_byte(name, tmp_path, here):
    report = exporting.export(PRETRAINED / f"{name}.pb", tmp_path / f"{name}.onnx")
    assert report["versions"]["tf2onnx"]  # other versions may write other bytes; the lock has one
    assert (tmp_path / f"{name}.onnx").read_bytes() == (PRETRAINED / f"{name}.onnx").read_bytes()


def test_a_shipped_baseline_is_used_as_it_is(monkeypatch):
    monkeypatch.setattr(exporting, "export", None)
    for track in TRACKS.values():
        path = onnx_baseline(track)
        assert path.parent == PRETRAINED
        assert path.suffix == ".onnx"


def test_a_tracks_own_is_made_once_and_kept(tmp_path, monkeypatch, here):
    monkeypatch.setenv("AIC_CACHE", str(tmp_path / "cache"))
    shutil.copyfile(PRETRAINED / "sample_sr_srcnn.pb", tmp_path / "own.pb")
    own = find_track("super_resolution").beside(tmp_path / "own.pb")
    path = onnx_baseline(own)
    made = path.stat().st_mtime_ns
    assert onnx_baseline(own).stat().st_mtime_ns == made
    image = np.random.default_rng(1).random((1, 24, 32, 3), np.float32)
    assert np.abs(OnnxModel(path)(image) - frozen_models.load(tmp_path / "own.pb")(image)).max() < 1e-5
