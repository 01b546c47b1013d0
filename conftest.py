"""One fork server for a whole run of pytest, of the tests or of the notebooks."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from aic_helpers.runs import warm_start


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let children be forked, as they are below `aic run`, instead of importing TensorFlow each.

    By a hook and no fixture: the cells of notebooks know no fixtures, and kernels inherit the environment.
    """
    stack = ExitStack()
    stack.enter_context(warm_start.started())
    session.config.add_cleanup(stack.close)  # when all fixtures have put back what they changed
