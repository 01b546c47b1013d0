"""The real download code against a real HTTP server on this machine; what goes wrong is the server's, or the disk's."""

from __future__ import annotations

import hashlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fixtures.pirm2018 import SUPER_RESOLUTION
from fixtures.sites import FOR_EVER, Fault, Site, serve

from aic_helpers.cli import main
from aic_helpers.core import project_paths
from aic_helpers.core.errors import InputError
from aic_helpers.data import downloads, manifests, transfers
from aic_helpers.data.datasets import open_dataset
from aic_helpers.data.images import SUFFIXES
from aic_helpers.data.manifests import Manifest
from aic_helpers.data.transfers import Patience
from aic_helpers.models import sources

QUICK = Patience(connect_s=5, read_s=5, tries=3, pause_s=0)
LARGE = "photos/large 1.png"
SIZES = {
    LARGE: 300_000,
    "photos/2.png": 5_000,
    "photos/3.png": 70_000,
    "weights/net.data": 20_000,
    "weights/of git": 900,
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server of five files; `weights/of git` is known by git's id alone."""
    generator = np.random.default_rng(0)
    for path, size_bytes in SIZES.items():
        file = tmp_path / "original" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(generator.bytes(size_bytes))
    with serve(tmp_path / "original") as site:
        yield site


@pytest.fixture
def manifest(site: Site, tmp_path: Path) -> Manifest:
    lines = [f'source = "{site.address}"', "[files]"]
    for path, size_bytes in SIZES.items():
        content = (site.folder / path).read_bytes()
        if path == "weights/of git":
            lines.append(f'"{path}" = {{git_blob = "{hashlib.sha1(b"blob 900" + bytes(1) + content).hexdigest()}"}}')
        else:
            lines.append(f'"{path}" = {{bytes = {size_bytes}, sha256 = "{hashlib.sha256(content).hexdigest()}"}}')
    file = tmp_path / "project" / "data" / "challenge.toml"
    file.parent.mkdir(parents=True)
    file.write_text("\n".join(lines), encoding="utf-8")
    return manifests.read(file)


@pytest.fixture
def fetch(site: Site, manifest: Manifest, tmp_path: Path) -> Callable[[], list[str]]:
    return lambda: downloads.fetch(manifest, site.address, tmp_path / "here", patience=QUICK)


@pytest.fixture
def refused(fetch: Callable[[], list[str]]) -> Callable[[], str]:
    """Fetch what can't be had; returns the one line."""

    def call() -> str:
        with pytest.raises(InputError) as caught:
            fetch()
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return call


def names(folder: Path) -> set[str]:
    """The files of a folder without the lock."""
    paths = folder.rglob("*") if folder.exists() else ()
    return {path.relative_to(folder).as_posix() for path in paths if path.is_file() and path.name != ".fetch.lock"}


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names(folder)}


def test_all_files_come_and_none_comes_twice(site, fetch, tmp_path):
    assert sorted(fetch()) == sorted(SIZES)
    assert files(tmp_path / "here") == files(site.folder)
    assert sorted(site.asked) == sorted((path, "") for path in SIZES)
    assert fetch() == []
    assert len(site.asked) == len(SIZES)


def test_progress_counts_bytes_and_files(site, manifest, tmp_path):
    told = []
    downloads.fetch(
        manifest, site.address, tmp_path / "here", patience=QUICK, progress=lambda *stage: told.append(stage)
    )
    total = sum(SIZES.values())
    assert told[-1] == (total, total, "5 of 5 files")
    ended = [int(words.partition(" ")[0]) for _, _, words in told]
    assert ended == sorted(ended)


def test_what_was_cut_off_is_gone_on_with(site, fetch, tmp_path):
    site.faults[LARGE] = Fault(times=2, cut=100_000)
    fetch()
    assert files(tmp_path / "here") == files(site.folder)
    starts = [int(wanted.removeprefix("bytes=").rstrip("-") or 0) for wanted in site.asked_for(LARGE)]
    assert len(starts) == 3
    assert starts[0] == 0 < starts[1] <= 100_000 < starts[2] <= 200_000


def test_a_later_call_goes_on_with_what_was_cut_off(site, fetch, refused, tmp_path):
    site.faults[LARGE] = Fault(times=3, cut=70_000)
    line = refused()
    assert line == (
        f"expected files from {site.address}, found a connection that closed in the middle ({LARGE}), in 3 tries: "
        "check the network and the address, or name another source with --from; what is whole is kept"
    )
    part = tmp_path / "here" / "photos" / ".large 1.png.partial"
    held = part.read_bytes()
    assert 100_000 < len(held) < SIZES[LARGE]
    assert not (tmp_path / "here" / LARGE).exists()
    assert LARGE in fetch()
    assert site.asked_for(LARGE)[3:] == [f"bytes={len(held)}-"]
    assert files(tmp_path / "here") == files(site.folder)


def test_a_server_that_sends_no_ranges_starts_anew(site, fetch, tmp_path):
    site.ranges = False
    site.faults[LARGE] = Fault(cut=100_000)
    fetch()
    assert [wanted[:6] for wanted in site.asked_for(LARGE)] == ["", "bytes="]
    assert files(tmp_path / "here") == files(site.folder)


def part_of(folder: Path, path: str, content: bytes) -> None:
    place = folder / path
    place.parent.mkdir(parents=True)
    place.with_name(f".{place.name}.partial").write_bytes(content)


def test_a_part_of_another_file_is_dropped(site, fetch, tmp_path):
    part_of(tmp_path / "here", LARGE, b"another file's start")
    fetch()
    assert site.asked_for(LARGE) == ["bytes=20-", ""]
    assert files(tmp_path / "here") == files(site.folder)


@pytest.mark.parametrize(("path", "asked"), [(LARGE, []), ("weights/of git", ["bytes=900-"])])
def test_a_part_that_is_whole_is_not_fetched(site, fetch, tmp_path, path, asked):
    part_of(tmp_path / "here", path, (site.folder / path).read_bytes())
    fetch()
    assert site.asked_for(path) == asked
    assert files(tmp_path / "here") == files(site.folder)


def test_a_server_that_fails_for_a_while_is_asked_again(site, fetch, tmp_path):
    site.faults[LARGE] = Fault(times=2, status=503)
    fetch()
    assert len(site.asked_for(LARGE)) == 3
    assert files(tmp_path / "here") == files(site.folder)


@pytest.mark.parametrize(
    ("status", "asked", "found"),
    [(500, 3, f"HTTP 500 for {LARGE}, in 3 tries"), (403, 1, f"HTTP 403 for {LARGE}")],
)
def test_a_server_that_fails_is_asked_so_often(site, refused, status, asked, found):
    site.faults[LARGE] = Fault(times=FOR_EVER, status=status)
    assert refused().startswith(f"expected files from {site.address}, found {found}: check the network")
    assert len(site.asked_for(LARGE)) == asked


def test_a_server_that_wants_a_pause_gets_it(site, fetch, monkeypatch):
    pauses_s = []
    monkeypatch.setattr(transfers, "_pause", lambda pause_s, *_: pauses_s.append(pause_s))
    site.faults[LARGE] = Fault(status=429, headers={"Retry-After": "7"})
    fetch()
    assert pauses_s == [7.0]


def test_a_server_that_says_nothing_more(site, manifest, tmp_path):
    site.faults["*"] = Fault(times=FOR_EVER, stall=100)
    short = Patience(connect_s=5, read_s=0.05, tries=2, pause_s=0)
    with pytest.raises(InputError, match=r"found no answer within 0\.05 s \(.*\), in 2 tries: check the network"):
        downloads.fetch(manifest, site.address, tmp_path / "here", patience=short)
    assert [path for path in files(tmp_path / "here") if not path.endswith(".partial")] == []


def test_wrong_content_is_removed_and_both_checksums_told(site, refused, tmp_path):
    true = (site.folder / LARGE).read_bytes()
    lie = bytes(len(true))
    site.faults[LARGE] = Fault(times=FOR_EVER, body=lie)
    assert refused() == (
        f"expected all 5 files of challenge at {site.address}, found 1 of another content (removed): {LARGE} "
        f"expected sha256 {hashlib.sha256(true).hexdigest()}, found sha256 {hashlib.sha256(lie).hexdigest()} "
        f"({len(lie)} bytes): the other 4 are in {tmp_path}/here and can be used; call again, or with another --from, "
        "for these"
    )
    others = {path: content for path, content in files(site.folder).items() if path != LARGE}
    assert files(tmp_path / "here") == others


def test_wrong_content_that_git_knows(site, refused):
    site.faults["weights/of git"] = Fault(times=FOR_EVER, body=b"hello\n")
    assert ", found git_blob ce013625030ba8dba906f756967f9e9ca394464a (6 bytes): the other 4" in refused()


def test_an_empty_answer(site, refused):
    site.faults["photos/2.png"] = Fault(times=FOR_EVER, body=b"")
    assert "1 of another content (removed): photos/2.png expected sha256" in (line := refused())
    assert ", found nothing: the other 4" in line


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "image/png"])
def test_a_login_page(site, fetch, refused, tmp_path, kind):
    page = b"\n<!DOCTYPE html><title>Sign in</title>"
    site.faults["*"] = Fault(times=FOR_EVER, body=page, headers={"Content-Type": kind})
    assert re.fullmatch(
        rf"expected a file from {site.address}.*, found a web page: open the address in a browser \(does the network "
        r"want a login\?\), or name another source with --from",
        refused(),
    )
    assert [path for path in files(tmp_path) if path.startswith("here/") and not path.endswith(".partial")] == []
    site.faults.clear()
    fetch()
    assert files(tmp_path / "here") == files(site.folder)


def test_a_login_page_leaves_what_was_there_of_a_file(site, refused, tmp_path):
    part_of(tmp_path / "here", LARGE, (site.folder / LARGE).read_bytes()[:1000])
    site.faults["*"] = Fault(times=FOR_EVER, body=b"<html>", headers={"Content-Type": "text/html"})
    refused()
    assert files(tmp_path / "here") == {"photos/.large 1.png.partial": (site.folder / LARGE).read_bytes()[:1000]}


def test_files_that_the_source_lacks_are_named_and_all_others_come(site, refused, tmp_path):
    for path in (LARGE, "weights/of git"):
        (site.folder / path).unlink()
    assert refused() == (
        f"expected all 5 files of challenge at {site.address}, found 2 not there (HTTP 404): {LARGE}, weights/of git: "
        f"the other 3 are in {tmp_path}/here and can be used; call again, or with another --from, for these"
    )
    assert files(tmp_path / "here") == files(site.folder)


def test_an_address_that_has_none_of_the_files(site, manifest, tmp_path):
    with pytest.raises(InputError, match=r"found 5 not there \(HTTP 404\): .*: check the address"):
        downloads.fetch(manifest, f"{site.address}/elsewhere/", tmp_path / "here", patience=QUICK)
    assert not (tmp_path / "here").exists()


def test_no_server(manifest, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(InputError, match=rf"files from {address}, found Connection refused \(.*\), in 3 tries: "):
            downloads.fetch(manifest, address, tmp_path / "here", patience=QUICK)
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("source", ["ftp://example.org", "no/such/folder"])
def test_a_source_of_another_kind(manifest, tmp_path, source):
    line = f"expected an http(s) address or a folder to fetch from, found '{source}': check --from"
    with pytest.raises(InputError, match=re.escape(line)):
        downloads.fetch(manifest, source, tmp_path / "here")


def test_a_folder_as_the_source(site, manifest, tmp_path):
    (site.folder / LARGE).unlink()
    (site.folder / "photos" / "2.png").write_bytes(b"damaged")
    with pytest.raises(
        InputError, match=rf"found 1 not there: {LARGE}; 1 of another content \(removed\): photos/2.png"
    ):
        downloads.fetch(manifest, str(site.folder), tmp_path / "here")
    assert sorted(files(tmp_path / "here")) == ["photos/3.png", "weights/net.data", "weights/of git"]
    assert site.asked == []


def test_a_folder_as_the_source_that_cannot_be_read(site, manifest, tmp_path):
    (site.folder / LARGE).unlink()
    (site.folder / LARGE).symlink_to(site.folder / LARGE)
    line = f"expected files from {site.folder}, found Too many levels of symbolic links ({LARGE}): check --from"
    with pytest.raises(InputError, match=re.escape(line)):
        downloads.fetch(manifest, str(site.folder), tmp_path / "here")


def test_a_damaged_file_is_replaced(site, fetch, tmp_path):
    fetch()
    (tmp_path / "here" / LARGE).write_bytes(b"damaged")
    assert fetch() == [LARGE]
    assert files(tmp_path / "here") == files(site.folder)


def test_a_full_disk_harms_nothing(site, fetch, refused, tmp_path, monkeypatch):
    """The system itself refuses to write to /dev/full."""
    true_open = Path.open

    def open_full(path: Path, mode: str = "r", **options):
        full = path.name == ".large 1.png.partial" and mode == "ab"
        return true_open(Path("/dev/full") if full else path, mode, **options)

    monkeypatch.setattr(Path, "open", open_full)
    assert refused() == (
        f"expected room on the disk of {tmp_path}/here, found No space left on device ({tmp_path}/here): free some; "
        "the next call goes on"
    )
    monkeypatch.undo()
    assert LARGE in fetch()
    assert files(tmp_path / "here") == files(site.folder)


def test_a_file_in_place_of_the_folder(manifest, site, tmp_path):
    place = tmp_path / "here"
    place.write_text("a file")
    line = f"expected a folder at {place} that can be written, found File exists ({place}): choose another with --to"
    with pytest.raises(InputError, match=re.escape(line)):
        downloads.fetch(manifest, site.address, place, patience=QUICK)
    with pytest.raises(InputError, match="found Not a directory"):
        downloads.fetch(manifest, site.address, place / "below", patience=QUICK)
    assert place.read_text() == "a file"


def test_a_file_in_place_of_a_folder_below(site, refused, tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "weights").write_text("a file")
    assert f"expected a folder at {tmp_path}/here that can be written, found " in refused()


def test_two_calls_at_once_fetch_each_file_once(site, manifest, tmp_path):
    site.faults[LARGE] = Fault(stall=100)
    fetched, waits = [], threading.Event()

    def progress(done: int, total: int | None, words: str) -> None:
        if words == "waits for another fetch":
            waits.set()

    def call() -> None:
        fetched.append(downloads.fetch(manifest, site.address, tmp_path / "here", patience=QUICK, progress=progress))

    calls = [threading.Thread(target=call) for _ in range(2)]
    for thread in calls:
        thread.start()
    assert waits.wait(timeout=60)
    site.over.set()
    for thread in calls:
        thread.join()
    assert sorted(map(len, fetched)) == [0, 5]
    assert [len(site.asked_for(path)) for path in SIZES] == [2, 1, 1, 1, 1]
    assert files(tmp_path / "here") == files(site.folder)


def test_a_folder_that_another_call_has_removed_is_not_the_error(manifest, tmp_path, monkeypatch):
    def bring(entry, source, folder, *_):
        shutil.rmtree(folder, ignore_errors=True)
        raise InputError("a server", "none", "check it")

    monkeypatch.setattr(transfers, "bring", bring)
    with pytest.raises(InputError, match="expected a server, found none: check it"):
        downloads.fetch(manifest, "http://127.0.0.1", tmp_path / "here")


COMMAND = """
import pathlib, sys
from aic_helpers.cli import main
from aic_helpers.core import project_paths
project_paths.PROJECT = pathlib.Path(sys.argv.pop(1))
main.main()
"""


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (signal.SIGKILL, -9, ""),
        (signal.SIGINT, 130, "aic: interrupted; the next call goes on from here"),
    ],
)
def test_after_an_end_in_the_middle_only_what_is_missing_is_fetched(site, manifest, tmp_path, sent, status, said):
    here = tmp_path / "here"
    site.faults[LARGE] = Fault(stall=200_000)
    call = [sys.executable, "-c", COMMAND, tmp_path / "project", "data", "fetch", "challenge", "--to", here]
    first = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    part = here / "photos" / ".large 1.png.partial"
    others = {path: content for path, content in files(site.folder).items() if path != LARGE}
    expected = {*others, part.relative_to(here).as_posix()}
    while not (names(here) == expected and part.stat().st_size > 100_000):
        assert first.poll() is None
        time.sleep(0.01)  # until that holds
    first.send_signal(sent)
    stdout, stderr = first.communicate()
    assert (first.returncode, stdout, stderr.strip()) == (status, "", said)
    held = part.stat().st_size
    assert names(here) == expected
    asked = len(site.asked)
    second = subprocess.run(call, capture_output=True, text=True)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.splitlines()[0] == f"5 files in {here}, 1 of them fetched now"
    assert site.asked[asked:] == [(LARGE, f"bytes={held}-")]
    assert files(here) == files(site.folder)


@pytest.fixture
def aic(manifest, tmp_path, monkeypatch, capsys):
    """Call a command in a project whose challenge is the fixture's; returns its exit status, stdout and stderr."""
    monkeypatch.delenv("AIC_CHALLENGE_DATA", raising=False)
    monkeypatch.setattr(project_paths, "PROJECT", tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")

    def call(*arguments):
        status = main.status([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


def test_fetch_then_verify(site, aic, tmp_path):
    place = tmp_path / "project" / "data" / "challenge"
    assert aic("data", "fetch", "challenge") == (0, f"5 files in {place}, 5 of them fetched now\n", "")
    assert aic("data", "fetch", "challenge") == (0, f"5 files in {place}, 0 of them fetched now\n", "")
    assert files(place) == files(site.folder)
    table = [f"challenge: {place}", "folder   whole  missing  damaged", "photos   3      0        0"]
    assert aic("data", "verify") == (0, "\n".join([*table, "weights  2      0        0", ""]), "")


def test_verify_says_what_is_missing_and_what_is_damaged(site, aic, tmp_path):
    place = tmp_path / "project" / "data" / "challenge"
    aic("data", "fetch", "challenge")
    (place / LARGE).unlink()
    (place / "weights" / "of git").write_bytes(b"hello\n")
    (place / "photos" / "2.png").unlink()
    (place / "photos" / "2.png").mkdir()
    status, stdout, stderr = aic("data", "verify", "challenge")
    assert (status, stderr) == (1, "")
    digests = {
        entry.path: entry.digest for entry in manifests.read(project_paths.PROJECT / "data" / "challenge.toml").entries
    }
    assert stdout.splitlines()[2:] == [
        "photos   1      1        1",
        "weights  1      0        1",
        f"missing  {LARGE}",
        f"damaged  photos/2.png: expected sha256 {digests['photos/2.png']}, found a folder",
        f"damaged  weights/of git: expected git_blob {digests['weights/of git']}, "
        "found git_blob ce013625030ba8dba906f756967f9e9ca394464a (6 bytes)",
        "-> aic data fetch challenge",
    ]


def test_fetch_into_another_folder_says_how_to_use_it(site, aic, tmp_path, monkeypatch):
    there = tmp_path / "there"
    hint = f"set AIC_CHALLENGE_DATA={there} for --data challenge to mean it"
    call = ("data", "fetch", "challenge", "--from", site.folder, "--to", there)
    assert aic(*call) == (0, f"5 files in {there}, 5 of them fetched now\n{hint}\n", "")
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(there))
    assert aic(*call) == (0, f"5 files in {there}, 0 of them fetched now\n", "")
    (there / LARGE).unlink()
    assert aic("data", "verify")[1].splitlines()[-1] == f"-> aic data fetch challenge --to {there}"


def test_fetch_takes_a_tilde_for_the_home_folder(site, aic, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    status, stdout, _ = aic("data", "fetch", "challenge", "--from", f"~/{site.folder.name}", "--to", "~/there")
    assert (status, stdout.splitlines()[0]) == (0, f"5 files in {tmp_path / 'there'}, 5 of them fetched now")
    assert files(tmp_path / "there") == files(site.folder)
    assert not (tmp_path / "~").exists()


def test_a_fetch_that_fails_is_one_line(site, aic, tmp_path):
    (site.folder / LARGE).unlink()
    status, stdout, stderr = aic("data", "fetch", "challenge")
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert stderr.startswith(
        f"aic: expected all 5 files of challenge at {site.address}, found 1 not there (HTTP 404): "
    )


def test_a_manifest_that_is_none(aic):
    file = project_paths.PROJECT / "data" / "challenge.toml"
    file.write_text("files = ", encoding="utf-8")
    status, _, stderr = aic("data", "fetch", "challenge")
    assert status == 2
    assert stderr.startswith(f"aic: expected a manifest in {file}, found TOMLDecodeError ")


def test_the_sample_is_whole_and_all_of_it_is_listed(capsys):
    status = main.status(["data", "verify", "sample"])
    folder = project_paths.PROJECT / "data" / "sample"
    listed = {entry.path for entry in manifests.read(project_paths.PROJECT / "data" / "sample.toml").entries}
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in SUFFIXES}
    assert listed == held, "call python scripts/make_manifest.py sample"
    assert (status, capsys.readouterr().out.splitlines()[0]) == (0, f"sample: {folder}")


def test_the_challenges_manifest():
    manifest = manifests.read(project_paths.PROJECT / "data" / "challenge.toml")
    commit = "6dc52ac4ebca74391fa24def015896c98dba5b4f"
    assert manifest.source == f"https://raw.githubusercontent.com/aiff22/ai-challenge/{commit}"
    paths = [entry.path for entry in manifest.entries]
    counts = Counter(path.rpartition("/")[0] for path in paths)
    assert counts == {
        "div2k/original": 9,
        "div2k/HD_res": 4,
        "dped/patches/canon": 400,
        "dped/patches/iphone": 400,
        "dped/HD_res": 4,
        "models_pretrained": 13,
    }
    assert [entry.path for entry in manifest.entries if entry.kind == "git_blob"] == [
        f"div2k/original/{number}.png" for number in (2, 3, 5, 7)
    ]


def test_the_challenge_from_a_mirror_that_lacks_four_photos(challenge, tmp_path, monkeypatch, capsys):
    here = tmp_path / "challenge"
    monkeypatch.delenv("AIC_CHALLENGE_DATA")
    monkeypatch.setattr(project_paths, "fetched_challenge", lambda: here)
    with serve(challenge) as mirror:
        call = ["data", "fetch", "challenge", "--from", mirror.address, "--to", str(here)]
        assert main.status(call) == 2
        lacking = ", ".join(f"div2k/original/{number}.png" for number in (2, 3, 5, 7))
        stdout, stderr = capsys.readouterr()
        assert stdout == ""
        assert stderr == (
            f"aic: expected all 830 files of challenge at {mirror.address}, found 4 not there (HTTP 404): {lacking}: "
            f"the other 826 are in {here} and can be used; call again, or with another --from, for these\n"
        )
        assert len(mirror.asked) == 830
        assert main.status(call) == 2
        assert len(mirror.asked) == 834
    expected = {path: content for path, content in files(challenge).items() if path != "golden.json"}
    assert files(here) == expected
    dataset = open_dataset("challenge", SUPER_RESOLUTION)
    assert (dataset.root, len(dataset.pairs)) == (here, 5)
    assert dataset.note == "5 of the challenge's 9 images"
    names = [name for name, entry in sources.pretrained().items() if entry.get("challenge")]
    assert {sources.resolve(name).checkpoint.parent for name in names} == {here / "models_pretrained"}
    assert len(names) == 6
