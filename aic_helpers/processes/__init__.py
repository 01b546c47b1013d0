"""Worker processes with limits on time and memory, shut in where a stranger's network runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={"confinement": ["confined"], "workers": ["ChildError", "Worker", "call"]}
)
