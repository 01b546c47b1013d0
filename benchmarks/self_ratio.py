"""SRCNN timed against itself, ten times: the ratio should be 1, and its interval should hold 1.

    .venv/bin/python benchmarks/self_ratio.py [RUNS]

Leave the machine alone meanwhile: about three minutes.
"""

from __future__ import annotations

import sys

from aic_helpers.models import sources
from aic_helpers.profiling import profiler
from aic_helpers.tracks.catalogue import TRACKS


def main(runs: int) -> None:
    """Print a row a run."""
    srcnn = sources.baseline_pb(TRACKS["super_resolution"])
    for run in range(runs):
        result = profiler.profile(srcnn, srcnn).result
        low, high = result["speedup_ci95"]
        ratio = f"ratio {result['speedup']:.4f} ({low:.4f} to {high:.4f})"
        pairs = f"{result['repetitions']} pairs, stopped by: {result['stop_reason']}"
        others = f"others used {result['load']['other_cores_during']:.2f} cores"
        print(f"{run + 1:2}  {ratio}  {pairs}; {result['time_ms']:.0f} ms; {others}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
