"""A model in its precisions: quality paired with float32's, times in turn, and why some have no figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from fixtures import hostile_models, litert_files
from fixtures.pirm2018 import ENHANCEMENT
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.statistics import mean_ci95
from aic_helpers.data.datasets import Dataset, open_dataset
from aic_helpers.data.images import write_png
from aic_helpers.precisions import measuring
from aic_helpers.precisions import plots as precision_plots
from aic_helpers.precisions import reports as precision_reports
from aic_helpers.precisions import tables as precision_tables
from aic_helpers.precisions.measuring import Measured, measure
from aic_helpers.precisions.results import Precisions
from aic_helpers.profiling.network_pairs import Conditions
from aic_helpers.profiling.profiler import WARM_UPS
from aic_helpers.profiling.timing import MIN_PAIRS, Limits
from aic_helpers.quantization.exporting import Export, Exported
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker

pytestmark = pytest.mark.tensorflow

COLUMNS = ("psnr_db", "ms_ssim")
SIZE = {"size": (16, 24)}


def data(folder: Path) -> Dataset:
    random = np.random.default_rng(3)
    for number in range(3):
        target = random.random((32, 40, 3)) * 0.8
        write_png(folder / "target" / f"{number}.png", target)
        write_png(folder / "input" / f"{number}.png", target * 0.9 + 0.05)
    return open_dataset(folder, ENHANCEMENT)


def exported(folder: Path) -> Export:
    """An export of the small network in float32 and int8; of int16x8 there is none."""
    files = {}
    for name, made in (("float32", litert_files.float_network), ("int8", litert_files.int8_network)):
        for form, settings in (("fixed", SIZE), ("free", {"free": True})):
            files[name, form] = folder / f"{name}_{form}.tflite"
            files[name, form].write_bytes(made(**settings).content())
    made = [Exported(name, files[name, "fixed"], files[name, "free"], None, {}) for name in ("float32", "int8")]
    return Export(folder, [*made, Exported("int16x8", None, None, "ADD isn't quantised", {})], {"schema": 1})


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = tmp_path_factory.mktemp("measured")
    frozen = hostile_models.freeze(hostile_models.good, folder / "model.pb")
    limits = Limits(max_repetitions=MIN_PAIRS)
    return measure(frozen, exported(folder), data(folder / "data"), Conditions(24, 16, 1), limits)


def test_what_int8_loses_is_the_mean_of_the_differences(measured: Measured) -> None:
    images = measured.images.pivot(index="image", columns="precision", values="psnr_db")
    differences = images["int8"] - images["float32"]
    lost = measured.result["by_precision"]["int8"]["loss"]["psnr_db"]
    assert len(images) == 3
    assert lost == {"value": pytest.approx(differences.mean()), "ci95": mean_ci95(differences)}
    assert lost["value"] != 0
    assert measured.result["by_precision"]["float32"]["loss"]["psnr_db"]["value"] == 0


def test_times_are_in_turn_with_float32_and_tensorflow(measured: Measured) -> None:
    samples = measured.samples
    assert [*samples["role"][:6]] == ["float32", "tensorflow", "int8", "int8", "tensorflow", "float32"]
    times = samples.pivot(index="pair", columns="role", values="time_ms")
    int8 = measured.result["by_precision"]["int8"]
    for key, other in (("over_float32", "float32"), ("over_tensorflow", "tensorflow")):
        assert int8[key]["value"] == pytest.approx((times[other] / times["int8"]).median())
    assert measured.result["tensorflow_time_ms"] == pytest.approx(times["tensorflow"].median())
    assert measured.result["repetitions"] == MIN_PAIRS


class Runner:
    """Answers as a worker does, and fails in its `last` run."""

    def __init__(self, last: int = 1000) -> None:
        self.left = last

    def run(self) -> SimpleNamespace:
        self.left -= 1
        if not self.left:
            raise ModelFailure("its process ended")
        return SimpleNamespace(time_ms=2.0)


@pytest.mark.parametrize("last", [1, WARM_UPS, WARM_UPS + 2])
def test_a_precision_that_fails_while_it_is_timed_leaves_the_others_theirs(last: int) -> None:
    failed: dict[str, str] = {}
    running = {"float32": Runner(), "int16x8": Runner(last), "int8": Runner()}
    limits = Limits(max_repetitions=MIN_PAIRS)
    timed = measuring._in_turn(running, failed, limits, lambda done, total, words: None)
    assert failed == {"int16x8": "its process ended"}
    assert {sample.role for sample in timed.samples} == {"float32", "int8"}
    assert timed.ratios("int8", "float32") == [1.0] * MIN_PAIRS


@pytest.fixture
def untimed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Precisions]:
    """Measure while int8 gives nothing for the image that is timed."""
    first_run = measuring._first_run

    def slow(worker: ModelWorker, pixels: NDArray[np.float32]) -> float:
        if worker.path.name == "int8_fixed.tflite":
            raise ModelFailure("no reply within 10 s")
        return first_run(worker, pixels)

    def found() -> Precisions:
        frozen = hostile_models.freeze(hostile_models.good, tmp_path / "model.pb")
        limits, made = Limits(max_repetitions=MIN_PAIRS), exported(tmp_path)
        result = measure(frozen, made, data(tmp_path / "data"), Conditions(24, 16, 1), limits).result
        return Precisions.model_validate(result)

    monkeypatch.setattr(measuring, "_first_run", slow)
    return found


def test_a_precision_that_is_too_slow_to_be_timed_is_judged(untimed: Callable[[], Precisions]) -> None:
    found = untimed()
    int8 = found.by_precision["int8"]
    assert int8.images == 3
    assert int8.psnr_db is not None
    assert int8.loss["psnr_db"].value != 0
    assert (int8.time_ms, int8.peak_rss_mib) == (None, None)
    told = "int8: no time and memory: an image of 24x16: no reply within 10 s."
    assert told in precision_tables.lines(found, COLUMNS)
    assert told in precision_reports.section(found, pd.DataFrame(), COLUMNS, 1).problems


def test_a_precision_is_not_judged_where_that_takes_too_long(
    untimed: Callable[[], Precisions], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measuring, "MAX_QUALITY_S", 0.0)
    int8 = untimed().by_precision["int8"]
    assert int8.psnr_db is None
    assert int8.failed == (
        "no time and memory: an image of 24x16: no reply within 10 s; "
        "no quality: 3 images would take about 0 s, more than 0"
    )


def test_a_precision_that_fails_on_the_first_validation_image_says_so(
    untimed: Callable[[], Precisions], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> float:
        raise ModelFailure("its process ended")

    monkeypatch.setattr(measuring, "_first_image_s", fails)
    assert untimed().by_precision["int8"].failed.endswith("; no quality: the first validation image: its process ended")


def test_a_verdict_stands_with_each_file(measured: Measured) -> None:
    found = measured.result["by_precision"]["int8"]["verdict"]
    assert found["computes"].startswith("All 3 operators compute in whole numbers (int8)")
    assert [line.partition(":")[0] for line in found["targets"]] == [
        "LiteRT CPU (XNNPACK)",
        "LiteRT GPU delegate",
        "vendors' compilers",
    ]


def test_a_precision_without_a_file_says_why(measured: Measured) -> None:
    found = Precisions.model_validate(measured.result)
    assert precision_tables.problems(found) == ["int16x8: ADD isn't quantised."]
    assert precision_tables.lines(found, COLUMNS)[-1] == "int16x8: ADD isn't quantised."


def test_without_float32_there_is_nothing_to_hold_others_against(tmp_path: Path) -> None:
    export = Export(tmp_path, [Exported("float32", None, None, "TOPK isn't there", {})], {})
    with pytest.raises(InputError, match="a float32 file to hold others against, found TOPK isn't there: mend"):
        measure(tmp_path / "model.pb", export, data(tmp_path / "data"), Conditions(24, 16, 1))


def precisions(**changed: object) -> Precisions:
    own = {"psnr_db": 31.7, "ms_ssim": 0.97, "bytes": 280_000, "time_ms": 20.0, "peak_rss_mib": 150.0}
    lost = {"psnr_db": {"value": -0.08, "ci95": [-0.14, -0.03]}, "ms_ssim": {"value": -0.0008, "ci95": None}}
    export = {"precisions": {"int8": changed.pop("made", {})}}
    int8 = {**own, "loss": lost, "over_float32": {"value": 3.2, "ci95": [3.1, 3.3]}, **changed}
    by_precision = {"float32": {**own, "time_ms": 64.0}, "int8": int8}
    return Precisions.model_validate({"by_precision": by_precision, "export": export})


def test_the_sentence_says_cost_and_gain() -> None:
    words = "int8 has -0.08 dB (-0.14 to -0.03) beside float32, at 3.20 (3.10 to 3.30) times its speed in LiteRT here."
    assert precision_tables.sentence(precisions()) == words
    assert (
        precision_tables.sentence(precisions(over_float32={})) == "int8 has -0.08 dB (-0.14 to -0.03) beside float32."
    )
    assert precision_tables.sentence(precisions(loss={})) == "The int8 file was not measured."


def test_what_was_done_beside_quantising_stands_with_the_precision() -> None:
    found = precisions(made={"keep_float": ["conv1", "a", "b\n", "c", "d"], "rounded_weights": True}, over_float32={})
    called = "int8 with conv1, a, b\\n, 2 more in floats and weights rounded by photos"
    assert precision_tables.sentence(found) == f"{called} has -0.08 dB (-0.14 to -0.03) beside float32."
    assert [row[0].value for row in precision_tables.rows(found, COLUMNS)] == ["float32", called]
    assert precision_tables.lines(found, COLUMNS)[2].startswith(f"{called}  ")
    for made in ({"keep_float": [], "rounded_weights": False, "fixed": None}, {"keep_float": "all"}, []):
        assert precision_tables.rows(precisions(made=made), COLUMNS)[1][0].value == "int8"


def test_problems_of_a_verdict_and_what_an_export_notes_are_told() -> None:
    made = {"fixed": {"squares": "the squares go up to 9"}}
    found = precisions(verdict={"problems": ["asked for int8: it is mixed."]}, made=made)
    told = ["int8: asked for int8: it is mixed.", "int8: the squares go up to 9."]
    assert precision_tables.problems(found) == told
    assert precision_tables.lines(found, COLUMNS)[-2:] == told
    assert precision_reports.section(found, pd.DataFrame(), COLUMNS, 1).problems == told


def test_verdicts_are_told_a_precision_after_another() -> None:
    found = precisions(verdict={"computes": "all in int8", "targets": ["XNNPACK: all", "GPU: none"]})
    assert precision_tables.verdicts(found) == ["int8: all in int8\n  XNNPACK: all\n  GPU: none"]


def test_the_table_in_words_and_numbers() -> None:
    head, float32, int8 = precision_tables.lines(precisions(), COLUMNS)
    assert head.split("  ")[0] == "precision"
    assert "-0.08 (-0.14 to -0.03)" in int8
    assert "beside" not in float32
    table = precision_tables.frame(precisions(), COLUMNS).set_index("precision")
    assert table.loc["int8", ["psnr_db_lost", "psnr_db_lost_low", "over_float32"]].tolist() == [-0.08, -0.14, 3.2]


def test_plots_have_a_point_a_precision_and_the_front() -> None:
    table = precision_tables.frame(precisions(psnr_db=31.9), COLUMNS)
    axes = precision_plots.quality_over_time(table, "psnr_db").axes[0]
    _, points, front = axes.get_lines()
    assert points.get_xydata().tolist() == [[64.0, 31.7], [20.0, 31.9]]
    assert front.get_xydata().tolist() == [[20.0, 31.9]]  # int8 beats float32 in both
    nothing = precision_plots.quality_over_time(table.assign(time_ms=np.nan), "psnr_db")
    assert nothing.axes[0].texts[0].get_text() == "no precision with quality and time"


def test_losses_are_drawn_image_by_image() -> None:
    images = pd.DataFrame(
        {"precision": ["float32"] * 2 + ["int8"] * 2, "image": ["a", "b"] * 2, "psnr_db": [30.0, 32.0, 29.5, 31.9]}
    )
    dots, mean, _ = precision_plots.losses(images, "psnr_db").axes[0].get_lines()
    assert dots.get_xdata().tolist() == pytest.approx([-0.5, -0.1])
    assert mean.get_xdata().tolist() == pytest.approx([-0.3, -0.3])


def test_a_report_says_how_the_figures_were_made() -> None:
    section = precision_reports.section(precisions(), pd.DataFrame(), COLUMNS, 1)
    assert [cell.value for cell in section.rows[1]][:3] == ["int8", "0.28", "31.70"]
    assert "A phone may rank them otherwise." in section.made[-1]
    front, losses = section.plots
    assert "float32: 31.70 at 64.0 ms; int8: 31.70 at 20.0 ms" in front.alt
    assert losses.missing == "There are no figures of single images: aic run --export makes them."
