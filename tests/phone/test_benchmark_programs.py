"""How the programs are called, and how Google's is found and fetched, from a server on this machine."""

import hashlib
import sys

import numpy as np
import pytest
from fixtures.sites import Fault, serve

from aic_helpers.core import project_paths
from aic_helpers.core.errors import InputError
from aic_helpers.phone import benchmark_programs, network_files
from aic_helpers.phone.benchmark_programs import BenchmarkModel, Job, LitertBenchmark
from aic_helpers.phone.devices import Ran

CONTENT = b"\x7fELF stands for a program of Google's"
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()

OUTSIDE = [f"https://example.org/{name}" for name in ("..%2F..%2Fnotes", "%2Fetc%2Fpasswd", "..", "%2E%2E", ".")]

JOB = Job("/there/model.tflite", 20, 3, 4, "gpu")


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "android_benchmark_model").write_bytes(CONTENT)
    with serve(tmp_path / "site") as found:
        yield found


def fetch(url, checksum=CHECKSUM):
    return benchmark_programs.fetch(url, checksum, lambda *_: None)


def test_a_program_is_fetched_once_and_may_run(site):
    place = fetch(f"{site.address}/android_benchmark_model")
    assert place.read_bytes() == CONTENT
    assert place.stat().st_mode & 0o111
    assert benchmark_programs.find("") == place
    assert [file.name for file in place.parent.iterdir() if not file.name.startswith(".")] == ["benchmark_model"]


def test_a_checksum_may_be_in_capitals(site):
    assert fetch(f"{site.address}/android_benchmark_model", f" {CHECKSUM.upper()}\n").is_file()


def test_another_content_is_not_kept(site):
    with pytest.raises(
        InputError, match=r"1 of another content \(removed\): android_benchmark_model expected sha256 0"
    ):
        fetch(f"{site.address}/android_benchmark_model", "0" * 64)
    assert not benchmark_programs.fetched().exists()


def test_a_fetched_program_stays_where_another_can_not_be_had(site):
    place = fetch(f"{site.address}/android_benchmark_model")
    with pytest.raises(InputError, match=r"not there \(HTTP 404\): other"):
        fetch(f"{site.address}/other")
    assert place.read_bytes() == CONTENT


def test_a_page_to_log_in_is_no_program(site):
    page = Fault(body=b"<!DOCTYPE html><title>Log in</title>", headers={"Content-Type": "text/html"})
    site.faults["android_benchmark_model"] = page
    with pytest.raises(InputError, match="found a web page: open the address in a browser"):
        fetch(f"{site.address}/android_benchmark_model")


@pytest.mark.parametrize("checksum", ["", "1234", "g" * 64, "0" * 63])
def test_no_checksum_no_program(site, checksum):
    with pytest.raises(InputError, match=r"^expected --sha256 with 64 hexadecimal digits, found '"):
        fetch(f"{site.address}/android_benchmark_model", checksum)
    assert site.asked == []


@pytest.mark.parametrize("url", ["android_benchmark_model", "file:///etc/passwd", "https://example.org/", "", *OUTSIDE])
def test_addresses_that_name_no_file(url):
    with pytest.raises(InputError, match=r"^expected --from with the http\(s\) address of a file, found '"):
        fetch(url)


def test_none_named_and_none_fetched(site):
    with pytest.raises(InputError, match=r"^expected benchmark_model, which times networks on a phone, found none: "):
        benchmark_programs.find("")
    with pytest.raises(InputError, match=r"expected a benchmark_model at .*, found nothing: check the path"):
        benchmark_programs.find("/nowhere/benchmark_model")


def test_the_call_of_google_s_program(tmp_path):
    (tmp_path / "program").write_bytes(CONTENT)
    program = BenchmarkModel(tmp_path / "program", "/there/benchmark_model")
    assert program.sha256 == CHECKSUM
    assert program.call(JOB) == [
        "/there/benchmark_model",
        "--graph=/there/model.tflite",
        "--num_threads=4",
        "--warmup_runs=3",
        "--num_runs=20",
        "--min_secs=0",
        "--max_secs=3600",
        "--use_gpu=true",
    ]


class Phone:
    """Keeps what it is called with; the program writes what it was given, upside down."""

    def __init__(self):
        self.files, self.called = {}, []

    def place(self, path, name, *, runs=False):
        self.files[name] = path.read_bytes()
        return f"/there/{name}"

    def path(self, name):
        return f"/there/{name}"

    def run(self, arguments, *, timeout_s):
        self.called = [*arguments]
        self.files["output.raw"] = self.files["input.raw"][::-1]
        return Ran(0, "")

    def content(self, name):
        return self.files.get(name)


def test_numbers_go_in_and_out_by_files(tmp_path, networks):
    (tmp_path / "program").write_bytes(CONTENT)
    phone, network = Phone(), network_files.read(str(networks[0]), "a network")[1]
    given = np.arange(1152).astype(np.uint8).reshape(1, 16, 24, 3)
    taken = BenchmarkModel(tmp_path / "program", "/there/benchmark_model").output(phone, JOB, network, given)
    assert taken == given.tobytes()[::-1]
    assert phone.called[-4:] == [
        "--input_layer=image",
        "--input_layer_shape=1,16,24,3",
        "--input_layer_value_files=image:/there/input.raw",
        "--output_filepath=/there/output.raw",
    ]


def test_the_call_of_the_installed_program():
    program = LitertBenchmark()
    assert program.version.startswith("ai-edge-litert 2.")
    assert program.call(JOB)[3:] == [
        "ai_edge_litert.tools.benchmark_litert_model",
        "--model=/there/model.tflite",
        "--num_threads=4",
        "--warmup_runs=3",
        "--num_runs=20",
        "--use_gpu",
    ]
    with pytest.raises(InputError, match=r"^expected --delegate cpu or gpu on this machine, found nnapi, which is"):
        program.call(Job("/there/model.tflite", 1, 0, 1, "nnapi"))


def test_without_the_extra_one_line_says_which(monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    with pytest.raises(InputError, match=r"found no ai_edge_litert: pip install \"aic-workbench\[mobile\]\"$"):
        LitertBenchmark()
