"""One model on one track: settings, steps, `result.json`, cache keys, report, notebooks."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "comparison_figures",
        "precision_steps",
        "result_tables",
        "results",
        "run_plots",
        "steps",
    ],
    submod_attrs={
        "reports": ["write_report"],
        "run_settings": ["settle"],
        "steps": ["check", "convert", "evaluate", "profile"],
    },
)
