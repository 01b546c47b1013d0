"""Importing the package costs nothing, and its public names are there."""

import subprocess
import sys


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"tensorflow", "keras", "matplotlib", "pandas", "numba", "numpy"}
    code = f"import sys, aic_helpers; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_public_names_can_be_reached():
    import aic_helpers

    assert [name for name in aic_helpers.__all__ if getattr(aic_helpers, name, None) is None] == []
