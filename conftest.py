"""One fork server and one cache for a whole run of pytest, of the tests or of the notebooks."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack

import pytest

from aic_helpers.runs import model_cache, warm_start


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let children be forked, as they are below `aic run`, instead of importing TensorFlow each.

    What is converted goes to a cache of this run's own, never to the person's. By a hook and no fixture: the cells of
    notebooks know no fixtures, and kernels inherit the environment.
    """
    stack = ExitStack()
    if not hasattr(session.config, "workerinput"):  # a worker of pytest-xdist shares what its starter set
        os.environ[model_cache.VARIABLE] = stack.enter_context(tempfile.TemporaryDirectory(prefix="aic-cache-"))
    stack.enter_context(warm_start.started())
    session.config.add_cleanup(stack.close)  # when all fixtures have put back what they changed
