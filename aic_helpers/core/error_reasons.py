"""The one line of an error that says what is wrong.

TensorFlow and Keras write many lines: stacks, arguments, examples, whole configurations. The last of them is often a
bracket.
"""

from __future__ import annotations

import re

MAX_REASON = 300
"""Characters; a longer reason keeps both ends."""

LONGEST_BRACKET = 80
"""Characters inside braces; what is longer is a configuration."""

NOISE = (
    "Graph execution error:",
    "Detected at node",
    "Node:",
    'File "',
    "Hint:",
    "[[{{node",
    "Original stack trace",
    "Traceback (most recent call last)",
    "in user code:",
    "Arguments received by",
    "Call arguments received by",
    "Full object config:",
    "config={",
    "Received args:",
    "Positional arguments",
    "Keyword arguments",
    "Option ",
    "* Tensor",
    "for signature:",
    "\N{BULLET}",
)
"""How the lines begin that are about something else than the reason."""

PROTOBUF = re.compile(r"[\w.]+: \S+|[\w.]+ \{")
"""A line of a message of protobuf in text, as TensorFlow prints a whole operation."""

LEADS = ("Exception encountered: ", "Exception encountered when calling ")

NODE = re.compile(r"\{\{(?:function_)?node ([^}]*)\}\}")
DEFINITION = re.compile(r"\{\{node (\S+)\}\} = (\w+)\[[^']*")
TAIL = re.compile(r"\s*\[(Op:\w+|\[\{\{.*)\]?.*$")
"""How TensorFlow names an operation: with its definition, and once more at the end."""

LAYER = re.compile(r"encountered when calling (\w+)\.call\(\)")
"""How Keras names a layer that fails."""

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
EXAMPLE = re.compile(r"```.*?(```|\Z)", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2}")


def reason(error: BaseException) -> str:
    """Return the last line of an error's text that has words; the name of its type where none has.

    Before it stands the Keras layer in which it came up, where the text names one and the line doesn't.
    """
    text = EXAMPLE.sub("", COLOUR.sub("", str(error)))
    lines = [line.strip() for line in text.splitlines()]
    any_text = [_without_definition(line) for line in lines if re.search(r"\w", line) and not line.startswith(NOISE)]
    told = [line for line in any_text if WORD.search(line)]
    finished = [part for line in told if (part := _without_announcement(line))]
    of_prose = [line for line in finished if not PROTOBUF.fullmatch(line)]
    best = next(lines for lines in (of_prose, finished, told, any_text, [type(error).__name__]) if lines)
    line, layers = _without_configuration(best[-1]), LAYER.findall(text)
    return shortened(f"{layers[-1]}: {line}" if layers and layers[-1] not in line else line)


def named_reason(error: BaseException) -> str:
    """Return the type of an error and its reason, as in ``ValueError: no such layer``."""
    name, text = type(error).__name__, reason(error)
    return name if text == name else f"{name}: {text}"


def shortened(text: str, at_most: int = MAX_REASON) -> str:
    """Return a text of at most so many characters, with its beginning and its end."""
    half = (at_most - 5) // 2
    return text if len(text) <= at_most else f"{text[:half]} ... {text[-half:]}"


def _without_definition(line: str) -> str:
    """Return a line with no more of an operation than its name."""
    return " ".join(TAIL.sub("", NODE.sub(r"\1", DEFINITION.sub(r"\1 (\2)", line))).split())


def _without_announcement(line: str) -> str:
    """Return a line without a last sentence that only announces what follows it, as in "Do this instead:"."""
    for lead in LEADS:
        line = line.removeprefix(lead)
    if not line.endswith(":"):
        return line
    sentences = re.split(r"(?<=[.!?]) ", line)
    return " ".join(sentences[:-1])


def _without_configuration(line: str) -> str:
    """Return a line without what stands in braces, where that is long."""
    long = rf"\{{[^\n]{{{LONGEST_BRACKET},}}\}}"
    return re.sub(long, "{...}", line)
