"""The standings in a notebook."""

import pytest
from fixtures import boards

from aic_helpers.boards import folders, panels, standings


@pytest.fixture
def shown(tmp_path):
    entries = [
        boards.add(tmp_path, "fine", [28.5, 29.5], [0.95, 0.96], 2.0),
        boards.add(tmp_path, "fast", [28.0, 29.0], [0.95, 0.96], 3.0),
    ]
    entries[0] |= {"name": "<b>fine</b>"}
    return standings.standings(folders.open_board(boards.plan(tmp_path, *entries)))


def order(panel):
    return panel.table.value.index("fine") < panel.table.value.index("fast")


def test_the_buttons_sort_by_a_score(shown):
    panel = panels.Panel(shown, "super_resolution")
    assert panel.score.value == "A"
    assert order(panel)
    panel.score.value = "C"
    assert not order(panel)
    assert "score C" in panel.table.value


def test_it_begins_with_the_score_named(shown):
    assert not order(panels.Panel(shown, "super_resolution", "B"))


def test_names_are_escaped(shown):
    value = panels.Panel(shown, "super_resolution").table.value
    assert "&lt;b&gt;fine" in value
    assert "<b>" not in value
