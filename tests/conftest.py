"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(scope="session")
def challenge() -> Path:
    """The folder of the challenge's own data and checkpoints; the tests that need it are skipped without it."""
    folder = os.environ.get("AIC_CHALLENGE_DATA")
    if not folder:
        pytest.skip("AIC_CHALLENGE_DATA is not set: no challenge data to compare with")
    return Path(folder)
