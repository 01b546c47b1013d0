"""How smoothly the viewer moves four 720p pictures, and how long its error maps take, measured by the page itself.

Chromium draws without a graphics card here, on the processor that also plays the hand: leave the machine alone.

    .venv/bin/python benchmarks/viewer.py [SCREEN PIXELS FOR EACH CSS PIXEL, 1 by default]
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter
from playwright.sync_api import Page, sync_playwright

from aic_helpers.core import machine
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.reporting import catalogues, viewer_code
from aic_helpers.reporting.viewer_pages import ESCAPES

FRAMES = 200
SIZE_PX = (1280, 720)
WINDOW_PX = {"width": 1400, "height": 900}
BUDGET_MS, LONGEST_MS = 1000 / 60, 50
PANES = ("input", "baseline", "model", "target")

SHOWN, CHANNELS = "What the panes show", "Channels of the error"
MAPS = (
    (SHOWN, "absolute", "absolute, mean"),
    (CHANNELS, "luma", "absolute, luma"),
    (CHANNELS, "rgb", "absolute, each channel"),
    (SHOWN, "signed", "signed, each channel"),
    (CHANNELS, "luma", "signed, luma"),
    (CHANNELS, "mean", "signed, mean"),
    (SHOWN, "structure", "structure"),
)

WATCH = """() => {
  window.stamps = [];
  let isDrawn = false;
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) { isDrawn = true; draw.apply(this, given); };
  const note = (now) => {
    window.stamps.push([now, isDrawn]);
    isDrawn = false;
    requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""

TURN = """() => {
  const frame = document.querySelectorAll(".aic-frame")[1];
  const { left, top, width, height } = frame.getBoundingClientRect();
  const at = { clientX: left + width / 2 + 40, clientY: top + height / 2 - 20, bubbles: true, cancelable: true };
  let step = 0;
  const turn = () => {
    frame.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: step++ % 200 < 100 ? -12 : 12 }));
    requestAnimationFrame(turn);
  };
  turn();
}"""

CHOOSE = """async ([label, value]) => {
  const menu = document.querySelector(`.aic-viewer select[aria-label="${label}"]`);
  const start = performance.now();
  menu.value = value;
  menu.dispatchEvent(new Event("change", { bubbles: true }));
  const busy = () => document.querySelector('.aic-frame:not([hidden])[aria-busy="true"]');
  do await new Promise(requestAnimationFrame); while (busy());
  return performance.now() - start;
}"""


def pictures() -> dict[str, Image.Image]:
    """Return a photo, and what may be made of it by worse and better models."""
    with Image.open(PROJECT / "data" / "sample" / "hd" / "singaporean-cityscape.jpg") as photo:
        target = photo.convert("RGB").resize(SIZE_PX)
    given = target.resize((SIZE_PX[0] // 4, SIZE_PX[1] // 4)).resize(SIZE_PX, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(1).normal(0, 4, (*SIZE_PX[::-1], 3))
    noisy = Image.fromarray(np.clip(np.asarray(target) + noise, 0, 255).astype(np.uint8))
    made = (given, given.filter(ImageFilter.UnsharpMask(3)), noisy, target)
    return dict(zip(PANES, made, strict=True))


def page_text() -> str:
    """Return a page with the viewer, as reports have it."""
    figures = {name: {"psnr_db": 30.0 + at, "ms_ssim": 0.9} for at, name in enumerate(PANES[:3])}
    made = catalogues.catalogue(
        "Benchmark",
        [{"name": name, "rows": []} for name in PANES],
        [catalogues.image("photo", figures)],
        models=PANES[1:3],
        baseline=PANES[1],
    )
    said = json.dumps({"catalogue": made, "view": catalogues.start(made, PANES)}).translate(ESCAPES)
    shown = "".join(picture_tag(at, picture) for at, picture in enumerate(pictures().values()))
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><style>{viewer_code.css()}</style>'
        f'<div class="aic-viewer-data"><script type="application/json">{said}</script>{shown}</div>'
        f"<div style='height: 2000px'></div><script>{viewer_code.page_script()}</script>"
    )


def picture_tag(number: int, picture: Image.Image) -> str:
    stream = io.BytesIO()
    picture.save(stream, format="PNG", compress_level=1)
    encoded = base64.b64encode(stream.getvalue()).decode()
    return f'<img data-image="0" data-shown="{number}" src="data:image/png;base64,{encoded}">'


class Frames(NamedTuple):
    """How long each took, and in how many of them the panes were drawn anew."""

    taken_ms: list[float]
    drawn: int


def watched(page: Page, move: Callable[[int], None]) -> Frames:
    """Let the hand make moves until the page has had so many frames."""
    page.evaluate(WATCH)
    for step in count():
        move(step)
        if step % 20 == 0 and page.evaluate("window.stamps.length") > FRAMES:
            break
    stamps = page.evaluate("window.stamps")[: FRAMES + 1]
    page.reload()
    wait(page)
    return Frames(
        [after - before for (before, _), (after, _) in pairwise(stamps)], sum(drawn for _, drawn in stamps[1:])
    )


def wait(page: Page) -> None:
    page.wait_for_selector('.aic-frame:not([hidden])[aria-busy="false"] >> nth=3', state="attached")


def middle(page: Page) -> tuple[float, float]:
    box = page.locator(".aic-frame").nth(1).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pan(page: Page) -> Frames:
    """Drag to and fro at 2:1, over the whole pane."""
    page.evaluate(CHOOSE, ["Zoom", "2"])
    x, y = middle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    taken = watched(page, lambda step: page.mouse.move(x + 120 * np.sin(step / 25), y + 60 * np.cos(step / 18)))
    page.mouse.up()
    return taken


def zoom(page: Page) -> Frames:
    """Turn the wheel in and out again at a point beside the middle."""
    x, y = middle(page)
    page.mouse.move(x + 40, y - 20)
    return watched(page, lambda step: page.mouse.wheel(0, -12 if step % 200 < 100 else 12))


def zoom_each_frame(page: Page) -> Frames:
    """Turn the wheel in each frame: playwright's hand does it in every second one."""
    page.evaluate(TURN)
    return watched(page, lambda _: page.wait_for_timeout(20))


def told(name: str, frames: Frames) -> str:
    """Return the figures of a row of frames in a line."""
    ordered = sorted(frames.taken_ms)
    median, late, longest = statistics.median(ordered), ordered[int(0.95 * len(ordered))], ordered[-1]
    return (
        f"{name}: {len(ordered)} frames, the panes drawn in {frames.drawn}; median {median:.1f} ms, 95 % within "
        f"{late:.1f} ms, longest {longest:.1f} ms (budget {BUDGET_MS:.1f} and {LONGEST_MS} ms); "
        f"{1000 * len(ordered) / sum(ordered):.0f} frames a second"
    )


def map_lines(page: Page) -> list[str]:
    """Return how long each error map takes when it is asked for: three panes at once."""
    lines = []
    for value, zoom_words in (("0", "fit"), ("1", "1:1")):
        page.evaluate(CHOOSE, ["Zoom", value])
        for label, chosen, what in MAPS:
            took = page.evaluate(CHOOSE, [label, chosen])
            lines.append(f"map at {zoom_words}: {what}: {took:.0f} ms until all panes show it")
        page.reload()
        wait(page)
    return lines


def main(ratio: float) -> None:
    """Print the frames of a drag and of the wheel, and the times of the maps."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport=WINDOW_PX, device_scale_factor=ratio)
        file = Path(folder, "viewer.html")
        file.write_text(page_text(), "utf-8")
        page.goto(file.as_uri())
        wait(page)
        print(told("drag at 2:1", pan(page)))
        print(told("wheel", zoom(page)))
        print(told("wheel, each frame", zoom_each_frame(page)))
        print("\n".join(map_lines(page)))
        print(f"{machine.cpu_name()}, {machine.usable_cores()} cores, load average {machine.load_average():.1f}")
        chromium.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1)
