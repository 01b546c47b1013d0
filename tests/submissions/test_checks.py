"""What must hold before a submission: a run that can be submitted, and each way in which one can't."""

import hashlib
import math

import pytest
from fixtures import litert_files, onnx_files, team_runs

from aic_helpers.core.errors import InputError
from aic_helpers.reporting import text_tables
from aic_helpers.runs import results
from aic_helpers.submissions import checks as submission_checks
from aic_helpers.submissions import teams
from aic_helpers.submissions.checks import Check, checks
from aic_helpers.submissions.messages import Member
from aic_helpers.tracks.catalogue import TRACKS

pytestmark = pytest.mark.tensorflow

NAMES = ["registered", "team ID", "a result", "figures unchanged", "model unchanged", "operations allowed", "rules met"]
NAMES += ["all images", "figures meaningful", "not its input"]


@pytest.fixture
def run(tmp_path):
    return team_runs.write(tmp_path / "run")


@pytest.fixture
def folder(tmp_path):
    """The folder of a team that has its ID."""
    return team_runs.register(tmp_path / "desk")


def broken(run, folder):
    return {check.name: check for check in checks(run, folder) if not check.passed}


def test_a_run_that_can_be_submitted(run, folder):
    found = checks(run, folder)
    assert [check.name for check in found] == NAMES
    assert {check.passed for check in found} == {True}
    assert [check.found for check in found] == [
        "team Pixel Pirates",
        "17",
        "net, Track A: super-resolution",
        "as the run wrote them",
        f"model.pb has the SHA-256 {team_runs.result()['model']['sha256'][:12]}... of the run",
        "4 operations, all of them allowed",
        "2 of 2 met; not judged: parity with its source",
        "5 images of sample",
        "PSNR 28.5, MS-SSIM 0.96, speedup 2, score A 12, score B 12, score C 12",
        "PSNR against the input's: +2.50 dB (worst), +2.50 dB (median), +2.50 dB (best)",
    ]
    submission_checks.require_passed(found)


@pytest.mark.parametrize(
    ("kind", "name", "operations"),
    [("litert", "model.tflite", 3), ("onnx", "model.onnx", 4), ("torch", "model.onnx", 4)],
)
def test_a_run_of_another_format_can_be_submitted(tmp_path, folder, kind, name, operations):
    onnx = kind != "litert"
    content = onnx_files.network().SerializeToString() if onnx else litert_files.float_network(free=True).content()
    model = {"kind": kind, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    run = team_runs.write(tmp_path / "run", model=model)
    (run / name).write_bytes(content)
    (run / "model.pb").unlink()
    found = {check.name: check.found for check in checks(run, folder)}
    assert found["model unchanged"] == f"{name} has the SHA-256 {model['sha256'][:12]}... of the run"
    assert found["operations allowed"] == f"{operations} operations, all of them allowed"
    (run / name).unlink()
    (check,) = broken(run, folder).values()
    remedy = f"make the run again with aic run; submit the {name} that it leaves"
    assert (check.found, check.remedy) == (f"no {name}", remedy)


def test_a_file_of_onnx_that_the_desk_would_not_run_is_told_before(tmp_path, folder):
    content = onnx_files.with_custom_operator().SerializeToString()
    model = {"kind": "onnx", "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    run = team_runs.write(tmp_path / "run", model=model)
    (run / "model.onnx").write_bytes(content)
    (check,) = broken(run, folder).values()
    assert check.name == "operations allowed"
    assert check.found.startswith("expected operators on tensors alone, found StrangersOp of the domain com.stranger")


def test_a_run_on_a_track_without_scores_can_be_submitted(tmp_path, folder):
    track = TRACKS["classic_x4"]
    metrics = {"protocol": track.protocol.label, "ssim": 0.81, "ms_ssim": None}
    run = team_runs.write(tmp_path / "run", track=track.name, metrics=metrics, scores=None, profile=None)
    found = {check.name: check for check in checks(run, folder)}
    assert found["a result"].found == "net, Classic super-resolution, x4"
    assert (found["figures meaningful"].passed, found["figures meaningful"].found) == (True, "PSNR 28.5, SSIM 0.81")
    team_runs.change(run, "metrics", ssim=1.5)
    assert broken(run, folder)["figures meaningful"].found == "SSIM 1.5"


def test_figures_that_were_changed_cannot_be_submitted(run, folder):
    written = results.part_sha256({"psnr_db": 20.0})
    team_runs.change(run, "keys", metrics={"made_from": {}, "files": {}, "sha256": written})
    check = broken(run, folder)["figures unchanged"]
    assert (check.found, check.remedy) == ("changed since the run wrote it: metrics", "make the run again: aic run")


def test_the_data_are_named_with_what_one_has_to_know(run, folder):
    team_runs.change(run, "data", name="challenge", note="5 of the challenge's 9 images")
    assert [check.found for check in checks(run, folder) if check.name == "all images"] == [
        "5 images of challenge, 5 of the challenge's 9 images"
    ]


def test_without_a_team(run, tmp_path):
    found = checks(run, tmp_path / "none")
    assert found[0] == Check(
        "registered", False, f"no team.json in {tmp_path}/none", "register the team: aic submit register"
    )
    assert [check.name for check in found[1:]] == NAMES[2:]


def test_a_damaged_team(run, folder):
    (folder / "team.json").write_text("{}")
    assert "found a damaged one (expected schema 1, found null" in broken(run, folder)["registered"].found


def test_without_an_id(run, folder):
    (folder / "team.json").unlink()
    teams.register("Pixel Pirates", [Member("Ada", "London")], folder=folder)
    (check,) = broken(run, folder).values()
    remedy = "send registration.eml, then note the ID that the organiser answers: aic submit register --team-id N"
    assert check == Check("team ID", False, "none noted yet", remedy)


def test_without_a_run(folder, tmp_path):
    found = checks(tmp_path / "none", folder)
    assert [check.name for check in found] == NAMES[:3]
    assert found[-1] == Check("a result", False, f"nothing in {tmp_path}/none", "make one with: aic run")


@pytest.mark.parametrize("content", ["", "{}", "[" * 100_000, '{"schema": 1, "track": "C"}', "\x1b[31m"])
def test_a_damaged_result(run, folder, content):
    (run / "result.json").write_text(content)
    found = checks(run, folder)
    assert (found[-1].name, found[-1].passed, len(found)) == ("a result", False, 3)
    assert found[-1].found.isprintable()


def test_a_model_that_was_changed_or_is_gone(run, folder):
    (run / "model.pb").write_bytes(team_runs.MODEL + b".")
    check = broken(run, folder)["model unchanged"]
    assert check.found.startswith("model.pb has the SHA-256 ")
    assert check.found.endswith("..., another than in the run")
    (run / "model.pb").unlink()
    assert broken(run, folder)["model unchanged"].found == "no model.pb"
    team_runs.change(run, "model", sha256="")
    assert broken(run, folder)["model unchanged"].found == "no model.pb"


def test_a_broken_rule(tmp_path, folder):
    rules = team_runs.result()["requirements"]
    rules[1] |= {"passed": False}
    run = team_runs.write(tmp_path / "broken", requirements=rules)
    remedy = "make height and width None"
    assert broken(run, folder) == {"rules met": Check("rules met", False, "broken: any resolution", remedy)}


@pytest.mark.parametrize(
    ("part", "changed", "name", "found"),
    [
        ("requirements", None, "rules met", "not checked"),
        ("requirements", [], "rules met", "not checked"),
        ("metrics", {"limit": 3}, "all images", "only 3 images of sample"),
        ("metrics", {"failed": "2 of 5 images; a: NaN"}, "all images", "failed on 2 of 5 images; a: NaN, of sample"),
        ("metrics", None, "all images", "not evaluated"),
        ("metrics", None, "figures meaningful", "PSNR not measured, MS-SSIM not measured"),
        ("metrics", {"psnr_db": "inf"}, "figures meaningful", "PSNR inf"),
        ("metrics", {"psnr_db": math.nan}, "figures meaningful", "PSNR nan"),
        ("metrics", {"psnr_db": "\x1b[31m"}, "figures meaningful", "PSNR not measured"),
        ("metrics", {"ms_ssim": 1.01}, "figures meaningful", "MS-SSIM 1.01"),
        ("metrics", {"ms_ssim": -0.01}, "figures meaningful", "MS-SSIM -0.01"),
        ("profile", {"speedup": 0.0}, "figures meaningful", "speedup 0"),
        ("profile", {"speedup": math.inf}, "figures meaningful", "speedup inf"),
        ("profile", {"speedup": None}, "figures meaningful", "speedup not measured"),
        ("profile", None, "figures meaningful", "speedup not measured"),
        ("scores", {"B": {"value": math.nan}}, "figures meaningful", "score B nan"),
        ("scores", None, "figures meaningful", "no scores: they need PSNR, MS-SSIM and the speedup at 1280x720"),
    ],
)
def test_what_is_not_whole_is_found(tmp_path, folder, part, changed, name, found):
    run = team_runs.write(tmp_path / "changed", **{part: changed})
    check = broken(run, folder)[name]
    assert (check.found, bool(check.remedy)) == (found, True)


def test_a_model_that_returns_its_input(run, folder):
    team_runs.change_examples(run, psnr_db=22.00003, input_psnr_db=22.0)
    (check,) = broken(run, folder).values()
    assert (check.name, check.found) == (
        "not its input",
        "the output has the PSNR of the input, on 3 example images",
    )
    team_runs.change_examples(run, psnr_db=[22.0, 22.0, 22.2])
    assert broken(run, folder) == {}
    team_runs.change_examples(run, psnr_db=math.inf, input_psnr_db=math.inf)
    assert set(broken(run, folder)) == {"not its input"}


@pytest.mark.parametrize("content", [None, "", "end,image\nworst,a\n"])
def test_without_figures_of_the_inputs_it_cannot_be_told(run, folder, content):
    (run / "examples.csv").unlink() if content is None else (run / "examples.csv").write_text(content)
    assert broken(run, folder)["not its input"].found == "no figures of the inputs (examples.csv)"


def test_hostile_texts_of_a_result_are_printable(tmp_path, folder):
    hostile = "\x1b[2J\u202e\n" + "x" * 10_000
    rules = team_runs.result()["requirements"]
    for rule in rules:
        rule |= {"name": hostile, "remedy": hostile, "passed": False}
    data = {"name": hostile, "note": hostile}
    run = team_runs.write(tmp_path / "hostile", requirements=rules, data=data, model={"name": hostile})
    for check in checks(run, folder):
        assert check.found.isprintable()
        assert check.remedy.isprintable()
        assert len(check.found) < 200


def test_the_first_that_failed_is_told_with_the_number_of_the_others(run, tmp_path):
    (run / "model.pb").unlink()
    with pytest.raises(InputError) as caught:
        submission_checks.require_passed(checks(run, tmp_path))
    assert str(caught.value) == (
        f"expected a run that can be submitted (registered), found no team.json in {tmp_path} "
        "(1 other check failed too): register the team: aic submit register"
    )


def test_checks_in_words():
    found = [Check("a", True, "fine", ""), Check("bc", False, "none", "make one")]
    lines = text_tables.aligned(submission_checks.check_rows(found)).splitlines()
    assert lines == ["passed  a   fine", "BROKEN  bc  none", "            -> make one"]
