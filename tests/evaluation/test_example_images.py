"""The example images of a run."""

import numpy as np
import pandas as pd
import pytest

from aic_helpers.data.images import as_float, read_rgb, write_png
from aic_helpers.evaluation import example_images
from aic_helpers.evaluation.example_images import EXAMPLES
from aic_helpers.evaluation.per_image import batches_of_rows, evaluate, score_output
from aic_helpers.runs import results, run_settings

LOUDER = 0.2
"""What the model adds to every value."""


@pytest.fixture
def run(tmp_path):
    """Settings of a run on photos of one size, each input darker than its target by what `dark` says; and a call."""

    def make(height_px, width_px, dark):
        generator = np.random.default_rng(0)
        for number, by in enumerate(dark):
            target = generator.uniform(0.5, 0.6, (height_px, width_px, 3))
            write_png(tmp_path / "data" / "enhancement" / "targets" / f"photo {number}.png", target)
            write_png(tmp_path / "data" / "enhancement" / "inputs" / f"photo {number}.png", target - by)
        (tmp_path / "net.pb").write_bytes(b"net")
        return run_settings.settle(
            "enhancement", str(tmp_path / "net.pb"), data=str(tmp_path / "data"), out=str(tmp_path / "run")
        )

    return make


def louder(images):
    return images + np.float32(LOUDER)


def written(settings, model=louder):
    outputs = example_images.KeptOutputs(model)
    example_images.write(
        settings.folder, settings.dataset, outputs, evaluate(model, settings.dataset).to_dict("records")
    )
    return sorted(path.name for path in settings.folder.iterdir())


def table(settings):
    return pd.read_csv(settings.folder / "examples.csv").set_index("end")


def test_the_worst_the_median_and_the_best_are_chosen(run):
    settings = run(24, 32, dark=(0.15, 0.4, 0.0, 0.1, 0.21))
    assert "examples.csv" in written(settings)
    found = table(settings)
    # The model is off by |0.2 - dark|: 0.05, 0.2, 0.2, 0.1, 0.01.
    assert found["image"].to_dict() == {"worst": "photo 1", "median": "photo 3", "best": "photo 4"}
    assert list(found["psnr_db"]) == sorted(found["psnr_db"])


def test_a_small_image_is_kept_whole_and_exactly(run):
    settings = run(24, 32, dark=(0.1, 0.3, 0.15))
    names = written(settings)
    assert names == sorted(name for name in EXAMPLES if "overview" not in name)
    target, shown = (settings.folder / f"example_best_{side}.webp" for side in ("target", "input"))
    photo = settings.dataset.root / "enhancement"
    assert np.array_equal(read_rgb(target), read_rgb(photo / "targets" / "photo 2.png"))
    assert np.array_equal(read_rgb(shown), read_rgb(photo / "inputs" / "photo 2.png"))
    output = as_float(read_rgb(settings.folder / "example_best_output.webp"))
    assert output == pytest.approx(louder(as_float(read_rgb(shown))), abs=0.003)
    before = score_output(as_float(read_rgb(target)), as_float(read_rgb(shown)), settings.track.protocol)
    assert table(settings).loc["best", "input_psnr_db"] == pytest.approx(before["psnr_db"])


def test_a_large_photo_is_kept_in_a_detail_with_an_overview(run):
    settings = run(600, 900, dark=(0.1,))
    place = settings.dataset.root / "enhancement" / "inputs" / "photo 0.png"
    photo = read_rgb(place).copy()
    photo[500:510, 40:50] = 0
    write_png(place, photo)
    assert written(settings) == ["example_median_input.webp", "example_median_output.webp"] + [
        f"example_median_{name}.webp" for name in ("overview", "target")
    ] + ["examples.csv"]
    row = table(settings).loc["median"]
    assert (row["shown_height_px"], row["shown_width_px"], row["height_px"], row["width_px"]) == (360, 480, 600, 900)
    assert row["top_px"] <= 500 <= row["top_px"] + 350
    assert row["left_px"] <= 40
    shown = read_rgb(settings.folder / "example_median_input.webp")
    assert shown.shape == (360, 480, 3)
    patch = shown[500 - row["top_px"] + 3 : 507 - row["top_px"], 40 - row["left_px"] + 3 : 47 - row["left_px"]]
    assert patch.max() < 40
    assert read_rgb(settings.folder / "example_median_overview.webp").shape == (320, 480, 3)


def test_two_images_leave_no_median(run):
    settings = run(24, 24, dark=(0.1, 0.0))
    written(settings)
    assert list(table(settings).index) == ["worst", "best"]


def test_what_was_kept_before_goes(run):
    settings = run(24, 24, dark=(0.1, 0.15, 0.0))
    written(settings)
    assert written(settings, lambda images: images * np.float32(np.nan)) == []


def test_metrics_that_are_cleared_take_the_examples_along(run):
    settings = run(24, 24, dark=(0.1, 0.15, 0.0))
    results.write_part(settings, "model", {"name": "net", "sha256": "0"})
    results.write_part(settings, "metrics", {"psnr_db": 30.0})
    written(settings)
    results.write_part(settings, "model", {"name": "net", "sha256": "1"})
    assert sorted(path.name for path in settings.folder.iterdir()) == ["result.json"]


@pytest.mark.parametrize(("room", "again"), [(3, 0), (2, 1), (0, 3)])
def test_only_outputs_that_are_not_kept_are_made_again(run, monkeypatch, room, again):
    settings = run(24, 32, dark=(0.1, 0.3, 0.15))
    written(settings)
    expected = {path.name: path.read_bytes() for path in settings.folder.iterdir()}
    monkeypatch.setattr(example_images, "KEPT_BYTES", room * 24 * 32 * 3)
    runs = []

    def counted(images):
        runs.append(len(images))
        return louder(images)

    outputs = example_images.KeptOutputs(counted)
    batches = batches_of_rows(counted, settings.dataset, settings.dataset.pairs, outputs.keep)
    rows = [row for batch in batches for row in batch]
    runs.clear()
    example_images.write(settings.folder, settings.dataset, outputs, rows)
    assert len(runs) == again
    assert {path.name: path.read_bytes() for path in settings.folder.iterdir()} == expected
