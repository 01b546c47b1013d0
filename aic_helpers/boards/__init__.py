"""Many models side by side: specs, execution here or on a cluster, standings, reports."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["plots", "standings", "tables"],
    submod_attrs={"folders": ["board_or_runs", "open_board"], "panels": ["Panel"], "specs": ["read_spec"]},
)
