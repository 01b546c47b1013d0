"""Simulated studies whose truth is known: is the order found, do intervals cover the truth, who is left out?

.venv/bin/python benchmarks/study_truth.py
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "studies"))

import test_analysis
import test_opinion_scores

from aic_helpers.studies import analysis, opinion_scores

STUDIES, AT_RANDOM = 200, ("r03", "r11", "r20")


def main() -> None:
    """Print a line a question."""
    truth, ordered, differences, means = test_opinion_scores.TRUTH, 0, [], []
    for seed in range(STUDIES):
        votes = test_opinion_scores.study(seed + 1000)
        for _, row in opinion_scores.differences(votes).iterrows():
            differences.append(row["low"] <= truth[row["first"]] - truth[row["second"]] <= row["high"])
        table = opinion_scores.mean_opinion_scores(votes)
        ordered += list(table.index) == list(truth)
        means += [table.loc[name, "mos_low"] <= worth <= table.loc[name, "mos_high"] for name, worth in truth.items()]
    print(f"true order found in {ordered} of {STUDIES} studies")
    print(f"95 % intervals hold {np.mean(differences):.1%} of {len(differences)} differences, ", end="")
    print(f"{np.mean(means):.1%} of {len(means)} MOS")
    caught = wrong = others = 0
    for seed in range(STUDIES):
        plan, votes = test_analysis.simulated(seed, at_random=AT_RANDOM)
        raters = analysis.analyse(plan, votes, test_analysis.NONE).raters
        out = set(raters.index[raters["left_out"] != ""])
        caught, wrong = caught + len(out & set(AT_RANDOM)), wrong + len(out - set(AT_RANDOM))
        others += len(raters) - len(AT_RANDOM)
    print(f"raters at random left out: {caught} of {STUDIES * len(AT_RANDOM)}; others left out: {wrong} of {others}")


if __name__ == "__main__":
    main()
