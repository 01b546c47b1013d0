"""What a person typed to a model source, and the hash over its files; knows `models_pretrained/models.toml`."""

from __future__ import annotations

import ast
import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.project_paths import PACKAGE, PROJECT, challenge_folder, fetch_command
from aic_helpers.core.tracks import Track
from aic_helpers.reporting.text_tables import typed

PRETRAINED = PROJECT / "models_pretrained"

NETWORKS = PACKAGE / "models" / "networks.py"
"""The file of the pretrained models' functions."""

Kind = Literal["function", "keras", "saved_model", "frozen"]


@dataclass(frozen=True)
class ModelSource:
    """A model as a person brings it.

    Attributes
    ----------
    kind : {"function", "keras", "saved_model", "frozen"}
    name : str
        What tables call it.
    path : Path
        The Python file, `.keras` file, SavedModel folder or `.pb` file.
    function : str or None
        The model function's name in the Python file.
    checkpoint : Path or None
        A TensorFlow checkpoint (its prefix or single file) or a `.weights.h5` file.
    track : str or None
        The track that a pretrained model was made for.
    typed : str
        What the person typed.
    """

    kind: Kind
    name: str
    path: Path
    function: str | None
    checkpoint: Path | None
    track: str | None
    typed: str


def resolve(model: str, checkpoint: str | Path | None = None) -> ModelSource:
    """Return the model source that `model` (and `checkpoint`) names.

    Parameters
    ----------
    model : str
        A name in `models_pretrained/models.toml`, `file.py:function`, a `.keras` file, a SavedModel folder, or
        a frozen `.pb`.
    checkpoint : path, optional
        For `file.py:function`: a TensorFlow checkpoint or a `.weights.h5` file.

    Raises
    ------
    InputError
        Nothing of these kinds is there, or a checkpoint is given to a source that carries its weights.
    """
    name, _, function = model.rpartition(":")
    if name.endswith(".py"):
        path = _python_file(Path(name))
        weights = _checkpoint(Path(checkpoint)) if checkpoint else None
        return ModelSource("function", function, path, function, weights, None, model)
    if checkpoint:
        raise InputError("a checkpoint only beside file.py:function", f"one beside {model}", "leave --checkpoint out")
    if model in pretrained():
        return _pretrained(model)
    return _file_or_folder(model)


def _python_file(path: Path) -> Path:
    """Return a model function's file; the networks' own stood elsewhere until the package had packages in it."""
    if path.parts[-2:] == (PACKAGE.name, NETWORKS.name) and not path.exists():
        raise InputError(f"a Python file at {path}", "nothing", f"it is {typed(NETWORKS)} now")
    return require_file(path, "a Python file")


def pretrained() -> dict[str, dict[str, Any]]:
    """Return the entries of `models_pretrained/models.toml` by name."""
    return tomllib.loads((PRETRAINED / "models.toml").read_text("utf-8"))


def baseline_pb(track: Track) -> Path:
    """Return the frozen model that a track times every model beside."""
    return PRETRAINED / f"{track.baseline}.pb"


def _pretrained(name: str) -> ModelSource:
    entry = pretrained()[name]
    folder, remedy = PRETRAINED, None
    if entry.get("challenge"):
        folder = challenge_folder() / "models_pretrained"
        remedy = f"call {fetch_command(folder.parent)}, which brings what is missing"
    checkpoint = _checkpoint(folder / entry["checkpoint"], remedy)
    return ModelSource("function", name, NETWORKS, entry["function"], checkpoint, entry["track"], name)


def _file_or_folder(model: str) -> ModelSource:
    path = Path(model)
    kinds: dict[str, Kind] = {".keras": "keras", ".pb": "frozen"}
    if path.suffix in kinds:
        return ModelSource(kinds[path.suffix], path.stem, require_file(path, "a model"), None, None, None, model)
    if path.is_dir():
        require_file(path / "saved_model.pb", "a SavedModel")
        return ModelSource("saved_model", path.resolve().name, path, None, None, None, model)
    if path.suffix == ".py":
        raise InputError("file.py:function", model, f"name the model function, as in {model}:my_network")
    names = pretrained()
    known = nearest(model, names, f"names: {', '.join(names)}")
    raise InputError(
        "a pretrained name, file.py:function, a .keras file, a SavedModel folder or a .pb file", model, known
    )


def _checkpoint(path: Path, remedy: str | None = None) -> Path:
    """Accept a checkpoint as its prefix, its `.index` file, or as one file."""
    prefix = path.with_suffix("") if path.suffix == ".index" else path
    index = prefix.with_name(prefix.name + ".index")
    if not (index.is_file() or prefix.is_file()):
        own = "check the path; a prefix has a .index file beside it"
        raise InputError(f"a checkpoint at {path}", "nothing", remedy or own)
    if index.is_file() and not list(prefix.parent.glob(f"{prefix.name}.data-*")):
        raise InputError(f"{prefix.name}.data-00000-of-00001 beside {index}", "nothing", remedy or "copy both files")
    return prefix


def fingerprint(source: ModelSource) -> str:
    """Return a SHA-256 over the files that a model source names, so that a changed one is converted again."""
    digest = hashlib.sha256(f"{source.kind} {source.function}".encode())
    for file in _files(source):
        digest.update(f"{file.name} {file.stat().st_size} ".encode())
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _files(source: ModelSource) -> Iterator[Path]:
    inside = source.path.rglob("*") if source.path.is_dir() else [source.path]
    yield from sorted(file for file in inside if file.is_file())
    if source.kind == "function":
        yield from sorted(_beside(source.path, set()))
    if source.checkpoint:
        beside = source.checkpoint.parent.iterdir()
        yield from sorted(file for file in beside if file.name.startswith(source.checkpoint.name))


def _beside(script: Path, found: set[Path]) -> set[Path]:
    """Return the Python files in a script's folder that it imports, and those that they import."""
    try:
        tree = ast.parse(script.read_bytes())
    except (SyntaxError, ValueError):  # converting it tells where
        return found
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    for name in names:
        file = script.with_name(f"{name.partition('.')[0]}.py")
        if file not in found and file != script and file.is_file():
            found |= {file} | _beside(file, found | {file})
    return found
