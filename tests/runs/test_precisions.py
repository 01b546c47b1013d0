"""A run's model in its precisions, and a network in one precision as a model of its own: by steps, for real."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fixtures import hostile_models, in_process, litert_files

from aic_helpers.core import project_paths
from aic_helpers.core.errors import InputError
from aic_helpers.data import datasets
from aic_helpers.data.images import write_png
from aic_helpers.models import sources
from aic_helpers.precisions import measuring
from aic_helpers.processes import confinement
from aic_helpers.profiling.network_pairs import Conditions
from aic_helpers.profiling.timing import MIN_PAIRS, Limits
from aic_helpers.quantization import export_processes, exporting
from aic_helpers.quantization.calibration import settle
from aic_helpers.quantization.exporting import read_export
from aic_helpers.runs import precision_steps, reports, results, run_settings, steps
from aic_helpers.runtimes.loading import load

pytestmark = pytest.mark.tensorflow

SMALL = Conditions(128, 96, 1)
SHORT = Limits(max_repetitions=MIN_PAIRS)


@pytest.fixture
def net(tmp_path, monkeypatch):
    """The file of a small network on small photos of Track B; its cache is of this test alone."""
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    write_photos(tmp_path / "data")
    return str(hostile_models.freeze(hostile_models.good, tmp_path / "net.pb"))


def write_photos(folder):
    random = np.random.default_rng(3)
    for number in range(3):
        target = random.random((32, 40, 3)) * 0.8
        write_png(folder / "target" / f"{number}.png", target)
        write_png(folder / "input" / f"{number}.png", target * 0.9 + 0.05)


def settle_run(net, folder, **adapt):
    return run_settings.settle("enhancement", net, data=str(folder / "data"), out=str(folder / "run"), adapt=adapt)


def test_precisions_are_exported_measured_and_kept(net, tmp_path, caplog):
    settings, calibration = settle_run(net, tmp_path), settle(crops=2)
    made = precision_steps.precisions(settings, ["int8"], calibration, SMALL, SHORT)
    assert [*made.precisions.by_precision] == ["float32", "int8"]
    assert made.precisions.by_precision["int8"].loss["psnr_db"].value is not None
    export = read_export(settings.folder / precision_steps.EXPORTS)
    assert [one.fixed.name for one in export.exported] == ["net_float32.tflite", "net_int8.tflite"]
    caplog.set_level("INFO")
    assert precision_steps.precisions(settings, ["int8"], calibration, SMALL, SHORT) == made
    assert "net: precisions taken from the run folder" in caplog.text
    page = reports.write_report([settings.folder], tmp_path / "report.html").read_text()
    assert "For phones: LiteRT in its precisions" in page
    export.exported[1].free.unlink()
    again = precision_steps.precisions(settings, ["int8"], calibration, SMALL, SHORT)
    assert export.exported[1].free.is_file()
    assert again.precisions.by_precision["int8"].psnr_db == made.precisions.by_precision["int8"].psnr_db


@pytest.fixture
def exports(monkeypatch):
    """Let exports work in this process, and measure nothing; returns which precisions each export made."""
    made, export = [], exporting.export

    def told(model_pb, track, folder, precisions, **asked):
        made.append([*precisions])
        return export(model_pb, track, folder, precisions, **asked)

    def measured(frozen, found, *_, **__):
        by_precision = {one.precision: {"reason": ""} for one in found.exported}
        return measuring.Measured(
            {"by_precision": by_precision, "export": found.report}, pd.DataFrame(), pd.DataFrame()
        )

    monkeypatch.setattr(export_processes, "Worker", in_process.Worker)
    monkeypatch.setattr(exporting, "export", told)
    monkeypatch.setattr(measuring, "measure", measured)
    return made


def test_a_cured_export_is_kept_and_what_it_lacks_comes_beside(net, tmp_path, exports):
    settings, calibration = settle_run(net, tmp_path), settle(crops=2, percentile=99.9)
    precision_steps.precisions(settings, ["int8"], calibration, SMALL, SHORT)
    file = settings.folder / precision_steps.EXPORTS / exporting.REPORT
    report = json.loads(file.read_text())
    report["precisions"]["int8"]["cure"] = {"words": "ranges of 99.9 % of the values"}
    file.write_text(json.dumps(report))
    found = precision_steps.precisions(settings, ["int8", "float16"], None, SMALL, SHORT).precisions
    assert exports == [["float32", "int8"], ["float16"]]
    assert [*found.by_precision] == ["float32", "float16", "int8"]
    assert found.export.precisions["int8"].raw == report["precisions"]["int8"]
    precision_steps.precisions(settings, ["int8", "float16"], settle(crops=3), SMALL, SHORT)
    assert exports[2:] == [["int8"]]
    precision_steps.precisions(settings, ["int8"], None, SMALL, SHORT, fresh=True)
    assert exports[3:] == [["float32", "int8"]]


def test_another_model_clears_them(net, tmp_path):
    settings = settle_run(net, tmp_path)
    steps.convert(settings)
    results.write_table(settings, "precision_images", results.read_table(settings, "precision_images"))
    results.write_part(settings, "precisions", {"by_precision": {}})
    hostile_models.freeze(lambda images: hostile_models.good(images) + 0.01, tmp_path / "net.pb")
    assert steps.convert(settings).precisions is None
    assert not (settings.folder / "precision_images.csv").exists()


def test_a_network_in_a_precision_is_a_model_of_its_own(net, tmp_path, monkeypatch):
    settings = settle_run(net, tmp_path, precision="int8")
    result = steps.convert(settings)
    assert (result.model.kind, result.model.precision, result.model.name) == ("litert", "int8", "net-int8")
    assert (result.model.input_dtype, result.model.output_dtype) == ("uint8", "uint8")
    free, fixed = load(settings.model_file), load(settings.timed_file)
    assert (free.input_shape, fixed.input_shape) == ([1, None, None, 3], [1, 720, 1280, 3])
    photo = np.random.default_rng(5).random((1, 48, 64, 3), np.float32)
    assert np.abs(free(photo) - load(net)(photo)).max() < 0.05
    monkeypatch.setattr("aic_helpers.models.conversion.convert", lambda *_, **__: pytest.fail("converted again"))
    assert steps.convert(settings) == result
    with pytest.raises(InputError) as refused:
        steps.profile(settings, SMALL)
    assert str(refused.value) == (
        "expected 1280x720, the track's size, with --precision, found --size 128x96: "
        "leave --size out, or time the file that aic export --size 128x96 makes"
    )


def test_photos_that_calibrate_judge_no_network_in_whole_numbers(net, tmp_path):
    photo = datasets.training_photos()[0]
    shutil.copy(photo, tmp_path / "data" / "target" / "0.png")
    assert settle_run(net, tmp_path, precision="dynamic_int8").source.adapt.precision == "dynamic_int8"
    for precision in ("int8", "int16x8"):
        with pytest.raises(InputError) as refused:
            settle_run(net, tmp_path, precision=precision)
        assert str(refused.value) == (
            f"expected photos to calibrate on that judge nothing, found {photo}, which is the validation photo 0.png: "
            "take training photos"
        )


def test_a_network_of_one_size_in_a_precision_is_timed_as_it_is(net, tmp_path):
    """An older file of one size in its folder is another network's."""
    hostile_models.freeze(hostile_models.good, tmp_path / "net.pb", (1, 720, 1280, 3))
    settings = settle_run(net, tmp_path, precision="float32")
    settings.folder.mkdir()
    (settings.folder / sources.FIXED_FILE).write_bytes(b"another's")
    result = steps.convert(settings)
    assert result.model.fixed is None
    assert settings.timed_file == settings.model_file
    assert load(settings.timed_file).input_shape == [1, 720, 1280, 3]


def test_what_is_litert_already_has_no_precisions(net, tmp_path):
    steps.convert(settle_run(net, tmp_path, precision="float32"))
    file = str(tmp_path / "run" / "model.tflite")
    settings = run_settings.settle("enhancement", file, data=str(tmp_path / "data"), out=str(tmp_path / "other"))
    with pytest.raises(InputError, match=r"a float network to export, found .*model.tflite, a LiteRT file already"):
        precision_steps.precisions(settings, conditions=SMALL, limits=SHORT)


def test_at_a_desk_a_tflite_is_timed_beside_a_baseline_that_its_child_can_not_reach_in_the_cache(monkeypatch):
    """Whoever judges strangers' models may be root, with a cache that is closed to all others."""
    with tempfile.TemporaryDirectory() as name:
        folder, closed = Path(name), Path(name) / "closed"
        closed.mkdir(mode=0o700)
        monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(closed / "cache"))
        folder.chmod(0o755)
        write_photos(folder / "data")
        (folder / "net.tflite").write_bytes(litert_files.float_network(free=True).content())
        settings = run_settings.settle(
            "enhancement", str(folder / "net.tflite"), data=str(folder / "data"), out=str(folder / "run")
        )
        with confinement.confined([folder / "run", folder / "data"]):
            profile = steps.profile(settings, SMALL, SHORT).profile
        assert (profile.failed, profile.runtime) == ("", "litert")
        assert profile.speedup > 0
        assert [file.suffix for file in (closed / "cache" / "baselines").iterdir()] == [".tflite"]
        assert [file.name for file in (folder / "run").iterdir() if "baseline" in file.name] == []
