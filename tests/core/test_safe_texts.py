"""Texts from strangers."""

import os

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.safe_texts import printable, require_text, shown, told_apart


def test_a_text_is_shown_without_what_a_terminal_obeys():
    assert shown("a\x1b[2J\u202e\nb\ud83d") == "a\\x1b[2J\\u202e\\nb\\ud83d"


def test_bytes_that_are_no_text_are_refused():
    assert require_text("caf\u00e9", "a name") == "caf\u00e9"
    with pytest.raises(
        InputError, match=r"expected a name, found caf\\udce9: rename it in UTF-8, and set LC_ALL=C.UTF-8"
    ):
        require_text(os.fsdecode(b"caf\xe9"), "a name")


def test_a_long_text_is_cut_and_says_so():
    assert shown("x" * 61) == "x" * 60 + "..."
    assert shown("x" * 4, 3) == "xxx..."


def test_an_empty_text_is_called_something():
    assert shown("") == "nothing"
    assert shown("", empty="(no name)") == "(no name)"


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("a\x00b\x1b", "a\ufffdb\ufffd"),
        ("\ud800", "\ufffd"),
        ("\x85", "\ufffd"),
        ("ä\u2028\u202e漢\n", "ä\u2028\u202e漢\n"),
    ],
)
def test_what_no_page_can_show_is_replaced(text, replaced):
    assert printable({text: [text, 1, None]}) == {replaced: [replaced, 1, None]}


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["a", "b", "a", "a"], ["a", "b", "a (2)", "a (3)"]),
        (["a", "a", "a", "a (2)"], ["a", "a (3)", "a (4)", "a (2)"]),
        (["a (2)", "a (2)", "a"], ["a (2)", "a (2) (2)", "a"]),
        (["a\x00", "a\x01"], ["a\ufffd", "a\ufffd (2)"]),
        (["input", "input (2)"], ["input (3)", "input (2)"]),
        ([], []),
    ],
)
def test_names_are_told_apart(names, told):
    assert told_apart(names, taken=["input"]) == told
