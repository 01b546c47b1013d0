"""Phones that are replayed, and small networks."""

import pytest
from fixtures import replayed_phones


@pytest.fixture
def replay(monkeypatch, tmp_path):
    """Replay a story in place of adb; returns what happens on its phone."""
    return lambda story, **how: replayed_phones.replay(monkeypatch, tmp_path / "replayed", story, **how)


@pytest.fixture
def networks(tmp_path):
    """The paths of a network in int8, one in float32, and one of any size."""
    return replayed_phones.networks(tmp_path)
