"""What the first bytes of a file say of its kind, where several packages ask."""

LITERT = b"TFL3"
"""At byte 4 of a `.tflite` file; the digit is the schema's version."""


def is_litert(content: bytes) -> bool:
    """Return whether a file's first bytes say that it is one of LiteRT's, of whatever version of the schema."""
    return len(content) >= 8 and content[4:7] == LITERT[:3]
