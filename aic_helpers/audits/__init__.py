"""Published tables under a magnifying glass: scores made anew, ranks that hold, figures that don't."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["findings", "tables"], submod_attrs={"auditing": ["audit"]}
)
