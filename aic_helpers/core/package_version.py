"""The version of the installed package; apart, because what reads it takes as long as a command's help."""

from importlib.metadata import PackageNotFoundError, version

from aic_helpers.core.installation import NAME

try:
    __version__ = version(NAME)
except PackageNotFoundError:  # a folder of sources on the path
    __version__ = "unknown"
