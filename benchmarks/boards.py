"""The board of the challenge's six networks on both tracks, with all rules and times.

It runs cold, as the same call again, and cold until the ranks are decided.

    AIC_CHALLENGE_DATA=../shared/challenge .venv-bench/bin/python benchmarks/boards.py

Leave the machine alone meanwhile: about a quarter of an hour.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import side_by_side

BOARD = """
data = "challenge"
models = ["div2k_*", "dped_*"]
"""


def main() -> None:
    if "AIC_CHALLENGE_DATA" not in os.environ:
        sys.exit("expected AIC_CHALLENGE_DATA, found none: set it to the challenge's data")
    with tempfile.TemporaryDirectory() as name:
        spec = Path(name) / "six.toml"
        spec.write_text(BOARD)
        call = [Path(sys.executable).with_name("aic"), "board", "run", spec, "--out"]
        cold_s, warm_s = seconds([*call, Path(name) / "out"]), seconds([*call, Path(name) / "out"])
        decided_s = seconds([*call, Path(name) / "decided", "--until", "decided"])
    rows = [["cold", f"{cold_s:.1f}"], ["the same call again", f"{warm_s:.1f}"]]
    rows += [["cold, --until decided", f"{decided_s:.1f}"]]
    verdict = "passed" if warm_s < 0.05 * cold_s else "missed"
    words = f"Warm over cold: {warm_s / cold_s:.1%}; goal under 5 %: {verdict}."
    parts = [f"{side_by_side.table(['board of six networks, all rules and times', 's'], rows)}\n\n{words}"]
    side_by_side.write("boards", "Boards", parts, ("tensorflow", "numpy", "pillow"))


def seconds(call: list[object]) -> float:
    started_s = time.monotonic()
    subprocess.run(call, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started_s


if __name__ == "__main__":
    main()
