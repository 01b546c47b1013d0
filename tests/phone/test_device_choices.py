"""The device that is measured: what is said of one that goes away while it is taken."""

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.phone import device_choices


def test_a_phone_that_goes_away_before_it_says_what_it_is(replay):
    phone = replay("unplugged")
    phone.leaves()
    line = r"^expected REPLAY0001 \(Replay One\) to stay until the end, found it went away before anything was measured"
    with pytest.raises(InputError, match=line), device_choices.opened("phone"):
        pass
