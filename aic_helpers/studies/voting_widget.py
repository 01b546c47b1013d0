"""A sitting inside JupyterLab: the same way through a study as on the web page, as one widget."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PACKAGE
from aic_helpers.studies.sittings import Due, RefusedError, Sitting

STATIC = PACKAGE / "studies" / "static"


class Ballot(anywidget.AnyWidget):
    """What is due for one rater, with keys and buttons; every press is written before the next picture shows.

    Parameters
    ----------
    sitting : Sitting

    Attributes
    ----------
    pictures, following : list of bytes
        PNG, of what is due and of what comes next, which the page loads ahead.
    code : str
        Of what is due. Each press says which code it was for, so that a press that comes twice is refused.
    """

    _esm = STATIC / "ballot.js"
    _css = STATIC / "ballot.css"
    code = traitlets.Unicode().tag(sync=True)
    following_code = traitlets.Unicode().tag(sync=True)
    pictures = traitlets.List(traitlets.Bytes()).tag(sync=True)
    following = traitlets.List(traitlets.Bytes()).tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    answers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    status = traitlets.Unicode().tag(sync=True)
    done, total, given = (traitlets.Int().tag(sync=True) for _ in range(3))
    can_go_back = traitlets.Bool().tag(sync=True)
    ended = traitlets.Bool().tag(sync=True)

    def __init__(self, sitting: Sitting) -> None:
        super().__init__()
        self._sitting = sitting
        self.question = sitting.plan.question
        self.answers = [[key, word] for key, word in sitting.plan.answers.items()]
        self.on_msg(self._pressed)
        self._tell(lambda: sitting.begin())

    def _pressed(self, _: Any, content: dict[str, Any], __: Any) -> None:
        code = str(content.get("code", ""))
        if content.get("do") == "vote":
            self._tell(lambda: self._sitting.vote(code, content.get("answer"), content.get("viewed_ms")))
        elif content.get("do") == "back":
            self._tell(lambda: self._sitting.back(code))

    def _tell(self, action: Any) -> None:
        """Do what was pressed, and show what is due then; what goes wrong is said in the widget."""
        said = ""
        try:
            action()
        except RefusedError as refused:
            said = str(refused) if refused.status != 409 else ""  # a second press: the first was taken
        except InputError as error:
            said = str(error)
        try:
            self._show(said)
        except InputError as error:
            self.status = str(error)

    def _show(self, said: str) -> None:
        state = self._sitting.state
        due = self._sitting.due(state)
        with self.hold_sync():
            self.ended = due is None or state.closed
            if due is None or self.ended:
                self.code, self.pictures, self.following = "", [], []
                self.status = said or (
                    "This study is closed." if due else "That was all. Thank you! Your answers are stored."
                )
                self.can_go_back = due is None and not state.closed
                return
            self.pictures = self._files(due.showing.code, len(due.showing.pictures))
            ahead = due.following
            self.following = self._files(ahead.code, len(ahead.pictures)) if ahead else []
            self.following_code = ahead.code if ahead else ""
            self.code, self.done, self.total, self.given = due.showing.code, due.number - 1, due.count, due.given or 0
            self.can_go_back, self.status = due.can_go_back, said or _where(due)

    def _files(self, code: str, count: int) -> list[bytes]:
        return [self._sitting.picture(code, number).read_bytes() for number in range(count)]


def _where(due: Due) -> str:
    where = f"{due.number} of {due.count}"
    where = f"Practice {where}, not counted" if due.practice else where
    return f"{where}; your answer was {due.given}" if due.given else where
