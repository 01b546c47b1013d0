"""A team's registration and submission as a form in a notebook. Nothing is ever sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from aic_helpers.core.errors import InputError, in_words
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.core.safe_texts import shown
from aic_helpers.reporting import notebook_widgets
from aic_helpers.submissions import checks, preparing, teams
from aic_helpers.submissions.checks import Check
from aic_helpers.submissions.example_addresses import ADDRESS, SENDER

SHEET = PACKAGE / "submissions" / "static" / "form.css"


class SubmissionForm(widgets.VBox):
    """Fields, three buttons, what came of the last one, and the checks.

    Parameters
    ----------
    run : str
        The run folder to begin with; empty for the newest in `runs/`.
    link : str
        Where the organiser gets the model.
    sender, address : str
        E-mail addresses of the team and of the organiser.
    out : str
        The team's folder; empty for ``runs/submissions``.

    Raises
    ------
    InputError
        A file in the place of the team's folder. Whatever else goes wrong is told in the form.
    """

    def __init__(
        self, run: str = "", link: str = "", *, sender: str = SENDER, address: str = ADDRESS, out: str = ""
    ) -> None:
        self._folder = teams.team_folder(out)
        self.team = _field("Team", "Pixel Pirates")
        self.members = _field("Members, one a line", "Ada Lovelace, University of London", widgets.Textarea)
        self.members.rows = 3
        self.sender, self.address = _field("Your e-mail address"), _field("The organiser's e-mail address")
        self.team_id = _field("Team ID", "what the organiser answered to the registration")
        self.run = _field("Run folder", "runs/super_resolution/ours")
        self.link = _field("Link to the model", "https://example.org/model.pb")
        self.sender.value, self.address.value, self.link.value = sender, address, link
        self.run.value = str(preparing.chosen_run(run) or "")
        self.said, self.table = widgets.HTML(), widgets.HTML()
        buttons = [_button("Register", self._register, self), _button("Check", self._check, self)]
        buttons += [_button("Prepare", self._prepare, self)]
        self.register, self.check, self.prepare = buttons
        sheet = notebook_widgets.sheet(SHEET)
        first = [sheet, self.team, self.members, self.sender, self.address, widgets.HBox([self.register])]
        second = [self.team_id, self.run, self.link, widgets.HBox([self.check, self.prepare]), self.said, self.table]
        super().__init__([*first, *second])
        self.add_class("aic-form")
        if (self._folder / teams.FILE).exists():
            self.tell(self._fill)

    def tell(self, action: Callable[[], Sequence[str]]) -> None:
        """Do what a button stands for, and show what it returns, or what went wrong, in lines."""
        try:
            lines = action()
        except Exception as error:  # a traceback would go to the kernel's log, where nobody looks
            lines = [_line(error)]
        self.said.value = f'<div role="status">{"<br>".join(map(escape, lines))}</div>'

    def _fill(self) -> list[str]:
        team = teams.read_team(self._folder)
        self.team.value, self.team_id.value = team.team, str(team.team_id or "")
        self.members.value = "\n".join(f"{member.name}, {member.affiliation}" for member in team.members)
        return []

    def _register(self) -> list[str]:
        members = [teams.member(line) for line in self.members.value.splitlines() if line.strip()]
        path = teams.register(self.team.value, members, folder=self._folder, **self._addresses())
        return preparing.sending_lines(path, self.address.value)

    def _check(self) -> list[str]:
        found = self._checked()
        failed = sum(not check.passed for check in found)
        return [f"{len(found) - failed} of {len(found)} checks passed."]

    def _checked(self) -> list[Check]:
        """Return what was found of the run, having shown it."""
        self.table.value = ""
        self._note_team_id()
        found = checks.checks(self._run(), self._folder)
        self.table.value = table(found)
        return found

    def _prepare(self) -> list[str]:
        found = self._checked()
        path = preparing.prepare(self._run(), self.link.value, folder=self._folder, found=found, **self._addresses())
        return preparing.sending_lines(path, self.address.value)

    def _note_team_id(self) -> None:
        typed = self.team_id.value.strip()
        if not typed:
            return
        if not re.fullmatch("[0-9]{1,10}", typed):
            raise InputError("a team ID in digits", shown(typed), "copy it from the organiser's answer")
        if int(typed) != teams.read_team(self._folder).team_id:
            teams.keep_team_id(self._folder, int(typed))

    def _run(self) -> Path:
        if not self.run.value.strip():
            raise InputError("a run folder", "none", "make one with: aic run")
        return Path(self.run.value.strip()).expanduser()

    def _addresses(self) -> dict[str, str]:
        return {"sender": self.sender.value, "address": self.address.value}


def _field(name: str, example: str = "", kind: type[Any] = widgets.Text) -> Any:
    return kind(description=name, placeholder=example)


def _button(name: str, action: Callable[[], Sequence[str]], form: SubmissionForm) -> widgets.Button:
    button = widgets.Button(description=name)
    button.on_click(lambda _: form.tell(action))
    return button


def _line(error: Exception) -> str:
    if isinstance(error, OSError):
        return in_words(error)
    if isinstance(error, InputError):
        return str(error)
    return f"internal error: {' '.join(str(error).split()) or type(error).__name__}"


def table(found: Sequence[Check]) -> str:
    """Return the checks as HTML: verdict in words, name, what was found, and what to do about it."""
    return f'<table class="aic-checks"><tbody>{"".join(map(_row, found))}</tbody></table>'


def _row(check: Check) -> str:
    verdict = "<td>passed</td>" if check.passed else '<td class="aic-broken">broken</td>'
    remedy = f"<br>{escape(check.remedy)}" if check.remedy else ""
    return f"<tr>{verdict}<th>{escape(check.name)}</th><td>{escape(check.found)}{remedy}</td></tr>"
