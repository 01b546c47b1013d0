"""What is said of a measurement, in lines of text."""

from dataclasses import replace

import pytest
from fixtures.browsing import HOSTILE
from fixtures.replayed_phones import DEVICE, points, result_of, times

from aic_helpers.phone import device_tables
from aic_helpers.phone.delegates import Delegated
from aic_helpers.phone.device_results import Sample
from aic_helpers.phone.readings import Readings

WHOLE = {role: Delegated("cpu", "whole") for role in ("model", "baseline")}


def said(result):
    """Return the words by their labels; of a label that stands there twice, the first."""
    return dict(reversed(device_tables.rows(result)))


def test_a_network_beside_its_baseline():
    result = result_of([10, 11, 12], [20, 22, 24], delegated=WHOLE)
    rows = device_tables.rows(result)
    assert rows[:6] == [
        ("device", "this machine (A processor), not a phone"),
        ("measured by", "litert-benchmark of 1, 3 rounds of 5 runs, 2 threads of the CPU"),
        ("model", "net.tflite, 24x16, uint8 in, uint8 out"),
        ("ran on", "CPU (XNNPACK), the whole network"),
        ("time", "11.00 ms (8.33 to 14.40), median of 3 rounds' means"),
        ("baseline", "base.tflite, 24x16, uint8 in, uint8 out"),
    ]
    assert said(result)["speedup"] == "2.000 (2.000 to 2.000), both on this device, in turn"


def test_a_network_alone_has_no_ratio():
    assert "speedup" not in said(result_of([10], delegated=WHOLE))


def test_medians_are_called_so():
    samples = [Sample(0, "model", 0.0, times(12.0, 10.0))]
    result = replace(result_of(), samples=samples)
    assert said(result)["time"] == "10.00 ms, the median of one round"


def test_what_a_delegate_left_is_named():
    ran = {"model": Delegated("gpu", "part", 2, 30, 33, ["PAD: not supported"])}
    words = "GPU, part of the network (30 of 33 operators in 2 pieces); the rest on the CPU; it doesn't take PAD: "
    assert said(result_of([10], delegated=ran))["ran on"] == f"{words}not supported"


def test_a_phone_that_got_warm():
    cool = Readings({"CPU": 38.4}, "none", [2850.0], [2850.0], [2850.0])
    warm = Readings({"CPU": 71.5, "skin": 43.0}, "moderate", [1826.0], [1826.0], [2850.0])
    found = said(result_of([10], before=cool, after=warm, sustained=points(10, 14), delegated=WHOLE))
    assert found["temperature"] == "CPU 38.4 °C to 71.5 °C, skin ? to 43.0 °C"
    clocks = "allowed 100% and then 64% of the highest, fastest core 2850 and then 1826 MHz, read between runs"
    assert found["clocks"] == clocks
    assert found["sustained"].startswith("10.00 ms at first, 14.00 ms after 20 s without a pause (1.40 times, ")
    assert found["throttled"].startswith("yes: Android's thermal status rose from none to moderate; the cores were ")


def test_a_phone_that_stayed_cool():
    cool = Readings({}, "none")
    assert said(result_of([10], before=cool, after=cool))["throttled"] == "no"


def test_what_nobody_tells_is_said_to_be_so():
    found = said(result_of([10], before=Readings(), after=Readings()))
    assert (found["temperature"], found["clocks"], found["ran on"]) == ("not told",) * 3
    assert found["throttled"] == "not told: the device says nothing of it"


def test_a_device_that_got_slower_and_does_not_say_why():
    found = said(result_of([10], sustained=points(10, 14)))["throttled"]
    slower = "not told: a run took 1.40 times as long at the end as at the beginning, and the device doesn't say why"
    assert found == slower


def test_notes_and_why_it_ended_come_last():
    rows = device_tables.rows(result_of([10], notes=["One.", "Two."], stopped="stopped by hand after 1 of 3 rounds"))
    assert rows[-3:] == [("note", "One."), ("note", "Two."), ("stopped", "stopped by hand after 1 of 3 rounds")]


@pytest.mark.parametrize("name", HOSTILE)
def test_an_emulator_is_named_so_whatever_it_is_called(name):
    shown = "".join(letter for letter in name if letter.isprintable())
    device = replace(DEVICE, kind="emulator", name=shown, chip=None, android="14")
    assert said(replace(result_of([10]), device=device))["device"].endswith("Android 14, an emulator, not a phone")
