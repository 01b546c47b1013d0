"""Measure a network on a device: baseline and network in turn, then without a pause, and its output on one photo."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.phone import device_results, output_checks
from aic_helpers.phone.benchmark_logs import Benched, NoTimes
from aic_helpers.phone.benchmark_programs import Job, Program
from aic_helpers.phone.delegates import WORDS, Delegated
from aic_helpers.phone.device_results import DeviceResult, OutputCheck, Point, Role, Sample
from aic_helpers.phone.devices import Device, DeviceGone
from aic_helpers.processes.workers import ChildError
from aic_helpers.runtimes.model_workers import ModelFailure

BENCH_TIMEOUT_S = 900.0
"""For one call of the program that takes times."""

ROUND_S = 20.0
"""For the timed runs of one network in a round: a slow one has fewer of them than the plan, and one at the least."""

STRETCH_S = 10.0
"""How long a stretch of the sustained run is; between two the program starts anew, and the readings are taken."""

NO_OUTPUT = "The output on a photo couldn't be compared with this machine's:"

ROLES: tuple[Role, Role] = ("baseline", "model")


@dataclass(frozen=True)
class Bench:
    """What a measurement works with.

    Attributes
    ----------
    device : Device
    program : Program
    places : dict of str to str
        Paths on the device of the ``model`` and, if there is one, of the ``baseline``.
    progress : callable
    clock : callable
        Seconds; for tests.
    """

    device: Device
    program: Program
    places: dict[Role, str]
    progress: Progress
    clock: Callable[[], float] = lambda: time.monotonic()


class Measurement:
    """One network's measurement on a device, kept in a file after each step.

    Parameters
    ----------
    bench : Bench
    begun : DeviceResult
        Without figures, or with those of an earlier call that ended in the middle.
    file : Path
        Written after each round, and at the end.

    Attributes
    ----------
    result : DeviceResult
        What there is by now.
    """

    def __init__(self, bench: Bench, begun: DeviceResult, file: Path) -> None:
        self._bench, self._file = bench, file
        self.result = replace(begun, sustained=[], stopped=None)

    def run(self, network: Path, photo: Path) -> DeviceResult:
        """Do what is still to do, and return the whole result.

        Parameters
        ----------
        network : Path
            The model's file here.
        photo : Path
            On which the outputs are compared.

        Raises
        ------
        InputError
            The device went away, and what was measured is kept; or the network doesn't run there.
        """
        try:
            self._everything(network, photo)
        except DeviceGone:
            raise self._gone() from None
        except KeyboardInterrupt:
            self._keep("stopped by hand")
            raise
        device_results.write(self._file, self.result)
        return self.result

    def _everything(self, network: Path, photo: Path) -> None:
        image = output_checks.photo_for(self.result.model, photo)  # one that can't be read is told before the long work
        self._now(before=self.result.before or self._bench.device.readings())
        self._now(notes=[*dict.fromkeys([*self.result.notes, *self._bench.device.notes])])
        self._rounds()
        self._sustained()
        self._now(after=self._bench.device.readings())
        self._bench.progress(0, None, "output on a photo")
        try:
            self._now(output=self._output_check(network, image, photo))
        except (ModelFailure, ChildError, _NoOutputError) as error:  # no reason to lose the times
            self._now(notes=[*self.result.notes, f"{NO_OUTPUT} {error}."])

    def _now(self, **more: Any) -> None:
        self.result = replace(self.result, **more)

    def _rounds(self) -> None:
        """Time baseline and network in turn, A B B A A B ..., so that a device that gets warm slows both."""
        rounds, begins_with = self.result.plan.rounds, self.result.whole_rounds
        roles = [role for role in ROLES if role in self._bench.places]
        runs = {role: self._fitting(role) for role in roles if begins_with < rounds}
        started_s = self._bench.clock()
        for number in range(begins_with, rounds):
            self._bench.progress(number, rounds, "round")
            for role in roles if number % 2 == 0 else roles[::-1]:
                start_s = self._bench.clock() - started_s
                benched = self._benched(role, runs[role], min(runs[role], self.result.plan.warm_ups))
                self._add(Sample(number, role, start_s, benched.times), benched.delegated)
            self._keep("it ended in the middle")

    def _fitting(self, role: Role) -> int:
        """Warm a network up by one run, and return how many fit into a round."""
        self._bench.progress(0, None, f"warms up the {role}")
        time_ms = self._benched(role, 1, 0).times.time_ms
        return max(1, min(self.result.plan.runs, int(1000 * ROUND_S / max(time_ms, 1e-3))))

    def _add(self, sample: Sample, ran: Delegated) -> None:
        """Add a sample, and a note where something else ran than before."""
        before = self.result.delegated.get(sample.role, ran)
        if ran.ran != before.ran:
            changed = f"What ran the {sample.role} changed in round {sample.round + 1}: {ran.words}."
            self._now(notes=[*self.result.notes, changed])
        delegated = {**self.result.delegated, sample.role: before}
        self._now(samples=[*self.result.samples, sample], delegated=delegated)

    def _sustained(self) -> None:
        """Run the network without a pause for so many minutes, in stretches."""
        until_s, started_s = 60 * self.result.plan.minutes, self._bench.clock()
        time_ms = self.result.times_ms("model")[-1]
        while (start_s := self._bench.clock() - started_s) < until_s:
            self._bench.progress(round(start_s), round(until_s), "s without a pause")
            runs = max(1, math.ceil(1000 * min(STRETCH_S, until_s - start_s) / max(time_ms, 1e-3)))
            time_ms = self._benched("model", runs, 0).times.mean_ms
            point = Point(start_s, self._bench.clock() - started_s, time_ms, self._bench.device.readings())
            self._now(sustained=[*self.result.sustained, point])
            self._keep("it ended in the middle")

    def _benched(self, role: Role, runs: int, warm_ups: int) -> Benched:
        """Return what one call of the program told."""
        bench, plan = self._bench, self.result.plan
        job = Job(bench.places[role], runs, warm_ups, plan.threads, plan.delegate)
        ran = bench.device.run(bench.program.call(job), timeout_s=BENCH_TIMEOUT_S)
        try:
            return bench.program.read(ran.text, plan.delegate)
        except NoTimes as error:
            expected = f"times of the {role} on {self.result.device.name} by {bench.program.name}"
            remedy = f"see whether {WORDS[plan.delegate]} takes it there, or name another --delegate"
            raise InputError(expected, f"status {ran.status} and no times ({error})", remedy) from None

    def _output_check(self, path: Path, image: NDArray[np.float32], photo: Path) -> OutputCheck:
        bench, plan, network = self._bench, self.result.plan, self.result.model
        job = Job(bench.places["model"], 1, 0, plan.threads, plan.delegate)
        content = bench.program.output(bench.device, job, network, network.given(image))
        if content is None:
            raise _NoOutputError(f"{bench.program.name} wrote none")
        there = network.taken(content)
        if there is None:
            raise _NoOutputError(f"{bench.program.name} wrote {len(content)} bytes of another length")
        here, runtime = output_checks.output_here(path, image)
        return output_checks.compare(there, here, photo, runtime)

    def _keep(self, why: str) -> None:
        """Write what there is, as incomplete, so that however this ends the next call can go on with it."""
        whole = self.result.whole_rounds
        if whole:
            samples = [sample for sample in self.result.samples if sample.round < whole]
            kept = replace(self.result, samples=samples, stopped=f"{why} after {self._done()}")
            device_results.write(self._file, kept)

    def _done(self) -> str:
        rounds = f"{self.result.whole_rounds} of {self.result.plan.rounds} rounds"
        sustained = [f"{point.end_s:.0f} s without a pause" for point in self.result.sustained[-1:]]
        return " and ".join([rounds, *sustained])

    def _gone(self) -> InputError:
        self._keep("the device went away")
        kept = "what was measured is kept" if self.result.whole_rounds else "nothing was measured yet"
        remedy = f"{kept}; plug it in, and the same command goes on from there"
        return InputError(
            f"{self.result.device.name} to stay until the end", f"it went away after {self._done()}", remedy
        )


class _NoOutputError(Exception):
    """The program wrote no file, or one of another length."""
