"""What a file must hold, and the one line that says where it doesn't."""

import codecs
import json
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from aic_helpers.core import validation
from aic_helpers.core.errors import InputError
from aic_helpers.tracks.catalogue import TrackName


class Part(BaseModel):
    name: StrictStr
    psnr_db: StrictFloat | None = None


def refuse(text):
    raise InputError("a link with a host", text, "send another")


class Whole(BaseModel):
    metrics: Part
    limit: StrictInt = Field(default=0, description="a whole number, 0 for all images")
    link: Annotated[str, AfterValidator(refuse)] = ""
    track: TrackName = "enhancement"
    rules: list[Part] = []
    scores: dict[str, Part] = {}


@dataclass(frozen=True)
class Point:
    x_px: int
    way: tuple[str, ...]


GOOD = {"metrics": {"name": "net"}}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({}, "nothing at metrics"),
        ([], "[], not an object"),
        (None, "null, not an object"),
        ({"metrics": 3}, "3 as metrics, not an object"),
        ({"metrics": {"name": None}}, "null as metrics.name, not a text"),
        ({"metrics": {"name": "net", "psnr_db": "28"}}, '"28" as metrics.psnr_db, not a number'),
        ({"metrics": {}, "rules": 3}, "nothing at metrics.name"),
        (GOOD | {"rules": [{"name": "size"}, {}]}, "nothing at rules[1].name"),
        (GOOD | {"scores": {"A\n\x1b[31m": 1}}, "1 as scores.A\\n\\x1b[31m, not an object"),
        (GOOD | {"scores": {"x" * 1000: "y" * 1000}}, f'"{"y" * 39}... as scores.{"x" * 40}..., not an object'),
        ({"metrics": {"name": [10**400]}}, f"[1{'0' * 38}... as metrics.name, not a text"),
        ({"metrics": {"name": float("nan")}}, "NaN as metrics.name, not a text"),
        (GOOD | {"track": "video"}, '"video" as track'),
    ],
)
def test_the_first_thing_wrong_is_told_with_its_place(content, found):
    with pytest.raises(InputError) as error:
        validation.fitted(Whole, content, "a whole file", "mend it")
    assert str(error.value) == f"expected a whole file, found {found}: mend it"


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    name: validation.OneLine = ""
    colour: Literal["rgb", "y"] = "rgb"
    size: tuple[int, int] = Field(default=(1, 1), description="two whole numbers")
    psnr_db: float = Field(default=1, gt=0)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    protocol: Closed | None = None
    others: list[Closed] = []
    by_name: dict[str, Closed] = {}
    ways: str = Field(default="", alias="scores")
    hidden: str = Field(default="", exclude=True)


KEYS = "(name, colour, size, psnr_db)"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ({"protocol": {"color": "y"}}, f"expected a key of protocol {KEYS}, found protocol.color: did you mean colour"),
        ({"others": [{}, {"nam": ""}]}, f"expected a key of others[1] {KEYS}, found others[1].nam: did you mean name?"),
        ({"by_name": {"x": {"zzz": ""}}}, f"expected a key of by_name.x {KEYS}, found by_name.x.zzz: leave it out"),
        (
            {"titel": ""},
            "a key of the file (title, protocol, others, by_name, scores), found titel: did you mean title",
        ),
        ({"title": "", "colour": "y"}, "found colour: did you mean protocol.colour?"),
        (
            {"protocol": {"title": ""}},
            "found protocol.title: put it before the first table, so that it isn't one of pr",
        ),
        (
            {"title": "", "protocol": {"colour": "rbg"}},
            "\"rbg\" as protocol.colour, not 'rgb' or 'y': did you mean rgb?",
        ),
        ({"title": "", "protocol": {"colour": "lab"}}, "found \"lab\" as protocol.colour, not 'rgb' or 'y': mend it"),
        ({"title": "", "protocol": {"size": [1, "x"]}}, 'expected protocol.size as two whole numbers, found "x": mend'),
        ({"title": "", "protocol": {"psnr_db": 0}}, "found 0 as protocol.psnr_db, not above 0: mend it"),
        ({"title": "", "protocol": {"psnr_db": float("inf")}}, "Infinity as protocol.psnr_db, not a finite number"),
        (
            {"title": "", "protocol": {"name": "a\nb"}},
            "as protocol.name, not one printable line of at most 500 charact",
        ),
        (
            {"title": "", "protocol": {"name": "x" * 501}},
            "as protocol.name, not one printable line of at most 500 char",
        ),
    ],
)
def test_a_model_that_forbids_other_keys(content, line):
    """An unknown key is told before one that is missing."""
    with pytest.raises(InputError) as error:
        validation.fitted(Outer, content, "a file", "mend it")
    assert line in str(error.value)


def test_a_key_with_a_description_is_told_by_it():
    with pytest.raises(InputError) as error:
        validation.fitted(Whole, GOOD | {"limit": True}, "a whole file", "mend it")
    assert str(error.value) == "expected limit as a whole number, 0 for all images, found true: mend it"


def test_what_a_validator_of_ours_says_is_told_as_it_is():
    with pytest.raises(InputError) as error:
        validation.fitted(Whole, GOOD | {"link": "ftp:"}, "a whole file", "mend it")
    assert str(error.value) == "expected a link with a host, found ftp:: send another"


def test_a_dataclass_fits_as_well():
    found = validation.fitted(Point, {"x_px": 1, "way": ["a", "b"]}, "a point", "mend it")
    assert found == Point(1, ("a", "b"))
    with pytest.raises(InputError, match=r"^expected a point, found nothing at x_px: mend it$"):
        validation.fitted(Point, {"way": []}, "a point", "mend it")


def test_what_fits_is_returned():
    assert validation.fitted(Whole, GOOD | {"more": 1}, "a whole file", "mend it").metrics.name == "net"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"{", "found something else (Expecting property name"),
        (b"", "found something else (Expecting value"),
        (b"\xff\xfe{", "found a file that isn't text in UTF-8"),
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
        validation.load_json(path, f"JSON in {path}", "mend it")
    message = str(error.value)
    assert message.startswith(f"expected JSON in {path}")
    assert found in message
    assert message.endswith(": mend it")
    assert len(message) < len(str(path)) + 200


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a = ", "something else (Invalid value"),
        (b"\xff", "a file that isn't"),
        (b"a = " + b"[" * 9999, "something"),
        (b"b = 1\n" + b"'a'. " * 64 + b"a = 1", "something else (more than 64 levels in line 2)"),
        (b"[" + b'"a.b" . ' * 64 + b"a]", "something else (more than 64 levels in line 1)"),
    ],
)
def test_what_is_no_toml_is_one_line(tmp_path, content, found):
    path = tmp_path / "file.toml"
    path.write_bytes(b'a = [1, 2]\nb = "c"')
    assert validation.load_toml(path, "TOML", "mend it") == {"a": [1, 2], "b": "c"}
    path.write_bytes(content)
    with pytest.raises(InputError) as error:
        validation.load_toml(path, "TOML", "mend it")
    assert str(error.value).startswith(f"expected TOML, found {found}")


def test_toml_of_many_words_and_dots_is_no_deep_one(tmp_path):
    (tmp_path / "file.toml").write_text(f'a = "{"a, b. " * 500}"\nb{".a" * 30} = 1.5\n'.replace("a. b", "a, b."))
    assert validation.load_toml(tmp_path / "file.toml", "TOML", "mend it")["a"].startswith("a, b.")


def test_a_large_file_is_not_parsed(tmp_path):
    with (tmp_path / "file.toml").open("wb") as file:
        file.truncate(validation.MAX_TOML_BYTES + 1)
    with pytest.raises(InputError, match=r"^expected TOML, of at most 1 MB, found 1\.0 MB: mend it$"):
        validation.load_toml(tmp_path / "file.toml", "TOML", "mend it")


@pytest.mark.parametrize(
    "saved",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("utf-16"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
    ],
)
def test_a_file_may_be_saved_by_any_editor(tmp_path, saved):
    (tmp_path / "board.toml").write_bytes(saved('name = "Zo\u00eb"  # why\nlimit = 3\n'))
    assert validation.load_toml(tmp_path / "board.toml", "TOML", "mend it") == {"name": "Zo\u00eb", "limit": 3}
    (tmp_path / "plan.json").write_bytes(saved('{"name": "Zo\u00eb",\n"limit": 3}\n'))
    assert validation.load_json(tmp_path / "plan.json", "JSON", "mend it") == {"name": "Zo\u00eb", "limit": 3}


def test_json_that_is_not_too_deep(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("[" * 64 + "]" * 64)
    assert validation.load_json(path, f"JSON in {path}", "mend it") == json.loads("[" * 64 + "]" * 64)


def test_who_reads_json_may_refuse_an_object():
    def refuse_twice(pairs):
        if len(dict(pairs)) < len(pairs):
            raise InputError("each key once", "one twice", "leave one out")
        return dict(pairs)

    assert validation.parse_json(b'{"a": 1}', "JSON", "send another", pairs=refuse_twice) == {"a": 1}
    with pytest.raises(InputError, match=r"^expected each key once, found one twice: leave one out$"):
        validation.parse_json(b'{"a": 1, "a": 2}', "JSON", "send another", pairs=refuse_twice)
