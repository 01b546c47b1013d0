"""The bytes of an int8 file are pixels: whoever takes them so sees the float network's picture, overshoot or not."""

import re

import numpy as np
import pytest
from fixtures import small_networks

from aic_helpers.litert.structures import read
from aic_helpers.quantization import graph_conversion, integer_files
from aic_helpers.quantization.activation_ranges import RangeFinder
from aic_helpers.runtimes import frozen_models

pytestmark = pytest.mark.tensorflow

SIZE = 64


def sharpening(images):
    """Each pixel and twice what it has more than those around it: edges overshoot [0, 1] far."""
    import tensorflow as tf

    kernel = np.zeros((3, 3, 3, 3), np.float32)
    for channel in range(3):
        kernel[..., channel, channel] = -2 / 9
        kernel[1, 1, channel, channel] += 2
    return tf.add(images, tf.nn.conv2d(images, kernel, 1, "SAME", name="edges/conv"), name="sum/add")


@pytest.fixture(scope="module")
def sharpened(tmp_path_factory):
    """Return the float file's content, ranges of sharp stripes, and a soft photo with what the network makes of it."""
    file = small_networks.frozen(tmp_path_factory.mktemp("net") / "net.pb", sharpening)
    content = graph_conversion.converted(frozen_models.read_graph(file), (SIZE, SIZE))
    finder, stripes = RangeFinder(content), np.zeros((1, SIZE, SIZE, 3), np.float32)
    stripes[:, :, ::8] = stripes[:, 3::8] = 1.0
    finder.see(stripes)
    down, across = np.mgrid[:SIZE, :SIZE]
    soft = 0.5 + 0.4 * np.sin(across / 9 + down / 13)
    photo = (np.round(255 * np.stack([soft] * 3, -1)[None]) / 255).astype(np.float32)
    return content, finder.ranges(), photo, frozen_models.load(file)(photo)


def as_pixels(content, photo):
    """Return what whoever takes bytes for pixels gets: the file's own scale and zero point don't count."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.round(photo * 255).astype(np.uint8))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]) / 255


def psnr_db(output, expected):
    return -10 * np.log10(np.mean((output - expected.clip(0, 1)) ** 2))


def test_bytes_of_ranges_of_sharp_photos_are_no_pixels(sharpened):
    """What made 15.14 dB of fast_sr's 33.24."""
    content, ranges, photo, expected = sharpened
    plain = integer_files.int8(content, ranges)
    output = read(plain).outputs[0]
    assert output.scales[0] > 1.5 / 255
    assert output.zero_points[0] > 40
    assert psnr_db(as_pixels(plain, photo), expected) < 20
    words = r"the bytes of its output are no pixels \(scale 0\.\d+, zero point \d+\)"
    assert re.fullmatch(words, integer_files.no_pixels(read(plain)))


def test_bytes_of_an_export_are_pixels(sharpened):
    content, ranges, photo, expected = sharpened
    bound = integer_files.int8(content, ranges | integer_files.image_ranges(read(content)))
    output = read(bound).outputs[0]
    assert (output.scales, output.zero_points) == ((pytest.approx(1 / 255),), (0,))
    assert psnr_db(as_pixels(bound, photo), expected) > 35
    assert integer_files.no_pixels(read(bound)) == ""
