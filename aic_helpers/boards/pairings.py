"""A model that was chosen on a board -> the runs that are shown side by side: its own and the leader's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from aic_helpers.boards.folders import Entry
from aic_helpers.boards.orders import Order
from aic_helpers.boards.standings import Standings, ordered
from aic_helpers.core.errors import InputError, in_words
from aic_helpers.data.datasets import open_dataset
from aic_helpers.runs import candidates, results
from aic_helpers.tracks.definitions import Track


@dataclass(frozen=True)
class Pairing:
    """What to compare.

    Attributes
    ----------
    folders : list of Path
        One or two run folders, the leader's first. The track's baseline stands beside a single one.
    data : str
        What the chosen model was judged on.
    limit : int
        Of the images; 0 for all.
    image : str
        The one on which the two differ most in PSNR; empty where that isn't known.
    words : str
        Who is beside whom, as a sentence.
    """

    folders: list[Path]
    data: str
    limit: int
    image: str
    words: str


def pair(shown: Standings, row: int, by: Order) -> Pairing:
    """Return what is compared where a row of the standings is chosen.

    The chosen model is shown beside the leader by an order, and the leader beside the next. Where there is no other, or
    its run can't be shown, the baseline does.

    Raises
    ------
    InputError
        The run of the chosen model, or the data that it was judged on, isn't there or isn't whole.
    """
    chosen = shown.table.loc[row]
    own = _entry(shown, chosen)
    _require_run(shown, own)
    other, role = _other(shown, chosen, by)
    words = f"{chosen['name']} beside the baseline."
    runs = [own]
    if other is not None:
        words, runs = _beside(shown, own, other, role)
    folders = [shown.board.folder / entry.folder for entry in runs]
    limit = 0 if pd.isna(chosen["limit"]) else int(chosen["limit"])
    data = own.result.data.name if own.result else shown.board.data
    return Pairing(folders, data, limit, _most_apart(runs, data, shown.tracks[own.track]), words)


def _entry(shown: Standings, row: pd.Series) -> Entry:
    return next(
        entry
        for entry in shown.board.entries
        if (entry.track, entry.name, entry.folder) == (row["track"], row["name"], row["folder"])
    )


def _other(shown: Standings, chosen: pd.Series, by: Order) -> tuple[pd.Series | None, str]:
    """Return the row to show beside the chosen one, and what it is; None where nothing else is ranked."""
    own = ordered(shown.table, chosen["track"], by)
    ranked = own[own[f"rank_{by.name}"].notna()]
    others = ranked.drop(chosen.name, errors="ignore")
    if others.empty:
        return None, ""
    is_leader = ranked.index[0] == chosen.name
    return others.iloc[0], f"the next by {by.title}" if is_leader else f"the leader by {by.title}"


def _beside(shown: Standings, own: Entry, row: pd.Series, role: str) -> tuple[str, list[Entry]]:
    other = _entry(shown, row)
    try:
        _require_run(shown, other)
    except InputError as error:
        return f"{own.name} beside the baseline, since {role}, {other.name}, can't be shown: {error}", [own]
    runs = [own, other] if role.startswith("the next") else [other, own]
    return f"{own.name} beside {other.name}, {role}.", runs


def _require_run(shown: Standings, entry: Entry) -> None:
    """Raise `InputError` where the run of an entry isn't there as it was written."""
    if entry.problem or entry.failure or entry.result is None:
        found = entry.failure or entry.problem or "not run yet"
        raise InputError(f"a run of {entry.name}", found, "choose another model, or run it again")
    folder = shown.board.folder / entry.folder
    try:
        candidates.require_model(folder, results.read(folder))
    except OSError as error:
        raise InputError(f"the run folder {folder}", in_words(error), "make the run again") from None


def _most_apart(runs: list[Entry], data: str, track: Track) -> str:
    """Return the image on which two runs differ most in PSNR, of those that are there."""
    names = {pair.name for pair in open_dataset(data, track).pairs}
    if len(runs) < 2:
        return ""
    apart = (runs[0].images["psnr_db"] - runs[1].images["psnr_db"]).abs().dropna()
    known = apart[[name in names for name in apart.index]]
    return "" if known.empty else str(known.idxmax())
