"""Remake the pictures of docs/ that show the viewer, in JupyterLab and in a report, driven in chromium as the tests do.

    .venv/bin/python scripts/make_screenshots.py

It needs chromium (`make browser`), and the run of fast_sr that `make demo` makes.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

from aic_helpers.core.project_paths import PROJECT, runs_folder

sys.path.insert(0, str(PROJECT / "tests"))
from fixtures import labs
from playwright.sync_api import Browser, Page, sync_playwright

NETWORKS = "fast_sr"
VIEW = "image=perched-osprey&panes=input,sample_sr_srcnn,fast_sr,target&zoom=4&x=690&y=270"
ERROR = "image=roman-colosseum&panes=input,sample_sr_srcnn,fast_sr&show=absolute&times=8&zoom=2&x=640&y=360"
REPORTED = "image=roman-colosseum"
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
    page.locator(".aic-frame:visible").first.wait_for(timeout=120_000)
    page.wait_for_function(READY, timeout=60_000)
    page.locator(".jp-Cell:visible:has(.aic-viewer)").evaluate("(cell) => cell.scrollIntoView()")
    page.mouse.move(0, 0)
    save(page.screenshot(), out)


def shoot_report(browser: Browser, name: str, view: str, width_px: int, height_px: int, **how: Any) -> None:
    """Take a picture of the viewer in the report of fast_sr."""
    context = browser.new_context(viewport={"width": width_px, "height": height_px}, offline=True, **how)
    page = context.new_page()
    page.goto(f"{(runs_folder() / 'super_resolution' / 'fast_sr' / 'report.html').as_uri()}#view={view}")
    page.locator(".aic-viewer-data").evaluate("(data) => data.scrollIntoView()")
    page.locator(".aic-frame").first.wait_for()
    page.wait_for_function(READY)
    page.get_by_role("heading", name="Images", exact=True).evaluate("(heading) => heading.scrollIntoView()")
    save(page.screenshot(), PROJECT / "docs" / name)
    context.close()


def save(shown: bytes, out: Path) -> None:
    """Save a picture in 256 colours: a third of the bytes, which git keeps for ever."""
    Image.open(io.BytesIO(shown)).convert("RGB").quantize(256).save(out, optimize=True)


def main() -> None:
    """Make all pictures."""
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
            shoot_report(browser, "report_desktop.png", f"{REPORTED}&zoom=2&x=250&y=190", 1180, 720)
            phone = {"color_scheme": "dark", "device_scale_factor": 1.5}
            shoot_report(browser, "report_phone.png", REPORTED, 390, 1000, **phone)


if __name__ == "__main__":
    main()
