"""Who made photos, beside the photos: ATTRIBUTION.csv, which licences such as CC-BY ask for."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from aic_helpers.core.safe_files import write_text
from aic_helpers.data.manifests import Entry

FILE = "ATTRIBUTION.csv"

COLUMNS = ("files", "author", "licence", "licence_url", "source", "changes")

LICENCE_URLS = {
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC-BY-3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
}


def write(entries: Sequence[Entry], folder: Path) -> None:
    """Write who made those files of a folder that a manifest has credits of; nothing where none of them is there."""
    rows = [
        (entry.path, credit.author, credit.licence, LICENCE_URLS.get(credit.licence, ""), credit.origin, credit.changes)
        for entry in entries
        if (credit := entry.credit) and (folder / entry.path).is_file()
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *rows])
    place = folder / FILE
    if rows and not (place.is_file() and place.read_bytes() == text.getvalue().encode()):
        write_text(place, text.getvalue())
