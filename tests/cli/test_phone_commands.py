"""aic phone: the stories of replayed phones, this machine for real, and that no phone means no figure of one."""

import json
import re
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from fixtures import replayed_phones
from fixtures.sites import serve

from aic_helpers.core import installation, machine, project_paths
from aic_helpers.core.safe_files import sha256
from aic_helpers.phone import measuring, output_checks
from aic_helpers.phone.android_devices import AndroidDevice
from aic_helpers.runtimes.litert_models import LitertModel

ROOT = project_paths.CHECKOUT


@pytest.fixture
def networks(tmp_path):
    return replayed_phones.networks(tmp_path)


@pytest.fixture
def program(tmp_path):
    """What stands for Google's benchmark_model, which the replayed phone never runs."""
    (tmp_path / "benchmark_model").write_bytes(b"stands for a program")
    return tmp_path / "benchmark_model"


@pytest.fixture
def run(aic, networks, program, monkeypatch, tmp_path):
    """Measure the small network on a replayed phone: two rounds, beside its baseline, on the GPU."""

    def call(story, *arguments, replayed=None, as_program=False):
        phone = replayed or replayed_phones.replay(monkeypatch, tmp_path / story, story, as_program=as_program)
        network, baseline, _ = networks
        beside = ("--baseline", baseline, "--benchmark", program, "--delegate", "gpu", "--rounds", 2)
        found = aic("phone", "run", network, *beside, "--out", tmp_path / "out.json", *arguments)
        return *found, phone

    return call


@pytest.fixture
def no_phones(monkeypatch, tmp_path):
    """A machine without adb."""
    monkeypatch.setenv("PATH", str(tmp_path))


def words(stdout):
    """Return the words by their labels; of a label that stands there twice, the first."""
    rows = [re.split(r"  +", line, maxsplit=1) for line in stdout.splitlines()]
    return dict(reversed([tuple(row) for row in rows if len(row) == 2]))


def test_a_good_run(run, networks, program, tmp_path):
    status, stdout, stderr, _ = run("good", as_program=True)
    found = words(stdout)
    assert (status, stderr) == (0, "")
    assert found["device"] == "Transcript Replay One (Nobody NB-0000), Android 14"
    assert found["ran on"] == "GPU, the whole network"
    assert found["time"] == "8.39 ms, median of 2 rounds' medians"
    assert found["speedup"] == "2.512, both on this device, in turn"
    assert found["throttled"] == "no"
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["device"]["kind"] == "phone"
    assert content["model"]["sha256"] == sha256(networks[0])
    assert content["program"] == {"name": "benchmark_model", "version": None, "sha256": sha256(program)}
    assert (content["stopped"], content["workbench"]) == (None, installation.__version__)
    assert content["created_utc"].endswith("+00:00")


def test_nothing_is_left_on_the_phone(run):
    *_, phone = run("good")
    assert phone.files == []
    assert re.search(r"-s REPLAY0001 shell rm -rf /data/local/tmp/aic-[0-9a-f]{8}$", phone.calls[-1])


def test_baseline_and_network_take_turns_on_the_phone(run):
    *_, phone = run("good", "--threads", 2, "--runs", 7)
    calls = [call for call in phone.calls if "--graph=" in call and "--num_runs=1 " not in call]
    assert [re.search(r"(\w+)\.tflite", call)[1] for call in calls] == ["baseline", "model", "model", "baseline"]
    assert all("--num_threads=2" in call and "--num_runs=7" in call and "--use_gpu=true" in call for call in calls)


def test_a_delegate_that_falls_back_to_the_cpu(run):
    """The times are the CPU's, and nobody is led to take them for the GPU's."""
    status, stdout, _, _ = run("falls_back", as_program=True)
    assert status == 0
    assert words(stdout)["ran on"] == "the CPU: GPU took nothing of the network"


def test_a_delegate_that_takes_a_part(run):
    _, stdout, _, _ = run("part")
    assert words(stdout)["ran on"] == (
        "GPU, part of the network (30 of 33 operators in 2 pieces); the rest on the CPU; it doesn't take "
        "DEPTH_TO_SPACE: Operation is not supported., PAD: Only 4D or 3D constant paddings are supported."
    )


def test_throttling(run, tmp_path, monkeypatch):
    """The curve stands beside the result; what shows that the phone was held back is told one by one."""
    clock = iter(np.arange(0, 1e6, 3.0))
    monkeypatch.setattr(measuring, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    status, stdout, _, _ = run("throttling", "--minutes", 1, as_program=True)
    found = words(stdout)
    assert status == 0
    assert found["throttled"] == (
        "yes: Android's thermal status rose from none to moderate; the cores were held to 68% of their highest clock, "
        "100% before; a run took 1.59 times as long at the end as at the beginning"
    )
    assert found["temperature"].startswith("battery 28.8 °C to 36.1 °C, CPU 38.4 °C to 71.5 °C")
    assert found["curve"].endswith("out.png")
    assert (tmp_path / "out.png").is_file()
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["figures"]["throttled"] is True
    assert [round(point["time_ms"], 2) for point in content["sustained"]][:3] == [8.42, 8.45, 9.93]


def test_a_phone_unplugged_in_the_middle(run, tmp_path):
    status, stdout, stderr, phone = run("unplugged", "--rounds", 4, as_program=True)
    assert (status, stdout) == (2, "")
    assert stderr == (
        "aic: expected Transcript Replay One to stay until the end, found it went away after 2 of 4 rounds: what was "
        "measured is kept; plug it in, and the same command goes on from there\n"
    )
    content = json.loads((tmp_path / "out.json").read_text())
    assert content["stopped"] == "the device went away after 2 of 4 rounds"
    assert (len(content["samples"]), content["figures"]["speedup"]) == (4, pytest.approx(2.512, abs=0.001))
    phone.again()
    status, stdout, stderr, _ = run("unplugged", "--rounds", 4, replayed=phone)
    assert (status, words(stdout)["time"]) == (0, "8.39 ms (8.39 to 8.39), median of 4 rounds' medians")
    assert json.loads((tmp_path / "out.json").read_text())["stopped"] is None


def test_fresh_begins_anew(run, tmp_path):
    *_, phone = run("unplugged", "--rounds", 4)
    phone.again()
    run("unplugged", "--rounds", 4, "--fresh", replayed=phone)
    assert json.loads((tmp_path / "out.json").read_text())["stopped"] == "the device went away after 2 of 4 rounds"


def is_refused(found, line):
    status, stdout, stderr, phone = found
    assert (status, stdout, stderr.count("\n")) == (2, "", 1)
    assert line in stderr
    return phone


def test_two_phones(run, tmp_path):
    is_refused(
        run("two_phones", as_program=True),
        "REPLAY0001 (Replay One), REPLAY0002 (Replay Two): name one, as in --serial REPLAY0001",
    )
    assert not (tmp_path / "out.json").exists()


def test_one_of_two_phones_by_its_serial_number(run):
    status, _, _, phone = run("two_phones", "--serial", "REPLAY0002")
    assert status == 0
    assert all("REPLAY0002" in call for call in phone.calls[1:])


def test_an_unauthorised_phone(run, tmp_path):
    is_refused(
        run("unauthorised", as_program=True), "found REPLAY0001 unauthorized: unlock it and allow USB debugging on it"
    )
    assert not (tmp_path / "out.json").exists()


def test_a_network_that_the_delegate_refuses(run, tmp_path):
    phone = is_refused(run("refuses"), "found status 1 and no times (Failed to apply GPU delegate.): see whether GPU ")
    assert phone.files == []
    assert not (tmp_path / "out.json").exists()


def test_no_room_on_the_phone(run):
    assert is_refused(run("no_room"), "No space left on device: see whether the phone has room").files == []


def test_an_emulator_is_called_one(run, tmp_path):
    _, stdout, _, _ = run("emulator")
    assert words(stdout)["device"].endswith("Android 14, an emulator, not a phone")
    assert json.loads((tmp_path / "out.json").read_text())["device"]["kind"] == "emulator"


def test_a_phone_of_2018(run):
    """It tells no medians, no thermal status and no caps; nothing is made up in their place."""
    _, stdout, _, _ = run("old", "--delegate", "cpu")
    found = words(stdout)
    assert found["time"] == "1381.51 ms, median of 2 rounds' means"
    assert found["ran on"] == "CPU (XNNPACK), the whole network"
    assert found["throttled"].startswith("not told")


def test_the_phones_output_beside_this_machines(aic, networks, run, monkeypatch, tmp_path):
    """The phone gives one value that is a step of the file's scale away."""
    phone = replayed_phones.replay(monkeypatch, tmp_path / "state", "good")
    image = output_checks.images.as_float(output_checks.images.read_in_size(output_checks.PHOTO, 24, 16))
    interpreter = LitertModel(networks[0])
    interpreter(image[None])
    raw = interpreter._interpreter.get_tensor(interpreter._ends[1]).ravel().copy()
    raw[500] -= np.sign(int(raw[500]) - 100) or 1
    phone.gives(raw.tobytes())
    status, stdout, _, _ = run("good", replayed=phone)
    assert status == 0
    step = interpreter._scales[1][0]
    assert words(stdout)["output"] == (
        f"{-10 * np.log10(step**2 / 1152):.1f} dB to this machine's on perched-osprey.jpg, at most {step:.4f} apart, "
        "99.9% of the values equal"
    )


def test_this_machine_for_real(aic, networks, tmp_path):
    """The whole way without a phone: the installed litert-benchmark, in turn with a baseline, and both outputs."""
    network, baseline, _ = networks
    arguments = ("--device", "host", "--baseline", baseline, "--rounds", 2, "--runs", 2, "--threads", 1)
    status, stdout, stderr = aic("phone", "run", network, *arguments)
    found = words(stdout)
    assert (status, stderr) == (0, "")
    assert re.fullmatch(r"this machine \(.+\), not a phone", found["device"])
    assert found["measured by"].startswith("litert-benchmark of ai-edge-litert 2.")
    assert found["output"] == "equal to this machine's, value by value, on perched-osprey.jpg"
    (file,) = (tmp_path / "phones").glob(f"host_*_net_int8_{sha256(network)[:8]}_cpu.json")
    content = json.loads(file.read_text())
    assert content["device"]["kind"] == "host"
    assert content["device"]["android"] is None
    assert len(content["samples"]) == 4
    assert all(sample["times"]["runs"] == 2 for sample in content["samples"])
    assert content["delegated"]["model"]["ran"] in ("whole", "not whole")


def test_the_baseline_of_a_track_at_the_networks_size(aic, networks, monkeypatch, tmp_path):
    sizes = []

    def litert_baseline(track, size):
        sizes.append((track.name, size))
        return networks[1]

    monkeypatch.setattr("aic_helpers.quantization.baselines.litert_baseline", litert_baseline)
    arguments = ("--device", "host", "--track", "super_resolution", "--rounds", 1, "--runs", 1)
    status, stdout, _ = aic("phone", "run", networks[0], *arguments)
    assert (status, sizes) == (0, [("super_resolution", (24, 16))])
    assert words(stdout)["baseline"] == "the baseline of super_resolution, 24x16, float32 in, float32 out"


def test_two_baselines(refused, networks):
    line = refused("phone", "run", networks[0], "--baseline", networks[1], "--track", "super_resolution")
    assert line == "expected --baseline or --track, found both: leave one of them out"


def test_a_program_of_ones_own_on_this_machine(aic, networks, tmp_path):
    """Google's program is there for Linux too; here a script prints what it would, and writes an output."""
    program = tmp_path / "benchmark_model"
    told = replayed_phones.PHONES / "old" / "bench_model.txt"
    program.write_text(
        f"#!/bin/sh\ncat {told}\n"
        'for word; do case $word in --output_filepath=*) head -c 1152 /dev/zero > "${word#*=}";; esac; done\n'
    )
    program.chmod(0o755)
    out = tmp_path / "out.json"
    arguments = ("--device", "host", "--benchmark", program, "--rounds", 1, "--out", out)
    status, stdout, stderr = aic("phone", "run", networks[0], *arguments)
    assert (status, stderr, words(stdout)["time"]) == (0, "", "1381.51 ms, the mean of one round")
    assert json.loads(out.read_text())["output"]["runtime"] == "litert"


def test_the_list(aic, monkeypatch, tmp_path):
    replayed_phones.replay(monkeypatch, tmp_path / "state", "two_phones")
    status, stdout, _ = aic("phone", "list")
    lines = stdout.splitlines()
    assert status == 0
    assert lines[0].startswith("--device host        this machine, not a phone")
    assert re.split("  +", lines[1]) == ["--serial REPLAY0001", "Replay One", "can be used"]
    assert re.split("  +", lines[2]) == ["--serial REPLAY0002", "Replay Two", "can be used"]


def test_the_list_says_what_a_phone_lacks(aic, monkeypatch, tmp_path):
    replayed_phones.replay(monkeypatch, tmp_path / "state", "unauthorised")
    _, stdout, _ = aic("phone", "list")
    assert stdout.splitlines()[1].endswith("unauthorized: unlock it and allow USB debugging on it")
    (phone,) = json.loads(aic("phone", "list", "--json")[1])["phones"]
    assert (phone["state"], phone["remedy"]) == ("unauthorized", "unlock it and allow USB debugging on it")


def test_the_list_as_json(aic, monkeypatch, tmp_path, no_phones):
    assert json.loads(aic("phone", "list", "--json")[1]) == {"host": machine.cpu_name(), "adb": None, "phones": []}
    replayed_phones.replay(monkeypatch, tmp_path / "state", "two_phones")
    phones = json.loads(aic("phone", "list", "--json")[1])["phones"]
    assert phones[0] == {"serial": "REPLAY0001", "state": "device", "model": "Replay One", "remedy": ""}
    assert [one["serial"] for one in phones] == ["REPLAY0001", "REPLAY0002"]


def test_without_adb_there_is_no_phone_and_no_figure(aic, refused, no_phones, networks, program, tmp_path):
    status, stdout, _ = aic("phone", "list")
    assert (status, stdout.splitlines()[-1]) == (0, "no phone: there is no adb on the PATH (Debian's package adb)")
    line = refused("phone", "run", networks[0], "--benchmark", program)
    assert line.startswith("expected adb, by which phones are reached, on the PATH, found none: install Android's")
    assert [*tmp_path.rglob("*.json")] == []


PHONE = re.compile(
    r"\b(?:Pixel[ -]\d+|Galaxy|Samsung|Xiaomi|Redmi|OnePlus|Oppo|Vivo|Huawei|Honor|Motorola|Nokia|iPhone|Nothing Phone"
    r"|Snapdragon|Dimensity|Exynos|Kirin|MediaTek|Helio|Tensor G\d|Adreno|Mali|Hexagon|A\d\d Bionic)\b",
    re.IGNORECASE,
)
TIME = re.compile(
    r"\d\s*(?:milliseconds?|µs|us|s|seconds?|(?:frames|images) per second)\b"
    r"|(?:\b|\d|_)(?:ms|fps)\b(?!-)",  # in a table's head too; not MS-SSIM
    re.IGNORECASE,
)
MADE_UP = "Transcript Replay"


def figures_of_phones(text):
    """Return the paragraphs, tables among them, that name a phone or its chip and a time."""
    parts = re.split(r"\n\s*\n", text)
    return [part for part in parts if PHONE.search(part) and TIME.search(part) and MADE_UP not in part]


@pytest.mark.parametrize(
    "text",
    [
        "Alone.\n\nOn a Pixel 8 it takes\n12.5 ms.",
        "| phone | time |\n| --- | --- |\n| Samsung Galaxy S23 | 8.1 ms |",
        "A Snapdragon 8 Gen 3 does 30 fps.",
        "0.02 s with the Adreno 740",
        "| phone | time, ms |\n| --- | --- |\n| Pixel 8 | 8.1 |",
        "device,model,time_ms\nPixel 8,net,12.5\n",
    ],
)
def test_a_time_beside_the_name_of_a_phone_is_seen(text):
    assert len(figures_of_phones(text)) == 1


@pytest.mark.parametrize(
    "text", ["A Pixel 8 has Android.\n\nHere it takes 12.5 ms.", "Pixel Pirates took 409.1 ms.", "MS-SSIM, Pixel 8"]
)
def test_a_time_of_something_else_is_none(text):
    assert figures_of_phones(text) == []


def test_no_figure_of_a_phone_stands_anywhere_in_the_project():
    """A result of a phone is known by its kind; the replayed ones are in the tests alone, and are no results."""
    folders = ("benchmarks", "data/sample", "docs", "models_pretrained", "notebooks")
    files = [*ROOT.glob("*.md"), *(file for folder in folders for file in (ROOT / folder).rglob("*"))]
    texts = [file for file in files if file.suffix in (".json", ".md", ".csv", ".ipynb", ".toml")]
    wrong = []
    for path in texts:
        text = path.read_text("utf-8", errors="replace")
        told = re.search(r'"kind": "(phone|emulator)"', text)
        measured = re.search(r"^device +(?!this machine)(?!Transcript Replay)\S.*Android", text, re.MULTILINE)
        wrong += [str(path)] if told or measured or figures_of_phones(text) else []
    assert wrong == []
    assert len(texts) > 30


def test_no_ratio_has_a_phone_on_one_side_alone(aic, run, networks, tmp_path):
    """What goes on has to be of the same device: this machine's rounds never fill up a phone's."""
    run("unplugged", "--rounds", 4)
    before = json.loads((tmp_path / "out.json").read_text())
    arguments = ("--device", "host", "--baseline", networks[1], "--rounds", 1, "--runs", 1)
    _, stdout, _ = aic("phone", "run", networks[0], *arguments, "--out", tmp_path / "out.json")
    after = json.loads((tmp_path / "out.json").read_text())
    assert (before["device"]["kind"], after["device"]["kind"], len(after["samples"])) == ("phone", "host", 2)
    assert "Transcript" not in stdout


def test_figures_of_others(aic, tmp_path):
    (tmp_path / "table.csv").write_text("device,model,time_ms\nA phone,net,12.5\n")
    status, stdout, _ = aic("phone", "import", tmp_path / "table.csv", "--out", tmp_path / "out.json")
    assert status == 0
    assert stdout.splitlines()[1].endswith("AI Benchmark, as its table says; measured by others, not by this workbench")
    assert json.loads((tmp_path / "out.json").read_text())["source"] == "AI Benchmark"


def test_figures_of_others_do_not_replace_their_file(refused, tmp_path):
    (tmp_path / "profile.json").write_text("{}")
    line = refused("phone", "import", tmp_path / "profile.json", "--out", tmp_path / "profile.json")
    assert line.startswith("expected --out with another file than the one that is read")


def test_a_program_is_fetched_once_and_then_found(aic, networks, monkeypatch, tmp_path, program):
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "site").mkdir()
    program.rename(tmp_path / "site" / "android_benchmark_model")
    checksum = sha256(tmp_path / "site" / "android_benchmark_model")
    with serve(tmp_path / "site") as site:
        address = f"{site.address}/android_benchmark_model"
        status, stdout, _ = aic("phone", "fetch", "--from", address, "--sha256", checksum)
    place = tmp_path / "cache" / "phone" / "benchmark_model"
    assert (status, stdout) == (0, f"benchmark_model is at {place}\n")
    replayed_phones.replay(monkeypatch, tmp_path / "state", "good")
    status, _, _ = aic("phone", "run", networks[0], "--rounds", 1, "--delegate", "gpu", "--out", tmp_path / "out.json")
    assert (status, json.loads((tmp_path / "out.json").read_text())["program"]["sha256"]) == (0, checksum)


def test_no_program_named_and_none_fetched(refused, networks, monkeypatch, tmp_path):
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    line = refused("phone", "run", networks[0])
    assert line.startswith(
        "expected benchmark_model, which times networks on a phone, found none: name Google's program"
    )


def test_a_file_of_free_size(refused, networks, program):
    line = refused("phone", "run", networks[2], "--benchmark", program)
    assert line.endswith("found an input of (1, any, any, 3): name the fixed file of its export")


@pytest.mark.parametrize(
    ("out", "line"),
    [
        (".", "expected a JSON file to write, found the folder ."),
        ("out.txt", "expected a file whose name ends in .json, found out.txt"),
        ("net_int8.tflite/out.json", "expected a folder to write net_int8.tflite/out.json in, found the file "),
    ],
)
def test_a_place_where_nothing_can_be_written_is_told_before_the_work(
    refused, networks, monkeypatch, tmp_path, out, line
):
    monkeypatch.chdir(tmp_path)
    assert refused("phone", "run", networks[0], "--device", "host", "--out", out).startswith(line)


def test_a_phone_that_goes_away_while_files_are_brought_to_it(run, monkeypatch, tmp_path):
    phone = replayed_phones.replay(monkeypatch, tmp_path / "state", "unplugged")
    place = AndroidDevice.place

    def leaving(*arguments, **how):
        phone.leaves()
        return place(*arguments, **how)

    monkeypatch.setattr(AndroidDevice, "place", leaving)
    line = (
        "expected Transcript Replay One to stay until the end, found it went away before anything was measured: plug it"
    )
    is_refused(run("unplugged", replayed=phone), line)


def test_without_the_extra_one_line_says_which_to_install(refused, networks, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert", None)
    line = refused("phone", "run", networks[0], "--device", "host")
    assert line.endswith('found no ai_edge_litert: pip install "aic-workbench[mobile]"')


def test_json_on_stdout_is_the_file(run, tmp_path):
    _, stdout, _, _ = run("good", "--json")
    assert json.loads(stdout) == json.loads((tmp_path / "out.json").read_text())


def test_a_serial_number_of_this_machine(refused, networks):
    line = refused("phone", "run", networks[0], "--device", "host", "--serial", "A1")
    assert line == "expected no --serial with --device host, found A1: leave one of them out"
