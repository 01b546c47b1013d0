"""How long the analysis of a study takes: 200 raters of 100 votes, and the report over them.

.venv/bin/python benchmarks/study.py
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from fixtures import small_studies

from aic_helpers.studies import analysis, reports
from aic_helpers.studies.stores import Vote

TRUTH = {"m0": 2.5, "m1": 3.0, "m2": 3.5, "m3": 4.0, "reference": 4.6}
RATERS, PHOTOS, ROUNDS = 200, 20, 5
FIGURES = pd.DataFrame(
    [
        {"photo": f"p{photo}", "model": model, "psnr_db": 28 + worth + photo / 10, "ms_ssim": 0.9 + worth / 60}
        for photo in range(PHOTOS)
        for model, worth in list(TRUTH.items())[:-1]
    ]
)


def main() -> None:
    """Print a line a method."""
    for method, photos_each in (("acr", 20), ("pairs", 10)):
        photos = tuple(f"p{number}" for number in range(PHOTOS))
        plan = small_studies.plan(
            method, models=tuple(TRUTH)[:-1], photos=photos, raters=RATERS, photos_each=photos_each, repeats=0
        )
        answer = small_studies.grades(TRUTH) if method == "acr" else small_studies.choices(TRUTH)
        votes = [
            Vote(rater, place, one.code, answer(rater, one), 0, "2026-11-24T12:00:00+00:00", 1500)
            for rater, shown in plan.raters.items()
            for place, one in enumerate(shown)
        ]
        counted = sum(one.role != "training" for shown in plan.raters.values() for one in shown)
        found = analysis.analyse(plan, votes, FIGURES)
        print(f"{method}: {counted} votes of {RATERS} raters")
        _tell("analysis", lambda plan=plan, votes=votes: analysis.analyse(plan, votes, FIGURES))
        _tell("report", lambda found=found: reports.page(found))


def _tell(what: str, action: Callable[[], Any]) -> None:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    print(f"  {what}: {np.median(times):.2f} s ({min(times):.2f} to {max(times):.2f})", flush=True)


if __name__ == "__main__":
    main()
