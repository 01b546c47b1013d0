"""Rows and means by the tracks' protocols, with stand-in models whose figures are known beforehand."""

import math

import numpy as np
import pandas as pd
import pytest
from fixtures.pirm2018 import ENHANCEMENT, SUPER_RESOLUTION, round_trip

from aic_helpers.core.errors import InputError
from aic_helpers.data import images as data_images
from aic_helpers.data.datasets import open_dataset, read_pair
from aic_helpers.evaluation.metrics import ms_ssim, psnr
from aic_helpers.evaluation.per_image import evaluate, score_output, summarise

RNG = np.random.default_rng(4)


@pytest.fixture
def folder(tmp_path):
    """Track A: a target of 211x214 px, which is cropped to multiples of 4. Track B: two pairs of 32x48 px."""
    noise = RNG.normal(size=(214, 211, 3)).cumsum(0).cumsum(1)
    noise = (noise - noise.min()) / np.ptp(noise)
    data_images.write_png(tmp_path / "super_resolution/targets/1.png", noise)
    for name in ("1", "2"):
        target = RNG.random((32, 48, 3)) * 0.6 + 0.2
        data_images.write_png(tmp_path / f"enhancement/targets/{name}.png", target)
        data_images.write_png(tmp_path / f"enhancement/inputs/{name}.png", target + 0.1)
    return tmp_path


def test_track_a_crops_clips_and_counts_what_leaves_the_range(folder):
    dataset = open_dataset(folder, SUPER_RESOLUTION)
    row = evaluate(lambda batch: batch + 0.5, dataset).iloc[0]
    target = data_images.as_float(data_images.crop_to_multiple(data_images.read_rgb(dataset.pairs[0].target), 4))
    source = data_images.as_float(round_trip(data_images.as_uint8(target)))
    output = np.clip(source + 0.5, 0, 1)[16:-16, 16:-16]
    assert (row["width_px"], row["height_px"], row["cropped"]) == (208, 212, True)
    assert row["psnr_db"] == psnr(target[16:-16, 16:-16], output, data_range=1.0)
    assert row["ms_ssim"] == ms_ssim(target[16:-16, 16:-16], output, data_range=1.0, definition="tensorflow")
    assert row["ms_ssim_float64"] == ms_ssim(target[16:-16, 16:-16], output, data_range=1.0)
    assert row["outside_share"] == pytest.approx(np.mean(source > 0.5), abs=1e-6)
    assert row["outside_max"] == pytest.approx(source.max() - 0.5, abs=1e-6)


def test_track_b_scores_ms_ssim_on_the_unclipped_output(folder):
    pair = read_pair(*(lambda d: (d, d.pairs[0]))(open_dataset(folder, ENHANCEMENT)))
    output = pair.input * 3 - 1
    figures = score_output(pair.target, output, ENHANCEMENT.protocol)
    assert figures["psnr_db"] == psnr(pair.target, np.clip(output, 0, 1), data_range=1.0)
    assert figures["ms_ssim"] == ms_ssim(pair.target, output, data_range=1.0, definition="pooled")
    assert figures["ms_ssim"] != ms_ssim(pair.target, np.clip(output, 0, 1), data_range=1.0, definition="pooled")


def test_means_are_over_the_images(folder):
    frame = evaluate(lambda batch: batch, open_dataset(folder, ENHANCEMENT))
    summary = summarise(frame, ENHANCEMENT.protocol)
    assert summary["psnr_db"] == pytest.approx(20.0, abs=0.02)  # 0.1 off everywhere, but for the 8-bit steps
    assert summary["psnr_db"] == frame["psnr_db"].mean()
    assert summary["psnr_db_ci95"][0] <= summary["psnr_db"] <= summary["psnr_db_ci95"][1]
    assert (summary["images"], summary["protocol"], "failed" in summary) == (2, "pirm2018", False)


def test_the_interval_of_ms_ssim_ends_at_0_and_1(folder):
    """Two images, one right and one wrong: the bootstrap, widened, would go from below 0 to above 1."""
    frame = evaluate(lambda batch: batch, open_dataset(folder, ENHANCEMENT))
    summary = summarise(
        frame.assign(ms_ssim=[0.0, 1.0], ms_ssim_float64=[0.0, 1.0], psnr_db=[-1.0, 1.0]), ENHANCEMENT.protocol
    )
    assert summary["ms_ssim_ci95"] == summary["ms_ssim_float64_ci95"] == (0, 1)
    assert summary["psnr_db_ci95"] == pytest.approx((-(2**0.5), 2**0.5))


def test_a_perfect_image_does_not_make_the_mean_infinite(tmp_path):
    white = np.ones((32, 40, 3))
    grey = white * 0.5
    for name, target in (("white", white), ("grey", grey)):
        data_images.write_png(tmp_path / "target" / f"{name}.png", target)
        data_images.write_png(tmp_path / "input" / f"{name}.png", white)
    nearly = lambda batch: np.where(batch == 1, np.float32(1 - 1e-7), batch)  # noqa: E731
    for model in (lambda batch: batch, nearly):
        frame = evaluate(model, open_dataset(tmp_path, ENHANCEMENT)).set_index("image")
        assert frame["psnr_db"]["white"] == pytest.approx(10 * math.log10(255**2 * 32 * 40 * 3))
        assert dict(frame["capped"]) == {"white": True, "grey": False}
        summary = summarise(frame.reset_index(), ENHANCEMENT.protocol)
        assert (summary["psnr_db"], summary["capped_images"]) == (frame["psnr_db"].mean(), 1)


def broken(batch):
    raise RuntimeError("Graph execution error:\n\nIncompatible shapes: [1,32,48,3] vs. [1,30,46,3]\n")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda batch: batch * np.nan, "2 of 2 images; 1: the model returned NaN or infinity in 100.0% of the values"),
        (lambda batch: np.uint8(batch * 255), "2 of 2 images; 1: the model returned uint8, expected float32"),
        (lambda batch: batch[:, 1:-1], r"the model returned shape \(1, 30, 48, 3\) for an input of \(1, 32, 48, 3\)"),
        (broken, r"the model raised RuntimeError: Incompatible shapes: \[1,32,48,3\] vs. \[1,30,46,3\]"),
    ],
)
def test_a_model_without_figures_fails_with_a_reason_and_no_score(folder, model, reason):
    summary = summarise(evaluate(model, open_dataset(folder, ENHANCEMENT)), ENHANCEMENT.protocol)
    assert (summary["psnr_db"], summary["ms_ssim"], summary["psnr_db_ci95"]) == (None, None, None)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(summary["failed"])


def test_one_image_has_no_interval(folder):
    frame = evaluate(lambda batch: batch, open_dataset(folder, ENHANCEMENT), limit=1)
    assert isinstance(frame, pd.DataFrame)
    assert summarise(frame, ENHANCEMENT.protocol)["psnr_db_ci95"] is None


def test_limits_and_small_images(folder):
    with pytest.raises(InputError, match="expected a limit of at least 1 image, found 0"):
        evaluate(lambda batch: batch, open_dataset(folder, ENHANCEMENT), limit=0)
    data_images.write_png(folder / "super_resolution/targets/1.png", np.zeros((400, 192, 3)))
    with pytest.raises(InputError, match=r"expected at least 193 px on each side .* found 192x400"):
        evaluate(lambda batch: batch, open_dataset(folder, SUPER_RESOLUTION))


class Together:
    """A stand-in that says that it takes batches; it notes how many images came at once."""

    def __init__(self, answer):
        self.answer, self.counts = answer, []

    def keeps_apart(self, shape):
        return True

    def __call__(self, images):
        self.counts.append(len(images))
        return self.answer(images)


def many(folder, sizes):
    for number, height_px in enumerate(sizes):
        for kind in ("inputs", "targets"):
            data_images.write_png(folder / f"many/enhancement/{kind}/{number}.png", RNG.random((height_px, 32, 3)))
    return open_dataset(folder / "many", ENHANCEMENT)


def test_images_of_one_size_go_through_together_and_score_as_alone(folder, monkeypatch):
    monkeypatch.setattr("aic_helpers.evaluation.per_image.BATCH_PIXELS", 3 * 32 * 32)
    dataset = many(folder, [32, 32, 32, 32, 48, 48, 32, 200])
    together = Together(lambda batch: batch * 0.5)
    told = []
    frame = evaluate(together, dataset, progress=lambda *state: told.append(state))
    assert together.counts == [3, 1, 2, 1, 1]
    assert told == [(done, 8, "images") for done in (3, 4, 6, 7, 8)]
    assert frame.equals(evaluate(lambda batch: batch * 0.5, dataset))


def test_only_the_image_that_a_batch_fails_on_has_failed(folder):
    def answer(batch):
        if (batch[:, 0, 0, 0] > 0.99).any():
            raise RuntimeError("too bright")
        return np.where(batch[:, :1, 1:2] > 0.99, np.nan, batch)

    dataset = many(folder, [32, 32, 32, 32])
    for number, column in ((1, 0), (2, 1)):
        pixels = np.full((32, 32, 3), 0.5)
        pixels[0, column] = 1.0
        data_images.write_png(dataset.pairs[number].input, pixels)
    failures = evaluate(Together(answer), dataset)["failure"]
    assert failures[[0, 3]].isna().all()
    assert failures[1] == "raised RuntimeError: too bright"
    assert failures[2].startswith("returned NaN or infinity")


def test_few_images_are_in_memory_however_many_there_are(folder, monkeypatch):
    monkeypatch.setattr("aic_helpers.evaluation.per_image.BATCH_PIXELS", 1)
    read, run, most = [0], [0], [0]

    def counted(dataset, pair):
        read[0] += 1
        most[0] = max(most[0], read[0] - run[0])
        return read_pair(dataset, pair)

    def model(batch):
        run[0] += 1
        return batch

    monkeypatch.setattr("aic_helpers.evaluation.per_image.read_pair", counted)
    evaluate(model, many(folder, [32] * 40))
    assert run[0] == 40
    assert most[0] <= 3
