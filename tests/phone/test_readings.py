"""Temperatures, clocks and batteries, from texts as Android and Linux print them."""

import pytest
from fixtures.replayed_phones import text

from aic_helpers.phone import readings
from aic_helpers.phone.readings import Readings


def test_the_warmest_sensor_of_each_kind_as_the_hardware_tells_it_now():
    """Not what was kept from before, no sensor that isn't there, and nothing that is no temperature."""
    temperatures_c, status = readings.thermal_service(text("common", "thermalservice"))
    assert temperatures_c == {"CPU": 38.4, "GPU": 35.2, "battery": 28.8, "skin": 31.1}
    assert status == "none"


def test_a_phone_that_is_held_back_says_how_much():
    temperatures_c, status = readings.thermal_service(text("throttling", "thermalservice.3"))
    assert (temperatures_c["CPU"], status) == (71.5, "moderate")
    assert Readings(thermal_status=status).held_back is True
    assert Readings(thermal_status="none").held_back is False
    assert Readings().held_back is None


def test_kept_temperatures_serve_where_the_hardware_tells_none():
    kept = "Cached temperatures:\n\tTemperature{mValue=29.1, mType=0, mName=CPU, mStatus=0}\n"
    assert readings.thermal_service(kept) == ({"CPU": 29.1}, None)


@pytest.mark.parametrize("printed", ["", "Can't find service: thermalservice", "Thermal Status: 99"])
def test_what_says_nothing_is_read_as_nothing(printed):
    assert readings.thermal_service(printed) == ({}, None)


def test_thermal_zones_of_a_phone_before_android_10():
    """In thousandths of a degree; what reads as -273 or 0.3 degrees isn't there, or counts otherwise."""
    found = readings.thermal_zones(text("old", "thermal_zone"))
    assert found == {"CPU": 43.9, "GPU": 40.1, "other": 37.0}


def test_a_battery_in_tenths_of_a_degree():
    lines = readings.battery(text("common", "battery"))
    assert readings.battery_c(lines) == {"battery": 28.8}
    assert readings.battery_percent(lines) == 84
    assert readings.charging(lines) is True


def test_a_battery_on_no_cable():
    assert readings.charging(readings.battery("AC powered: false\nUSB powered: false\n")) is False
    assert readings.charging({}) is None
    assert readings.battery_percent({"level": "ten"}) is None
    assert readings.battery_c({"temperature": "unknown"}) == {}


def test_clocks_and_how_far_they_may_go():
    caps = readings.clocks_mhz(text("throttling", "scaling_max_freq.3"))
    limits = readings.clocks_mhz(text("common", "cpuinfo_max_freq"))
    assert limits == [1803, 1803, 2348, 2850]
    assert Readings(caps_mhz=caps, limits_mhz=limits).cap_share == pytest.approx(5973 / 8804)


def test_clocks_that_may_not_be_read_have_no_share():
    assert readings.clocks_mhz("cat: scaling_max_freq: Permission denied") == []
    assert Readings(caps_mhz=[], limits_mhz=[1800.0]).cap_share is None
    assert Readings().cap_share is None
