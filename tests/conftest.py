"""Fixtures that the tests of several packages share."""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fixtures import processes

from aic_helpers.processes import fork_server

TENSORFLOW_ALONE = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.tensorflow\b", re.MULTILINE)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A shell starts what it puts in the background with Ctrl-C ignored, and every process below inherits that; the tests
# that interrupt a command would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where tests of TensorFlow are left out, don't import a module that has no others."""
    if collection_path.suffix != ".py" or "not tensorflow" not in config.option.markexpr:
        return None
    return True if TENSORFLOW_ALONE.search(collection_path.read_text("utf-8")) else None


@pytest.hookimpl(tryfirst=True)  # before those that `-m` leaves out are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session", autouse=True)
def _shared_processes() -> None:
    """Before any test starts a process."""
    processes.note_shared()


@pytest.fixture
def no_fork_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what a test calls start its own fork server, as where nothing above has one."""
    monkeypatch.delenv(fork_server.VARIABLE, raising=False)


@pytest.fixture(scope="session")
def challenge() -> Path:
    """The folder of the challenge's own data and checkpoints; the tests that need it are skipped without it."""
    return _named("AIC_CHALLENGE_DATA", "no challenge data to compare with")


def _named(variable: str, otherwise: str) -> Path:
    folder = os.environ.get(variable)
    if not folder:
        pytest.skip(f"{variable} is not set: {otherwise}")
    return Path(folder)


@pytest.fixture(scope="session")
def set5() -> Path:
    """Set5, its originals in `HR`, MATLAB's small photos in `LR_bicubic/X2` to `X4`; without it tests are skipped."""
    return _named("AIC_SET5", "no Set5 to compare with")


@pytest.fixture(scope="session")
def ntire2026_esr() -> Path:
    """NTIRE's raw data of Efficient SR 2026, `results.json`; without it tests are skipped."""
    return _named("AIC_NTIRE2026_ESR", "no leaderboard to audit") / "results.json"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium, driven by playwright; skipped where there is none, unless AIC_REQUIRE_BROWSER is set.

    Each module has its own: while playwright runs, no other event loop can (papermill's, say).
    """
    program = shutil.which("chromium")
    if program is None:
        stop = pytest.fail if os.environ.get("AIC_REQUIRE_BROWSER") else pytest.skip
        stop("no chromium here to look at pages with: make browser installs it")
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def show(browser: Any) -> Iterator[Any]:
    """Open a file, by default 1400 px wide in light colours, with the network off; returns what is seen.

    What else is named goes to the browser: `has_touch`, `java_script_enabled`.
    """
    from fixtures.browsing import WATCH, Seen

    contexts = []

    def visit(path: Path, *, width_px: int = 1400, scheme: str = "light", **context_options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": width_px, "height": 900},
            color_scheme=scheme,
            offline=True,
            device_scale_factor=1,
            **context_options,
        )
        contexts.append(context)
        context.add_init_script(WATCH)
        seen = Seen(context.new_page())
        seen.page.goto(path.as_uri())
        return seen

    yield visit
    for context in contexts:
        context.close()
