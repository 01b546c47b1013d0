"""One rater's way through a study: what is due, a vote, a step back. Both front ends call this and nothing below it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aic_helpers.core.errors import InputError
from aic_helpers.studies.orders import Showing
from aic_helpers.studies.plans import PICTURES, Plan
from aic_helpers.studies.stores import CLOSED, NotTakenError, State, Store

MOST_VIEWED_MS = 24 * 3600 * 1000
WINDOW_LETTERS = 40


class RefusedError(InputError):
    """What a rater sent was not taken, and nothing changed.

    Attributes
    ----------
    status : int
        What a web page answers: 404 for nobody's token or picture, 409 for what came twice, 410 for a closed study, 422
        for an answer that there isn't.
    """

    def __init__(self, status: int, expected: str, found: str, remedy: str) -> None:
        super().__init__(expected, found, remedy)
        self.status = status


@dataclass(frozen=True)
class Due:
    """What a rater is to see.

    Attributes
    ----------
    showing : Showing
    following : Showing or None
        What comes next, to be loaded ahead.
    number, count : int
        Among the practice where `practice`, else among those that count.
    given : int or None
        The vote that it has, where the rater went back.
    can_go_back : bool
    """

    showing: Showing
    following: Showing | None
    number: int
    count: int
    practice: bool
    given: int | None
    can_go_back: bool


@dataclass(frozen=True)
class Sitting:
    """One rater in one study.

    Parameters
    ----------
    folder : Path
        The study's.
    """

    folder: Path
    plan: Plan
    store: Store
    rater: str

    @property
    def state(self) -> State:
        return self.store.state(self.rater)

    @property
    def showings(self) -> list[Showing]:
        return self.plan.raters[self.rater]

    def due(self, state: State | None = None) -> Due | None:
        """Return what is due in a state, or now; None when all of it is done."""
        state, shown = state or self.state, self.showings
        if state.place >= len(shown):
            return None
        practices = sum(one.role == "training" for one in shown)
        practice = state.place < practices
        before, count = (0, practices) if practice else (practices, len(shown) - practices)
        following = shown[state.place + 1] if state.place + 1 < len(shown) else None
        can_go_back = state.place > 0 and state.answered == state.place
        return Due(shown[state.place], following, state.place - before + 1, count, practice, state.given, can_go_back)

    def begin(self, window: str = "") -> None:
        """Note that the rater began, and the size of their window, such as ``390x844@3``."""
        letters = "".join(letter for letter in window if letter in "0123456789x@.")[:WINDOW_LETTERS]
        try:
            self.store.begin(self.rater, letters)
        except NotTakenError as error:
            raise _refused(error) from None

    def vote(self, code: str, answer: int | str | None, viewed_ms: int | str | None = None) -> None:
        """Write a vote.

        Parameters
        ----------
        code : str
            Of what was shown when it was given: a vote for anything but what is due is refused.
        answer : int or str
            A key of the plan's answers.
        viewed_ms : int or str, optional
            How long it was looked at; what isn't a whole number of at most a day is not kept.

        Raises
        ------
        RefusedError
            Nothing changed.
        """
        place = self._place(code)
        given = {str(key): key for key in self.plan.answers}.get(str(answer))
        if given is None:
            wanted = ", ".join(map(str, sorted(self.plan.answers)))
            raise RefusedError(422, f"an answer of {wanted}", repr(answer)[:40], "press one of the buttons")
        try:
            self.store.vote(self.rater, place, code, given, _milliseconds(viewed_ms))
        except NotTakenError as error:
            raise _refused(error) from None

    def back(self, code: str) -> None:
        """Go back by one from what is shown under `code`.

        Raises
        ------
        RefusedError
            Nothing changed.
        """
        try:
            self.store.back(self.rater, self._place(code) if code else len(self.showings))
        except NotTakenError as error:
            raise _refused(error) from None

    def picture(self, code: str, number: int) -> Path:
        """Return the file of one of the pictures that are shown under a code.

        Raises
        ------
        RefusedError
            No such picture in this sitting.
        """
        pictures = self.showings[self._place(code)].pictures
        if not 0 <= number < len(pictures):
            raise RefusedError(404, "a picture of this study", f"number {number}", "go on where you are")
        return self.folder / PICTURES / self.plan.pictures[pictures[number]]

    def _place(self, code: str) -> int:
        for place, one in enumerate(self.showings):
            if one.code == code:
                return place
        raise RefusedError(404, "a picture of your part of this study", "another", "go on where you are")


def sitting(folder: Path, plan: Plan, store: Store, token: str) -> Sitting:
    """Return the sitting of the rater whose token it is.

    Raises
    ------
    RefusedError
        Nobody's token.
    """
    rater = store.rater_of(token)
    if rater is None or rater not in plan.raters:
        raise RefusedError(404, "the link of an invitation", "another", "open the link that you were sent")
    return Sitting(folder, plan, store, rater)


def _refused(error: NotTakenError) -> RefusedError:
    if error.why == CLOSED:
        return RefusedError(410, "an open study", "a closed one", "nothing more can be sent; thank you")
    return RefusedError(
        409, "an answer to what is due", "one that came before", "it was not taken; go on where you are"
    )


def _milliseconds(text: int | str | None) -> int | None:
    digits = str(text)
    whole = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MOST_VIEWED_MS))
    return int(digits) if whole and int(digits) <= MOST_VIEWED_MS else None
