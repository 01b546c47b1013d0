"""What LiteRT's own delegate took of a file, asked in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import litert_files

from aic_helpers.core.errors import InputError
from aic_helpers.runtimes.litert_targets import ask


def asked(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return [target.in_words for target in ask(path, width_px=24, height_px=16)]


def test_operators_that_xnnpack_takes(tmp_path: Path) -> None:
    on_cpu, on_gpu, elsewhere = asked(tmp_path / "net.tflite", litert_files.int8_network().content())
    assert on_cpu == ("LiteRT CPU (XNNPACK): 3 of 5 operators (made ready by LiteRT here); not QUANTIZE (2 times).")
    assert on_gpu == "LiteRT GPU delegate: all 5 operators (by TensorFlow's rules, not run)."
    assert elsewhere == "vendors' compilers: unknown, no vendor's SDK is here."


def test_file_of_any_size_is_made_ready_for_one(tmp_path: Path) -> None:
    on_cpu, on_gpu, _ = asked(tmp_path / "net.tflite", litert_files.float_network(free=True).content())
    assert on_cpu == "LiteRT CPU (XNNPACK): all 3 operators (made ready by LiteRT here)."
    assert "unknown" in on_gpu


def test_what_litert_does_not_make_ready_is_unknown(tmp_path: Path) -> None:
    content = litert_files.with_custom_operator(litert_files.float_network()).content()
    on_cpu, on_gpu, _ = asked(tmp_path / "net.tflite", content)
    assert on_cpu.startswith("LiteRT CPU (XNNPACK): unknown, LiteRT doesn't make it ready (")
    assert "StrangersOp" in on_cpu
    assert "not StrangersOp (strange: the delegate has none)" in on_gpu


def test_other_files_get_their_line(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"expected a LiteRT model in .*, found a file of 4 bytes without the mark TFL3"
    ):
        asked(tmp_path / "net.tflite", b"TFL3")
