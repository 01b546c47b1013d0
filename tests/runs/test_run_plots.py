"""DataFrame -> figure: what the figures say."""

import numpy as np
import pandas as pd
import pytest
from fixtures import run_folders
from fixtures.pirm2018 import SUPER_RESOLUTION
from matplotlib.figure import Figure

from aic_helpers.reporting.pareto_fronts import pareto_front
from aic_helpers.runs import run_plots
from aic_helpers.runs.schema import Profile

BOTH = SUPER_RESOLUTION.protocol.columns


GENERATOR = np.random.default_rng(7)


def scores(count):
    return pd.DataFrame(
        {
            "image": [f"photo {number}" for number in range(count)],
            "psnr_db": GENERATOR.normal(28, 2, count),
            "ms_ssim": GENERATOR.uniform(0.9, 1, count),
        }
    )


def titles(figure: Figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


def drawn(figure: Figure) -> Figure:
    figure.canvas.draw()
    return figure


def test_few_images_are_named_with_the_best_on_top():
    images = scores(3)
    images["psnr_db"] = [30.0, 25.0, 35.0]
    figure = drawn(run_plots.image_scores(images, BOTH))
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["photo 1", "photo 0", "photo 2"]
    assert titles(figure)[0].startswith("PSNR: mean 30.00 (95 %: ")


def test_many_images_are_a_sorted_curve():
    images = scores(400)
    figure = drawn(run_plots.image_scores(images, BOTH))
    curve = figure.axes[1].lines[-1].get_ydata()
    assert curve == pytest.approx(np.sort(images["ms_ssim"]))
    assert figure.axes[0].get_xlabel() == "images, worst to best (of 400)"


def test_one_image_has_a_mean_and_no_interval():
    figure = drawn(run_plots.image_scores(scores(1), BOTH))
    assert "95 %" not in titles(figure)[0]


def test_failed_images_leave_no_mean():
    images = scores(4)
    images.loc[1, ["psnr_db", "ms_ssim"]] = np.nan
    expected = "no mean: 1 of 4 images without a finite value"
    assert titles(drawn(run_plots.image_scores(images, BOTH))) == [expected, expected]


def test_timing_shows_both_medians():
    times = {"baseline": [10.0, 11.0, 12.0], "model": [5.0, 6.0, 7.0]}
    rows = [
        {"pair": pair, "role": role, "start_s": 2.0 * pair + (role == "model"), "time_ms": times[role][pair]}
        for pair in range(3)
        for role in times
    ]
    axes = drawn(run_plots.timing(pd.DataFrame(rows))).axes[0]
    assert [text.get_text() for text in axes.texts] == ["baseline: median 11.0 ms", "model: median 6.0 ms"]
    assert axes.get_ylabel() == "time (ms)"


def test_no_timed_runs_are_said_in_words():
    assert drawn(run_plots.timing(pd.DataFrame())).axes[0].texts[0].get_text() == "no timed runs"


def test_memory_is_split_beside_the_limit():
    profile = {"peak_rss_mib": 1100.0, "runtime_rss_mib": 600.0, "model_rss_mib": 500.0}
    figure = drawn(run_plots.memory(run_folders.typed(Profile, profile), 3584))
    assert [bar.get_width() for bar in figure.axes[0].patches] == [600.0, 500.0]
    assert titles(figure) == ["peak 1100 MiB: runtime 600 (grey) + model 500 (blue)"]


@pytest.mark.parametrize("profile", [None, run_folders.typed(Profile, {"runtime_rss_mib": 600.0})])
def test_no_memory_is_said_in_words(profile):
    assert drawn(run_plots.memory(profile, 3584)).axes[0].texts[0].get_text() == "memory: not measured"


def test_growth_shows_both_series_on_logarithmic_axes():
    table = pd.DataFrame(
        {
            "varied": ["resolution"] * 3 + ["batch"] * 2,
            "megapixels": [0.06, 0.9, 3.7, 0.23, 0.92],
            "time_ms": [20.0, 300.0, 1200.0, 80.0, 310.0],
            "model_rss_mib": [50.0, 400.0, 1600.0, 120.0, 410.0],
        }
    )
    time, memory = drawn(run_plots.growth(table)).axes
    assert [line.get_label() for line in time.lines] == ["larger resolution", "larger batch"]
    assert memory.get_ylabel() == "memory of the model (MiB)"
    assert (time.get_xscale(), time.get_yscale()) == ("log", "log")
    assert "500" in [label.get_text() for label in memory.get_yticklabels()]


def test_no_growth_is_said_in_words():
    assert drawn(run_plots.growth(pd.DataFrame())).axes[0].texts[0].get_text() == "growth: not measured"


def test_figures_leave_nothing_open_in_pyplot():
    import matplotlib.pyplot as plt

    run_plots.image_scores(scores(5), BOTH)
    assert plt.get_fignums() == []


def runs(*speeds_and_psnr):
    table = pd.DataFrame(speeds_and_psnr, columns=["speedup", "psnr_db"])
    nothing = dict.fromkeys(("speedup_ci95", "psnr_db_ci95", "ms_ssim_ci95"))
    return table.assign(ms_ssim=0.95, label=[str(number) for number in range(1, len(table) + 1)], **nothing)


@pytest.mark.parametrize(
    ("points", "front"),
    [
        ([(1, 30), (2, 29), (1.5, 28)], [(1, 30), (2, 29)]),
        ([(1, 30), (1, 30)], [(1, 30), (1, 30)]),
        ([(1, 30), (1, 29), (3, 30)], [(3, 30)]),
        ([(2, 20)], [(2, 20)]),
    ],
)
def test_the_pareto_front_is_what_nothing_beats(points, front):
    found = pareto_front(runs(*points), "speedup", "psnr_db")
    assert list(zip(found["speedup"], found["psnr_db"], strict=True)) == front


def test_speed_against_quality_has_runs_front_and_published_results():
    published = pd.DataFrame({"speedup": [4.0, 8.0], "psnr_db": [28.0, 27.0], "ms_ssim": [0.96, 0.95]})
    points = runs((1.0, 30.0), (2.0, 29.0))
    points["psnr_db_ci95"] = [[29.5, 30.5], None]
    quality = drawn(run_plots.speed_and_quality(points, published, SUPER_RESOLUTION)).axes[0]
    assert [text.get_text() for text in quality.texts] == ["1", "2"]
    assert [text.get_text() for text in quality.get_legend().get_texts()] == ["published in 2018", "this report"]
    lines = [[list(axis) for axis in line.get_data()] for line in quality.lines]
    assert [[4.0, 8.0], [28.0, 27.0]] in lines
    assert [[1.0, 1.0], [29.5, 30.5]] in lines, "the interval of the first run"
    low, high = quality.get_xlim()
    assert low <= 0.5
    assert high > 8


def test_a_narrow_figure_has_its_panels_below_each_other():
    wide, narrow = (drawn(run_plots.image_scores(scores(4), BOTH, narrow=narrow)) for narrow in (False, True))
    assert [axes.get_position().x0 for axes in wide.axes] == sorted({axes.get_position().x0 for axes in wide.axes})
    assert narrow.axes[0].get_position().y0 > narrow.axes[1].get_position().y1
    assert "\n(95 %" in titles(narrow)[0]
    names = [label.get_text() for label in narrow.axes[1].get_yticklabels()]
    assert sorted(names) == [f"photo {number}" for number in range(4)]


def test_names_of_images_may_be_long_and_no_formulas():
    images = scores(2)
    images["image"] = ["$\\frac$", "x" * 200]
    labels = [label.get_text() for label in drawn(run_plots.image_scores(images, BOTH)).axes[0].get_yticklabels()]
    assert sorted(labels) == ["$\\frac$", "x" * 11 + "…" + "x" * 12]
