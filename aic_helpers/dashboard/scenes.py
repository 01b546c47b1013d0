"""One image as all panes look at it: the same crop, the same zoom, each its picture or error map."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from aic_helpers.dashboard import views
from aic_helpers.data.images import Rgb8

INPUT, TARGET = "input", "target"

Array = NDArray[np.float32]
Found = dict[str, Array | str]
"""By what it is (``input``, ``target``, a model's name): the pixels, or the sentence why there are none."""


@dataclass(frozen=True)
class Scene:
    """What is looked at, and how.

    Attributes
    ----------
    found : dict
        With ``input`` and ``target`` at least; arrays are float32, (height, width, 3), and outputs unclipped.
    centre : (x, y)
        Where the middle of the crop is wished for, each 0 to 1.
    view_px : (width, height)
        Of a pane.
    zoom : str
    top : float or None
        Where the scale of the error map ends; None for the pictures themselves.
    """

    found: Found
    centre: tuple[float, float]
    view_px: views.Size
    zoom: str
    top: float | None

    @cached_property
    def reference(self) -> str:
        """What an error map takes the difference from: a person's own photo without a target has its input."""
        return INPUT if isinstance(self.found[TARGET], str) else TARGET

    @cached_property
    def whole(self) -> Array | None:
        """The image that the crop is chosen in; None where there is none to see."""
        image = self.found[self.reference]
        return None if isinstance(image, str) else image

    @cached_property
    def size_px(self) -> views.Size:
        """Width and height of the image; 1x1 where there is none."""
        return (1, 1) if self.whole is None else views.size_px(self.whole)

    @cached_property
    def centre_px(self) -> views.Size:
        """The middle that is wished for, in pixels of the image."""
        return round(self.centre[0] * self.size_px[0]), round(self.centre[1] * self.size_px[1])

    @cached_property
    def box(self) -> views.Box:
        """The crop that all panes share."""
        return views.crop_box(self.size_px, self.centre_px, self.view_px, self.zoom)

    def part(self, name: str) -> Array | None:
        """Return the crop of what has that name; None where there is nothing to see."""
        image = self.found[name]
        return None if isinstance(image, str) or self.whole is None else views.cut(image, self.box)

    def picture(self, name: str) -> Rgb8 | str:
        """Return a pane's picture, or the sentence why there is none."""
        part, reference = self.part(name), self.part(self.reference)
        if part is None or reference is None:
            return str(self.found[name])
        if self.top is not None and name != self.reference:
            return views.shown(views.error_map(reference, part, self.top), self.view_px, self.zoom)
        return views.shown(part, self.view_px, self.zoom)

    def largest_error(self, names: list[str]) -> tuple[float, float]:
        """Return the middle (0 to 1) of the crop in which the first of these that is there errs most."""
        there = [image for name in names if not isinstance(image := self.found[name], str)]
        if self.whole is None or not there:
            return self.centre
        x_px, y_px = views.largest_error_px(self.whole, there[0], self.view_px, self.zoom)
        return x_px / self.size_px[0], y_px / self.size_px[1]
