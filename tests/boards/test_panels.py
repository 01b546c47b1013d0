"""The standings in a notebook: what a chosen row opens, and what it says where nothing can be opened."""

import pytest
from fixtures import boards
from fixtures.pirm2018 import SUPER_RESOLUTION

from aic_helpers.boards import folders, panels, standings
from aic_helpers.core.errors import InputError


class Viewer(panels.widgets.VBox):
    """What `compare` returns, without models."""

    def __init__(self, *asked, **named):
        super().__init__()
        self.asked, self.named, self.is_open = asked, named, True
        self.catalogue, self.shown = {"models": ["base", "fine", "fast"]}, ["input", "fine", "fast", "target"]
        self.sorts = []

    def sort_by(self, *sort):
        self.sorts.append(sort)

    def close(self):
        self.is_open = False
        super().close()


@pytest.fixture
def opened(monkeypatch):
    """The viewers that a panel opened."""
    found = []

    def compare(*asked, **named):
        found.append(Viewer(*asked, **named))
        return found[-1]

    monkeypatch.setattr(panels, "compare", compare)
    return found


@pytest.fixture
def board(tmp_path):
    """`fine` leads by A, `fast` by C."""
    entries = [
        boards.add(tmp_path, "fine", [28.5, 29.5], [0.95, 0.96], 2.0),
        boards.add(tmp_path, "fast", [28.0, 29.0], [0.95, 0.96], 3.0),
    ]
    for name in ("fine", "fast"):
        boards.give_model(tmp_path / "super_resolution" / name)
    entries[0] |= {"name": "<b>fine</b>"}
    boards.failed(tmp_path / "super_resolution" / "lost", "no <i>answer</i>")
    other = boards.add(tmp_path, "other", [28.0, 29.0], [0.95, 0.96], 3.0, track="enhancement")
    return boards.plan(tmp_path, *entries, boards.named("lost"), other)


@pytest.fixture
def panel(board):
    return panels.Panel(standings.standings(folders.open_board(board)), "super_resolution")


def choose(panel, row, by=0):
    """Send what the page sends."""
    panel.table._handle_custom_msg({"row": row, "by": by}, [])


def order(panel):
    markup = panel.table.markup
    return markup.index("fine") < markup.index("fast")


def test_it_begins_with_the_score_named(board, panel):
    assert order(panel)
    assert not order(panels.Panel(standings.standings(folders.open_board(board)), "super_resolution", "C"))


def test_names_are_escaped_and_the_other_track_is_left_out(panel):
    assert "<bdi>&lt;b&gt;fine" in panel.table.markup
    assert "<b>" not in panel.table.markup
    assert "other" not in panel.table.markup


def test_a_row_opens_the_images_of_its_model_beside_the_leaders(panel, opened, board):
    choose(panel, 1)
    (viewer,) = opened
    assert viewer is panel.viewer
    runs = [str(board / "super_resolution" / name) for name in ("fine", "fast")]
    assert viewer.asked == (SUPER_RESOLUTION, runs, "sample")
    assert viewer.named == {"image": "", "limit": 0}
    assert viewer.sorts == [("psnr_db", "fast", "fine")]
    assert panel.table.words == "fast beside <b>fine</b>, the leader by score A."


def test_the_leader_is_that_of_the_score_that_sorts(panel, opened, board):
    choose(panel, 0, 2)
    assert [folder.rpartition("/")[2] for folder in opened[0].asked[1]] == ["fast", "fine"]
    assert panel.table.words == "<b>fine</b> beside fast, the leader by score C."


def test_opening_one_closes_the_earlier(panel, opened):
    choose(panel, 0)
    choose(panel, 1)
    assert [viewer.is_open for viewer in opened] == [False, True]
    panel.close()
    assert not opened[1].is_open


def test_it_ends_as_its_cell_runs_again(board, monkeypatch):
    made = []
    monkeypatch.setattr(panels.notebook_cells, "end_with_cell", made.append)
    panel = panels.Panel(standings.standings(folders.open_board(board)), "super_resolution")
    assert made == [panel]


def test_closing_the_panel_closes_the_table(panel):
    panel.close()
    assert panel.comm is None


@pytest.mark.parametrize("row", [2, 1])
def test_what_cannot_be_opened_is_a_sentence_and_another_still_opens(panel, opened, board, row):
    choose(panel, 0)
    (board / "super_resolution" / "fast" / "model.pb").unlink()
    choose(panel, row)
    why = {2: "expected a run of lost, found evaluate: no <i>answer</i>", 1: "expected model.pb in the run folder"}[row]
    assert panel.table.words.startswith(f"Not opened: {why}")
    assert panel.viewer is None
    assert not opened[0].is_open
    choose(panel, 0)
    assert panel.viewer is opened[-1]
    assert len(opened) == 2


def test_data_that_cannot_be_opened_is_a_sentence(panel, monkeypatch):
    def compare(*_, **__):
        raise InputError("images", "none", "look for them")

    monkeypatch.setattr(panels, "compare", compare)
    choose(panel, 1)
    assert panel.table.words == "Not opened: expected images, found none: look for them"


@pytest.mark.parametrize(("row", "by"), [(3, 0), (99, 0), ("1", 0), (1, 3), (1, "A"), (1, -1)])
def test_no_such_row_of_this_track_opens_nothing(panel, opened, row, by):
    choose(panel, row, by)
    assert opened == []
    assert panel.table.words == ""


def test_a_board_without_models_has_a_panel(tmp_path):
    shown = standings.standings(folders.open_board(boards.plan(tmp_path)))
    assert "<tbody>" in panels.Panel(shown, "super_resolution").table.markup
