"""The e-mails of a team: other readers see the same, and whatever is in a file, reading it ends well or in one line."""

import base64
import codecs
import json
import os
import platform
import random
import shutil
import subprocess
from email import policy
from email.parser import BytesParser

import pytest
from fixtures.team_names import NAMES

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.submissions import eml, messages
from aic_helpers.submissions.messages import Member, Registration, Submission, clean_name

TOKEN, SHA256 = "s3cret-_" * 5 + "abc", "0123456789abcdef" * 4
RESULT = {"schema": 1, "metrics": {"psnr_db": 28.5, "ms_ssim": None, "note": "NaN\tand\nmore"}, "rules": [True, "日本"]}
SUBMISSION = Submission("super_resolution", 17, "Pixel Pirates", "https://example.org/m.pb", SHA256, 99, TOKEN, RESULT)
REGISTRATION = Registration("Pixel Pirates", (Member("Ada Lovelace", "University of London"),), SHA256)


@pytest.fixture
def written(tmp_path):
    """Write an e-mail; returns its path."""

    def write(content):
        compose = eml.submission_mail if isinstance(content, Submission) else eml.registration_mail
        eml.write_mail(compose(content, sender="team@uni.example", address="desk@org.example"), tmp_path / "a.eml")
        return tmp_path / "a.eml"

    return write


@pytest.fixture
def read(tmp_path):
    """Read an e-mail of these bytes."""

    def call(content):
        path = tmp_path / "raw.eml"
        path.write_bytes(content)
        return eml.read_mail(path)

    return call


def named(name):
    return Submission(**{**vars(SUBMISSION), "team": name}), Registration(name, (Member(name, name),), SHA256)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_written_is_read(written, name):
    for content in named(name):
        found = eml.read_mail(written(content))
        assert found.content == content
        assert found.sent_by == "team@uni.example"


def test_the_subjects_are_the_challenges(written):
    for content, subject in (
        (SUBMISSION, "[Track A] [17] [Pixel Pirates] Submission"),
        (Submission(**{**vars(SUBMISSION), "track": "enhancement"}), "[Track B] [17] [Pixel Pirates] Submission"),
        (REGISTRATION, "AI Mobile Challenge Registration"),
    ):
        found = BytesParser(policy=policy.default).parsebytes(written(content).read_bytes())
        assert (found["Subject"], found["To"]) == (subject, "desk@org.example")
        assert found["Date"].datetime.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("track", ["classic_x4", "mine", "v1.2-of_a-team", "n" * 60])
def test_a_track_without_a_letter_is_called_by_its_name(written, track):
    content = Submission(**{**vars(SUBMISSION), "track": track})
    path = written(content)
    assert eml.read_mail(path).content == content
    found = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    assert found["Subject"] == f"[Track {track}] [17] [Pixel Pirates] Submission"
    assert f"Track: {track}\r\n" in found.get_body().get_content()


def test_the_text_has_one_line_a_field_and_no_secret(written):
    found = BytesParser(policy=policy.default).parsebytes(written(SUBMISSION).read_bytes())
    assert found.get_body().get_content().splitlines() == [
        "Track: A (super_resolution)",
        "Team ID: 17",
        "Team: Pixel Pirates",
        "Link to the model: https://example.org/m.pb",
        f"SHA-256 of the model: {SHA256}",
        "Bytes of the model: 99",
    ]
    (attachment,) = found.iter_attachments()
    assert (attachment.get_filename(), attachment.get_content_type()) == ("submission.json", "application/json")
    assert json.loads(attachment.get_content()) == {"schema": 1, **vars(SUBMISSION)}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_every_server_passes_on(written, name):
    path = written(named(name)[0])
    content = path.read_bytes()
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["a.eml"]


def test_the_message_id_is_new_and_does_not_name_the_machine(written):
    found = [eml.read_mail(written(SUBMISSION)).message_id for _ in range(3)]
    assert len(set(found)) == 3
    assert all(text.endswith("@uni.example>") for text in found)
    assert platform.node().encode() not in written(SUBMISSION).read_bytes() or len(platform.node()) < 4


@pytest.fixture
def mblaze():
    """Run a program of Debian's package mblaze; skipped without it, unless AIC_REQUIRE_BROWSER is set."""
    if shutil.which("mshow") is None:
        stop = pytest.fail if os.environ.get("AIC_REQUIRE_BROWSER") else pytest.skip
        stop("no second reader of e-mail (Debian's mblaze) here: make browser installs it")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    return lambda *words: subprocess.run(words, capture_output=True, check=True, env=environment).stdout.decode()


@pytest.mark.parametrize("name", NAMES)
def test_another_reader_gets_the_same_fields(written, mblaze, name):
    for content in named(name):
        path = written(content)
        found = eml.read_mail(path)
        message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        assert mblaze("mhdr", "-d", "-h", "Subject", path).rstrip("\n") == message["Subject"]
        assert mblaze("mhdr", "-h", "Message-ID", path).rstrip("\n") == found.message_id
        assert mblaze("mhdr", "-A", "-h", "From", path).rstrip("\n") == found.sent_by
        assert mblaze("mshow", "-O", path, "2") == message.get_body().get_content()
        attached = mblaze("mshow", "-O", path, f"{type(content).__name__.lower()}.json")
        again = json.loads(attached) | {"schema": None}
        assert again == {"schema": None, **json.loads(json.dumps(messages.plain(content)))}


@pytest.mark.parametrize("hostile", ["a\r\nBcc: all@example.org", "a\nb", "=?utf-8?q?x=0D=0ABcc:_all?=", "\ud83d", ""])
def test_nothing_gets_into_a_header(hostile):
    for content in named(hostile):
        with pytest.raises(InputError):
            (eml.submission_mail if isinstance(content, Submission) else eml.registration_mail)(content)
    for place in ("sender", "address"):
        with pytest.raises(InputError):
            eml.registration_mail(REGISTRATION, **{place: hostile})


def raw(attached, *, subject="[Track A] [17] [Pixel Pirates] Submission", headers=(), name="submission.json"):
    """Return an e-mail around the bytes of an attachment, as another program may write it."""
    lines = ["From: Team <team@uni.example>", f"Subject: {subject}", "Message-ID: <1@uni.example>", *headers]
    lines += ["MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="x"', "", "--x", "", "hello", "--x"]
    lines += [f'Content-Disposition: attachment; filename="{name}"', "Content-Transfer-Encoding: base64", ""]
    return "\n".join([*lines, base64.encodebytes(attached).decode(), "--x--", ""]).encode("utf-8", "surrogateescape")


FIELDS = {"schema": 1, **vars(SUBMISSION)}


def test_an_email_of_another_program_is_read(read):
    found = read(raw(json.dumps(FIELDS).encode()))
    assert (found.content, found.message_id, found.sent_by) == (SUBMISSION, "<1@uni.example>", "team@uni.example")


@pytest.mark.parametrize(
    "before",
    [
        "Re: ",
        "AW: ",
        "Fwd: Re: ",
        "FW:",
        "Re[2]: ",
        "[EXTERNAL] ",
        "[EXT] Re: ",
        "***SPAM*** ",
        "{Spam?} ",
        "\u8f6c\u53d1\uff1a",
    ],
)
def test_what_mail_programs_put_before_a_subject_doesnt_count(read, before):
    subject = f"{before}[Track A] [17] [Pixel Pirates] Submission"
    assert read(raw(json.dumps(FIELDS).encode(), subject=subject)).content == SUBMISSION
    plain = eml.registration_mail(REGISTRATION, sender="team@uni.example", address="desk@org.example")
    plain.replace_header("Subject", f"{before}AI Mobile Challenge Registration")
    assert read(plain.as_bytes()).content == REGISTRATION


def test_a_subject_may_come_in_another_form_of_its_letters(read):
    fields = FIELDS | {"team": "Caf\u00e9"}
    found = read(raw(json.dumps(fields).encode(), subject="[Track A] [17] [Cafe\u0301] Submission"))
    assert found.content.team == "Caf\u00e9"


@pytest.mark.parametrize(
    "saved",
    [
        lambda content: codecs.BOM_UTF8 + content,
        lambda content: b"\r\n\r\n" + content,
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: content.replace(b"\n", b"\r"),
        lambda content: content.decode().encode("utf-16"),
    ],
)
def test_an_email_that_an_editor_saved_anew_is_read(read, saved):
    assert read(saved(raw(json.dumps(FIELDS).encode()))).content == SUBMISSION
    marked = codecs.BOM_UTF8 + json.dumps(FIELDS).encode()
    assert read(raw(marked)).content == SUBMISSION


def test_a_result_is_kept_without_what_breaks_a_page(read):
    fields = FIELDS | {"result": {"a\x00": "\x1b[31m\u202e", "b": ["\ud83d"]}}
    assert read(raw(json.dumps(fields).encode())).content.result == {"a\ufffd": "\ufffd[31m\ufffd", "b": ["\ufffd"]}


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"schema": 2}, "expected an attachment of schema 1, found 2: read it with the version that it names"),
        ({"track": "../C"}, "expected a track's name, found ../C: "),
        ({"track": "\x1b[31m"}, "expected a track's name, found \\x1b[31m: "),
        ({"track": None}, "expected the fields of a submission, found null as track, not a text: "),
        ({"team_id": 0}, "expected a team ID from 1 to 2147483647, found 0: "),
        ({"team_id": -(10**400)}, "expected a team ID from 1 to 2147483647, found one of many digits: "),
        ({"team_id": True}, "expected the fields of a submission, found true as team_id, not a whole number: "),
        ({"team_id": "17"}, 'expected the fields of a submission, found "17" as team_id, not a whole number: '),
        ({"team_id": 17.0}, "expected the fields of a submission, found 17.0 as team_id, not a whole number: "),
        ({"team_id": 18}, "expected the subject [Track A] [18] [Pixel Pirates] Submission, as the attachment has it, "),
        ({"track": "enhancement"}, "expected the subject [Track B] [17] [Pixel Pirates] Submission, as "),
        ({"team": "Others"}, "expected the subject [Track A] [17] [Others] Submission, as the attachment has it, "),
        ({"team": "a\r\nb"}, "expected a team's name of 1 to 80 visible characters, found a control character"),
        ({"team": ["x"]}, 'expected the fields of a submission, found ["x"] as team, not a text: '),
        ({"link": "ftp://x"}, "expected an http or https link with a host, found ftp://x: "),
        ({"sha256": SHA256.upper()}, "expected a sha256 of 64 lower-case hexadecimal digits, found 0123456789ABCDEF"),
        ({"sha256": SHA256 + "\n"}, "expected a sha256 of 64 lower-case hexadecimal digits, found 0123456789abcdef"),
        ({"bytes": -1}, "expected a size in bytes from 1 to 1000000000000, found -1: "),
        ({"bytes": 10**13}, "expected a size in bytes from 1 to 1000000000000, found 10000000000000: "),
        ({"token": [TOKEN]}, "expected a team's secret of 43 letters and digits, found something else: "),
        ({"token": "short"}, "expected a team's secret of 43 letters and digits, found 5 characters of another kind: "),
        ({"result": []}, "expected the fields of a submission, found [] as result, not an object: "),
        ({"result": {"a": float("nan")}}, "expected a result of finite numbers up to 2^63, found another number: "),
        ({"result": {"a": float("inf")}}, "expected a result of finite numbers up to 2^63, found another number: "),
        ({"result": {"a": 2**64}}, "expected a result of finite numbers up to 2^63, found another number: "),
        ({"result": {"a": 10**400}}, "expected a result of finite numbers up to 2^63, found another number: "),
        (
            {"result": {"a": [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]}},
            "expected a result of at most 16 levels, found more: ",
        ),
    ],
)
def test_a_wrong_field_is_one_line(read, changed, line):
    with pytest.raises(InputError) as caught:
        read(raw(json.dumps(FIELDS | changed).encode()))
    assert str(caught.value).startswith(line)
    assert str(caught.value).isprintable()
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        ({"members": []}, "expected 1 to 20 members, found 0: name each as: Name, Affiliation"),
        ({"members": [{"name": "a", "affiliation": "b"}] * 21}, "expected 1 to 20 members, found 21: "),
        ({"members": ["Ada"]}, 'expected the fields of a registration, found "Ada" as members[0], not an object: '),
        (
            {"members": [{"name": "Ada"}]},
            "expected the fields of a registration, found nothing at members[0].affiliation: ",
        ),
        ({"members": [{"name": "\u202e", "affiliation": "b"}]}, "expected a member's name of 1 to 80 visible "),
        (
            {"members": {"name": "Ada"}},
            'expected the fields of a registration, found {"name": "Ada"} as members, not a list: ',
        ),
        ({"token_sha256": "x"}, "expected a token_sha256 of 64 lower-case hexadecimal digits, found x: "),
        ({"team": None}, "expected the fields of a registration, found null as team, not a text: "),
    ],
)
def test_a_wrong_registration_is_one_line(read, changed, line):
    fields = {"schema": 1, "team": "Pixel Pirates", "members": [{"name": "Ada", "affiliation": "b"}]}
    fields |= {"token_sha256": SHA256}
    how = {"subject": "AI Mobile Challenge Registration", "name": "registration.json"}
    assert read(raw(json.dumps(fields).encode(), **how)).content.team == "Pixel Pirates"
    with pytest.raises(InputError) as caught:
        read(raw(json.dumps(fields | changed).encode(), **how))
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize(
    "attached",
    [
        b"",
        b"\xff\xfe{}",
        b"[1, 2",
        b"null",
        b"[]",
        b'"text"',
        b"{" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"schema": 1, "track": ' + b"9" * 5000 + b"}",
        b'{"schema": 1e999}',
        b'{"schema": 1, "team": "' + b"x" * 600_000 + b'"}',
    ],
)
def test_an_attachment_that_is_none_is_one_line(read, attached):
    with pytest.raises(InputError, match=r"^expected [^\n]+, found [^\n]+: [^\n]+$"):
        read(raw(attached))


WHOLE = json.dumps(FIELDS).encode()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", "found no Subject headers"),
        (b"\x00" * 1000, "found no Subject headers"),
        (raw(WHOLE, subject="Cheap watches"), "or [Track X] [Team ID] [Team Name] Submission, found Cheap watches: "),
        (raw(WHOLE, subject="Re: Cheap watches"), "found Cheap watches: "),
        (raw(WHOLE, subject="My thoughts on [Track A] [17] [Pixel Pirates] Submission"), "found My thoughts on [Tra"),
        (raw(WHOLE, subject="[Track B] [Track A] [17] [Pixel Pirates] Submission"), "found [Track B] [Track A] [17]"),
        (raw(WHOLE, subject="=?utf-8?q?=1B[31m=E2=80=AEx?="), "found \\x1b[31m\\u202ex: "),
        (raw(WHOLE, subject="=?no-such-charset?q?x?="), "found x: "),
        (raw(WHOLE, subject="=?utf-8?b?!!!?="), "found "),
        (raw(WHOLE, subject="\udcff\udcfe"), "found "),
        (raw(WHOLE, subject="[Track A] [17] [Others] Submission"), "as the attachment has it, found [Track A] [17] [O"),
        (
            raw(WHOLE, subject="AI Mobile Challenge Registration"),
            "expected one attachment registration.json, found none",
        ),
        (raw(WHOLE, headers=["Subject: another"]), "found 2 Subject headers"),
        (raw(WHOLE, headers=["From: b@example.org"]), "expected one sender (From), found 2 From headers"),
        (raw(WHOLE, headers=["Message-ID: <2@example.org>"]), "expected one Message-ID, found 2 Message-ID headers"),
        (raw(WHOLE).replace(b"Message-ID: <1@uni.example>\n", b""), "expected one Message-ID, found no Message-ID"),
        (raw(WHOLE).replace(b"<1@uni.example>", b"1"), "expected a Message-ID in <>, found 1: "),
        (raw(WHOLE).replace(b"<1@uni.example>", b"<" * 5000), ": write it with: aic submit"),
        (raw(WHOLE).replace(b"Team <team@uni.example>", b"undisclosed"), "expected a sender's address such as "),
        (raw(WHOLE).replace(b"Team <team@uni.example>", b"(" * 9000), "expected an e-mail that can be read, found a "),
        (raw(WHOLE, name="other.json"), "expected one attachment submission.json, found none: "),
        (
            raw(WHOLE).replace(b"--x--", raw(WHOLE).partition(b"hello\n")[2]),
            "expected one attachment submission.json, ",
        ),
        (raw(WHOLE).replace(b"Encoding: base64", b"Encoding: x-uuencode"), "expected JSON in UTF-8 in the attachment"),
        (b"Subject: " + b"x" * 10_001, "expected an e-mail of at most 10000 bytes in a line or header, found 10010"),
        (b"Subject: x" + b"\n x" * 10_000, "expected an e-mail of at most 10000 bytes in a line or header"),
        (b"\n" * 40_001, "expected an e-mail of at most 40000 lines, found 40001"),
        (b"\n--x" * 51, "expected an e-mail of at most 50 parts, found 51"),
        (b"x" * (2**21 + 1), "expected an e-mail of at most 2 MiB, found 2.0 MiB: attach no model"),
        (b"Content-Type: message/rfc822\n\n" * 19_000, "expected an e-mail that can be read, found a damaged one"),
        (b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(50)), "no Subject"),
        (raw(WHOLE).replace(b'boundary="x"', b'boundary="' + b";" * 9000), "found none"),
        (raw(WHOLE).replace(b'boundary="x"', b";x*1*=utf-8''%ff" * 500), "found none"),
    ],
)
def test_a_hostile_email_is_one_line(read, content, line):
    with pytest.raises(InputError) as caught:
        read(content)
    assert line in str(caught.value)
    assert str(caught.value).isprintable()


def test_no_mutation_raises_anything_else(read):
    rng = random.Random(2018)
    outcomes = {"read": 0, "refused": 0}
    whole = raw(WHOLE)
    for _ in range(1500):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 1, 2, 8))):
            place = rng.randrange(len(content))
            length = rng.choice((0, 1, 1, 30))
            content[place : place + length] = rng.choice(
                (b"", b"\x00", b"\xff", b"\r\n", b'"', b"=?", b"(", b"<", b"--x")
            )
        try:
            found = read(bytes(content))
        except InputError:
            outcomes["refused"] += 1
        else:
            outcomes["read"] += 1
            assert clean_name(found.content.team, "a name") == found.content.team
            assert found.message_id.isascii()
    assert min(outcomes.values()) > 100, outcomes


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="found nothing: check the path"):
        eml.read_mail(tmp_path / "none.eml")
    with pytest.raises(InputError, match="found a folder: check the path"):
        eml.read_mail(tmp_path)


def test_what_breaks_while_writing_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(b"before")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space"):
        safe_files.write_private(tmp_path / "a", b"after")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"before")]
