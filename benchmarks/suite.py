"""Each benchmark of the suite in turn, in a process of its own; `make bench` calls this.

    .venv-bench/bin/python benchmarks/suite.py [NAME ...]

A benchmark is a file beside this one that prints its table and keeps it by `side_by_side.write`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITE = ("metrics", "evaluation", "boards")


def main(names: list[str]) -> int:
    """Run them all, whatever happens to one; return how many failed."""
    files = {name: Path(__file__).with_name(f"{name}.py") for name in names}
    failed = [name for name, file in files.items() if subprocess.run([sys.executable, file]).returncode]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(SUITE)))
