"""The plan of a user study: a file that says who sees what when, and how the answers are asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from aic_helpers.core import safe_files, validation
from aic_helpers.core.errors import InputError, in_words
from aic_helpers.studies.opinion_scores import GRADES
from aic_helpers.studies.orders import Picture, Showing
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import Track

SCHEMA = 1
FILE, PICTURES, STORE, INVITATIONS = "plan.json", "pictures", "votes.sqlite", "invitations.csv"
"""Names in a study's folder."""

REFERENCE = "reference"
"""What the hidden reference is called: the target, shown among the models without a word."""

PICTURE = re.compile(r"[0-9a-f]{16}\.png")
"""How the file of a picture is called."""
PictureFile = Annotated[str, Field(pattern=f"^{PICTURE.pattern}$")]

REMEDY = "bring back the file as aic study new wrote it"

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
        What its run measured: the track's metrics (``psnr_db``), and other quantities by their names in formulas
        (``speedup``), each with ``_ci95``; empty where it has none.
    images : dict
        ``image`` and the track's metrics: lists over all images of its run, in one order; empty where it has none.
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


def _by_picture(content: Any) -> Any:
    """Return the file's list of photo, model and file as a mapping."""
    try:
        return {(photo, model): file for photo, model, file in content}
    except TypeError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Plan:
    """A study before anybody votes.

    Attributes
    ----------
    name, study : str
        What the organiser calls it, and an identity that no other study has.
    track, data : str
        Of a track of one's own, `track_file` says what its file does.
    method, question : str
    seed : int
        Of all that is drawn at random.
    baseline : str
        The model that the others are timed beside; empty where it isn't among them.
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
    photos: Annotated[list[Photo], Field(min_length=1)]
    pictures: Annotated[Mapping[Picture, PictureFile], BeforeValidator(_by_picture)]
    power: dict[str, Any]
    raters: Annotated[Mapping[str, list[Showing]], Field(min_length=1)]
    track_file: dict[str, Any] = field(default_factory=dict)

    @property
    def made_for(self) -> Track:
        """The track."""
        if self.track_file:
            return catalogue.made(self.track, self.track_file)
        return catalogue.TRACKS[self.track]

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
    if not plan.track_file:
        del content["track_file"]
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
    expected = f"the plan of a study in {path}"
    try:
        content = validation.load_json(path, expected, REMEDY)
    except FileNotFoundError:
        raise InputError(f"a study in {folder}", f"no {FILE}", "make one with: aic study new") from None
    except OSError as error:
        raise InputError(f"a readable {path}", in_words(error), "check the file") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else "none"
        raise InputError(f"a plan of schema {SCHEMA} in {path}", f"{found}", "use the workbench that made it")
    plan = validation.fitted(Plan, content, expected, REMEDY)
    if plan.track not in catalogue.TRACKS and not plan.track_file:
        raise InputError(expected, f"{validation.brief(plan.track)} as track", REMEDY)
    plan.made_for  # noqa: B018 (a track of one's own is read once, so that a mistake shows here)
    shown = {picture for own in plan.raters.values() for one in own for picture in one.pictures}
    if not shown <= set(plan.pictures):
        raise InputError(expected, "a rater who sees a picture that isn't in it", REMEDY)
    return plan


def is_plan(path: Path) -> bool:
    """Return whether a file is a plan, even one that is damaged or of another schema."""
    try:
        content = validation.load_json(path, "JSON", REMEDY)
    except (OSError, InputError):
        return False
    return isinstance(content, dict) and {"schema", "study", "raters"} <= set(content)
