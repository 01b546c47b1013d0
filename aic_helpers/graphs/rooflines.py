"""The machine's own limits, which no network can exceed: how fast it multiplies, and how fast it copies."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from aic_helpers.graphs.tensorflow_runtime import runtime

SIDE = 2048
"""Of the square matrices: 17 GFLOP a product, and 48 MiB for the three, more than a core's caches hold."""

COPY_BYTES = 2**27
TRIES = 5
"""The best of so many: a limit is what the machine reaches when nothing is in the way."""

Product = Callable[..., Any]


def roofline(threads: int, product: Product) -> dict[str, Any]:
    """Return ``gflop_per_s`` of a float32 matrix product, and ``gb_per_s`` of a copy in memory.

    Parameters
    ----------
    threads : int
        For the copy. The product runs on the threads that its runtime has in this process.
    product : callable
        A runtime's own, of two arrays of float32, shape (`SIDE`, `SIDE`).
    """
    random = np.random.default_rng(2018)
    left, right = (random.random((SIDE, SIDE), np.float32) for _ in range(2))
    product_s = _best_s(lambda: product(left, right))
    source, copy = np.ones(COPY_BYTES, np.uint8), np.zeros(COPY_BYTES, np.uint8)
    parts = [slice(start, start + COPY_BYTES // threads) for start in range(0, COPY_BYTES, COPY_BYTES // threads)]
    with ThreadPoolExecutor(threads) as pool:
        copy_s = _best_s(lambda: list(pool.map(lambda part: np.copyto(copy[part], source[part]), parts)))
    # A copy reads and writes each byte.
    return {"gflop_per_s": 2 * SIDE**3 / product_s / 1e9, "gb_per_s": 2 * COPY_BYTES / copy_s / 1e9}


def tensorflow_product() -> Product:
    """Return the matrix product of TensorFlow."""
    tensorflow = runtime()
    with tensorflow.Graph().as_default() as graph:
        left, right = (tensorflow.placeholder("float32", (SIDE, SIDE)) for _ in range(2))
        product = tensorflow.matmul(left, right)
    return tensorflow.Session(graph=graph).make_callable(product, [left, right])


def _best_s(work: Callable[[], Any]) -> float:
    times_s = []
    for _ in range(TRIES):
        start_s = time.perf_counter()
        work()
        times_s.append(time.perf_counter() - start_s)
    return min(times_s)
