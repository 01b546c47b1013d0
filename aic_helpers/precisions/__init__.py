"""What a model is worth in each precision: quality beside float32, times in turn, memory, tables, plots."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["plots", "tables"],
    submod_attrs={"measuring": ["measure"]},
)
