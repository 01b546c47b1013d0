"""The `aic` command: what it prints where, and its exit status."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fixtures import reading, run_folders

from aic_helpers.cli import main
from aic_helpers.core import machine
from aic_helpers.data.images import write_png
from aic_helpers.tracks.scoring import total_scores

COMMANDS = sorted(main.aic.commands)
SR = ("--track", "super_resolution")

challenge_folder = os.environ.get("AIC_CHALLENGE_DATA")
GOLDEN = json.loads((Path(challenge_folder) / "golden.json").read_text("utf-8")) if challenge_folder else None
ROWS = GOLDEN["published_final_results_super_resolution"]["rows"] if GOLDEN else []


@pytest.mark.skipif(not ROWS, reason="AIC_CHALLENGE_DATA is not set: no published table to compare with")
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_score_gives_the_published_scores(aic, row):
    _, psnr_db, ms_ssim, time_ms, *published = row
    baseline_ms = next(other[3] for other in ROWS if other[0] == "SRCNN baseline")
    status, stdout, _ = aic(
        "score", *SR, "--psnr", psnr_db, "--ms-ssim", ms_ssim, "--speedup", baseline_ms / time_ms, "--json"
    )
    assert status == 0
    # The baseline's own row is 0.03 off to the last digit, so the float needs a hair more.
    assert [score["value"] for score in json.loads(stdout).values()] == pytest.approx(published, abs=0.03 + 1e-9)


ONE_SCORE = ("score", *SR, "--psnr", "28.5", "--ms-ssim", "0.96", "--speedup", "9")


AIC = "from aic_helpers.cli.main import main; main()"


def called(*arguments, closed=(), code=AIC, **options):
    """Call `aic` as a shell does; `closed` are the standard streams that the caller has closed."""
    command = [sys.executable, "-c", code, *arguments]
    redirected = " ".join(f"{number}>&-" for number in closed)
    shell = ["bash", "-c", f'exec "$@" {redirected}', "bash", *command]
    return subprocess.run(shell, check=False, capture_output=True, text=True, **options)


@pytest.mark.parametrize("closed", [(2,), (0, 1, 2)])
def test_closed_streams_change_nothing_but_what_is_seen(closed):
    ended = called(*ONE_SCORE, closed=closed)
    shown = "" if 1 in closed else "A  14.00\nB  14.00\nC  14.00\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, shown, "")
    assert called("score", "--track", "x", closed=closed).returncode == 2


@pytest.mark.parametrize("closed", [(1,), (0, 1, 2)])
def test_children_have_all_three_streams(closed):
    child = "import sys; sys.exit(None in (sys.stdin, sys.stdout, sys.stderr))"
    code = "from aic_helpers.cli import standard_streams; standard_streams.settle()\nimport subprocess, sys\n"
    code += f"sys.exit(subprocess.run([sys.executable, '-c', {child!r}]).returncode)"
    assert called(closed=closed, code=code).returncode == 0


@pytest.mark.parametrize("arguments", [ONE_SCORE, ("--help",)])
def test_a_reader_that_left_is_no_error(arguments):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", AIC, *arguments]
    ended = subprocess.run(command, check=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_current_folder_that_was_deleted(aic, tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    line = "aic: expected a current folder, found one that was deleted: change to another with cd\n"
    assert aic("evaluate", *SR, "--out", "here") == (2, "", line)


def test_an_argument_that_is_no_text(refused):
    assert refused("convert", *SR, "--out", os.fsdecode(b"caf\xe9")) == (
        r"expected arguments in UTF-8, found caf\udce9: rename it in UTF-8, and set LC_ALL=C.UTF-8 "
        "where the system has no other"
    )


def test_score_prints_two_decimals(aic):
    printed = aic("score", *SR, "--psnr", 28.5, "--ms-ssim", 0.96, "--speedup", 9)
    assert printed == (0, "A  14.00\nB  14.00\nC  14.00\n", "")


@pytest.mark.parametrize(
    ("psnr_db", "ms_ssim", "speedup", "line"),
    [
        (
            "nan",
            0.9,
            1,
            "expected a finite PSNR in dB, found nan: a score needs an output that differs from the target",
        ),
        (30, 1.2, 1, "expected an MS-SSIM in [0, 1], found 1.2: check the value"),
        (30, 0.9, 0, "expected a speedup above 0, found 0.0: give the baseline's time divided by the model's"),
        ("x", 0.9, 1, "Invalid value for '--psnr': 'x' is not a valid float; see aic score --help"),
    ],
)
def test_score_of_impossible_figures(refused, psnr_db, ms_ssim, speedup, line):
    assert refused("score", *SR, "--psnr", psnr_db, "--ms-ssim", ms_ssim, "--speedup", speedup) == line


def test_help_costs_nothing():
    heavy = {"tensorflow", "keras", "numba", "pandas", "matplotlib", "papermill", "numpy", "pydantic"}
    code = (
        "import sys; from aic_helpers.cli import main; main.status(['run', '--help']); "
        f"sys.exit({heavy} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (1, "set()\n")


def test_score_needs_no_tensorflow():
    heavy = {"tensorflow", "keras", "numba", "pandas", "matplotlib", "papermill"}
    code = (
        "import sys; from aic_helpers.cli import main; "
        "main.status('score --track enhancement --psnr 22 --ms-ssim 0.9 --speedup 1'.split()); "
        f"sys.exit({heavy} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (1, "set()\n")


@pytest.mark.parametrize("command", [*COMMANDS, "board show", "data fetch", "data verify"])
def test_every_command_has_help_with_an_example(aic, command):
    arguments = command.split()
    status, stdout, _ = aic(*arguments, "--help")
    assert status == 0
    assert f"aic {' '.join(arguments)}" in stdout.partition("Example")[2]


def test_version(aic):
    assert aic("--version") == (0, "aic, version 0.1.0\n", "")


def test_an_unknown_track(refused):
    line = "expected the name of a track, or a .toml file, found 'sr': aic track list names them"
    assert refused("run", "--track", "sr") == line


def test_an_unknown_model(refused):
    line = refused("evaluate", *SR, "--model", "div2k_srcn")
    assert line == (
        "expected a pretrained name, file.py:function, a .keras or .h5 file, a SavedModel folder, a .meta file, "
        "a .pb file, a .tflite file, an .onnx file or a file of PyTorch's weights, found div2k_srcn: did you mean "
        "div2k_srcnn?"
    )


def test_an_onnx_without_the_extra(refused, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "net.onnx").touch()
    line = refused("evaluate", *SR, "--model", str(tmp_path / "net.onnx"))
    packages = "aic-workbench[onnx]"
    assert line == f'expected the packages of {packages}, found no onnxruntime: pip install "{packages}"'


def test_a_model_file_that_is_not_there(refused):
    line = refused("profile", *SR, "--model", "missing.pb")
    assert line == "expected a model at missing.pb, found nothing: check the path"


def test_a_checkpoint_that_is_not_there(refused, tmp_path):
    (tmp_path / "net.py").write_text("def net(images): ...")
    line = refused("convert", *SR, "--model", f"{tmp_path}/net.py:net", "--checkpoint", tmp_path / "weights")
    assert line.startswith(f"expected a checkpoint at {tmp_path}/weights, found nothing: ")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("run",), "Missing option '--track'; see aic run --help"),
        (("run", *SR, "--limitt", "3"), "No such option '--limitt'. Did you mean '--limit'?; see aic run --help"),
        (
            ("check", *SR, "--limit", "few"),
            "Invalid value for '--limit': 'few' is not a valid integer; see aic check --help",
        ),
        (("nope",), "No such command 'nope'; see aic --help"),
        (("run", *SR, "--limit", "-1"), "expected a limit of 0 (all) or more images, found -1: 0 stands for all"),
        (
            ("run", *SR, "--track", "enhancement", "--out", "x"),
            "expected one --track beside --model or --out, found 2 tracks: make one run for each track",
        ),
        (
            ("profile", *SR, "--size", "\u0661\u0662\u0668x720"),
            "expected a size as WIDTHxHEIGHT, found \u0661\u0662\u0668x720: say for example 1280x720",
        ),
        (("profile", *SR, "--device", ""), "expected the device cpu or gpu, found '': take one of them"),
        (("profile", *SR, "--size", "720p"), "expected a size as WIDTHxHEIGHT, found 720p: say for example 1280x720"),
        (
            ("profile", *SR, "--size", "8x720"),
            "expected an image of 16 to 8192 px on each side, found 8x720: leave it out for the track's own",
        ),
        (("profile", *SR, "--device", "npu"), "expected the device cpu or gpu, found npu: take one of them"),
        (
            ("profile", *SR, "--interval", "2"),
            "expected a target for the interval above 0, at most 1, found 2.0: 0.02 means 2 %",
        ),
        (
            ("profile", *SR, "--time-budget", "0"),
            "expected a time budget above 0 s, at most 86400 (a day), found 0.0: change it, or leave it out",
        ),
        (
            ("train", "srcnn", "--steps", "9", "--minutes", "1"),
            "expected --steps or --minutes, found both: leave one of them out",
        ),
        (("profile", *SR, "--repetitions", "3"), "expected a limit of at least 4 repetitions, found 3: give more"),
    ],
)
def test_a_call_that_is_wrong(refused, arguments, line):
    assert refused(*arguments) == line


def test_more_threads_than_cores(refused):
    cores = machine.usable_cores()
    expected = f"expected 1 to {cores} threads (the cores here), found {cores + 1}: leave it out to use all"
    assert refused("profile", *SR, "--threads", str(cores + 1)) == expected


def test_data_list_names_both_tracks(aic, monkeypatch, tmp_path):
    monkeypatch.setenv("AIC_CHALLENGE_DATA", str(tmp_path / "missing"))
    status, stdout, stderr = aic("data", "list")
    assert (status, stderr) == (0, "")
    rows = [line.split() for line in stdout.splitlines()]
    assert [row[:2] for row in rows[:4]] == [
        [name, track] for name in ("sample", "challenge") for track in ("super_resolution", "enhancement")
    ]
    assert "simulated" in stdout.splitlines()[1]
    assert "not here" in stdout.splitlines()[2]
    assert "call aic data fetch challenge" in stdout.splitlines()[2]
    assert ["pairs", "of", "one", "size", "target", "and", "input", "any", "pairs"] in rows
    assert [
        "large",
        "and",
        "small",
        "photos",
        "HR",
        "and",
        "LR_bicubic/X4",
        "Set5,",
        "Set14",
        "and",
        "the",
        "like",
    ] in rows


def test_what_nobody_foresaw_is_one_line_and_the_traceback_on_demand(aic, monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr("aic_helpers.tracks.scoring.scores", fail)
    arguments = ("score", *SR, "--psnr", 1, "--ms-ssim", 1, "--speedup", 1)
    line = "aic: internal error: by zero (set AIC_DEBUG=1 for the traceback)\n"
    assert aic(*arguments) == (3, "", line)
    monkeypatch.setenv("AIC_DEBUG", "1")
    assert "Traceback" in aic(*arguments)[2]


def test_an_interrupt_is_one_line(aic, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("aic_helpers.tracks.scoring.scores", interrupt)
    status, _, stderr = aic("score", *SR, "--psnr", 1, "--ms-ssim", 1, "--speedup", 1)
    assert (status, stderr) == (130, "aic: interrupted; nothing half-written is left\n")


def test_a_file_that_ends_early_is_no_interrupt(aic, monkeypatch):
    def end(*_, **__):
        raise EOFError("No data left in file")

    monkeypatch.setattr("aic_helpers.tracks.scoring.scores", end)
    status, _, stderr = aic("score", *SR, "--psnr", 1, "--ms-ssim", 1, "--speedup", 1)
    line = "aic: internal error: No data left in file (set AIC_DEBUG=1 for the traceback)\n"
    assert (status, stderr) == (3, line)


def test_a_disk_that_is_full_is_one_line(aic, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "runs/x")

    monkeypatch.setattr("aic_helpers.tracks.scoring.scores", full)
    status, _, stderr = aic("score", *SR, "--psnr", 1, "--ms-ssim", 1, "--speedup", 1)
    line = "aic: runs/x: No space left on device; check the path, its permissions and the free space\n"
    assert (status, stderr) == (2, line)


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """Write a frozen model that adds `plus` to every value; returns its path."""
    import tensorflow as tf

    def write(name, plus):
        with tf.Graph().as_default() as graph:
            images = tf.compat.v1.placeholder(tf.float32, [None, None, None, 3], name="input")
            tf.identity(images + plus, name="output")
        path = tmp_path_factory.mktemp("models") / f"{name}.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString())
        return path

    return write


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Track B's layout: inputs that are 0.1 darker than their targets."""
    folder = tmp_path_factory.mktemp("photos")
    generator = np.random.default_rng(0)
    for name in range(3):
        target = generator.uniform(0.2, 0.9, (32, 40, 3))
        write_png(folder / "enhancement" / "targets" / f"{name}.png", target)
        write_png(folder / "enhancement" / "inputs" / f"{name}.png", target - 0.1)
    return folder


@pytest.mark.tensorflow
def test_evaluate_prints_its_part_of_the_result(aic, frozen, photos, tmp_path):
    call = ("--track", "enhancement", "--model", frozen("brighter", 0.05), "--data", photos, "--out", tmp_path / "run")
    status, stdout, stderr = aic("evaluate", *call, "--limit", 2, "--json")
    assert (status, stderr) == (0, "")
    metrics = json.loads(stdout)
    assert metrics == json.loads((tmp_path / "run" / "result.json").read_text("utf-8"))["metrics"]
    assert metrics["images"] == 2
    assert metrics["psnr_db"] == pytest.approx(20 * math.log10(1 / 0.05), abs=0.1)
    names = sorted(path.name for path in (tmp_path / "run").iterdir())
    examples = [f"example_{end}_{side}.webp" for end in ("best", "worst") for side in ("input", "output", "target")]
    assert names == [*examples, "examples.csv", "images.csv", "model.pb", "result.json"]
    status, stdout, stderr = aic("evaluate", *call)
    assert (status, stderr) == (0, "")
    assert stdout.splitlines()[0].startswith("PSNR        26.0")
    assert stdout.splitlines()[-1] == f"run folder  {tmp_path / 'run'}"


@pytest.mark.tensorflow
def test_a_step_writes_a_report_where_it_is_asked_for_or_where_there_was_one(aic, frozen, photos, tmp_path):
    run, report = tmp_path / "run", tmp_path / "run" / "report.html"
    call = ("--track", "enhancement", "--model", frozen("brighter", 0.05), "--data", photos, "--out", run)
    assert aic("evaluate", *call, "--limit", 2)[0] == 0
    assert not report.exists()
    assert aic("evaluate", *call, "--limit", 2, "--report")[0] == 0
    first = report.read_text("utf-8")
    assert f"--out {run}" in first
    assert aic("evaluate", *call)[0] == 0
    assert report.read_text("utf-8") != first, "it tells of all three images now"
    report.unlink()
    found = aic("report", run)
    assert found == (0, f"{report}  {report.stat().st_size / 1e6:.1f} MB\n", "")
    status, _, stderr = aic("report", run, run)
    assert status == 2
    assert "expected --out for a report on many runs, found none: name an HTML file" in stderr


@pytest.mark.tensorflow
def test_what_is_said_of_a_network_s_form_is_part_of_what_the_result_was_made_from(aic, frozen, photos, tmp_path):
    """12.75 of 255 is 0.05 of 1: the output is 0.05 darker than its target, so 20 log10(1 / 0.05) dB from it."""
    out = tmp_path / "run"
    call = ("--track", "enhancement", "--model", frozen("of_255", 12.75), "--data", photos, "--out", out)
    status, stdout, _ = aic("evaluate", *call, "--range", "255", "--json")
    assert (status, json.loads(stdout)["psnr_db"]) == (0, pytest.approx(26.02, abs=0.05))
    model = json.loads((out / "result.json").read_text("utf-8"))["model"]
    assert (model["adapt"], model["adapters"]) == ({"range": "255"}, ["takes and gives 0 to 255"])
    first = aic("convert", *call, "--range", "255")[1]
    assert "adapted             takes and gives 0 to 255\n" in first
    assert "adapted" not in aic("convert", *call)[1]


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            ("--set", "is_training"),
            "expected --set NAME=VALUE, found is_training: say for example --set is_training=false",
        ),
        (("--set", "x=y"), "expected true, false or a number for x, found y: set it to one"),
        (("--layout", "hwcn"), "expected layout of nhwc or nchw, found hwcn: take one of them"),
        (
            ("--output", "y"),
            "expected names of tensors beside a .pb, a .meta, an .onnx or a SavedModel, found y beside fast_sr: lea",
        ),
    ],
)
def test_a_form_that_there_is_not(refused, typed, message):
    assert refused("convert", *SR, "--model", "fast_sr", *typed).startswith(message)


@pytest.mark.tensorflow
def test_where_all_is_in_place_a_command_parses_the_result_once(aic, frozen, photos, tmp_path, monkeypatch):
    call = ("--track", "enhancement", "--model", frozen("brighter", 0.05), "--data", photos, "--out", tmp_path / "run")
    first = aic("evaluate", *call)
    counts = reading.counted(monkeypatch)
    assert aic("evaluate", *call)[:2] == first[:2]
    assert (counts["result.json"], counts["hashed"]) == (1, 1)


@pytest.mark.tensorflow
def test_a_model_that_returns_nan_gets_a_failed_result(aic, frozen, photos, tmp_path):
    model = frozen("not_a_number", math.nan)
    call = ("--track", "enhancement", "--model", model, "--data", photos, "--out", tmp_path / "run")
    status, stdout, stderr = aic("evaluate", *call, "--json")
    assert (status, stderr) == (1, "")
    metrics = json.loads(stdout)
    assert metrics["psnr_db"] is metrics["ms_ssim"] is None
    assert metrics["failed"] == "3 of 3 images; 0: the model returned NaN or infinity in 100.0% of the values"


@pytest.mark.tensorflow
def test_a_photo_that_is_damaged_leaves_nothing_behind(refused, frozen, photos, tmp_path):
    folder = tmp_path / "photos" / "enhancement"
    for part in ("inputs", "targets"):
        (folder / part).mkdir(parents=True)
        whole = (photos / "enhancement" / part / "0.png").read_bytes()
        (folder / part / "0.png").write_bytes(whole if part == "inputs" else whole[:200])
    model = frozen("same", 0.0)
    line = refused(
        "evaluate", "--track", "enhancement", "--model", model, "--data", tmp_path / "photos", "--out", tmp_path / "run"
    )
    assert line.startswith(f"expected a whole image in {folder}/targets/0.png, found a damaged one")
    assert not (tmp_path / "run").exists()


@pytest.mark.tensorflow
@pytest.mark.parametrize(("passed", "status"), [(True, 0), (None, 0), (False, 1)])
def test_a_broken_rule_is_exit_status_1(aic, monkeypatch, tmp_path, frozen, passed, status):
    rule = {"name": "size", "passed": passed, "limit": "1 MB", "found": "2 MB", "evidence": "-", "remedy": None}
    rule |= {"remedy": "shrink it"} if passed is False else {}

    def convert(source, out, **asked):
        out.write_bytes(b"")
        model = {"name": "any", "kind": "frozen", "source": "any.pb", "sha256": "0", "bytes": 1, "parameters": 0}
        return model | {"read_files": {}, "kind": "frozen", "adapters": []}

    monkeypatch.setattr("aic_helpers.models.conversion.convert", convert)
    monkeypatch.setenv("AIC_CACHE", str(tmp_path / "cache"))  # what is made up is for this test alone
    given = {}
    monkeypatch.setattr("aic_helpers.profiling.requirements.check", lambda *_, **parts: given.update(parts) or [rule])
    call = ("--model", frozen("any", 0.0), "--out", tmp_path / "run", "--no-profile")
    printed = aic("check", *SR, *call)
    assert given["weighed"] is False  # what isn't measured isn't judged
    word = {True: "met", None: "advice", False: "BROKEN"}[passed]
    told = "            evidence: -\n            limit: 1 MB\n            -> shrink it\n" if passed is False else ""
    assert printed == (status, f"{word}  size  2 MB\n{told}", "")


@pytest.mark.tensorflow
@pytest.mark.parametrize(("width_px", "again"), [(None, 1), (64, 1), (1280, 0)], ids=["none", "small", "hd"])
def test_check_measures_where_no_profile_is_of_hd(aic, monkeypatch, tmp_path, frozen, width_px, again):
    from aic_helpers.runs import results, run_settings, schema

    measured = []

    def profile(stage, *_, **__):
        measured.append(stage)
        return results.write_part(stage, "profile", hd)

    hd = {**run_folders.empty(schema.Profile), "width_px": 1280, "height_px": 720, "threads": 1, "device": "cpu"}
    hd |= {"failed": "at 1280x720: no"}
    call = ("--model", frozen("any", 0.0), "--out", tmp_path / "run")
    monkeypatch.setattr("aic_helpers.runs.steps.profile", profile)
    monkeypatch.setattr("aic_helpers.profiling.requirements.check", lambda *_, **__: [])
    aic("convert", *SR, *call)
    if width_px:
        settings = run_settings.settle("super_resolution", str(call[1]), out=str(call[3]))
        results.write_part(settings, "profile", hd | {"width_px": width_px})
    assert aic("check", *SR, *call)[0] == 0
    assert len(measured) == again
    assert results.read(tmp_path / "run").profile.width_px == 1280


@pytest.mark.tensorflow
def test_a_profile_stays_where_the_rules_are_interrupted(aic, monkeypatch, tmp_path, frozen):
    from aic_helpers.runs import results, schema

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    hd = {**run_folders.empty(schema.Profile), "width_px": 1280, "height_px": 720, "threads": 1, "device": "cpu"}
    monkeypatch.setattr("aic_helpers.runs.steps.profile", lambda stage, **_: results.write_part(stage, "profile", hd))
    monkeypatch.setattr("aic_helpers.profiling.requirements.check", interrupted)
    assert aic("check", *SR, "--model", frozen("any", 0.0), "--out", tmp_path / "run")[0] == 130
    assert results.read(tmp_path / "run").profile.width_px == 1280


def test_scores_agree_with_the_formula(aic):
    from fixtures.pirm2018 import ENHANCEMENT

    _, stdout, _ = aic("score", "--track", "enhancement", "--psnr", 22, "--ms-ssim", 0.92, "--speedup", 1.5, "--json")
    expected = total_scores(ENHANCEMENT, psnr_db=22, ms_ssim=0.92, speedup=1.5)
    assert json.loads(stdout) == {name: {"value": score.value, "ci95": None} for name, score in expected.items()}
