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
from playwright.sync_api import Browser, sync_playwright

NETWORKS = "fast_sr"
VIEW = "image=roman-colosseum&panes=input,sample_sr_srcnn,fast_sr,target&zoom=2&x=560&y=500"
ERROR = "image=roman-colosseum&panes=input,sample_sr_srcnn,fast_sr,target&show=absolute&times=4"
REPORTED = "image=roman-colosseum"
READY = """() => [...document.querySelectorAll('.aic-frame')].filter((frame) => frame.offsetParent)
  .every((frame) => frame.getAttribute('aria-busy') === 'false')"""


def notebook(folder: Path, name: str, view: str) -> None:
    """Write a copy of 04_compare with other parameters."""
    copy = nbformat.read(PROJECT / "notebooks" / "04_compare.ipynb", as_version=4)
    parameters = next(cell for cell in copy.cells if "parameters" in cell.metadata.get("tags", []))
    parameters.source += f"\nmodels = {NETWORKS!r}\nview = {view!r}"
    nbformat.write(copy, folder / name)


def shoot(browser: Browser, view: str, out: str) -> None:
    """Run 04_compare in a JupyterLab of its own, and take a picture of its viewer as it stands in the window."""
    with tempfile.TemporaryDirectory() as name:
        notebook(Path(name), "04_compare.ipynb", view)
        with labs.serve(Path(name)) as address:
            page = browser.new_page(viewport={"width": 1400, "height": 1500})  # high: cells out of sight are taken away
            labs.run_all_cells(page, address, "04_compare.ipynb", 120_000)
            page.locator(".aic-frame:visible").first.wait_for(timeout=120_000)
            page.wait_for_function(READY, timeout=60_000)
            page.add_style_tag(content=".Toastify { display: none }")  # JupyterLab asks whether it may tell news
            page.locator(".jp-Cell:has(.aic-viewer)").evaluate("(cell) => cell.scrollIntoView()")
            page.set_viewport_size({"width": 1400, "height": 600})
            page.wait_for_function(READY)
            save(page.screenshot(), PROJECT / "docs" / out)
            page.close()


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
    picture = Image.open(io.BytesIO(shown)).convert("RGB")
    picture.quantize(palette=picture.quantize(256), dither=Image.Dither.FLOYDSTEINBERG).save(out, optimize=True)


def main() -> None:
    """Make all pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        shoot(browser, VIEW, "viewer.png")
        shoot(browser, ERROR, "viewer_error.png")
        shoot_report(browser, "report_desktop.png", f"{REPORTED}&zoom=2&x=250&y=190", 1180, 720)
        phone = {"color_scheme": "dark", "device_scale_factor": 1.5}
        shoot_report(browser, "report_phone.png", REPORTED, 390, 1000, **phone)


if __name__ == "__main__":
    main()
