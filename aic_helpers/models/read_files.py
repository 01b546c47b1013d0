"""What a model function was built from beside the files that its source names: modules and data that its code reads."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import time
from collections.abc import Callable
from functools import wraps
from glob import escape
from pathlib import Path
from typing import Any

from aic_helpers.core import safe_files
from aic_helpers.core.project_paths import PACKAGE

OF_THE_SYSTEM = (sysconfig.get_paths()["stdlib"], "/proc/", "/sys/", "/dev/", "/etc/", "/usr/lib/", "/usr/share/")

INSTALLED = f"-packages{os.sep}"

GENERATED = "__autograph_generated_file"
"""What TensorFlow calls the code that it makes of a function's own, in a temporary file."""

CHANGED_MEANWHILE = "changed while it was read"


def watch() -> Callable[..., dict[str, str]]:
    """Note from here on which files this process reads; there is no end to it.

    What is noticed is what Python opens, HDF5 files, and what TensorFlow opens as a checkpoint, by its `GFile` or by
    `tf.io.read_file`.

    Returns
    -------
    callable
        Takes the model's own file and its checkpoint, and returns the SHA-256 of each other file by its path, without
        what is installed or the system's. A file that was changed after the note began has a text that is no SHA-256,
        so that it never passes for unchanged.
    """
    started_s, loaded, opened = time.time(), set(sys.modules), set[str]()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike) and "r" in (arguments[1] or "r"):
            opened.add(os.fsdecode(arguments[0]))

    def read(own: Path, checkpoint: Path | None) -> dict[str, str]:
        new = [getattr(sys.modules[name], "__file__", None) for name in set(sys.modules) - loaded]
        data = [_source(name) for name in opened if not _absolute(name).is_relative_to(PACKAGE)]
        files = {file for name in [*new, *data] if name for file in _all_of(_absolute(name))}
        files -= {_absolute(own), *(_all_of(_absolute(checkpoint)) if checkpoint else ())}
        return {str(file): _sha256(file, started_s) for file in sorted(files) if _is_a_persons(file)}

    sys.addaudithook(note)
    _notice_other_openers(opened)
    return read


def _notice_other_openers(opened: set[str]) -> None:
    """Note what code reads by HDF5 and by TensorFlow, which open files themselves."""
    import h5py
    from tensorflow.python.lib.io import file_io
    from tensorflow.python.ops import gen_io_ops
    from tensorflow.python.training import py_checkpoint_reader

    h5py.File.__init__ = _noting(h5py.File.__init__, opened)
    file_io.FileIO.__init__ = _noting(file_io.FileIO.__init__, opened)
    gen_io_ops.read_file = _noting(gen_io_ops.read_file, opened)
    py_checkpoint_reader.NewCheckpointReader = _noting(py_checkpoint_reader.NewCheckpointReader, opened)


def _noting(function: Callable[..., Any], opened: set[str]) -> Callable[..., Any]:
    @wraps(function)
    def noted(*arguments: Any, **settings: Any) -> Any:
        names = [*arguments[:2], settings.get("name"), settings.get("filename")]
        opened.update(os.fsdecode(one) for one in names if isinstance(one, str | bytes | os.PathLike))
        return function(*arguments, **settings)

    return noted


def _all_of(path: Path) -> list[Path]:
    """Return a file, or the files of the checkpoint that a prefix stands for."""
    index = path.parent / f"{path.name}.index"
    return [index, *sorted(path.parent.glob(f"{escape(path.name)}.data-*"))] if index.is_file() else [path]


def _source(name: str) -> str:
    """Return the source of a compiled module, which Python opens in its place; any other file is itself."""
    try:
        return importlib.util.source_from_cache(name) if name.endswith(".pyc") else name
    except ValueError:  # compiled and left alone, without a source
        return name


def _absolute(name: str | Path) -> Path:
    return Path(os.path.normpath(Path(name).absolute()))


def _is_a_persons(file: Path) -> bool:
    name = str(file)
    return not (name.startswith(OF_THE_SYSTEM) or INSTALLED in name or GENERATED in name) and file.is_file()


def _sha256(file: Path, started_s: float) -> str:
    return CHANGED_MEANWHILE if file.stat().st_ctime > started_s else str(safe_files.sha256(file))
