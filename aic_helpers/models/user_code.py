"""A person's Python file -> what a name in it stands for, with their mistakes told in one line."""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from aic_helpers.core.error_reasons import named_reason
from aic_helpers.core.errors import InputError
from aic_helpers.models.adapters import AS_IT_IS, Adapters, shape_words

MODULE = "aic_model_file"


def load_module(path: Path, name: str = MODULE) -> ModuleType:
    """Run a person's file and return it as a module."""
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)  # a model file may import its neighbours
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError(f"a Python file at {path}", "another kind", "give a .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    with user_code(path):
        spec.loader.exec_module(module)
    return module


def load_function(path: Path, name: str) -> Callable[[Any], Any]:
    """Return the model function that a name in a person's file stands for."""
    function = load_callable(path, name)
    check_signature(function, path)
    return function


def load_callable(path: Path, name: str) -> Callable[..., Any]:
    """Return what can be called under a name in a person's file."""
    module = load_module(path)
    found = getattr(module, name, None)
    if not callable(found):
        names = [key for key, value in vars(module).items() if _is_of_the_file(value, module) and key[0] != "_"]
        raise InputError(f"a function {name} in {path}", f"functions {', '.join(names) or 'none'}", "name one of these")
    return found


def _is_of_the_file(value: Any, module: ModuleType) -> bool:
    return inspect.isfunction(value) or (
        callable(value) and not inspect.isclass(value) and type(value).__module__ == module.__name__
    )


def is_without_arguments(function: Callable[..., Any]) -> bool:
    """Return whether a function can be called without arguments, as one that builds a model is."""
    return not _required(function)


def takes_anything(function: Callable[..., Any]) -> bool:
    """Return whether a function has a parameter, with a default or without."""
    return bool(inspect.signature(function).parameters)


def check_signature(function: Callable[..., Any], path: Path) -> None:
    """Raise where a function doesn't take the images alone."""
    parameters = inspect.signature(function).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = _required(function)
    if len(required) > 1 or not (positional or any(p.kind == p.VAR_POSITIONAL for p in parameters)):
        raise InputError(
            f"a model function of one argument (images) in {path}",
            f"{name_of(function)}({', '.join(required)})",
            "wrap it in a function of the images alone",
        )


def _required(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def name_of(function: Callable[..., Any]) -> str:
    """Return what a function is called; that of its class for an object that can be called."""
    return getattr(function, "__name__", type(function).__name__)


def checked_output(output: Any, path: Path, adapt: Adapters = AS_IT_IS) -> Any:
    """Return what a model function gave, where it is one batch of RGB images."""
    shape = getattr(output, "shape", None)
    if shape is None:
        raise InputError(f"one tensor from the function in {path}", type(output).__name__, "return the image tensor")
    wanted = adapt.shapes[0]
    if getattr(shape, "rank", 0) is None:
        found, remedy = "one of unknown shape", f"end with image.set_shape({wanted})"
        raise InputError(f"an output of shape {shape_words(wanted)} from {path}", found, remedy)
    sides = shape.as_list() if hasattr(shape, "as_list") else list(shape)
    if len(sides) != 4 or any(want not in (None, side) for want, side in zip(wanted, sides, strict=True) if side):
        remedy = f"say other than {', '.join(adapt.forms)}" if adapt.forms else f"return an RGB image{_or_say(sides)}"
        raise InputError(f"an output of shape {shape_words(wanted)} from {path}", str(tuple(sides)), remedy)
    return output


def _or_say(sides: list[int | None]) -> str:
    """Return the option for a network whose output looks like luma alone, or like channels first."""
    if len(sides) == 4 and sides[3] == 1:
        return ", or say --channels y for a network of luma"
    return ", or say --layout nchw for channels first" if len(sides) == 4 and sides[1] == 3 else ""


@contextmanager
def user_code(path: Path) -> Iterator[None]:
    """Turn whatever a person's file raises into one line: the reason of its own error, and where."""
    try:
        yield
    except InputError:
        raise
    except (Exception, SystemExit) as error:
        folder = path.resolve().parent
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if Path(frame.filename).resolve().parent == folder]
        where = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
        raise InputError(f"the model in {path} to build", f"{named_reason(error)}{where}", "mend the model") from None
