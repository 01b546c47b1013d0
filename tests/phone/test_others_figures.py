"""Figures of Qualcomm AI Hub and AI Benchmark, marked as others'."""

import json

import pytest
from fixtures.browsing import HOSTILE

from aic_helpers.core.errors import InputError
from aic_helpers.phone import others_figures
from aic_helpers.phone.others_figures import MARK, OthersFigure

PROFILE = {
    "execution_summary": {
        "estimated_inference_time": 12500,
        "estimated_inference_peak_memory": 50 * 2**20,
        "first_load_time": 311671,
        "all_inference_times": [12900, 12500, 13100],
    },
    "execution_detail": [{"name": "conv", "type": "Conv", "compute_unit": "NPU"}] * 7 + [{"compute_unit": "CPU"}] * 2,
}
"""As its client documents it, in microseconds and bytes; the figures are made up."""

NAMED = {"device": "A phone", "chip": "A chip", "model": "net_int8"}


@pytest.fixture
def profile(tmp_path):
    def write(content):
        file = tmp_path / "profile.json"
        file.write_text(json.dumps(content))
        return file

    return write


@pytest.fixture
def table(tmp_path):
    def write(text):
        file = tmp_path / "table.csv"
        file.write_text(text, "utf-8")
        return file

    return write


def refused(file, **named):
    with pytest.raises(InputError) as raised:
        others_figures.read(file, **named)
    return str(raised.value)


def test_a_profile_of_ai_hub(profile):
    result = others_figures.read(profile(PROFILE), **NAMED)
    assert (result.source, result.mark, result.file) == ("Qualcomm AI Hub", MARK, "profile.json")
    assert result.figures == [
        OthersFigure(
            device="A phone",
            chip="A chip",
            android=None,
            model="net_int8",
            delegate="NPU 7, CPU 2",
            time_ms=12.9,
            statistic="median of its runs",
            runs=3,
            peak_memory_mib=50,
            layers_by_unit={"NPU": 7, "CPU": 2},
        )
    ]


def test_a_profile_with_nothing_but_its_estimate(profile):
    summary = {"execution_summary": {"estimated_inference_time": 127}}
    (figure,) = others_figures.read(profile(summary), device="A phone", model="net").figures
    assert (figure.time_ms, figure.statistic, figure.runs, figure.delegate) == (0.127, "its own estimate", None, None)


@pytest.mark.parametrize("name", ["device", "model"])
def test_a_profile_does_not_name_what_it_is_of(profile, name):
    line = (
        f"expected --{name}, which a profile of Qualcomm AI Hub doesn't name, found none: say which {name} it was, as "
    )
    assert refused(profile(PROFILE), **(NAMED | {name: ""})) == f"{line}the job's page does"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({}, "found nothing at execution_summary"),
        (
            {"execution_summary": {"estimated_inference_time": None}},
            "found null as execution_summary",
        ),
        ({"execution_summary": {"estimated_inference_time": 0}}, "not above 0"),
        ({"execution_summary": {"estimated_inference_time": -3}}, "not above 0"),
        ({"execution_summary": {"estimated_inference_time": "fast"}}, "not a number"),
        (
            {"execution_summary": {"estimated_inference_time": 5, "all_inference_times": [5, "x"]}},
            "all_inference_times[1]",
        ),
        ([1, 2], "not an object"),
    ],
)
def test_a_file_that_is_no_profile(profile, content, found):
    line = refused(profile(content), **NAMED)
    assert line.startswith("expected a profile of Qualcomm AI Hub in ")
    assert found in line
    assert line.endswith(": write what download_profile() returns as JSON")


def test_numbers_that_no_json_has(tmp_path):
    (tmp_path / "p.json").write_text('{"execution_summary": {"estimated_inference_time": NaN}}')
    assert "expected a profile of Qualcomm AI Hub in " in refused(tmp_path / "p.json", **NAMED)


def test_a_table_of_ai_benchmark(table):
    """Columns by their usual names; a phone's name stays a text, and a unit behind a time does no harm."""
    file = table("Phone,SoC,Accelerator,Model,Latency_ms\n007,NB-1,GPU,net_int8,12.5\nNA,,,net_int8,8.25ms\n")
    result = others_figures.read(file)
    assert result.source == "AI Benchmark"
    assert [(one.device, one.chip, one.delegate, one.time_ms) for one in result.figures] == [
        ("007", "NB-1", "GPU", 12.5),
        ("NA", None, None, 8.25),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("device,model\na,b\n", "expected a column time_ms in "),
        ("device,model,time\na,b,5\n", "did you mean time"),
        ("device,model,time_ms\n", "expected 1 to 10000 rows below the head of "),
        ("device,model,time_ms\na,b,0\n", "expected a time above 0 in milliseconds in row 2 of "),
        ("device,model,time_ms\na,b,5\na,b,nan\n", "in row 3 of "),
        ("device,model,time_ms\na,b,inf\n", "found inf: write it as in 12.5"),
        ("device,model,time_ms\na,b,\n", "expected a time above 0"),
        ("device,model,time_ms\n,b,5\n", "expected a device in row 2 of "),
        ("", "expected a table in CSV in "),
        ("device,model,time_ms\na,b,5,6,7\n", "expected as many cells in each row of "),
    ],
)
def test_tables_that_lack_something(table, text, line):
    assert line in refused(table(text))


def test_a_table_that_is_no_text(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"device\xff\xfe\x00\x81")
    assert "expected a table in CSV in " in refused(tmp_path / "t.csv")


def test_options_of_a_profile_beside_a_table(table):
    line = "expected no --device beside a table, which has it in a column, found A phone: leave it out"
    assert refused(table("device,model,time_ms\na,b,5\n"), device="A phone") == line


def test_another_kind_of_file(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"")
    line = "expected a .json of Qualcomm AI Hub or a .csv of AI Benchmark, found t.xlsx: name one of them"
    assert refused(tmp_path / "t.xlsx") == line
    assert "found nothing: check the path" in refused(tmp_path / "none.csv")


def test_each_row_says_whose_it_is(profile, tmp_path):
    result = others_figures.read(profile(PROFILE), **NAMED)
    _, *rows = others_figures.rows(result)
    assert all(row[-1] == f"Qualcomm AI Hub, median of its runs; {MARK}" for row in rows)
    others_figures.write(tmp_path / "out.json", result)
    content = json.loads((tmp_path / "out.json").read_text())
    assert (content["mark"], len(content["sha256"])) == (MARK, 64)
    assert "speedup" not in json.dumps(content)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_a_strangers(table, name):
    cell = name.replace('"', '""').replace("\ud83d", "")
    (figure,) = others_figures.read(table(f'device,model,time_ms\n"{cell}","{cell}",5\n')).figures
    assert figure.device.isprintable()
    assert figure.model.isprintable()
