"""Texts from strangers."""

import pytest

from aic_helpers.core.safe_texts import printable, shown


def test_a_text_is_shown_without_what_a_terminal_obeys():
    assert shown("a\x1b[2J\u202e\nb\ud83d") == "a\\x1b[2J\\u202e\\nb\\ud83d"


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
