"""`result.json` -> lines of text: what the commands print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aic_helpers.core.machine import load_notes
from aic_helpers.core.tracks import MAX_RAM_MIB, TRACKS
from aic_helpers.reporting.text_tables import NOT_MEASURED, Row, aligned, counted, data_words, typed
from aic_helpers.runs.results import Part
from aic_helpers.runs.run_settings import Settings


def settings_rows(settings: Settings) -> list[Row]:
    """Return what a notebook or command is about to work on."""
    count = min(len(settings.dataset.pairs), settings.limit or len(settings.dataset.pairs))
    return [
        ("track", settings.track.title),
        ("model", f"{settings.source.name} ({settings.source.kind})"),
        ("data", f"{data_words(settings.dataset.name, settings.dataset.note)}, {count} validation images"),
        ("run folder", str(settings.folder)),
    ]


def folder_row(settings: Settings) -> Row:
    """Return the run folder as one would type it here."""
    return "run folder", typed(settings.folder)


def run_rows(result: Mapping[str, Any]) -> list[Row]:
    """Return what a run found, as labels and values in words."""
    data = result["data"]
    return [
        ("track", TRACKS[result["track"]].title),
        ("model", result["model"]["name"]),
        ("data", data_words(data["name"], data["note"])),
        *metrics_rows(result["metrics"] or {}),
        *profile_rows(result["profile"]),
        *_busy(result["profile"] or {}),
        *score_rows(result["scores"]),
        ("requirements", requirements_in_short(result["requirements"])),
    ]


def part_lines(settings: Settings, part: Part, value: Any) -> list[str]:
    """Return one part of a result as lines of text."""
    if part == "requirements":
        return requirement_lines(value)
    rows = {"model": model_rows, "metrics": metrics_rows, "profile": profile_rows}[part](value)
    notes = profile_notes(value) if part == "profile" else []
    return [*aligned([*rows, folder_row(settings)]).splitlines(), *notes]


def model_rows(model: Mapping[str, Any]) -> list[Row]:
    """Return what is known of a frozen model."""
    parity = model.get("parity", {})
    difference = parity.get("max_abs")
    return [
        ("model", f"{model['name']} ({model['kind']})"),
        ("size", f"{model['bytes'] / 1e6:.2f} MB"),
        ("parameters", f"{model['parameters']:,}".replace(",", " ")),
        ("cost at 720p", NOT_MEASURED if model.get("gmacs_720p") is None else f"{model['gmacs_720p']:.1f} GMAC"),
        ("against its source", "the source itself" if difference is None else f"differs by at most {difference:.1e}"),
        ("sha256", model["sha256"]),
    ]


def metrics_rows(metrics: Mapping[str, Any]) -> list[Row]:
    """Return the means over the validation images."""
    if metrics.get("failed"):
        return [("PSNR, MS-SSIM", f"failed on {metrics['failed']}")]
    return [
        ("PSNR", _figure(metrics, "psnr_db", ".2f", " dB")),
        ("MS-SSIM", _figure(metrics, "ms_ssim", ".4f")),
        ("images", str(metrics.get("images", NOT_MEASURED)) + _capped(metrics)),
    ]


def _capped(metrics: Mapping[str, Any]) -> str:
    count = metrics.get("capped_images")
    return f"; PSNR of {count} counted as of one value off by 1/255, where nothing is to be seen" if count else ""


def profile_rows(profile: Mapping[str, Any] | None) -> list[Row]:
    """Return time and memory."""
    if not profile:
        return [("speedup", NOT_MEASURED), ("RAM", NOT_MEASURED)]
    size = f"{profile['width_px']}x{profile['height_px']}"
    file_mib = profile.get("runtime_file_mib")
    runtime = "runtime" if file_mib is None else f"runtime, {file_mib:.0f} of it program files,"
    parts = [(profile.get("runtime_rss_mib"), runtime), (profile.get("model_rss_mib"), "model")]
    split = " + ".join(f"{mib:.0f} {name}" for mib, name in parts if mib is not None)
    peak = profile.get("peak_rss_mib")
    reached, possible = profile.get("gflop_per_s"), (profile.get("roofline") or {}).get("gflop_per_s")
    limit = f" of {possible:.0f} in a large matrix product here" if possible else ""
    speed = [("throughput", f"{reached:.0f} GFLOP/s{limit}")] if reached else []
    failed = [("failed", profile["failed"])] if profile.get("failed") else []
    return [
        *failed,
        ("time", _figure(profile, "time_ms", ".1f", f" ms at {size}, {counted(profile['threads'], 'thread')}")),
        ("baseline", _figure(profile, "baseline_time_ms", ".1f", " ms")),
        ("speedup", _figure(profile, "speedup", ".3f")),
        *speed,
        ("RAM", NOT_MEASURED if peak is None else f"{peak:.0f} MiB ({split}; limit {MAX_RAM_MIB:.0f})"),
    ]


def profile_notes(profile: Mapping[str, Any] | None) -> list[str]:
    """Return what a reader of the profile has to know, as sentences."""
    if not profile or profile.get("failed"):
        return []
    pairs = f"{profile['repetitions']} runs of each; stopped by: {profile['stop_reason']}."
    return [pairs, *profile.get("notes", [])]


def _busy(profile: Mapping[str, Any]) -> list[Row]:
    load = profile.get("load")
    return [("note", note.partition(":")[0]) for note in load_notes(load)] if load else []


def score_rows(scores: Mapping[str, Any] | None) -> list[Row]:
    """Return scores A, B and C."""
    if not scores:
        return [("scores", "none: they need PSNR, MS-SSIM and the speedup at 1280x720")]
    return [(f"score {name}", _figure(score, "value", ".2f", interval="ci95")) for name, score in scores.items()]


def requirements_in_short(requirements: Sequence[Mapping[str, Any]] | None) -> str:
    """Return how many rules are met, and which are broken or could not be judged."""
    if not requirements:
        return "not checked"
    verdicts = [verdict(rule) for rule in requirements]
    parts = [f"{verdicts.count('met')} of {verdicts.count('met') + verdicts.count('BROKEN')} met"]
    for word in ("BROKEN", "not judged"):
        names = [rule["name"] for rule, found in zip(requirements, verdicts, strict=True) if found == word]
        parts += [f"{word}: {', '.join(names)}"] if names else []
    return "; ".join(parts)


def requirement_lines(requirements: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line a rule, and below one that something should be done about, its limit and what to do.

    A broken one is followed by its evidence too.
    """
    rows = [(verdict(rule), str(rule["name"]), str(rule["found"])) for rule in requirements]
    lines = []
    for line, rule in zip(aligned(rows).splitlines(), requirements, strict=True):
        lines.append(line)
        if rule["passed"] is False:
            lines.append(f"{'':12}evidence: {rule['evidence']}")
        if rule["remedy"]:
            lines += [f"{'':12}limit: {rule['limit']}", f"{'':12}-> {rule['remedy']}"]
    return lines


def verdict(rule: Mapping[str, Any]) -> str:
    """Return the verdict on one rule in a word or two."""
    if rule["passed"] is None:
        return "not judged" if rule["found"] == "not judged" else "advice"
    return "met" if rule["passed"] else "BROKEN"


def _figure(part: Mapping[str, Any], name: str, digits: str, unit: str = "", interval: str = "") -> str:
    """Return a figure with its 95 % interval, where it has one."""
    value = part.get(name)
    if value is None:
        return NOT_MEASURED
    if isinstance(value, str):  # "inf": identical images
        return value + unit
    bounds = part.get(interval or f"{name}_ci95")
    span = f" ({bounds[0]:{digits}} to {bounds[1]:{digits}})" if bounds else ""
    return f"{value:{digits}}{unit}{span}"
