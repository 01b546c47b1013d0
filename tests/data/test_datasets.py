from __future__ import annotations

import csv
import fnmatch
from pathlib import Path

import numpy as np
import pytest
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION, round_trip
from PIL import Image as PillowImage

from aic_helpers.core.errors import InputError
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.data import manifests
from aic_helpers.data.datasets import LAYOUTS, SAMPLE, layout_words, open_dataset, read_pair, training_photos
from aic_helpers.data.images import as_float, read_rgb, write_png


def photo(seed: int, width_px: int = 24, height_px: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), dtype=np.uint8)


def error_of(data: str | Path, track=ENHANCEMENT) -> str:
    with pytest.raises(InputError) as caught:
        open_dataset(data, track)
    return str(caught.value)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A data folder of three enhancement pairs."""
    for index in (10, 2, 1):
        write_png(tmp_path / "enhancement" / "inputs" / f"{index}.png", photo(index))
        write_png(tmp_path / "enhancement" / "targets" / f"{index}.png", photo(index + 100))
    return tmp_path


def test_pairs_are_read_by_name_in_the_order_of_their_numbers(pairs: Path) -> None:
    dataset = open_dataset(pairs, ENHANCEMENT)
    assert [pair.name for pair in dataset.pairs] == ["1", "2", "10"]
    assert (dataset.name, dataset.note, dataset.hd) == (str(pairs), "", [])
    loaded = read_pair(dataset, dataset.pairs[2])
    np.testing.assert_array_equal(loaded.input, as_float(photo(10)))
    np.testing.assert_array_equal(loaded.target, as_float(photo(110)))
    assert loaded.input.dtype == np.float32
    assert not loaded.cropped


def test_partners_may_differ_in_suffix(pairs: Path) -> None:
    shot = pairs / "enhancement" / "inputs" / "2.png"
    PillowImage.open(shot).save(shot.with_suffix(".jpg"))
    shot.unlink()
    assert open_dataset(pairs, ENHANCEMENT).pairs[1].input == shot.with_suffix(".jpg")


def test_partners_may_differ_in_the_form_of_their_letters(tmp_path: Path) -> None:
    """macOS writes an accent as a sign of its own."""
    write_png(tmp_path / "input" / "caf\u00e9.png", photo(0))
    write_png(tmp_path / "target" / "cafe\u0301.png", photo(1))
    assert [pair.name for pair in open_dataset(tmp_path, ENHANCEMENT).pairs] == ["caf\u00e9"]


def test_a_pair_that_lies_turned_is_refused(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 3
    write_png(tmp_path / "target" / "a.png", photo(0))
    (tmp_path / "input").mkdir()
    PillowImage.fromarray(photo(0)[::-1, ::-1]).save(tmp_path / "input" / "a.png", exif=exif)
    dataset = open_dataset(tmp_path, ENHANCEMENT)
    with pytest.raises(InputError, match=r"expected an upright image in .*input/a.png, found an EXIF orientation of 3"):
        read_pair(dataset, dataset.pairs[0])


@pytest.mark.parametrize(("size", "kept"), [((24, 16), (24, 16)), ((26, 19), (24, 16))])
def test_super_resolution_inputs_are_made_from_the_target(tmp_path: Path, size: tuple, kept: tuple) -> None:
    write_png(tmp_path / "super_resolution" / "targets" / "a.png", photo(0, *size))
    dataset = open_dataset(tmp_path, SUPER_RESOLUTION)
    loaded = read_pair(dataset, dataset.pairs[0])
    target = photo(0, *size)[: kept[1], : kept[0]]
    np.testing.assert_array_equal(loaded.target, as_float(target))
    np.testing.assert_array_equal(loaded.input, as_float(round_trip(target)))
    assert loaded.cropped == (size != kept)


def test_missing_folder() -> None:
    assert error_of("no/such") == (
        "expected data: sample, challenge, or a folder; at no/such, found nothing: check the path"
    )


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = write_png(tmp_path / "photo.png", photo(0))
    assert f"at {path}, found a file" in error_of(path)


def test_challenge_data_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(tmp_path / "away"))
    assert "set AIC_CHALLENGE_DATA" in error_of("challenge")


def test_unknown_layout_says_which_exist(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / ".cache").mkdir()
    assert error_of(tmp_path) == (
        f"expected images of Track B: photo enhancement in {tmp_path}, found only the folders photos: put them in "
        "enhancement/targets and enhancement/inputs; aic data list tells other layouts"
    )
    assert "photos: put them in super_resolution/targets; aic data list" in error_of(tmp_path, SUPER_RESOLUTION)


@pytest.mark.parametrize(
    ("folder", "note"),
    [
        ("DIV2K_valid_HR", "targets in DIV2K_valid_HR"),
        ("HR", "targets in HR"),
        ("GTmod12", "targets in GTmod12"),
        ("original", "targets in original"),
        (".", ""),
    ],
)
def test_well_known_layouts_of_targets(tmp_path: Path, folder: str, note: str) -> None:
    write_png(tmp_path / folder / "0801.png", photo(0))
    write_png(tmp_path / "LRbicx4" / "0801.png", photo(0, 6, 4))
    (tmp_path / "notes.txt").write_text("no image")
    dataset = open_dataset(tmp_path, SUPER_RESOLUTION)
    assert [pair.target for pair in dataset.pairs] == [tmp_path / folder / "0801.png"]
    assert (dataset.pairs[0].input, dataset.hd, dataset.note) == (None, [], note)


@pytest.mark.parametrize(("inputs", "targets"), [("input", "target"), ("inputs", "targets")])
def test_well_known_layouts_of_pairs(tmp_path: Path, inputs: str, targets: str) -> None:
    for folder in (inputs, targets):
        write_png(tmp_path / folder / "a.png", photo(len(folder)))
    dataset = open_dataset(tmp_path, ENHANCEMENT)
    assert [(pair.input, pair.target) for pair in dataset.pairs] == [
        (tmp_path / inputs / "a.png", tmp_path / targets / "a.png")
    ]
    assert (dataset.hd, dataset.note) == ([], "")
    write_png(tmp_path / targets / "b.png", photo(1))
    assert f"found 1 inputs, 2 targets, 1 without a partner ({targets}/b.png)" in error_of(tmp_path)


def test_targets_without_their_folder_of_inputs(tmp_path: Path) -> None:
    write_png(tmp_path / "target" / "a.png", photo(0))
    assert f"expected a folder of images at {tmp_path / 'input'}, found nothing" in error_of(tmp_path)


def test_a_folder_in_two_layouts(tmp_path: Path) -> None:
    for folder in ("HR", "DIV2K_valid_HR", "input", "target", "inputs", "targets"):
        write_png(tmp_path / folder / "a.png", photo(0))
    line = f"expected one folder of targets in {tmp_path}, found {{}}: keep one of them there"
    assert error_of(tmp_path, SUPER_RESOLUTION) == line.format("DIV2K_valid_HR and HR")
    assert error_of(tmp_path) == line.format("target and targets")


def test_set5_is_taken_where_its_sides_are_multiples_of_12(tmp_path: Path) -> None:
    for folder in ("original", "GTmod12", "LRbicx4"):
        write_png(tmp_path / folder / "baby.png", photo(0))
    dataset = open_dataset(tmp_path, SUPER_RESOLUTION)
    assert dataset.pairs[0].target == tmp_path / "GTmod12" / "baby.png"
    assert dataset.note == "targets in GTmod12"


def test_an_image_beside_a_folder_of_targets_is_none_of_them(tmp_path: Path) -> None:
    write_png(tmp_path / "HR" / "a.png", photo(0))
    write_png(tmp_path / "preview.png", photo(1))
    assert [pair.name for pair in open_dataset(tmp_path, SUPER_RESOLUTION).pairs] == ["a"]


def test_every_layout_is_told() -> None:
    words = layout_words()
    assert ("large photos", "div2k/original", "the challenge's; HD images in div2k/HD_res") in words
    assert [folders for kind, folders, _ in words if kind == "pairs of one size"][2:] == [
        *("target and input", "targets and inputs")
    ]
    assert ("large and small photos", "HR and LR_bicubic/X4", "Set5, Set14 and the like") in words


def test_a_part_of_the_challenges_data_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(tmp_path))
    remedy = f": call aic data fetch challenge --to {tmp_path}, which brings what is missing"
    assert error_of("challenge").endswith(f"found no folder{remedy}")
    for path in ("div2k/original/0.png", "dped/patches/canon/0.jpg", "dped/patches/iphone/0.jpg"):
        write_png(tmp_path / path, photo(0))
    assert open_dataset("challenge", SUPER_RESOLUTION).note == "1 of the challenge's 9 images"
    assert open_dataset("challenge", ENHANCEMENT).note == "1 of the challenge's 400 images"
    assert open_dataset(tmp_path, SUPER_RESOLUTION).note == ""
    write_png(tmp_path / "dped/patches/iphone/1.jpg", photo(0))
    message = error_of("challenge")
    assert "1 without a partner (dped/patches/iphone/1.jpg)" in message
    assert message.endswith(remedy)


def test_the_challenges_counts_are_those_of_its_manifest() -> None:
    paths = [entry.path for entry in manifests.read(PROJECT / "data" / "challenge.toml").entries]
    for kind, whole in (("large", 9), ("pairs", 400)):
        layout = LAYOUTS[kind][1]
        assert layout.whole == whole
        assert sum(path.startswith(f"{layout.targets}/") for path in paths) == whole


def test_data_of_the_other_track_only(pairs: Path) -> None:
    assert "found only the folders enhancement: put them in super_resolution/targets" in error_of(
        pairs, SUPER_RESOLUTION
    )


@pytest.mark.parametrize("kind", ["inputs", "targets"])
def test_empty_folder(pairs: Path, kind: str) -> None:
    for path in (pairs / "enhancement" / kind).iterdir():
        path.unlink()
    assert f"expected images in {pairs / 'enhancement' / kind}, found none" in error_of(pairs)


def test_no_inputs_beside_the_targets(tmp_path: Path) -> None:
    write_png(tmp_path / "enhancement" / "targets" / "a.png", photo(0))
    assert f"expected a folder of images at {tmp_path / 'enhancement' / 'inputs'}, found nothing" in error_of(tmp_path)


def test_images_without_a_partner_are_named(pairs: Path) -> None:
    (pairs / "enhancement" / "targets" / "2.png").unlink()
    write_png(pairs / "enhancement" / "targets" / "7.png", photo(7))
    write_png(pairs / "enhancement" / "targets" / "8.png", photo(8))
    message = error_of(pairs)
    assert "found 3 inputs, 4 targets, 3 without a partner" in message
    assert "(enhancement/inputs/2.png, enhancement/targets/7.png, enhancement/targets/8.png)" in message


def test_two_images_of_one_name(pairs: Path) -> None:
    folder = pairs / "enhancement" / "inputs"
    PillowImage.open(folder / "1.png").save(folder / "1.bmp")
    assert f"expected one image of each name in {folder}, found 1." in error_of(pairs)


def test_unequal_sizes_are_both_named(pairs: Path) -> None:
    write_png(pairs / "enhancement" / "inputs" / "1.png", photo(1, 20, 16))
    dataset = open_dataset(pairs, ENHANCEMENT)
    with pytest.raises(InputError, match=r"for 1, found input 20x16 \(.*\) and target 24x16 \(.*\): cut or replace"):
        read_pair(dataset, dataset.pairs[0])


def test_a_target_smaller_than_the_scale(tmp_path: Path) -> None:
    path = write_png(tmp_path / "super_resolution" / "targets" / "a.png", photo(0, 3, 16))
    dataset = open_dataset(tmp_path, SUPER_RESOLUTION)
    with pytest.raises(InputError, match=f"at least 4 px in {path}, found 3x16"):
        read_pair(dataset, dataset.pairs[0])


def test_a_damaged_image_is_named(pairs: Path) -> None:
    path = pairs / "enhancement" / "inputs" / "1.png"
    path.write_bytes(path.read_bytes()[:200])
    dataset = open_dataset(pairs, ENHANCEMENT)
    with pytest.raises(InputError, match=f"expected a whole image in {path}"):
        read_pair(dataset, dataset.pairs[0])


def test_training_photos_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected a folder of images at .*training, found nothing"):
        training_photos(tmp_path)


def test_sample_super_resolution() -> None:
    dataset = open_dataset("sample", SUPER_RESOLUTION)
    assert len(dataset.pairs) == 7
    assert all(pair.target.suffix == ".png" for pair in dataset.pairs)
    cropped = [pair.name for pair in dataset.pairs if read_pair(dataset, pair).cropped]
    assert cropped == ["friends_by_Aitzol_Berasategi"]
    assert dataset.note == ""


def test_sample_enhancement_is_called_simulated() -> None:
    dataset = open_dataset("sample", ENHANCEMENT)
    assert dataset.note == "inputs simulated (old phone camera)"
    assert open_dataset(SAMPLE, ENHANCEMENT).note == dataset.note
    assert open_dataset(SAMPLE / "enhancement", ENHANCEMENT).note == dataset.note
    assert len(dataset.pairs) == 210
    shapes = {read_pair(dataset, pair).input.shape for pair in dataset.pairs}
    assert shapes == {(100, 100, 3)}


def test_sample_hd_images() -> None:
    hd = open_dataset("sample", ENHANCEMENT).hd
    assert [read_rgb(path).shape for path in hd] == [(720, 1280, 3)] * 4


def test_no_sample_photo_is_in_both_training_and_validation() -> None:
    training = {path.stem for path in training_photos()}
    validation = {pair.name for pair in open_dataset("sample", SUPER_RESOLUTION).pairs}
    validation |= {pair.name.rpartition("_")[0] for pair in open_dataset("sample", ENHANCEMENT).pairs}
    assert (len(training), len(validation)) == (14, 7)
    assert not training & validation


def test_each_sample_image_has_an_attribution() -> None:
    with (SAMPLE / "ATTRIBUTION.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    images = [path.relative_to(SAMPLE).as_posix() for path in SAMPLE.rglob("*") if path.suffix in {".png", ".jpg"}]
    owners = {image: [row for row in rows if fnmatch.fnmatch(image, row["files"])] for image in images}
    assert [image for image, found in owners.items() if len(found) != 1] == []
    assert all(row["author"] and row["licence_url"] and row["changes"] for row in rows)
    assert {row["licence"] for row in rows} == {"CC0-1.0", "CC-BY-4.0"}


def test_sample_is_small() -> None:
    sizes = [path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(sizes) < 18_000_000
    assert max(sizes) < 5_000_000


def test_challenge_layout(challenge: Path) -> None:
    super_resolution = open_dataset(challenge, SUPER_RESOLUTION)
    assert [pair.name for pair in super_resolution.pairs] == ["0", "1", "4", "6", "8"]
    enhancement = open_dataset("challenge", ENHANCEMENT)
    assert [pair.name for pair in enhancement.pairs] == [str(number) for number in range(400)]
    assert enhancement.name == "challenge"
    assert enhancement.note == ""
    assert len(super_resolution.hd) == len(enhancement.hd) == 4
    loaded = read_pair(enhancement, enhancement.pairs[0])
    assert loaded.input.shape == loaded.target.shape == (100, 100, 3)
    assert enhancement.pairs[0].input == challenge / "dped" / "patches" / "iphone" / "0.jpg"
