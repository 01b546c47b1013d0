"""The programs that time networks: how they are called, and where Google's benchmark_model is found or fetched."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine, project_paths, safe_files
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.installation import needed
from aic_helpers.core.progress_types import Progress
from aic_helpers.data import downloads
from aic_helpers.data.manifests import Entry, Manifest
from aic_helpers.phone import benchmark_logs
from aic_helpers.phone.benchmark_logs import Benched
from aic_helpers.phone.delegates import FLAGS, Asked
from aic_helpers.phone.devices import Device
from aic_helpers.phone.network_files import NetworkFile
from aic_helpers.processes import workers

MAX_SECS = 3600
"""benchmark_model ends a measurement by itself after 150 s unless it is told another time; ours ends it earlier."""

OUTPUT = "aic_helpers.phone.host_worker:output"
OUTPUT_FILE = "output.raw"
OUTPUT_TIMEOUT_S = 300.0
MOST_OUTPUT_BYTES = 2**30

HOW_TO_GET_IT = (
    "name Google's program for Android with --benchmark, or fetch it once with "
    "aic phone fetch --from URL --sha256 CHECKSUM (docs/phones.md says where it is)"
)


@dataclass(frozen=True)
class Job:
    """What a program is to time.

    Attributes
    ----------
    graph : str
        Path of the network on the device.
    runs, warm_ups, threads : int
    delegate : {"cpu", "gpu", "nnapi"}
    """

    graph: str
    runs: int
    warm_ups: int
    threads: int
    delegate: Asked


class Program(Protocol):
    """A program on a device that times networks.

    Attributes
    ----------
    name : str
    version : str or None
    sha256 : str or None
    """

    name: str
    version: str | None
    sha256: str | None

    def call(self, job: Job) -> list[str]:
        """Return the command line for a job."""

    def read(self, text: str, asked: Asked) -> Benched:
        """Return what it told; raises `NoTimes` where it told none."""

    def output(self, device: Device, job: Job, network: NetworkFile, given: NDArray[Any]) -> bytes | None:
        """Run a network once on numbers as it takes them, and return what it gave; None where the program can't.

        Raises
        ------
        ChildError
            A process here failed.
        """


class BenchmarkModel:
    """Google's benchmark_model, at a path on the device; `file` is the same one here."""

    name = "benchmark_model"
    version: str | None = None  # it tells none

    def __init__(self, file: Path, path: str) -> None:
        self.path = path
        self.sha256: str | None = safe_files.sha256(file)

    def call(self, job: Job) -> list[str]:
        """Return the command line for a job."""
        return [
            self.path,
            f"--graph={job.graph}",
            f"--num_threads={job.threads}",
            f"--warmup_runs={job.warm_ups}",
            f"--num_runs={job.runs}",
            "--min_secs=0",
            f"--max_secs={MAX_SECS}",
            FLAGS[job.delegate],
        ]

    def read(self, text: str, asked: Asked) -> Benched:
        """Return what it told."""
        return benchmark_logs.of_google(text, asked)

    def output(self, device: Device, job: Job, network: NetworkFile, given: NDArray[Any]) -> bytes | None:
        """Return what the network gave, by way of files on the device; a program that is too old writes none.

        The input's name is ours: with one input the program only warns that the network calls it otherwise.
        """
        with tempfile.TemporaryDirectory(prefix="aic-phone-") as folder:
            file = Path(folder) / "input.raw"
            file.write_bytes(given.astype(given.dtype.newbyteorder("<")).tobytes())
            there = device.place(file, file.name)
            sides = ",".join(map(str, network.input.shape))
            image = ["--input_layer=image", f"--input_layer_shape={sides}", f"--input_layer_value_files=image:{there}"]
            call = [*self.call(job), *image, f"--output_filepath={device.path(OUTPUT_FILE)}"]
            device.run(call, timeout_s=OUTPUT_TIMEOUT_S)
        return device.content(OUTPUT_FILE)


class LitertBenchmark:
    """The program of the package ai-edge-litert, on this machine."""

    name = "litert-benchmark"
    sha256: str | None = None

    def __init__(self) -> None:
        with needed("mobile"):
            import ai_edge_litert  # noqa: F401
        self.version: str | None = f"ai-edge-litert {version('ai-edge-litert')}"

    def call(self, job: Job) -> list[str]:
        """Return the command line for a job."""
        if job.delegate == "nnapi":
            raise InputError("--delegate cpu or gpu on this machine", "nnapi, which is Android's", "take one of them")
        return [
            sys.executable,
            "-P",
            "-m",
            "ai_edge_litert.tools.benchmark_litert_model",
            f"--model={job.graph}",
            f"--num_threads={job.threads}",
            f"--warmup_runs={job.warm_ups}",
            f"--num_runs={job.runs}",
            *(["--use_gpu"] if job.delegate == "gpu" else []),
        ]

    def read(self, text: str, asked: Asked) -> Benched:
        """Return what it told."""
        return benchmark_logs.of_litert(text, asked)

    def output(self, device: Device, job: Job, network: NetworkFile, given: NDArray[Any]) -> bytes | None:
        """Return what the network gave, by the same compiled models: the program itself takes no input."""
        of_output = {"shape": network.output.shape, "dtype": network.output.dtype}
        limits: dict[str, Any] = {"timeout_s": OUTPUT_TIMEOUT_S, "max_rss_mib": machine.spare_memory_mib()}
        with workers.Worker(OUTPUT, **limits) as worker:
            request = {"graph": job.graph, "delegate": job.delegate, **of_output}
            reply = worker.ask(request, np.ascontiguousarray(given), max_array_bytes=MOST_OUTPUT_BYTES)
        return bytes(reply["array"].tobytes())


def fetched() -> Path:
    """Return where a fetched benchmark_model lies, in the person's cache folder; it may not be there."""
    return project_paths.cache_folder() / "phone" / "benchmark_model"


def find(typed: str) -> Path:
    """Return the benchmark_model that a person named, or else the one that was fetched.

    Raises
    ------
    InputError
        No file there; none named and none fetched.
    """
    if typed:
        return require_file(Path(typed).expanduser(), "a benchmark_model")
    if not fetched().is_file():
        raise InputError("benchmark_model, which times networks on a phone", "none", HOW_TO_GET_IT)
    return fetched()


def fetch(url: str, sha256: str, progress: Progress) -> Path:
    """Bring a benchmark_model from an address to `fetched()`, if its content has the checksum; return its place.

    Raises
    ------
    InputError
        No checksum; an address that isn't one, doesn't answer, or has another file.
    """
    digest = sha256.strip().lower()
    if len(digest) != hashlib.sha256().digest_size * 2 or not set(digest) <= set("0123456789abcdef"):
        raise InputError("--sha256 with 64 hexadecimal digits", repr(sha256), "call sha256sum on a copy you trust")
    name = unquote(PurePosixPath(urlsplit(url).path).name)
    if not url.startswith(("http://", "https://")) or Path(name).name != name or name in ("", ".."):
        raise InputError("--from with the http(s) address of a file", repr(url), "name a whole address")
    place = fetched()
    entry = Entry(name, "sha256", digest, None)
    source = url.rpartition("/")[0]
    downloads.fetch(Manifest("benchmark_model", source, [entry]), source, place.parent, progress=progress)
    (place.parent / name).replace(place)
    place.chmod(0o755)
    return place
