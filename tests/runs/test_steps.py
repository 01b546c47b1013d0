"""The steps of a run; what they measure is the business of the modules they call, and stands in here."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fixtures import in_process, reading, run_folders

from aic_helpers.core import project_paths, safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.data.images import write_png
from aic_helpers.profiling import profiler
from aic_helpers.runs import results, run_settings, schema, steps

PROFILE = {**run_folders.empty(schema.Profile), "time_ms": 1.0, "speedup": 2.0}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A run of a network that changes nothing, on three photos of Track B, the first of them equal to its target."""
    generator = np.random.default_rng(0)
    for number in range(3):
        photo = generator.uniform(0, 1, (24, 24, 3))
        write_png(tmp_path / "data" / "enhancement" / "inputs" / f"{number}.png", photo)
        write_png(tmp_path / "data" / "enhancement" / "targets" / f"{number}.png", photo * (1 - 0.1 * number))
    net = tmp_path / "net.pb"
    net.write_bytes(b"net")

    def convert(source, out, **asked):
        out.parent.mkdir(exist_ok=True)
        out.write_bytes(source.path.read_bytes())
        made = {"name": source.name, "sha256": safe_files.sha256(out), "read_files": {}}
        return {**made, "kind": source.kind, "adapters": []}

    monkeypatch.setattr("aic_helpers.models.conversion.convert", convert)
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))  # what is made up is for this test alone

    class Same:
        runtime, runtime_note, mixing = "tensorflow-light", None, None

        def __call__(self, images):
            return images

    monkeypatch.setattr("aic_helpers.runtimes.frozen_models.load", lambda path, threads=None: Same())
    monkeypatch.setattr("aic_helpers.evaluation.isolated.Worker", in_process.Worker)
    monkeypatch.setattr("aic_helpers.evaluation.any_image.Outputs.of", lambda self, model_pb, image: image)
    return run_settings.settle("enhancement", str(net), data=str(tmp_path / "data"), out=str(tmp_path / "run"))


def test_a_model_is_converted_once_unless_asked_again(settings, monkeypatch):
    first = steps.convert(settings)
    assert results.read(settings.folder) == first
    monkeypatch.setattr("aic_helpers.models.conversion.convert", lambda *_, **__: pytest.fail("converted again"))
    assert steps.convert(settings) == first
    with pytest.raises(pytest.fail.Exception, match="converted again"):
        steps.convert(settings, fresh=True)


def test_the_folder_of_the_images_is_no_run_folder(settings):
    images = settings.dataset.pairs[0].target.parent
    typed = ("enhancement", str(settings.source.path), "", settings.dataset.name)
    with pytest.raises(InputError, match=r"expected a run folder of its own, found .*, which has the images: name"):
        run_settings.settle(*typed, out=str(images))


def test_a_changed_source_is_converted_anew(settings):
    first = steps.convert(settings)
    settings.source.path.write_bytes(b"other")
    assert steps.convert(settings).model_sha256 != first.model_sha256


@pytest.mark.tensorflow
def test_evaluate_writes_table_and_means(settings):
    metrics = steps.evaluate(settings).metrics
    assert list(results.read_table(settings, "images")["image"]) == ["0", "1", "2"]
    assert results.read(settings.folder).metrics == metrics
    assert (metrics.images, metrics.limit, metrics.runtime) == (3, None, "tensorflow-light")
    assert list(pd.read_csv(settings.folder / "examples.csv")["image"]) == [2, 1, 0]


@pytest.mark.tensorflow
def test_worst_and_best_are_shown(settings):
    steps.evaluate(settings)
    images = results.read_table(settings, "images")
    worst, best = steps.worst_and_best(settings, images)
    assert (worst.title, best.title) == ("worst image: 2", "best image: 0")
    assert best.output == pytest.approx(best.target)


@pytest.mark.tensorflow
def test_failed_images_are_not_shown(settings):
    steps.evaluate(settings)
    images = results.read_table(settings, "images")
    images.loc[[0, 2], "psnr_db"] = np.nan
    assert [shown.title for shown in steps.worst_and_best(settings, images)] == ["the only image: 1"]


def test_where_all_is_in_place_a_step_reads_the_result_and_the_source_once(settings, monkeypatch):
    measured = profiler.Profile(PROFILE, pd.DataFrame())
    monkeypatch.setattr("aic_helpers.profiling.profiler.profile", lambda *_, **__: measured)
    monkeypatch.setattr("aic_helpers.profiling.requirements.check", lambda *_, **__: [])
    for step in (steps.convert, steps.evaluate, steps.profile, steps.check):
        step(settings)
    counts = reading.counted(monkeypatch)
    for step in (steps.convert, steps.evaluate, steps.profile, steps.check):
        counts.clear()
        result = step(settings)
        assert (counts["result.json"], counts["hashed"]) == (1, 1), step
        step(settings, known=result)
        assert (counts["result.json"], counts["hashed"]) == (1, 2), step


def test_growth_stands_beside_the_profile(settings, monkeypatch):
    exponents = {"resolution": {"time": 1.0, "memory": 0.9}}
    measured = SimpleNamespace(table=pd.DataFrame({"time_ms": [1.0]}), exponents=exponents)
    monkeypatch.setattr("aic_helpers.profiling.scaling.growth", lambda *_, **__: measured)
    steps.convert(settings)
    results.write_part(settings, "profile", PROFILE)
    steps.grow(settings)
    assert results.read(settings.folder).profile.raw == PROFILE | {"growth_exponents": exponents}
    assert len(results.read_table(settings, "growth")) == 1


def test_nothing_is_judged_by_figures_that_were_changed(settings, monkeypatch):
    monkeypatch.setattr("aic_helpers.profiling.requirements.check", lambda *_, **__: [])
    steps.convert(settings)
    results.write_part(settings, "profile", PROFILE, {})
    file = settings.folder / "result.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps(content | {"profile": PROFILE | {"speedup": 9.0}}))
    with pytest.raises(InputError, match=r"expected a result as it was written in .*run, found profile changed"):
        steps.check(settings)
    results.write_part(settings, "profile", PROFILE, {})
    assert steps.check(settings).raw["requirements"] == []


def test_check_judges_by_what_the_run_folder_has(settings, monkeypatch):
    given = {}
    rule = {"name": "size", "passed": True, "limit": "-", "found": "-", "evidence": "-", "remedy": None}

    def check(model, track, **parts):
        given.update(parts)
        assert track is settings.track
        return [rule]

    monkeypatch.setattr("aic_helpers.profiling.requirements.check", check)
    steps.convert(settings)
    results.write_part(settings, "profile", PROFILE)
    assert steps.check(settings).raw["requirements"] == [rule]
    assert given["profile"] == PROFILE
    assert given["metrics"] is None
    assert given["conversion"]["name"] == "net"
    assert results.read(settings.folder).raw["requirements"] == [rule]
