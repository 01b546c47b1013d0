"""Teams' e-mails, the organiser's ledger, judging, the leaderboard."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["checks", "leaderboards"],
    submod_attrs={
        "forms": ["SubmissionForm"],
        "ledgers": ["Ledger"],
        "preparing": ["chosen_run", "prepare", "sending_lines"],
        "teams": ["team_folder"],
    },
)
