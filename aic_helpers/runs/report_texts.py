"""A run folder -> the words of its report: verdict, scores, figures with how they were made, commands."""

from __future__ import annotations

import json
import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from aic_helpers.core.project_paths import workbench
from aic_helpers.data.datasets import brought_small_photos
from aic_helpers.models.adapters import args_words
from aic_helpers.reporting import text_tables
from aic_helpers.runs import quantities, result_tables
from aic_helpers.runs.run_folders import RunFolder
from aic_helpers.runs.schema import Metrics, Model, Profile, Requirement, Result, Score
from aic_helpers.runtimes.formats import LITERT, ONNX
from aic_helpers.tracks.definitions import COLUMNS, Task, Track

Told = tuple[str, str, str]
"""A label, a value in words, and how it was made."""


@dataclass(frozen=True)
class Verdict:
    """The verdict on a run: `kind` chooses the colour, `broken` are the rules to mend."""

    kind: Literal["met", "broken", "open"]
    title: str
    sentences: list[str]
    broken: list[Requirement]


def verdict(result: Result) -> Verdict:
    """Return whether the requirements are met; a step that failed counts as one that isn't."""
    rules = result.requirements
    names = {
        word: [rule.name for rule in rules if result_tables.verdict(rule) == word] for word in ("not judged", "advice")
    }
    failed = [f"The {part} failed: {why}." for part, why in failures(result)]
    sentences = altered(result) + failed
    sentences += [f"Not judged: {', '.join(names['not judged'])}."] if names["not judged"] else []
    sentences += [f"Advice, not counted: {', '.join(names['advice'])}."] if names["advice"] else []
    broken = [rule for rule in rules if result_tables.verdict(rule) == "BROKEN"]
    judged = sum(result_tables.verdict(rule) in ("met", "BROKEN") for rule in rules)
    if broken:
        return Verdict("broken", f"Requirements not met: {len(broken)} of {judged} broken", sentences, broken)
    if not rules:
        sentences.append("aic check judges the rules of the track.")
        return Verdict("broken" if failed else "open", "Requirements not checked", sentences, [])
    if failed:
        return Verdict("broken", "The model failed", sentences, [])
    if result.altered:
        return Verdict("open", "Not as it was written: nothing is judged by it", sentences, [])
    return Verdict("met", f"Requirements met: {judged} of {judged}", sentences, [])


def altered(result: Result) -> list[str]:
    """Return a sentence on what was changed since the run wrote it; none where nothing was."""
    named = ", ".join(result.altered)
    return [f"Changed since the run wrote it, and not to be relied on: {named}."] if named else []


def failures(result: Result) -> list[tuple[str, str]]:
    """Return the parts that failed, each with why."""
    parts = {"metrics": result.metrics, "profile": result.profile}
    return [(name, part.failed) for name, part in parts.items() if part and part.failed]


def scores(run: RunFolder) -> list[Told]:
    """Return the scores: name, value, interval or what is missing in words; none where there are none."""
    return [(result_tables.score_title(name), *_score(score)) for name, score in (run.result.scores or {}).items()]


def _score(score: Score) -> tuple[str, str]:
    if score.value is None:
        return "none", f"it lacks {score.missing}" if score.missing else ""
    digits = text_tables.score_digits(score.value)
    interval = f"95 %: {score.ci95[0]:{digits}} to {score.ci95[1]:{digits}}" if score.ci95 else ""
    return f"{score.value:{digits}}", interval


def no_scores(result: Result, track: Track) -> str:
    """Return why there are no scores."""
    if not track.scores.better:
        return "this track has none"
    wanted = {name for score in track.scores.better for name in track.scores.needs(score)}
    missing = [
        *(_no_quality(result.metrics, track) if wanted & {*COLUMNS} else []),
        *(_no_speed(result.profile, track) if wanted & {*result_tables.OF_A_PROFILE} else []),
        (f"there is no {quantities.missing(track, result)}", quantities.missing(track, result)),
    ]
    why = next((words for words, holds in missing if holds), "a figure is not finite")
    return f"{result_tables.needs(track)}, and {why}"


def _no_quality(metrics: Metrics | None, track: Track) -> list[tuple[str, Any]]:
    words = track.protocol.words
    return [
        (f"{' and '.join(words)} {'were' if words[1:] else 'was'} not measured: aic evaluate", metrics is None),
        ("the metrics failed", metrics and metrics.failed),
        ("a figure is not finite", metrics and metrics.psnr_db == math.inf),
    ]


def _no_speed(profile: Profile | None, track: Track) -> list[tuple[str, Any]]:
    width_px, height_px = track.measured.size
    return [
        ("time was not measured: aic profile", profile is None),
        ("the profile failed", profile and profile.failed),
        (
            f"the profile is of another size than {width_px}x{height_px}",
            profile and not quantities.is_at_size(track, profile),
        ),
    ]


def figures(run: RunFolder) -> list[Told]:
    """Return the figures of quality, speed, memory and of the model, each with how it was made."""
    result, track = run.result, run.track
    made = _quality_made(result, track) | _profile_made(result.profile, track) | _model_made(run.model)
    rows = [
        *result_tables.metrics_rows(result.metrics, track),
        *result_tables.profile_rows(result.profile, track),
        *(row for row in result_tables.model_rows(run.model) if row[0] != "model"),
    ]
    return [(label, value, made.get(label, "")) for label, value in rows]


def _quality_made(result: Result, track: Track) -> dict[str, str]:
    metrics = result.metrics
    if not metrics:
        return dict.fromkeys((*track.protocol.words, "images"), "aic evaluate measures it")
    mean = (
        f"mean over the images, protocol {metrics.protocol or 'not said'}; 95 % interval by bootstrap over the images"
    )
    clipped = "" if track.protocol.clip_for_ms_ssim else ", of values as they are"
    float64 = metrics.ms_ssim_float64
    adds = float64 is not None and metrics.ms_ssim is not None and float64 != metrics.ms_ssim
    return {
        ", ".join(track.protocol.words): mean,
        "PSNR": f"{mean}. {_protocol(track, result)}",
        "SSIM": mean,
        "MS-SSIM": mean + clipped + (f"; {float64:.4f} with sums in float64" if adds else ""),
        "images": _images_made(result, metrics),
        "doubt": "from the outputs for the worst, the median and the best image",
    }


def _protocol(track: Track, result: Result) -> str:
    protocol, task = track.protocol, track.task
    crop = f"{protocol.border_px} px are cropped from each side" if protocol.border_px else "Nothing is cropped"
    rounded = " and rounded to 8 bits" if protocol.round_output else ""
    colour = "; judged on Y alone" if protocol.colour == "y" else ""
    inputs = f"; inputs are {_inputs(task, result.data.note)}" if task.scale > 1 else ""
    return f"{crop}; outputs are clipped to [0, 1]{rounded}{colour}{inputs}."


def _inputs(task: Task, note: str) -> str:
    up_again = task.input == "enlarged"
    if brought_small_photos(note):
        return f"the data's small photos{f', scaled up by {task.scale}' if up_again else ''}"
    return f"the targets scaled down{' and up again' if up_again else ''} by {task.scale}"


def _images_made(result: Result, metrics: Metrics) -> str:
    words = [f"validation images of {text_tables.data_words(result.data.name, result.data.note)}"]
    words += [f"the first {metrics.limit} at most"] if metrics.limit else []
    cropped = metrics.cropped_images
    words += [f"{cropped} cropped at the edge to a multiple of the scale"] if cropped else []
    return "; ".join(words)


def _profile_made(profile: Profile | None, track: Track) -> dict[str, str]:
    if not profile:
        return dict.fromkeys(("speedup", "RAM"), "aic profile measures it")
    run = f"batch {profile.batch}, on the {profile.device}"
    spread = ""
    if profile.time_ms_p5 is not None:
        spread = f"; 5 to 95 % of the runs: {profile.time_ms_p5:.1f} to {profile.time_ms_p95:.1f} ms"
    runs = profile.repetitions
    stop = f"; stopped by: {profile.stop_reason}" if profile.stop_reason else ""
    stop += f" after {profile.timed_s:.0f} s" if profile.timed_s is not None else ""
    weighed = f"; the baseline takes {base:.0f} MiB" if (base := profile.baseline_peak_rss_mib) else ""
    return {
        "failed": "the model did not get through the profile",
        "time": f"median of {runs} runs after {profile.warm_up_runs} to warm up, {run}{spread}" if runs else run,
        "baseline": f"{Path(track.timed_beside).stem}, timed in turn with the model, each in a process of its own",
        "runtime": "the version, and what computes; the baseline is timed in the same",
        "speedup": f"median over {runs} pairs of runs{stop}" if runs else "",
        "throughput": "2 x multiply-accumulates of the graph / time",
        "RAM": f"peak of a fresh process that runs one image ({profile.memory_method}){weighed}",
    }


def _model_made(model: Model) -> dict[str, str]:
    sizes = ", ".join(model.parity.by_size)
    made = {LITERT: "exported", ONNX: "ONNX"}.get(model.format, "frozen")
    return {
        "size": f"{_file_name(model)}, the {made} model",
        "cost at 720p": "multiply-accumulates, from the graph",
        "against its source": f"largest difference of any value, black 0 and white 1, at {sizes}" if sizes else "",
        "sha256": f"of {_file_name(model)}",
    }


def _file_name(model: Model) -> str:
    return model.format.model_file


def notes(result: Result, track: Track) -> list[str]:
    """Return what a reader of the figures has to know, as sentences."""
    file = _typed_track(result) if result.track_file else ""
    about = [f"Data {result.data.name}: {result.data.note}."] if result.data.note else []
    about += [f"{file} is this track's own file, which the commands take; it isn't shipped."] if file else []
    about += [*result_tables.formulas(track), *track.notes] if result.scores else []
    about += [f"Model: {note}." for note in result.model.notes] if result.model else []
    timed = result_tables.runtime_words(result.profile) if result.profile and not result.profile.failed else ""
    about += [f"Model and baseline were timed in {timed}."] if timed else []
    return about + (result.profile.notes if result.profile else [])


def environment(result: Result) -> list[tuple[str, str]]:
    """Return versions, processor, date, and the settings of a timed process."""
    rows = [(name.replace("_", " "), str(value)) for name, value in result.environment.raw.items()]
    if result.profile:
        rows.append(("threads of a timed run", str(result.profile.threads)))
        variables = [f"{name}={value}" for name, value in result.profile.environment_variables.items()]
        rows += [("variables of a timed run", " ".join(variables))] if variables else []
    return rows


def commands(run: RunFolder) -> list[str]:
    """Return what to type to make the run again."""
    result = run.result
    shared = _shared(run)
    more = [f"--limit {result.metrics.limit}"] if result.metrics and result.metrics.limit else []
    more += [] if result.profile else ["--no-profile"]
    more += ["--export"] if result.precisions else []
    adapted = _adapted(run.model)
    lines = [" ".join(["aic run", *shared, *adapted, *more])]
    conditions = _conditions(result, run.track)
    if conditions:
        lines.append(" ".join(["aic profile", *shared, *adapted, *conditions]))
    if not run.tables["growth"].empty:
        given = [word.removeprefix("--").partition(" ") for word in shared]
        parameters = " ".join(f"-p {name} {value}" for name, _, value in given)
        parameters += f" -y {shlex.quote(json.dumps({'adapt': run.model.adapt}))}" if run.model.adapt else ""
        lines.append(f"papermill notebooks/03_profile.ipynb 03_profile.ipynb {parameters} -p growth True")
    return lines


def _shared(run: RunFolder) -> list[str]:
    """Return the options that all commands on the run take, each with its value, as a shell reads them."""
    result, model = run.result, run.model
    options = {"track": _typed_track(result), "model": model.source or model.name}
    options |= {"checkpoint": model.checkpoint} if model.checkpoint else {}
    options |= {"data": result.data.name} if result.data.name != "sample" else {}
    options |= {"out": short_path(run.folder)}
    return [f"--{name} {shlex.quote(value)}" for name, value in options.items()]


def _typed_track(result: Result) -> str:
    """Return what --track takes: the name of a shipped track, or that of a file of one's own."""
    return f"{result.track}.toml" if result.track_file else result.track


def _adapted(model: Model) -> list[str]:
    """Return the options that say what the network takes and gives."""
    said = {name: value for name, value in model.adapt.items() if name not in ("set", "args")}.items()
    values = model.adapt.get("set", {}).items()
    set_to = [f"--set {shlex.quote(f'{name}={json.dumps(value)}')}" for name, value in values]
    args = args_words(model.adapt.get("args", {}))
    set_to += [f"--args {shlex.quote(args)}"] if args else []
    return [*(f"--{name} {shlex.quote(str(value))}" for name, value in said), *set_to]


def _conditions(result: Result, track: Track) -> list[str]:
    """Return the options of a profile under other conditions than those of `aic run`."""
    profile, cores = result.profile, result.environment.cores
    if not profile:
        return []
    size = [] if quantities.is_at_size(track, profile) else [f"--size {profile.width_px}x{profile.height_px}"]
    threads = [f"--threads {profile.threads}"] if cores and profile.threads != cores else []
    return size + threads + ([f"--device {profile.device}"] if profile.device != "cpu" else [])


def short_path(folder: Path) -> str:
    """Return a path as one would type it here, or where runs are made."""
    bases = [base for base in (Path.cwd(), workbench()) if folder.is_relative_to(base)]
    return str(folder.relative_to(bases[0])) if bases else str(folder)
