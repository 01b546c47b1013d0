"""A user study in a folder: made, opened, exported, deleted."""

from __future__ import annotations

import csv
import hashlib
import io
import math
import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from aic_helpers import entrants, results, staging, study_pictures, study_power, study_scores
from aic_helpers.datasets import open_dataset
from aic_helpers.entrants import Entrant, Progress
from aic_helpers.errors import InputError
from aic_helpers.places import PROJECT
from aic_helpers.run_folders import printable
from aic_helpers.study_orders import Picture, orders
from aic_helpers.study_plans import (
    FILE,
    INVITATIONS,
    METHODS,
    PICTURE,
    PICTURES,
    QUESTIONS,
    REFERENCE,
    STORE,
    Method,
    Model,
    Plan,
    is_plan,
    read,
    write,
)
from aic_helpers.study_stores import Store, is_store
from aic_helpers.tables import harmless

FOLDER = PROJECT / "runs" / "study"
FIGURES, EXPORT, RESULT, REPORT = "figures.csv", "votes.csv", "study.json", "report.html"
OURS = (FILE, STORE, INVITATIONS, FIGURES, EXPORT, RESULT, REPORT)
"""Files in a study's folder, beside the folder of pictures."""

RATERS, VOTES, PHOTOS, CROP_PX = 24, 60, 8, 512
PRACTICES, REPEATED_SHARE = 3, 0.1
MOST_RATERS, MOST_VOTES = 1000, 1000


@dataclass(frozen=True)
class Design:
    """What an organiser chooses.

    Attributes
    ----------
    method : {"acr", "pairs"}
    question : str
        Empty for the method's own.
    photos : sequence of str
        By name; none for those on which the models differ most.
    count : int
        How many then.
    hd : bool
        Photos from the data's HD images in place of its validation pairs.
    crop_px : int
        The side of what is shown of each; 0 for whole photos.
    raters, votes : int
        How many raters, and how many votes of each at the most, practice and repeats left aside.
    reference : bool
        Whether the target is shown among the models, without a word.
    seed : int or None
        None draws one.
    """

    method: str = "acr"
    question: str = ""
    photos: Sequence[str] = ()
    count: int = PHOTOS
    hd: bool = False
    crop_px: int = CROP_PX
    raters: int = RATERS
    votes: int = VOTES
    reference: bool = True
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"a method ({', '.join(METHODS)})", repr(self.method), "name one of them")
        limits = (("raters", 2, MOST_RATERS), ("votes", 1, MOST_VOTES), ("count", 1, 1000), ("crop_px", 0, 100_000))
        for name, low, high in limits:
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name} of {low} to {high}", f"{value}", "change it")
        if 0 < self.crop_px < 64:
            raise InputError("a crop of at least 64 px, or 0 for whole photos", f"{self.crop_px}", "show more")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise InputError("a seed of 0 to 2^63 - 1", f"{self.seed}", "change it")


@dataclass(frozen=True)
class Study:
    """A study that is there."""

    folder: Path
    plan: Plan
    store: Store


def make(
    folder: Path, track: str, runs: Sequence[str], data: str, design: Design, progress: Progress, *, name: str = ""
) -> Study:
    """Make a study: run the models, write pictures, plan, an empty store and the invitations.

    Parameters
    ----------
    folder : Path
        New, or empty.
    track, data : str
    runs : sequence of str
        Run folders, or other model sources, which then have no scores; none for all runs on this data. The track's
        baseline is always among the models.
    name : str
        Empty for the folder's.

    Raises
    ------
    InputError
        A study is there already, fewer than two models, a missing run, a photo or picture that can't be had.
    """
    if any((folder / file).exists() for file in (*OURS, PICTURES)):
        raise InputError(f"a folder without a study at {folder}", "one", "name another with --study, or delete it")
    dataset = open_dataset(data, results.named_track(track))
    with staging.staged(folder, FILE) as stage:
        found, notes = entrants.find(dataset, [str(run) for run in runs], stage, progress)
        found = _once(found)
        _require_models(found, notes)
        names = _photos(study_pictures.photo_names(dataset, design.hd), found, design)
        made = study_pictures.make(
            dataset, found, names, stage, hd=design.hd, crop_px=design.crop_px, progress=progress
        )
        for left in stage.glob("*.pb"):  # models that had no run were converted here
            left.unlink()
        plan = _plan(name or folder.resolve().name, dataset.name, found, made, len(names), design, track)
        made.figures.to_csv(stage / FIGURES, index=False)
        tokens = {rater: secrets.token_urlsafe(12) for rater in plan.raters}
        Store.make(stage / STORE, plan.study, tokens)
        staging.write_private(stage / INVITATIONS, _csv([("rater", "token"), *tokens.items()]))
        write(plan, stage)
    return open_study(folder)


def folder_of(typed: str) -> Path:
    """Return the folder of a study: what was typed, or ``runs/study`` in the project."""
    return Path(typed).expanduser() if typed else FOLDER


def is_there(folder: Path) -> bool:
    """Return whether a folder has a study."""
    return (folder / FILE).is_file()


def open_study(folder: Path) -> Study:
    """Return the study in a folder; `InputError` where there is none, or a part of it is missing or damaged."""
    plan = read(folder)
    lost = [file for file in plan.pictures.values() if not (folder / PICTURES / file).is_file()]
    if lost:
        raise InputError(f"{len(plan.pictures)} pictures in {folder / PICTURES}", f"no {lost[0]}", "bring them back")
    return Study(folder, plan, Store(folder / STORE, plan.study))


def tokens(study: Study) -> dict[str, str]:
    """Return the raters' tokens from the file of invitations, the only place that has them."""
    path = study.folder / INVITATIONS
    if not path.is_file():
        raise InputError(f"the invitations in {path}", "nothing", "bring back the file: only it has the raters' tokens")
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        found = {str(row.get("rater")): str(row.get("token")) for row in csv.DictReader(file)}
    if not set(found) <= set(study.plan.raters) or not found:
        raise InputError(f"raters and their tokens in {path}", "something else", "bring back the file")
    return found


def voters(study: Study) -> int:
    """Return how many raters have a vote that counts."""
    counts = {one.code for own in study.plan.raters.values() for one in own if one.role != "training"}
    return len({vote.rater for vote in study.store.votes() if vote.code in counts})


def analyse(
    study: Study, *, keep_all: bool = False, mapping: str = study_scores.RECONSTRUCTED
) -> study_scores.Analysis:
    """Return what the votes say: see `study_scores.analyse`."""
    path = study.folder / FIGURES
    figures = pd.read_csv(path, dtype={"photo": str, "model": str}) if path.is_file() else pd.DataFrame()
    return study_scores.analyse(study.plan, study.store.votes(), figures, keep_all=keep_all, mapping=mapping)


def export(study: Study, path: Path) -> int:
    """Write the votes as CSV without what leads to a person; return how many.

    Raters are numbered anew at random, at each export; times are seconds since the rater's first vote.

    Raises
    ------
    InputError
        A name that doesn't end in .csv: what lies there would be gone.
    """
    if path.suffix.lower() != ".csv" or (path.exists() and not path.is_file()):
        raise InputError("a file that ends in .csv", f"{path}", "name one with --out")
    shown = {(rater, one.code): one for rater, own in study.plan.raters.items() for one in own}
    votes = study.store.votes()
    raters = sorted({vote.rater for vote in votes})
    random.SystemRandom().shuffle(raters)
    number = {rater: place + 1 for place, rater in enumerate(raters)}
    first = {rater: min(_time(vote.given_utc) for vote in votes if vote.rater == rater) for rater in raters}
    head = ("rater", "place", "role", "photo", "model", "second_model", "answer", "viewed_ms", "seconds", "revision")
    rows: list[tuple[Any, ...]] = []
    for vote in votes:
        one = shown[vote.rater, vote.code]
        models = [model for _, model in one.pictures] + [""]
        seconds = round((_time(vote.given_utc) - first[vote.rater]).total_seconds(), 1)
        row = (number[vote.rater], vote.place + 1, one.role, one.pictures[0][0], *models[:2], vote.answer)
        rows.append((*row, "" if vote.viewed_ms is None else vote.viewed_ms, seconds, vote.revision))
    rows.sort(key=lambda row: row[:2])
    staging.write_private(path, _csv([head, *([harmless(cell) for cell in row] for row in rows)]))
    return len(rows)


def forget(study: Study, rater: str) -> int:
    """Remove one rater's votes, window and invitation, and what was made of all votes; return how many votes."""
    left = {name: token for name, token in tokens(study).items() if name != rater}
    count = study.store.delete(rater)
    staging.write_private(study.folder / INVITATIONS, _csv([("rater", "token"), *left.items()]))
    for name in (EXPORT, RESULT, REPORT):
        (study.folder / name).unlink(missing_ok=True)
    return count


def delete(folder: Path) -> None:
    """Remove a study: votes, invitations, pictures, plan, and what was made of them. Other files stay.

    Raises
    ------
    InputError
        No study there: neither a plan nor a store of votes that we made. A damaged study can be removed by one of both.
    """
    require_ours(folder)
    for name in OURS:
        (folder / name).unlink(missing_ok=True)
    for picture in (folder / PICTURES).glob("*.png"):
        if PICTURE.fullmatch(picture.name):
            picture.unlink()
    for place in (folder / PICTURES, folder):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def require_ours(folder: Path) -> None:
    """Refuse a folder that holds neither a plan nor a store of votes."""
    if not (is_plan(folder / FILE) or is_store(folder / STORE)):
        raise InputError(f"a study in {folder}", "none", "name its folder with --study")


def _once(found: Sequence[Entrant]) -> list[Entrant]:
    """Return each model once, by the bytes of its file; the one that a run measured rather than the other."""
    kept: dict[str, Entrant] = {}
    for entrant in found:
        key = f"no model: {entrant.name}" if entrant.pb is None else _digest(entrant.pb)
        if key not in kept:
            kept[key] = replace(entrant, name=printable(entrant.name))
        elif not (kept[key].result or {}).get("profile") and entrant.result:
            kept[key] = replace(entrant, name=kept[key].name)
    return list(kept.values())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _require_models(found: Sequence[Entrant], notes: Sequence[str]) -> None:
    for entrant in found:
        if entrant.name == REFERENCE:
            raise InputError(f"models by other names than {REFERENCE}", f"one in {entrant.pb}", "rename its run")
        if entrant.failure:
            raise InputError(f"the model {entrant.name}", f"none ({entrant.failure})", "name another run")
    if len(found) < 2:
        only = "; ".join([f"only {found[0].name}", *notes])
        raise InputError("at least 2 models to compare", only, "name more runs with --run")


def _photos(known: list[str], found: Sequence[Entrant], design: Design) -> list[str]:
    if design.photos:
        twice = [name for name in design.photos if list(design.photos).count(name) > 1]
        if twice:
            raise InputError("each photo once", f"{twice[0]} twice", "name it once")
        return list(design.photos)
    return study_pictures.suggested(found, known)[: design.count]


def _plan(
    name: str,
    data: str,
    found: Sequence[Entrant],
    made: study_pictures.Made,
    count: int,
    design: Design,
    track: str,
) -> Plan:
    has_reference = all((photo.name, REFERENCE) in made.pictures for photo in made.photos)
    models = [_model(entrant) for entrant in found]
    if design.reference and has_reference:
        models.append(Model(REFERENCE, "", "", {}, {}))
    shown = [model.name for model in models]
    pictures = {key: file for key, file in made.pictures.items() if key[1] in shown}
    pairs = design.method == "pairs"
    each = study_power.pairs_of(len(shown)) if pairs else len(shown)
    photos_each = min(count, design.votes // each)
    if not photos_each:
        raise InputError(f"at least {each} votes a rater, for all of one photo", f"{design.votes}", "raise --votes")
    if design.raters * photos_each < count:
        seen = f"{design.raters} raters of {photos_each} photos each"
        raise InputError(f"raters who together see all {count} photos", seen, "take fewer photos, or more raters")
    seed = secrets.randbelow(2**31) if design.seed is None else design.seed
    drawn = orders(
        [photo.name for photo in made.photos],
        shown,
        pairs=pairs,
        raters=design.raters,
        photos_each=photos_each,
        training=_training(made, shown, pairs),
        repeats=max(1, math.ceil(REPEATED_SHARE * photos_each * each)),
        seed=seed,
    )
    method: Method = "pairs" if pairs else "acr"
    return Plan(
        name=name,
        study=secrets.token_hex(8),
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        track=track,
        data=data,
        method=method,
        question=" ".join(design.question.split()) or QUESTIONS[method],
        seed=seed,
        baseline=found[0].name,
        models=models,
        photos=made.photos,
        pictures=pictures,
        power=_power(method, design.raters * photos_each / count, photos_each, len(shown), design.raters),
        raters={f"r{place:0{len(str(design.raters))}d}": own for place, own in enumerate(drawn, 1)},
    )


def _model(entrant: Entrant) -> Model:
    """Return a model with what its run measured, so that a study doesn't change with a run."""
    result = entrant.result or {}
    metrics, profile = (result.get(part) or {} for part in ("metrics", "profile"))
    names = [*study_pictures.METRICS, *(f"{name}_ci95" for name in study_pictures.METRICS)]
    figures = {name: metrics.get(name) for name in names}
    figures |= {name: profile.get(name) for name in ("speedup", "speedup_ci95")}
    images: dict[str, list[Any]] = {}
    table = entrant.images
    if table is not None and table[list(study_pictures.METRICS)].notna().all(axis=None):
        images = {name: table[name].tolist() for name in ("image", *study_pictures.METRICS)}
    folder = str(entrant.pb.parent) if entrant.result and entrant.pb else ""
    digest = (result.get("model") or {}).get("sha256", "")
    return Model(entrant.name, folder, digest, figures if images else {}, images)


def _training(made: study_pictures.Made, shown: Sequence[str], pairs: bool) -> list[tuple[Picture, ...]]:
    """Return what is shown for practice: of the first photo, the range from the lowest PSNR to the target."""
    photo = made.photos[0].name
    own = made.figures[made.figures["photo"] == photo].set_index("model")["psnr_db"]
    ranked = sorted(shown, key=lambda model: own.get(model, math.inf))
    if pairs:
        return [((photo, ranked[0]), (photo, ranked[-1])), ((photo, ranked[-1]), (photo, ranked[0]))]
    chosen = dict.fromkeys((ranked[-1], ranked[0], ranked[len(ranked) // 2]))
    return [((photo, model),) for model in list(chosen)[:PRACTICES]]


def _power(method: Method, raters: float, photos_each: int, models: int, invited: int) -> dict[str, Any]:
    """Return what the study can find. Of a pair of models every invited rater sees `photos_each` photos."""
    common: dict[str, Any] = {
        "power": study_power.POWER,
        "level": study_power.LEVEL,
        "votes_per_picture": raters,
        "votes_per_rater": photos_each * (study_power.pairs_of(models) if method == "pairs" else models),
        "least_raters": study_power.least_raters(models),
    }
    if method == "pairs":
        return common | {"preference": study_power.preference_found(invited, photos_each, models)}
    assumed = {"noise": study_power.NOISE, "disagreement": study_power.DISAGREEMENT}
    return common | assumed | {"difference": study_power.difference_found(invited, photos_each, models)}


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
