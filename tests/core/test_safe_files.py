"""Strict JSON, and files that are whole or not there."""

import json
import math
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


def test_a_text_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    safe_files.write_text(path, "whole\n")
    with pytest.raises(UnicodeEncodeError):
        safe_files.write_text(path, "half \ud800")
    assert path.read_text("utf-8") == "whole\n"
    assert list(path.parent.iterdir()) == [path]
