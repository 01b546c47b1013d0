"""The plan of a user study: a file that says who sees what when, and how the answers are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError, in_words
from aic_helpers.core.tracks import TRACKS
from aic_helpers.studies.opinion_scores import GRADES
from aic_helpers.studies.orders import Picture, Showing

SCHEMA = 1
FILE, PICTURES, STORE, INVITATIONS = "plan.json", "pictures", "votes.sqlite", "invitations.csv"
"""Names in a study's folder."""

REFERENCE = "reference"
"""What the hidden reference is called: the target, shown among the models without a word."""

PICTURE = re.compile(r"[0-9a-f]{16}\.png")
"""How the file of a picture is called."""

Method = Literal["acr", "pairs"]

METHODS: Mapping[str, str] = {
    "acr": "absolute category rating: one picture at a time, five grades (ITU-T P.910, words of P.800)",
    "pairs": "pair comparison: two pictures of one photo, which is better (ITU-T P.910)",
}
QUESTIONS: Mapping[str, str] = {"acr": "How good is this picture?", "pairs": "Which picture is better?"}
ANSWERS: Mapping[str, Mapping[int, str]] = {"acr": GRADES, "pairs": {1: "the first", 2: "the second"}}


@dataclass(frozen=True)
class Model:
    """A model of a study.

    Attributes
    ----------
    name : str
    folder : str
        Its run folder; empty where it has none.
    sha256 : str
        Of its `model.pb`; empty for the reference.
    figures : dict
        ``psnr_db``, ``ms_ssim``, ``speedup``, each with ``_ci95``, of its run; empty where it has none.
    images : dict
        ``image``, ``psnr_db``, ``ms_ssim``: lists over all images of its run, in one order; empty where it has none.
    """

    name: str
    folder: str
    sha256: str
    figures: dict[str, Any]
    images: dict[str, list[Any]]


@dataclass(frozen=True)
class Photo:
    """A photo of a study, and the part of it that is shown: all of it, or a crop."""

    name: str
    left_px: int
    top_px: int
    width_px: int
    height_px: int


@dataclass(frozen=True)
class Plan:
    """A study before anybody votes.

    Attributes
    ----------
    name, study : str
        What the organiser calls it, and an identity that no other study has.
    track, data : str
    method, question : str
    seed : int
        Of all that is drawn at random.
    baseline : str
        The model that stands for the track's SRCNN; empty where it isn't among them.
    models : list of Model
        The hidden reference, where there is one, last.
    photos : list of Photo
    pictures : mapping of (photo, model) to str
        The file in `pictures/`, whose name says nothing.
    power : dict
        What difference the study can find, and what was assumed for it.
    raters : mapping of str to list of Showing
        What each rater sees, in order.
    """

    name: str
    study: str
    created_utc: str
    track: str
    data: str
    method: Method
    question: str
    seed: int
    baseline: str
    models: list[Model]
    photos: list[Photo]
    pictures: Mapping[Picture, str]
    power: dict[str, Any]
    raters: Mapping[str, list[Showing]]

    @property
    def answers(self) -> Mapping[int, str]:
        """The words of each answer by its key."""
        return ANSWERS[self.method]

    def by_code(self) -> dict[tuple[str, str], Showing]:
        """Return what was shown, by rater and code."""
        return {(rater, one.code): one for rater, own in self.raters.items() for one in own}

    def model_names(self, *, reference: bool = True) -> list[str]:
        """Return the names of the models, with that of the hidden reference or without."""
        return [model.name for model in self.models if reference or model.name != REFERENCE]


def write(plan: Plan, folder: Path) -> Path:
    """Write the plan, for the organiser's eyes: it says which picture is whose. Return its path."""
    content = {"schema": SCHEMA, **asdict(plan)}
    content["pictures"] = [[*picture, file] for picture, file in plan.pictures.items()]
    path = folder / FILE
    safe_files.write_private(path, (json.dumps(content, indent=1, allow_nan=False) + "\n").encode())
    return path


def read(folder: Path) -> Plan:
    """Return the plan in a study's folder.

    Raises
    ------
    InputError
        No plan, one of another schema, or a damaged one.
    """
    path = folder / FILE
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise InputError(f"a study in {folder}", f"no {FILE}", "make one with: aic study new") from None
    except OSError as error:
        raise InputError(f"a readable {path}", in_words(error), "check the file") from None
    except ValueError as error:
        raise _damaged(path, str(error)) from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else "none"
        raise InputError(f"a plan of schema {SCHEMA} in {path}", f"{found}", "use the workbench that made it")
    try:
        plan = _plan(content)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"{type(error).__name__} {error}") from None
    _check(plan, path)
    return plan


def is_plan(path: Path) -> bool:
    """Return whether a file is a plan, even one that is damaged or of another schema."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"schema", "study", "raters"} <= set(content)


def _plan(content: dict[str, Any]) -> Plan:
    parts = {key: value for key, value in content.items() if key != "schema"}
    parts["models"] = [Model(**model) for model in parts["models"]]
    parts["photos"] = [Photo(**photo) for photo in parts["photos"]]
    parts["pictures"] = {(photo, model): file for photo, model, file in parts["pictures"]}
    parts["raters"] = {name: [_showing(one) for one in shown] for name, shown in parts["raters"].items()}
    return Plan(**parts)


def _showing(content: dict[str, Any]) -> Showing:
    pictures = tuple((str(photo), str(model)) for photo, model in content["pictures"])
    return Showing(content["code"], pictures, content["role"])


def _check(plan: Plan, path: Path) -> None:
    """Refuse what would ask raters for something that isn't there, or would lead out of the study's folder."""
    known = plan.track in TRACKS and plan.method in METHODS and plan.raters and plan.photos
    if not known:
        raise _damaged(path, f"track {plan.track!r}, method {plan.method!r}")
    wrong = [file for file in plan.pictures.values() if not PICTURE.fullmatch(str(file))]
    if wrong:
        raise _damaged(path, f"a picture {wrong[0]!r}")
    shown = {picture for own in plan.raters.values() for one in own for picture in one.pictures}
    if not shown <= set(plan.pictures):
        raise _damaged(path, "a rater who sees a picture that isn't in it")


def _damaged(path: Path, found: str) -> InputError:
    return InputError(f"the plan of a study in {path}", found, "bring back the file as aic study new wrote it")
