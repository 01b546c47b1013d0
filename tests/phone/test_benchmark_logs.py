"""What Google's benchmark_model and litert-benchmark print, read as times and as what ran."""

import pytest
from fixtures.replayed_phones import text

from aic_helpers.phone import benchmark_logs
from aic_helpers.phone.benchmark_logs import NoTimes, Times

LITERT = """
========================================
 BENCHMARK RESULTS
========================================
Model initialization:  3.65 ms
Warmup (first):        49.03 ms
Warmup (avg):          48.12 ms (3 runs)
Inference (avg):       58.35 ms (5 runs)
Inference (min):       50.65 ms
Inference (max):       65.45 ms
Inference (median):    58.41 ms
Inference (std):       5.49 ms
Inference (p5):        51.78 ms
Inference (p95):       64.54 ms
Throughput:            45.19 MB/s
Fully accelerated:     {}
========================================
"""


def test_the_timed_runs_and_not_the_warm_up():
    benched = benchmark_logs.of_google(text("common", "bench_model"), "gpu")
    assert benched.times == Times(20, 8.42, 8.251, 10.188, 8.394, pytest.approx(137.014), 9.43)
    assert benched.times.time_ms == 8.394


def test_numbers_of_a_million_and_more_and_no_median():
    """As C++ prints them, and as the program was before it told medians."""
    times = benchmark_logs.of_google(text("old", "bench_model"), "cpu").times
    assert (times.mean_ms, times.median_ms) == (1381.51, None)
    assert times.time_ms == 1381.51


def test_one_run_alone_has_no_mean():
    counted = "count=1 curr=670083 p5=670083 median=670083 p95=670083"
    printed = f"{counted}\nInference timings in us: Init: 102320, First inference: 670083,"
    times = benchmark_logs.of_google(printed, "cpu").times
    assert (times.runs, times.mean_ms, times.min_ms, times.median_ms) == (1, 670.083, 670.083, 670.083)


def test_a_delegate_that_can_not_be_applied_gives_no_times_but_a_reason():
    with pytest.raises(NoTimes, match=r"^Failed to apply GPU delegate\.$"):
        benchmark_logs.of_google(text("refuses", "bench_model"), "gpu")


@pytest.mark.parametrize("printed", ["", "\n \n"])
def test_nothing_printed(printed):
    with pytest.raises(NoTimes, match="nothing printed"):
        benchmark_logs.of_google(printed, "cpu")


def test_what_litert_prints():
    benched = benchmark_logs.of_litert(LITERT.format(True), "cpu")
    assert benched.times == Times(5, 58.35, 50.65, 65.45, 58.41, 3.65, 49.03)
    assert (benched.delegated.ran, benched.delegated.words) == ("whole", "CPU (XNNPACK), the whole network")


def test_litert_does_not_say_how_much_was_left():
    delegated = benchmark_logs.of_litert(LITERT.format(False), "cpu").delegated
    assert (delegated.ran, delegated.operators) == ("not whole", None)
    assert "how much isn't told" in delegated.words


def test_litert_without_a_gpu():
    printed = (
        "ERROR: [delegate_webgpu.cc:359] Failed to initialize WebGPU environment: INTERNAL: No adapters found\n"
        "Traceback (most recent call last):\nRuntimeError: ERROR: [./litert/cc/litert_compiled_model.h:1961]\n"
    )
    with pytest.raises(NoTimes, match="Failed to initialize WebGPU environment: INTERNAL: No adapters found"):
        benchmark_logs.of_litert(printed, "gpu")


def test_a_complaint_of_a_stranger_stays_one_printable_line():
    with pytest.raises(NoTimes) as raised:
        benchmark_logs.of_google("ERROR: \x1b[31mFailed\u202e to load " + "x" * 400, "cpu")
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 240
