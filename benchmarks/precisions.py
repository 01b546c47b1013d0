"""Our networks in the precisions of LiteRT: what each loses, its times in turn, and which operators XNNPACK leaves.

    python benchmarks/precisions.py [FOLDER]

Runs of networks that FOLDER (by default runs/precisions) has already are used as they are. The table goes to
benchmarks/results/precisions.md. A quarter of an hour on two cores; leave the machine alone meanwhile.
"""

from __future__ import annotations

import sys
from pathlib import Path

from side_by_side import write

from aic_helpers.precisions import tables
from aic_helpers.precisions.results import Precision
from aic_helpers.runs import precision_steps, run_settings

NETWORKS = {
    "super_resolution": ("sample_sr_srcnn", "fast_sr", "sample_sr_vgg_19"),
    "enhancement": (
        "fast_enhancement",
        "sample_enhancement_resnet_6_16",
        "sample_enhancement_resnet_8_32",
        "sample_enhancement_resnet_12_64",
    ),
}

LEAVES = "XNNPACK leaves"
PACKAGES = ("tensorflow", "ai-edge-litert", "numpy")


def main(folder: Path) -> None:
    """Measure all networks and write the table."""
    lines: list[str] = []
    for track, networks in NETWORKS.items():
        for network in networks:
            lines += table(track, network, folder / network, first=not lines)
            print(*lines[-6:], sep="\n", flush=True)
    write("precisions", "Our networks in the precisions of LiteRT", ["\n".join(lines)], PACKAGES)


def table(track: str, network: str, folder: Path, *, first: bool) -> list[str]:
    """Return the rows of one network, below the head where it is the first, and why rows are missing."""
    settings = run_settings.settle(track, network, out=str(folder))
    found = precision_steps.precisions(settings).precisions
    assert found is not None
    columns = settings.track.protocol.columns
    head = ["network", *tables.head(columns), LEAVES]
    titles = [row(head), row(["---"] * len(head))] if first else []
    rows = [
        row([network, *map(str, cells), left(found.by_precision[cells[0].value])])
        for cells in tables.rows(found, columns)
    ]
    return [*titles, *rows]


def left(one: Precision) -> str:
    """Return the operators that XNNPACK leaves to plain kernels, or why there is no file."""
    words = next(iter(one.verdict.targets), "")
    return one.reason or words.partition("; not ")[2].rstrip(".") or ("nothing" if words else "")


def row(cells: list[str]) -> str:
    """Return a line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/precisions"))
