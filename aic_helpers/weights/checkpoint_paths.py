"""What a person gave as a checkpoint -> its prefix: TensorFlow's are several files, beside others in a folder."""

from __future__ import annotations

import re
from pathlib import Path

from aic_helpers.core.errors import InputError
from aic_helpers.weights.layer_matching import few

PART = re.compile(r"(?P<prefix>.+)(\.data-\d+-of-\d+|\.meta|\.index)")

STATE = "checkpoint"
"""The file in a folder that says which of its checkpoints is the newest."""


IN_SAVED_MODEL = Path("variables", "variables")


def checkpoint_prefix(path: Path, remedy: str | None = None) -> Path:
    """Return the prefix of the checkpoint, or the one file, that a path leads to.

    Parameters
    ----------
    path : Path
        A prefix, one of the files that begin with it, one file of another kind, or a folder.
    remedy : str, optional
        What to do where it isn't there or not whole.

    Raises
    ------
    InputError
        Nothing there, a part missing, or a folder of several checkpoints that doesn't say which.
    """
    path = _in_folder(path) if path.is_dir() and not _index(path).is_file() else path
    part = PART.fullmatch(path.name)
    prefix = path.with_name(part["prefix"]) if part else path
    index = _index(prefix)
    if not (index.is_file() or prefix.is_file()):
        own = "check the path; a prefix has a .index file beside it"
        beside = f"no {index.name} beside it" if part and path.is_file() else "nothing"
        raise InputError(f"a checkpoint at {path}", beside, remedy or own)
    require_whole(prefix, remedy)
    return prefix


def require_whole(prefix: Path, remedy: str | None = None) -> None:
    """Require of a checkpoint that has an index or a shard all that belongs to it."""
    index = _index(prefix)
    names = [file.name for file in prefix.parent.glob(f"{_literal(prefix.name)}.data-*")]
    if names and not index.is_file():
        raise InputError(f"{index.name} beside {prefix.parent / min(names)}", "nothing", remedy or "copy both files")
    count = int(min(names).rpartition("-")[2]) if names and min(names)[-5:].isdecimal() else 1
    for number in range(count if index.is_file() else 0):
        shard = f"{prefix.name}.data-{number:05}-of-{count:05}"
        if shard not in names:
            raise InputError(f"{shard} beside {index}", "nothing", remedy or "copy both files")


def _in_folder(folder: Path) -> Path:
    """Return the one checkpoint in a folder, or the one that its `checkpoint` file names; that of a SavedModel too."""
    if _index(folder / IN_SAVED_MODEL).is_file():
        return folder / IN_SAVED_MODEL
    found = sorted(file.name.removesuffix(".index") for file in folder.glob("*.index"))
    newest = _named_in(folder / STATE)
    if newest in found or len(found) == 1:
        return folder / (newest if newest in found else found[0])
    if not found:
        return _one_file(folder)
    raise InputError(
        f"one checkpoint in {folder}, or a file {STATE} that names one", f"{few(found)}", f"give {folder / found[-1]}"
    )


def _one_file(folder: Path) -> Path:
    weights = sorted(file for file in folder.iterdir() if file.suffix in (".h5", ".keras"))
    if len(weights) == 1:
        return weights[0]
    found = few([file.name for file in weights]) if weights else "none"
    raise InputError(f"a checkpoint in {folder}", found, "give its prefix, the name without .index")


def _named_in(state: Path) -> str:
    """Return which checkpoint the text `checkpoint` calls the newest; an empty text where it doesn't."""
    if not state.is_file():
        return ""
    line = re.search(r'^model_checkpoint_path: "(.*)"', state.read_text("utf-8", errors="replace"), re.MULTILINE)
    return Path(line[1]).name if line else ""


def _index(prefix: Path) -> Path:
    return prefix.parent / f"{prefix.name}.index"  # of the folder "." too, which has no name


def _literal(name: str) -> str:
    return re.sub(r"([*?[])", r"[\1]", name)
