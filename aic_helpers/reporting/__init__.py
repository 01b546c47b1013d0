"""Text tables, figures and pages: how results are shown, whatever they are results of."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "figure_style": ["styled"],
        "notebook_kernels": ["open_notebook"],
        "notebook_widgets": ["waiting"],
        "text_tables": ["aligned", "typed"],
    },
)
