"""The wheel, installed where the checkout can't be imported, does what the checkout does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pytest

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.processes import fork_server

pytestmark = pytest.mark.tensorflow

BUILT_FROM = ("aic_helpers", "notebooks", "models_pretrained", "data/sample")
SINGLE_FILES = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "data/sample.toml",
    "data/challenge.toml",
    "data/training.toml",
)


class Installed(NamedTuple):
    """An environment with nothing in it but the wheel, beside what this one has for packages."""

    folder: Path
    wheel: Path
    environment: dict[str, str]

    @property
    def package(self) -> Path:
        return next(self.folder.glob("lib/python*/site-packages")) / "aic_helpers"

    def call(self, *words: str, cwd: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
        program = [str(self.folder / "bin" / "python"), "-m", *words]
        called = subprocess.run(program, cwd=cwd, env=self.environment, capture_output=True, text=True)
        assert called.returncode == status, called.stderr
        return called


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    for name in BUILT_FROM:
        shutil.copytree(PROJECT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SINGLE_FILES:
        shutil.copy(PROJECT / name, sources / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    built = [*pip, "wheel", "--no-build-isolation", *offline, "--wheel-dir", str(folder), str(sources)]
    subprocess.run(built, check=True)
    shutil.rmtree(sources)
    (wheel,) = folder.glob("*.whl")
    place = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    subprocess.run([*pip, "--python", str(place / "bin" / "python"), "install", *offline, str(wheel)], check=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n")  # of these, no .pth file is read
    own = {name: value for name, value in os.environ.items() if name not in (fork_server.VARIABLE, "PYTHONPATH")}
    return Installed(place, wheel, own | {"AIC_CACHE": str(folder / "cache"), "PYTHONDONTWRITEBYTECODE": "1"})


@pytest.fixture
def untouched(installed: Installed) -> Iterator[None]:
    """Nothing is written into the installed package, save what Python and Numba compile."""

    def files() -> dict[Path, int]:
        found = [path for path in installed.package.rglob("*") if path.is_file()]
        return {path: path.stat().st_mtime_ns for path in found if path.parent.name != "__pycache__"}

    before = files()
    yield
    assert files() == before


def test_the_wheel_carries_what_the_commands_need_and_nothing_of_the_tests(installed: Installed) -> None:
    names = set(ZipFile(installed.wheel).namelist())
    carried = [*PROJECT.glob("notebooks/*.ipynb"), *PROJECT.glob("models_pretrained/*"), *PROJECT.glob("data/*.toml")]
    carried += [path for path in PROJECT.glob("data/sample/**/*") if path.is_file()]
    expected = {f"aic_helpers/_project/{path.relative_to(PROJECT)}" for path in carried}
    assert {name for name in names if "/_project/" in name} == expected
    assert {"aic_helpers/cli/new_folder/my_network.py", "aic_helpers/cli/new_folder/data/README.md"} <= names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"aic_helpers", "aic_workbench"}
    assert installed.wheel.stat().st_size < 32_000_000


@pytest.mark.usefixtures("untouched")
def test_a_person_s_own_folder_works_with_the_wheel_alone(installed: Installed, tmp_path: Path) -> None:
    where = installed.call("inspect", "-d", "aic_helpers", cwd=tmp_path).stdout
    assert f"Origin: {installed.package}/__init__.py" in where
    installed.call("aic_helpers", "new", "lab", cwd=tmp_path)
    lab = tmp_path / "lab"
    typed = ["--track", "A", "--model", "my_network.py:network", "--limit", "1", "--no-profile"]
    ran = installed.call("aic_helpers", "run", *typed, cwd=lab)
    assert "run folder    runs/super_resolution/my_network-network" in ran.stdout.splitlines()
    run = lab / "runs" / "super_resolution" / "my_network-network"
    assert json.loads((run / "result.json").read_text("utf-8"))["metrics"]["images"] == 1
    parameters = ["-p", "model", "my_network.py:network", "-p", "limit", "1"]
    installed.call("papermill", "notebooks/01_convert.ipynb", "runs/01.ipynb", *parameters, cwd=lab)
    assert str(installed.package.parent) not in (lab / "runs" / "01.ipynb").read_text("utf-8")
    assert sorted(path.name for path in lab.iterdir()) == sorted(
        ["data", "environment.yml", "models_pretrained", "my_network.py", "notebooks", "runs"]
    )
    assert sorted(path.name for path in (lab / "runs").iterdir()) == ["01.ipynb", "super_resolution"]
