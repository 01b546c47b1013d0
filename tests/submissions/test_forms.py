"""The form of 06_submit without a browser: what its buttons write, and what it says where they can't."""

from html import unescape
from html.parser import HTMLParser

import pytest
from fixtures import team_runs
from fixtures.browsing import HOSTILE

from aic_helpers.submissions import eml, forms, preparing, teams
from aic_helpers.submissions.checks import Check

pytestmark = pytest.mark.tensorflow

LINK = "https://example.org/model.pb"


@pytest.fixture
def run(tmp_path):
    return team_runs.write(tmp_path / "run")


@pytest.fixture
def form(run, tmp_path):
    """A form with everything filled in, but nothing done yet."""
    form = forms.SubmissionForm(str(run), LINK, address="desk@org.example", out=str(tmp_path / "desk"))
    form.team.value = "Pixel Pirates"
    form.members.value = "Ada Lovelace, University of London\n\nAlan Turing, NPL\n"
    return form


def said(form):
    """Return the lines that the form shows, as a person sees them."""
    text = form.said.value.removeprefix('<div role="status">').removesuffix("</div>")
    return [unescape(line) for line in text.split("<br>")]


def test_from_registering_to_the_email(form, tmp_path):
    form.register.click()
    assert said(form)[0] == f"e-mail  {tmp_path}/desk/registration.eml"
    assert said(form)[1].startswith("Nothing was sent: ")
    registered = eml.read_mail(tmp_path / "desk" / "registration.eml").content
    assert [member.name for member in registered.members] == ["Ada Lovelace", "Alan Turing"]
    form.team_id.value = " 17 "
    form.check.click()
    assert said(form) == ["10 of 10 checks passed."]
    assert form.table.value.count("<td>passed</td>") == 10
    form.prepare.click()
    path = next((tmp_path / "desk").glob("super_resolution_*.eml"))
    assert said(form)[0] == f"e-mail  {path}"
    submitted = eml.read_mail(path).content
    assert (submitted.team, submitted.team_id, submitted.link) == ("Pixel Pirates", 17, LINK)


def test_a_team_that_is_there_is_filled_in(form, run, tmp_path):
    form.register.click()
    form.team_id.value = "17"
    form.check.click()
    again = forms.SubmissionForm(str(run), out=str(tmp_path / "desk"))
    assert (again.team.value, again.team_id.value) == ("Pixel Pirates", "17")
    assert again.members.value.splitlines() == ["Ada Lovelace, University of London", "Alan Turing, NPL"]


def test_what_is_broken_is_named_with_what_to_do(form, run, tmp_path):
    (run / "model.pb").unlink()
    form.check.click()
    assert said(form) == ["6 of 8 checks passed."]
    found = (
        "<th>model unchanged</th><td>no model.pb<br>make the run again with aic run; submit the model.pb that it leaves"
    )
    assert f'<tr><td class="aic-broken">broken</td>{found}</td></tr>' in form.table.value
    form.prepare.click()
    assert said(form) == [
        f"expected a run that can be submitted (registered), found no team.json in {tmp_path}/desk "
        "(1 other check failed too): register the team: aic submit register"
    ]
    assert not list((tmp_path / "desk").glob("*"))


@pytest.mark.parametrize(
    ("field", "value", "button", "line"),
    [
        (
            "team",
            "",
            "register",
            "expected a team's name of 1 to 80 visible characters, found nothing that can be seen",
        ),
        ("team", "<b>\u202e", "register", "expected a team's name of 1 to 80 visible characters, found an invisible"),
        ("members", "", "register", "expected 1 to 20 members, found 0: name each as: Name, Affiliation"),
        ("members", "<script>", "register", "expected a member as: Name, Affiliation, found <script>: put a comma"),
        ("sender", "<me>", "register", "expected the sender's address such as team@example.org, found <me>: give the"),
        ("team_id", "x", "check", "expected a team ID in digits, found x: copy it from the organiser's answer"),
        ("team_id", "9" * 5000, "check", "expected a team ID in digits, found 999"),
        ("team_id", "\u0661", "check", "expected a team ID in digits, found \u0661: "),
        ("team_id", "17", "check", "expected a registered team (team.json) in "),
        ("run", " ", "check", "expected a run folder, found none: make one with: aic run"),
    ],
)
def test_a_mistake_is_one_line_in_the_form(form, tmp_path, field, value, button, line):
    getattr(form, field).value = value
    getattr(form, button).click()
    assert said(form)[0].startswith(line)
    assert len(said(form)) == 1
    assert "<script>" not in form.said.value
    assert not (tmp_path / "desk").exists()


def test_what_nobody_foresaw_is_one_line_too(form, monkeypatch):
    monkeypatch.setattr(preparing, "prepare", lambda *_, **__: 1 / 0)
    form.prepare.click()
    assert said(form) == ["internal error: division by zero"]


def test_a_run_folder_that_no_terminal_should_see(form):
    form.run.value = "a\x00\x1b[31m"
    form.check.click()
    assert "nothing in a\\x00\\x1b[31m" in form.table.value


def test_a_link_that_is_no_url(form):
    form.register.click()
    form.team_id.value, form.link.value = "17", "model.pb"
    form.prepare.click()
    assert said(form)[0].startswith("expected an http or https link with a host, found model.pb: ")


def test_a_folder_that_cannot_be_written(form, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "/desk")

    monkeypatch.setattr(eml, "write_private", refuse)
    form.register.click()
    assert said(form) == ["/desk: Permission denied"]


def test_a_damaged_team_is_told_when_the_form_opens(form, run, tmp_path):
    form.register.click()
    (tmp_path / "desk" / "team.json").write_text("{}")
    again = forms.SubmissionForm(str(run), out=str(tmp_path / "desk"))
    assert "found a damaged one (expected schema 1, found null" in said(again)[0]


def test_without_a_run_it_opens_empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    form = forms.SubmissionForm(out=str(tmp_path / "desk"))
    assert form.run.value == ""
    assert not (tmp_path / "desk").exists()


def tags(html):
    """Return the tags of a page in their order, with their attributes."""
    found, parser = [], HTMLParser()
    parser.handle_starttag = lambda *tag: found.append(tag)
    parser.feed(html)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_shown_is_html(text):
    hostile, plain = (
        forms.table([Check(word, False, word, word), Check(word, True, word, "")]) for word in (text, "x")
    )
    assert tags(hostile) == tags(plain)
    assert len(tags(plain)) == 11


def test_the_secret_is_not_in_the_form(form, tmp_path):
    form.register.click()
    form.team_id.value = "17"
    form.prepare.click()
    token = teams.read_team(tmp_path / "desk").token
    states = [str(widget.get_state()) for widget in form.children]
    assert not any(token in state for state in states)
