"""A device's output beside this machine's."""

import numpy as np
import pytest

from aic_helpers.phone import network_files, output_checks

PHOTO = output_checks.PHOTO


def test_equal_outputs():
    image = np.linspace(0, 1, 1152, dtype=np.float32).reshape(1, 16, 24, 3)
    check = output_checks.compare(image, image, PHOTO, "litert")
    assert (check.largest_difference, check.psnr_db, check.equal_share) == (0, None, 1)
    assert output_checks.words(check) == "equal to this machine's, value by value, on perched-osprey.jpg"


def test_outputs_that_differ_in_one_value():
    here = np.zeros((1, 10, 10, 3), np.float32)
    there = here.copy()
    there[0, 0, 0, 0] = 0.1
    check = output_checks.compare(there, here, PHOTO, "litert")
    assert check.largest_difference == pytest.approx(0.1)
    assert check.psnr_db == pytest.approx(-10 * np.log10(0.01 / 300))
    assert check.equal_share == pytest.approx(299 / 300)
    assert output_checks.words(check).endswith("at most 0.1000 apart, 99.7% of the values equal")


def test_another_networks_output_is_said_to_be_far():
    check = output_checks.compare(np.full((1, 4, 4, 3), 0.5), np.zeros((1, 4, 4, 3)), PHOTO, "litert")
    assert output_checks.words(check).endswith("that is far: it doesn't compute the network as LiteRT does here")


def test_the_sample_photo_in_the_size_of_a_network(networks):
    network = network_files.read(str(networks[0]), "a network")[1]
    image = output_checks.photo_for(network, PHOTO)
    assert (image.shape, image.dtype) == ((16, 24, 3), np.float32)
    assert 0 <= image.min() < image.max() <= 1


def test_what_litert_gives_here(networks):
    """A process of its own runs the file; whole numbers come back as the floats that they stand for."""
    network = network_files.read(str(networks[0]), "a network")[1]
    image = output_checks.photo_for(network, PHOTO)
    output, runtime = output_checks.output_here(networks[0], image)
    scale, zero_point = network.output.scale
    assert (output.shape, runtime) == ((1, 16, 24, 3), "litert")
    steps = output / np.float32(scale) + zero_point
    assert np.abs(steps - np.rint(steps)).max() < 1e-3
    assert np.unique(steps).size > 20
