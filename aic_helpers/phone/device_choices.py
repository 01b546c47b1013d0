"""Which devices there are, and the one that is to be measured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

from aic_helpers.core.errors import InputError
from aic_helpers.phone import adb_calls
from aic_helpers.phone.android_devices import AndroidDevice
from aic_helpers.phone.devices import Device, DeviceGone
from aic_helpers.phone.host_devices import HostDevice

DeviceName = Literal["phone", "host"]


@contextmanager
def opened(device: DeviceName, serial: str = "") -> Iterator[Device]:
    """Give a device; whatever happens, what was brought there is removed at the end.

    Parameters
    ----------
    device : {"phone", "host"}
    serial : str
        Of a phone; not needed where there is one alone.

    Raises
    ------
    InputError
        No adb, no such phone, several, or one that can't be used.
    """
    if device == "host" and serial:
        raise InputError("no --serial with --device host", serial, "leave one of them out")
    phone = None if device == "host" else adb_calls.choose(serial)
    name = phone.words if phone else "this machine"
    with ExitStack() as stack:
        try:
            found: Device = AndroidDevice(phone) if phone else HostDevice()
            stack.callback(found.close)
            name = found.facts.name
            yield found
        except DeviceGone:
            gone = "it went away before anything was measured"
            raise InputError(f"{name} to stay until the end", gone, "plug it in, and call again") from None
