"""Labels beside points."""

import itertools

import numpy as np
from matplotlib.figure import Figure

from aic_helpers.reporting import label_layout


def figure(points):
    drawn = Figure(figsize=(6, 4), dpi=100)
    axes = drawn.subplots()
    axes.plot(points[:, 0], points[:, 1], "o", markersize=5)
    axes.margins(0.2)
    axes.autoscale(False)
    return drawn


def boxes(drawn):
    return [text.get_window_extent() for text in drawn.axes[0].texts if text.get_text()]


def overlap(one, other):
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1


def test_labels_overlap_neither_each_other_nor_a_point_and_stay_inside():
    points = np.random.default_rng(1).uniform(0, 1, (60, 2))
    drawn = figure(points)
    left_out = label_layout.place(drawn, points, [f"network {number}" for number in range(25)])
    found = boxes(drawn)
    assert len(found) + len(left_out) == 25
    assert len(found) > 10
    assert not any(overlap(one, other) for one, other in itertools.combinations(found, 2))
    places = drawn.axes[0].transData.transform(points)
    assert not any(box.contains(*place) for box in found for place in places)
    frame = drawn.axes[0].get_window_extent()
    assert all(frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1 for box in found)


def test_a_label_alone_stands_right_above_its_point():
    points = np.array([[0.0, 0.0], [1.0, 1.0]])
    drawn = figure(points)
    assert label_layout.place(drawn, points, ["one"]) == []
    (box,) = boxes(drawn)
    x, y = drawn.axes[0].transData.transform(points)[0]
    assert 0 < box.x0 - x < 10
    assert 0 < box.y0 - y < 10


def test_the_first_come_first_and_what_finds_no_room_is_told():
    points = np.zeros((80, 2))
    drawn = figure(np.vstack([points, [[1, 1]]]))
    texts = [f"a long name {number}" for number in range(80)]
    left_out = label_layout.place(drawn, points, texts)
    shown = [text.get_text() for text in drawn.axes[0].texts if text.get_text()]
    assert shown == texts[: len(shown)] or shown[0] == texts[0]
    assert left_out
    assert set(shown) | set(left_out) == set(texts)
