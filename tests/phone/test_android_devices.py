"""What a phone over adb says of itself, and that nothing is left on it."""

import json

import pytest
from fixtures.browsing import HOSTILE
from fixtures.replayed_phones import text

from aic_helpers.core.errors import InputError
from aic_helpers.phone import android_devices
from aic_helpers.phone.adb_calls import Listed
from aic_helpers.phone.android_devices import AndroidDevice
from aic_helpers.phone.devices import DeviceGone, Facts

PHONE = Listed("REPLAY0001", "device", "Replay One")


def facts(printed):
    return android_devices.facts(android_devices.properties(printed), PHONE)


def test_name_chip_and_android():
    found = facts(text("common", "getprop"))
    expected = ("phone", "Transcript Replay One", "Nobody NB-0000", "14", "arm64-v8a", "RPL1.240101.001")
    assert found == Facts(*expected, id=found.id)
    assert found.words == "Transcript Replay One (Nobody NB-0000), Android 14"


def test_a_serial_number_is_not_kept_but_tells_phones_apart():
    found = facts(text("common", "getprop"))
    other = android_devices.facts({}, Listed("REPLAY0002", "device", ""))
    assert PHONE.serial not in json.dumps(vars(found))
    assert found.id != other.id


def test_a_phone_from_before_android_12_has_its_boards_chip_and_its_name_once():
    found = facts(text("old", "getprop"))
    assert (found.name, found.chip, found.android) == ("Transcript Replay Old", "replay-old-board", "8.1.0")


def test_an_emulator_is_no_phone():
    found = facts(text("emulator", "getprop"))
    assert found.kind == "emulator"
    assert found.words.endswith(", an emulator, not a phone")


def test_one_that_says_nothing_has_what_adb_told():
    found = facts("")
    assert (found.name, found.chip, found.android) == ("Replay One", None, None)
    assert found.words == "Replay One (chip unknown), Android unknown"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_phones_names_are_a_strangers(name):
    one_line = name.replace("\n", " ")
    found = facts(f"[ro.product.model]: [{one_line}]\n[ro.soc.model]: [{one_line}]\n")
    assert found.words.isprintable()


def test_files_come_and_go(replay, tmp_path):
    phone = replay("good")
    (tmp_path / "net.tflite").write_bytes(b"content")
    device = AndroidDevice(PHONE)
    there = device.place(tmp_path / "net.tflite", "model.tflite")
    assert there.startswith("/data/local/tmp/aic-")
    assert device.content("model.tflite") == b"content"
    assert device.content("other.raw") is None
    device.close()
    assert phone.files == []


def test_a_program_may_run(replay, tmp_path):
    phone = replay("good")
    (tmp_path / "program").write_bytes(b"")
    there = AndroidDevice(PHONE).place(tmp_path / "program", "benchmark_model", runs=True)
    assert phone.calls[-1] == f"-s REPLAY0001 shell chmod 755 {there}"


def test_no_room_on_the_phone(replay, tmp_path):
    replay("no_room")
    (tmp_path / "net.tflite").write_bytes(b"content")
    device = AndroidDevice(PHONE)
    line = (
        r"^expected net.tflite brought to the phone by adb, found adb: error: failed to copy .*: No space left on dev"
    )
    with pytest.raises(InputError, match=line):
        device.place(tmp_path / "net.tflite", "model.tflite")


def test_readings_of_a_phone(replay):
    replay("good")
    found = AndroidDevice(PHONE).readings()
    assert found.temperatures_c == {"battery": 28.8, "CPU": 38.4, "GPU": 35.2, "skin": 31.1}
    assert (found.thermal_status, found.cap_share) == ("none", 1.0)
    assert (found.battery_percent, found.charging, max(found.clocks_mhz)) == (84, True, 2850)


def test_readings_of_a_phone_from_before_android_10(replay):
    """Its temperatures are those of Linux; what it refuses to tell is left out."""
    replay("old")
    found = AndroidDevice(PHONE).readings()
    assert found.temperatures_c == {"battery": 28.8, "CPU": 43.9, "GPU": 40.1, "other": 37.0}
    assert (found.thermal_status, found.clocks_mhz, found.cap_share, found.held_back) == (None, [], None, None)


def test_closing_a_phone_that_is_gone_says_nothing(replay):
    phone = replay("unplugged")
    device = AndroidDevice(PHONE)
    phone.leaves()
    with pytest.raises(DeviceGone):
        device.readings()
    device.close()
