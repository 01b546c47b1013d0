"""TensorFlow's start-up notes."""

import subprocess
import sys

import pytest


@pytest.mark.tensorflow
def test_tensorflow_comes_without_its_notes_and_stderr_works_after():
    code = (
        "import sys; from aic_helpers.core import quiet_tensorflow; "
        "quiet_tensorflow.import_tensorflow(); print('after', file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "after\n")


def test_an_import_that_fails_shows_what_was_written(tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os; os.write(2, b'why\\n'); raise ImportError('broken')")
    code = "from aic_helpers.core import quiet_tensorflow; quiet_tensorflow.import_tensorflow()"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 1
    assert found.stderr.startswith("why\n")
    assert found.stderr.endswith("ImportError: broken\n")


def test_an_import_that_is_interrupted_shows_nothing_of_it(tmp_path):
    (tmp_path / "tensorflow.py").write_text("import os; os.write(2, b'notes\\n'); raise KeyboardInterrupt")
    code = """
import sys
from aic_helpers.core import quiet_tensorflow
try:
    quiet_tensorflow.import_tensorflow()
except KeyboardInterrupt:
    print("interrupted", file=sys.stderr)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "interrupted\n")
