"""A run folder -> the e-mail that submits its model. Nothing here sends anything."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files
from aic_helpers.core.project_paths import runs_folder
from aic_helpers.core.safe_texts import with_texts
from aic_helpers.reporting import text_tables
from aic_helpers.runs import results
from aic_helpers.submissions import eml, teams
from aic_helpers.submissions.checks import Check, checks, require_passed
from aic_helpers.submissions.example_addresses import ADDRESS, SENDER
from aic_helpers.submissions.messages import Submission
from aic_helpers.tracks.catalogue import TRACKS

PATH = re.compile(r"(?<![\w.:/~])(?:~\w*)?/(?:[^\s/'\",;:()]*/)+")
"""The folders of a path that begins at the root or at home."""


def chosen_run(run: str = "") -> Path | None:
    """Return the run folder that a person named, or the one in `runs/` whose result is the newest; None without any."""
    if run.strip():
        return Path(run.strip()).expanduser()
    found = (path for path in runs_folder().glob("*/*/result.json") if _is_of_track(path.parent))
    newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    return newest and newest.parent


def _is_of_track(folder: Path) -> bool:
    """Return whether a run lies in the folder of its track."""
    name = folder.parent.name
    if name in TRACKS:
        return True
    result = results.find_whole(folder)
    return result is not None and result.track == name


def prepare(
    run_folder: Path,
    link: str,
    *,
    sender: str = SENDER,
    address: str = ADDRESS,
    folder: Path,
    found: Sequence[Check] | None = None,
) -> Path:
    """Write the e-mail that submits the model of a run, and return its path.

    Parameters
    ----------
    run_folder : Path
    link : str
        Where the organiser gets the model.
    sender, address : str
        E-mail addresses of the team and of the organiser.
    folder : Path
        The team's.
    found : sequence of Check, optional
        What `aic_helpers.submissions.checks.checks` found of it; by default it is checked here.

    Raises
    ------
    InputError
        A check fails (the first is told, and how many others), or a link or address that can't be.
    """
    require_passed(checks(run_folder, folder) if found is None else found)
    team, result = teams.read_team(folder), results.read(run_folder)
    model = run_folder / result.model_name
    submission = Submission(
        track=result.track,
        team_id=team.team_id or 0,
        team=team.team,
        link=link,
        sha256=result.model_sha256,
        bytes=model.stat().st_size,
        token=team.token,
        result=public(result.raw),
    )
    path = folder / f"{submission.track}_{submission.sha256[:12]}.eml"
    eml.write_mail(eml.submission_mail(submission, sender=sender, address=address), path)
    return path


def public(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without what concerns nobody but this machine: its name, and where its files are."""
    kept = {name: value for name, value in result.items() if name != "keys"}
    kept["environment"] = {name: value for name, value in (result["environment"] or {}).items() if name != "host"}
    kept["model"] = {**result["model"], **{name: _last(result["model"].get(name)) for name in ("source", "checkpoint")}}
    kept["data"] = {**result["data"], "name": _last(result["data"]["name"])}
    told = with_texts(safe_files.strict(kept), lambda text: PATH.sub("", text))
    # A formula's divisions may look like a path.
    return told | ({"track_file": result["track_file"]} if result.get("track_file") else {})


def _last(path: Any) -> Any:
    """Return a path's last part."""
    return Path(path).name if isinstance(path, str) else path


def sending_lines(path: Path, address: str) -> list[str]:
    """Return where an e-mail is, that nobody sent it, and what to do with it."""
    lines = [f"e-mail  {text_tables.typed(path)}"]
    lines += ["Nothing was sent: open the file in a mail program, look it over, and send it to the organiser."]
    return lines + [f"{ADDRESS} is a placeholder: put the organiser's address there."] * (address == ADDRESS)
