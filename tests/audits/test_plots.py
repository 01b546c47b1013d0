"""The plots of an audit: what they show."""

import numpy as np
import pytest
from fixtures import audits

from aic_helpers.audits import auditing, plots
from aic_helpers.reporting.figure_style import ORANGE


@pytest.fixture
def audit(tmp_path):
    def made(content, **track):
        return auditing.audit(audits.write(tmp_path, content), audits.timed(**track))

    return made


def names(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def dots(figure, colour=None, marker="o"):
    lines = [line for line in figure.axes[0].lines if line.get_marker() == marker]
    points = [(line, point) for line in lines for point in zip(line.get_xdata(), line.get_ydata(), strict=True)]
    return [tuple(map(float, point)) for line, point in points if colour in (None, line.get_color())]


def test_ranks_have_the_best_on_top_and_squares_without_one(audit):
    rules = {"min_psnr_db": 27.0}
    made = audit("team,time_ms,psnr\nB,3,28\nLow,2,26\nA,2.5,28\nSlow,900,28\n", rules=rules)
    figure = plots.ranks(made, "time")
    assert names(figure) == ["A\N{EN SPACE}1", "B\N{EN SPACE}2", "Low"]
    assert dots(figure) == [(2.5, 0), (3, 1)]
    assert dots(figure, marker="s") == [(2, 2)]
    assert plots.shown_rows(made.scores["time"].standing) == [2, 0, 1]


def test_first_images_are_diamonds_and_orange_where_they_stand_out(audit):
    raw = {"Cold": audits.raw([100.0, *[5.0] * 12]), "Warm": audits.raw([4.0, *[4.0] * 12])}
    figure = plots.first_images(audit(raw), "valid")
    assert names(figure) == ["Warm", "Cold"]
    assert dots(figure, ORANGE, "D") == [(100, 1)]
    assert dots(figure, marker="o") == [(4, 0), (5, 1)]


def test_operations_over_parameters_name_what_is_odd(audit):
    rows = [f"T{place},2,{6e9 * (place + 1)},{1e5 * (place + 1)}" for place in range(4)]
    figure = plots.operations(audit("\n".join(["team,time_ms,macs,parameters", *rows, "Odd,2,1e9,200000"]) + "\n"))
    assert dots(figure, ORANGE) == [(0.2, 1.0)]
    assert "Odd" in [text.get_text() for text in figure.axes[0].texts]
    line = next(line for line in figure.axes[0].lines if line.get_marker() == "None")
    np.testing.assert_allclose(line.get_ydata() / line.get_xdata(), 60)
