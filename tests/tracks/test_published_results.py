"""The published final table."""

import json

import pytest
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.tracks import published_results
from aic_helpers.tracks.scoring import total_scores


@pytest.mark.parametrize("row", published_results.SUPER_RESOLUTION, ids=lambda row: row.team)
def test_the_formula_gives_the_scores_that_were_published(row):
    speedup = published_results.BASELINE_MS / row.time_ms
    found = total_scores(SUPER_RESOLUTION, psnr_db=row.psnr_db, ms_ssim=row.ms_ssim, speedup=speedup)
    # The figures are rounded to two and four decimals, which moves a score by 0.03 at most.
    assert [score.value for score in found.values()] == pytest.approx(row.scores, abs=0.03 + 1e-9)


def test_the_rows_are_those_of_the_challenge(challenge):
    golden = json.loads((challenge / "golden.json").read_text("utf-8"))["published_final_results_super_resolution"]
    rows = [
        [row.team, row.psnr_db, row.ms_ssim, row.time_ms, *row.scores] for row in published_results.SUPER_RESOLUTION
    ]
    assert rows == golden["rows"]
