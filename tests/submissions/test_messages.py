"""What a field of an e-mail may hold: which names, links and addresses are kept, and which are refused in one line."""

import pytest
from fixtures.team_names import NAMES

from aic_helpers.core.errors import InputError
from aic_helpers.submissions.messages import clean_address, clean_link, clean_name, clean_text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Pixel \u3000 Pirates\u00a0", "Pixel Pirates"),
        ("Cafe\u0301", "Caf\u00e9"),
        *((name, name) for name in NAMES),
    ],
)
def test_a_name_is_kept(text, kept):
    assert clean_name(text, "a name") == kept
    assert clean_name(kept, "a name") == kept


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "nothing that can be seen"),
        ("   ", "nothing that can be seen"),
        ("\u0301\ufe0f", "nothing that can be seen"),
        ("x" * 81, "81 characters"),
        ("x" * 10_000, "10000 characters"),
        ("a\r\nBcc: all@example.org", "a control character (U+000D)"),
        ("a\nb", "a control character (U+000A)"),
        ("a\tb", "a control character (U+0009)"),
        ("a\x00b", "a control character (U+0000)"),
        ("a\x85b", "a control character (U+0085)"),
        ("\x1b[31mred", "a control character (U+001B)"),
        ("\x9b31mred", "a control character (U+009B)"),
        ("user\u202egnp.exe", "an invisible format mark (U+202E)"),
        ("\u2067x\u2069", "an invisible format mark (U+2067)"),
        ("Pixel\u200bPirates", "an invisible format mark (U+200B)"),
        ("Pixel\u200dPirates", "an invisible format mark (U+200D)"),
        ("\u200d\U0001f4bb", "an invisible format mark (U+200D)"),
        ("\ufeffPixel", "an invisible format mark (U+FEFF)"),
        ("soft\u00adhyphen", "an invisible format mark (U+00AD)"),
        ("a\u2028b", "a line separator (U+2028)"),
        ("a\u2029b", "a paragraph separator (U+2029)"),
        ("half \ud83d of a pair", "half of a pair (U+D83D)"),
        ("\ue000", "a character of private use (U+E000)"),
        ("\u3164", "a letter that shows nothing (U+3164)"),
        ("=?utf-8?q?x=0D=0ABcc:_all?=", "=?, which begins an encoded word"),
    ],
)
def test_a_name_is_refused(text, found):
    with pytest.raises(InputError) as caught:
        clean_name(text, "a team's name")
    expected = "expected a team's name of 1 to 80 visible characters"
    assert str(caught.value) == f"{expected}, found {found}: write it in another way"


@pytest.mark.parametrize(
    "link",
    [
        "https://example.org/model.pb",
        "http://192.0.2.1:8080/a%20b?x=1&y=(2)#z",
        "HTTPS://EXAMPLE.ORG/",
        "https://[2001:db8::1]/m",
        "https://www.dropbox.com/s/abc/model.pb?dl=1",
        "https://example.org/" + "x" * 1980,
    ],
)
def test_a_link_is_kept(link):
    assert clean_link(f" {link} ") == link


@pytest.mark.parametrize(
    ("link", "found"),
    [
        ("", "nothing"),
        ("example.org/model.pb", "example.org/model.pb"),
        ("ftp://example.org/m", "ftp://example.org/m"),
        ("file:///etc/passwd", "file:///etc/passwd"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("https://", "https://"),
        ("https:///m", "https:///m"),
        ("https://[::1", "https://[::1"),
        ("https://example.org:99999/", "https://example.org:99999/"),
        ("https://example.org/a b", "https://example.org/a b"),
        ("https://example.org/\r\nX: y", "https://example.org/\\r\\nX: y"),
        ("https://example.org/\x1b[31m", "https://example.org/\\x1b[31m"),
        ("https://example.org/\u202egnp", "https://example.org/\\u202egnp"),
        ("https://example.org/<b>", "https://example.org/<b>"),
        ('https://example.org/"', 'https://example.org/"'),
        ("https://example.org\\@evil.example/", "https://example.org\\@evil.example/"),
    ],
)
def test_a_link_is_refused(link, found):
    with pytest.raises(InputError) as caught:
        clean_link(link)
    assert str(caught.value).startswith(f"expected an http or https link with a host, found {found}: ")


def test_a_link_with_a_password_or_without_end_is_refused():
    with pytest.raises(InputError, match="a link without a name or password, found one before the host") as caught:
        clean_link("https://me:secret@example.org/m")
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError, match="a link of at most 2000 characters, found 10000: send a shorter one"):
        clean_link("https://example.org/" + "x" * 9980)


@pytest.mark.parametrize("address", ["", "me", "a@b c", "Ada <ada@uni.example>", "a@b\r\nBcc: c@d", "é@uni.example"])
def test_an_address_is_refused(address):
    with pytest.raises(InputError, match=r"^expected an address such as team@example.org, found .*: give the address"):
        clean_address(address, "an address")


def test_what_breaks_a_page_or_a_database_is_replaced():
    assert clean_text("a\tb\nc\x00\u202e\ud83d日本") == "a\tb\nc\ufffd\ufffd\ufffd日本"
