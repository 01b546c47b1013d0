"""README.md, CONTRIBUTING.md and docs/ hold what they show: commands, options, links, paths, make's targets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from aic_helpers.cli.main import aic

PROJECT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/*.md")
DOCUMENTS = ("CONTRIBUTING.md", *PAGES, "models_pretrained/*.md", "data/**/*.md")
MOST_LINES = {"README.md": 180, "CONTRIBUTING.md": 80}

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)[^)]*\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
OPTION = re.compile(r"--[a-z][a-z0-9-]*")
PATH = re.compile(r"(?<![\w/.-])(?:aic_helpers|benchmarks|docs|notebooks|scripts|tests)/[\w./*-]*")
TARGET = re.compile(r"^([a-z][\w-]*):", re.MULTILINE)


class Shown(NamedTuple):
    """A piece of a document, and where it stands."""

    where: str
    text: str


def files(patterns: tuple[str, ...]) -> list[Path]:
    """Return the documents, and fail where a pattern has none: a check of nothing would pass."""
    found = {pattern: sorted(PROJECT.glob(pattern)) for pattern in patterns}
    assert all(found.values()), f"no document matches one of {patterns}"
    hidden = PROJECT / "data" / "challenge"
    return [file for many in found.values() for file in many if not file.is_relative_to(hidden)]


def without_code(text: str) -> str:
    """Return a document with its code blocks blank; every character keeps its place."""
    return FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block.group()), text)


def at(file: Path, text: str, place: int) -> str:
    return f"{file.relative_to(PROJECT)}:{text.count(chr(10), 0, place) + 1}"


def inline_code(patterns: tuple[str, ...]) -> Iterator[Shown]:
    for file in files(patterns):
        text = file.read_text("utf-8")
        for code in INLINE.finditer(without_code(text)):
            yield Shown(at(file, text, code.start()), " ".join(code.group(1).split()))


def code_lines(patterns: tuple[str, ...]) -> Iterator[Shown]:
    """Yield the lines of code blocks; a line that ends in a backslash has the next one with it."""
    for file in files(patterns):
        text = file.read_text("utf-8")
        for block in FENCE.finditer(text):
            joined = block.group().replace("\\\n", "  ")  # of the same length
            start = 0
            for line in joined.split("\n")[1:-1]:
                start = joined.index(line, start)
                yield Shown(at(file, text, block.start() + start), line)
                start += len(line)


def typed(program: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the words of each call of a program that the pages show, typed at a prompt or as inline code."""
    pages = ("CONTRIBUTING.md", *PAGES)
    prompts = [Shown(where, line.removeprefix("$ ")) for where, line in code_lines(pages) if line.startswith("$ ")]
    for where, text in [*prompts, *inline_code(pages)]:
        if text.startswith(f"{program} ") or f"&& {program} " in text:
            for part in re.split(r"&&|\|", text):
                words = shlex.split(part, comments=True)
                if words[:1] == [program]:
                    yield where, words[1:]


def command_of(words: list[str]) -> tuple[str, list[str]]:
    """Return the full name of the command that words call, and the words after it; KeyError where there is none."""
    command, name = aic, "aic"
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        command, name, words = command.commands[words[0]], f"{name} {words[0]}", words[1:]
    return name, words


@cache
def helps() -> dict[str, str]:
    """Return what ``--help`` prints, by the full name of each command and group."""
    found = {}
    waiting = [(aic, click.Context(aic, info_name="aic", terminal_width=200))]
    while waiting:
        command, context = waiting.pop()
        found[context.command_path] = command.get_help(context)
        for name, below in getattr(command, "commands", {}).items():
            waiting.append((below, click.Context(below, info_name=name, parent=context, terminal_width=200)))
    return found


@cache
def options(name: str) -> frozenset[str]:
    """Return the options that the help of a command lists, not those of its examples."""
    rows = helps()[name].partition("\nOptions:\n")[2].splitlines()
    return frozenset(option for row in rows if row.startswith("  -") for option in OPTION.findall(row.split("   ")[0]))


def test_every_command_that_is_shown_exists():
    wrong = []
    calls = list(typed("aic"))
    for where, words in calls:
        try:
            command_of(words)
        except KeyError:
            wrong.append(f"{where}: there is no command aic {' '.join(words)}")
    assert not wrong, "\n".join(wrong)
    assert len(calls) > 50


def test_every_option_that_is_shown_exists_for_its_command():
    wrong = []
    for where, words in typed("aic"):
        try:
            name, rest = command_of(words)
        except KeyError:
            continue  # the test above tells
        given = [word.partition("=")[0] for word in rest if word.startswith("--")]
        wrong += [f"{where}: {name} has no option {option}" for option in given if option not in options(name)]
    assert not wrong, "\n".join(wrong)


def test_every_option_that_stands_by_itself_is_one_of_some_command():
    known = frozenset().union(*(options(name) for name in helps()))
    known |= {"--resources"}  # of dask worker
    alone = [(where, text.split()[0]) for where, text in inline_code(PAGES) if text.startswith("--")]
    wrong = [f"{where}: no command has the option {option}" for where, option in alone if option not in known]
    assert not wrong, "\n".join(wrong)


def test_every_command_is_documented():
    page = (PROJECT / "docs" / "commands.md").read_text("utf-8")
    leaves = [name for name in helps() if not any(other.startswith(f"{name} ") for other in helps())]
    missing = [name for name in leaves if f"`{name}`" not in page]
    assert missing == [], "docs/commands.md lacks these commands"


def links() -> Iterator[tuple[Path, str, str]]:
    """Yield each link to the project's own files: the document, where it stands, and where it leads."""
    for file in files(("CHANGELOG.md", *DOCUMENTS)):
        text = file.read_text("utf-8")
        plain = INLINE.sub(lambda code: "`" + "x" * (len(code.group()) - 2) + "`", without_code(text))
        for link in LINK.finditer(plain):
            if not re.match(r"[a-z]+:", link.group(1)):
                yield file, at(file, text, link.start()), link.group(1)


def test_every_link_leads_to_a_file():
    found = list(links())
    wrong = [
        f"{where}: no file at {target}"
        for file, where, target in found
        if target.partition("#")[0] and not (file.parent / target.partition("#")[0]).exists()
    ]
    assert not wrong, "\n".join(wrong)
    assert len(found) > 30


def test_every_anchor_is_a_heading_of_its_page():
    wrong = []
    for file, where, target in links():
        page, _, anchor = target.partition("#")
        leads_to = file.parent / page if page else file
        if anchor and leads_to.suffix == ".md" and leads_to.is_file() and anchor not in anchors(leads_to):
            wrong.append(f"{where}: no heading #{anchor} in {page or file.name}")
    assert not wrong, "\n".join(wrong)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = HEADING.findall(without_code(page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_path_that_is_shown_exists():
    wrong = [
        f"{where}: nothing at {path}"
        for where, text in [*inline_code(DOCUMENTS), *code_lines(DOCUMENTS)]
        for path in (found.rstrip(".") for found in PATH.findall(text))
        if not any(PROJECT.glob(path.rstrip("/")))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_target_of_make_that_is_shown_exists():
    targets = set(TARGET.findall((PROJECT / "Makefile").read_text("utf-8")))
    calls = list(typed("make"))
    wrong = [
        f"{where}: the Makefile has no target {word}"
        for where, words in calls
        for word in words
        if "=" not in word and word not in targets
    ]
    assert not wrong, "\n".join(wrong)
    assert len(calls) > 5


@pytest.mark.parametrize("name", MOST_LINES)
def test_a_document_is_short(name):
    lines = len((PROJECT / name).read_text("utf-8").splitlines())
    assert lines <= MOST_LINES[name], f"{name} has {lines} lines, at most {MOST_LINES[name]}: move something to docs/"


def test_every_page_can_be_reached_from_the_readme():
    readme = PROJECT / "README.md"
    reached = {(PROJECT / target.partition("#")[0]).resolve() for file, _, target in links() if file == readme}
    lost = [page.name for page in files(("docs/*.md",)) if page.resolve() not in reached]
    assert lost == [], "README.md links to none of these pages of docs/"
