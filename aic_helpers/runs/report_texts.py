"""A run folder -> the words of its report: verdict, scores, figures with how they were made, commands."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aic_helpers.core.project_paths import PROJECT
from aic_helpers.core.tracks import HD_HEIGHT_PX, HD_WIDTH_PX, TRACKS, Track
from aic_helpers.reporting import text_tables
from aic_helpers.runs import result_tables
from aic_helpers.runs.run_folders import RunFolder

Told = tuple[str, str, str]
"""A label, a value in words, and how it was made."""

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """The verdict on a run: `kind` chooses the colour, `broken` are the rules to mend."""

    kind: Literal["met", "broken", "open"]
    title: str
    sentences: list[str]
    broken: list[dict[str, Any]]


def verdict(result: Result) -> Verdict:
    """Return whether the requirements are met; a step that failed counts as one that isn't."""
    rules = result["requirements"] or []
    names = {
        word: [rule["name"] for rule in rules if result_tables.verdict(rule) == word]
        for word in ("not judged", "advice")
    }
    failed = [
        f"The {part} failed: {result[part]['failed']}." for part in ("metrics", "profile") if _failed(result, part)
    ]
    sentences = failed + ([f"Not judged: {', '.join(names['not judged'])}."] if names["not judged"] else [])
    sentences += [f"Advice, not counted: {', '.join(names['advice'])}."] if names["advice"] else []
    broken = [rule for rule in rules if result_tables.verdict(rule) == "BROKEN"]
    judged = sum(result_tables.verdict(rule) in ("met", "BROKEN") for rule in rules)
    if broken:
        return Verdict("broken", f"Requirements not met: {len(broken)} of {judged} broken", sentences, broken)
    if not rules:
        sentences.append("aic check judges the rules of the challenge.")
        return Verdict("broken" if failed else "open", "Requirements not checked", sentences, [])
    if failed:
        return Verdict("broken", "The model failed", sentences, [])
    return Verdict("met", f"Requirements met: {judged} of {judged}", sentences, [])


def _failed(result: Result, part: str) -> bool:
    return bool((result[part] or {}).get("failed"))


def scores(result: Result) -> list[Told]:
    """Return scores A, B and C: name, value, interval in words; none where there are none."""
    rows = result_tables.score_rows(result["scores"]) if result["scores"] else []
    parted = [(label, *value.partition(" (")) for label, value in rows]
    return [(label, value, f"95 %: {interval.rstrip(')')}" if interval else "") for label, value, _, interval in parted]


def no_scores(result: Result) -> str:
    """Return why there are no scores."""
    missing = [
        ("PSNR and MS-SSIM were not measured: aic evaluate", result["metrics"] is None),
        ("the metrics failed", _failed(result, "metrics")),
        ("time was not measured: aic profile", result["profile"] is None),
        ("the profile failed", _failed(result, "profile")),
        (f"the profile is of another size than {HD_WIDTH_PX}x{HD_HEIGHT_PX}", not _is_hd(result["profile"])),
    ]
    why = next((words for words, holds in missing if holds), "a figure is not finite")
    return f"they need PSNR, MS-SSIM and the speedup at {HD_WIDTH_PX}x{HD_HEIGHT_PX}, and {why}"


def _is_hd(profile: Result | None) -> bool:
    return profile is not None and (profile["width_px"], profile["height_px"]) == (HD_WIDTH_PX, HD_HEIGHT_PX)


def figures(result: Result) -> list[Told]:
    """Return the figures of quality, speed, memory and of the model, each with how it was made."""
    made = {**_quality_made(result), **_profile_made(result), **_model_made(result)}
    rows = [
        *result_tables.metrics_rows(result["metrics"] or {}),
        *result_tables.profile_rows(result["profile"]),
        *(row for row in result_tables.model_rows(result["model"]) if row[0] != "model"),
    ]
    return [(label, value, made.get(label, "")) for label, value in rows]


def _quality_made(result: Result) -> dict[str, str]:
    metrics, track = result["metrics"], TRACKS[result["track"]]
    if not metrics:
        return dict.fromkeys(("PSNR", "MS-SSIM", "images"), "aic evaluate measures it")
    mean = f"mean over the images, protocol {metrics['protocol']}; 95 % interval by bootstrap over the images"
    clipped = "" if track.ms_ssim_clipped else ", of values as they are"
    float64 = metrics.get("ms_ssim_float64")
    adds = float64 is not None and metrics.get("ms_ssim") is not None and float64 != metrics["ms_ssim"]
    return {
        "PSNR": f"{mean}. {_protocol(track)}",
        "MS-SSIM": mean + clipped + (f"; {float64:.4f} with sums in float64" if adds else ""),
        "PSNR, MS-SSIM": mean,
        "images": _images_made(result),
    }


def _protocol(track: Track) -> str:
    crop = f"{track.crop_px} px are cropped from each side" if track.crop_px else "Nothing is cropped"
    scale = f"; inputs are the targets scaled down and up again by {track.scale}" if track.scale > 1 else ""
    return f"{crop}; outputs are clipped to [0, 1]{scale}."


def _images_made(result: Result) -> str:
    metrics, data = result["metrics"], result["data"]
    limit, cropped = metrics.get("limit"), metrics.get("cropped_images")
    words = [f"validation images of {text_tables.data_words(data['name'], data['note'])}"]
    words += [f"the first {limit} at most"] if limit else []
    words += [f"{cropped} cropped at the edge to a multiple of the scale"] if cropped else []
    return "; ".join(words)


def _profile_made(result: Result) -> dict[str, str]:
    profile, track = result["profile"], TRACKS[result["track"]]
    if not profile:
        return dict.fromkeys(("speedup", "RAM"), "aic profile measures it")
    run = f"batch {profile.get('batch', 1)}, on the {profile['device']}"
    spread = ""
    if profile.get("time_ms_p5") is not None:
        spread = f"; 5 to 95 % of the runs: {profile['time_ms_p5']:.1f} to {profile['time_ms_p95']:.1f} ms"
    runs = profile.get("repetitions")
    stop = f"; stopped by: {profile['stop_reason']}" if profile.get("stop_reason") else ""
    stop += f" after {profile['timed_s']:.0f} s" if profile.get("timed_s") is not None else ""
    weighed = f"; the baseline takes {base:.0f} MiB" if (base := profile.get("baseline_peak_rss_mib")) else ""
    return {
        "failed": "the model did not get through the profile",
        "time": f"median of {runs} runs after {profile.get('warm_up_runs')} to warm up, {run}{spread}" if runs else run,
        "baseline": f"{track.baseline}, timed in turn with the model, each in a process of its own",
        "speedup": f"median over {runs} pairs of runs{stop}" if runs else "",
        "throughput": "2 x multiply-accumulates of the graph / time",
        "RAM": f"peak of a fresh process that runs one image ({profile.get('memory_method')}){weighed}",
    }


def _model_made(result: Result) -> dict[str, str]:
    sizes = ", ".join((result["model"].get("parity") or {}).get("by_size") or {})
    return {
        "size": "model.pb, the frozen model",
        "cost at 720p": "multiply-accumulates, from the graph",
        "against its source": f"largest difference of any value, black 0 and white 1, at {sizes}" if sizes else "",
        "sha256": "of model.pb",
    }


def notes(result: Result) -> list[str]:
    """Return what a reader of the figures has to know, as sentences."""
    data = result["data"]
    about = [f"Data {data['name']}: {data['note']}."] if data["note"] else []
    return about + [str(note) for note in (result["profile"] or {}).get("notes") or []]


def environment(result: Result) -> list[tuple[str, str]]:
    """Return versions, processor, date, and the settings of a timed process."""
    rows = [(name.replace("_", " "), str(value)) for name, value in (result["environment"] or {}).items()]
    profile = result["profile"] or {}
    variables = [f"{name}={value}" for name, value in (profile.get("environment_variables") or {}).items()]
    rows += [("threads of a timed run", str(profile["threads"]))] if profile else []
    return rows + ([("variables of a timed run", " ".join(variables))] if variables else [])


def commands(run: RunFolder) -> list[str]:
    """Return what to type to make the run again."""
    result = run.result
    shared = _shared(run)
    limit = (result["metrics"] or {}).get("limit")
    more = [f"--limit {limit}"] if limit else []
    more += [] if result["profile"] else ["--no-profile"]
    lines = [" ".join(["aic run", *shared, *more])]
    conditions = _conditions(result)
    if conditions:
        lines.append(" ".join(["aic profile", *shared, *conditions]))
    if not run.tables["growth"].empty:
        given = [word.removeprefix("--").partition(" ") for word in shared]
        parameters = " ".join(f"-p {name} {value}" for name, _, value in given)
        lines.append(f"papermill notebooks/03_profile.ipynb 03_profile.ipynb {parameters} -p growth True")
    return lines


def _shared(run: RunFolder) -> list[str]:
    """Return the options that all commands on the run take, each with its value, as a shell reads them."""
    result, model = run.result, run.result["model"]
    options = {"track": result["track"], "model": model.get("source") or model.get("name", "")}
    options |= {"checkpoint": model["checkpoint"]} if model.get("checkpoint") else {}
    options |= {"data": result["data"]["name"]} if result["data"]["name"] != "sample" else {}
    options |= {"out": short_path(run.folder)}
    return [f"--{name} {shlex.quote(str(value))}" for name, value in options.items()]


def _conditions(result: Result) -> list[str]:
    """Return the options of a profile under other conditions than those of `aic run`."""
    profile, cores = result["profile"], (result["environment"] or {}).get("cores")
    if not profile:
        return []
    size = [] if _is_hd(profile) else [f"--size {profile['width_px']}x{profile['height_px']}"]
    threads = [f"--threads {profile['threads']}"] if cores and profile["threads"] != cores else []
    return size + threads + ([f"--device {profile['device']}"] if profile["device"] != "cpu" else [])


def short_path(folder: Path) -> str:
    """Return a path as one would type it here, or in the project."""
    bases = [base for base in (Path.cwd(), PROJECT) if folder.is_relative_to(base)]
    return str(folder.relative_to(bases[0])) if bases else str(folder)
