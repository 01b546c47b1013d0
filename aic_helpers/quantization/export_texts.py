"""An export in words: a table of its files, what was proved of them, and what they were calibrated on."""

from __future__ import annotations

from typing import Any

from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.quantization.exporting import Export
from aic_helpers.quantization.precisions import FLOAT32
from aic_helpers.reporting.text_tables import aligned, counted, typed

Part = dict[str, Any]
"""What `export.json` has of a precision."""

NOTES = ("squares", "no_pixels")
"""Sentences that the report of a file may have; earlier ones haven't all."""

TITLES = ("precision", "file", "kB", "in, out", "from source", "the file of any size")


def lines(export: Export) -> list[str]:
    """Return what a person sees of an export."""
    parts: dict[str, Part] = export.report["precisions"]
    made = [(name, *_cells(part)) for name, part in parts.items() if part["fixed"]]
    missing = [f"{name} isn't made: {part['reason']}" for name, part in parts.items() if part["reason"]]
    no_free = [
        f"no {name} file of any size: {part['free_reason']}" for name, part in parts.items() if part["free_reason"]
    ]
    kept = [
        f"{name} keeps {', '.join(part['keep_float'])} in floats" for name, part in parts.items() if part["keep_float"]
    ]
    notes = [(name, part["fixed"].get(note)) for note in NOTES for name, part in parts.items() if part["fixed"]]
    noted = [f"{name}: {why}" for name, why in notes if why]
    rounded = [f"{name} has weights that are rounded by photos" for name, part in parts.items() if _is_rounded(part)]
    about = [*kept, *rounded, *noted]
    told = [*missing, *no_free, *about, *_unlike_source(parts), *_calibrations(parts)]
    return [*aligned([TITLES, *made]).splitlines(), *told, f"folder: {typed(export.folder)}"]


def _is_rounded(part: Part) -> bool:
    return bool(part.get("rounded_weights"))  # earlier exports don't say


def is_unlike_source(export: Export) -> bool:
    """Whether the float32 file gives something else than the network that it was made from."""
    return bool(_unlike_source(export.report["precisions"]))


def _cells(part: Part) -> tuple[str, ...]:
    fixed, proof = part["fixed"], part["proof"]
    ends = list(dict.fromkeys(fixed[end]["dtype"] for end in ("input", "output")))
    difference = f"{proof['to_source']:.1e}" if "to_source" in proof else "not run"
    return fixed["file"], f"{fixed['bytes'] / 1e3:.0f}", ", ".join(ends), difference, _proved(part)


def _proved(part: Part) -> str:
    """Return what is known of the file of any size beside that of one."""
    proof = part["proof"]
    if not part["free"]:
        return "-"
    if proof["not_run"]:
        return f"same weights; not run: {proof['not_run']}"
    by_xnnpack = _output_words(proof["between_forms"])
    if "between_forms_plain" not in proof:
        return f"same weights, {by_xnnpack}"
    return f"same weights, {_output_words(proof['between_forms_plain'])} by plain kernels; by XNNPACK {by_xnnpack}"


def _output_words(difference: float) -> str:
    return f"output within {difference:.1e}" if difference else "same output"


def _unlike_source(parts: dict[str, Part]) -> list[str]:
    proof = (parts.get(FLOAT32.name) or {}).get("proof") or {}
    found = max(proof.get("to_source", 0.0), proof.get("free_to_source", 0.0))
    if found <= MAX_DIFFERENCE:
        return []
    return [
        f"float32 differs from its source by {found:.1e} on a photo, more than {MAX_DIFFERENCE:g}: mend the network"
    ]


def _calibrations(parts: dict[str, Part]) -> list[str]:
    """Return what the precisions were calibrated on, those of one calibration in one line."""
    names: dict[str, list[str]] = {}
    for name, part in parts.items():
        if part["fixed"] and part["calibration"]:
            names.setdefault(_calibration(part["calibration"]), []).append(name)
    return [f"{', '.join(together)} calibrated on {words}" for words, together in names.items()]


def _calibration(known: Part) -> str:
    width_px, height_px = known["crop_size"]
    crops = f"{known['crops']} crops of {width_px}x{height_px} of {counted(len(known['photos']), 'training photo')}"
    percentile = f" at {known['percentile']:g} %" if known["percentile"] else ""
    widest = max(known["layers"], key=lambda name: known["ranges"][name][1] - known["ranges"][name][0])
    low, high = known["ranges"][widest]
    learned = f"; {counted(len(known['given']), 'layer')} by what the training learned" if known["given"] else ""
    return f"{crops}{percentile}{learned}; the widest range is {low:.3g} to {high:.3g} at {known['layers'][widest]}"
