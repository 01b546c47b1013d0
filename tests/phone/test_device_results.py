"""What was measured on a device: figures that follow, throttling, the file, and going on where it ended."""

import json
from dataclasses import replace

import pytest
from fixtures.replayed_phones import DEVICE, NETWORK, PLAN, points, result_of, times

from aic_helpers.core.errors import InputError
from aic_helpers.phone import device_results
from aic_helpers.phone.delegates import Delegated
from aic_helpers.phone.device_results import OutputCheck, Sample, UsedProgram
from aic_helpers.phone.readings import Readings


def test_the_ratio_is_that_of_rounds_and_not_of_means():
    figures = result_of([10, 20, 10], [20, 40, 30]).figures()
    assert (figures["time_ms"], figures["baseline_time_ms"], figures["speedup"]) == (10, 30, 2)
    assert figures["speedup_ci95"] == (pytest.approx(2 / 1.5), pytest.approx(3 * 1.5))


def test_the_median_of_a_round_counts_where_it_is_told():
    result = replace(result_of(), samples=[Sample(0, "model", 0.0, times(12.0, 10.0))])
    assert result.figures()["time_ms"] == 10


def test_without_a_baseline_there_is_no_ratio():
    figures = result_of([10, 11]).figures()
    assert (figures["time_ms"], figures["speedup"], figures["speedup_ci95"]) == (10.5, None, None)


def test_half_a_round_is_none():
    assert result_of([10], [20, 20]).whole_rounds == 1


def test_a_slowdown_is_of_the_last_quarter_to_the_first():
    assert device_results.slowdown(points(10, 10, 10, 11, 12, 14, 15, 15)) == 1.5
    assert device_results.slowdown(points(10)) is None


def test_what_shows_that_a_device_was_held_back():
    cool = Readings(thermal_status="none", caps_mhz=[2000.0], limits_mhz=[2000.0])
    warm = Readings(thermal_status="moderate", caps_mhz=[1300.0], limits_mhz=[2000.0])
    found = device_results.throttling(result_of([10], before=cool, after=cool, sustained=points(10, 12, readings=warm)))
    assert found == (
        True,
        [
            "Android's thermal status rose from none to moderate",
            "the cores were held to 65% of their highest clock, 100% before",
            "a run took 1.20 times as long at the end as at the beginning",
        ],
    )


def test_a_phone_that_was_warm_before():
    warm = Readings(thermal_status="severe")
    found = device_results.throttling(result_of([10], before=warm, after=warm))
    assert found == (True, ["Android's thermal status was severe from the beginning"])


def test_a_device_that_got_slower_and_does_not_say_why():
    """Something else may have run there, as on a machine that others use too."""
    slower = ["a run took 1.40 times as long at the end as at the beginning"]
    assert device_results.throttling(result_of([10], sustained=points(10, 14))) == (None, slower)
    cool = Readings(thermal_status="none")
    assert device_results.throttling(result_of([10], before=cool, sustained=points(10, 14))) == (None, slower)


def test_a_phone_that_stays_cool_and_a_machine_that_says_nothing():
    cool = Readings(thermal_status="none")
    assert device_results.throttling(result_of([10], before=cool, after=cool)) == (False, [])
    assert device_results.throttling(result_of([10], before=Readings(), after=Readings())) == (None, [])


def whole():
    check = OutputCheck("photo.jpg", "litert", 0.004, 52.0, 0.9)
    ran = {"model": Delegated("cpu", "part", 1, 30, 33, ["PAD: not supported"], [])}
    more = {"delegated": ran, "before": Readings({"CPU": 40.0}), "output": check, "notes": ["A note."]}
    return result_of([10, 11, 12], [20, 21, 22], sustained=points(10, 11), **more)


def test_a_result_is_read_as_it_was_written(tmp_path):
    written = whole()
    device_results.write(tmp_path / "net.json", written)
    assert device_results.read(tmp_path / "net.json") == written
    content = json.loads((tmp_path / "net.json").read_text())
    assert content["schema"] == 1
    assert content["figures"]["speedup"] == pytest.approx(21 / 11)
    assert content["figures"]["slowdown"] == 1.1


@pytest.mark.parametrize("content", ["", "[]", '{"schema": 1}', '{"psnr_db": 30}'])
def test_a_file_that_is_something_else_is_refused_and_stays(tmp_path, content):
    file = tmp_path / "mine.json"
    file.write_text(content)
    with pytest.raises(InputError, match=r"^expected a result of aic phone run in .*: name another file with --out$"):
        device_results.goes_on(file, whole())
    assert file.read_text() == content


def test_a_result_of_a_later_version(tmp_path):
    device_results.write(tmp_path / "net.json", replace(whole(), schema=2))
    with pytest.raises(InputError, match="found one of schema 2, where this version has 1"):
        device_results.read(tmp_path / "net.json")


def test_only_what_ended_in_the_middle_goes_on(tmp_path):
    file = tmp_path / "net.json"
    assert device_results.goes_on(file, whole()) is None
    device_results.write(file, whole())
    assert device_results.goes_on(file, whole()) is None
    device_results.write(file, replace(whole(), stopped="the device went away after 2 of 3 rounds"))
    assert device_results.goes_on(file, whole()).whole_rounds == 3


@pytest.mark.parametrize(
    "other",
    [
        {"plan": replace(PLAN, threads=1)},
        {"device": replace(DEVICE, id="another")},
        {"model": replace(NETWORK, sha256="bb")},
        {"baseline": None},
        {"program": UsedProgram("litert-benchmark", "2", None)},
    ],
)
def test_of_another_device_network_or_plan_nothing_goes_on(tmp_path, other):
    device_results.write(tmp_path / "net.json", replace(whole(), stopped="stopped by hand"))
    assert device_results.goes_on(tmp_path / "net.json", replace(whole(), **other)) is None


def test_where_a_result_goes(tmp_path):
    """Into the run folder that the network lies in, as `aic export` puts it there; else beside the network."""
    (tmp_path / "litert").mkdir()
    network = tmp_path / "litert" / "net_int8.tflite"
    name = "host_01234567_net_int8_aa_cpu.json"
    assert device_results.place(network, whole()) == tmp_path / "litert" / "phones" / name
    (tmp_path / "result.json").touch()
    assert device_results.place(network, whole()) == tmp_path / "phones" / name


def test_results_of_two_precisions_and_of_two_phones_do_not_share_a_place(tmp_path):
    """Precisions stand at the end of a long name, and two phones of one model have one name."""
    result, precisions = whole(), {"float32": "aaaaaaaa", "int8": "bbbbbbbb"}
    phones = [replace(DEVICE, name="A phone's long name " * 9, id=f"{number:012x}" * 2) for number in (2**40, 2**41)]
    places = {
        device_results.place(
            tmp_path / f"sample_enhancement_resnet_6_16_{precision}.tflite",
            replace(result, device=phone, model=replace(NETWORK, sha256=digest * 8)),
        )
        for precision, digest in precisions.items()
        for phone in phones
    }
    assert len(places) == 4


def test_a_phones_name_is_no_path(tmp_path):
    strange = replace(whole(), device=replace(DEVICE, name="../../etc/passwd " + "x" * 200))
    assert device_results.place(tmp_path / "net.tflite", strange).parent == tmp_path / "phones"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"threads": 0}, "expected at least 1 as --threads, found 0: give more"),
        ({"rounds": 0}, "expected at least 1 as --rounds, found 0: give more"),
        ({"runs": -1}, "expected at least 1 as --runs, found -1: give more"),
        ({"minutes": -1.0}, "expected --minutes from 0 to 600, found -1: change it"),
        ({"minutes": float("nan")}, "expected --minutes from 0 to 600, found nan: change it"),
    ],
)
def test_plans_that_can_not_be(change, line):
    with pytest.raises(InputError) as raised:
        replace(PLAN, **change)
    assert str(raised.value) == line
