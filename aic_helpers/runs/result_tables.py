"""`result.json` -> lines of text: what the commands print."""

from __future__ import annotations

from collections.abc import Sequence

from aic_helpers.core.limits import HD_HEIGHT_PX, HD_WIDTH_PX
from aic_helpers.core.machine import load_notes
from aic_helpers.core.written_values import Interval
from aic_helpers.precisions import tables as precision_tables
from aic_helpers.reporting.text_tables import NOT_MEASURED, Row, aligned, counted, data_words, score_digits, typed
from aic_helpers.runs import quantities
from aic_helpers.runs.results import Part
from aic_helpers.runs.run_settings import Settings
from aic_helpers.runs.schema import Metrics, Model, Profile, Requirement, Result, Score
from aic_helpers.runtimes.formats import FROZEN, LITERT, ONNX, format_by_runtime
from aic_helpers.tracks.definitions import TITLES, Track


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


def run_rows(result: Result) -> list[Row]:
    """Return what a run found, as labels and values in words."""
    track = quantities.track_of(result)
    return [
        ("track", track.title),
        ("model", result.model.name if result.model else "none"),
        *([("adapted", "; ".join(result.model.adapters))] if result.model and result.model.adapters else []),
        *([("model's note", "; ".join(result.model.notes))] if result.model and result.model.notes else []),
        ("data", data_words(result.data.name, result.data.note)),
        *metrics_rows(result.metrics, track),
        *profile_rows(result.profile, track),
        *_busy(result.profile),
        *score_rows(result, track),
        *(("track's note", note) for note in (track.notes if result.scores else [])),
        *([("LiteRT", precision_tables.sentence(found))] if (found := result.precisions_beside) else []),
        ("requirements", requirements_in_short(result.requirements)),
    ]


def part_lines(settings: Settings, part: Part, result: Result) -> list[str]:
    """Return one part of a result as lines of text."""
    if part == "requirements":
        return requirement_lines(result.requirements)
    rows = {
        "model": model_rows(result.model) if result.model else [],
        "metrics": metrics_rows(result.metrics, settings.track),
        "profile": profile_rows(result.profile, settings.track),
    }[part]
    notes = profile_notes(result.profile) if part == "profile" else []
    return [*aligned([*rows, folder_row(settings)]).splitlines(), *notes]


def model_rows(model: Model) -> list[Row]:
    """Return what is known of a frozen model."""
    return [
        ("model", f"{model.name} ({model.kind})"),
        *_litert_rows(model),
        *_onnx_rows(model),
        ("size", NOT_MEASURED if model.bytes is None else f"{model.bytes / 1e6:.2f} MB"),
        ("parameters", NOT_MEASURED if model.parameters is None else f"{model.parameters:,}".replace(",", " ")),
        *_cost_rows(model),
        *(("adapted", line) for line in model.adapters),
        ("against its source", parity_words(model)),
        ("sha256", model.sha256),
        *(("note", note) for note in model.notes),
    ]


def _litert_rows(model: Model) -> list[Row]:
    """Return what LiteRT's files say of themselves; nothing of others."""
    if model.format is not LITERT:
        return []
    rows = [("LiteRT", f"takes {model.input_dtype}, gives {model.output_dtype}")]
    if model.fixed:
        width_px, height_px = model.fixed.size
        size = f"{width_px}x{height_px}, {model.fixed.bytes / 1e6:.2f} MB"
        rows.append(("file of one size", f"{size}; this is timed"))
    return rows


def _onnx_rows(model: Model) -> list[Row]:
    """Return what an `.onnx` file says of itself; nothing of others."""
    if model.format is not ONNX:
        return []
    by = f", written by {model.producer}" if model.producer else ""
    ends = f"; takes {model.input_dtype}, gives {model.output_dtype}" if model.input_dtype else ""
    return [("ONNX", f"opset {model.opset}, IR version {model.ir_version}{by}{ends}")]


def _cost_rows(model: Model) -> list[Row]:
    """Return the operations at 720p, and at the track's own size where that is another."""
    rows = [("cost at 720p", _figure(model.gmacs_720p, ".1f", " GMAC"))]
    if model.macs_size in (None, (HD_WIDTH_PX, HD_HEIGHT_PX)):
        return rows
    width_px, height_px = model.macs_size
    gmacs = None if model.macs is None else model.macs / 1e9
    return [(f"cost at {width_px}x{height_px}", _figure(gmacs, ".2f", " GMAC")), *rows]


def parity_words(model: Model) -> str:
    """Return how a frozen model compares with its source."""
    parity = model.parity
    if parity.max_abs is not None:
        return f"differs by at most {parity.max_abs:.1e}"
    if model.format is LITERT:
        return f"exported to LiteRT in {model.precision}" if model.precision else "is a .tflite already"
    if parity.state == "frozen already" or (model.kind == "frozen" and not parity.state):
        return "is an .onnx already" if model.format is ONNX else "is frozen already"
    return f"not compared: {parity.reason}" if parity.reason else NOT_MEASURED


def metrics_rows(metrics: Metrics | None, track: Track) -> list[Row]:
    """Return the means over the validation images."""
    metrics = metrics or Metrics()
    if metrics.failed:
        return [(", ".join(track.protocol.words), f"failed on {metrics.failed}")]
    return [
        *(_metric_row(metrics, column) for column in track.protocol.columns),
        ("images", (NOT_MEASURED if metrics.images is None else str(metrics.images)) + _capped(metrics)),
        *(("doubt", doubt.text) for doubt in metrics.doubts),
    ]


def _metric_row(metrics: Metrics, column: str) -> Row:
    digits, unit = (".2f", " dB") if column == "psnr_db" else (".4f", "")
    return TITLES[column], _figure(getattr(metrics, column), digits, unit, getattr(metrics, f"{column}_ci95"))


def _capped(metrics: Metrics) -> str:
    count = metrics.capped_images
    return f"; PSNR of {count} counted as of one value off by 1/255, where nothing is to be seen" if count else ""


def profile_rows(profile: Profile | None, track: Track) -> list[Row]:
    """Return time and memory."""
    if not profile:
        return [("speedup", NOT_MEASURED), ("RAM", NOT_MEASURED)]
    size = f" at {profile.width_px}x{profile.height_px}" if profile.width_px and profile.height_px else ""
    format = format_by_runtime(profile.runtime)
    runtime = "" if format is FROZEN else f", {format.words}"
    at = f" ms{size}" + (f", {counted(profile.threads, 'thread')}" if profile.threads else "") + runtime
    limit_mib = f"; limit {track.rules.max_ram_mib:.0f}" if track.rules.max_ram_mib else ""
    reached, possible = profile.gflop_per_s, profile.roofline.gflop_per_s
    limit = f" of {possible:.0f} in a large matrix product here" if possible else ""
    return [
        *([("failed", profile.failed)] if profile.failed else []),
        ("time", _figure(profile.time_ms, ".1f", at)),
        ("baseline", _figure(profile.baseline_time_ms, ".1f", f" ms{runtime}")),
        ("speedup", _figure(profile.speedup, ".3f", interval=profile.speedup_ci95)),
        *([] if format is FROZEN else [("runtime", words)] if (words := runtime_words(profile)) else []),
        *([("throughput", f"{reached:.0f} GFLOP/s{limit}")] if reached else []),
        ("RAM", _figure(profile.peak_rss_mib, ".0f", f" MiB ({_split(profile)}{limit_mib})")),
    ]


def runtime_words(profile: Profile) -> str:
    """Return what the networks were timed in, with its version and what computes for it; empty in older results."""
    if not profile.runtime_version:
        return ""
    provider = f", {profile.provider}" if profile.provider else ""
    return f"{format_by_runtime(profile.runtime).words} {profile.runtime_version}{provider}"


def _split(profile: Profile) -> str:
    """Return which share of the memory is whose."""
    file_mib = profile.runtime_file_mib
    runtime = "runtime" if file_mib is None else f"runtime, {file_mib:.0f} of it program files,"
    parts = [(profile.runtime_rss_mib, runtime), (profile.model_rss_mib, "model")]
    return " + ".join(f"{mib:.0f} {name}" for mib, name in parts if mib is not None)


def profile_notes(profile: Profile | None) -> list[str]:
    """Return what a reader of the profile has to know, as sentences."""
    if not profile or profile.failed:
        return []
    return [f"{profile.repetitions} runs of each; stopped by: {profile.stop_reason}.", *profile.notes]


def _busy(profile: Profile | None) -> list[Row]:
    load = profile and profile.load
    return [("note", note.partition(":")[0]) for note in load_notes(load)] if load else []


def score_rows(result: Result, track: Track) -> list[Row]:
    """Return the track's scores, or what they need; nothing where the track has none."""
    if not result.scores:
        return [("scores", f"none: {needs(track)}")] if track.scores.better else []
    return [(score_title(name), _score(score)) for name, score in result.scores.items()]


def formulas(track: Track) -> list[str]:
    """Return how a track's scores are made, a sentence each, what they are made of included."""
    told = []
    for name, formula in track.scores.formulas.items():
        numbers = ", ".join(f"{used} is {track.constants[used]:g}" for used in formula.names if used in track.constants)
        better = f"; {track.scores.better[name]} is better" if name in track.scores.better else ""
        told.append(f"{name} = {formula.text}{f', where {numbers}' if numbers else ''}{better}.")
    return told


def score_title(name: str) -> str:
    """Return what tables call a score."""
    return name if "score" in name.lower() else f"score {name}"


OF_A_PROFILE = ("time_ms", "speedup", "peak_rss_mib", "baseline_time_ms")
"""Quantities that are measured at a track's size."""


def needs(track: Track) -> str:
    """Return what a track's scores need, in words."""
    words = dict(zip(track.protocol.metrics, track.protocol.words, strict=True)) | {"speedup": "the speedup"}
    wanted = dict.fromkeys(name for score in track.scores.better for name in track.scores.needs(score))
    named = [words.get(name, name) for name in wanted if name not in track.fixed]
    if not named:
        return "they need no figure of a model"
    size = f" at {track.measured.size[0]}x{track.measured.size[1]}" if {*OF_A_PROFILE} & {*wanted} else ""
    return f"they need {', '.join(named[:-1])}{' and ' * (len(named) > 1)}{named[-1]}{size}"


def _score(score: Score) -> str:
    if score.missing:
        return f"none: it lacks {score.missing}"
    return _figure(score.value, score_digits(score.value or 0), interval=score.ci95)


def requirements_in_short(requirements: Sequence[Requirement]) -> str:
    """Return how many rules are met, and which are broken or could not be judged."""
    if not requirements:
        return "not checked"
    verdicts = [verdict(rule) for rule in requirements]
    parts = [f"{verdicts.count('met')} of {verdicts.count('met') + verdicts.count('BROKEN')} met"]
    for word in ("BROKEN", "not judged"):
        names = [rule.name for rule, found in zip(requirements, verdicts, strict=True) if found == word]
        parts += [f"{word}: {', '.join(names)}"] if names else []
    return "; ".join(parts)


def requirement_lines(requirements: Sequence[Requirement]) -> list[str]:
    """Return a line a rule, and below one that something should be done about, its limit and what to do.

    A broken one is followed by its evidence too.
    """
    rows = [(verdict(rule), rule.name, rule.found) for rule in requirements]
    lines = []
    for line, rule in zip(aligned(rows).splitlines(), requirements, strict=True):
        lines.append(line)
        if rule.passed is False:
            lines.append(f"{'':12}evidence: {rule.evidence}")
        if rule.remedy:
            lines += [f"{'':12}limit: {rule.limit}", f"{'':12}-> {rule.remedy}"]
    return lines


def verdict(rule: Requirement) -> str:
    """Return the verdict on one rule in a word or two."""
    if rule.passed is None:
        return "not judged" if rule.found == "not judged" else "advice"
    return "met" if rule.passed else "BROKEN"


def _figure(value: float | None, digits: str, unit: str = "", interval: Interval = None) -> str:
    """Return a figure with its 95 % interval, where it has one."""
    if value is None:
        return NOT_MEASURED
    span = f" ({interval[0]:{digits}} to {interval[1]:{digits}})" if interval else ""
    return f"{value:{digits}}{unit}{span}"
