"""Ranges of activations: by hand, by percentiles, and the same file as TensorFlow's own calibration makes."""

import numpy as np
import pytest
from fixtures import litert_files, small_networks

from aic_helpers.core.errors import InputError
from aic_helpers.litert.structures import read
from aic_helpers.quantization import graph_conversion, integer_files
from aic_helpers.quantization.activation_ranges import RangeFinder, plain_output
from aic_helpers.runtimes import frozen_models

pytestmark = pytest.mark.tensorflow

IMAGES = np.random.default_rng(3).random((4, 1, 24, 32, 3), np.float32)


def graph(tmp_path, network):
    return frozen_models.read_graph(small_networks.frozen(tmp_path / "net.pb", network))


def found(content, percentile=None):
    finder = RangeFinder(content, percentile)
    for image in IMAGES:
        finder.see(image)
    return finder.ranges()


def test_ranges_by_hand(tmp_path):
    import tensorflow as tf

    content = graph_conversion.converted(graph(tmp_path, lambda images: tf.math.square(images, name="a") - 2.0), None)
    low, high = float(IMAGES.min()), float(IMAGES.max())
    expected = [(low**2 - 2, high**2 - 2), (low**2, high**2), (low, high)]
    assert np.array(sorted(found(content).values())) == pytest.approx(np.array(expected), abs=1e-6)


def test_percentiles_are_those_of_all_values(tmp_path):
    import tensorflow as tf

    content = graph_conversion.converted(graph(tmp_path, lambda images: tf.math.square(images, name="a") - 2.0), None)
    (name,) = (tensor.name for tensor in read(content).outputs)
    low, high = np.percentile(IMAGES**2 - 2, (1, 99))
    assert found(content, 99.0)[name] == pytest.approx((low, high), abs=0.01)


def test_what_is_no_number_is_told(tmp_path):
    import tensorflow as tf

    content = graph_conversion.converted(graph(tmp_path, lambda images: tf.math.log(images - 2.0, name="a/log")), None)
    with pytest.raises(InputError, match="expected finite activations on the photos to calibrate on, found NaN or inf"):
        found(content)


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs")
def test_quantised_by_them_a_file_is_what_tensorflows_own_calibration_makes(tmp_path):
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize

    graph_def = graph(tmp_path, small_networks.residual)
    function = graph_conversion._function(graph_def, (32, 24))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], function)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([image] for image in IMAGES)
    content = graph_conversion.converted(graph_def, (32, 24))
    ours = read(bytes(mlir_quantize(integer_files.stamped(content, found(content)))))
    theirs = read(bytes(converter.convert()))
    assert len(ours.tensors) == len(theirs.tensors)
    for one, other in zip(ours.tensors, theirs.tensors, strict=True):
        assert (one.name, one.dtype, one.zero_points) == (other.name, other.dtype, other.zero_points)
        assert one.scales == pytest.approx(other.scales, rel=1e-5)  # their kernels round the last bit in another way
        if one.is_constant:
            assert (ours.content(one) == theirs.content(other)).all()


def test_plain_kernels_clip_what_a_byte_does_not_hold():
    content, image = litert_files.int8_network().content(), np.full((1, 16, 24, 3), 1.1, np.float32)
    assert np.array_equal(plain_output(content, image), plain_output(content, image.clip(0, 1)))


def test_the_bytes_that_the_quantizer_reads_are_kept_for_it(monkeypatch):
    """It keeps none itself: with these gone it read what came in their place, and died of it now and then."""
    from tensorflow.lite.python.optimize import _pywrap_tensorflow_lite_calibration_wrapper as wrapper

    gone = []

    class Bytes(bytes):
        def __del__(self):
            gone.append(self)

    class Quantizer:
        def __init__(self, content, *names):
            pass

        def QuantizeModel(self, *how):  # noqa: N802 (TensorFlow's name)
            return b"gone" if gone else b"there"

    monkeypatch.setattr(wrapper, "CalibrationWrapper", Quantizer)
    monkeypatch.setattr(integer_files, "stamped", lambda content, ranges: Bytes(content))
    assert integer_files.int16x8(b"content", {}) == b"there"
