"""adb: which phones it sees, the one that is taken, and what is said where none can be."""

import re

import pytest
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.phone import adb_calls
from aic_helpers.phone.adb_calls import Adb, Listed
from aic_helpers.phone.devices import DeviceGone


@pytest.fixture
def says(monkeypatch):
    """Let `adb devices -l` print something."""
    return lambda printed: monkeypatch.setattr(adb_calls, "_call", lambda *_: adb_calls.Ran(0, printed))


def test_the_only_phone_is_taken(replay):
    replay("good")
    assert adb_calls.choose("") == Listed("REPLAY0001", "device", "Replay One")


def test_of_two_phones_one_has_to_be_named(replay):
    replay("two_phones")
    line = re.escape(
        "expected one phone, or --serial with its serial number, found 2: REPLAY0001 (Replay One), REPLAY0002 (Replay "
        "Two): name one, as in --serial REPLAY0001"
    )
    with pytest.raises(InputError, match=f"^{line}$"):
        adb_calls.choose("")
    assert adb_calls.choose("REPLAY0002").model == "Replay Two"
    with pytest.raises(InputError, match=r"^expected a phone with the serial number REPLAY3, found REPLAY0001 \(Rep"):
        adb_calls.choose("REPLAY3")


def test_a_phone_that_has_not_allowed_it(replay):
    """The lines with which adb starts its server are no phones."""
    replay("unauthorised")
    line = "expected a phone that can be used, found REPLAY0001 unauthorized: unlock it and allow USB debugging on it"
    with pytest.raises(InputError, match=f"^{line}$"):
        adb_calls.choose("")


@pytest.mark.parametrize(
    ("line", "state", "remedy"),
    [
        ("A1 offline usb:1-1 transport_id:2", "offline", "unplug it, plug it in again and unlock it"),
        ("A1 no permissions (verify udev rules); see [http://x.y/z.html] usb:1-1", "no permissions", "by a udev rule"),
        ("A1 recovery usb:1-1 product:x model:X device:x transport_id:1", "recovery", "start Android on it"),
    ],
)
def test_a_phone_in_another_state(says, line, state, remedy):
    says(f"List of devices attached\n{line}\n\n")
    (phone,) = adb_calls.listed()
    assert (phone.serial, phone.state) == ("A1", state)
    assert remedy in phone.remedy
    with pytest.raises(InputError, match="expected a phone that can be used, found A1"):
        adb_calls.choose("")


def test_one_that_can_be_used_beside_one_that_can_not(says):
    says("List of devices attached\nA1 unauthorized usb:1-1 transport_id:1\nA2 device product:p model:M_2 device:d\n")
    assert adb_calls.choose("").serial == "A2"


def test_no_phone_at_all(says):
    says("List of devices attached\n\n")
    with pytest.raises(InputError, match=r"^expected a phone with USB debugging on, found none: plug one in"):
        adb_calls.choose("")


def test_no_adb(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"^expected adb, by which phones are reached, on the PATH, found none: "):
        adb_calls.choose("")


def test_an_adb_that_fails(monkeypatch):
    monkeypatch.setattr(adb_calls, "_call", lambda *_: adb_calls.Ran(1, "adb: cannot bind\n\nadb: failed to start\n"))
    with pytest.raises(InputError, match="found adb: failed to start: call adb devices yourself"):
        adb_calls.listed()


def test_an_adb_that_does_not_answer(monkeypatch, tmp_path):
    (tmp_path / "adb").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "adb").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(adb_calls, "SHORT_S", 0.05)
    with pytest.raises(InputError, match=r"^expected an answer of adb within 0.05 s, found none \(devices -l\): "):
        adb_calls.listed()


def test_an_adb_that_is_no_program(monkeypatch, tmp_path):
    (tmp_path / "adb").write_bytes(b"\x7fELF and nothing else")
    (tmp_path / "adb").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="found Exec format error: install it again"):
        adb_calls.listed()


def test_a_call_that_fails_because_the_phone_is_gone(replay):
    phone = replay("unplugged")
    phone.leaves()
    with pytest.raises(DeviceGone):
        Adb("REPLAY0001").shell(["getprop"])


def test_a_call_that_fails_while_the_phone_is_there(replay):
    replay("good")
    assert Adb("REPLAY0001").call("pull", "/data/local/tmp/nothing", "/tmp/nothing").status == 1
    with pytest.raises(InputError, match=r"^expected a file by adb, found adb: error: failed to stat remote object"):
        Adb("REPLAY0001").done("pull", "/data/local/tmp/nothing", "/tmp/nothing", what="a file")


def test_words_for_the_phones_shell_are_quoted(replay):
    phone = replay("good")
    Adb("REPLAY0001").shell(["/data/local/tmp/benchmark_model", "--graph=a b;rm -rf /"])
    assert phone.calls[-1] == "-s REPLAY0001 shell /data/local/tmp/benchmark_model '--graph=a b;rm -rf /' 2>&1"


@pytest.mark.parametrize("name", HOSTILE)
def test_serial_numbers_and_models_are_a_strangers(name):
    words = Listed(name, name, name).words
    assert words.isprintable()
    assert str(InputError("a phone that can be used", words, "plug one in")).isprintable()
