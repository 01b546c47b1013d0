"""Strict JSON, and files that are whole or not there."""

import json
import math
import re
import resource
from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core import safe_files


def test_json_holds_what_any_reader_takes() -> None:
    value = {
        1: [math.nan, math.inf, -math.inf],
        "array": np.array([[1, 2]], np.uint8),
        "number": np.float32(0.5),
        "path": Path("a/b"),
        "pair": (True, None),
    }

    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert json.loads(safe_files.as_json(value), parse_constant=refuse) == {
        "1": [None, "inf", "-inf"],
        "array": [[1, 2]],
        "number": 0.5,
        "path": "a/b",
        "pair": [True, None],
    }


def test_a_text_for_which_there_is_no_room_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    safe_files.write_text(path, "whole\n")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.raises(OSError, match=rf"File too large: '{re.escape(str(path))}'"):
            safe_files.write_text(path, "x" * 20_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text("utf-8") == "whole\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_text_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    safe_files.write_text(path, "whole\n")
    with pytest.raises(UnicodeEncodeError):
        safe_files.write_text(path, "half \ud800")
    assert path.read_text("utf-8") == "whole\n"
    assert list(path.parent.iterdir()) == [path]


def write_half(path: Path) -> None:
    with safe_files.replacing(path, ending=".of-mine") as partial:
        assert partial.parent == path.parent
        assert partial.name.endswith(".of-mine")
        partial.write_bytes(b"half")
        raise KeyboardInterrupt


def test_what_an_error_leaves_half_written_goes_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"whole")
    with pytest.raises(KeyboardInterrupt):
        write_half(path)
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_its_owners_alone_from_its_first_byte_on(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with safe_files.replacing(path, private=True) as partial:
        assert partial.stat().st_mode & 0o777 == 0o600
        partial.write_bytes(b"a")
    safe_files.write_private(path, b"b")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"b", 0o600)
