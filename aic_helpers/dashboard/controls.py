"""The dashboard's menus and numbers: which track and image, in which order, how it is shown, and which part."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import ipywidgets as widgets
import pandas as pd

from aic_helpers.dashboard.image_figures import number
from aic_helpers.dashboard.sliders import Overview
from aic_helpers.dashboard.views import ERROR_TOPS, WHOLE, ZOOMS, Size

SIDE_BY_SIDE, SLIDER, BLINK, ERROR_MAP = "side by side", "before/after slider", "blink", "error map"
MODES = (SIDE_BY_SIDE, SLIDER, BLINK, ERROR_MAP)

METRICS = {
    "PSNR": "psnr_db",
    "MS-SSIM": "ms_ssim",
    "PSNR against the baseline": "psnr_db_gain",
    "MS-SSIM against the baseline": "ms_ssim_gain",
}

Told = Callable[[], None]


def worst_first(images: pd.DataFrame, metric: str, model: str) -> list[tuple[str, str]]:
    """Return a label and the name of each image, the one with the lowest figure first.

    Parameters
    ----------
    images : DataFrame
        Columns `image`, `model`, and `metric`.
    metric : str
        One of the values of `METRICS`.
    model : str
        Whose figures count. Images that have none come before all others: there it failed.
    """
    own = images[images["model"] == model].sort_values(metric, na_position="first", kind="stable")
    words = metric.removesuffix("_gain")
    signed = "+" if metric.endswith("_gain") else ""
    return [
        (f"{name}  ({signed if value > 0 else ''}{number(value, words)})", name)
        for name, value in zip(own["image"], own[metric], strict=True)
    ]


class Controls(widgets.VBox):
    """All of them, in three rows; each has its label.

    Parameters
    ----------
    tracks : dict of str to str
        Names by titles.
    retrack, resort, changed, worst : callable
        Called when another track, another order, or anything else is chosen, and when the largest error is asked for.
    moved : callable
        Called with x and y (0 to 1) when the crop is moved.
    """

    def __init__(
        self,
        tracks: dict[str, str],
        *,
        retrack: Told,
        resort: Told,
        changed: Told,
        worst: Told,
        moved: Callable[[float, float], None],
    ) -> None:
        self.track = _menu("Track", tracks.items(), "The track: super-resolution or photo enhancement", width="300px")
        self.metric = _menu("Sort by", METRICS.items(), "The figure that the images are sorted by, worst first")
        self.model = _menu("of", (), "Whose figure the images are sorted by")
        self.image = _menu("Image", (), "The image shown in all panes, worst first", width="min(520px, 100%)")
        self.mode = _menu("View", zip(MODES, MODES, strict=True), "Side by side, slider, blink, or error map")
        self.count = _menu("Panes", (("2", 2), ("3", 3), ("4", 4)), "How many panes", width="150px")
        zooms = (*ZOOMS, WHOLE)
        self.zoom = _menu("Zoom", zip(zooms, zooms, strict=True), "Screen pixels for each pixel of the image")
        self.top = _menu("Scale to", [(f"{top:g}", top) for top in ERROR_TOPS], "Where the scale of the error map ends")
        self.top.value = 0.25
        self.x = _place("Crop x", "Middle of the crop, pixels from the left; all panes share it")
        self.y = _place("Crop y", "Middle of the crop, pixels from the top; all panes share it")
        self.worst = widgets.Button(
            description="Go to the largest error",
            tooltip="Move the crop to where the first output shown differs most from the target",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
        )
        self.overview = Overview(moved)
        self._observe(retrack, resort, changed, worst, moved)
        crop = widgets.VBox([self.x, self.y, self.worst])
        rows = [
            _row([self.track, self.metric, self.model]),
            _row([self.image, self.count]),
            _row([self.mode, self.zoom, self.top]),
            _row([self.overview, crop]),
        ]
        super().__init__(rows)

    def _observe(
        self, retrack: Told, resort: Told, changed: Told, worst: Told, moved: Callable[[float, float], None]
    ) -> None:
        self.track.observe(lambda _: retrack(), "value")
        for menu in (self.metric, self.model):
            menu.observe(lambda _: resort(), "value")
        for control in (self.image, self.mode, self.count, self.zoom, self.top):
            control.observe(lambda _: changed(), "value")
        for place in (self.x, self.y):
            place.observe(lambda _: moved(self.x.value / self.x.max, self.y.value / self.y.max), "value")
        self.worst.on_click(lambda _: worst())

    def sort(self, images: pd.DataFrame, extra: Sequence[str], chosen: str | None) -> None:
        """Put the images into their menu, those without figures at its top; choose one, or the worst."""
        ordered = [(name, name) for name in extra] + worst_first(images, self.metric.value, self.model.value)
        names = [name for _, name in ordered]
        self.image.options = ordered
        self.image.value = chosen if chosen in names else next(iter(names), None)

    def place(self, image_px: Size, centre_px: Size) -> None:
        """Let the crop's numbers span an image, and say where the crop is."""
        for place, side, at in zip((self.x, self.y), image_px, centre_px, strict=True):
            place.max = max(side, 1)
            place.value = at


def _menu(label: str, options: object, tooltip: str, width: str = "250px") -> widgets.Dropdown:
    return widgets.Dropdown(
        description=label,
        options=list(options),  # type: ignore[call-overload]
        tooltip=tooltip,
        layout=widgets.Layout(width=width, max_width="100%"),
        style={"description_width": "62px"},
    )


def _place(label: str, tooltip: str) -> widgets.BoundedIntText:
    """A number rather than a slider: the page gives a slider's handle no name that a screen reader could read."""
    return widgets.BoundedIntText(
        description=label,
        tooltip=tooltip,
        min=0,
        max=1,
        step=10,
        layout=widgets.Layout(width="170px", max_width="100%"),
        style={"description_width": "62px"},
    )


def _row(children: list[widgets.Widget]) -> widgets.HBox:
    return widgets.HBox(children, layout=widgets.Layout(flex_flow="row wrap"))
