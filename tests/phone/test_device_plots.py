"""The plot of a sustained run: what is drawn where."""

from dataclasses import replace

import pytest
from fixtures.browsing import HOSTILE
from fixtures.replayed_phones import NETWORK, points, result_of

from aic_helpers.phone import device_plots
from aic_helpers.phone.readings import Readings


def drawn(axes):
    """Return the stretches that stand in a panel: from, to, and how high."""
    return [(*segment[:, 0], segment[0, 1]) for lines in axes.collections for segment in lines.get_segments()]


def test_a_stretch_is_a_line_from_its_beginning_to_its_end():
    (axes,) = device_plots.sustained(result_of([10], sustained=points(10, 12, 15))).axes
    assert drawn(axes) == [(0, 10, 10), (10, 20, 12), (20, 30, 15)]
    assert axes.get_ylim()[0] == 0
    assert axes.get_title(loc="left") == "net.tflite\nthis machine (A processor), not a phone"


def test_temperatures_have_a_panel_where_they_are_told():
    warm = Readings({"battery": 30.0, "CPU": 60.0})
    times, temperatures = device_plots.sustained(result_of([10], sustained=points(10, 12, readings=warm))).axes
    assert temperatures.get_ylabel() == "CPU, °C"
    assert [*temperatures.lines[0].get_ydata()] == [60, 60]
    assert (times.get_xlabel(), temperatures.get_xlabel()) == ("", "seconds without a pause")


def test_without_a_sustained_run_the_figure_says_how_to_get_one():
    (axes,) = device_plots.sustained(result_of([10])).axes
    assert axes.texts[0].get_text() == "Nothing ran without a pause: call aic phone run with --minutes 5."


@pytest.mark.parametrize("name", HOSTILE)
def test_a_networks_name_is_text(name, tmp_path):
    shown = "".join(letter for letter in name if letter.isprintable())
    result = replace(result_of([10], sustained=points(10, 12)), model=replace(NETWORK, file=f"$\\frac{{{shown}"))
    (axes,) = device_plots.sustained(result).axes
    assert axes.get_title(loc="left").startswith(f"$\\frac{{{shown}\n")
    device_plots.write(tmp_path / "curve.png", result)
    assert [file.name for file in tmp_path.iterdir()] == ["curve.png"]
