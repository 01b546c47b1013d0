"""06_submit by papermill: with a link it writes the e-mail, without one it says how."""

import nbformat
import papermill
import pytest
from fixtures import team_runs

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.submissions import eml, teams
from aic_helpers.submissions.messages import Member

pytestmark = pytest.mark.tensorflow

LINK = "https://example.org/model.pb"


@pytest.fixture
def execute(tmp_path):
    """Run the notebook with these parameters; returns what it printed."""

    def call(**parameters):
        executed = tmp_path / "06_submit.ipynb"
        parameters = {"out": str(tmp_path / "desk")} | parameters
        papermill.execute_notebook(PROJECT / "notebooks" / "06_submit.ipynb", executed, parameters, progress_bar=False)
        outputs = [output for cell in nbformat.read(executed, as_version=4).cells for output in cell.get("outputs", [])]
        assert [output for output in outputs if output.get("name") == "stderr"] == []
        assert sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs) == 1
        return "".join(output["text"] for output in outputs if output.get("name") == "stdout")

    return call


def test_with_a_link_it_writes_the_email(execute, tmp_path):
    run = team_runs.write(tmp_path / "run")
    teams.register("Pixel Pirates", [Member("Ada", "London")], folder=tmp_path / "desk")
    teams.keep_team_id(tmp_path / "desk", 17)
    printed = execute(run=str(run), link=LINK, sender="team@uni.example", address="desk@org.example")
    (path,) = (tmp_path / "desk").glob("super_resolution_*.eml")
    assert f"e-mail  {path}" in printed
    found = eml.read_mail(path)
    assert (found.content.link, found.sent_by) == (LINK, "team@uni.example")


def test_without_a_link_it_says_how(execute, tmp_path):
    printed = execute(run=str(tmp_path / "none"))
    assert f"BROKEN  a result    nothing in {tmp_path}/none" in printed
    assert "the form above writes the e-mail" in printed
    assert not (tmp_path / "desk").exists()


def test_a_check_that_fails_ends_it_in_one_line(execute, tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="InputError") as caught:
        execute(run=str(team_runs.write(tmp_path / "run")), link=LINK)
    assert "expected a run that can be submitted (registered), found no team.json" in str(caught.value)
