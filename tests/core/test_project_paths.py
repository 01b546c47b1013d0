"""Where what comes out goes."""

from pathlib import Path

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import output_folder


def test_an_output_folder_need_not_be_there_and_may_begin_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert output_folder("~/a/b", "the run", "name another") == tmp_path / "a" / "b"
    assert output_folder(Path("a"), "the run", "name another") == Path("a")


@pytest.mark.parametrize("below", ["", "a/b"])
def test_no_output_folder_is_a_file_or_below_one(tmp_path, below):
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match=rf"^expected a folder for the run at {file}, found a file: name another$"):
        output_folder(file / below, "the run", "name another")
