"""Files and folders that systems leave beside a person's own, and that nobody meant to give."""

from __future__ import annotations

NAMES = frozenset(
    {
        ".directory",
        ".ds_store",
        ".localized",
        "@eadir",
        "__macosx",
        "desktop.ini",
        "ehthumbs.db",
        "icon\r",
        "thumbs.db",
    }
)
"""In small letters: of macOS, Windows, KDE and Synology."""

APPLE_DOUBLE = "._"
"""What macOS begins the name with of what it writes beside a file where the disk has no place for it."""


def is_litter(name: str) -> bool:
    """Return whether a file or folder of this name is a system's own."""
    return name.startswith(APPLE_DOUBLE) or name.lower() in NAMES
