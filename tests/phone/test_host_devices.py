"""This machine as a device."""

import sys
from pathlib import Path

import pytest

from aic_helpers.core import machine
from aic_helpers.core.errors import InputError
from aic_helpers.phone import host_devices
from aic_helpers.phone.host_devices import HostDevice
from aic_helpers.processes.workers import ChildError


@pytest.fixture
def device():
    made = HostDevice()
    yield made
    made.close()


def test_it_is_no_phone(device):
    assert (device.facts.kind, device.facts.name, device.facts.android) == ("host", "host", None)
    assert device.facts.words == f"this machine ({machine.cpu_name()}), not a phone"


def test_a_program_runs_in_a_process_of_its_own_and_what_it_says_comes_back(device):
    ran = device.run([sys.executable, "-c", "import sys; print('said'); sys.exit('and complained')"], timeout_s=60)
    assert (ran.status, ran.text) == (1, "said\nand complained\n")


def test_a_program_that_takes_too_long_or_too_much(device, monkeypatch):
    def ended(*_, **limits):
        assert limits["max_rss_mib"] == pytest.approx(machine.spare_memory_mib(), rel=0.5)
        raise ChildError("no reply within 5 s; it was ended", "timeout")

    monkeypatch.setattr(host_devices.workers, "call", ended)
    line = r"^expected a measurement that ends on this machine, found no reply within 5 s; it was ended: try a smaller "
    with pytest.raises(InputError, match=line):
        device.run(["program"], timeout_s=5)


def test_files_that_programs_write_are_gone_at_the_end(device, tmp_path):
    (tmp_path / "net.tflite").write_bytes(b"content")
    assert device.place(tmp_path / "net.tflite", "model.tflite") == str(tmp_path / "net.tflite")
    assert device.content("output.raw") is None
    Path(device.path("output.raw")).write_bytes(b"written")
    assert device.content("output.raw") == b"written"
    device.close()
    assert device.content("output.raw") is None
    assert (tmp_path / "net.tflite").is_file()


@pytest.mark.parametrize(("load", "notes"), [(0.1, []), (3.7, ["This machine was busy before: 3.7 processes ran"])])
def test_a_busy_machine_is_called_so(monkeypatch, load, notes):
    monkeypatch.setattr(machine, "load_average", lambda: load)
    monkeypatch.setattr(machine, "usable_cores", lambda: 2)
    device = HostDevice()
    device.close()
    assert [note[:47] for note in device.notes] == notes


def test_sensors_of_the_processor(device, monkeypatch):
    class Sensor:
        def __init__(self, current):
            self.current = current

    sensors = {"coretemp": [Sensor(51.0), Sensor(58.5)], "nvme": [Sensor(70.0)]}
    monkeypatch.setattr(host_devices.psutil, "sensors_temperatures", lambda: sensors, raising=False)
    assert device.readings().temperatures_c == {"CPU": 58.5}
    monkeypatch.setattr(host_devices.psutil, "sensors_temperatures", dict)
    assert device.readings().temperatures_c == {}
