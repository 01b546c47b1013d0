"""A view's text, as a link has it -> the view."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from aic_helpers.core.errors import InputError, nearest
from aic_helpers.core.safe_texts import shown
from aic_helpers.dashboard.image_store import YOUR_PHOTO
from aic_helpers.reporting.catalogues import MOST_PANES, START, Catalogue, View

CHOICES = {
    "mode": ("side", "slider", "blink"),
    "show": ("picture", "absolute", "signed", "structure"),
    "channels": ("mean", "luma", "rgb"),
    "times": ("1", "2", "4", "8", "16"),
    "rows": ("1", "2"),
    "upright": ("true", "false"),
    "histogram": ("true", "false"),
}

RANGES = {"zoom": (0.0, 64.0), "x": (-1.0, 1e6), "y": (-1.0, 1e6), "split": (0.0, 1.0), "light": (-2.0, 4.0)}

REMEDY = "copy the link anew from the viewer"

_BEFORE = re.compile(r"^.*#(?=view(-\d+)?=)", re.DOTALL)
_NAMED = re.compile(r"^view(-\d+)?=")


def read_view(text: str, catalogue: Catalogue) -> View:
    """Return what the text of a link says of a view.

    Parameters
    ----------
    text : str
        ``image=baby&panes=input,fast_sr&zoom=4``; an address that ends with ``#view=`` and the text serves, too.
    catalogue : dict
        The images, and what is shown of them, that it may name.

    Returns
    -------
    dict
        With what the text names, and nothing else.

    Raises
    ------
    InputError
        An unknown word, a name that the catalogue hasn't, or a number out of its range.
    """
    bare = _bare(text)
    if bare and "=" not in bare:
        raise InputError("the text of a link, such as image=baby&zoom=4", shown(text), REMEDY)
    return {key: _value(key, value, catalogue) for key, value in parse_qsl(bare, keep_blank_values=True)}


def _bare(text: str) -> str:
    """Return the text without an address before it."""
    bare, named = _NAMED.subn("", _BEFORE.sub("", text.strip()))
    return unquote(bare) if named and "=" not in bare else bare


def _value(key: str, text: str, catalogue: Catalogue) -> Any:
    names = [each["name"] for each in catalogue["shown"]]
    if key == "image":
        return _image(text, [image["name"] for image in catalogue["images"]])
    if key == "panes":
        return _panes(text, names)
    if key == "against":
        return "" if text == catalogue["reference"] else _known(text, names, "what error maps are against")
    if key == "sort":
        return _sort(text, catalogue, names)
    if key in CHOICES:
        return _typed(_known(text, CHOICES[key], f"{key} in a link of {', '.join(CHOICES[key])}"))
    if key in RANGES:
        return _number(key, text)
    known = [name for name in START if name != "more"]
    raise InputError(f"a link with {', '.join(known)}", key, nearest(key, known, REMEDY))


def _image(text: str, known: Sequence[str]) -> str:
    if text.startswith(YOUR_PHOTO) and text not in known:
        own = f"a photo of your own, {shown(text.removeprefix(YOUR_PHOTO))}"
        remedy = "a link doesn't carry it: take image= out of the link, and choose the photo again in the viewer"
        raise InputError("an image of the data in a link", own, remedy)
    return _known(text, known, "an image of the data")


def _known(text: str, known: Sequence[str], what: str) -> str:
    if text not in known:
        raise InputError(what, repr(text), nearest(text, known, f"name one such as {known[0]}"))
    return text


def _typed(text: str) -> Any:
    """Return a choice as a view holds it: a number, a truth, or a word."""
    return int(text) if text.isdecimal() else {"true": True, "false": False}.get(text, text)


def _panes(text: str, names: Sequence[str]) -> list[str]:
    panes = [unquote(name) for name in text.split(",")]
    if not 2 <= len(panes) <= MOST_PANES:
        raise InputError(f"2 to {MOST_PANES} panes in a link", f"{len(panes)}", REMEDY)
    return [_known(pane, names, "panes of what is compared") for pane in panes]


def _sort(text: str, catalogue: Catalogue, names: Sequence[str]) -> list[str]:
    parts = [unquote(part) for part in text.split(",")]
    if len(parts) != 3:
        raise InputError("a sort of three parts in a link: metric, model, other model", repr(text), REMEDY)
    metric, of, against = parts
    _known(metric, [each["key"] for each in catalogue["metrics"]], "a metric to sort by")
    _known(of, names, "what is sorted by of what is compared")
    return [metric, of, _known(against, ["", *names], "a model to sort against of what is compared")]


def _number(key: str, text: str) -> float:
    least, most = RANGES[key]
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise InputError(f"{key} from {least:g} to {most:g} in a link", repr(text), REMEDY)
    return number
