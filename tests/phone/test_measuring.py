"""A measurement on a made-up device with a clock of its own: order, rounds, the sustained run, and how it ends."""

from dataclasses import replace

import numpy as np
import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.data import images
from aic_helpers.phone import device_results, measuring, network_files, output_checks
from aic_helpers.phone.benchmark_logs import Benched, NoTimes, Times
from aic_helpers.phone.delegates import Delegated
from aic_helpers.phone.device_results import DeviceResult, Plan, UsedProgram
from aic_helpers.phone.devices import DeviceGone, Facts, Ran
from aic_helpers.phone.measuring import Bench, Measurement
from aic_helpers.phone.readings import Readings
from aic_helpers.processes.workers import ChildError

PLAN = Plan("gpu", 4, 3, 5, 2, 0.0)
FACTS = Facts("phone", "Made up", "None", "14", None, None, "id")


class MadeUp:
    """A device and its program in one: a run takes 10 ms, the baseline's 20, and all by a clock that runs meanwhile."""

    name, version, sha256 = "made up", None, None
    notes = ("It was busy.",)
    facts = FACTS

    def __init__(self, *, leaves_after=None, stops_after=None, slower_by=0.0, falls_back_in=None, gives=b""):
        self.now_s, self.jobs, self.given = 0.0, [], None
        self._leaves_after, self._stops_after = leaves_after, stops_after
        self._slower_by, self._falls_back_in, self._gives = slower_by, falls_back_in, gives

    def call(self, job):
        self.jobs.append(job)
        return []

    def run(self, arguments, *, timeout_s):
        if len(self.jobs) == self._leaves_after:
            raise DeviceGone
        if len(self.jobs) == self._stops_after:
            raise KeyboardInterrupt
        return Ran(0, "")

    def read(self, text, asked):
        job = self.jobs[-1]
        time_ms = (20 if job.graph == "there/baseline" else 10) * (1 + self._slower_by * self.now_s)
        self.now_s += time_ms * (job.runs + job.warm_ups) / 1000
        share = "none" if len(self.jobs) == self._falls_back_in else "whole"
        return Benched(Times(job.runs, time_ms, time_ms, time_ms, time_ms, None, None), Delegated(asked, share))

    def readings(self):
        return Readings({"CPU": 30 + self.now_s})

    def output(self, device, job, network, given):
        if isinstance(self._gives, Exception):
            raise self._gives
        self.given = given
        return self._gives


@pytest.fixture
def measure(networks, tmp_path, monkeypatch):
    """Measure the small network on a made-up device; returns the result."""
    path, network = network_files.read(str(networks[0]), "a network")
    baseline = network_files.read(str(networks[1]), "a baseline")[1]
    photo = images.write_png(tmp_path / "photo.png", np.full((16, 24, 3), 51, np.uint8))
    monkeypatch.setattr(
        output_checks, "output_here", lambda path, image: (np.zeros((1, 16, 24, 3), np.float32), "litert")
    )

    def call(made_up, plan=PLAN, *, beside=True, begun=None):
        program = UsedProgram("made up", None, None)
        wanted = DeviceResult(FACTS, program, network, baseline if beside else None, plan)
        places = {"model": "there/model"} | ({"baseline": "there/baseline"} if beside else {})
        bench = Bench(made_up, made_up, places, lambda *_: None, lambda: made_up.now_s)
        return Measurement(bench, begun or wanted, tmp_path / "out.json").run(path, photo)

    return call


def test_baseline_and_network_take_turns(measure):
    made_up = MadeUp()
    result = measure(made_up)
    assert "".join(job.graph[6] for job in made_up.jobs) == "bm" + "bmmbbm"  # each once, to warm up
    jobs = [(job.runs, job.warm_ups, job.threads, job.delegate) for job in made_up.jobs]
    assert jobs == [(1, 0, 4, "gpu")] * 2 + [(5, 2, 4, "gpu")] * 6
    assert result.figures()["speedup"] == 2
    assert [sample.start_s for sample in result.samples] == pytest.approx([0, 0.14, 0.21, 0.28, 0.42, 0.56])


def test_a_slow_network_has_fewer_runs_in_a_round(measure, monkeypatch):
    monkeypatch.setattr(measuring, "ROUND_S", 0.025)
    made_up = MadeUp()
    measure(made_up)
    assert {(job.graph[6], job.runs, job.warm_ups) for job in made_up.jobs[2:]} == {("b", 1, 1), ("m", 2, 2)}


def test_a_device_that_drifts_slows_both(measure):
    result = measure(MadeUp(slower_by=0.5), replace(PLAN, rounds=8))
    assert result.times_ms("model")[-1] > 1.5 * result.times_ms("model")[0]
    assert result.figures()["speedup"] == pytest.approx(2, rel=0.03)


def test_readings_before_and_after(measure):
    result = measure(MadeUp())
    assert (result.before.temperatures_c["CPU"], result.after.temperatures_c["CPU"]) == (30, pytest.approx(30.66))


def test_without_a_baseline(measure):
    made_up = MadeUp()
    result = measure(made_up, beside=False)
    assert {job.graph for job in made_up.jobs} == {"there/model"}
    assert result.figures()["speedup"] is None


def test_a_sustained_run_is_in_stretches_of_ten_seconds_until_its_end(measure):
    made_up = MadeUp(slower_by=0.02)
    result = measure(made_up, replace(PLAN, minutes=0.5))
    stretches = made_up.jobs[8:]
    assert 980 < stretches[0].runs < 1000  # at some 10.1 ms each
    assert {job.warm_ups for job in stretches} == {0}
    assert 30 <= result.sustained[-1].end_s < 41
    assert result.sustained[-1].start_s < 30
    assert result.figures()["slowdown"] > 1.2
    assert (result.figures()["throttled"], len(result.figures()["throttled_because"])) == (None, 1)
    assert result.sustained[-1].readings.temperatures_c["CPU"] > result.sustained[0].readings.temperatures_c["CPU"]


def test_a_device_that_goes_away_leaves_what_was_measured(measure, tmp_path):
    line = (
        "expected Made up to stay until the end, found it went away after 2 of 3 rounds: what was measured is kept; "
        "plug it in, and the same command goes on from there"
    )
    with pytest.raises(InputError, match=f"^{line}$"):
        measure(MadeUp(leaves_after=8))
    kept = device_results.read(tmp_path / "out.json")
    assert kept.stopped == "the device went away after 2 of 3 rounds"
    assert (kept.whole_rounds, kept.figures()["speedup"]) == (2, 2)


def test_the_next_call_goes_on_from_there(measure, tmp_path):
    with pytest.raises(InputError):
        measure(MadeUp(leaves_after=8))
    made_up = MadeUp()
    result = measure(made_up, begun=device_results.read(tmp_path / "out.json"))
    assert "".join(job.graph[6] for job in made_up.jobs) == "bm" + "bm"
    assert [sample.round for sample in result.samples] == [0, 0, 1, 1, 2, 2]
    assert (result.stopped, device_results.read(tmp_path / "out.json").stopped) == (None, None)


def test_one_that_goes_away_at_once_leaves_nothing(measure, tmp_path):
    with pytest.raises(InputError, match="went away after 0 of 3 rounds: nothing was measured yet; plug it in"):
        measure(MadeUp(leaves_after=1))
    assert not (tmp_path / "out.json").exists()


def test_one_that_goes_away_in_the_sustained_run(measure, tmp_path):
    with pytest.raises(InputError, match="went away after 3 of 3 rounds and 10 s without a pause"):
        measure(MadeUp(leaves_after=10), replace(PLAN, minutes=1.0))
    kept = device_results.read(tmp_path / "out.json")
    assert len(kept.sustained) == 1
    made_up = MadeUp()
    result = measure(made_up, replace(PLAN, minutes=1.0), begun=kept)
    assert len(made_up.jobs) == len(result.sustained) == 6  # the rounds are there, the sustained run begins anew


def test_stopped_by_hand(measure, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        measure(MadeUp(stops_after=6))
    assert device_results.read(tmp_path / "out.json").stopped == "stopped by hand after 1 of 3 rounds"


def test_what_a_killed_call_leaves_is_marked_as_unfinished(measure, tmp_path, monkeypatch):
    def killed(*_):
        raise SystemExit

    monkeypatch.setattr(Measurement, "_sustained", killed)
    with pytest.raises(SystemExit):
        measure(MadeUp())
    assert device_results.read(tmp_path / "out.json").stopped == "it ended in the middle after 3 of 3 rounds"


def test_something_else_ran_from_some_round_on(measure):
    """What ran at first is kept as such, and a note says what changed."""
    result = measure(MadeUp(falls_back_in=8))
    assert result.delegated["model"].ran == "whole"
    assert result.notes[1] == "What ran the model changed in round 3: the CPU: GPU took nothing of the network."


def test_a_network_that_does_not_run_there(measure, monkeypatch):
    def no_times(text, asked):
        raise NoTimes("Failed to apply GPU delegate.")

    made_up = MadeUp()
    made_up.read = no_times
    line = (
        "expected times of the baseline on Made up by made up, found status 0 and no times (Failed to apply GPU "
        "delegate.): see whether GPU takes it there, or name another --delegate"
    )
    with pytest.raises(InputError) as raised:
        measure(made_up)
    assert str(raised.value) == line


def test_outputs_are_compared_on_the_photo(measure):
    made_up = MadeUp(gives=bytes(1152))
    result = measure(made_up)
    assert made_up.given.shape == (1, 16, 24, 3)
    assert set(made_up.given.ravel()) == {51}
    zero_point = result.model.output.scale[1]
    assert result.output.largest_difference == pytest.approx(zero_point * result.model.output.scale[0])
    assert (result.output.photo, result.output.runtime) == ("photo.png", "litert")


@pytest.mark.parametrize(
    ("gives", "words"),
    [
        (None, "made up wrote none."),
        (b"short", "made up wrote 5 bytes of another length."),
        (ChildError("it died of SIGSEGV", "signal"), "it died of SIGSEGV."),
    ],
)
def test_an_output_that_can_not_be_compared_costs_no_times(measure, tmp_path, gives, words):
    result = measure(MadeUp(gives=gives))
    assert result.output is None
    assert result.notes == ["It was busy.", f"{measuring.NO_OUTPUT} {words}"]
    assert device_results.read(tmp_path / "out.json").figures()["speedup"] == 2


def test_a_photo_that_can_not_be_read_is_told_before_the_work(measure, networks, tmp_path):
    made_up = MadeUp()
    path, network = network_files.read(str(networks[0]), "a network")
    wanted = DeviceResult(FACTS, UsedProgram("made up", None, None), network, None, PLAN)
    bench = Bench(made_up, made_up, {"model": "there/model"}, lambda *_: None)
    with pytest.raises(InputError, match="nothing"):
        Measurement(bench, wanted, tmp_path / "out.json").run(path, tmp_path / "none.png")
    assert made_up.jobs == []
