"""The house of CONTRIBUTING.md: imports go up its table, never sideways, and importing the package costs nothing."""

import ast
import re
import subprocess
import sys

from aic_helpers.places import PROJECT

ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.MULTILINE)


def floors() -> dict[str, int]:
    return {room: int(floor) for floor, room in ROW.findall((PROJECT / "CONTRIBUTING.md").read_text("utf-8"))}


def imported_rooms(path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "aic_helpers":
            parts = node.module.split(".")
            rooms |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            rooms |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("aic_helpers.")}
    return rooms


def test_every_room_stands_in_the_table():
    modules = {path.stem for path in (PROJECT / "aic_helpers").glob("*.py")} - {"__init__"}
    assert modules == set(floors())


def test_imports_go_up_the_table():
    floor = floors()
    wrong = [
        f"{path.stem} (floor {floor[path.stem]}) imports {room} (floor {floor[room]})"
        for path in sorted((PROJECT / "aic_helpers").glob("*.py"))
        if path.stem != "__init__"
        for room in sorted(imported_rooms(path))
        if floor[room] >= floor[path.stem]
    ]
    assert wrong == []


def test_importing_the_package_loads_nothing_heavy():
    heavy = {"tensorflow", "keras", "matplotlib", "pandas", "numba", "numpy"}
    code = f"import sys, aic_helpers; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_the_public_names_can_be_reached():
    import aic_helpers

    assert [name for name in aic_helpers.__all__ if getattr(aic_helpers, name, None) is None] == []
