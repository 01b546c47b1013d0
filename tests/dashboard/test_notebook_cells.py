"""A cell that runs again ends what it made before, and nothing else."""

import pytest
from fixtures.comparisons import FakeOutputs
from IPython.core.events import EventManager, available_events
from IPython.core.interactiveshell import ExecutionInfo

from aic_helpers.dashboard import comparing, notebook_cells


class Shell:
    """A kernel's shell: it announces a cell, and knows the message that asked for it."""

    def __init__(self):
        self.events = EventManager(self, available_events)
        self.message = {}

    def get_parent(self):
        return self.message

    def run(self, code, cell_id=None):
        self.message = {"content": {"code": code}, "metadata": {"cellId": cell_id} if cell_id else {}}
        self.events.trigger("pre_run_cell", ExecutionInfo(code, True, False, True, cell_id))


class Made:
    is_open = True

    def close(self):
        self.is_open = False


@pytest.fixture
def shell(monkeypatch):
    made = Shell()
    monkeypatch.setattr(notebook_cells, "get_ipython", lambda: made)
    return made


def make():
    made = Made()
    notebook_cells.end_with_cell(made)
    return made


def test_a_cell_that_runs_again_ends_what_it_made(shell):
    shell.run("compare('a')", "one")
    first, second = make(), make()
    shell.run("dashboard", "two")
    assert (first.is_open, second.is_open) == (True, True)
    shell.run("compare('b')", "one")  # changed meanwhile
    assert (first.is_open, second.is_open) == (False, False)
    third = make()
    assert third.is_open


def test_another_cell_of_the_same_text_ends_nothing(shell):
    shell.run("compare()", "one")
    first = make()
    shell.run("compare()", "two")
    second = make()
    assert (first.is_open, second.is_open) == (True, True)
    shell.run("compare()", "two")
    assert (first.is_open, second.is_open) == (True, False)


def test_without_ids_a_cell_is_known_by_its_text(shell):
    shell.run("compare()")
    first = make()
    shell.run("compare('other')")
    assert first.is_open
    shell.run("compare()")
    assert not first.is_open


def test_what_was_ended_is_not_listened_for_any_more(shell):
    shell.run("compare()", "one")
    for _ in range(3):
        make()
        shell.run("compare()", "one")
    assert shell.events.callbacks["pre_run_cell"] == []


def test_what_is_made_outside_of_a_cell_stays(shell, monkeypatch):
    shell.message = {"content": {"comm_id": "a", "data": {}}, "metadata": {}}  # a board opens a viewer
    assert make().is_open
    assert shell.events.callbacks["pre_run_cell"] == []
    for other in (None, object()):  # a script, and IPython in a terminal
        monkeypatch.setattr(notebook_cells, "get_ipython", lambda other=other: other)
        assert make().is_open


def test_the_models_of_a_dashboard_end_as_its_cell_runs_again(shell, monkeypatch):
    runners = []

    class Outputs(FakeOutputs):
        def __init__(self, **given):
            super().__init__(**given)
            runners.append(self)

    monkeypatch.setattr(comparing, "Outputs", Outputs)
    shell.run("dashboard = compare(limit=1)", "one")
    first = comparing.compare("enhancement", limit=1)
    shell.run("dashboard", "two")
    assert (first.comm is None, "closed" in runners[0].runs) == (False, False)
    shell.run("dashboard = compare(limit=1)", "one")
    assert (first.comm is None, "closed" in runners[0].runs) == (True, True)
    second = comparing.compare("enhancement", limit=1)
    assert (second.comm is None, "closed" in runners[1].runs) == (False, False)
    second.close()
