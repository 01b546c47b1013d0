"""User studies: designs, votes, analysis, reports."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["plots", "reports", "tables"],
    submod_attrs={
        "designs": ["Design", "make_study"],
        "folders": ["analyse", "folder_of", "is_there", "open_study", "voters"],
        "sittings": ["sitting"],
        "voting_widget": ["Ballot"],
    },
)
