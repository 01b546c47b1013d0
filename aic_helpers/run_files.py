"""The files of a run folder by name, and the part of the result that each hangs on."""

from __future__ import annotations

ENDS = ("worst", "median", "best")
"""The images, by PSNR, of which a run keeps pictures."""

SIDES = ("input", "output", "target")
"""What is kept of each; and an overview of the whole photo where the pictures are a detail of it."""


def picture(end: str, side: str) -> str:
    """Return the name of the picture of one side (or of the ``overview``) of an example image."""
    return f"example_{end}_{side}.webp"


EXAMPLES = ("examples.csv", *(picture(end, side) for end in ENDS for side in (*SIDES, "overview")))

HANGS_ON: dict[str, tuple[str, ...]] = {
    "model": (),
    "requirements": (),
    "metrics": ("images.csv", *EXAMPLES),
    "profile": ("timing.csv", "growth.csv"),
}
"""By part of the result: the files that say nothing once that part is gone."""

FILES = ("model.pb", *HANGS_ON["metrics"], *HANGS_ON["profile"], "report.html", "result.json")
"""What the steps write into a run folder."""
