"""A person's Python file -> their model function, with their mistakes told in one line."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import AS_IT_IS, Adapters, shape_words


def load_function(path: Path, name: str) -> Callable[[Any], Any]:
    sys.path.insert(0, str(path.resolve().parent))  # a model file may import its neighbours
    spec = importlib.util.spec_from_file_location("aic_model_file", path)
    if spec is None or spec.loader is None:
        raise InputError(f"a Python file at {path}", "another kind", "give a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with user_code(path):
        spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not callable(function):
        names = [key for key, value in vars(module).items() if inspect.isfunction(value) and key[0] != "_"]
        raise InputError(f"a function {name} in {path}", f"functions {', '.join(names) or 'none'}", "name one of these")
    _check_signature(function, path)
    return function


def _check_signature(function: Callable[[Any], Any], path: Path) -> None:
    parameters = inspect.signature(function).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if len(required) > 1 or not (positional or any(p.kind == p.VAR_POSITIONAL for p in parameters)):
        raise InputError(
            f"a model function of one argument (images) in {path}",
            f"{function.__name__}({', '.join(required)})",
            "wrap it in a function of the images alone",
        )


def checked_output(output: Any, path: Path, adapt: Adapters = AS_IT_IS) -> Any:
    shape = getattr(output, "shape", None)
    if shape is None:
        raise InputError(f"one tensor from the function in {path}", type(output).__name__, "return the image tensor")
    sides = shape.as_list() if hasattr(shape, "as_list") and shape.rank is not None else list(shape or ())
    wanted = adapt.shapes[0]
    if len(sides) != 4 or any(want not in (None, side) for want, side in zip(wanted, sides, strict=True) if side):
        remedy = "return an RGB image" if adapt == AS_IT_IS else f"say other than {', '.join(adapt.forms)}"
        raise InputError(f"an output of shape {shape_words(wanted)} from {path}", str(tuple(sides)), remedy)
    return output


@contextmanager
def user_code(path: Path) -> Iterator[None]:
    """Turn whatever a person's file raises into one line: the last line of its own error, and where."""
    try:
        yield
    except (Exception, SystemExit) as error:
        folder = path.resolve().parent
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).resolve().parent == folder]
        where = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
        last = (str(error).strip().splitlines() or [""])[-1]
        found = f"{type(error).__name__}: {last}{where}"
        raise InputError(f"the model in {path} to build", found, "mend the model") from None
