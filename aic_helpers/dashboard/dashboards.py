"""The dashboard: the viewer as a widget, and what it answers to the page. It reads no image and runs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import anywidget
import numpy as np
import traitlets

from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.core.safe_texts import printable
from aic_helpers.dashboard import catalogues, still_pictures
from aic_helpers.dashboard.arriving_photos import ArrivingPhotos
from aic_helpers.dashboard.catalogues import Listed
from aic_helpers.dashboard.image_figures import ImageFigures, crop_figures, furthest
from aic_helpers.dashboard.image_store import INPUT, TARGET, Shown
from aic_helpers.dashboard.links import read_view
from aic_helpers.dashboard.pixel_copies import KEPT_LEAST, Copy, PixelCopies
from aic_helpers.data import own_photos
from aic_helpers.reporting import viewer_code
from aic_helpers.reporting.catalogues import figure


class Source(Listed, Protocol):
    """What a dashboard is given of a track: see `aic_helpers.dashboard.image_store.ImageStore`."""

    @property
    def photo(self) -> str | None: ...
    def has(self, image: str, shown: str) -> bool: ...
    def pixels(self, image: str, shown: str) -> Shown: ...
    def thumbnail(self, image: str) -> bytes: ...
    def add_photo(self, name: str, content: bytes | Path, way: str) -> list[str]: ...


OpenTrack = Callable[[str, Progress], Source]
"""Opens a track by its name, telling its progress; raises `InputError` where it can't."""

Save = Callable[[str, Any], str]
"""Saves a picture under a name like the one given; returns where it is, in words; raises `InputError`."""

Message = Mapping[str, Any]


class Dashboard(anywidget.AnyWidget):
    """Images side by side, with their figures; display it as a cell's last value.

    Parameters
    ----------
    source : Source
        The track that is shown first.
    tracks : dict of str to str
        Names of the tracks by their titles, for the menu.
    open_track : callable
        Called when another track is chosen.
    save : callable
        Called when a picture is to be saved.
    image : str
        The image to begin with; the first of the order where it is empty, by default the worst.
    view : str
        The text of a link to what is looked at first; it may name the image, too. Where it names a zoom and no place,
        that is where the first model in the panes is furthest from the target.

    Attributes
    ----------
    catalogue : dict
        What there is to see: `aic_helpers.dashboard.catalogues.catalogue`.
    view : dict
        What is looked at; the page changes it.
    previews : dict
        ``image``, its ``width_px`` and ``height_px``, and ``pictures``: small JPEGs of what was shown last, for a
        notebook without a kernel.

    Notes
    -----
    Pixels travel as messages of their own, so that none stays in a saved notebook. Each message of the page has a
    number, ``ask``, and so has each answer to it.
    """

    _esm = viewer_code.esm()
    _css = viewer_code.css()
    catalogue: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    view: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    previews: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        source: Source,
        tracks: dict[str, str],
        open_track: OpenTrack,
        save: Save,
        *,
        image: str = "",
        view: str = "",
    ) -> None:
        super().__init__()
        self._tracks, self._open_track, self._save = tracks, open_track, save
        try:
            self._settle(source, image, view)
        except InputError:
            self.close()  # or it would be saved with the notebook
            raise
        self.on_msg(self._asked)

    @property
    def image(self) -> str:
        """The image that is shown."""
        return self.view["image"]

    @property
    def shown(self) -> list[str]:
        """What the panes show: ``input``, ``target``, or models."""
        return [*self.view["panes"]]

    def _settle(self, source: Source, image: str = "", view: str = "") -> None:
        """Show a track from its start."""
        made = catalogues.catalogue(source, self._tracks)
        first = catalogues.first_view(made, image, read_view(view, made))
        first |= _place(source, first)
        self.source = source
        self._figures = ImageFigures(source.track, source.images, source.pixels)
        self._copies = PixelCopies(source.pixels)
        self._photos = ArrivingPhotos()
        with self.hold_sync():
            self.catalogue, self.view = made, first
            self._preview_all()

    def sort_by(self, metric: str, model: str, other: str = "") -> None:
        """Sort the images, and show the first of them.

        Parameters
        ----------
        metric : str
            ``psnr_db`` or ``ms_ssim``.
        model, other : str
            The model whose figures are sorted by, the worst first; with another, the images on which the two differ
            most come first.
        """
        sort = [metric, model, other]
        self.view = self.view | {"image": catalogues.first_image(self.catalogue, sort), "sort": sort}
        self._preview_all()

    def _title(self, name: str) -> str:
        """Return what people read of something shown."""
        return next((one.get("title", name) for one in self.catalogue["shown"] if one["name"] == name), name)

    def _seen(self) -> dict[str, Copy | str]:
        """Return what the panes show."""
        return {name: self._copies.of(self.image, name) for name in self.shown}

    def _preview_all(self) -> None:
        """Make what the panes show, and keep small copies of it."""
        self._seen()
        self._preview(self.image, self.shown)

    def _preview(self, image: str, names: Sequence[str]) -> None:
        """Keep small copies of what was asked for, and of what else is seen, as far as it is there."""
        copies = self._copies.kept(image, dict.fromkeys([*names, *self.shown, *_map_references(self.view)]))
        pictures = {name: copy.preview for name, copy in [*copies.items()][:KEPT_LEAST]}
        width_px, height_px = self._frame_px(image)
        self.previews = {"image": image, "pictures": pictures, "width_px": width_px, "height_px": height_px}

    @traitlets.observe("view")
    def _looked_at(self, change: Mapping[str, Any]) -> None:
        """Keep small copies of what is seen now, where the page had it all and asked for nothing."""
        if _pictured(change["old"]) != _pictured(change["new"]) and self._lists(self.image):
            self._preview(self.image, [])

    def _frame_px(self, image: str) -> tuple[int, int]:
        """Return the size of the frame that all pictures of an image lie in; 0x0 where there is none."""
        copies = (self._copies.of(image, name) for name in (TARGET, INPUT))
        return next((copy.size_px for copy in copies if isinstance(copy, Copy)), (0, 0))

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the widget's view, and a static picture for where there are no widgets."""
        bundle = super()._repr_mimebundle_(**options)
        if bundle is None:
            return None
        return bundle[0] | {
            "text/html": still_pictures.html(
                self.image, {self._title(name): copy for name, copy in self._seen().items()}
            )
        }, bundle[1]

    def _asked(self, _: Any, content: Message, buffers: Sequence[memoryview]) -> None:
        """Answer a message of the page."""
        answers = {"look": self._look, "crop": self._crop, "thumbs": self._thumbs, "save": self._save_picture}
        if content["kind"] in answers:
            answers[content["kind"]](content)
        elif content["kind"] == "photo":
            self._take_photo(content, buffers)
        elif content["kind"] == "track":
            self._retrack(content)

    def _tell(self, content: Message, kind: str, words: dict[str, Any], buffers: list[Any] | None = None) -> None:
        self.send({"kind": kind, "ask": content["ask"], **words}, buffers)

    def _say(self, content: Message, words: str, *, good: bool) -> None:
        self._tell(content, "said", {"words": printable(words), "good": good})

    def _progress(self, done: int, total: int | None, words: str) -> None:
        """Tell the page how far the work is; see `aic_helpers.core.progress_types.Progress`."""
        count = f" ({done + 1} of {total})" if total and total > 1 and words else ""
        self.send({"kind": "progress", "words": printable(words) + count})

    def _look(self, content: Message) -> None:
        image, names = content["image"], content["names"]
        waited = [name for name in names if self._is_run_for(image, name)]
        for name in sorted(names, key=waited.__contains__):  # what is there first
            if name in waited:
                self._progress(waited.index(name), len(waited), f"running {name} on {image}")
            self._show(content, image, name)
        if waited:
            self._progress(0, None, "")
        self._tell(content, "done", {})
        if content.get("box") is None and self._lists(image):
            self._preview(image, names)

    def _lists(self, image: str, name: str = TARGET) -> bool:
        """Tell whether there is such an image and such a pane; another track may have been opened since."""
        images = {each["name"] for each in self.catalogue["images"]}
        return image in images and name in (INPUT, TARGET, *self.source.models)

    def _is_run_for(self, image: str, name: str) -> bool:
        return name in self.source.models and self._lists(image) and not self.source.has(image, name)

    def _show(self, content: Message, image: str, name: str) -> None:
        """Answer a picture, or the sentence why there is none."""
        named = {"image": image, "name": name}
        copy = self._copies.of(image, name) if self._lists(image, name) else f"no {name} of {image} here"
        if isinstance(copy, str):
            self._tell(content, "problem", {**named, "words": printable(copy)})
            return
        box = tuple(content["box"]) if content.get("box") else None
        place, rgb = copy.part(box, content.get("most_px", 1_000_000))
        (width_px, height_px), shown_px = copy.size_px, [rgb.shape[1], rgb.shape[0]]
        words = {**named, "width_px": width_px, "height_px": height_px, "box": place, "shown_px": shown_px}
        words |= {"figures": self._figures_of(image, name), "words": ""}
        self._tell(content, "picture", words, [np.ascontiguousarray(rgb).data.cast("B")])

    def _figures_of(self, image: str, name: str) -> dict[str, Any] | None:
        """Return the figures of the whole image; None where it has no target, or is it."""
        if name == TARGET:
            return None
        row = self._figures.of(image, name)
        return None if row is None else {metric: figure(value) for metric, value in row.items()}

    def _crop(self, content: Message) -> None:
        image, figures = content["image"], {}
        names = [name for name in content["names"] if name != TARGET and self._lists(image, name)]
        for name in names:
            figures[name] = self._crop_figures(image, name, content["box"])
        self._tell(content, "crop", {"figures": figures})

    def _crop_figures(self, image: str, name: str, box: Sequence[float]) -> dict[str, str]:
        copy = self._copies.of(image, name)
        target, output = self.source.pixels(image, TARGET), self.source.pixels(image, name)
        if isinstance(copy, str) or isinstance(target, str) or isinstance(output, str):
            return {}
        left, top, width, height = copy.within((box[0], box[1], box[2], box[3]))
        part = slice(top, top + height), slice(left, left + width)
        return crop_figures(self.source.track, target[part], output[part])

    def _thumbs(self, content: Message) -> None:
        names = [name for name in content["images"] if self._lists(name)]
        self._tell(content, "thumbs", {"images": names}, [self.source.thumbnail(name) for name in names])

    def _save_picture(self, content: Message) -> None:
        image, name = content["image"], content["name"]
        found = self.source.pixels(image, name)
        if isinstance(found, str):
            self._say(content, found, good=False)
            return
        try:
            self._say(content, self._save(f"{image} {self._title(name)}", found), good=True)
        except InputError as error:
            self._say(content, str(error), good=False)

    @contextmanager
    def _answered(self, content: Message) -> Iterator[None]:
        """Answer that it went well, or the sentence why not."""
        try:
            yield
            words = ""
        except InputError as error:
            words = str(error)
        self._progress(0, None, "")
        self._say(content, words, good=not words)

    def _take_photo(self, content: Message, buffers: Sequence[memoryview]) -> None:
        """Take in a photo of the person's own; a bad one leaves everything as it was."""
        if not self._photos.is_whole(content, buffers):
            return
        with self._answered(content):
            arrived = self._photos.take(content)
            if arrived is None:
                return
            self._progress(0, None, f"reading {arrived.name}")
            notes = self.source.add_photo(arrived.name, arrived.content, arrived.way)
            self._photos.keep(arrived)
            self._show_photo(own_photos.sentence(notes), arrived.way)

    def _show_photo(self, words: str, way: str) -> None:
        photo = self.source.photo or ""
        self._figures.forget(photo)
        self._copies.forget(photo)
        target = not isinstance(self.source.pixels(photo, TARGET), str)
        with self.hold_sync():
            self.catalogue = catalogues.with_photo(self.catalogue, photo, printable(words), way, target=target)
            self.view = self.view | {"image": photo, "x": -1, "y": -1, "zoom": 0}

    def _retrack(self, content: Message) -> None:
        with self._answered(content):
            self._settle(self._open_track(content["track"], self._progress))


def _map_references(view: Mapping[str, Any]) -> list[str]:
    """Return what error maps may be from, where a view shows them."""
    return [] if view["show"] == "picture" else [TARGET, *filter(None, [view["against"]])]


def _pictured(view: Mapping[str, Any]) -> list[Any]:
    """Return which pictures a view needs: none before there is a view."""
    return [view["image"], view["panes"], _map_references(view)] if view else []


def _place(source: Source, view: Mapping[str, Any]) -> dict[str, float]:
    """Return where to begin, where a view is enlarged and has no place."""
    models = [name for name in view["panes"] if name in source.models]
    if not models or not view["zoom"] or min(view["x"], view["y"]) >= 0:
        return {}
    return furthest(source.pixels(view["image"], TARGET), source.pixels(view["image"], models[0]))
