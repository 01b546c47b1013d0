"""What an organiser chooses -> a new user study in a folder."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files, staging
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.safe_texts import printable
from aic_helpers.data.datasets import open_dataset
from aic_helpers.runs import candidates
from aic_helpers.runs.candidates import Candidate
from aic_helpers.runs.quantities import quantities
from aic_helpers.studies import folders, power
from aic_helpers.studies import pictures as study_pictures
from aic_helpers.studies.orders import Picture, orders
from aic_helpers.studies.plans import FILE, METHODS, PICTURES, QUESTIONS, REFERENCE, STORE, Method, Model, Plan, write
from aic_helpers.studies.stores import Store
from aic_helpers.tracks import catalogue
from aic_helpers.tracks.definitions import COLUMNS, Track

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


def make_study(
    folder: Path, track: str, runs: Sequence[str], data: str, design: Design, progress: Progress, *, name: str = ""
) -> folders.Study:
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
    if any((folder / file).exists() for file in (*folders.OURS, PICTURES)):
        raise InputError(f"a folder without a study at {folder}", "one", "name another with --study, or delete it")
    chosen = catalogue.find_track(track)
    dataset = open_dataset(data, chosen)
    with staging.staged(folder, FILE) as stage:
        found, notes = candidates.find(dataset, [str(run) for run in runs], stage, progress)
        found = _once(found)
        _require_models(found, notes)
        names = _photos(study_pictures.photo_names(dataset, design.hd), found, design)
        made = study_pictures.make(
            dataset, found, names, stage, hd=design.hd, crop_px=design.crop_px, progress=progress
        )
        for left in stage.glob("*.pb"):  # models that had no run were converted here
            left.unlink()
        plan = _plan(name or folder.resolve().name, dataset.name, found, made, len(names), design, chosen)
        made.figures.to_csv(stage / folders.FIGURES, index=False)
        tokens = {rater: secrets.token_urlsafe(12) for rater in plan.raters}
        Store.make(stage / STORE, plan.study, tokens)
        folders.write_invitations(stage, tokens)
        write(plan, stage)
    return folders.open_study(folder)


def _once(found: Sequence[Candidate]) -> list[Candidate]:
    """Return each model once, by the bytes of its file; the one that a run measured rather than the other."""
    kept: dict[str, Candidate] = {}
    for candidate in found:
        key = f"no model: {candidate.name}" if candidate.pb is None else str(safe_files.sha256(candidate.pb))
        if key not in kept:
            kept[key] = replace(candidate, name=printable(candidate.name))
        elif candidate.result and not getattr(kept[key].result, "profile", None):
            kept[key] = replace(candidate, name=kept[key].name)
    return list(kept.values())


def _require_models(found: Sequence[Candidate], notes: Sequence[str]) -> None:
    for candidate in found:
        if candidate.name == REFERENCE:
            raise InputError(f"models by other names than {REFERENCE}", f"one in {candidate.pb}", "rename its run")
        if candidate.failure:
            raise InputError(f"the model {candidate.name}", f"none ({candidate.failure})", "name another run")
    if len(found) < 2:
        only = "; ".join([f"only {found[0].name}", *notes])
        raise InputError("at least 2 models to compare", only, "name more runs with --run")


def _photos(known: list[str], found: Sequence[Candidate], design: Design) -> list[str]:
    if design.photos:
        twice = [name for name in design.photos if list(design.photos).count(name) > 1]
        if twice:
            raise InputError("each photo once", f"{twice[0]} twice", "name it once")
        return list(design.photos)
    return study_pictures.suggested(found, known)[: design.count]


def _plan(
    name: str,
    data: str,
    found: Sequence[Candidate],
    made: study_pictures.Made,
    count: int,
    design: Design,
    track: Track,
) -> Plan:
    has_reference = all((photo.name, REFERENCE) in made.pictures for photo in made.photos)
    models = [_model(candidate, track) for candidate in found]
    if design.reference and has_reference:
        models.append(Model(REFERENCE, "", "", {}, {}))
    shown = [model.name for model in models]
    pictures = {key: file for key, file in made.pictures.items() if key[1] in shown}
    pairs = design.method == "pairs"
    each = power.pairs_of(len(shown)) if pairs else len(shown)
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
        track=track.name,
        track_file=track.content if catalogue.is_own(track) else {},
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


def _model(candidate: Candidate, track: Track) -> Model:
    """Return a model with what its run measured, so that a study doesn't change with a run."""
    result, columns = candidate.result, track.protocol.columns
    figures: dict[str, Any] = {}
    for name, figure in (quantities(track, result) if result else {}).items():
        key = COLUMNS.get(name, name)
        figures |= {key: figure.value, f"{key}_ci95": list(figure.ci95) if figure.ci95 else None}
    images: dict[str, list[Any]] = {}
    table = candidate.images
    if table is not None and table[columns].notna().all(axis=None):
        images = {name: table[name].tolist() for name in ("image", *columns)}
    folder = str(candidate.pb.parent) if result and candidate.pb else ""
    digest = result.model_sha256 if result else ""
    return Model(candidate.name, folder, digest, figures if images else {}, images)


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
        "power": power.POWER,
        "level": power.LEVEL,
        "votes_per_picture": raters,
        "votes_per_rater": photos_each * (power.pairs_of(models) if method == "pairs" else models),
        "least_raters": power.least_raters(models),
    }
    if method == "pairs":
        return common | {"preference": power.preference_found(invited, photos_each, models)}
    assumed = {"noise": power.NOISE, "disagreement": power.DISAGREEMENT}
    return common | assumed | {"difference": power.difference_found(invited, photos_each, models)}
