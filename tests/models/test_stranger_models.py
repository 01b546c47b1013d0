"""A stranger's model is read as data: what could reach anything is refused with its reason, and nothing happens."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures import hostile_graphs, hostile_models, litert_files, onnx_files

from aic_helpers.core import isolation
from aic_helpers.core.errors import InputError
from aic_helpers.models import onnx_sources, stranger_models
from aic_helpers.models.conversion import photo
from aic_helpers.onnx_graphs import file_checks
from aic_helpers.processes import confinement, fork_server, worker_kinds, workers
from aic_helpers.runs import warm_start

pytestmark = pytest.mark.tensorflow


@pytest.fixture(scope="module", autouse=True)
def _confined() -> Iterator[None]:
    """All of this happens as at the desk: in confined children of a fork server."""
    before = os.environ.pop(fork_server.VARIABLE, None)
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])  # children find the tests' own functions
    with confinement.confined([]), warm_start.started(confinement.environment(os.environ)):
        yield
    del os.environ["PYTHONPATH"]
    if before:
        os.environ[fork_server.VARIABLE] = before


@pytest.fixture(autouse=True)
def _no_effect() -> Iterator[None]:
    hostile_graphs.MARK.unlink(missing_ok=True)
    yield
    assert not hostile_graphs.MARK.exists(), "a graph wrote a file"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may read in; pytest's own they may not."""
    with tempfile.TemporaryDirectory() as name:
        isolation.let_in(Path(name))
        yield Path(name)


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.pb"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", hostile_graphs.REFUSED)
def test_hostile_graph_is_refused_with_its_reason(folder: Path, name: str) -> None:
    make, words = hostile_graphs.REFUSED[name]
    with pytest.raises(InputError) as caught:
        stranger_models.vet(written(folder, hostile_graphs.content(make())))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["good", *hostile_graphs.FAILING])
def test_graph_of_allowed_operations_passes(folder: Path, name: str) -> None:
    make = hostile_graphs.good if name == "good" else hostile_graphs.FAILING[name][0]
    found = stranger_models.vet(written(folder, hostile_graphs.content(make())))
    assert found["refused"] is None
    assert found["nodes"] == len(make().node)
    if os.geteuid() == 0:
        assert found["confinement"] == dict.fromkeys(found["confinement"], True)


def test_real_networks_pass(folder: Path) -> None:
    """Those that the project ships and, where it is at hand, the challenge's own."""
    models = [*Path("models_pretrained").glob("*.pb")]
    if "AIC_CHALLENGE_DATA" in os.environ:
        models += Path(os.environ["AIC_CHALLENGE_DATA"], "models_pretrained").glob("*.pb")
    assert len(models) >= 2
    for model in models:
        copy = written(folder, model.read_bytes())
        assert stranger_models.vet(copy)["refused"] is None, model


def test_file_above_the_limit_is_not_read(folder: Path) -> None:
    path = folder / "model.pb"
    with path.open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(InputError, match=r"^expected a model of at most 100000000 bytes, found 100000001 bytes: make"):
        stranger_models.vet(path)


def test_names_from_a_graph_are_safe_to_print(folder: Path) -> None:
    graph = hostile_graphs.good()
    graph.node.add(name="\x1b[2J\r\n\u202eevil" + "x" * 10_000, op="ReadFile\x1b[31m")
    with pytest.raises(InputError) as caught:
        stranger_models.vet(written(folder, hostile_graphs.content(graph)))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600


def test_truncated_and_mutated_files_do_nothing_and_are_told_in_a_line(folder: Path) -> None:
    """Every file that isn't refused is loaded and run too, in one confined child after the other."""
    outcomes: Counter[str] = Counter()
    corpus = [*hostile_graphs.truncated(), *hostile_graphs.mutations(2000)]
    with Looks(folder) as looks:
        for content in corpus:
            outcomes[looks.outcome(content)] += 1
    assert sum(outcomes.values()) == len(corpus) == 2003
    assert outcomes["refused"] > 1000
    assert set(outcomes) <= {"refused", "ran", "failed", "died"}


def test_files_of_litert_cut_and_mutated_do_nothing_and_are_told_in_a_line(folder: Path) -> None:
    """500 mutations, and a cut at every 97th byte; what isn't refused is loaded and run, confined."""
    content = litert_files.int8_network(free=True).content()
    cut = [content[:size] for size in range(0, len(content), 97)]
    with Looks(folder) as looks:
        assert {looks.outcome(part) for part in cut} == {"refused"}
        outcomes = Counter(looks.outcome(changed) for changed in litert_files.mutations(content, 500))
    assert outcomes["refused"] > 250
    assert outcomes["ran"] > 20
    assert set(outcomes) <= {"refused", "ran", "failed", "died"}


def test_file_of_litert_that_wants_all_memory_fails_alone(folder: Path) -> None:
    with Looks(folder) as looks:
        assert looks.outcome(litert_files.wants_all_memory().content()) in ("failed", "died")
        assert looks.outcome(litert_files.float_network().content()) == "ran"


def test_files_of_onnx_cut_and_mutated_do_nothing_and_are_told_in_a_line(folder: Path) -> None:
    """500 mutations, and a cut at every 97th byte; what isn't refused is loaded and run, confined."""
    content = onnx_files.network(scale=2).SerializeToString()
    cut = [content[:size] for size in range(0, len(content), 97)]
    with Looks(folder) as looks:
        assert {looks.outcome(part) for part in cut} == {"refused"}
        outcomes = Counter(looks.outcome(changed) for changed in litert_files.mutations(content, 500))
    assert outcomes["refused"] > 50
    assert outcomes["ran"] > 100
    assert set(outcomes) <= {"refused", "ran", "failed", "died"}


def test_mutated_files_of_onnx_that_pass_are_taken_over_or_told_in_a_line(folder: Path) -> None:
    """Two dozen of them: read, loaded, counted and tried on a photo, as a run does, in one confined child."""
    content = onnx_files.network(layout="NHWC").SerializeToString()
    passing = [one for one in litert_files.mutations(content, 200) if not refused(one)][:24]
    assert len(passing) == 24
    with workers.Worker(onnx_sources.TAKING_OVER, timeout_s=60, max_rss_mib=3584) as worker:
        lines = {taken_over(folder, changed, worker) for changed in passing}
    assert "" in lines
    assert all(line.isprintable() and len(line) < 600 for line in lines)


def refused(content: bytes) -> bool:
    try:
        file_checks.refuse(content)
    except InputError:
        return True
    return False


def taken_over(folder: Path, content: bytes, worker: workers.Worker) -> str:
    """Return why a file isn't taken over; empty where it is."""
    model = folder / "model.onnx"
    model.write_bytes(content)
    asked = {"do": "take_over", "path": str(model), "out": str(model), "photo": str(photo())}
    asked |= {"adapt": {}, "enlarges": 1, "macs_size": [64, 48]}
    try:
        worker.ask(asked)
        worker.ask({"do": "try"})
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", onnx_files.BOMBS)
def test_file_of_onnx_that_wants_all_memory_fails_alone(folder: Path, name: str) -> None:
    with Looks(folder) as looks:
        assert looks.outcome(onnx_files.BOMBS[name]().SerializeToString()) in ("failed", "died")
        assert looks.outcome(onnx_files.network().SerializeToString()) == "ran"


class Looks:
    """Reads graphs, and runs those that may be, in children that stay as long as they live."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._worker: workers.Worker | None = None

    def __enter__(self) -> Looks:
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker:
            self._worker.close()

    def outcome(self, content: bytes) -> str:
        path = written(self._folder, content)
        if self._worker is None:
            target = "fixtures.vetted_run:look_and_run"
            self._worker = workers.Worker(target, timeout_s=60, max_rss_mib=3584, warm=worker_kinds.INFERENCE)
        try:
            return self._worker.ask({"model": str(path)})["outcome"]
        except workers.ChildError:
            self._worker.close()
            self._worker = None
            return "died"


def test_file_of_litert_passes(folder: Path) -> None:
    found = stranger_models.vet(written(folder, litert_files.int8_network().content()))
    assert (found["refused"], found["nodes"], found["operations"]) == (None, 5, 3)
    if os.geteuid() == 0:
        assert found["confinement"] == dict.fromkeys(found["confinement"], True)


def test_file_of_litert_with_a_custom_operator_is_refused(folder: Path) -> None:
    content = litert_files.with_custom_operator(litert_files.float_network()).content()
    with pytest.raises(InputError, match=r"found the custom operator StrangersOp \(layer strange\): leave it out"):
        stranger_models.vet(written(folder, content))


def test_format_is_what_the_file_says_and_not_its_name(folder: Path) -> None:
    model = written(folder, litert_files.float_network().content())
    assert stranger_models.suffix(model) == ".tflite"
    assert stranger_models.suffix(written(folder, hostile_graphs.content(hostile_graphs.good()))) == ".pb"
    assert stranger_models.suffix(written(folder, onnx_files.network().SerializeToString())) == ".onnx"
    assert stranger_models.suffix(written(folder, b"")) == ".pb"


def test_file_of_onnx_passes(folder: Path) -> None:
    found = stranger_models.vet(written(folder, onnx_files.network(scale=2).SerializeToString()))
    assert (found["refused"], found["nodes"], found["operations"]) == (None, 4, 3)
    if os.geteuid() == 0:
        assert found["confinement"] == dict.fromkeys(found["confinement"], True)


@pytest.mark.parametrize("first", ["frozen graph", "ONNX model"])
def test_file_of_two_formats_is_refused(folder: Path, first: str) -> None:
    """One after the other, parsers of both read such a file, and each sees another network."""
    both = [hostile_graphs.content(hostile_graphs.good()), onnx_files.network().SerializeToString()]
    with pytest.raises(InputError, match=r"found one that is a frozen graph and an ONNX model at once: freeze or expo"):
        stranger_models.vet(written(folder, b"".join(both if first == "frozen graph" else both[::-1])))


def test_format_whose_runtime_is_missing_is_no_fault_of_the_file(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    model = written(folder, onnx_files.network().SerializeToString())
    found = stranger_models.look({"model": str(model)})
    assert found["refused"] is None
    assert (
        found["unread"]
        == 'expected the packages of aic-workbench[onnx], found no onnxruntime: pip install "aic-workbench[onnx]"'
    )


@pytest.mark.parametrize("build", [hostile_models.good, hostile_models.larger_where_odd])
def test_graphs_that_tensorflow_makes_pass(folder: Path, build: hostile_models.Build) -> None:
    assert stranger_models.vet(hostile_models.freeze(build, folder / "model.pb"))["refused"] is None
