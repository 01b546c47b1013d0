"""How an error is worded."""

from pathlib import Path

import pytest

from aic_helpers.core.errors import InputError, nearest, require_folder


def test_a_folder_that_is_not_there_or_is_a_file(tmp_path: Path) -> None:
    assert require_folder(tmp_path, "photos") == tmp_path
    (tmp_path / "file").touch()
    for name, found in (("file", "a file"), ("none", "nothing")):
        with pytest.raises(InputError, match=rf"^expected photos at .*{name}, found {found}: check the path$"):
            require_folder(tmp_path / name, "photos")


def test_the_remedy_for_a_name_that_is_not_known_is_the_nearest_one() -> None:
    assert nearest("LIMIT", ["data", "limit"], "leave it out") == "did you mean limit?"
    assert nearest("limt", ["data", "limit"], "leave it out") == "did you mean limit?"
    assert nearest("xyz", ["data", "limit"], "leave it out") == "leave it out"
    assert nearest("lamp", ["limit"], "leave it out", cutoff=0.4) == "did you mean limit?"
