"""What TensorFlow raised -> the one line of it that says what is wrong."""

from __future__ import annotations

import re

MOST = 240
"""Characters of a line that is shown."""

NOISE = (
    "Graph execution error",
    "Detected at node",
    "Node:",
    "File ",
    "Hint:",
    "[[{{node",
    "Original stack trace",
    "Call arguments received",
    "Arguments received",
    "Exception encountered",
    "in user code",
    "Traceback",
)

NODE = re.compile(r"\{\{(?:function_)?node ([^}]*)\}\}")
DEFINITION = re.compile(r"\{\{node (\S+)\}\} = (\w+)\[[^']*")
TAIL = re.compile(r"\s*\[(Op:\w+|\[\{\{.*)\]?.*$")


def in_words(error: BaseException | None) -> str:
    """Return what an error of TensorFlow or Keras says, in one line of at most 240 characters.

    A stack, a hint and the definition of a whole operation are left out; of an operation its name stays.
    """
    lines = [_clean(line) for line in str(error).splitlines()]
    lines = [line for line in lines if any(sign.isalnum() for sign in line) and not line.startswith(NOISE)]
    said = lines[0] if lines else type(error).__name__
    return said if len(said) <= MOST else f"{said[: MOST - 3]}..."


def _clean(line: str) -> str:
    line = DEFINITION.sub(r"\1 (\2)", line.strip())
    return " ".join(TAIL.sub("", NODE.sub(r"\1", line)).split()).strip("{}* ")
