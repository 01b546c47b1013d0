"""A `.tflite` file as a model source: what is known of it, its twin of one size, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import litert_files

from aic_helpers.core.errors import InputError
from aic_helpers.models import sources
from aic_helpers.models.conversion import convert


def write(path: Path, draft: litert_files.Draft) -> str:
    path.write_bytes(draft.content())
    return str(path)


@pytest.fixture
def free(tmp_path: Path) -> str:
    return write(tmp_path / "net.tflite", litert_files.int8_network(free=True))


def test_what_is_known_of_a_file(tmp_path: Path, free: str) -> None:
    report = convert(free, tmp_path / "run" / "model.tflite", macs_size=(24, 16))
    assert (tmp_path / "run" / "model.tflite").read_bytes() == Path(free).read_bytes()
    assert (report["kind"], report["input_dtype"], report["output_dtype"]) == ("litert", "uint8", "uint8")
    assert report["input_shape"] == [1, None, None, 3]
    assert report["macs"] == 16 * 24 * (27 * 4 + 36 * 3)  # 3x3x3 to 4 channels, and 3x3x4 back to 3
    assert report["parameters"] == 27 * 4 + 4 + 36 * 3 + 3
    assert report["fixed"] is None


def test_nothing_is_computed_on_a_strangers_structure_in_this_process(
    tmp_path: Path, free: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = "aic_helpers.runtimes.litert_worker.static_cost", "aic_helpers.litert.static_cost.static_cost"
    for name in (*here, "aic_helpers.litert.shape_inference.shapes", "aic_helpers.litert.static_cost.shapes"):
        monkeypatch.setattr(name, lambda *_, **__: pytest.fail("computed here"))
    report = convert(free, tmp_path / "run" / "model.tflite", macs_size=(24, 16))
    assert (report["macs"], report["gmacs_720p"]) == (16 * 24 * 216, pytest.approx(1280 * 720 * 216 / 1e9))


def test_its_twin_of_one_size_stands_beside_it(tmp_path: Path, free: str) -> None:
    fixed = write(tmp_path / "fixed.tflite", litert_files.int8_network(size=(16, 24)))
    report = convert(free, tmp_path / "run" / "model.tflite", adapt={"fixed": fixed})
    assert (tmp_path / "run" / sources.FIXED_FILE).read_bytes() == Path(fixed).read_bytes()
    assert report["fixed"]["input_shape"] == [1, 16, 24, 3]
    assert convert(free, tmp_path / "run" / "model.tflite")["fixed"] is None
    assert not (tmp_path / "run" / sources.FIXED_FILE).exists()


def test_a_twin_of_other_weights_is_refused(tmp_path: Path, free: str) -> None:
    other = write(tmp_path / "other.tflite", litert_files.int8_network(seed=1))
    with pytest.raises(InputError, match=r"^expected the same network in .*other.tflite, found .*conv1.*: export both"):
        convert(free, tmp_path / "run" / "model.tflite", adapt={"fixed": other})
    assert not (tmp_path / "run" / "model.tflite").exists()


def test_a_twin_of_any_size_is_refused(tmp_path: Path, free: str) -> None:
    with pytest.raises(
        InputError, match=r"expected a file of one size with --fixed .*, found one of any, \(1, any, any, 3\)"
    ):
        convert(free, tmp_path / "run" / "model.tflite", adapt={"fixed": free})


def test_a_network_of_another_scale_is_refused_with_both_sizes(tmp_path: Path, free: str) -> None:
    words = (
        "expected an output 4 times the input's size .512x384 for 128x96., found 128x96, the input's own size: choose"
    )
    with pytest.raises(InputError, match=words):
        convert(free, tmp_path / "run" / "model.tflite", enlarges=4)


def test_a_damaged_file_gets_one_line(tmp_path: Path) -> None:
    path = tmp_path / "net.tflite"
    path.write_bytes(litert_files.float_network().content()[:300])
    with pytest.raises(InputError, match=r"net.tflite") as caught:
        convert(str(path), tmp_path / "run" / "model.tflite")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run" / "model.tflite").exists()


@pytest.mark.parametrize(
    ("adapt", "words"),
    [
        (
            {"range": "255"},
            "a .tflite as it is, found --range beside .*net.tflite: build it into the network, then export",
        ),
        ({"precision": "int8"}, "a .tflite as it is, found --precision beside .*net.tflite: "),
        ({"fixed": "net.pb"}, "a .tflite file at net.pb, found nothing"),
    ],
)
def test_what_cannot_be_said_of_a_file(free: str, adapt: dict, words: str) -> None:
    with pytest.raises(InputError, match=f"^expected {words}"):
        sources.resolve(free, adapt=adapt)


def test_a_fixed_file_is_for_tflite_alone() -> None:
    with pytest.raises(
        InputError, match=r"expected --fixed beside a .tflite file, found it beside fast_sr: leave --fixed"
    ):
        sources.resolve("fast_sr", adapt={"fixed": "net.tflite"})


def test_a_precision_is_part_of_a_models_name() -> None:
    source = sources.resolve("fast_sr", adapt={"precision": "int8"})
    assert (source.name, source.format.model_file) == ("fast_sr-int8", "model.tflite")
    assert sources.run_name(source) == "fast_sr-int8"
    assert sources.fingerprint(source) != sources.fingerprint(
        sources.resolve("fast_sr", adapt={"precision": "float16"})
    )
    with pytest.raises(InputError, match=r"expected a precision \(float32, .*\), found int9: did you mean int8\?"):
        sources.resolve("fast_sr", adapt={"precision": "int9"})
