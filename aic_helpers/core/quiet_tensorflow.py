"""Import TensorFlow without its start-up notes, or only make its inner modules known.

TensorFlow 2.21 writes four lines on stderr while it is imported, whatever TF_CPP_MIN_LOG_LEVEL says. They would
stand in every executed notebook, and before the one line that a command says in error.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


class _Light(ModuleType):
    """TensorFlow's package without what its own code puts there; that runs when any of it is asked for.

    So code that does `import tensorflow as tf` beside the inner modules finds everything.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _complete(self)
        return getattr(self, name)


def import_tensorflow() -> None:
    """Import TensorFlow; what it writes on stderr meanwhile is shown only if the import fails.

    An interruption is no failure: it shows nothing.
    """
    package = sys.modules.get("tensorflow")
    if isinstance(package, _Light):
        _complete(package)
    elif package is None:
        with quiet_start():
            import tensorflow  # noqa: F401


def make_light() -> None:
    """Let ``tensorflow.python...`` be imported without the rest of TensorFlow, where it isn't imported yet.

    For processes of our own that run a frozen graph and nothing else: it takes a third of the time.
    """
    if "tensorflow" not in sys.modules and (spec := importlib.util.find_spec("tensorflow")):
        package = importlib.util.module_from_spec(spec)
        package.__class__ = _Light
        sys.modules["tensorflow"] = package


def is_light() -> bool:
    """Return whether this process has TensorFlow without its public names."""
    return isinstance(sys.modules.get("tensorflow"), _Light)


def _complete(package: ModuleType) -> None:
    """Run the package's own code in the module that stands in for it."""
    package.__class__ = ModuleType
    spec = package.__spec__
    if spec is None or spec.loader is None:
        raise ImportError("tensorflow has no loader")
    with quiet_start():
        spec.loader.exec_module(package)


@contextmanager
def quiet_start() -> Iterator[None]:
    """Keep what TensorFlow writes on stderr from being seen, unless something is raised."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as log:
        stderr = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            yield
        except Exception:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
