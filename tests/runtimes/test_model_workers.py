"""A model in a worker: what it says of itself, what it gives, and one kind of failure for all that goes wrong.

Most run in this process: what a child process adds is in tests/processes and in the last tests here.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures import hostile_models, in_process

from aic_helpers.core.errors import InputError
from aic_helpers.processes.workers import ChildError
from aic_helpers.runtimes import frozen_models, model_workers
from aic_helpers.runtimes.model_workers import ModelFailure, ModelWorker

pytestmark = pytest.mark.tensorflow

tf = hostile_models.tf

IMAGES = np.random.default_rng(4).random((2, 12, 9, 3), np.float32)


@pytest.fixture
def freeze(tmp_path: Path) -> Callable[..., Path]:
    def frozen(build: str | Callable[[Any], Any], *shape: int | None) -> Path:
        build = getattr(hostile_models, build) if isinstance(build, str) else build
        return hostile_models.freeze(build, tmp_path / "model.pb", shape or (None, None, None, 3))

    return frozen


class Liar(in_process.Worker):
    """Sends another output than it has; ``lie`` makes it."""

    lie: Callable[[np.ndarray], np.ndarray]

    def receive(self, **limits: Any) -> dict[str, Any]:
        reply = super().receive(**limits)
        return reply | {"array": type(self).lie(reply["array"])} if "array" in reply else reply


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_workers, "Worker", in_process.Worker)


def failure(path: Path, images: np.ndarray = IMAGES) -> ModelFailure:
    with ModelWorker(path) as worker:
        worker.load()
        with pytest.raises(ModelFailure) as caught:
            worker.output_of(images)
        assert worker.ready == (caught.value.kind in ("raised", *model_workers.OF_THE_OUTPUT))
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.usefixtures("here")
class TestInThisProcess:
    def test_an_output_is_what_the_network_gives(self, freeze: Callable[..., Path]) -> None:
        path = freeze("out_of_range")
        with ModelWorker(path, threads=1) as worker:
            loaded = worker.load()
            assert (loaded.shape, loaded.dtype, worker.ready) == ([None, None, None, 3], "float32", True)
            assert np.array_equal(worker.output_of(IMAGES), frozen_models.load(path)(IMAGES))
            assert worker.output_of(IMAGES[:1, :5]).shape == (1, 5, 9, 3)

    def test_a_run_says_what_it_took_and_what_came_out(self, freeze: Callable[..., Path]) -> None:
        with ModelWorker(freeze("grey")) as worker:
            assert worker.load().rss_mib > 0
            worker.give(IMAGES)
            run = worker.run()
            assert (run.output_shape, run.output_dtype, run.gpu_peak_mib) == ([2, 12, 9, 1], "float32", None)
            assert run.time_ms > 0
            peak_mib, method = worker.peak_rss_mib(run)
            assert peak_mib >= run.rss_mib > 0
            assert method in ("VmHWM, read by the process itself", "resident size sampled every 20 ms")
            assert worker.output().shape == (2, 12, 9, 1)

    @pytest.mark.parametrize(
        ("build", "kind", "reason"),
        [
            ("smaller", "shape", "the output is (2, 10, 7, 3) where the input is (2, 12, 9, 3)"),
            ("grey", "shape", "the output is (2, 12, 9, 1) where the input is (2, 12, 9, 3)"),
            ("always_nan", "not finite", "100.00% of the output's values are NaN or infinite"),
            ("strings", "dtype", "the output is of strings, expected float32"),
            ("fails_when_it_runs", "raised", "InvalidArgumentError: "),
        ],
    )
    def test_a_failure_is_one_line_with_its_kind(
        self, freeze: Callable[..., Path], build: str, kind: str, reason: str
    ) -> None:
        found = failure(freeze(build))
        assert (found.kind, found.mechanism, found.mib) == (kind, None, None)
        assert str(found).startswith(reason)

    def test_an_output_of_a_network_that_enlarges_is_so_many_times_as_large(self, freeze: Callable[..., Path]) -> None:
        path = freeze(lambda images: tf.repeat(tf.repeat(images, 2, axis=1), 2, axis=2))
        with ModelWorker(path, enlarges=2) as worker:
            worker.load()
            assert np.array_equal(worker.output_of(IMAGES), IMAGES.repeat(2, axis=1).repeat(2, axis=2))
        with ModelWorker(path, enlarges=4) as worker:
            worker.load()
            with pytest.raises(ModelFailure) as caught:
                worker.output_of(IMAGES)
        said = "the output is (2, 24, 18, 3) where the input is (2, 12, 9, 3)"
        assert str(caught.value) == f"{said}, expected (2, 48, 36, 3), 4 times its size"
        assert caught.value.kind == "shape"

    def test_a_share_of_the_values_that_is_not_finite(self, freeze: Callable[..., Path]) -> None:
        images = np.ones((1, 10, 10, 3), np.float32)
        images[0, 0, :2] = 0
        assert str(failure(freeze("not_a_number"), images)).startswith("2.00% of the output's values are NaN")

    @pytest.mark.parametrize("dtype", [tf.float64, tf.float16, tf.uint8, tf.bfloat16])
    def test_other_numbers_come_too(self, freeze: Callable[..., Path], dtype: Any) -> None:
        with ModelWorker(freeze(lambda images: tf.cast(tf.round(images), dtype))) as worker:
            worker.load()
            assert np.array_equal(worker.output_of(IMAGES), np.round(IMAGES))
            assert worker.run().output_dtype == dtype.name

    def test_a_size_that_the_graph_excludes(self, freeze: Callable[..., Path]) -> None:
        path = freeze("good", None, 12, 8, 3)
        with ModelWorker(path) as worker:
            assert worker.load().shape == [None, 12, 8, 3]
        assert "input:0 is declared as (any, 12, 8, 3), the images are (2, 12, 9, 3)" in str(failure(path))

    def test_not_a_frozen_model(self, tmp_path: Path) -> None:
        (tmp_path / "model.pb").write_bytes(b"no model")
        worker = ModelWorker(tmp_path / "model.pb")
        with pytest.raises(InputError, match=r"expected a frozen graph in .*, found a truncated or other file"):
            worker.load()
        assert not worker.ready
        with pytest.raises(ModelFailure, match="it has ended already"):
            worker.output_of(IMAGES)

    def test_no_output_before_a_run(self, freeze: Callable[..., Path]) -> None:
        with ModelWorker(freeze("good")) as worker:
            worker.load()
            with pytest.raises(RuntimeError, match="run the model before asking for its output"):
                worker.output()

    @pytest.mark.parametrize(
        ("lie", "reason"),
        [
            (lambda array: array[:, 1:], r"the output is \(2, 11, 9, 3\) where"),
            (lambda array: np.full_like(array, np.inf), "100.00% of the output's values"),
        ],
    )
    def test_what_a_process_sends_is_judged_here(
        self, freeze: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, lie: Any, reason: str
    ) -> None:
        monkeypatch.setattr(model_workers, "Worker", type("Lying", (Liar,), {"lie": staticmethod(lie)}))
        with ModelWorker(freeze("good")) as worker:
            worker.load()
            with pytest.raises(ModelFailure, match=reason):
                worker.output_of(IMAGES)

    def test_a_reply_of_another_form_is_a_failure(
        self, freeze: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with ModelWorker(freeze("good")) as worker:
            worker.load()
            worker.give(IMAGES)
            worker.run()
            monkeypatch.setattr(in_process.Worker, "receive", lambda *_, **__: {"time_ms": 1.0})
            for ask in (worker.run, worker.output):
                with pytest.raises(ModelFailure, match="its process sent a reply that can't be understood"):
                    ask()

    def test_what_the_graph_says_of_itself(self, freeze: Callable[..., Path]) -> None:
        path = freeze("good")
        with ModelWorker(path) as worker:
            worker.load()
            found = worker.receptive_field(64, 48)
            assert (found["radius_px"], found["obstacle"]) == (1, None)
            assert found["mib_per_megapixel"] > 0
            assert worker.cost(path, 64, 48)["gmacs"] == pytest.approx(64 * 48 * 3 * 27 / 1e9)

    @pytest.mark.parametrize(("kind", "goes_on"), [("raised", True), ("memory", False), ("timeout", False)])
    def test_only_after_an_error_raised_does_the_process_go_on(
        self, freeze: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, kind: Any, goes_on: bool
    ) -> None:
        with ModelWorker(freeze("good")) as worker:
            worker.load()
            with monkeypatch.context() as patch:
                error = ChildError("no", kind, "watchdog", 7.0)
                patch.setattr(in_process.Worker, "receive", lambda *_, **__: (_ for _ in ()).throw(error))
                with pytest.raises(ModelFailure, match="no") as caught:
                    worker.give(IMAGES)
            assert (caught.value.kind, caught.value.mechanism, caught.value.mib) == (kind, "watchdog", 7.0)
            assert worker.ready == goes_on

    def test_after_an_interrupt_the_process_does_not_go_on(
        self, freeze: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def interrupted(*_: Any, **__: Any) -> dict[str, Any]:
            raise KeyboardInterrupt

        with ModelWorker(freeze("good")) as worker:
            worker.load()
            monkeypatch.setattr(in_process.Worker, "receive", interrupted)
            with pytest.raises(KeyboardInterrupt):
                worker.give(IMAGES)
            assert not worker.ready


def test_a_failure_travels_between_processes() -> None:
    found = pickle.loads(pickle.dumps(ModelFailure("at 64x48: no", "memory", "watchdog", 7.0)))
    assert (str(found), found.kind, found.mechanism, found.mib) == ("at 64x48: no", "memory", "watchdog", 7.0)


def test_in_processes_of_their_own(freeze: Callable[..., Path], tmp_path: Path) -> None:
    """Both load side by side; one aborts, the other goes on."""
    bad = hostile_models.freeze(hostile_models.aborts, tmp_path / "bad.pb")
    with ModelWorker(freeze("good"), warm=True) as good, ModelWorker(bad, warm=True) as aborts:
        for worker in (good, aborts):
            worker.start_loading()
        assert good.loaded().shape == aborts.loaded().shape
        first = good.output_of(IMAGES)
        with pytest.raises(ModelFailure, match="it died of SIGABRT") as caught:
            aborts.output_of(IMAGES)
        assert (caught.value.kind, aborts.ready, good.ready) == ("signal", False, True)
        assert np.array_equal(good.output_of(IMAGES), first)


def test_an_output_larger_than_expected_is_not_taken(
    freeze: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with ModelWorker(freeze("good"), warm=True) as worker:
        worker.load()
        worker.give(IMAGES)
        worker.run()
        with pytest.raises(ModelFailure, match="in at most 1000 bytes was expected"):
            worker.output(1000)
        assert not worker.ready
