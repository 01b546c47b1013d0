"""A run folder -> the e-mail that submits its model."""

import json
import os

import pytest
from fixtures import team_runs

from aic_helpers.core.errors import InputError
from aic_helpers.submissions import eml, messages, preparing, teams

pytestmark = pytest.mark.tensorflow

LINK = "https://example.org/model.pb"


@pytest.fixture
def run(tmp_path):
    return team_runs.write(tmp_path / "run")


@pytest.fixture
def folder(tmp_path):
    return team_runs.register(tmp_path / "desk")


def test_the_email_has_the_model_of_the_run(run, folder):
    path = preparing.prepare(run, LINK, sender="team@uni.example", address="desk@org.example", folder=folder)
    model = team_runs.result()["model"]
    assert path == folder / f"super_resolution_{model['sha256'][:12]}.eml"
    found = eml.read_mail(path)
    result = found.content.result
    assert found.content == messages.Submission(
        track="super_resolution",
        team_id=17,
        team="Pixel Pirates",
        link=LINK,
        sha256=model["sha256"],
        bytes=len(team_runs.MODEL),
        token=teams.read_team(folder).token,
        result=result,
    )
    assert found.sent_by == "team@uni.example"
    for part in ("schema", "track", "protocol", "data", "metrics", "profile", "requirements", "scores"):
        assert result[part] == team_runs.result()[part]
    assert sorted(file.name for file in folder.iterdir()) == ["registration.eml", path.name, "team.json"]


def test_nothing_of_this_machine_goes_along(run, folder):
    team_runs.change(run, "model", source="/home/ada/nets/my net.py:net", checkpoint="~ada/weights/net")
    team_runs.change(run, "data", name="/home/ada/photos", note="from ~/photos/raw/a.png")
    team_runs.change(run, "environment", host="adas-laptop", platform="Linux")
    team_runs.change(
        run, "profile", notes=["see '/home/ada/log.txt': 421 GFLOP/s, (/tmp/a/b/c) https://example.org/a/b"]
    )
    team_runs.change(run, "metrics", extra={"/home/ada/x": ["/home/ada/deep/down.png"]})
    content = json.loads((run / "result.json").read_text())
    (run / "result.json").write_text(
        json.dumps(content | {"keys": {"profile": {"made_from": {"host": "adas-laptop"}}}})
    )
    result = eml.read_mail(preparing.prepare(run, LINK, folder=folder)).content.result
    text = json.dumps(result)
    assert not any(word in text for word in ("/home", "/tmp", "~", "adas-laptop", "keys"))
    assert (result["model"]["source"], result["model"]["checkpoint"]) == ("my net.py:net", "net")
    assert result["data"] == {"name": "photos", "note": "from a.png"}
    assert result["environment"]["platform"] == "Linux"
    assert result["profile"]["notes"] == ["see 'log.txt': 421 GFLOP/s, (c) https://example.org/a/b"]
    assert result["metrics"]["extra"] == {"x": ["down.png"]}


def test_figures_that_are_no_numbers_in_json_are_texts(run, folder):
    team_runs.change(run, "profile", roofline={"gflop_per_s": float("nan"), "limit": float("inf")})
    result = eml.read_mail(preparing.prepare(run, LINK, folder=folder)).content.result
    assert result["profile"]["roofline"] == {"gflop_per_s": None, "limit": "inf"}


@pytest.mark.parametrize("link", ["", "model.pb", "file:///etc/passwd", "https://a b", "https://x\r\nBcc: y"])
def test_a_link_that_is_no_url_writes_nothing(run, folder, link):
    with pytest.raises(InputError, match="expected an http or https link with a host, found"):
        preparing.prepare(run, link, folder=folder)
    assert sorted(file.name for file in folder.iterdir()) == ["registration.eml", "team.json"]


def test_a_check_that_fails_writes_nothing(run, folder):
    (run / "model.pb").write_bytes(b"another model")
    with pytest.raises(
        InputError, match=r"expected a run that can be submitted \(model unchanged\), found model.pb has"
    ):
        preparing.prepare(run, LINK, folder=folder)
    assert sorted(file.name for file in folder.iterdir()) == ["registration.eml", "team.json"]


def test_the_run_that_was_named_or_else_the_newest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert preparing.chosen_run() is None
    for age, name in ((30, "super_resolution/new"), (60, "enhancement/old"), (0, "other/newest")):
        result = tmp_path / "runs" / name / "result.json"
        result.parent.mkdir(parents=True)
        result.write_text("{}")
        os.utime(result, (1_500_000_000 - age, 1_500_000_000 - age))
    assert preparing.chosen_run(" ") == tmp_path / "runs" / "super_resolution" / "new"
    assert preparing.chosen_run(f" {tmp_path}/x ") == tmp_path / "x"


def test_what_to_do_with_an_email(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = "Nothing was sent: open the file in a mail program, look it over, and send it to the organiser."
    assert preparing.sending_lines(tmp_path / "a" / "b.eml", "desk@org.example") == ["e-mail  a/b.eml", words]
    assert preparing.sending_lines(tmp_path / "b.eml", "organiser@example.org")[2:] == [
        "organiser@example.org is a placeholder: put the organiser's address there."
    ]


def test_the_file_of_a_track_of_ones_own_is_handed_on_as_it_is():
    track_file = {"title": "x", "baseline": {"model": "base.pb"}, "formulas": {"s": "(psnr)/2/(macs)"}}
    assert preparing.public({**team_runs.result(), "track_file": track_file})["track_file"] == track_file
    assert "track_file" not in preparing.public(team_runs.result())
