"""The notebooks: how they are kept, and that papermill gives a whole result from them.

That each runs by itself from top to bottom is proved by nbval, which `make test` calls on them.
"""

import ast
import json
import math
import re

import nbformat
import papermill
import pytest
from fixtures import boards, hostile_models

from aic_helpers.cli import main
from aic_helpers.core.project_paths import PROJECT
from aic_helpers.runs import results, schema
from aic_helpers.tracks.catalogue import PIRM2018, TRACKS

NOTEBOOKS = sorted((PROJECT / "notebooks").glob("*.ipynb"))

SCHEMA = {
    "model": {"name", "source", "sha256", "bytes", "parameters", "gmacs_720p"},
    "metrics": {"psnr_db", "psnr_db_ci95", "images"},
    "profile": {
        "time_ms",
        "baseline_time_ms",
        "speedup",
        "speedup_ci95",
        "repetitions",
        "peak_rss_mib",
        "runtime_rss_mib",
        "model_rss_mib",
        "threads",
        "device",
        "width_px",
        "height_px",
    },
    "environment": {"python", "tensorflow", "numpy", "cpu", "cores", "created_utc"},
}
RULE = {"name", "passed", "limit", "found", "evidence"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_kept_without_outputs(notebook):
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_cells(notebook))
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"


def test_it_opens_with_a_question_and_what_goes_in_and_out(notebook):
    opening = notebook.cells[0].source
    assert opening.startswith("# ")
    assert opening.splitlines()[0].endswith("?")
    assert "**In:**" in opening
    assert "**Out:**" in opening
    assert "two-core machine" in opening


def test_its_parameters_are_literals_with_a_comment_each(notebook):
    tagged = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert [notebook.cells.index(cell) for cell in tagged] == [1]
    for line in tagged[0].source.splitlines():
        assignment, comment = line.split("  # ")
        assert comment
        ast.literal_eval(ast.parse(assignment).body[0].value)


def test_its_cells_are_short_and_define_nothing(notebook):
    for cell in code_cells(notebook):
        most = 15 if "parameters" in cell.metadata.get("tags", []) else 8
        assert len(cell.source.splitlines()) <= most
        assert "def " not in cell.source


def test_its_parameters_are_checked_before_anything_else_is_done(notebook):
    lines = code_cells(notebook)[1].source.splitlines()
    first = next(line for line in lines if line and not line.startswith(("%", "import", "from")))
    assert first == "reporting.open_notebook()"


@pytest.mark.parametrize(
    ("parameters", "line"),
    [
        (
            {"trakc": "enhancement"},
            "InputError: expected a parameter of this notebook "
            "(track, model, checkpoint, adapt, data, limit, out, fresh), found trakc: did you mean track?",
        ),
        ({"model": "no.pb"}, "InputError: expected a model at no.pb, found nothing: check the path"),
    ],
)
def test_plain_papermill_ends_with_the_line_of_a_mistake(tmp_path, parameters, line):
    notebook, executed = str(PROJECT / "notebooks" / "01_convert.ipynb"), tmp_path / "01.ipynb"
    with pytest.raises(papermill.PapermillExecutionError) as error:
        papermill.execute_notebook(notebook, str(executed), parameters, progress_bar=False)
    assert str(error.value).strip().splitlines()[-1] == line
    outputs = [output for cell in code_cells(nbformat.read(executed, as_version=4)) for output in cell.outputs]
    assert [output.traceback for output in outputs if output.output_type == "error"] == [[line]]


def test_prose_comes_before_code(notebook):
    for before, cell in zip(notebook.cells[3:], notebook.cells[4:], strict=False):
        if cell.cell_type == "code":
            assert before.cell_type == "markdown" or before.source.startswith(("if profile:", "if growth:"))


OF_AN_EXPORT = {schema.MOBILE, "model_fixed.tflite", "precision_images.csv", "precision_timing.csv"}
"""Files of a run folder that only LiteRT's precisions, or a `.tflite`, bring."""


@pytest.mark.tensorflow
def test_a_run_with_its_export_ends_with_the_notebook_on_phones(tmp_path, capfd):
    net = hostile_models.freeze(hostile_models.good, tmp_path / "net.pb")
    out, asked = tmp_path / "run", ["--model", str(net), "--limit", "2", "--no-profile", "--export"]
    call = ["run", "--track", "enhancement", *asked, "--time-budget", "10", "--out", str(out)]
    assert main.status(call) == 0
    stdout, stderr = capfd.readouterr()
    assert f"enhancement net: {schema.MOBILE.removesuffix('.ipynb')}" in stderr
    (line,) = (line for line in stdout.splitlines() if line.startswith("LiteRT"))
    assert re.search(r"int8 has [+-]\d\.\d\d dB .* beside float32, at [\d.]+ .* times its speed in LiteRT here\.", line)
    _check_executed(out / schema.MOBILE)
    assert "For phones: LiteRT in its precisions" in (out / "report.html").read_text()
    assert sorted(path.name for path in (out / "litert").iterdir())[:2] == ["export.json", "net_dynamic_int8.tflite"]
    assert main.status(call) == 0
    assert capfd.readouterr().err == ""  # all is there: no notebook runs again


@pytest.mark.tensorflow
@pytest.mark.parametrize("track", [*PIRM2018, "classic_x4"])
def test_a_run_of_the_sample_network_gives_a_whole_result(track, tmp_path, capfd):
    out = tmp_path / "run"
    few = ["--limit", "3", "--time-budget", "15"]
    status = main.status(["run", "--track", track, *few, "--out", str(out)])
    stdout, stderr = capfd.readouterr()
    name = TRACKS[track].timed_beside
    assert status == 0
    # A kernel that ends on a busy machine may leave a line of ZeroMQ's there.
    told = [line for line in stderr.splitlines() if not line.startswith("Assertion failed: pfd.revents")]
    assert told == [f"{track} {name}: {step}" for step in ("01_convert", "02_evaluate", "03_profile")]
    result = results.read(out)
    _check_result(result.raw, track)
    assert result.keys["profile"].made_from["time_budget_s"] == 15
    # Nothing was measured of growth, nothing exported, and a small patch has no overview.
    left_out = {"growth.csv", "model.tflite", "model.onnx", *OF_AN_EXPORT} | (
        {name for name in schema.FILES if "overview" in name} if track == "enhancement" else set()
    )
    assert {path.name for path in out.iterdir()} == set(schema.FILES) - left_out
    rows = dict(line.split(maxsplit=1) for line in stdout.splitlines() if not line.startswith(("score", "run")))
    assert rows["model"] == name
    assert rows["images"] == "3"
    for step in ("01_convert", "02_evaluate", "03_profile"):
        _check_executed(out / f"{step}.ipynb")


def _check_result(result, track):
    protocol = TRACKS[track].protocol
    assert (result["schema"], result["track"], result["protocol"]) == (1, track, protocol.label)
    for part, keys in SCHEMA.items():
        assert keys <= set(result[part] or keys), part
    assert all(set(rule) >= RULE for rule in result["requirements"])
    assert {rule["passed"] for rule in result["requirements"]} <= {True, None}
    scores = result["scores"] or {}
    assert set(scores) == ({"A", "B", "C"} if track in PIRM2018 else set())
    for score in scores.values():
        low, high = score["ci95"]
        assert low <= score["value"] <= high
    assert {f"{name}_ci95" for name in protocol.columns} <= set(result["metrics"])
    figures = [result["metrics"][name] for name in protocol.columns]
    figures += [result["profile"][name] for name in ("time_ms", "baseline_time_ms", "speedup", "peak_rss_mib")]
    assert all(math.isfinite(figure) and figure > 0 for figure in figures)
    assert result["metrics"]["images"] == 3
    assert result["profile"]["repetitions"] >= 2
    assert json.dumps(result, allow_nan=False)


def _check_executed(path):
    """Nothing on stderr, no trace of staging folder and progress, and a figure where the notebook promises one."""
    executed = nbformat.read(path, as_version=4)
    outputs = [output for cell in code_cells(executed) for output in cell.outputs]
    assert [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"] == []
    assert ".partial-" not in path.read_text("utf-8")
    assert not [output for output in outputs if "ProgressBar(" in output.get("data", {}).get("text/plain", "")]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    assert pictures == {"01_convert": 0, "02_evaluate": 2, "03_profile": 2, "09_mobile": 2}[path.stem]


@pytest.mark.parametrize("models", [3, 0])
def test_a_board_is_shown_from_its_files_alone(models, tmp_path):
    board = boards.many(tmp_path / "board", models) if models else boards.plan(tmp_path / "board")
    executed = tmp_path / "05_board.ipynb"
    notebook = str(PROJECT / "notebooks" / "05_board.ipynb")
    papermill.execute_notebook(notebook, str(executed), {"board": str(board), "by": "C"}, progress_bar=False)
    outputs = [output for cell in code_cells(nbformat.read(executed, as_version=4)) for output in cell.outputs]
    assert [output for output in outputs if output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 3
    assert sum("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs) == 1
    printed = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
    assert f"models  {models + 2 * bool(models)}: {models} done" in printed
    assert ("ahead of the next" in printed) == bool(models)
    assert ("No model of this track is ranked yet." in printed) == (not models)
    tables = [output["data"]["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    assert ("score C" in tables[0], "file size" in tables[2]) == (True, bool(models))


@pytest.mark.tensorflow
@pytest.mark.parametrize("notebook", ["00_start_here", "04_compare"])
def test_what_was_compared_stays_without_a_kernel_as_pictures_table_and_figure(notebook, tmp_path):
    executed = tmp_path / f"{notebook}.ipynb"
    parameters = {"track": "enhancement"} | ({"limit": 2} if notebook == "04_compare" else {})
    papermill.execute_notebook(
        str(PROJECT / "notebooks" / f"{notebook}.ipynb"), str(executed), parameters, progress_bar=False
    )
    outputs = [output for cell in code_cells(nbformat.read(executed, as_version=4)) for output in cell.outputs]
    assert [output for output in outputs if output.get("name") == "stderr" or output.output_type == "error"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 1
    viewer, table = (output.data["text/html"] for output in outputs if "text/html" in output.get("data", {}))
    assert viewer.count("data:image/jpeg;base64,") >= 3
    assert len(viewer) < 200_000
    assert "PSNR (dB)" in table
    assert "NaN" not in table
    assert executed.stat().st_size < 3_000_000
