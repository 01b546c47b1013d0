"""A team's own folder: the secret, the registration, and the ID that the organiser answers."""

import hashlib
import json
from pathlib import Path

import pytest
from fixtures.team_names import NAMES

from aic_helpers.core.errors import InputError
from aic_helpers.submissions import eml, messages, teams
from aic_helpers.submissions.messages import Member

MEMBERS = [Member("Ada Lovelace", "University of London"), Member("Ελένη", "ΕΜΠ, Αθήνα")]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "desk"


def test_registering_writes_a_secret_and_an_email_with_its_hash(folder):
    path = teams.register(" Pixel  Pirates ", MEMBERS, sender="team@uni.example", folder=folder)
    assert path == folder / "registration.eml"
    found, team = eml.read_mail(path), teams.read_team(folder)
    assert team == teams.Team("Pixel Pirates", tuple(MEMBERS), team.token, None)
    digest = hashlib.sha256(team.token.encode()).hexdigest()
    assert found.content == messages.Registration("Pixel Pirates", tuple(MEMBERS), digest)
    assert found.sent_by == "team@uni.example"
    assert team.token.encode() not in path.read_bytes()
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        "registration.eml": 0o600,
        "team.json": 0o600,
    }


def test_the_same_team_again_keeps_its_secret_and_its_id(folder):
    teams.register("Pixel Pirates", MEMBERS, folder=folder)
    first = teams.read_team(folder)
    teams.keep_team_id(folder, 17)
    teams.register("Pixel Pirates", MEMBERS[:1], folder=folder)
    assert teams.read_team(folder) == teams.Team("Pixel Pirates", tuple(MEMBERS[:1]), first.token, 17)


def test_two_teams_have_two_secrets(folder, tmp_path):
    teams.register("a", MEMBERS, folder=folder)
    teams.register("b", MEMBERS, folder=tmp_path / "other")
    assert teams.read_team(folder).token != teams.read_team(tmp_path / "other").token


def test_another_team_in_the_folder_is_refused_and_nothing_changes(folder):
    teams.register("Pixel Pirates", MEMBERS, folder=folder)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(InputError) as caught:
        teams.register("Others", MEMBERS, folder=folder)
    expected = (
        f"expected team Pixel Pirates, as in {folder}/team.json, found Others: name another folder (--out) for that"
    )
    assert str(caught.value).startswith(expected)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({"team": "a\nb"}, "found a control character"),
        ({"members": []}, "expected 1 to 20 members, found 0: name each as: Name, Affiliation"),
        (
            {"members": [Member("a\r\nb", "c")]},
            "expected a member's name of 1 to 80 visible characters, found a control",
        ),
        ({"sender": "nobody"}, "expected the sender's address such as team@example.org, found nobody: "),
        ({"address": "a@b\r\nBcc: c@d"}, "expected the organiser's address such as "),
    ],
)
def test_what_is_wrong_leaves_no_folder(folder, how, line):
    with pytest.raises(InputError) as caught:
        teams.register(**{"team": "Pixel Pirates", "members": MEMBERS, "folder": folder} | how)
    assert line in str(caught.value)
    assert not folder.exists()


def test_a_team_id_needs_a_team_and_a_number(folder):
    with pytest.raises(
        InputError, match=r"expected a registered team \(team.json\) in .*desk, found none: register it"
    ):
        teams.keep_team_id(folder, 17)
    teams.register("Pixel Pirates", MEMBERS, folder=folder)
    for number in (0, -1, 2**31):
        with pytest.raises(InputError, match=f"a team ID from 1 to 2147483647, found {number}: give the right one"):
            teams.keep_team_id(folder, number)
    assert teams.read_team(folder).team_id is None


@pytest.mark.parametrize("name", NAMES)
def test_any_name_makes_the_same_files(folder, name):
    teams.register(name, [Member(name.replace(",", ""), name)], folder=folder)
    assert teams.read_team(folder).team == name
    assert sorted(file.name for file in folder.iterdir()) == ["registration.eml", "team.json"]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "expected JSON, found something else (Expecting value"),
        ("[" * 100_000, "expected JSON, found something else (maximum recursion depth"),
        ("[]", "expected the fields of a team, found [], not an object"),
        ("{}", "expected schema 1, found null"),
        ('{"schema": 2}', "expected schema 1, found 2: use the version that it is of"),
        ({"token": "short"}, "expected a team's secret of 43 letters and digits, found 5 characters of another kind"),
        ({"team": "\u202e"}, "expected a team's name of 1 to 80 visible characters"),
        ({"team": 1}, "expected the fields of a team, found 1 as team, not a text"),
        ({"team_id": "17"}, 'expected the fields of a team, found "17" as team_id, not a whole number'),
        ({"team_id": 0}, "expected a team ID from 1 to 2147483647, found 0"),
        ({"members": [1]}, "expected the fields of a team, found 1 as members[0], not an object"),
    ],
)
def test_a_damaged_team_is_one_line(folder, content, why):
    teams.register("Pixel Pirates", MEMBERS, folder=folder)
    path = folder / "team.json"
    if isinstance(content, dict):
        content = json.dumps(json.loads(path.read_text("utf-8")) | content)
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        teams.register("Pixel Pirates", MEMBERS, folder=folder)
    assert f"expected a whole team in {path}, found a damaged one ({why}" in str(caught.value)
    assert str(caught.value).endswith("or name another folder")
    assert path.read_text() == content


def test_a_member_as_typed():
    assert teams.member("Ada Lovelace , Uni, London") == Member("Ada Lovelace", "Uni, London")
    with pytest.raises(
        InputError, match="expected a member as: Name, Affiliation, found Ada: put a comma between the two"
    ):
        teams.member("Ada")
    with pytest.raises(
        InputError, match="expected an affiliation of 1 to 80 visible characters, found nothing that can"
    ):
        teams.member("Ada,")


def test_a_file_in_the_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="found a file: name another with --out"):
        teams.team_folder(str(tmp_path / "file"))
    assert teams.team_folder(str(tmp_path / "new")) == tmp_path / "new"
    assert teams.team_folder() == Path.cwd() / "runs" / "submissions"
