"""Whose photos lie in a folder stands beside them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from fixtures.browsing import HOSTILE

from aic_helpers.data import attribution
from aic_helpers.data.manifests import Credit, Entry


def entry(path: str, licence: str = "CC-BY-4.0", author: str = "A, \"B\" 'C'") -> Entry:
    return Entry(path, "sha256", "0" * 64, None, Credit(author, licence, "a site: x.jpg", "made smaller"))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / attribution.FILE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_file_that_is_there_has_a_row(tmp_path: Path) -> None:
    for name in ("1.jpg", "3.jpg", "4.jpg"):
        (tmp_path / name).touch()
    free = Entry("4.jpg", "sha256", "0" * 64, None)
    attribution.write([entry("1.jpg"), entry("2.jpg"), entry("3.jpg", "public domain (X)"), free], tmp_path)
    first = {
        "files": "1.jpg",
        "author": "A, \"B\" 'C'",
        "licence": "CC-BY-4.0",
        "licence_url": "https://creativecommons.org/licenses/by/4.0/",
        "source": "a site: x.jpg",
        "changes": "made smaller",
    }
    assert rows(tmp_path) == [first, {**first, "files": "3.jpg", "licence": "public domain (X)", "licence_url": ""}]


def test_what_is_written_already_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").touch()
    attribution.write([entry("1.jpg")], tmp_path)
    place = tmp_path / attribution.FILE
    before = place.stat().st_ino
    attribution.write([entry("1.jpg")], tmp_path)
    assert place.stat().st_ino == before  # another file would have been moved in
    place.write_bytes(b"\xff torn")
    attribution.write([entry("1.jpg")], tmp_path)
    assert [row["files"] for row in rows(tmp_path)] == ["1.jpg"]


@pytest.mark.parametrize("entries", [[], [entry("away.jpg")], [Entry("1.jpg", "sha256", "0" * 64, None)]])
def test_without_credits_or_files_nothing_is_written(entries: list[Entry], tmp_path: Path) -> None:
    (tmp_path / "1.jpg").touch()
    attribution.write(entries, tmp_path)
    assert not (tmp_path / attribution.FILE).exists()


def test_any_name_comes_back_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").touch()
    texts = [text for text in HOSTILE if text.isprintable()]
    attribution.write([entry("1.jpg", author=text) for text in texts], tmp_path)
    assert [row["author"] for row in rows(tmp_path)] == texts
