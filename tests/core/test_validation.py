"""What a file must hold, and the one line that says where it doesn't."""

import json

import pytest
from pydantic import BaseModel, StrictFloat, StrictStr

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError


class Part(BaseModel):
    name: StrictStr
    psnr_db: StrictFloat | None = None


class Whole(BaseModel):
    metrics: Part
    rules: list[Part] = []
    scores: dict[str, Part] = {}


GOOD = {"metrics": {"name": "net"}}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({}, "nothing at metrics"),
        ([], "[]"),
        (None, "null"),
        ({"metrics": 3}, "3 as metrics"),
        ({"metrics": {"name": None}}, "null as metrics.name"),
        ({"metrics": {"name": "net", "psnr_db": "28"}}, '"28" as metrics.psnr_db'),
        ({"metrics": {}, "rules": 3}, "nothing at metrics.name"),
        (GOOD | {"rules": [{"name": "size"}, {}]}, "nothing at rules[1].name"),
        (GOOD | {"scores": {"A\n\x1b[31m": 1}}, "1 as scores.A\\n\\x1b[31m"),
        (GOOD | {"scores": {"x" * 1000: "y" * 1000}}, f'"{"y" * 39}... as scores.{"x" * 40}...'),
        ({"metrics": {"name": [10**400]}}, f"[1{'0' * 38}... as metrics.name"),
        ({"metrics": {"name": float("nan")}}, "NaN as metrics.name"),
    ],
)
def test_the_first_thing_wrong_is_told_with_its_place(content, found):
    with pytest.raises(InputError) as error:
        validation.fitted(Whole, content, "a whole file", "mend it")
    assert str(error.value) == f"expected a whole file, found {found}: mend it"


def test_what_fits_is_returned():
    assert validation.fitted(Whole, GOOD | {"more": 1}, "a whole file", "mend it").metrics.name == "net"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"{", "found something else (Expecting property name"),
        (b"", "found something else (Expecting value"),
        (b"\xff\xfe{", "found something else ('utf-8' codec can't decode"),
        (b"[" * 100_000, "found something else (maximum recursion depth exceeded"),
        (b"9" * 5_000, "found something else (Exceeds the limit"),
        (b"[" * 65 + b"]" * 65, "of at most 64 levels, found more"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "of at most 64 levels, found more"),
    ],
)
def test_what_is_no_json_or_too_deep_is_one_line(tmp_path, content, found):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        validation.load_json(path, "mend it")
    message = str(error.value)
    assert message.startswith(f"expected JSON in {path}")
    assert found in message
    assert message.endswith(": mend it")
    assert len(message) < len(str(path)) + 200


def test_json_that_is_deep_enough_and_another_name_for_its_file(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("[" * 64 + "]" * 64)
    assert validation.load_json(path, "mend it") == json.loads("[" * 64 + "]" * 64)
    path.write_text("{")
    with pytest.raises(InputError, match=r"expected JSON in home\.json, found"):
        validation.load_json(path, "mend it", called=tmp_path.relative_to(tmp_path) / "home.json")
