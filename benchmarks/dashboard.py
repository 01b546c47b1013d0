"""How long the dashboard takes to change the image of a 720p pair, and how large its saved state is after fifty.

Both in the kernel: what the page needs to draw comes on top. The first look at an image, for which the network runs, is
shown apart from the later ones.

    .venv/bin/python benchmarks/dashboard.py
"""

from __future__ import annotations

import json
import statistics
import time

from aic_helpers.dashboard.controls import MODES
from ipywidgets import Widget

import aic_helpers
from aic_helpers.dashboard.dashboards import Dashboard

CHANGES = 50
BUDGET_MS, BUDGET_MB = 300, 3.0


def change_ms(dashboard: Dashboard, number: int) -> float:
    """Show the image of that number (after the last comes the first again) and return how long it took."""
    names = [name for _, name in dashboard.controls.image.options]
    start = time.perf_counter()
    dashboard.controls.image.value = names[number % len(names)]
    return (time.perf_counter() - start) * 1000


def state_mb() -> float:
    """Return the size of all widgets' state as a notebook saves it: JSON, with pictures in base64."""
    return len(json.dumps(Widget.get_manager_state())) / 1e6


def main() -> None:
    """Print first and later changes in each view, and the state after fifty."""
    dashboard = aic_helpers.compare("super_resolution", ["sample_sr_srcnn"], "sample")
    count = len(dashboard.controls.image.options)
    first = [change_ms(dashboard, number) for number in range(1, count)]
    print(f"first look at each of {len(first)} images: median {statistics.median(first):.0f} ms")
    for mode in MODES:
        dashboard.controls.mode.value = mode
        later = [change_ms(dashboard, number) for number in range(CHANGES)]
        later = [took for took in later if took > 1]  # choosing what is shown already does nothing
        print(
            f"{mode}: {len(later)} changes, median {statistics.median(later):.0f} ms, longest {max(later):.0f} ms "
            f"(budget {BUDGET_MS} ms); state {state_mb():.2f} MB (budget {BUDGET_MB:g} MB)"
        )
    dashboard.controls.mode.value, dashboard.controls.count.value = MODES[0], 4
    print(f"four panes: state {state_mb():.2f} MB")
    dashboard.close()


if __name__ == "__main__":
    main()
