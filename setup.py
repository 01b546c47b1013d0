"""What the wheel carries beside the package; all else is in pyproject.toml.

In a checkout `notebooks/`, `models_pretrained/` and `data/` stand beside the package. In the wheel they are in it, as
`aic_helpers/_project/` (see `aic_helpers/core/project_paths.py`).
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CARRIED = ("notebooks/*.ipynb", "models_pretrained/*", "data/*.toml", "data/sample/**/*")

PLACE = "aic_helpers/_project"


class WithProject(build_py):
    """Builds the package with the project's other files in it."""

    def run(self) -> None:
        super().run()
        shutil.rmtree(Path(self.build_lib, PLACE), ignore_errors=True)  # of an earlier build
        for source, target in self._carried().items():
            self.mkpath(str(Path(target).parent))
            self.copy_file(source, target)

    def get_source_files(self) -> list[str]:
        return [*super().get_source_files(), *self._carried()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *self._carried().values()]

    def _carried(self) -> dict[str, str]:
        """Return what is carried, and where it goes; nothing where the checkout itself is installed, as editable."""
        if self.editable_mode:
            return {}
        files = [path for pattern in CARRIED for path in sorted(Path().glob(pattern)) if path.is_file()]
        return {str(path): str(Path(self.build_lib, PLACE, path)) for path in files}


setup(cmdclass={"build_py": WithProject})
