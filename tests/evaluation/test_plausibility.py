"""Networks that work in another range, exchange colours or do nothing are named; those that work are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from aic_helpers.evaluation.plausibility import Seen, doubts

RNG = np.random.default_rng(20)


DARKER = np.array([0.2, 0.1, 0], np.float32)
"""By channel: what the inputs lack."""


def sharpened(images):
    """A network that works: half of the error of its input."""
    return images + DARKER / 2


def of_exchanged(images):
    """A network that works on BGR."""
    return images + DARKER[::-1]


def seen_of(model) -> list[Seen]:
    """What is seen of a network on three colourful pictures whose inputs are darker."""
    found = []
    for _ in range(3):
        small = RNG.random((6, 6, 3)) * 0.6 + 0.3
        target = np.kron(small, np.ones((8, 8, 1))).astype(np.float32)
        image = target - DARKER
        found.append(Seen(image, image, target, np.clip(model(image[None])[0], 0, 1)))
    return found


def told(model) -> list[tuple[str, str]]:
    return [(doubt["kind"], doubt["text"]) for doubt in doubts(model, seen_of(model))]


FAULTS: dict[str, tuple[Callable, str, str]] = {
    "0..255": (lambda x: sharpened(x / 255) * 255, "range", "it takes and gives 0..255: give --range 255"),
    "gives 0..255": (lambda x: sharpened(x) * 255, "range", "it gives 0..255: divide its output by 255"),
    "takes 0..255": (lambda x: sharpened(x / 255), "range", "it takes 0..255: multiply its input by 255"),
    "gives -1..1": (lambda x: 2 * sharpened(x) - 1, "range", "it gives -1..1: return (output + 1) / 2"),
    "takes -1..1": (lambda x: sharpened((x + 1) / 2), "range", "it takes -1..1: call it with 2 * images - 1"),
    "8 bits": (lambda x: np.float32(np.uint8(np.clip(sharpened(x / 255) * 255, 0, 255))), "range", "--range 255"),
    "gives BGR": (lambda x: sharpened(x)[..., ::-1], "colour", "it gives BGR: return output[..., ::-1]"),
    "BGR": (of_exchanged, "colour", "it takes and gives BGR: give --colour bgr"),
    "0..255, BGR": (lambda x: of_exchanged(x / 255) * 255, "range", "give --range 255 --colour bgr"),
    "black": (lambda x: x * 0, "flat", "its output is nearly black everywhere"),
    "white": (lambda x: x * 0 + 7, "flat", "its output is nearly white everywhere"),
    "grey": (lambda x: x * 0 + np.float32(0.3), "flat", "its output is nearly of one colour everywhere"),
    "nothing": (lambda x: x, "identity", "it returns its input: no 8-bit value differs"),
    "next to nothing": (lambda x: x + np.float32(0.001), "identity", "it returns its input"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_a_network_does_is_named(name: str) -> None:
    model, kind, words = FAULTS[name]
    ((found, text),) = told(lambda images: model(images).astype(np.float32))
    assert found == kind
    assert words in text


@pytest.mark.parametrize(
    "model",
    [
        sharpened,
        lambda x: x * np.float32(0.99),
        lambda x: x * np.float32(0.7),
        lambda x: np.float32(0.5) + (x - np.float32(0.5)) / 8,
        lambda x: np.float32(0.3) + np.tanh(x - np.float32(0.5)) / 2,
    ],
)
def test_a_network_that_is_only_bad_or_good_is_left_alone(model: Callable) -> None:
    assert told(model) == []


def test_a_reading_must_do_better_on_every_image():
    """A network that exchanges the colours of dark pictures alone."""

    def of_dark_ones(images):
        return images[..., ::-1] if images.mean() < 0.5 else images * np.float32(0.8)

    dark, bright = seen_of(of_dark_ones), seen_of(of_dark_ones)
    dark = [Seen(one.input / 2, one.input / 2, one.target / 2, of_dark_ones(one.input / 2)) for one in dark]
    bright = [
        Seen(one.input / 2 + 0.45, one.input / 2 + 0.45, one.target / 2 + 0.45, of_dark_ones(one.input / 2 + 0.45))
        for one in bright
    ]
    assert [doubt["text"] for doubt in doubts(of_dark_ones, dark)] == [
        "it looks as if it gives BGR: return output[..., ::-1]"
    ]
    assert doubts(of_dark_ones, [*dark, *bright]) == []


class Counting:
    """It gives more at each call."""

    def __init__(self, stateful: bool, step: float) -> None:
        self.stateful, self.step, self.calls = stateful, step, 0

    def __call__(self, images):
        self.calls += 1
        return images + np.float32(0.01 + self.step * self.calls)


def test_another_output_at_the_next_call() -> None:
    ((kind, text),) = told(Counting(True, 0.002))
    assert kind == "repeat"
    assert text == "the same image gives another output at the next call, by 2.0e-03: freeze it for inference"
    assert told(Counting(True, 1e-6)) == []
    assert told(Counting(False, 0.002)) == [], "what has no state is not run twice"


def test_nothing_seen_and_a_network_that_fails_meanwhile() -> None:
    def fails(images):
        raise RuntimeError("once only")

    assert doubts(fails, []) == []
    assert doubts(fails, seen_of(lambda x: x * 0 + 7)) == [
        {
            "kind": "flat",
            "text": "its output is nearly white everywhere: look at the range of values that it takes and gives",
        }
    ]
