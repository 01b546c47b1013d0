"""The ipywidgets dashboard: images side by side, with their figures. It reads no image and runs no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Protocol

import ipywidgets as widgets
import pandas as pd

from aic_helpers.core.progress_types import Progress
from aic_helpers.core.tracks import Track
from aic_helpers.dashboard import image_figures, views
from aic_helpers.dashboard.controls import BLINK, ERROR_MAP, SLIDER, Controls
from aic_helpers.dashboard.image_figures import ImageFigures
from aic_helpers.dashboard.panes import ComparisonView, ErrorScale, Pane
from aic_helpers.dashboard.photo_panel import PhotoPanel
from aic_helpers.dashboard.scenes import INPUT, TARGET, Array, Found, Scene
from aic_helpers.dashboard.sliders import OVERVIEW_PX
from aic_helpers.reporting.notebook_widgets import ProgressBar, sheet

VIEWS_PX = {2: (480, 360), 3: (384, 324), 4: (480, 360)}
"""A pane's width and height by the number of panes. Four stand two by two."""

STAGE_PX = (720, 480)


class Source(Protocol):
    """What a dashboard is given of a track: see `aic_helpers.dashboard.image_store.ImageStore`."""

    track: Track
    data: str
    notes: list[str]
    ways: dict[str, str]
    models: list[str]
    baseline: str
    runs: pd.DataFrame
    images: pd.DataFrame

    @property
    def photo(self) -> str | None: ...
    def has(self, image: str, shown: str) -> bool: ...
    def pixels(self, image: str, shown: str) -> Array | str: ...
    def add_photo(self, name: str, content: bytes | Path, way: str) -> list[str]: ...


OpenTrack = Callable[[str, Progress], Source | str]
"""Opens a track by its name, telling its progress; returns the sentence why, where it can't."""

Save = Callable[[str, Array], str]
"""Saves a picture under a name like the one given; returns in words where it is, or why it isn't."""


class Dashboard(widgets.VBox):
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
        The image to begin with; the worst where it is empty.
    """

    def __init__(
        self, source: Source, tracks: dict[str, str], open_track: OpenTrack, save: Save, *, image: str = ""
    ) -> None:
        self._open_track, self._save = open_track, save
        self._settling = True
        self._centre = (0.5, 0.5)
        self.waiting, self.comparison, self.scale = ProgressBar(), ComparisonView(), ErrorScale()
        self.controls = Controls(
            tracks,
            retrack=self._retrack,
            resort=self._resort,
            changed=self._refresh,
            worst=self._to_largest_error,
            moved=self._move,
        )
        self.controls.track.value = source.track.name
        self.panes = [Pane(number, self._refresh, self._save_pane) for number in range(1, 5)]
        self.photo = PhotoPanel(self._take_photo)
        self.heading = widgets.HTML()
        grid = widgets.HBox(self.panes, layout=widgets.Layout(flex_flow="row wrap", grid_gap="16px"))
        super().__init__(
            [sheet(), self.heading, self.controls, self.waiting, self.scale, self.comparison, grid, self.photo]
        )
        self.add_class("aic-dashboard")
        self._settle(source, image)

    @property
    def image(self) -> str | None:
        """The image that is shown; None where there is none."""
        return self.controls.image.value

    @property
    def shown(self) -> list[str]:
        """What the panes show: ``input``, ``target``, or models."""
        return [pane.menu.value for pane in self._open_panes()]

    def _open_panes(self) -> list[Pane]:
        return self.panes[: self.controls.count.value]

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Let several controls change without a word, and refresh once at the end."""
        before, self._settling = self._settling, True
        try:
            yield
        finally:
            self._settling = before
        self._refresh()

    def _settle(self, source: Source, image: str) -> None:
        """Fill the menus with what a track has, and choose what is shown first."""
        self._settling = True
        self.source, self._figures = source, ImageFigures(source.track, source.images, source.baseline)
        others = source.models[1:]
        first = [INPUT, *(others[:2] if len(others) > 1 else source.models), TARGET]
        choices = [INPUT, TARGET, *source.models]
        self.controls.count.value = len(first)
        for pane, chosen in zip(self.panes, [*first, TARGET], strict=False):
            pane.offer(choices, chosen)
        self.controls.model.options = [*source.models, INPUT]
        self.controls.model.value = first[1]
        self.controls.sort(source.images, (), image)
        self.photo.offer(source.ways)
        self.heading.value = "<br>".join(map(escape, [f"{source.track.title}, data: {source.data}", *source.notes]))
        self._settling = False
        self._look_closely()

    def _look_closely(self) -> None:
        """Zoom as far as the whole image stays in view, or to where the first output errs most."""
        with self._settled():
            scene = self._scene()
            self.controls.zoom.value = "1:1" if scene.whole is None else views.best_zoom(scene.size_px, scene.view_px)
            self._centre = self._largest_error()

    def _retrack(self) -> None:
        if self._settling:
            return
        source = self._open_track(self.controls.track.value, self.waiting.step)
        if isinstance(source, str):
            self.waiting.end()
            self.comparison.hide()
            for pane in self._open_panes():
                pane.tell(source)
            return
        self._settle(source, "")

    def _resort(self) -> None:
        if not self._settling:
            with self._settled():
                self._sort(None)

    def _sort(self, chosen: str | None) -> None:
        self.controls.sort(self.source.images, [self.source.photo] if self.source.photo else [], chosen)

    def _move(self, x: float, y: float) -> None:
        if not self._settling:
            self._centre = (x, y)
            self._refresh()

    def _to_largest_error(self) -> None:
        self._centre = self._largest_error()
        self._refresh()

    def _largest_error(self) -> tuple[float, float]:
        return self._scene().largest_error([*(name for name in self.shown if name in self.source.models), INPUT])

    def _take_photo(self, name: str, content: bytes | Path, way: str) -> list[str]:
        self.waiting.step(0, 1, f"reading {name}")
        notes = self.source.add_photo(name, content, way)
        if self.source.photo:
            self._figures.forget(self.source.photo)
        with self._settled():
            self._sort(self.source.photo)
        return notes

    def _save_pane(self, pane: Pane) -> None:
        image, shown = self.image or "", pane.menu.value
        found = self.source.pixels(image, shown)
        pane.saved.value = escape(found if isinstance(found, str) else self._save(f"{image} {shown}", found))

    def _view_px(self) -> views.Size:
        return STAGE_PX if self.controls.mode.value in (SLIDER, BLINK) else VIEWS_PX[self.controls.count.value]

    def _gather(self) -> Found:
        """Return all that is shown, with input and target, and show what one waits for."""
        names = list(dict.fromkeys([INPUT, TARGET, *self.shown]))
        image = self.image
        if image is None:
            return dict.fromkeys(names, "no image to show")
        waited = [name for name in names if not self.source.has(image, name)]
        found = {}
        for name in names:
            if name in waited and name not in (INPUT, TARGET):
                self.waiting.step(waited.index(name), len(waited), f"running {name} on {image}")
            found[name] = self.source.pixels(image, name)
        self.waiting.end()
        return found

    def _scene(self) -> Scene:
        top = self.controls.top.value if self.controls.mode.value == ERROR_MAP else None
        return Scene(self._gather(), self._centre, self._view_px(), self.controls.zoom.value, top)

    def _refresh(self) -> None:
        """Show what the controls say."""
        if self._settling:
            return
        scene, mode = self._scene(), self.controls.mode.value
        self._place(scene)
        self.controls.top.layout.display = "" if mode == ERROR_MAP else "none"
        for pane in self.panes:
            pane.layout.display = "" if pane in self._open_panes() else "none"
            pane.saved.value = ""
        for pane in self._open_panes():
            self._show(pane, scene)
        if mode in (SLIDER, BLINK):
            self._show_stage(scene)
        else:
            self.comparison.hide()
        if scene.top is None:
            self.scale.hide()
        else:
            self.scale.show(scene.top, scene.reference)

    def _place(self, scene: Scene) -> None:
        """Let the numbers and the overview show the crop that all panes share."""
        before, self._settling = self._settling, True
        self.controls.place(scene.size_px, scene.centre_px)
        self._settling = before
        if scene.whole is None:
            self.controls.overview.show(None, "")
            return
        size, box = "{}x{} px".format(*scene.size_px), scene.box
        words = f"the whole image, {size}; the frame is the crop, {box.width_px}x{box.height_px} px"
        self.controls.overview.show(views.overview(scene.whole, box, OVERVIEW_PX), words)

    def _show(self, pane: Pane, scene: Scene) -> None:
        name = pane.menu.value
        pane.resize(VIEWS_PX[self.controls.count.value])
        pane.figures.value = self._captions(name, scene)
        if self.controls.mode.value in (SLIDER, BLINK):
            pane.leave_out()
            return
        picture = scene.picture(name)
        if isinstance(picture, str):
            pane.tell(picture)
        else:
            pane.show(picture, f"pane {pane.number}: {name}, {self.image}")

    def _show_stage(self, scene: Scene) -> None:
        before, after = (scene.picture(name) for name in self.shown[:2])
        if isinstance(before, str) or isinstance(after, str):
            self.comparison.tell(before if isinstance(before, str) else str(after))
            return
        on = self.comparison.slider if self.controls.mode.value == SLIDER else self.comparison.blink
        self.comparison.show(on, before, after, *self.shown[:2])

    def _captions(self, name: str, scene: Scene) -> str:
        """Return the figures beside a pane as HTML."""
        if name == TARGET:
            return '<span class="aic-quiet">what the figures compare with</span>'
        runs = self.source.runs
        run = runs[runs["model"] == name].to_dict("records")
        target, output = scene.part(TARGET), scene.part(name)
        crop = {} if target is None or output is None else image_figures.crop_figures(self.source.track, target, output)
        row = self._figures.row(self.image, name, scene.found)
        of_image = image_figures.figures(row, crop, self.source.baseline, name == self.source.baseline)
        return of_image + image_figures.run_figures(run[0] if run else None)
