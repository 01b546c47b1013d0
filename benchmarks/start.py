"""What a person waits for, beside an earlier state of the workbench: whole commands in turn, new processes each time.

    AIC_CHALLENGE_DATA=../shared/challenge .venv/bin/python benchmarks/start.py BEFORE [ROUNDS [PART OF A NAME]]

BEFORE is another clone, set up by `make setup`, as this one is. Leave the machine alone meanwhile: 15 minutes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import side_by_side

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.tracks.catalogue import TRACKS

ROUNDS = 5

GOALS = {
    "aic evaluate, new model, 400 patches": 0.6,
    "the same model, another run folder": 0.35,
    "aic check": 0.6,
    "aic profile --repetitions 10": 0.6,
    "00_start_here by papermill": 0.6,
}

ALL_THERE, LIMIT_MS = "aic run where all is there", 1000

FLOOR, ABOVE_FLOOR = "light start and inference alone", 1.2

LIGHT_INFERENCE = """
import sys
import numpy as np
from aic_helpers.core.quiet_tensorflow import make_light
from aic_helpers.runtimes import frozen_models
make_light()
model = frozen_models.load(sys.argv[1])
for batch in np.array_split(np.load(sys.argv[2]), 5):
    model(batch)
"""


class Clone:
    """The commands of one clone, with run folders and a cache of its own."""

    def __init__(self, root: Path, place: Path) -> None:
        self._root, self._place = root, place
        place.mkdir()
        self._environment = {**os.environ, "AIC_CACHE": str(place / "cache")}
        for run in ("checked", "profiled"):
            self._aic("profile", *SAMPLE, "--repetitions", "10", "--out", place / run)
        self._aic("run", *SAMPLE, "--time-budget", "5", "--out", place / "all")

    def runs(self) -> dict[str, Callable[[], None]]:
        """Return what is timed, by name."""
        new, again, check, profile, start = GOALS
        checked, profiled = self._place / "checked", self._place / "profiled"
        return {
            new: partial(self._evaluate, "cache"),
            again: self._evaluate,
            check: partial(self._aic, "check", *SAMPLE, "--fresh", "--out", checked),
            profile: partial(self._aic, "profile", *SAMPLE, "--repetitions", "10", "--fresh", "--out", profiled),
            start: self._start_here,
            ALL_THERE: partial(self._aic, "run", *SAMPLE, "--time-budget", "5", "--out", self._place / "all"),
        }

    def _evaluate(self, *forgotten: str) -> None:
        for name in ("evaluated", *forgotten):
            shutil.rmtree(self._place / name, ignore_errors=True)
        self._aic("evaluate", *PATCHES, "--out", self._place / "evaluated")

    def _start_here(self) -> None:
        notebook = self._root / "notebooks" / "00_start_here.ipynb"
        self._call("papermill", notebook, self._place / "00.ipynb", "--no-progress-bar", "--log-level", "CRITICAL")

    def _aic(self, *arguments: object) -> None:
        self._call("aic", *arguments)

    def _call(self, program: str, *arguments: object) -> None:
        call = [self._root / ".venv" / "bin" / program, *arguments]
        nothing = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(list(map(str, call)), **nothing, check=True, env=self._environment, cwd=self._root)


SAMPLE = ("--track", "super_resolution")
PATCHES = ("--track", "enhancement", "--model", "dped_srcnn", "--data", "challenge")


def main(before: Path, rounds: int, wanted: str) -> None:
    if "AIC_CHALLENGE_DATA" not in os.environ:
        sys.exit("expected AIC_CHALLENGE_DATA, found none: set it to the challenge's data")
    os.environ["AIC_CHALLENGE_DATA"] = str(Path(os.environ["AIC_CHALLENGE_DATA"]).resolve())
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        old, new = Clone(before.resolve(), place / "before").runs(), Clone(PROJECT, place / "after").runs()
        names = [each for each in new if wanted in each]
        rows = []
        for each in names:
            pair = {"before": old[each], "after": new[each]}
            if each == list(GOALS)[1]:
                pair[FLOOR] = floor(place)
            found = side_by_side.time_in_turn(pair, rounds)
            ratio = side_by_side.ratio(found["after"], found["before"])
            rows.append(
                [each, *map(side_by_side.spread, (found["before"], found["after"])), str(ratio), goal(each, found)]
            )
            if FLOOR in found:
                above = side_by_side.ratio(found["after"], found[FLOOR])
                said = f"at most {ABOVE_FLOOR}: {'passed' if above.value <= ABOVE_FLOOR else 'missed'}"
                rows.append([f"beside {FLOOR}", side_by_side.spread(found[FLOOR]), "", str(above), said])
            print(rows[-1], file=sys.stderr)
    head = ["command", "before, ms, median (5 to 95 %)", "after, ms", "after over before", "goal"]
    side_by_side.write("start", "Start", [side_by_side.table(head, rows)], ("tensorflow", "keras", "numpy", "numba"))


def goal(name: str, found: dict[str, list[float]]) -> str:
    """Return the goal of a command and whether it is reached."""
    after_ms = float(np.median(found["after"]))
    if name == ALL_THERE:
        return f"under {LIMIT_MS} ms: {'passed' if after_ms < LIMIT_MS else 'missed'}"
    reached = after_ms <= GOALS[name] * float(np.median(found["before"]))
    return f"at most {GOALS[name]}: {'passed' if reached else 'missed'}"


def floor(place: Path) -> Callable[[], object]:
    """Return a process that starts the light runtime and runs the network on the patches, and nothing else."""
    dataset = open_dataset("challenge", TRACKS["enhancement"])
    np.save(place / "inputs.npy", np.stack([read_pair(dataset, pair).input for pair in dataset.pairs]))
    subprocess.run(
        [PROJECT / ".venv/bin/aic", "convert", *PATCHES, "--out", place / "floor"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    call = [sys.executable, "-c", LIGHT_INFERENCE, place / "floor" / "model.pb", place / "inputs.npy"]
    return lambda: subprocess.run(call, stderr=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    typed = sys.argv[1:]
    main(Path(typed[0]), int(typed[1]) if len(typed) > 1 else ROUNDS, typed[2] if len(typed) > 2 else "")
