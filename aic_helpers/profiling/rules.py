"""The rules of a track, judged by what was found: each with limit, found, evidence and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aic_helpers.core.limits import MAX_DIFFERENCE
from aic_helpers.profiling.probes import Findings, Outcome
from aic_helpers.runtimes.formats import FROZEN, LITERT, ONNX, Format, format_by_runtime
from aic_helpers.tracks.definitions import Track

NOT_JUDGED = "not judged"

MOSTLY, FAR = 0.5, 0.5
"""A network works in another range where so large a share of the values is outside, and the farthest by so much."""

ANOTHER_RANGE = "it seems to work in another range: give --range 255 where that is 0..255, else scale in the model"

QUANTIZED = ("uint8", "int8", "int16")
"""What LiteRT's inputs may be too, by the file's own scale and zero point."""

OTHER_RULES = ("memory", "timeout", "dtype", "not finite")
"""Kinds of failure that break another rule than the one on resolution."""

Rule = dict[str, Any]
Part = Mapping[str, Any] | None


@dataclass(frozen=True)
class Parts:
    """What else is known of a model: see `aic_helpers.profiling.requirements.check`."""

    conversion: Part = None
    profile: Part = None
    metrics: Part = None


def judge(track: Track, size_bytes: int, findings: Findings, hd: Outcome, parts: Parts = Parts()) -> list[Rule]:
    """Return the rules of a track, in a fixed order.

    Parameters
    ----------
    track : Track
    size_bytes : int
        Of the frozen model.
    findings : Findings
    hd : Outcome
        Of the run at the track's size that gives the memory; `kind` may be ``dtype``, ``shape`` or ``not finite`` too.
    parts : Parts
    """
    rules, counted = track.rules, parts.conversion or {}
    width_px, height_px = track.measured.macs_size
    found = [
        _file_size(size_bytes, rules.max_file_mb) if rules.max_file_mb else None,
        _at_most("parameters", rules.max_parameters, counted.get("parameters")),
        _at_most(f"operations at {width_px}x{height_px}", rules.max_macs, counted.get("macs")),
        _floor(track, parts.metrics),
        _input_and_output(findings),
        _any_resolution(findings, hd, track.enlarges) if rules.any_resolution else _one_resolution(hd, track.enlarges),
        _batches(findings),
        _finite(findings, hd),
        _range(findings, parts.metrics),
        _same_twice(findings),
        _parity(parts.conversion),
        _memory(findings, hd, rules.max_ram_mib) if rules.max_ram_mib else None,
        _time(findings, hd, parts.profile, track),
    ]
    return [rule for rule in found if rule]


def _rule(name: str, passed: bool | None, *, limit: str, found: str | None, evidence: str, remedy: str) -> Rule:
    """Return a rule; one of which nothing was found is not judged."""
    rule = {"name": name, "passed": passed, "limit": limit, "found": found or NOT_JUDGED, "evidence": evidence}
    return rule | {"remedy": None if passed or found is None else remedy}


def _at_most(name: str, limit: float | None, found: float | None) -> Rule | None:
    """Return a rule about a count; None where the track has no such limit."""
    if limit is None:
        return None
    return _rule(
        name,
        None if found is None else found <= limit,
        limit=f"at most {_counted(limit)}",
        found=None if found is None else _counted(found),
        evidence=f"{_whole(found)} counted in the graph" if found is not None else "the graph does not say",
        remedy="fewer channels or layers",
    )


def _counted(count: float) -> str:
    return f"{count / 1e9:.2f} G" if count >= 1e9 else _whole(count)


def _whole(count: float) -> str:
    return f"{count:,.0f}".replace(",", " ")


def _floor(track: Track, metrics: Part) -> Rule | None:
    """Return the rule about the floor of PSNR, to which a mean is held once it is rounded."""
    floor_db, digits = track.rules.min_psnr_db, track.rules.psnr_decimals
    if floor_db is None:
        return None
    psnr_db = metrics.get("psnr_db") if metrics and metrics.get("protocol") == track.protocol.label else None
    rounded = (
        "" if psnr_db is None else f"mean over {metrics and metrics['images']} images, before rounding {psnr_db:.4f}"
    )
    return _rule(
        "PSNR",
        None if psnr_db is None else round(psnr_db, digits) >= floor_db,
        limit=f"at least {track.rules.floor(floor_db)} dB, rounded to {digits} decimals, on the challenge's own data",
        found=None if psnr_db is None else f"{psnr_db:.{digits}f} dB",
        evidence=rounded or "no PSNR by this track's protocol",
        remedy="train longer, or take a larger network",
    )


def _file_size(size_bytes: int, limit_mb: float) -> Rule:
    return _rule(
        "file size",
        size_bytes <= limit_mb * 1e6,
        limit=f"{limit_mb:g} MB",
        found=f"{size_bytes / 1e6:.2f} MB",
        evidence=f"the converted model has {size_bytes} bytes",
        remedy="use fewer channels or layers, or leave constants other than weights out of the graph",
    )


def _input_and_output(findings: Findings) -> Rule:
    shape, dtype, home = findings.declared["shape"], findings.declared["dtype"], findings.home
    format = format_by_runtime(findings.declared["runtime"])
    given, taken = ("input:0", "output:0") if format is FROZEN else ("input", "output")
    quantized = QUANTIZED if format is LITERT else ()
    right = len(shape) == 4 and shape[3] in (None, 3) and dtype in ("float32", *quantized)
    found = f"{given} {dtype} {_shape(findings)}"
    if home.reply is not None:
        output = home.reply["output_shape"]
        right = right and len(output) == 4 and output[3] == 3 and home.reply["dtype"] == "float32"
        found += f", {taken} {home.reply['dtype']} of rank {len(output)} with {output[-1] if output else 0} channels"
    remedy = "take and return one 4-D float32 tensor with 3 channels: cast or reshape inside the model"
    if fixed_batch := _fixed_batch(findings):
        right, found = False, f"{found}, a fixed batch of {fixed_batch}"
        remedy = f"make the {_input_words(findings)}'s batch free or 1: images may come one by one"
    return _rule(
        "input and output",
        right,
        limit=f"{given} and {taken}, float32{' or quantised' if quantized else ''}, {_sides(format)}",
        found=found,
        evidence=f"the {_input_words(findings)}, and "
        + (f"a run at {home.where}" if home.reply else "no run: it failed"),
        remedy=remedy,
    )


def _sides(format: Format) -> str:
    """Return the sides of an image as files of a format may have them."""
    return "(batch, height, width, 3)" + (" or (batch, 3, height, width)" if format is ONNX else "")


def _input_words(findings: Findings) -> str:
    """Return what a file of its format has where images go in."""
    return "graph's placeholder" if format_by_runtime(findings.declared["runtime"]) is FROZEN else "file's input"


def _one_resolution(hd: Outcome, enlarges: int) -> Rule:
    """Return the rule of a track that asks for one size alone."""
    return _rule(
        "resolution",
        hd.right_size if hd.reply else None,
        limit=f"the output has {_times(enlarges)} size at {hd.where}",
        found=("held" if hd.right_size else _what_went_wrong(hd)) if hd.reply else None,
        evidence=f"a run at {hd.where}" if hd.reply else f"no run at {hd.where}: {hd.error}",
        remedy=_resolution_remedy(hd, False),
    )


def _times(enlarges: int) -> str:
    return "the input's" if enlarges == 1 else f"{enlarges} times the input's"


def _any_resolution(findings: Findings, hd: Outcome, enlarges: int) -> Rule:
    tried = [findings.home, *findings.sizes, hd]
    wrong = [run for run in tried if not run.right_size and run.kind not in OTHER_RULES]
    if _fixed_batch(findings):
        wrong = []  # they failed for their one image, at whatever size
    worked = [run.where for run in tried if run.right_size]
    # TensorFlow may well run a graph at other sizes than the declared one; a session that feeds it refuses.
    fixed = any(side is not None for side in findings.declared["shape"][1:3])
    evidence = [f"the {_input_words(findings)} has the shape {_shape(findings)}"] if fixed else []
    evidence += [_what_went_wrong(wrong[0])] if wrong else []
    evidence += [f"right at {', '.join(worked)}"] if worked else []
    found: str | None = f"held at {len(worked)} sizes" if worked else None
    if fixed:
        found = "fixed"
    elif wrong:
        found = f"not at {wrong[0].where}"
    return _rule(
        "any resolution",
        False if fixed or wrong else True if worked else None,
        limit=f"the output has {_times(enlarges)} size at any resolution",
        found=found,
        evidence="; ".join(evidence) or _no_run(findings),
        remedy=_resolution_remedy(wrong[0] if wrong else None, fixed),
    )


def _fixed_batch(findings: Findings) -> int | None:
    """Return the batch that the graph is fixed at, where no single image fits it."""
    batch = findings.declared["shape"][0]
    return None if batch == 1 else batch


def _shape(findings: Findings) -> str:
    sides = ("any" if side is None else str(side) for side in findings.declared["shape"])
    return f"({', '.join(sides)})"


def _what_went_wrong(run: Outcome) -> str:
    if run.reply is None:
        return f"at {run.where}: {run.error}"
    output = run.reply["output_shape"]
    if len(output) != 4:
        return f"at {run.where} the output has the shape {tuple(output)}"
    return f"at {run.where} the output is {output[2]}x{output[1]}"


def _resolution_remedy(run: Outcome | None, fixed: bool) -> str:
    if fixed:
        return "export it with free height and width, and take sizes from the images (tf.shape), not from get_shape"
    if run is None or run.reply is None:
        return "see the error; take sizes from tf.shape inside the model"
    output, wanted = run.reply["output_shape"], [side * run.enlarges for side in run.size]
    times = output[1] // run.size[1]
    if times != run.enlarges and output[:3] == [1, run.size[1] * times, run.size[0] * times]:
        if run.enlarges == 1:
            return f"it enlarges by {times}: take a track whose networks get the small photo, or leave that out"
        return f"it enlarges by {times}, where this track asks for {run.enlarges}: take a track of scale {times}"
    if len(output) == 4 and (output[1] < wanted[1] or output[2] < wanted[0]):
        return "use SAME padding, or pad the input by what the convolutions take away"
    return f"crop the output to {_times(run.enlarges)} size"


def _batches(findings: Findings) -> Rule:
    batch, fixed = findings.batch, findings.declared["shape"][:1] == [1]
    passed = None
    if fixed:
        found, evidence = "a fixed batch of 1", f"the {_input_words(findings)}"
    elif batch is None:
        found, evidence = None, _no_run(findings)
    elif batch.reply is None:
        found, evidence = "fails with a batch of 2", f"at {batch.where}: {batch.error}"
    elif batch.reply["max_abs"] is None:
        found, evidence = "fails with a batch of 2", f"the output has the shape {tuple(batch.reply['output_shape'])}"
    else:
        difference = batch.reply["max_abs"]
        passed = True if difference <= MAX_DIFFERENCE else None
        found = f"a batch of 2 differs from its images one by one by {difference:.1e}"
        evidence = f"at {batch.where}, largest absolute difference"
    return _rule(
        "batches above 1",
        passed,
        limit="advice: no track asks for it, a batch fixed at 1 is enough",
        found=found,
        evidence=evidence,
        remedy=f"make the {_input_words(findings)}'s batch free, and don't reshape to a batch of 1",
    )


def _finite(findings: Findings, hd: Outcome) -> Rule:
    values = findings.values
    shares: dict[str, float] = values.reply["not_finite_share"] if values and values.reply else {}
    bad = [f"{share:.2%} of the output for {name}" for name, share in shares.items() if share > 0]
    where = values.where if values else ""
    evidence = [f"outputs for a photo, for black and for white at {where}" if shares else _no_run(findings)]
    if hd.kind == "not finite":
        bad.append(f"at {hd.where}: {hd.error}")
        evidence.append("the profile's first image")
    return _rule(
        "finite values",
        False if bad else True if shares else None,
        limit="no NaN, no infinity",
        found="; ".join(bad) if bad else "all finite" if shares else None,
        evidence="; ".join(evidence),
        remedy="look for a division by zero, the log or root of a negative number, or an exp that overflows",
    )


def _range(findings: Findings, metrics: Part) -> Rule:
    values = findings.values
    if metrics is not None and metrics.get("failed") is None and metrics.get("outside_share") is not None:
        outside, evidence = metrics, f"{metrics['images']} validation images"
    elif values and values.reply:
        outside, evidence = values.reply, f"a photo at {values.where}"
    else:
        outside, evidence = None, _no_run(findings)
    share, largest = (outside["outside_share"], outside["outside_max"]) if outside else (0.0, 0.0)
    found = f"{share:.2%} of the values outside, by {largest:.3f} at most" if outside else None
    doubt = next((one["text"] for one in (metrics or {}).get("doubts", []) if one["kind"] == "range"), None)
    other = doubt is not None or (share > MOSTLY and largest > FAR)
    return _rule(
        "values in [0, 1]",
        False if other else True if outside and share == 0 else None,
        limit="most values inside; advice: all, since the protocol clips",
        found=found,
        evidence=evidence,
        remedy=doubt or (ANOTHER_RANGE if other else "clip the output to [0, 1] as the last step of the model"),
    )


def _same_twice(findings: Findings) -> Rule:
    values = findings.values
    difference = values.reply["twice_max_abs"] if values and values.reply else None
    return _rule(
        "same output twice",
        None if difference is None else difference <= MAX_DIFFERENCE,
        limit=f"a difference of at most {MAX_DIFFERENCE:g}",
        found=None if difference is None else f"a difference of {difference:.1e}",
        evidence=f"one photo twice at {values.where}" if difference is not None and values else _no_run(findings),
        remedy="leave random operations out (dropout, noise): freeze the model for inference, not for training",
    )


def _parity(conversion: Part) -> Rule:
    parity = (conversion or {}).get("parity") or {}
    difference = parity.get("max_abs")
    sizes, limit = ", ".join(parity.get("by_size") or {}), parity.get("limit") or MAX_DIFFERENCE
    return _rule(
        "parity with its source",
        None if difference is None else difference <= limit,
        limit=f"a difference of at most {limit:.2g}",
        found=None if difference is None else f"a difference of {difference:.1e}",
        evidence=f"converted model against its source at {sizes}" if difference is not None else _not_compared(parity),
        remedy="the converted model computes something else than its source: look for dropout or batch statistics",
    )


def _not_compared(parity: Mapping[str, Any]) -> str:
    return f"not compared: {parity['reason']}" if parity.get("reason") else "the model came as it is run"


def _memory(findings: Findings, hd: Outcome, max_rss_mib: float) -> Rule:
    small = findings.home if findings.home.kind == "memory" else None
    stopped = hd if hd.kind == "memory" else small
    peak_mib = hd.reply["peak_rss_mib"] if hd.reply else None
    if stopped:
        passed, found, evidence = False, f"stopped by {stopped.mechanism}", f"at {stopped.where}: {stopped.error}"
    elif peak_mib is None:
        passed, found, evidence = None, None, _not_weighed(hd)
    else:
        passed, found = peak_mib <= max_rss_mib, f"{peak_mib:.0f} MiB"
        evidence = f"peak resident size of a fresh process that loads the model and runs one image of {hd.where}"
    return _rule(
        f"memory at {hd.where}",
        passed,
        limit=f"{max_rss_mib:.0f} MiB",
        found=found,
        evidence=evidence,
        remedy="see largest_activations in the profile: fewer channels, or work at a lower resolution inside",
    )


def _not_weighed(hd: Outcome) -> str:
    return f"ran at {hd.where} without being weighed" if hd.reply else f"no run at {hd.where}: {hd.error}"


def _time(findings: Findings, hd: Outcome, profile: Part, track: Track) -> Rule:
    hung = next((run for run in (hd, findings.home) if run.kind == "timeout"), None)
    speedup = profile["speedup"] if profile else None
    passed: bool | None = None
    rises = f", the score rises until {track.speedup_cap:g} times as fast" if track.speedup_cap else ""
    if hung:
        passed, found, evidence = False, "did not return", f"at {hung.where}: {hung.error}"
    elif profile is None or speedup is None:
        found, evidence = None, f"no profile at {hd.where}" if profile is None else f"{profile['failed']}"
    else:
        passed = True if speedup >= 1 else None
        low, high = profile["speedup_ci95"] or (speedup, speedup)
        found = f"{speedup:.2f} times as fast as the baseline (95 % interval {low:.2f} to {high:.2f})"
        evidence = f"median {profile['time_ms']:.0f} ms against {profile['baseline_time_ms']:.0f} ms at {hd.where}"
        evidence += f", {profile['repetitions']} repetitions in turn"
    return _rule(
        "time against the baseline",
        passed,
        limit=f"must return; advice: not slower than the baseline{rises}",
        found=found,
        evidence=evidence,
        remedy="look for a loop whose condition stays true"
        if hung
        else "fewer channels, or work at a lower resolution",
    )


def _no_run(findings: Findings) -> str:
    failed = next((run for run in (findings.home, findings.values) if run and run.reply is None), findings.home)
    return f"no run to judge by; at {failed.where}: {failed.error}"
