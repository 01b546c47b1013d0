"""What a model file of 2018 expects of TensorFlow: `import tensorflow as tf` gives TensorFlow 1 with `tf.contrib`.

All of it is process-global state that can't be taken back, so `install` is called in a conversion's child only.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

TENSORFLOW_1_NAMES = {"variable_scope", "get_variable", "placeholder", "contrib", "truncated_normal", "AUTO_REUSE"}

Style = Literal["tensorflow1", "tensorflow2", "keras"]


def style_of(path: Path, *, by_names: bool) -> Style:
    """Return what a model file is written for.

    TensorFlow 1, where it uses a name that only TensorFlow 1 has, or makes variables by TensorFlow alone for a
    checkpoint of TensorFlow 1. What is left is for Keras where it names Keras, else for TensorFlow 2.

    Parameters
    ----------
    path : Path
    by_names : bool
        Whether there is a checkpoint that keeps variables by their names alone, as TensorFlow 1 does.

    Raises
    ------
    SyntaxError
        The file isn't Python.
    """
    tree = ast.parse(path.read_bytes(), str(path))
    attributes, modules = _names(tree)
    if (attributes | modules) & TENSORFLOW_1_NAMES or "tf_slim" in modules:
        return "tensorflow1"
    if "tf_keras" in modules:
        return "tensorflow2"
    if "tensorflow" not in modules or "keras" in attributes | modules:
        return "keras"
    return "tensorflow1" if _of_version_1(tree) or (by_names and "Variable" in attributes) else "tensorflow2"


def _names(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Return the attributes that a file uses, and what it imports."""
    attributes, modules = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {part for alias in node.names for part in alias.name.split(".")}
        elif isinstance(node, ast.ImportFrom):
            modules |= {*(node.module or "").split("."), *(alias.name for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            attributes.add(node.attr)
    return attributes, modules


def _of_version_1(tree: ast.AST) -> bool:
    """Return whether a file asks TensorFlow for a name that version 2 lacks, or imports version 1 under its name."""
    import tensorflow as tf

    aliases = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {alias.name: alias.asname or alias.name for alias in node.names}
            if "tensorflow.compat.v1" in names:
                return True
            aliases |= {names["tensorflow"]} if "tensorflow" in names else set()
    chains = (_chain(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    used = [names[1:] for names in chains if names and names[0] in aliases]
    return not all(_has(tf, names) for names in used)


def _chain(node: ast.AST) -> list[str]:
    """Return ``["tf", "image", "resize"]`` for ``tf.image.resize``; nothing for what doesn't begin with a name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names, node = [node.attr, *names], node.value
    return [node.id, *names] if isinstance(node, ast.Name) else []


def _has(module: Any, names: list[str]) -> bool:
    for name in names:
        module = getattr(module, name, None)
    return module is not None


class _TensorFlow1(ModuleType):
    """TensorFlow 1's names first; what it lacks (`tf.compat`, submodules) comes from TensorFlow itself."""

    def __init__(self, version_1: ModuleType, current: ModuleType) -> None:
        super().__init__("tensorflow")
        self._version_1, self._current = version_1, current
        self.__path__ = current.__path__
        self.__spec__ = current.__spec__

    def __getattr__(self, name: str) -> Any:
        if hasattr(self._version_1, name):
            return getattr(self._version_1, name)
        return getattr(self._current, name)


def install() -> None:
    """Make `import tensorflow` mean TensorFlow 1 in this process, with `tf.contrib.slim` and `tf.contrib.layers`."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # tf.layers lives in Keras 2, read when TensorFlow is first imported
    warnings.filterwarnings("ignore")  # every call of tf.layers warns that it is deprecated
    import tensorflow
    import tensorflow.compat.v1 as version_1

    version_1.disable_v2_behavior()
    version_1.logging.set_verbosity(version_1.logging.ERROR)
    _mend_batch_normalization()
    import tf_slim

    contrib = ModuleType("tensorflow.contrib")
    parts = ("slim", "layers", "framework")  # tf_slim has the names of all three
    for part in parts:
        setattr(contrib, part, tf_slim)
    facade = _TensorFlow1(version_1, tensorflow)
    facade.contrib = contrib  # type: ignore[attr-defined]
    sys.modules |= {
        "tensorflow": facade,
        "tensorflow.contrib": contrib,
    } | {f"tensorflow.contrib.{part}": tf_slim for part in parts}


def _mend_batch_normalization() -> None:
    """TensorFlow 2.21 looks for `tf_keras.legacy_tf_layers`, which tf-keras 2.21 keeps under `tf_keras.src`."""
    for name in ("legacy_tf_layers", "legacy_tf_layers.normalization"):
        module = importlib.import_module(f"tf_keras.src.{name}")
        sys.modules.setdefault(f"tf_keras.{name}", module)
