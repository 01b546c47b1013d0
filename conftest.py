"""What a whole run of pytest shares, of the tests or of the notebooks: a fork server, a cache of converted models."""

from __future__ import annotations

import os
from contextlib import ExitStack
from tempfile import TemporaryDirectory

import pytest

from aic_helpers.core import project_paths
from aic_helpers.runs import warm_start


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let children be forked, as they are below `aic run`, instead of importing TensorFlow each.

    What is converted goes to a cache of this run's own, never to the person's. By a hook and no fixture: the cells of
    notebooks know no fixtures, and kernels inherit the environment. Pytest-xdist's workers share the cache. Each has a
    fork server of its own, so a test that looks for processes left behind sees those of its worker alone.
    """
    option, stack = session.config.option, ExitStack()
    session.config.add_cleanup(stack.close)  # when all fixtures have put back what they changed
    is_worker = hasattr(session.config, "workerinput")
    if not is_worker:
        os.environ[project_paths.CACHE_VARIABLE] = stack.enter_context(TemporaryDirectory(prefix="aic-cache-"))
    only_hands_out = getattr(option, "numprocesses", None) and not is_worker
    if not only_hands_out and "not tensorflow" not in option.markexpr:
        stack.enter_context(warm_start.started())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the notebook on training take ten steps, in a folder of its own: that it runs is shown by these as well."""
    for item in items:
        if item.path.name == "08_train.ipynb" and "parameters" in item.cell.metadata.get("tags", []):
            folder = TemporaryDirectory(prefix="aic-training-")
            config.add_cleanup(folder.cleanup)
            item.cell.source += f"\nsteps = 10\nout = {folder.name + '/trained'!r}"
