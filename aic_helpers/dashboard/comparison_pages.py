"""Models and photos -> one HTML file with the viewer: what each model makes of each photo, for who opens no Jupyter."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as PillowImage

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.safe_texts import printable
from aic_helpers.dashboard import catalogues, compared_images
from aic_helpers.dashboard.compared_images import Compared
from aic_helpers.dashboard.image_store import TARGET
from aic_helpers.data.datasets import open_dataset
from aic_helpers.data.images import Rgb8
from aic_helpers.reporting import html_pages, text_tables, viewer_pages
from aic_helpers.reporting.catalogues import Catalogue, View
from aic_helpers.reporting.viewer_pages import Picture
from aic_helpers.runs import candidates
from aic_helpers.runs.candidates import Candidate
from aic_helpers.tracks.definitions import Track

EXACT_BYTES = 30_000_000
"""Of all pictures in base64, up to which they stay exact."""

GIVES = "a model that gives an image"

QUALITY = 95
"""Of WebP, where exact ones are too large."""

WEBP_SIDE_PX = 16383
"""The format has no longer side."""

JPEG_SIDE_PX = 65500
"""No longer one is written. What is longer still stays PNG."""

FORMATS = {"webp": "WebP", "jpeg": "JPEG"}


@dataclass(frozen=True)
class Written:
    """A page that was written: what it shows, whether its pictures are exact, and what a person has to know."""

    compared: Compared
    exact: bool
    notes: list[str]


def write_page(
    models: Sequence[str],
    out: Path,
    track: Track,
    *,
    photos: Sequence[Path] = (),
    way: str,
    data: str = "sample",
    limit: int = 0,
    progress: Progress,
) -> Written:
    """Write the page that shows what models make of photos, or of validation images where no photo is named.

    Parameters
    ----------
    models : sequence of str
        See `aic_helpers.runs.candidates.find`. The track's baseline always takes part.
    out : Path
        The HTML file. It is replaced only by a whole one.
    track : Track
    photos : sequence of Path
    way : str
        How a photo is taken: one of `aic_helpers.data.own_photos.ways`.
    data : str
        ``sample``, ``challenge`` or a folder.
    limit : int
        How many validation images; 0 for all.
    progress : callable

    Raises
    ------
    InputError
        No such data or photo, or none of the models gives anything.
    """
    dataset = open_dataset(data, track=track)
    own = compared_images.photos(photos, way, track)
    subjects = own or compared_images.validation_images(dataset, limit)
    kept = _Kept()
    with tempfile.TemporaryDirectory(prefix="aic-compare-") as workshop:
        found, left_out = candidates.find(dataset, models, Path(workshop), progress)
        asked = _asked(track, models, found, left_out)
        of = "" if own else text_tables.data_words(dataset.name, dataset.note)
        compared = compared_images.compare(track, of, subjects, found, kept.take, progress)
    if all(compared.failed(candidate.name) for candidate in asked):
        remedy = f"name another model, or {'a smaller photo' if own else 'other data'}"
        raise InputError(GIVES, f"none ({compared.failures[0]})", remedy)
    pictures, words = kept.pictures()
    compared.notes += [*left_out, *compared.failures, *words]
    safe_files.write_text(out, _page(compared, pictures))
    exact = all(picture.exact for picture in pictures.values())
    return Written(compared, exact, [*compared.notes, *compared.unmeasured])


def _asked(
    track: Track, models: Sequence[str], found: Sequence[Candidate], left_out: Sequence[str]
) -> Sequence[Candidate]:
    """Return the models that were asked for: the baseline, which always takes part, only where it was named.

    Raise where none of them can be tried.
    """
    names = [Path(model).name for model in models]
    if models and len(left_out) == len(models):
        others = f"{', '.join(names)}, made for another task"
        raise InputError(f"a model for {track.title}", others, "name one, or that track")
    asked = found if Path(track.timed_beside).name in names or len(found) == 1 else found[1:]
    if all(candidate.pb is None for candidate in asked):
        raise InputError(GIVES, f"none ({asked[0].name}: {asked[0].failure})", "name another model")
    return asked


class _Kept:
    """Pictures as they are made, exact; they are compressed in the end where that is too much."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], Picture] = {}

    def take(self, image: str, shown: str, pixels: Rgb8) -> None:
        self._exact[image, shown] = encoded(pixels)

    def pictures(self) -> tuple[dict[tuple[str, str], Picture], list[str]]:
        """Return the pictures of the page, and what it says of them where the exact ones are too large."""
        exact_bytes = sum(len(picture.base64) for picture in self._exact.values())
        if exact_bytes <= EXACT_BYTES:
            return self._exact, []
        made = {key: _with_loss(picture) for key, picture in self._exact.items()}
        return made, [_loss_words([*made.values()], exact_bytes)]


def _loss_words(pictures: Sequence[Picture], exact_bytes: int) -> str:
    size = f"{exact_bytes / 1e6:.0f} MB"
    formats = sorted({FORMATS[picture.kind] for picture in pictures if not picture.exact})
    if not formats:
        return f"The pictures are exact and take {size}: no format with loss holds a side over {JPEG_SIDE_PX} px."
    loss = f"The pictures are compressed with some loss ({' and '.join(formats)}, quality {QUALITY})"
    longest = f", but for those with a side over {JPEG_SIDE_PX} px" if any(one.exact for one in pictures) else ""
    return f"{loss}{longest}: exact ones would take {size}."


def encoded(pixels: Rgb8) -> Picture:
    """Return an image's very pixels as WebP, or as PNG where a side is too long for it.

    On photos such a WebP is a quarter smaller than a quick PNG. A better search takes six times as long for a sixth.
    """
    height_px, width_px = pixels.shape[:2]
    stream = io.BytesIO()
    image = PillowImage.fromarray(pixels)
    if max(image.size) > WEBP_SIDE_PX:
        image.save(stream, format="PNG")
        return Picture(_base64(stream), width_px, height_px, "png")
    image.save(stream, format="WEBP", lossless=True, method=0, quality=0)
    return Picture(_base64(stream), width_px, height_px)


def _with_loss(exact: Picture) -> Picture:
    """Return a picture compressed; one that is too long for every format with loss stays as it is."""
    if max(exact.width_px, exact.height_px) > JPEG_SIDE_PX:
        return exact
    stream = io.BytesIO()
    image = PillowImage.open(io.BytesIO(base64.b64decode(exact.base64)))
    kind = "jpeg" if exact.kind == "png" else "webp"
    image.save(stream, format=kind, quality=QUALITY)
    return Picture(_base64(stream), exact.width_px, exact.height_px, kind, exact=False)


def _base64(stream: io.BytesIO) -> str:
    return base64.b64encode(stream.getvalue()).decode("ascii")


def _page(compared: Compared, pictures: dict[tuple[str, str], Picture]) -> str:
    given, view = _catalogue(compared)
    about = {
        "title": ", ".join(compared.models),
        "track": given["title"],
        "data": given["data"],
        "notes": given["notes"],
    }
    said = {"title": "", "data": "", "notes": []}  # above the viewer, which needn't say it again
    shown = viewer_pages.viewer(given | said, view, pictures)
    return html_pages.page("compare.html.j2", viewer=True, **printable(about), shown=shown)


def _catalogue(compared: Compared) -> tuple[Catalogue, View]:
    """Return the catalogue and the view to begin with: without models that failed, and a target that no image has."""
    given = catalogues.catalogue(compared, {}) | {"ways": []}
    given["images"] = [_with_words(image, compared) for image in given["images"]]
    failed = {model for model in compared.models if compared.failed(model)}
    view = catalogues.first_view(given | {"models": [model for model in given["models"] if model not in failed]})
    if compared.has_target:
        return given, view
    given["shown"] = [one for one in given["shown"] if one["name"] != TARGET]
    return given | {"reference": ""}, view | {"panes": [pane for pane in view["panes"] if pane != TARGET]}


def _with_words(image: dict[str, object], compared: Compared) -> dict[str, object]:
    subject = next(subject for subject in compared.subjects if subject.name == image["name"])
    reason = compared.why_unmeasured(subject)
    words = [subject.words, reason and f"No figures: {reason}."]
    return image | {"words": " ".join(filter(None, words)), "target": subject.target is not None}
