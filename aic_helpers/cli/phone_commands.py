"""The commands on phones: which there are, a network measured on one, and figures that others measured."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE, Commands
from aic_helpers.core.errors import InputError

if TYPE_CHECKING:
    from aic_helpers.core.progress_types import Progress
    from aic_helpers.phone.benchmark_programs import Program
    from aic_helpers.phone.device_results import DeviceResult, Plan, Role
    from aic_helpers.phone.devices import Device
    from aic_helpers.phone.measuring import Bench
    from aic_helpers.phone.network_files import NetworkFile

WARM_UPS = 3
"""Runs before those that are timed, in each round."""

log = logging.getLogger(__name__)

BASELINE = "A .tflite of one size, timed in turn with the network.  [default: that of --track; else none]"
TRACK = "A track, whose baseline in float32 is timed in turn with the network, at its size."
BENCHMARK = "Google's benchmark_model for the device.  [default: the fetched one; on this machine litert-benchmark]"
THREADS = "Of the CPU.  [default: 4; on this machine its cores]"
OUT = "Where the result goes.  [default: phones/ in the run folder, or beside the network]"


@click.group(cls=Commands)
def phone() -> None:
    """Measure networks on a real phone, over adb.

    \b
    Examples
      aic phone list
      aic phone run runs/super_resolution/fast_sr/litert/fast_sr_int8.tflite --track super_resolution
    """


@phone.command("list")
@options.json_option
def list_phones(as_json: bool) -> int:
    """List this machine and the phones that adb sees.

    \b
    Example
      aic phone list
    """
    from aic_helpers.core import machine
    from aic_helpers.core.safe_texts import shown
    from aic_helpers.phone import adb_calls
    from aic_helpers.reporting import text_tables

    phones = adb_calls.listed() if adb_calls.program() else []
    if as_json:
        told = [asdict(one) | {"remedy": "" if one.can_be_used else one.remedy} for one in phones]
        found = {"host": machine.cpu_name(), "adb": adb_calls.program(), "phones": told}
        click.echo(json.dumps(found, indent=2))
        return DONE
    rows = [("--device host", "this machine, not a phone", machine.cpu_name())]
    for one in phones:
        state = "can be used" if one.can_be_used else f"{shown(one.state)}: {one.remedy}"
        rows.append((f"--serial {shown(one.serial)}", shown(one.model, empty="a phone"), state))
    click.echo(text_tables.aligned(rows))
    if not adb_calls.program():
        click.echo("no phone: there is no adb on the PATH (Debian's package adb)")
    elif not phones:
        click.echo("no phone: plug one in, and switch USB debugging on")
    return DONE


@phone.command()
@click.argument("network", metavar="FILE.tflite")
@click.option("--baseline", default="", metavar="FILE.tflite", help=BASELINE)
@click.option("--track", default="", metavar="TRACK", help=TRACK)
@click.option("--device", type=click.Choice(["phone", "host"]), default="phone", show_default=True)
@click.option("--serial", default="", metavar="S", help="Which phone, where there are several.")
@click.option("--benchmark", default="", metavar="PATH", help=BENCHMARK)
@click.option("--delegate", type=click.Choice(["cpu", "gpu", "nnapi"]), default="cpu", show_default=True)
@click.option("--threads", type=int, metavar="N", help=THREADS)
@click.option("--rounds", type=int, default=6, show_default=True, metavar="N", help="Of baseline and network in turn.")
@click.option("--runs", type=int, default=20, show_default=True, metavar="N", help="Of each in a round, at the most.")
@click.option("--minutes", type=float, default=0.0, metavar="M", help="Then run it without a pause for so long.")
@click.option("--photo", default="", metavar="PHOTO", help="On which outputs are compared.  [default: a sample photo]")
@click.option("--out", default="", metavar="FILE.json", help=OUT)
@click.option("--fresh", is_flag=True, help="Begin anew where an earlier call ended in the middle.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def run(
    network: str,
    baseline: str,
    track: str,
    device: Literal["phone", "host"],
    serial: str,
    benchmark: str,
    delegate: Literal["cpu", "gpu", "nnapi"],
    threads: int | None,
    rounds: int,
    runs: int,
    minutes: float,
    photo: str,
    out: str,
    fresh: bool,
    as_json: bool,
) -> int:
    """Measure a network on a phone, or by the same way on this machine.

    The network, the baseline and Google's benchmark_model are brought to the phone, timed in turn there, and removed
    again. The result says what really ran them, how warm the phone got, and how far its output on a photo is from this
    machine's. Unplugged or stopped in the middle, the same command goes on from the last round.

    \b
    Examples
      aic phone run fast_sr_int8.tflite --track super_resolution --delegate gpu --minutes 5
      aic phone run fast_sr_int8.tflite --device host
    """
    from aic_helpers.core import machine, progress_bars
    from aic_helpers.phone import device_choices, output_checks
    from aic_helpers.phone.device_results import Plan
    from aic_helpers.phone.measuring import Measurement

    usual = machine.usable_cores() if device == "host" else 4
    plan = Plan(delegate, usual if threads is None else threads, rounds, runs, WARM_UPS, minutes)
    typed_file = options.json_file(out) if out else None
    networks = _networks(network, baseline, track)
    program_file = _program_file(device, benchmark)
    with device_choices.opened(device, serial) as opened, progress_bars.bar("step") as show:
        bench, wanted = _bench(opened, program_file, networks, plan, show)
        begun, file = _begun(wanted, networks["model"][0], typed_file, fresh)
        measurement = Measurement(bench, begun, file)
        result = measurement.run(networks["model"][0], Path(photo).expanduser() if photo else output_checks.PHOTO)
    _show(result, file, as_json)
    return DONE


def _networks(network: str, baseline: str, track: str) -> dict[Role, tuple[Path, NetworkFile]]:
    """Return the files that are to be measured, and what they say of themselves."""
    from aic_helpers.phone import network_files

    model = network_files.read(network, "a network")
    beside = _baseline(baseline, track, model[1])
    return {"model": model} if beside is None else {"model": model, "baseline": beside}


def _bench(
    device: Device,
    program_file: Path | None,
    networks: dict[Role, tuple[Path, NetworkFile]],
    plan: Plan,
    progress: Progress,
) -> tuple[Bench, DeviceResult]:
    """Bring everything to a device; return what a measurement works with, and a result without figures."""
    from aic_helpers.phone.device_results import DeviceResult, UsedProgram
    from aic_helpers.phone.measuring import Bench

    program = _program(device, program_file)
    places = {role: device.place(path, f"{role}.tflite") for role, (path, _) in networks.items()}
    used = UsedProgram(program.name, program.version, program.sha256)
    beside = networks["baseline"][1] if "baseline" in networks else None
    wanted = DeviceResult(device.facts, used, networks["model"][1], beside, plan)
    return Bench(device, program, places, progress), wanted


def _begun(wanted: DeviceResult, network: Path, typed: Path | None, fresh: bool) -> tuple[DeviceResult, Path]:
    """Return what there is by now, and the file that it stands in or will stand in."""
    from aic_helpers.phone import device_results

    file = typed or options.json_file(device_results.place(network, wanted))
    begun = (None if fresh else device_results.goes_on(file, wanted)) or wanted
    if begun.whole_rounds:
        log.info("goes on after the %d rounds that an earlier call measured", begun.whole_rounds)
    return begun, file


def _baseline(typed: str, track: str, model: NetworkFile) -> tuple[Path, NetworkFile] | None:
    """Return the baseline that was named, or that of a track at the network's size."""
    from aic_helpers.phone import network_files

    if typed and track:
        raise InputError("--baseline or --track", "both", "leave one of them out")
    if not track:
        return network_files.read(typed, "a baseline") if typed else None
    from aic_helpers.quantization import baselines
    from aic_helpers.tracks.catalogue import find_track

    found = find_track(track)
    _, height_px, width_px, _ = model.input.shape
    path, network = network_files.read(str(baselines.litert_baseline(found, (width_px, height_px))), "a baseline")
    return path, replace(network, file=f"the baseline of {found.name}")


def _program_file(device: str, benchmark: str) -> Path | None:
    """Return benchmark_model's file; None on this machine, where none is named."""
    from aic_helpers.phone import benchmark_programs

    return None if device == "host" and not benchmark else benchmark_programs.find(benchmark)


def _program(device: Device, file: Path | None) -> Program:
    """Return what takes the times on a device, brought there."""
    from aic_helpers.phone.benchmark_programs import BenchmarkModel, LitertBenchmark

    if file is None:
        return LitertBenchmark()
    return BenchmarkModel(file, device.place(file, "benchmark_model", runs=True))


def _show(result: DeviceResult, file: Path, as_json: bool) -> None:
    """Print a result; one with a sustained run has its curve beside it."""
    from aic_helpers.phone import device_plots, device_tables
    from aic_helpers.reporting import text_tables

    rows = [*device_tables.rows(result), ("result", text_tables.typed(file))]
    if result.sustained:
        curve = file.with_suffix(".png")
        device_plots.write(curve, result)
        rows.append(("curve", text_tables.typed(curve)))
    click.echo(file.read_text("utf-8") if as_json else text_tables.aligned(rows))


@phone.command("import")
@click.argument("file", metavar="FILE.json|FILE.csv")
@click.option("--device", default="", metavar="NAME", help="Of a profile of Qualcomm AI Hub, which doesn't name it.")
@click.option("--chip", default="", metavar="NAME", help="The same.")
@click.option("--model", default="", metavar="NAME", help="The same.")
@click.option("--out", required=True, metavar="FILE.json", help="Where the figures go.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def import_figures(file: str, device: str, chip: str, model: str, out: str, as_json: bool) -> int:
    """Bring in figures that others measured on phones, marked as theirs.

    A .json file is a profile of Qualcomm AI Hub, a .csv file a table of what AI Benchmark shows.

    \b
    Examples
      aic phone import profile.json --device "Samsung Galaxy S24" --model fast_sr_int8 --out s24.json
      aic phone import ai_benchmark.csv --out ai_benchmark.json
    """
    from aic_helpers.phone import others_figures
    from aic_helpers.reporting import text_tables

    place = options.json_file(out)
    if place.resolve() == Path(file).expanduser().resolve():
        raise InputError("--out with another file than the one that is read", out, "name another")
    result = others_figures.read(Path(file).expanduser(), device=device, chip=chip, model=model)
    others_figures.write(place, result)
    click.echo(json.dumps(asdict(result), indent=2) if as_json else text_tables.aligned(others_figures.rows(result)))
    return DONE


@phone.command()
@click.option("--from", "url", required=True, metavar="URL", help="Where Google's benchmark_model for Android is.")
@click.option("--sha256", required=True, metavar="CHECKSUM", help="Of the file; another content is not kept.")
def fetch(url: str, sha256: str) -> int:
    """Fetch Google's benchmark_model once, for aic phone run.

    \b
    Example
      aic phone fetch --from https://example.org/android_aarch64_benchmark_model --sha256 0123...
    """
    from aic_helpers.core.progress_bars import bar
    from aic_helpers.phone import benchmark_programs

    with bar("B") as show:
        place = benchmark_programs.fetch(url, sha256, show)
    click.echo(f"benchmark_model is at {place}")
    return DONE
