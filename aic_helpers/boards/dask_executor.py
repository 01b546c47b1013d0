"""The executor of a board on a Dask cluster: the same units of work, on machines that needn't share a disk.

Models are converted here; what travels is `model.pb` and the validation images, once to each worker. Times are taken
only by workers that declare the resource ``profiling``, one unit at a time on each.
"""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aic_helpers.boards.executors import WorkerError
from aic_helpers.core import installation, isolation, machine
from aic_helpers.core.errors import InputError
from aic_helpers.core.progress_types import Progress
from aic_helpers.profiling.network_pairs import conditions_of
from aic_helpers.profiling.profiler import Profile
from aic_helpers.profiling.timing import Limits
from aic_helpers.runs import cache_keys, results, schema, steps
from aic_helpers.runs.run_settings import Settings

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_TIMEOUT_S = 10

MOST_KEPT = 256
"""Models and images that the cluster keeps; the least lately used make room, or a long board would fill its memory."""

LOST_WORKERS = 3
"""A unit that as many workers died with is given up."""

PROFILING = {"profiling": 1}

SILENT = 50
"""Level of Dask's own words on stderr: nothing below CRITICAL."""

START = "start one there with: dask worker ADDRESS --resources profiling=1"


@contextmanager
def executor(scheduler: str | None, workers: int | None) -> Iterator[DaskExecutor]:
    """Give the executor of the cluster at an address, or of one of so many processes that is started here.

    Raises
    ------
    InputError
        Dask isn't installed, no scheduler answers within ten seconds, it has no workers, they have other versions, or
        the scheduler is gone before the end.
    """
    with installation.needed("cluster"):
        import distributed
    if scheduler is not None:
        with _connected(scheduler, distributed) as client:
            yield DaskExecutor(client)
        return
    if workers is None or workers < 1:
        raise InputError("1 or more workers", str(workers), "change --workers")
    with _processes_here(workers, distributed) as cluster, distributed.Client(cluster) as client:
        client.wait_for_workers(workers)
        yield DaskExecutor(client)


@contextmanager
def _connected(address: str, distributed: Any) -> Iterator[Client]:
    logging.getLogger("distributed.client").setLevel(SILENT)  # that the scheduler is gone is told below
    try:
        _hear(address, distributed)
        client = distributed.Client(address, timeout=CONNECT_TIMEOUT_S)
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split()) or "no answer"
        expected = f"a Dask scheduler at {address} that answers within {CONNECT_TIMEOUT_S} s"
        raise InputError(expected, reason[:200], "check the address, and that it is running") from None
    try:
        with client:
            yield client
    except distributed.comm.CommClosedError:
        remedy = "start it, and call again: what is recorded stays"
        raise InputError(f"the Dask scheduler at {address} until the end", "it is gone", remedy) from None


def _hear(address: str, distributed: Any) -> None:
    """Wait until a scheduler says something: Dask's own timeout doesn't hold where one accepts and stays silent."""
    scheme, place = distributed.comm.parse_address(address)
    if scheme != "tcp":
        return
    host, port = distributed.comm.parse_host_port(place)
    with socket.create_connection((host, port), CONNECT_TIMEOUT_S) as connection:
        connection.recv(1)  # both sides of a connection begin with who they are


def _processes_here(workers: int, distributed: Any) -> Any:
    """Return a cluster on this machine; the first of its workers is the one that takes times."""
    import dask

    # A worker that dies of a unit counts against the unit; the scheduler gives up when more than these have died.
    dask.config.set({"distributed.scheduler.allowed-failures": LOST_WORKERS - 1})
    shared = {"nthreads": 1, "dashboard": False, "silence_logs": SILENT}
    options = [{**shared, "resources": PROFILING if number == 0 else {}} for number in range(workers)]
    return distributed.SpecCluster(
        scheduler={
            "cls": distributed.Scheduler,
            "options": {"host": "127.0.0.1", "port": 0, "dashboard": False, "dashboard_address": "127.0.0.1:0"},
        },
        workers={number: {"cls": distributed.Nanny, "options": each} for number, each in enumerate(options)},
        silence_logs=SILENT,
    )


class DaskExecutor:
    """See `aic_helpers.boards.executors.Executor`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._travelled: OrderedDict[str, Future] = OrderedDict()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        here = _checked(client)
        self.side_by_side = 2 * sum(worker["nthreads"] for worker in here)
        self.timed_at_once = sum(int(worker["resources"].get("profiling", 0) > 0) for worker in here)

    def evaluate(self, settings: Settings, progress: Progress) -> None:
        """See `Executor`."""
        import pandas as pd

        from aic_helpers.boards import dask_tasks

        result = results.read(settings.folder)
        key = cache_keys.metrics_key(settings, result.model_sha256)
        if cache_keys.stale(result, settings.folder, "metrics", key) is None:
            return
        count = len(settings.dataset.pairs[: settings.limit])
        progress(0, count, "images")
        packed = dask_tasks.pack(settings.dataset, settings.limit)
        found = self._do(dask_tasks.assess, [_model(settings), packed], _told(settings))
        for name, content in found["pictures"].items():
            (settings.folder / name).write_bytes(content)
        images = pd.DataFrame(found["rows"])
        images.attrs["runtime"] = found["runtime"]
        steps.record_metrics(settings, images, key)
        progress(count, count, "images")

    def profile(self, settings: Settings, limits: Limits, progress: Progress) -> None:
        """See `Executor`."""
        import pandas as pd

        from aic_helpers.boards import dask_tasks

        result = results.read(settings.folder)
        key = self.profile_key(settings, limits, result)
        if cache_keys.stale(result, settings.folder, "profile", key) is None:
            return
        conditions = conditions_of(settings.track)
        steps.require_size(settings, result, conditions)
        progress(0, None, "profiling on the cluster")
        baseline = steps.baseline_file(settings, conditions)
        blobs = [settings.timed_file.read_bytes(), _photo(settings), baseline.read_bytes()]
        found = self._do(dask_tasks.profile, blobs, _told(settings), limits, resources=PROFILING)
        measured = Profile(found["result"], pd.DataFrame(found["samples"]))
        now = result.model_copy(update={"profile": schema.Profile.model_validate(measured.result)})
        steps.record_profile(settings, measured, self.profile_key(settings, limits, now))

    def check(self, settings: Settings, weighed: bool) -> None:
        """See `Executor`."""
        from aic_helpers.boards import dask_tasks

        result = results.read(settings.folder)
        key = cache_keys.requirements_key(settings, result, weighed=weighed)
        if cache_keys.stale(result, settings.folder, "requirements", key) is None:
            return
        parts = {"conversion": result.raw["model"], **{name: result.raw[name] for name in ("profile", "metrics")}}
        # Where times are taken this runs on the same workers, so that it isn't what disturbs them.
        apart = PROFILING if result.profile else None
        blobs = [_model(settings), _photo(settings), settings.timed_file.read_bytes()]
        rules = self._do(dask_tasks.check, blobs, _told(settings), parts, weighed, resources=apart)
        results.write_part(settings, "requirements", rules, key)

    def profile_key(self, settings: Settings, limits: Limits, result: schema.Result) -> cache_keys.Key:
        """See `Executor`. A profile holds whichever machine of the cluster made it, and how it is set up."""
        made = result.profile
        where = (made and made.machine) or {"cpu": "a worker's"}
        key = cache_keys.profile_key(settings, result.model_sha256, conditions_of(settings.track), limits, where)
        shared = {name: value for name, value in key.items() if name not in machine.SETTINGS}
        return shared | {"threads": made and made.threads}

    def stop(self) -> None:
        """See `Executor`."""
        self._stopped.set()
        if self._client.status == "running":
            self._client.cancel(list(self._travelled.values()), force=True)

    def _do(
        self, function: Callable[..., Any], blobs: list[bytes], *arguments: Any, resources: dict[str, int] | None = None
    ) -> Any:
        """Return what a function finds on a worker; images lost with the workers that had them are sent again."""
        from distributed.comm import CommClosedError
        from distributed.scheduler import KilledWorker

        for _ in range(LOST_WORKERS):
            try:
                sent = [self._sent(blob) for blob in blobs]
                future = self._client.submit(function, *sent, *arguments, pure=False, resources=resources)
                return self._result(future)
            except KilledWorker:
                raise WorkerError(f"{LOST_WORKERS} workers died with it") from None
            except CancelledError:
                if self._stopped.is_set():
                    raise KeyboardInterrupt from None
                if self._client.status != "running":
                    raise CommClosedError("the scheduler is gone") from None
        raise WorkerError(f"its images or its model were lost with their workers {LOST_WORKERS} times")

    def _result(self, future: Future) -> Any:
        """Wait for a result in short turns, so that a stop is heard."""
        while True:
            try:
                return future.result(timeout=0.5)
            except TimeoutError:
                if self._stopped.is_set():
                    future.cancel()
                    raise KeyboardInterrupt from None

    def _sent(self, content: bytes) -> Future:
        """Return the place of some bytes in the cluster, whereto they are sent once."""
        name = f"aic-{hashlib.sha256(content).hexdigest()}"
        with self._lock:
            if name not in self._travelled or self._travelled[name].status != "finished":
                self._travelled[name] = self._client.scatter({name: content})[name]
            self._travelled.move_to_end(name)
            while len(self._travelled) > MOST_KEPT:
                self._travelled.popitem(last=False)
            return self._travelled[name]


def _checked(client: Client) -> list[dict[str, Any]]:
    """Return the workers, having seen that they are there and have the versions of this machine."""
    from aic_helpers.boards import dask_tasks

    workers = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        raise InputError("workers on the cluster", "none", START)
    ours = dask_tasks.identity()
    for address, found in _identities(client).items():
        other = [f"{name} {found.get(name)} (here {value})" for name, value in ours.items() if found.get(name) != value]
        if other:
            remedy = "install the same versions there"
            raise InputError("workers with the versions of this machine", f"{address} with {', '.join(other)}", remedy)
    wanted = isolation.active()
    client.register_plugin(dask_tasks.WithForkServer(wanted))
    if set(client.run(dask_tasks.is_confined).values()) != {wanted}:
        remedy = "end the other boards on this cluster first"
        raise InputError(f"workers whose children are {'' if wanted else 'not '}confined", "others", remedy)
    return list(workers.values())


def _identities(client: Client) -> dict[str, dict[str, str]]:
    """Return by address what each worker says of its workbench and its versions."""
    from aic_helpers.boards import dask_tasks

    try:
        return client.run(dask_tasks.identity)
    except Exception as error:  # of a worker's own error the scheduler hands on no more than the text
        if "ModuleNotFoundError" not in repr(error):
            raise
        found = f"one without it, or with another ({error})"
        raise InputError("this workbench on every worker", found, "install the same version there") from None


def _told(settings: Settings) -> tuple[str, dict[str, Any]]:
    """Return the track as a worker makes it again: it need not have the file."""
    return settings.track.name, settings.track.content


def _model(settings: Settings) -> bytes:
    return settings.model_file.read_bytes()


def _photo(settings: Settings) -> bytes:
    """Return the file of the photo that times are taken on; nothing where the data has none."""
    return settings.dataset.hd[0].read_bytes() if settings.dataset.hd else b""
