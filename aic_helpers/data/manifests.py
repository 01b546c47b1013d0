"""Which files a data folder has, each with its checksum: read the list, and judge a file or a folder by it."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aic_helpers.core.errors import InputError, require_file

Kind = Literal["sha256", "git_blob"]

State = Literal["whole", "missing", "damaged"]


@dataclass(frozen=True)
class Credit:
    """Who made a photo, under which licence it is given, where it came from, and what was changed in it."""

    author: str
    licence: str
    origin: str
    changes: str


@dataclass(frozen=True)
class Entry:
    """One file as it has to be.

    Attributes
    ----------
    path : str
        Below the data folder, with forward slashes.
    kind : {"sha256", "git_blob"}
        What `digest` is: SHA-256 of the content, or the id that git gives it (SHA-1 of a header and the content).
    digest : str
        Hexadecimal.
    size_bytes : int or None
        None where only the digest is known.
    credit : Credit or None
        None where the whole folder's makers stand elsewhere.
    """

    path: str
    kind: Kind
    digest: str
    size_bytes: int | None
    credit: Credit | None = None


@dataclass(frozen=True)
class Manifest:
    """A data folder's files.

    Attributes
    ----------
    name : str
        ``challenge``, ``sample`` or ``training``.
    source : str or None
        Where its files can be had: the address that their paths follow. None where they come with the project, or
        lie at no address as they are.
    entries : list of Entry
    """

    name: str
    source: str | None
    entries: list[Entry]


@dataclass(frozen=True)
class Judged:
    """What was found where a file has to be; `found` is in words, and empty unless the file is damaged."""

    entry: Entry
    state: State
    found: str = ""


def read(path: Path) -> Manifest:
    """Return the manifest in a TOML file; `scripts/make_manifest.py` writes them.

    Raises
    ------
    InputError
        No file, or not a manifest.
    """
    try:
        table = tomllib.loads(require_file(path, "a manifest").read_text("utf-8"))
        entries = [_entry(name, facts) for name, facts in table["files"].items()]
    except (tomllib.TOMLDecodeError, KeyError, UnicodeDecodeError) as error:
        raise InputError(f"a manifest in {path}", f"{type(error).__name__} {error}", "restore it with git") from None
    return Manifest(path.stem, table.get("source"), entries)


def judge(path: Path, entry: Entry) -> Judged:
    """Return whether the file at `path` holds what an entry says, by its checksum."""
    if not path.exists():
        return Judged(entry, "missing")
    if not path.is_file():
        return Judged(entry, "damaged", "a folder")
    found = digest(path, entry.kind)
    if found == entry.digest:
        return Judged(entry, "whole")
    return Judged(entry, "damaged", f"{entry.kind} {found} ({path.stat().st_size} bytes)")


def judge_all(folder: Path, manifest: Manifest) -> list[Judged]:
    """Return `judge` of each entry in its place in a folder, in the manifest's order."""
    return [judge(folder / entry.path, entry) for entry in manifest.entries]


def digest(path: Path, kind: Kind) -> str:
    """Return a file's checksum in hexadecimal."""
    if kind == "sha256":
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _entry(path: str, facts: dict[str, str | int]) -> Entry:
    kind: Kind = "sha256" if "sha256" in facts else "git_blob"
    size_bytes = facts.get("bytes")
    named = ("author", "licence", "origin", "changes")
    credit = Credit(*(str(facts[name]) for name in named)) if "author" in facts else None
    return Entry(path, kind, str(facts[kind]), None if size_bytes is None else int(size_bytes), credit)
