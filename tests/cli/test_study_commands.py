"""`aic study`: what it prints, what it writes, and its exit status."""

import json

import pytest
from fixtures import small_studies

from aic_helpers.cli import main
from aic_helpers.studies import reports
from aic_helpers.studies.plans import REFERENCE

TRUTH = {"div2k_srcnn": 2.5, "the_good_one": 4.0, "the_bad_one": 1.6, REFERENCE: 4.6}


@pytest.fixture
def aic(capsys):
    """Call `aic study`; returns its exit status, stdout and stderr."""
    return lambda *words: (main.status(["study", *map(str, words)]), *capsys.readouterr())


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return small_studies.make(tmp_path / "study", raters=12)


@pytest.fixture
def voted(study):
    small_studies.vote_all(study, small_studies.grades(TRUTH))
    return study


def test_show(aic, study):
    study.store.vote("r01", 0, study.plan.raters["r01"][0].code, 3, None)
    code, out, err = aic("show", "--study", "study")
    assert (code, err) == (0, "")
    assert "models    div2k_srcnn, the_good_one, the_bad_one, and the target as a hidden reference" in out
    assert "can find  a difference of 0.40 grades, with 80% power at level 0.05 shared by all pairs" in out
    assert "r01  1 of 10" in out
    assert out.endswith("1 vote, 0 of 12 raters done\n")
    assert json.loads(aic("show", "--study", "study", "--json")[1])["votes"]["r01"] == 1


def test_score(aic, voted):
    code, out, err = aic("score", "--study", "study")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()[:5]] == [
        "model",
        REFERENCE,
        "the_good_one",
        "div2k_srcnn",
        "the_bad_one",
    ]
    assert "decided" in out
    assert "A by opinion" in out
    assert "not stated in the challenge's rules" in out
    assert (voted.folder / "report.html").is_file()
    written = json.loads((voted.folder / "study.json").read_text())
    assert written == json.loads(aic("score", "--study", "study", "--json")[1])
    assert [row["model"] for row in written["models"]] == [REFERENCE, "the_good_one", "div2k_srcnn", "the_bad_one"]
    assert {row["score"] for row in written["scores"]} == {"A", "B", "C"}


def test_the_page_names_no_other_server_and_escapes_names(tmp_path):
    name = "<img src=x onerror=alert(1)>"
    study = small_studies.make(tmp_path / "study", raters=12, models=("div2k_srcnn", name))
    small_studies.vote_all(study, small_studies.grades({"div2k_srcnn": 2, name: 4, REFERENCE: 5}))
    from aic_helpers.studies import folders

    page = reports.page(folders.analyse(study))
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "<img src=x" not in page
    assert "https://" not in page.replace("https://www.w3.org", "")


def test_export_close_open(aic, voted):
    assert aic("export", "--study", "study") == (0, "120 votes in study/votes.csv\n", "")
    assert aic("close", "--study", "study") == (0, "a study is closed\n", "")
    code, _, err = aic("collect", "--study", "study")
    assert (code, err) == (2, "aic: expected an open study, found a closed one: open it with: aic study open\n")
    assert aic("open", "--study", "study") == (0, "a study is open\n", "")


def test_delete_asks_for_yes(aic, voted):
    code, _, err = aic("delete", "--study", "study")
    assert code == 2
    assert "expected --yes to remove the whole study in study, found no --yes: nothing was removed" in err
    assert aic("delete", "--study", "study", "--rater", "r03", "--yes") == (0, "removed: 10 votes of r03\n", "")
    code, _, err = aic("delete", "--study", "study", "--rater", "r99", "--yes")
    assert (code, "expected a rater of this study, found 'r99'" in err) == (2, True)
    assert aic("delete", "--study", "study", "--yes") == (0, "removed: the whole study in study\n", "")
    assert not voted.folder.exists()


@pytest.mark.parametrize("command", ["show", "score", "collect", "export", "close", "open", "delete"])
def test_no_study(aic, tmp_path, command):
    code, out, err = aic(command, "--study", tmp_path / "none")
    assert (code, out) == (2, "")
    assert err.startswith("aic: expected a study in ")
    assert err.count("\n") == 1


def test_what_few_raters_can_find(aic, tmp_path):
    small_studies.make(tmp_path / "study", raters=3)
    _, out, _ = aic("show", "--study", tmp_path / "study")
    assert "can find  nothing: it takes 8 raters at the least to decide any pair" in out


def test_the_report_has_no_seed(aic, voted):
    """With it, the order of each rater could be made again, and rows of an export be told to be theirs."""
    aic("score", "--study", "study")
    for name in ("report.html", "study.json"):
        text = (voted.folder / name).read_text()
        assert "seed" not in text.lower()


def test_too_few_votes(aic, study):
    code, out, err = aic("score", "--study", "study")
    assert (code, out) == (2, "")
    assert err == (
        "aic: expected votes of at least 2 raters, practice left aside, found 0: let more people vote: an interval "
        "needs two at the least, and 24 are usual\n"
    )


def test_a_corrupt_store(aic, voted):
    (voted.folder / "votes.sqlite").write_bytes(b"x" * 5000)
    code, out, err = aic("score", "--study", "study")
    assert (code, out) == (2, "")
    assert "found file is not a database: bring back the file from a copy" in err


def test_a_plan_with_one_model(aic, tmp_path):
    """The track's SRCNN is among the models anyway; naming it makes no second one."""
    call = ("new", "--track", "enhancement", "--run", "sample_enhancement_srcnn", "--study", tmp_path / "one")
    code, out, err = aic(*call)
    assert (code, out) == (2, "")
    assert "expected at least 2 models to compare, found only sample_enhancement_srcnn: name more runs" in err
    assert not (tmp_path / "one").exists()


@pytest.mark.parametrize("command", ["", "new", "collect", "show", "score", "export", "close", "open", "delete"])
def test_help(aic, command):
    code, out, _ = aic(*filter(None, [command]), "--help")
    assert code == 0
    assert "Example" in out
