"""The desk with 10,000 submissions in its ledger: the leaderboard, and the ingest of one e-mail.

    .venv/bin/python benchmarks/desk.py [TEAMS]

Half of the submissions are to each track; each was judged on as many images as the sample has. SQLite; about a minute.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sql

from aic_helpers.boards import entry_rows
from aic_helpers.submissions import eml, intake, leaderboards, ledger_tables, messages
from aic_helpers.submissions.ledgers import DONE, RECEIVED, STARTED, Ledger
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track

SUBMISSIONS = 10_000
TEAMS = 200
IMAGES = {"super_resolution": 7, "enhancement": 210}
ROUNDS = 9
TOKEN = "t" * 43
START = datetime(2026, 1, 1, tzinfo=UTC)


def main(teams: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ledger = Ledger(str(folder / "ledger.sqlite"))
        fill(ledger, teams)
        megabytes = (folder / "ledger.sqlite").stat().st_size / 1e6
        print(f"{SUBMISSIONS} submissions of {teams} teams, {megabytes:.0f} MB")
        show("leaderboard, both tracks", lambda number: leaderboards.leaderboard(ledger, folder))
        shown = leaderboards.leaderboard(ledger, folder)
        show("its HTML, CSV and JSON", lambda number: leaderboards.write(shown))
        files = [e_mail(folder, number) for number in range(ROUNDS + 1)]
        show("ingest of one e-mail", lambda number: intake.ingest(ledger, files[number], folder))


def show(what: str, action: Callable[[int], object]) -> None:
    """Print the median and the range of so many calls, after one that isn't counted."""
    action(0)
    times_ms = []
    for number in range(1, ROUNDS + 1):
        start_s = time.perf_counter()
        action(number)
        times_ms.append((time.perf_counter() - start_s) * 1000)
    print(f"{what}: {statistics.median(times_ms):.1f} ms ({min(times_ms):.1f} to {max(times_ms):.1f})", flush=True)


def fill(ledger: Ledger, teams: int) -> None:
    """Register the teams, and enter their submissions as the desk would have left them."""
    token_sha256 = hashlib.sha256(TOKEN.encode()).hexdigest()
    for number in range(1, teams + 1):
        ledger.register(f"team {number}", [], token_sha256, f"<r{number}>", START)
    rng = np.random.default_rng(2018)
    rows, changes = [], []
    for number in range(SUBMISSIONS):
        track = list(TRACKS.values())[number % 2]
        team = 1 + number // 2 % teams
        now = START + timedelta(hours=12 * (number // (2 * teams)))
        row = {"id": number + 1, "team_id": team, "track": track.name, "message_id": f"<s{number}>"}
        row |= {"day_utc": f"{now:%Y-%m-%d}", "received_utc": now.isoformat()}
        rows.append(row | {"link": "https://example.org/model.pb", "sha256": "0" * 64, "bytes": 1000, "claimed": {}})
        details = {RECEIVED: {}, STARTED: {}, DONE: figures(track, rng)}
        changes += [
            {"submission_id": number + 1, "number": place, "state": state, "at_utc": now.isoformat(), "detail": detail}
            for place, (state, detail) in enumerate(details.items(), 1)
        ]
    engine = ledger_tables.connect(ledger.place, make=False)
    with engine.begin() as connection:  # one by one, as the desk does it, they would take minutes
        connection.execute(sql.insert(ledger_tables.submissions), rows)
        connection.execute(sql.insert(ledger_tables.events), changes)
    engine.dispose()


def figures(track: Track, rng: np.random.Generator) -> dict[str, Any]:
    """Return what the desk records of a judged model, with made-up figures."""
    psnr_db = rng.normal(track.constants["psnr_base"] + 3, 2, IMAGES[track.name])
    ms_ssim = rng.normal(0.96, 0.01, IMAGES[track.name])
    names = [f"{name}{end}" for name in entry_rows.FIGURES for end in ("", "_low", "_high")]
    row = dict.fromkeys(names, 20.0) | dict.fromkeys([*entry_rows.SINGLE, *entry_rows.COUNTS], 100)
    row |= {"psnr_db": psnr_db.mean(), "ms_ssim": ms_ssim.mean(), "score_A": float(rng.normal(20, 5))}
    row |= {"speedup": 2.0, "speedup_low": 1.95, "speedup_high": 2.05, "machine": "one", "data": "sample"}
    row |= {"name": "x", "track": track.name, "status": "done", "rules_met": 9, "folder": "", "reason": ""}
    images = {"psnr_db": psnr_db.tolist(), "ms_ssim": ms_ssim.tolist()}
    return {"figures": row, "images": images, "judged_on": {"data": "d", "protocol": "p"}, "confinement": {}}


def e_mail(folder: Path, number: int) -> Path:
    path = folder / f"{number}.eml"
    link = "https://example.org/model.pb"
    team = number + 1
    claimed = {"metrics": {"psnr_db": 30.0}}
    content = messages.Submission("enhancement", team, f"team {team}", link, "0" * 64, 1000, TOKEN, claimed)
    eml.write_mail(eml.submission_mail(content, sender="a@example.org", address="b@example.org"), path)
    return path


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TEAMS)
