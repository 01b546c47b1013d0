from __future__ import annotations

import keras
import numpy as np
import pytest

from aic_helpers.models import networks
from aic_helpers.training import optimizers

pytestmark = pytest.mark.tensorflow


def test_muon_takes_the_convolutions_between_both_ends() -> None:
    model = networks.build(networks.fast_sr_x4)
    optimizer = optimizers.muon(model, 1e-3)
    assert optimizer.kernels == {f"conv{index:02}/kernel" for index in range(2, 10)}


def test_a_step_of_muon_has_like_singular_values_and_the_size_of_adams() -> None:
    kernel = keras.Variable(np.zeros((3, 3, 8, 12), np.float32), name="kernel")
    bias = keras.Variable(np.zeros(12, np.float32), name="bias")
    optimizer = optimizers.ConvolutionMuon(0.01, {kernel.path})
    optimizer.build([kernel, bias])
    generator = np.random.default_rng(0)
    steep = generator.normal(size=(72, 12)) * np.logspace(0, 2, 12)
    optimizer.apply([steep.reshape(kernel.shape).astype(np.float32), np.full(12, 5.0, np.float32)], [kernel, bias])
    step = np.asarray(kernel).reshape(72, 12)
    values = np.linalg.svd(step, compute_uv=False)
    assert values[0] < 2 * values[-1], "those of the gradient differ by a hundred"
    assert np.sqrt(np.mean(step**2)) == pytest.approx(0.2 * 0.01, rel=0.2)
    np.testing.assert_allclose(bias, -0.01, rtol=1e-3)
    assert np.sum(step * steep) < 0
