"""Remake docs/viewer.png and docs/viewer_error.png: the viewer in JupyterLab, driven in chromium as the tests do.

    .venv/bin/python scripts/make_screenshots.py

It needs chromium (`make browser`).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat

from aic_helpers.core.project_paths import PROJECT

sys.path.insert(0, str(PROJECT / "tests"))
from fixtures import labs
from playwright.sync_api import Page, sync_playwright

NETWORKS = "fast_sr"
VIEW = "image=perched-osprey&panes=input,sample_sr_srcnn,fast_sr,target&zoom=4&x=690&y=270"
ERROR = "image=roman-colosseum&panes=input,sample_sr_srcnn,fast_sr&show=absolute&times=8&zoom=2&x=640&y=360"
READY = """() => [...document.querySelectorAll('.aic-frame')].filter((frame) => frame.offsetParent)
  .every((frame) => frame.getAttribute('aria-busy') === 'false')"""


def notebook(folder: Path, name: str, view: str) -> None:
    """Write a copy of 04_compare with other parameters."""
    copy = nbformat.read(PROJECT / "notebooks" / "04_compare.ipynb", as_version=4)
    parameters = next(cell for cell in copy.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += f"\nmodels = {NETWORKS!r}\nview = {view!r}"
    nbformat.write(copy, folder / name)


def shoot(page: Page, address: str, name: str, out: Path) -> None:
    """Run a notebook, and take a picture of its viewer as it stands in the window."""
    labs.run_all_cells(page, address, name, 120_000)
    page.locator(".aic-frame").first.wait_for(timeout=120_000)
    page.wait_for_function(READY, timeout=60_000)
    page.locator(".aic-viewer").scroll_into_view_if_needed()
    page.screenshot(path=out)


def main() -> None:
    """Make both pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, view in (("04_compare.ipynb", VIEW), ("error.ipynb", ERROR)):
            notebook(folder, file, view)
        with labs.serve(folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page(viewport={"width": 1400, "height": 760})
            shoot(page, address, "04_compare.ipynb", PROJECT / "docs" / "viewer.png")
            shoot(page, address, "error.ipynb", PROJECT / "docs" / "viewer_error.png")


if __name__ == "__main__":
    main()
