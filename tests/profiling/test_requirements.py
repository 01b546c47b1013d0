"""Each rule fails on the model that breaks it, and on no other.

Most models are run in this process: what a child process adds is in test_workers and in the last tests here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures import hostile_models, in_process, onnx_files
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.core.errors import InputError
from aic_helpers.profiling import requirements
from aic_helpers.runtimes import model_workers
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track

pytestmark = pytest.mark.tensorflow

RULES = [
    "file size",
    "input and output",
    "any resolution",
    "batches above 1",
    "finite values",
    "values in [0, 1]",
    "same output twice",
    "parity with its source",
    "memory at 1280x720",
    "time against the baseline",
]


@pytest.fixture
def freeze(tmp_path: Path) -> Callable[..., Path]:
    def frozen(name: str, *shape: int | None) -> Path:
        build = getattr(hostile_models, name)
        return hostile_models.freeze(build, tmp_path / f"{name}.pb", shape or (None, None, None, 3))

    return frozen


def profiled(**changes: Any) -> dict[str, Any]:
    """A profile of a model that runs, as `profiler.profile` returns it."""
    return {
        **{"width_px": 1280, "height_px": 720, "failed": None, "failure": None, "peak_rss_mib": 800.0},
        **{"speedup": 1.5, "speedup_ci95": (1.4, 1.6), "time_ms": 200.0, "baseline_time_ms": 300.0, "repetitions": 12},
        **changes,
    }


def failed(kind: str, reason: str, mechanism: str | None = None, mib: float | None = None) -> dict[str, Any]:
    failure = {"kind": kind, "mechanism": mechanism, "mib": mib}
    return profiled(failed=reason, failure=failure, speedup=None, time_ms=None, peak_rss_mib=None)


def check_here(monkeypatch: pytest.MonkeyPatch, model: Path, **parts: Any) -> dict[str, dict[str, Any]]:
    monkeypatch.setattr(model_workers, "Worker", in_process.Worker)
    rules = requirements.check(model, **{"profile": profiled(), **parts})
    assert [rule["name"] for rule in rules] == RULES
    for rule in rules:
        assert rule["limit"]
        assert rule["evidence"]
        assert rule["found"]
        assert rule["passed"] is not False or rule["remedy"]
        assert rule["passed"] is not True or rule["remedy"] is None
    json.dumps(rules, allow_nan=False)
    return {rule["name"]: rule for rule in rules}


def limited(**rules: Any) -> Track:
    """The track with other limits."""
    return SUPER_RESOLUTION.model_copy(update={"rules": SUPER_RESOLUTION.rules.model_copy(update=rules)})


def broken(rules: dict[str, dict[str, Any]]) -> list[str]:
    return [name for name, rule in rules.items() if rule["passed"] is False]


def test_a_good_model_breaks_none(monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    parity = {"parity": {"max_abs": 2e-7, "by_size": {"640x360": 2e-7}}}
    rules = check_here(monkeypatch, freeze("good"), conversion=parity)
    assert {rule["passed"] for rule in rules.values()} == {True}
    sizes = "128x96, 101x103, 97x389, 640x50, 33x35, 32x32, 1280x720"
    assert rules["any resolution"]["evidence"] == f"right at {sizes}"
    assert rules["time against the baseline"]["found"].startswith("1.50 times as fast")


CASES = {
    "smaller": ("any resolution", "at 128x96 the output is 126x94", "SAME padding"),
    "four_times_larger": (
        "any resolution",
        "at 128x96 the output is 512x384",
        "it enlarges by 4: take a track",
    ),
    "larger_where_odd": ("any resolution", "at 101x103 the output is 102x104", "crop the output"),
    "not_a_number": ("finite values", "for a photo, for black and for white", "division by zero"),
    "random": ("same output twice", "one photo twice", "random"),
    "heavy": ("file size", "the converted model has 101", "fewer channels"),
    "grey": ("input and output", "a run at", "3 channels"),
}


@pytest.mark.parametrize("name", CASES)
def test_each_breaks_its_own_rule(name: str, monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    rule, evidence, remedy = CASES[name]
    rules = check_here(monkeypatch, freeze(name))
    assert broken(rules) == [rule]
    assert evidence in rules[rule]["evidence"]
    assert remedy in rules[rule]["remedy"]


def test_a_fixed_size_breaks_the_rule_on_resolution_only(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    rules = check_here(monkeypatch, freeze("good", None, 64, 80, 3))
    assert broken(rules) == ["any resolution"]
    assert rules["any resolution"]["evidence"].startswith("the graph's placeholder has the shape (any, 64, 80, 3)")
    assert "export it with free height and width" in rules["any resolution"]["remedy"]


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_an_onnx_that_is_good_breaks_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, layout: str) -> None:
    path = onnx_files.written(tmp_path / "model.onnx", onnx_files.network(layout=layout))
    rules = check_here(monkeypatch, path)
    assert broken(rules) == []
    ends = rules["input and output"]
    assert ends["found"] == "input float32 (1, any, any, 3), output float32 of rank 4 with 3 channels"
    assert ends["limit"] == "input and output, float32, (batch, height, width, 3) or (batch, 3, height, width)"
    assert ends["evidence"] == "the file's input, and a run at 128x96"
    assert rules["batches above 1"]["evidence"] == "the file's input"


def test_an_onnx_of_one_size_breaks_the_rule_on_resolution(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = onnx_files.written(tmp_path / "model.onnx", onnx_files.network(size=(64, 80)))
    rules = check_here(monkeypatch, path)
    assert broken(rules) == ["any resolution"]
    assert rules["any resolution"]["evidence"].startswith("the file's input has the shape (1, 64, 80, 3)")


def test_half_floats_may_differ_by_what_their_rounding_leaves(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    parity = {"max_abs": 7e-4, "by_size": {"191x127": 7e-4}}
    assert broken(check_here(monkeypatch, freeze("good"), conversion={"parity": parity})) == ["parity with its source"]
    rules = check_here(monkeypatch, freeze("good"), conversion={"parity": parity | {"limit": 2**-9}})
    assert broken(rules) == []
    assert rules["parity with its source"]["limit"] == "a difference of at most 0.002"


@pytest.mark.parametrize("name", ["fails_with_a_batch", "mixes_the_batch"])
def test_batches_are_an_advice(name: str, monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    rules = check_here(monkeypatch, freeze(name))
    assert broken(rules) == []
    assert rules["batches above 1"]["passed"] is None
    assert "a batch of 2" in rules["batches above 1"]["found"]


def test_a_fixed_batch_of_1_is_an_advice(monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    rules = check_here(monkeypatch, freeze("good", 1, None, None, 3))
    assert broken(rules) == []
    assert (rules["batches above 1"]["passed"], rules["batches above 1"]["found"]) == (None, "a fixed batch of 1")


def test_another_fixed_batch_breaks_the_rule_on_the_input_only(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    refused = failed("raised", "at 1280x720: ValueError: input:0 is declared as (4, any, any, 3)")
    rules = check_here(monkeypatch, freeze("good", 4, None, None, 3), profile=refused)
    assert broken(rules) == ["input and output"]
    assert rules["input and output"]["found"] == "input:0 float32 (4, any, any, 3), a fixed batch of 4"
    assert rules["input and output"]["remedy"].startswith("make the graph's placeholder's batch free or 1")
    assert (rules["any resolution"]["passed"], rules["any resolution"]["found"]) == (None, "not judged")


def test_strings_break_the_rule_on_the_output_only(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    profile = failed("dtype", "the output is of strings, expected float32")
    rules = check_here(monkeypatch, freeze("strings"), profile=profile)
    assert broken(rules) == ["input and output"]
    assert "output:0 string of rank 4 with 3 channels" in rules["input and output"]["found"]
    for name in ("batches above 1", "finite values", "same output twice"):
        assert rules[name]["found"] == "not judged"
        assert "the output is of strings" in rules[name]["evidence"]


def test_a_size_that_no_image_is_made_for_is_not_tried(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    """The image would be made in this process: a stranger's graph mustn't make it take 117 GB."""
    rules = check_here(monkeypatch, freeze("good", None, 100_000, 100_000, 3))
    assert broken(rules) == ["any resolution"]
    reason = "at 100000x100000: one image of that size takes 114441 MiB, above the 256 MiB that are tried"
    assert reason in rules["any resolution"]["evidence"]
    assert reason in rules["finite values"]["evidence"]


def test_another_shape_each_time_is_not_the_same_output(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    random = hostile_models.tf.random
    model = hostile_models.freeze(
        lambda images: images[:, : random.uniform([], 5, 90, hostile_models.tf.int32, seed=1)], tmp_path / "model.pb"
    )
    rules = check_here(monkeypatch, model)
    assert rules["same output twice"]["passed"] is False
    assert rules["same output twice"]["found"] == "a difference of inf"
    assert rules["batches above 1"]["found"] == "fails with a batch of 2"


@pytest.mark.parametrize("dtype", ["float64", "uint8", "bool", "complex64", "bfloat16"])
def test_other_numbers_break_the_rule_on_the_output_only(
    dtype: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cast = hostile_models.tf.cast
    scale = 255 if dtype == "uint8" else 1
    model = hostile_models.freeze(
        lambda images: cast(hostile_models.good(images) * scale, dtype), tmp_path / "model.pb"
    )
    rules = check_here(monkeypatch, model)
    assert broken(rules) == ["input and output", *(["values in [0, 1]"] if dtype == "uint8" else [])]
    assert f"output:0 {dtype} of rank 4" in rules["input and output"]["found"]
    assert rules["finite values"]["found"] == "all finite"
    share = "100.00% of the values outside, by 1" if dtype == "uint8" else "0.00% of the values outside, by 0.000"
    assert rules["values in [0, 1]"]["found"].startswith(share)
    assert rules["same output twice"]["found"] == "a difference of 0.0e+00"


def test_range_is_an_advice_unless_it_is_another(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path], tmp_path: Path
) -> None:
    rules = check_here(monkeypatch, freeze("out_of_range"))
    assert broken(rules) == []
    assert "by 0.2" in rules["values in [0, 1]"]["found"]
    metrics = {"outside_share": 0.125, "outside_max": 0.031, "images": 5}
    rule = check_here(monkeypatch, freeze("good"), metrics=metrics)["values in [0, 1]"]
    assert (rule["passed"], rule["evidence"]) == (None, "5 validation images")
    assert rule["found"] == "12.50% of the values outside, by 0.031 at most"
    another = hostile_models.freeze(lambda images: hostile_models.good(images) * 255, tmp_path / "model.pb")
    rule = check_here(monkeypatch, another)["values in [0, 1]"]
    assert rule["passed"] is False
    assert rule["remedy"].startswith("it seems to work in another range: give --range 255 where that is 0..255")
    metrics["doubts"] = [{"kind": "range", "text": "it looks as if it gives 0..255"}]
    rule = check_here(monkeypatch, freeze("good"), metrics=metrics)["values in [0, 1]"]
    assert (rule["passed"], rule["remedy"]) == (False, "it looks as if it gives 0..255")


PROFILES = {
    "memory": (
        failed("memory", "at 1280x720: stopped by the watchdog at 3600 MiB", "watchdog", 3600.0),
        "memory at 1280x720",
        "stopped by watchdog",
    ),
    "above": (profiled(peak_rss_mib=3585.0), "memory at 1280x720", "3585 MiB"),
    "timeout": (failed("timeout", "at 1280x720: no reply within 120 s"), "time against the baseline", "did not return"),
    "raised": (failed("raised", "at 1280x720: InvalidArgumentError: no"), "any resolution", "not at 1280x720"),
    "signal": (failed("signal", "at 1280x720: it died of SIGABRT"), "any resolution", "not at 1280x720"),
    "not finite": (failed("not finite", "1 % NaN"), "finite values", "at 1280x720: 1 % NaN"),
}


@pytest.mark.parametrize("name", PROFILES)
def test_what_the_profile_saw_breaks_its_own_rule(
    name: str, monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    profile, rule, found = PROFILES[name]
    rules = check_here(monkeypatch, freeze("good"), profile=profile)
    assert broken(rules) == [rule]
    assert rules[rule]["found"] == found


def test_a_slow_model_gets_an_advice(monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    rules = check_here(monkeypatch, freeze("good"), profile=profiled(speedup=0.5, speedup_ci95=(0.49, 0.51)))
    assert broken(rules) == []
    assert rules["time against the baseline"]["passed"] is None


def test_parity_fails_above_its_limit(monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    parity = {"parity": {"max_abs": 0.01, "by_size": {"640x360": 0.01}}}
    rules = check_here(monkeypatch, freeze("good"), conversion=parity)
    assert broken(rules) == ["parity with its source"]
    frozen = check_here(monkeypatch, freeze("good"), conversion={"parity": {"max_abs": None, "by_size": None}})
    assert frozen["parity with its source"]["passed"] is None


def test_without_a_profile_the_model_runs_at_hd_for_its_memory(
    monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]
) -> None:
    rules = check_here(monkeypatch, freeze("good"), track=limited(max_ram_mib=10), profile=None)
    assert broken(rules) == ["memory at 1280x720"]
    assert rules["memory at 1280x720"]["limit"] == "10 MiB"
    assert rules["time against the baseline"]["found"] == "not judged"


def test_not_a_frozen_model_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a frozen model at"):
        requirements.check(tmp_path / "none.pb")


def test_the_challenges_srcnn_keeps_the_rules(challenge: Path) -> None:
    """In a child process, at 1280x720 too."""
    rules = requirements.check(challenge / "models_pretrained" / "div2k_srcnn.pb")
    verdicts = {rule["name"]: rule["passed"] for rule in rules}
    advice = ["batches above 1", "values in [0, 1]", "parity with its source", "time against the baseline"]
    assert verdicts == {name: None if name in advice else True for name in RULES}


def test_a_model_that_aborts_is_reported_and_the_checks_go_on(freeze: Callable[..., Path]) -> None:
    rules = {rule["name"]: rule for rule in requirements.check(freeze("aborts"), profile=profiled())}
    assert broken(rules) == ["any resolution"]
    assert "at 128x96: it died of SIGABRT" in rules["any resolution"]["evidence"]
    assert "the model gave up" in rules["any resolution"]["evidence"]
    assert rules["finite values"]["found"] == "not judged"
    assert "it died of SIGABRT" in rules["finite values"]["evidence"]


def test_a_track_of_other_limits_has_other_rules(monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    monkeypatch.setattr(model_workers, "Worker", in_process.Worker)
    track = limited(max_file_mb=None, max_ram_mib=None, max_parameters=100, max_macs=1e9, min_psnr_db=26.895)
    metrics = {"psnr_db": 26.8964, "images": 5, "protocol": "pirm2018"}
    rules = {
        rule["name"]: rule
        for rule in requirements.check(
            freeze("good"), track, conversion={"parameters": 101, "macs": 2e9}, profile=profiled(), metrics=metrics
        )
    }
    assert broken(rules) == ["parameters", "operations at 1280x720"]
    assert not {"file size", "memory at 1280x720"} & rules.keys()
    assert (rules["parameters"]["limit"], rules["parameters"]["found"]) == ("at most 100", "101")
    operations = rules["operations at 1280x720"]
    assert (operations["found"], operations["evidence"]) == ("2.00 G", "2 000 000 000 counted in the graph")
    assert (rules["PSNR"]["passed"], rules["PSNR"]["found"]) == (True, "26.90 dB")
    assert rules["PSNR"]["limit"].startswith("at least 26.895 dB, rounded to 2 decimals")
    assert "before rounding 26.8964" in rules["PSNR"]["evidence"]


def test_the_output_of_a_network_that_enlarges(monkeypatch: pytest.MonkeyPatch, freeze: Callable[..., Path]) -> None:
    monkeypatch.setattr(model_workers, "Worker", in_process.Worker)
    rules = {rule["name"]: rule for rule in requirements.check(freeze("four_times_larger"), TRACKS["classic_x4"])}
    assert rules["any resolution"]["limit"] == "the output has 4 times the input's size at any resolution"
    assert rules["any resolution"]["passed"]
    rules = {rule["name"]: rule for rule in requirements.check(freeze("good"), TRACKS["classic_x4"])}
    assert not rules["any resolution"]["passed"]
    assert "where this track asks for 4: take a track of scale 1" in rules["any resolution"]["remedy"]
