"""`aic submit register` and `prepare`: what they print, what they write, and their exit status."""

import json
import subprocess
import sys

import pytest
from fixtures import team_runs

from aic_helpers.cli import main
from aic_helpers.submissions import eml, messages, teams

pytestmark = pytest.mark.tensorflow

LINK = "https://example.org/model.pb"
TEAM = (
    "--team",
    "Pixel Pirates",
    "--member",
    "Ada Lovelace, University of London",
    "--member",
    "Alan, NPL, Teddington",
)


@pytest.fixture
def aic(capsys):
    """Call `aic submit`; returns its exit status, stdout and stderr."""
    return lambda *words: (main.status(["submit", *map(str, words)]), *capsys.readouterr())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of a team that has its ID, in the working folder."""
    monkeypatch.chdir(tmp_path)
    assert main.status(["submit", "register", *TEAM, "--out", "desk"]) == 0
    assert main.status(["submit", "register", "--team-id", "17", "--out", "desk"]) == 0
    return tmp_path / "desk"


@pytest.fixture
def run(tmp_path):
    return team_runs.write(tmp_path / "run")


def test_register_says_that_nothing_was_sent_and_what_to_do(aic, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, stdout, stderr = aic("register", *TEAM, "--sender", "team@uni.example", "--out", "desk")
    assert (status, stderr) == (0, "")
    assert stdout.splitlines() == [
        "e-mail  desk/registration.eml",
        "Nothing was sent: open the file in a mail program, look it over, and send it to the organiser.",
        "organiser@example.org is a placeholder: put the organiser's address there.",
        "When the organiser answers with the team's ID: aic submit register --team-id N",
    ]
    found = eml.read_mail(tmp_path / "desk" / "registration.eml")
    assert found.content.members == (
        messages.Member("Ada Lovelace", "University of London"),
        messages.Member("Alan", "NPL, Teddington"),
    )
    assert found.sent_by == "team@uni.example"


def test_the_id_is_noted(aic, folder, capsys):
    capsys.readouterr()
    assert aic("register", "--team-id", 18, "--out", "desk")[1] == "team Pixel Pirates has the ID 18\n"
    assert teams.read_team(folder).team_id == 18


def test_prepare_prints_the_checks_and_where_the_email_is(aic, folder, run, capsys):
    capsys.readouterr()
    call = ("prepare", "--run", run, "--link", LINK, "--address", "desk@org.example", "--out", "desk")
    status, stdout, stderr = aic(*call)
    assert (status, stderr) == (0, "")
    lines = stdout.splitlines()
    assert [line.split()[0] for line in lines[:10]] == ["passed"] * 10
    path = next(folder.glob("super_resolution_*.eml"))
    assert lines[10:] == [
        "",
        f"e-mail  desk/{path.name}",
        "Nothing was sent: open the file in a mail program, look it over, and send it to the organiser.",
    ]
    assert eml.read_mail(path).content.link == LINK


def test_json_is_all_on_stdout(aic, folder, run, capsys):
    capsys.readouterr()
    status, stdout, stderr = aic("prepare", "--run", run, "--link", LINK, "--out", folder, "--json")
    found = json.loads(stdout)
    assert (status, stderr) == (0, "")
    assert found["mail"] == str(next(folder.glob("super_resolution_*.eml")))
    assert found["checks"][0] == {"name": "registered", "passed": True, "found": "team Pixel Pirates", "remedy": ""}


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_check_that_fails_is_shown_and_then_told_in_one_line(aic, folder, run, capsys, words):
    capsys.readouterr()
    (run / "model.pb").write_bytes(b"another")
    status, stdout, stderr = aic("prepare", "--run", run, "--link", LINK, "--out", folder, *words)
    assert (status, stderr.count("\n")) == (2, 1)
    assert stderr.startswith(
        "aic: expected a run that can be submitted (model unchanged), found model.pb has the SHA-256"
    )
    if words:
        assert json.loads(stdout)["mail"] is None
    else:
        assert stdout.splitlines()[4].startswith("BROKEN  model unchanged     model.pb has the SHA-256 ")
    assert not list(folder.glob("super_resolution_*"))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("register",),
            "expected a team's name of 1 to 80 visible characters, found nothing that can be seen: write it",
        ),
        (("register", "--team", "x"), "expected 1 to 20 members, found 0: name each as: Name, Affiliation"),
        (("register", "--team", "x", "--member", "Ada"), "expected a member as: Name, Affiliation, found Ada: put a "),
        (("register", "--team", "a\x1b[31m", "--member", "a, b"), "found a control character (U+001B): write it in"),
        (
            ("register", "--team", "x", "--team-id", "1"),
            "expected --team or --team-id, found both: register first, and",
        ),
        (("register", "--team-id", "x"), "Invalid value for '--team-id': 'x' is not a valid integer; see aic submit "),
        (("register", *TEAM, "--sender", "me"), "expected the sender's address such as team@example.org, found me: "),
        (
            ("register", "--team-id", "17"),
            "expected a registered team (team.json) in new, found none: register it with",
        ),
        (("register", *TEAM, "--out", "file"), "expected a folder for the team at file, found a file: name another "),
        (("prepare", "--run", "run"), "Missing option '--link'; see aic submit prepare --help"),
        (("zzzz",), "No such command 'zzzz'; see aic submit --help"),
    ],
)
def test_a_wrong_call_is_one_line_and_writes_nothing(aic, tmp_path, monkeypatch, words, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    out = () if "--out" in words or words[0] == "zzzz" else ("--out", "new")
    status, stdout, stderr = aic(*words, *out)
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert stderr.startswith("aic: ")
    assert line in stderr
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_link_that_is_no_url(aic, folder, run, capsys):
    capsys.readouterr()
    status, stdout, stderr = aic("prepare", "--run", run, "--link", "https://a\x1b[31m", "--out", folder)
    assert (status, stdout) == (2, "")
    assert stderr == (
        "aic: expected an http or https link with a host, found https://a\\x1b[31m: "
        "give the address of the model, with % for what an address can't hold\n"
    )


@pytest.mark.parametrize("command", ["register", "prepare"])
def test_help_has_an_example_and_loads_nothing_heavy(command):
    code = (
        f"import sys; from aic_helpers.cli import main; main.status(['submit', {command!r}, '--help']); "
        "sys.exit({'tensorflow', 'pandas', 'numpy', 'email.message', 'sqlalchemy'} & set(sys.modules) or 'none')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stderr.splitlines()[-1] == "none"
    assert f"aic submit {command}" in found.stdout.partition("Example")[2]


def test_preparing_needs_no_tensorflow(folder, run):
    words = ["submit", "prepare", "--run", str(run), "--link", LINK, "--out", str(folder)]
    code = (
        f"import sys; from aic_helpers.cli import main; status = main.status({words!r}); "
        "sys.exit(status or {'tensorflow', 'keras', 'papermill', 'sqlalchemy'} & set(sys.modules) or 'none')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stderr.splitlines()[-1] == "none"
