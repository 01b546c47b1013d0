"""Our networks in the precisions of LiteRT: what each loses, its times in turn, and which operators XNNPACK leaves.

    python benchmarks/precisions.py [FOLDER]

Runs of networks that FOLDER (by default runs/precisions) has already are used as they are. The table goes to
benchmarks/results/precisions.md. A quarter of an hour on two cores; leave the machine alone meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from side_by_side import write

from aic_helpers.precisions import tables
from aic_helpers.precisions.results import Precision, Precisions
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
    problems: list[str] = []
    for track, networks in NETWORKS.items():
        for network in networks:
            settings = run_settings.settle(track, network, out=str(folder / network))
            found = precision_steps.precisions(settings).precisions
            assert found is not None
            lines += table(network, found, settings.track.protocol.columns, first=not lines)
            problems += [f"{network}, {told}" for told in tables.problems(found)]
            print(*lines[-6:], sep="\n", flush=True)
    write("precisions", "Our networks in the precisions of LiteRT", ["\n".join(lines), *problems], PACKAGES)


def table(network: str, found: Precisions, columns: Sequence[str], *, first: bool) -> list[str]:
    """Return the rows of one network, below the head where it is the first."""
    head = ["network", *tables.head(columns), LEAVES]
    titles = [row(head), row(["---"] * len(head))] if first else []
    rows = [
        row([network, *map(str, cells), left(found.by_precision[cells[0].value])])
        for cells in tables.rows(found, columns)
    ]
    return [*titles, *rows]


def left(one: Precision) -> str:
    """Return the operators that XNNPACK leaves to plain kernels; empty where there is no file."""
    words = next(iter(one.verdict.targets), "")
    return words.partition("; not ")[2].rstrip(".") or ("nothing" if words else "")


def row(cells: list[str]) -> str:
    """Return a line of a table in Markdown."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/precisions"))
