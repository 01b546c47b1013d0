"""Boards on a Dask cluster of two real worker processes: the same table, also where a worker is lost midway."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import CancelledError
from multiprocessing import resource_tracker
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import distributed
import pytest
from fixtures import small_boards
from fixtures.pirm2018 import ENHANCEMENT

from aic_helpers.boards import dask_executor, dask_tasks, executors, scheduling
from aic_helpers.core.errors import InputError
from aic_helpers.data.datasets import open_dataset
from aic_helpers.models.adapters import Adapters
from aic_helpers.processes import confinement, fork_server
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import results

pytestmark = [
    pytest.mark.tensorflow,
    # Of Dask's own making, when its processes end.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def executor() -> Iterator[dask_executor.DaskExecutor]:
    """Two worker processes here; the first takes times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(fork_server.VARIABLE, raising=False)  # each worker starts its own, as on another machine
        with dask_executor.executor(None, 2) as executor:
            yield executor
    # Python's own helper of spawned processes would outlive them, and other tests look for children left behind.
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board that this machine has run; the folder with board.toml and out."""
    folder = tmp_path_factory.mktemp("board")
    scheduling.run(small_boards.spec(folder, good=4, bad=("always_nan",)), executors.LocalExecutor(2))
    return folder


def test_a_cluster_with_a_worker_killed_midway_gives_the_same_table(
    executor: dask_executor.DaskExecutor, here: Path
) -> None:
    pids = list(executor._client.run(os.getpid).values())
    assert len(pids) == 2

    def kill_one(unit: str, done: int, total: int | None, words: str) -> None:
        if unit and total == 0 and pids:
            os.kill(pids.pop(), signal.SIGKILL)
            pids.clear()

    spec = small_boards.read_spec(here / "board.toml", here / "cluster")
    count = scheduling.run(spec, executor, progress=kill_one)
    assert (count["done"], count["failed"]) == (5, 0)
    assert small_boards.table(here / "cluster") == small_boards.table(here / "out")
    assert scheduling.run(spec, executor)["there"] == 5


def test_times_go_to_the_worker_that_declares_it_and_name_its_machine(
    executor: dask_executor.DaskExecutor, here: Path
) -> None:
    assert executor.timed_at_once == 1
    text = (here / "board.toml").read_text().replace("profile = false", "profile = true\ntime_budget_s = 10")
    (here / "timed.toml").write_text(text.replace("nets/*.pb", "nets/good_0.pb"))
    spec = small_boards.read_spec(here / "timed.toml", here / "timed")
    scheduling.run(spec, executor)
    result = results.read(here / "timed" / "enhancement" / "good_0")
    assert result.profile.machine["host"] == socket.gethostname()
    assert result.profile.speedup > 1
    assert result.requirements
    assert scheduling.run(spec, executor)["there"] == 1, "another worker's times hold as well"


def test_a_file_of_another_size_is_refused_before_anything_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = object.__new__(dask_executor.DaskExecutor)  # of no cluster
    result = SimpleNamespace(model=SimpleNamespace(fixed=SimpleNamespace(size=(24, 16))))
    monkeypatch.setattr(idle, "profile_key", lambda *_: {})
    monkeypatch.setattr(dask_executor.results, "read", lambda folder: result)
    monkeypatch.setattr(dask_executor.cache_keys, "stale", lambda *_: "nothing yet")
    settings: Any = SimpleNamespace(folder=Path(), track=ENHANCEMENT, source=SimpleNamespace(adapt=Adapters()))
    line = "^expected a file of 1280x720 with --fixed, the size that is timed, found one of 24x16: export it for that"
    with pytest.raises(InputError, match=line):
        idle.profile(settings, Limits(), lambda *_: None)


def test_a_unit_that_kills_its_workers_is_given_up(executor: dask_executor.DaskExecutor) -> None:
    with pytest.raises(executors.WorkerError, match="3 workers died with it"):
        executor._do(os._exit, [], 1)


def test_bytes_travel_once(executor: dask_executor.DaskExecutor) -> None:
    first = executor._sent(b"some bytes")
    assert executor._sent(b"some bytes") is first
    assert executor._sent(b"other bytes") is not first


def test_what_was_not_used_lately_makes_room(
    executor: dask_executor.DaskExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_executor, "MOST_KEPT", 2)
    images = executor._sent(b"images")
    for number in range(4):
        executor._sent(b"model %d" % number)
        assert executor._sent(b"images") is images
    assert len(executor._travelled) == 2


def test_a_packed_dataset_has_the_same_bytes_every_time(here: Path) -> None:
    dataset = open_dataset(here / "photos", ENHANCEMENT)
    packed = dask_tasks.pack(dataset, None)
    assert dask_tasks.pack(dataset, None) == packed
    assert len(dask_tasks.pack(dataset, 1)) < len(packed)


def test_workers_of_another_version_are_refused(
    executor: dask_executor.DaskExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = dask_tasks.identity()
    monkeypatch.setattr(executor._client, "run", lambda function: {"tcp://there": ours | {"tensorflow": "2.20.0"}})
    with pytest.raises(InputError) as error:
        dask_executor._checked(executor._client)
    expected = f"found tcp://there with tensorflow 2.20.0 (here {ours['tensorflow']}): install the same versions there"
    assert expected in str(error.value)


def test_a_worker_of_another_layout_is_refused(
    executor: dask_executor.DaskExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words are those of a worker from before the package had packages in it."""
    lacking = "No module named 'aic_helpers.boards.dask_tasks'; 'aic_helpers.boards' is not a package"

    def run(function: Any) -> None:
        raise Exception(f"ModuleNotFoundError({lacking!r})")  # as the scheduler does

    monkeypatch.setattr(executor._client, "run", run)
    with pytest.raises(InputError, match=r"this workbench on every worker, found one without it.*: install the same"):
        dask_executor._checked(executor._client)


def test_a_scheduler_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_executor, "CONNECT_TIMEOUT_S", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with (
            pytest.raises(
                InputError,
                match=rf"a Dask scheduler at {address} that answers within 1 s, found .*: check",
            ),
            dask_executor.executor(address, None),
        ):
            pass


def test_a_scheduler_without_workers() -> None:
    class Empty:
        def scheduler_info(self, **_: Any) -> dict[str, Any]:
            return {"workers": {}}

    with pytest.raises(InputError, match="expected workers on the cluster, found none: start one there with: dask"):
        dask_executor._checked(Empty())  # type: ignore[arg-type]


def test_a_scheduler_that_goes_away_is_told_and_no_models_failure(
    executor: dask_executor.DaskExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone:
        status = "closed"

        def submit(self, *_: Any, **__: Any) -> Any:
            raise CancelledError

    monkeypatch.setattr(executor, "_client", Gone())
    with (
        dask_executor._processes_here(0, distributed) as cluster,
        pytest.raises(InputError, match=r"the Dask scheduler at .* until the end, found it is gone: start it, and"),
        dask_executor._connected(cluster.scheduler_address, distributed),
    ):
        executor._do(len, [])


def test_no_workers_are_asked_for() -> None:
    with pytest.raises(InputError, match="expected 1 or more workers, found -1"), dask_executor.executor(None, -1):
        pass


def test_distributed_is_what_the_extra_brings() -> None:
    assert distributed.__name__ in (Path(__file__).parents[2] / "pyproject.toml").read_text()


def test_children_of_workers_are_confined_where_strangers_models_run(
    executor: dask_executor.DaskExecutor, tmp_path: Path
) -> None:
    assert set(executor._client.run(dask_tasks.is_confined).values()) == {False}
    spec = small_boards.spec(tmp_path, good=1)
    tmp_path.chmod(0o755)
    with confinement.confined([tmp_path]), dask_executor.executor(None, 1) as confined:
        assert set(confined._client.run(dask_tasks.is_confined).values()) == {True}
        assert scheduling.run(spec, confined)["failed"] == 0
    assert results.read(tmp_path / "out" / "enhancement" / "good_0").metrics.images == 3
