"""No source is converted twice, and nothing passes for what it isn't: an edited, damaged or half-written entry."""

import errno
import json
import os
import py_compile
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aic_helpers.core import isolation, project_paths, safe_files
from aic_helpers.core.locks import locked
from aic_helpers.data.images import write_png
from aic_helpers.models import conversion, sources
from aic_helpers.runs import cache_keys, model_cache, results, run_settings, steps
from aic_helpers.tracks.catalogue import find_track

PRETENDED = """
import sys
from pathlib import Path

from aic_helpers.core import safe_files
from aic_helpers.tracks.catalogue import find_track
from aic_helpers.models import conversion, sources
from aic_helpers.runs import model_cache


def convert(source, out, **asked):
    content = b"frozen " + source.path.read_bytes()
    out.write_bytes(content)
    report = {"name": source.name, "source": source.typed, "kind": source.kind, "sha256": safe_files.sha256(out)}
    return report | {"bytes": len(content), "parameters": 3, "read_files": {}}
"""

HERE = {}
exec(PRETENDED, HERE)

ELSEWHERE = f"""{PRETENDED}
conversion.convert = convert
source, out = sources.resolve(sys.argv[1]), Path(sys.argv[2])
BEFORE
print("ready", flush=True)
sys.stdin.readline()
model_cache.convert(source, find_track("A"), out, {{"source": sources.fingerprint(source)}})
"""

STOPS_HALF_WAY = """
def stop(source, target):
    Path(target).write_bytes(b"half")
    print("half", flush=True)
    sys.stdin.read()
    raise AssertionError("to be killed")
model_cache.shutil.copyfile = stop
"""


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache for this test alone; returns the folder of its entries."""
    monkeypatch.setenv(project_paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    model_cache._tell.cache_clear()
    return tmp_path / "cache" / "models"


@pytest.fixture
def converted(monkeypatch):
    """Pretend to convert; returns the names of the sources that were."""
    names = []

    def convert(source, out, **asked):
        names.append(source.name)
        return HERE["convert"](source, out)

    monkeypatch.setattr(conversion, "convert", convert)
    return names


@pytest.fixture
def net(tmp_path):
    """Return a source of a name and content."""

    def write(name="net", content=b"weights", ending=".keras"):
        file = tmp_path / f"{name}{ending}"
        file.write_bytes(content)
        return sources.resolve(str(file))

    return write


def convert(source, out, *, fresh=False, **other):
    """Convert to a file; returns the report and the bytes of the frozen model."""
    key = {"source": sources.fingerprint(source), **other}
    return model_cache.convert(source, find_track("A"), out, key, fresh=fresh), out.read_bytes()


def test_a_known_source_is_copied_into_the_next_folder(tmp_path, converted, net, caplog):
    caplog.set_level("INFO", "aic_helpers")
    first = convert(net(), tmp_path / "model.pb")
    assert not caplog.messages
    assert convert(net(), tmp_path / "other" / "model.pb") == first
    assert converted == ["net"]
    assert caplog.messages[0].startswith("net: model.pb taken from the cache, converted 20")
    (tmp_path / "other" / "model.pb").write_bytes(b"edited by its owner")
    assert convert(net(), tmp_path / "model.pb") == first


def test_an_onnx_is_used_as_it_is_and_leaves_the_cache_alone(tmp_path, converted, net, cache):
    for folder in ("one", "other"):
        convert(net(ending=".onnx"), tmp_path / "model.onnx", folder=folder)
        convert(net(ending=".onnx"), tmp_path / "model.onnx", folder=folder)
    assert len(converted) == 4
    assert not cache.exists()


def test_what_becomes_an_onnx_is_kept_as_one(tmp_path, converted, net, cache, caplog):
    caplog.set_level("INFO", "aic_helpers")
    source = replace(net(), kind="torch")
    first = convert(source, tmp_path / "model.onnx")
    assert convert(source, tmp_path / "other.onnx") == first
    assert sorted(file.suffix for file in cache.glob("[!.]*")) == [".json", ".onnx"]
    assert caplog.messages[0].startswith("net: model.onnx taken from the cache, converted 20")


def test_another_source_or_version_is_another_entry(tmp_path, converted, net, cache):
    out = tmp_path / "model.pb"
    convert(net(), out, keras="3.1")
    convert(net(), out, keras="3.2")
    convert(net(content=b"others"), out, keras="3.2")
    assert len(converted) == 3
    assert len([*cache.glob("*.pb")]) == 3


def test_a_source_is_converted_for_its_track_and_again_for_one_of_another_scale(tmp_path, monkeypatch, net):
    asked = []

    def convert(source, out, **wanted):
        asked.append(wanted)
        return HERE["convert"](source, out)

    monkeypatch.setattr(conversion, "convert", convert)
    for name in ("A", "classic_x4", "classic_x2", "classic_x4"):
        track = find_track(name)
        source = net()
        model_cache.convert(source, track, tmp_path / "model.pb", cache_keys.model_key(source, track))
    sizes = [find_track(name).measured.macs_size for name in ("A", "classic_x4", "classic_x2")]
    wanted = zip((1, 4, 2), sizes, strict=True)
    assert asked == [{"enlarges": enlarges, "macs_size": size} for enlarges, size in wanted]


def test_fresh_converts_anew_and_replaces_the_entry(tmp_path, converted, net, cache):
    out = tmp_path / "model.pb"
    convert(net(), out)
    (entry,) = cache.glob("*.json")
    before = entry.stat().st_ino
    convert(net(), out, fresh=True)
    assert converted == ["net", "net"]
    assert [file.stat().st_ino != before for file in cache.glob("*.json")] == [True]


def test_the_names_are_those_of_the_call(tmp_path, converted, net):
    source = net()
    convert(source, tmp_path / "model.pb")
    report, _ = convert(replace(source, name="mine", typed="./net.keras"), tmp_path / "model.pb")
    assert (report["name"], report["source"], report["parameters"]) == ("mine", "./net.keras", 3)
    assert len(converted) == 1


def test_of_a_frozen_source_only_the_report_is_kept(tmp_path, monkeypatch, net, cache):
    def frozen(source, out, **asked):
        shutil.copyfile(source.path, out)
        known = {"name": source.name, "source": source.typed, "kind": "frozen", "adapters": []}
        return known | {"sha256": safe_files.sha256(out), "read_files": {}}

    monkeypatch.setattr(conversion, "convert", frozen)
    first = convert(net(ending=".pb"), tmp_path / "model.pb")
    assert [file.suffix for file in cache.glob("*.[jp]*")] == [".json"]
    monkeypatch.setattr(conversion, "convert", lambda *_, **__: pytest.fail("converted again"))
    assert convert(net(ending=".pb"), tmp_path / "other" / "model.pb") == first


def _cut(file):
    file.write_bytes(file.read_bytes()[:-3])


def _change(**values):
    def change(file):
        file.write_text(json.dumps(json.loads(file.read_text()) | values))

    return change


def _turn_a_figure(file):
    file.write_text(file.read_text().replace('"parameters": 3', '"parameters": 2'))


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        (".pb", _cut),
        (".pb", Path.unlink),
        (".json", _cut),
        (".json", lambda file: file.write_text("[]")),
        (".json", _turn_a_figure),
        (".json", _change(schema=2)),
        (".json", _change(kept=None)),
    ],
)
def test_a_damaged_entry_is_made_anew(tmp_path, converted, net, cache, ending, damage):
    out = tmp_path / "model.pb"
    first = convert(net(), out)
    (file,) = cache.glob(f"*{ending}")
    damage(file)
    for _ in range(2):
        assert convert(net(), out) == first
    assert len(converted) == 2


def test_the_least_recently_used_go_first(tmp_path, converted, net, cache, monkeypatch):
    out = tmp_path / "model.pb"
    for age, name in enumerate("abcd"):
        convert(net(name, name.encode() * 2000), out)
        for file in {*cache.iterdir()} - {file for file in cache.iterdir() if file.stat().st_mtime < 1000}:
            os.utime(file, (age + 1, age + 1))
    convert(net("a", b"a" * 2000), out)  # used again
    size = sum(file.stat().st_size for file in cache.glob("*.*"))
    monkeypatch.setattr(model_cache, "MAX_BYTES", size)
    convert(net("e", b"e" * 2000), out)
    converted.clear()
    for name in "acdeb":
        convert(net(name, name.encode() * 2000), out)
    assert converted == ["b"]
    assert sum(file.stat().st_size for file in cache.glob("*.pb")) <= size


def test_one_that_is_too_large_is_not_kept_and_drives_none_out(tmp_path, converted, net, monkeypatch):
    out = tmp_path / "model.pb"
    convert(net("small", b""), out)
    monkeypatch.setattr(model_cache, "MAX_BYTES", 5000)
    for _ in range(2):
        convert(net("large", b"0" * 5000), out)
    convert(net("small", b""), out)
    assert converted == ["small", "large", "large"]


def test_a_cache_that_cannot_be_written_is_told_once(tmp_path, converted, net, caplog):
    (tmp_path / "cache").write_text("a file in its place")
    for _ in range(2):
        assert convert(net(), tmp_path / "model.pb")[1] == b"frozen weights"
    assert len(converted) == 2
    place = tmp_path / "cache" / "models"
    told = f"converted models aren't kept in {place} (Not a directory): each run folder converts its own"
    assert caplog.messages == [told]


@pytest.mark.parametrize("full_for", [".pb", ".json"])
def test_a_full_disk_leaves_the_run_as_it_is(tmp_path, converted, net, cache, caplog, monkeypatch, full_for):
    convert(net("old"), tmp_path / "model.pb")
    replacing = safe_files.replacing

    def full(path, **options):
        if path.parent == cache and path.suffix == full_for:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return replacing(path, **options)

    monkeypatch.setattr(safe_files, "replacing", full)
    assert convert(net("new", b"other"), tmp_path / "model.pb")[1] == b"frozen other"
    monkeypatch.undo()
    assert len(caplog.messages) == 1
    assert "(No space left on device)" in caplog.text
    assert not [*cache.glob(".*.partial")]


def test_a_disk_that_fills_up_leaves_no_half_entry(tmp_path, converted, net, cache, caplog):
    cache.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", cache]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here (not root?)")
    try:
        assert len(convert(net(content=b"0" * 100_000), tmp_path / "model.pb")[1]) > 100_000
        assert "(No space left on device)" in caplog.text
        assert [file.name for file in cache.iterdir()] == [".lock"]
        convert(net("small"), tmp_path / "model.pb")
        convert(net("small"), tmp_path / "model.pb")
        assert converted == ["net", "small"]
    finally:
        subprocess.run(["umount", cache], check=True)


def test_a_writer_that_is_killed_leaves_nothing_that_counts(tmp_path, converted, net, cache):
    with started(net(), tmp_path / "killed.pb", STOPS_HALF_WAY) as writer:
        writer.stdin.write("go\n")
        writer.stdin.flush()
        assert writer.stdout.readline() == "half\n"
        assert [*cache.glob(".*.partial")]
        writer.send_signal(signal.SIGKILL)
    for _ in range(2):
        assert convert(net(), tmp_path / "model.pb")[1] == b"frozen weights"
    assert converted == ["net"]
    assert sorted(file.suffix for file in cache.iterdir()) == ["", ".json", ".pb"]


def test_two_processes_at_once(tmp_path, converted, net):
    source = net()
    with started(source, tmp_path / "1.pb") as one, started(source, tmp_path / "2.pb") as other:
        for process in (one, other):
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [one.wait(), other.wait()] == [0, 0]
    assert {(tmp_path / name).read_bytes() for name in ("1.pb", "2.pb")} == {b"frozen weights"}
    convert(source, tmp_path / "model.pb")
    assert converted == []


def started(source, out, before=""):
    """Start a process that converts, once it is told to go, and wait until it is there."""
    code = ELSEWHERE.replace("BEFORE", before)
    command = [sys.executable, "-c", code, source.typed, out]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def test_nobody_waits_for_another_writer(tmp_path, converted, net, cache):
    cache.mkdir(parents=True)
    with locked(cache / ".lock"):
        convert(net(), tmp_path / "model.pb")
    assert not [*cache.glob("*.json")]


def test_a_source_that_changes_meanwhile_is_not_kept(tmp_path, net, cache, monkeypatch):
    def edited(source, out, **asked):
        report = HERE["convert"](source, out)
        source.path.write_bytes(b"edited")
        return report

    monkeypatch.setattr(conversion, "convert", edited)
    convert(net(), tmp_path / "model.pb")
    assert not cache.exists()


def test_what_strangers_bring_neither_goes_there_nor_comes_from_there(tmp_path, converted, net, cache, monkeypatch):
    monkeypatch.setenv(isolation.VARIABLE, "")
    convert(net(), tmp_path / "model.pb")
    assert not cache.exists()
    monkeypatch.delenv(isolation.VARIABLE)
    convert(net(), tmp_path / "model.pb")
    monkeypatch.setenv(isolation.VARIABLE, "")
    convert(net(), tmp_path / "model.pb")
    assert len(converted) == 3


def test_without_a_variable_it_is_the_persons_own_folder(monkeypatch):
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"/home/me/.cache/{name}")
    for value in ("", None):
        name = project_paths.CACHE_VARIABLE
        monkeypatch.setenv(name, value) if value == "" else monkeypatch.delenv(name)
        assert model_cache.folder() == Path("/home/me/.cache/aic-workbench/models")


@pytest.fixture
def settled(tmp_path):
    """Return the settings of a run of a model in a folder of its own, on one small photo of its own."""

    def settle(model, name):
        for kind in ("inputs", "targets"):
            write_png(tmp_path / name / "data" / "enhancement" / kind / "0.png", np.full((16, 16, 3), 0.5))
        out = tmp_path / name / "run"
        return run_settings.settle("enhancement", model, data=str(tmp_path / name / "data"), out=str(out))

    return settle


@pytest.mark.tensorflow
def test_a_known_model_on_other_data_starts_no_child(settled, monkeypatch):
    first = steps.convert(settled("sample_enhancement_srcnn", "one"))
    monkeypatch.setattr("aic_helpers.processes.workers.call", lambda *_, **__: pytest.fail("a child"))
    other = settled("sample_enhancement_srcnn", "other")
    assert steps.convert(other).model == first.model
    assert cache_keys.standing(other, results.read(other.folder), profile=False)["model"] is None


FORMS = {
    "net.py": """
import importlib.util, os, sys
from pathlib import Path
import keras
import numpy as np
import tensorflow as tf
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "elsewhere"))
import far
from nets.blocks import shade
from space import inner
spec = importlib.util.spec_from_file_location("unlisted", HERE / "by_path.py")
unlisted = importlib.util.module_from_spec(spec)
spec.loader.exec_module(unlisted)
factor = float(np.load(HERE / "factor.npy")[0])
factor *= float(open(os.fsencode(HERE / "bytes.txt")).read())
factor *= float(tf.io.gfile.GFile(str(HERE / "gfile.txt"), "r").read())
factor *= float(tf.strings.to_number(tf.io.read_file(str(HERE / "tensor.txt"))))
def f(x): return x * shade * far.FAR * inner.INNER * unlisted.PATH * factor
""",
    "nets/__init__.py": "",
    "nets/blocks.py": "from . import tones\nfrom .tones import shade\n",
    "nets/tones.py": "shade = 0.5\n",
    "space/inner.py": "INNER = 1.0\n",
    "by_path.py": "PATH = 1.0\n",
    "bytes.txt": "1.0",
    "gfile.txt": "1.0",
    "tensor.txt": "1.0",
    "../elsewhere/far.py": "FAR = 1.0\n",
}
"""Ways in which a model's file reads another; `space` is a package without an `__init__.py`."""


@pytest.mark.tensorflow
def test_each_file_that_a_models_code_reads_is_noticed_however_it_reads_it(settled, tmp_path, converted_again):
    folder = tmp_path / "mine"
    for name, text in FORMS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    np.save(folder / "factor.npy", np.ones(1))
    py_compile.compile(str(folder / "by_path.py"))  # so that Python opens no source
    settings = settled(f"{folder}/net.py:f", "one")
    first = steps.convert(settings)
    read = {Path(name) for name in first.model.read_files}
    assert read == {(folder / name).resolve() for name in [*FORMS, "factor.npy"] if name != "net.py"}
    for number, file in enumerate(sorted(read)):
        content = file.read_bytes()
        file.write_bytes(content + b" ")
        why = cache_keys.standing(settings, results.read(settings.folder), profile=False)["model"]
        assert why.startswith("changed since: ")
        assert why.endswith(str(file))
        assert results.converted(settings) is None
        with pytest.raises(converted_again):
            steps.convert(settled(f"{folder}/net.py:f", f"other {number}"))
        file.write_bytes(content)
    assert steps.convert(settings).model == results.converted(settings).model == first.model


@pytest.fixture
def converted_again(monkeypatch):
    """Let a second conversion raise this error."""

    class ConvertedAgainError(Exception):
        pass

    true, calls = conversion.convert, []

    def convert(*arguments, **asked):
        if calls:
            raise ConvertedAgainError
        calls.append(arguments)
        return true(*arguments, **asked)

    monkeypatch.setattr(conversion, "convert", convert)
    return ConvertedAgainError


@pytest.mark.tensorflow
def test_an_edited_file_that_the_models_file_imports_is_noticed(settled, tmp_path, monkeypatch):
    """`fingerprint` doesn't see what its code reads by itself."""
    folder = tmp_path / "mine"
    (folder / "nets").mkdir(parents=True)
    blocks, shade = folder / "nets" / "blocks.py", folder / "nets" / "shade.txt"
    blocks.write_text(
        "from pathlib import Path\nSHADE = float(Path(__file__).with_name('shade.txt').read_text())\n"
        "def block(x): return x * SHADE\n"
    )
    shade.write_text("0.5")
    (folder / "net.py").write_text("import keras\nfrom nets.blocks import block\ndef f(x): return block(x)\n")
    settings = settled(f"{folder}/net.py:f", "one")
    first = steps.convert(settings)
    assert {Path(name).name for name in first.model.read_files} == {"blocks.py", "shade.txt"}
    copied = tmp_path / "copy"
    shutil.copytree(folder, copied)
    child = "aic_helpers.processes.workers.call"
    with monkeypatch.context() as patch:
        patch.setattr(child, lambda *_, **__: pytest.fail("a child"))
        there = steps.convert(settled(f"{copied}/net.py:f", "copy"))
        assert there.model_sha256 == first.model_sha256
        assert {Path(name).parent for name in there.model.read_files} == {copied / "nets"}
    shade.write_text("0.25")
    why = cache_keys.standing(settings, results.read(settings.folder), profile=False)
    assert why == {"model": f"changed since: {shade}"}
    second = steps.convert(settings)
    assert second.model_sha256 != first.model_sha256
    blocks.write_text(blocks.read_text().replace("x * SHADE", "x * SHADE + 1"))
    elsewhere = steps.convert(settled(f"{folder}/net.py:f", "other"))
    assert elsewhere.model_sha256 not in (first.model_sha256, second.model_sha256)
