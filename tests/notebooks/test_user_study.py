"""07_user_study by papermill: it analyses the votes that there are, and says what it lacks."""

import json

import nbformat
import papermill
import pytest
from fixtures import small_studies

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.studies.plans import REFERENCE

TRUTH = {"div2k_srcnn": 2.5, "the_good_one": 4.0, "the_bad_one": 1.6, REFERENCE: 4.6}


@pytest.fixture
def execute(tmp_path):
    """Run the notebook with these parameters; returns what it printed, and how many figures it drew."""

    def call(**parameters):
        executed = tmp_path / "07.ipynb"
        source = PROJECT / "notebooks" / "07_user_study.ipynb"
        papermill.execute_notebook(source, executed, parameters, progress_bar=False)
        outputs = [output for cell in nbformat.read(executed, as_version=4).cells for output in cell.get("outputs", [])]
        assert [output for output in outputs if output.get("name") == "stderr"] == []
        printed = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
        return printed, sum("image/png" in output.get("data", {}) for output in outputs)

    return call


def test_votes_are_analysed(execute, tmp_path):
    study = small_studies.make(tmp_path / "study", raters=12)
    small_studies.vote_all(study, small_studies.grades(TRUTH))
    printed, figures = execute(study=str(study.folder))
    assert f"{REFERENCE}     4." in printed
    assert "A by opinion" in printed
    assert figures == 3
    models = json.loads((study.folder / "study.json").read_text())["models"]
    assert [row["model"] for row in models] == [REFERENCE, "the_good_one", "div2k_srcnn", "the_bad_one"]


def test_practice_alone_is_told(execute, tmp_path):
    study = small_studies.make(tmp_path / "study")
    for rater in ("r1", "r2"):
        study.store.vote(rater, 0, study.plan.raters[rater][0].code, 3, None)
    printed, figures = execute(study=str(study.folder))
    assert "0 raters have voted: an interval needs two at the least." in printed
    assert figures == 0


def test_without_a_study(execute, tmp_path):
    printed, _ = execute(study=str(tmp_path / "none"))
    assert "No study yet: make = True makes one." in printed
