"""How long the kernel takes to answer the viewer when the image is changed, and how large the saved state is then.

A kernel is started and asked as the page asks it: from the message to the last of the answers, with the pixels of four
panes of 720p. The first look at an image, for which both networks run, is shown apart from the later ones. What the
page needs to draw comes on top.

    .venv/bin/python benchmarks/dashboard.py
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Sequence
from typing import Any

from jupyter_client.manager import start_new_kernel

BUDGET_MS, FIRST_MS, BUDGET_MB = 150, 1500, 3.0
WAIT_S = 120

OPEN = """
import json, aic_helpers
from ipywidgets import Widget
dashboard = aic_helpers.compare("super_resolution", ["fast_sr"], "sample")
told = dashboard.model_id, dashboard.shown, [image["name"] for image in dashboard.catalogue["images"]]
print(json.dumps(told))
"""
FORGET_OUTPUTS = "dashboard.source._cache.clear(); dashboard._copies._kept.clear()"
FORGET_COPIES = "dashboard._copies._kept.clear()"
STATE_BYTES = "print(len(json.dumps(Widget.get_manager_state())))"


class Asked:
    """A dashboard in a kernel, asked by messages."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._comm, self.shown, self.images = json.loads(self.run(OPEN))

    def run(self, code: str) -> str:
        """Run a cell; return what it prints."""
        printed: list[str] = []
        reply = self._client.execute_interactive(
            code, timeout=WAIT_S, output_hook=lambda message: printed.append(message["content"].get("text", ""))
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(printed)

    def look_ms(self, image: str) -> float:
        """Ask for an image in all panes; return how long it took until the last answer was here."""
        data = {"kind": "look", "ask": 1, "image": image, "names": self.shown, "box": None, "most_px": 1_000_000}
        content = {"comm_id": self._comm, "data": {"method": "custom", "content": data}}
        start, pixels = time.perf_counter(), 0
        self._client.shell_channel.send(self._client.session.msg("comm_msg", content))
        while True:
            message = self._client.get_iopub_msg(timeout=WAIT_S)
            told = message["content"].get("data", {}).get("content", {})
            pixels += sum(map(len, message["buffers"])) // 3 if told.get("kind") == "picture" else 0
            if told.get("kind") == "done":
                break
        assert pixels > 900_000 * len(self.shown), f"{pixels} pixels came"
        return (time.perf_counter() - start) * 1000


def looks_ms(asked: Asked, forget: str) -> list[float]:
    """Look at each image, a cell before each; return how long each look took."""
    times_ms = []
    for image in asked.images:
        asked.run(forget)
        times_ms.append(asked.look_ms(image))
    return times_ms


def told(words: str, times_ms: Sequence[float], budget_ms: int) -> None:
    """Print a median, and the longest."""
    count, middle, longest = len(times_ms), statistics.median(times_ms), max(times_ms)
    print(f"{words}: {count} changes, median {middle:.0f} ms, longest {longest:.0f} ms (budget {budget_ms} ms)")


def main() -> None:
    """Print the times with the networks' runs, with outputs alone, and with what was seen; and the state after all."""
    manager, client = start_new_kernel(kernel_name="python3")
    try:
        asked = Asked(client)
        told("first look, both networks run", looks_ms(asked, FORGET_OUTPUTS), FIRST_MS)
        looks_ms(asked, "")
        told("outputs are there", [*looks_ms(asked, FORGET_COPIES), *looks_ms(asked, FORGET_COPIES)], BUDGET_MS)
        told("seen before", [took for _ in range(7) for took in looks_ms(asked, "")], BUDGET_MS)
        print(f"saved state {int(asked.run(STATE_BYTES)) / 1e6:.2f} MB (budget {BUDGET_MB:g} MB)")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


if __name__ == "__main__":
    main()
