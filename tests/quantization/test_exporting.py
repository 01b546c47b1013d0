"""Exports: files in all precisions, proved to be one network, or one line says why not and nothing is lost."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from fixtures import small_networks
from fixtures.browsing import HOSTILE

from aic_helpers.core import safe_files
from aic_helpers.core.errors import InputError
from aic_helpers.data import datasets
from aic_helpers.litert import one_network
from aic_helpers.litert.integer_verdict import verdict
from aic_helpers.litert.structures import read
from aic_helpers.quantization import export_processes, export_texts, export_worker, exporting, graph_conversion
from aic_helpers.quantization.exporting import export, read_export
from aic_helpers.runtimes import frozen_models
from aic_helpers.runtimes.formats import PRECISIONS
from aic_helpers.runtimes.litert_models import LitertModel
from aic_helpers.tracks.catalogue import find_track

pytestmark = pytest.mark.tensorflow

TRACK = find_track("super_resolution")
SIZE = (80, 64)


@pytest.fixture
def residual(tmp_path):
    return small_networks.frozen(tmp_path / "net.pb", small_networks.residual)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_all_precisions_in_both_forms(residual, tmp_path, here, two_crops):
    found = export(residual, TRACK, tmp_path / "out", calibration=two_crops, size=SIZE)
    assert [one.precision for one in found.exported] == list(PRECISIONS)
    photo = np.random.default_rng(1).random((1, 64, 80, 3), np.float32)
    expected = frozen_models.load(residual)(photo)
    for one in found.exported:
        fixed, free = read(one.fixed), read(one.free)
        assert one_network.differences(fixed, free) == one.report["proof"]["differences"] == []
        assert fixed.inputs[0].shape_signature == (1, 64, 80, 3)
        assert free.inputs[0].shape_signature == (1, None, None, 3)
        assert one.report["fixed"]["sha256"] == safe_files.sha256(one.fixed)
        outputs = [LitertModel(path)(photo) for path in (one.fixed, one.free)]
        assert np.abs(outputs[0] - outputs[1]).max() < 1e-6
        most = {"float32": 1e-5, "float16": 2e-3, "dynamic_int8": 0.06, "int8": 0.06, "int16x8": 0.06}[one.precision]
        assert np.abs(outputs[0].clip(0, 1) - expected.clip(0, 1)).max() < most
        assert verdict(fixed).precision == one.precision
    assert names(tmp_path / "out") == sorted(
        ["export.json", *(f"net_{name}{form}.tflite" for name in PRECISIONS for form in ("", "_free"))]
    )
    assert json.loads((tmp_path / "out" / "export.json").read_text("utf-8")) == found.report
    assert read_export(tmp_path / "out") == found


def test_int8_takes_and_gives_pixels(residual, tmp_path, here, two_crops):
    """What the network gives beyond an image is cut, and the steps in between are finer for it."""
    (one,) = export(residual, TRACK, tmp_path / "out", ["int8"], calibration=two_crops, size=SIZE).exported
    for end in ("input", "output"):
        assert one.report["fixed"][end] == {"dtype": "uint8", "scale": pytest.approx(1 / 255), "zero_point": 0}


def test_both_forms_have_the_ranges_that_are_told(residual, tmp_path, here, two_crops):
    (one,) = export(residual, TRACK, tmp_path / "out", ["int8"], calibration=two_crops, size=SIZE).exported
    known = one.report["calibration"]
    assert (known["crops"], known["crop_size"], known["percentile"]) == (2, [80, 64], None)
    assert list(known["photos"]) == ["photo0.png", "photo1.png"]
    name = next(name for name, layer in known["layers"].items() if layer == "first")
    low, high = known["ranges"][name]
    for path in (one.fixed, one.free):
        tensor = next(tensor for tensor in read(path).tensors if tensor.name == name)
        assert tensor.scales == (pytest.approx((high - low) / 255, rel=1e-5),)


def test_percentiles_leave_out_the_outermost(residual, tmp_path, here, two_crops):
    ranges = []
    for percentile in (None, 95.0):
        calibration = type(two_crops)(two_crops.photos, 2, percentile=percentile)
        found = export(residual, TRACK, tmp_path / "out", ["int8"], calibration=calibration, size=SIZE)
        known = found.exported[0].report["calibration"]
        ranges.append(next(known["ranges"][name] for name, layer in known["layers"].items() if layer == "first"))
    assert 0 < ranges[1][1] < ranges[0][1]


def test_ranges_that_are_known_better(residual, tmp_path, here, two_crops):
    (one,) = export(
        residual, TRACK, tmp_path / "out", ["int8"], calibration=two_crops, size=SIZE, ranges={"first": (0.0, 5.1)}
    ).exported
    known = one.report["calibration"]
    (name,) = (name for name, layer in known["layers"].items() if layer == "first")
    assert (known["ranges"][name], known["given"]) == ([0.0, 5.1], ["first"])
    for path in (one.fixed, one.free):
        tensor = next(tensor for tensor in read(path).tensors if tensor.name == name)
        assert tensor.scales == (pytest.approx(0.02),)


def test_a_layer_kept_in_floats(residual, tmp_path, here, two_crops):
    (one,) = export(
        residual, TRACK, tmp_path / "out", ["int8"], calibration=two_crops, size=SIZE, keep_float=["last"]
    ).exported
    assert [step.layer for island in verdict(read(one.fixed)).islands for step in island] == ["last"]
    assert one.report["keep_float"] == ["last"]


def test_a_layer_that_there_isnt(residual, tmp_path, here, two_crops):
    with pytest.raises(InputError) as refused:
        export(residual, TRACK, tmp_path / "out", ["int8"], calibration=two_crops, size=SIZE, keep_float=["lost"])
    assert str(refused.value) == "expected a layer of the network to keep in floats, found lost: did you mean last?"


def test_a_network_on_a_grid(tmp_path, here, two_crops):
    """16 bits aren't made of what moves pixels; all others are, for any size too."""
    network = small_networks.frozen(tmp_path / "net.pb", small_networks.padded)
    found = export(network, TRACK, tmp_path / "out", calibration=two_crops, size=SIZE)
    *made, missing = found.exported
    assert all(one.fixed and one.free for one in made)
    assert (missing.fixed, missing.free) == (None, None)
    assert (
        missing.reason
        == "TensorFlow doesn't quantise SPACE_TO_DEPTH (layer down), DEPTH_TO_SPACE (layer up) to 16 bits"
    )
    assert made[0].report["proof"]["free_size"] == [41, 33]
    assert made[0].report["proof"]["free_to_source"] < 1e-5


def test_instance_normalisation_fails_in_16_bits(tmp_path, here, two_crops):
    """TensorFlow makes the file, and LiteRT can't run it: that shows where it is tried."""
    network = small_networks.frozen(tmp_path / "net.pb", small_networks.normalised)
    (one,) = export(network, TRACK, tmp_path / "out", ["int16x8"], calibration=two_crops, size=SIZE).exported
    assert one.reason == (
        "LiteRT doesn't run SQUARED_DIFFERENCE (layer norm): "
        "SquaredDifference only supports FLOAT32 and INT32 now, got 7"
    )
    assert names(tmp_path / "out") == ["export.json"]


def test_a_network_of_one_size(tmp_path, here, two_crops):
    network = small_networks.frozen(tmp_path / "net.pb", small_networks.residual, (1, 64, 80, 3))
    (one,) = export(network, TRACK, tmp_path / "out", ["int8"], calibration=two_crops, size=SIZE).exported
    assert (one.free, one.reason) == (None, "the network takes 80x64 alone")
    assert verdict(read(one.fixed)).precision == "int8"
    with pytest.raises(InputError) as refused:
        export(network, TRACK, tmp_path / "out", ["float32"], size=(1280, 720))
    assert str(refused.value) == (
        "expected a network that takes 1280x720, the size asked for, found one that takes 80x64: "
        "name its own size with --size, or freeze it with free height and width"
    )


def test_an_unsupported_operator(tmp_path, here):
    network = small_networks.frozen(tmp_path / "net.pb", small_networks.of_unknown_operator)
    with pytest.raises(InputError, match=r"found Digamma \(layer odd/digamma\): build these layers of others"):
        export(network, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    assert not (tmp_path / "out").exists()


def test_other_precisions_of_the_same_network_stay(residual, tmp_path, here, two_crops):
    export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    found = export(residual, TRACK, tmp_path / "out", ["float16"], size=SIZE)
    assert [one.precision for one in found.exported] == ["float32", "float16"]
    assert len(names(tmp_path / "out")) == 5
    found = export(residual, TRACK, tmp_path / "out", ["float16"], size=(96, 64))  # the others are of another size
    assert [one.precision for one in found.exported] == ["float16"]
    assert names(tmp_path / "out") == ["export.json", "net_float16.tflite", "net_float16_free.tflite"]


def test_a_cured_int8_that_is_replaced_is_told(residual, tmp_path, here, two_crops, caplog):
    def made(*precisions, **asked):
        caplog.clear()
        export(residual, TRACK, tmp_path / "out", precisions, calibration=two_crops, size=SIZE, **asked)
        return [record.getMessage() for record in caplog.records if "made anew" in record.getMessage()]

    with caplog.at_level("INFO"):
        assert made("int8", keep_float=["first"]) == []
        assert made("int8", keep_float=["first"]) == []
        assert made("float32") == []
        told = "net: int8 had layers in floats; it is made anew without, for neither --cure nor --keep-float was said"
        assert made("int8") == [told]
        assert made("int8") == []


def test_layers_in_floats_need_int8_and_a_limit_is_a_number(residual, tmp_path):
    told = r"expected int8 among the precisions, for --keep-float, found float32, float16 alone: add --precision int8"
    with pytest.raises(InputError, match=told):
        export(residual, TRACK, tmp_path / "out", ["float32", "float16"], keep_float=["first"])
    with pytest.raises(InputError, match="expected a --timeout in seconds, found nan: change it"):
        export(residual, TRACK, tmp_path / "out", ["float32"], timeout_s=float("nan"))


def test_an_export_of_another_task_is_made_anew(residual, tmp_path, here):
    export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    changed = TRACK.model_copy(update={"task": TRACK.task.model_copy(update={"scale": TRACK.task.scale + 1})})
    about = {"name": "net", "size": SIZE, "ranges": {}}
    assert exporting.lacking(tmp_path / "out", residual, TRACK, ["float32"], **about) == []
    assert exporting.lacking(tmp_path / "out", residual, changed, ["float32"], **about) == ["float32"]


def test_a_diagnosis_stays_as_long_as_its_network(residual, tmp_path, here):
    export(residual, TRACK, tmp_path / "out", ["float16"], size=SIZE)
    for name in exporting.DIAGNOSIS:
        (tmp_path / "out" / name).write_text("{}")
    export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    assert {*exporting.DIAGNOSIS} <= {*names(tmp_path / "out")}
    another = small_networks.frozen(tmp_path / "net.pb", small_networks.padded)
    export(another, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    assert names(tmp_path / "out") == ["export.json", "net_float32.tflite", "net_float32_free.tflite"]


def test_files_of_ones_own_are_left_alone(residual, tmp_path, here):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "net_float32.tflite").write_text("mine")
    with pytest.raises(InputError, match=r"found net_float32.tflite without a export.json: name another folder"):
        export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    assert (tmp_path / "out" / "net_float32.tflite").read_text() == "mine"


def test_a_full_disk_loses_nothing(residual, tmp_path, here, monkeypatch):
    export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(InputError, match=r"expected room on the disk for net_float32.tflite, found .*No space left"):
        export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_more_time_than_there_is(residual, tmp_path):
    line = (
        "^expected net to be exported in 0.01 s, found the time over while .*: "
        "give it more time with --timeout, or leave out with --precision what it was at$"
    )
    with pytest.raises(InputError, match=line):
        export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE, timeout_s=0.01)
    assert not (tmp_path / "out").exists()


def test_more_memory_than_there_is(residual, tmp_path, monkeypatch):
    monkeypatch.setattr(export_processes.machine, "spare_memory_mib", lambda: 60.0)
    with pytest.raises(
        InputError, match=r"expected net to export, found reading it: .*: end other programs, or take a"
    ):
        export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)


def test_what_is_a_litert_file_already(residual, tmp_path, here):
    (one,) = export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE).exported
    with pytest.raises(InputError) as refused:
        export(one.fixed, TRACK, tmp_path / "again")
    assert str(refused.value) == (
        f"expected a float network to export at {one.fixed}, found a LiteRT file already: "
        "give the network that it was made from"
    )


@pytest.mark.parametrize("damage", ["cut", "gone", "elsewhere", "other"])
def test_a_damaged_export_is_told(residual, tmp_path, here, damage):
    folder = tmp_path / "out"
    file = export(residual, TRACK, folder, ["float32"], size=SIZE).exported[0].fixed
    report = json.loads((folder / "export.json").read_text("utf-8"))
    if damage == "cut":
        os.truncate(file, 100)
    elif damage == "gone":
        file.unlink()
    elif damage == "elsewhere":
        report["precisions"]["float32"]["fixed"]["file"] = "../net.pb"
    else:
        report["precisions"]["float32"]["fixed"] = 5
    (folder / "export.json").write_text(json.dumps(report))
    line = "missing or another" if damage in ("cut", "gone") else "found another JSON"
    with pytest.raises(InputError, match=line):
        read_export(folder)
    assert lacking(folder, residual, ["float32"]) == ["float32"]
    made = export(residual, TRACK, folder, ["float32"], size=SIZE)
    assert read_export(folder) == made
    assert (tmp_path / "net.pb").is_file()


def lacking(folder, network, precisions, **asked):
    about = {"name": "net", "size": SIZE, "ranges": {}}
    return exporting.lacking(folder, network, TRACK, precisions, **about | asked)


def test_an_export_lacks_what_is_of_something_else(residual, tmp_path, here, two_crops, monkeypatch):
    folder, both = tmp_path / "out", ["float32", "int8"]
    assert lacking(folder, residual, both) == both
    learned = {"first": (0.0, 5.0)}
    export(residual, TRACK, folder, both, calibration=two_crops, size=SIZE, ranges=learned)
    assert lacking(folder, residual, both, ranges=learned, calibration=two_crops) == []
    assert lacking(folder, residual, ["float16", *both], ranges=learned) == ["float16"]
    for asked in ({"size": (96, 64)}, {"name": "other"}, {"ranges": {}}, {"ranges": {"first": (0.0, 5.1)}}):
        assert lacking(folder, residual, both, **{"ranges": learned} | asked) == both
    other = replace(two_crops, percentile=99.9)
    assert lacking(folder, residual, both, ranges=learned, calibration=other) == ["int8"]
    assert lacking(folder, residual, ["float32"], ranges=learned, calibration=other) == ["int8"]
    monkeypatch.setattr(exporting, "code", lambda *modules: "other")
    assert lacking(folder, residual, both, ranges=learned) == both
    (one,) = export(residual, TRACK, folder, ["float16"], size=SIZE, ranges=learned).exported
    assert one.precision == "float16"  # beside it stays nothing that older code made


def test_an_export_lacks_what_was_calibrated_on_photos_that_judge(residual, tmp_path, here, two_crops):
    folder, sample = tmp_path / "out", datasets.open_dataset("sample", TRACK)
    export(residual, TRACK, folder, ["float32", "int8"], calibration=two_crops, size=SIZE)
    assert lacking(folder, residual, ["float32", "int8"], validation=sample) == []
    copy = shutil.copy(two_crops.photos[0], tmp_path / "judge.png")
    judging = replace(sample, pairs=[replace(sample.pairs[0], target=copy)])
    assert lacking(folder, residual, ["float32", "int8"], validation=judging) == ["int8"]


def test_in_words(residual, tmp_path, here, two_crops):
    found = export(residual, TRACK, tmp_path / "out", ["float32", "int8"], calibration=two_crops, size=SIZE)
    title, floats, whole, calibrated, folder = export_texts.lines(found)
    assert title.split("  ")[0] == "precision"
    assert floats.split()[:4] == [
        "float32",
        "net_float32.tflite",
        f"{found.exported[0].fixed.stat().st_size / 1e3:.0f}",
        "float32",
    ]
    assert floats.endswith("same weights, same output")
    assert whole.split()[3] == "uint8"
    assert calibrated.startswith("int8 calibrated on 2 crops of 80x64 of 2 training photos; the widest range is ")
    assert folder == f"folder: {tmp_path / 'out'}"
    assert not export_texts.is_unlike_source(found)
    found.report["precisions"]["float32"]["proof"]["to_source"] = 0.02
    assert export_texts.is_unlike_source(found)
    assert (
        "float32 differs from its source by 2.0e-02 on a photo, more than 0.0001: mend the network"
        in export_texts.lines(found)
    )
    assert found.report["precisions"]["int8"]["fixed"]["no_pixels"] == ""
    found.report["precisions"]["int8"]["fixed"]["no_pixels"] = "the bytes of its output are no pixels"
    assert "int8: the bytes of its output are no pixels" in export_texts.lines(found)


def test_a_free_file_of_other_weights_is_found(residual, tmp_path, here, monkeypatch):
    other = small_networks.frozen(
        tmp_path / "other.pb", lambda images: images + small_networks.convolution(images, "first/conv", seed=9)
    )
    converted = graph_conversion.converted

    def mixed_up(graph_def, size, *precision):
        return converted(graph_def if size else frozen_models.read_graph(other), size, *precision)

    monkeypatch.setattr(graph_conversion, "converted", mixed_up)
    (one,) = export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE).exported
    assert one.reason.startswith("it is another network than the file of one size: ")
    assert (one.report["state"], one.free) == ("made", None)
    assert names(tmp_path / "out") == ["export.json", "net_float32.tflite"]


def test_what_would_take_too_long_isnt_run(residual, tmp_path, here, monkeypatch):
    monkeypatch.setattr(export_worker, "MAX_TRIAL_S", 0.0)
    found = export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE)
    assert "to_source" not in found.exported[0].report["proof"]
    row = export_texts.lines(found)[1]
    assert row.split()[4:6] == ["not", "run"]
    assert "same weights; not run: a photo of this size would take about 0 s here" in row


def test_a_name_from_outside(residual, tmp_path, here):
    name = f"../{chr(47).join(HOSTILE)[:80]}"
    found = export(residual, TRACK, tmp_path / "out", ["float32"], size=SIZE, name=name)
    assert found.report["name"] == name
    assert {path.parent for path in (tmp_path / "out").iterdir()} == {tmp_path / "out"}
    assert read_export(tmp_path / "out") == found
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.pb", "out"]
