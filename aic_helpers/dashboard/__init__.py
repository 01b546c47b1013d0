"""The dashboard that shows images side by side with their figures."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["snapshots"], submod_attrs={"comparing": ["compare"], "dashboards": ["Dashboard"]}
)
