"""The models of a comparison, told apart."""

from pathlib import Path

from fixtures import run_folders

from aic_helpers.runs import candidates
from aic_helpers.runs.schema import Result


def test_runs_whose_models_share_a_name_go_by_their_folders():
    result = Result.model_validate(run_folders.result())
    pbs = [Path("runs") / folder / "model.pb" for folder in ("a-network", "b-network", "c-other")]
    runs = [
        candidates.Candidate(name, pb, result) for name, pb in zip(("network", "network", "other"), pbs, strict=True)
    ]
    alone = candidates.Candidate("network", Path("network.pb"))
    names = [candidate.name for candidate in candidates._told_apart([*runs, alone])]
    assert names == ["a-network", "b-network", "other", "network"]


def test_a_tflite_file_that_shares_a_name_goes_by_its_whole_name():
    files = [Path("model.pb"), Path("export/fast.tflite"), Path("other/fast.tflite"), Path("fast_int8_free.tflite")]
    typed = ["fast", "fast", "fast", "fast_int8_free"]
    found = [candidates.Candidate(name, file) for name, file in zip(typed, files, strict=True)]
    names = [candidate.name for candidate in candidates._told_apart(found)]
    assert names == ["fast", "fast.tflite", "fast.tflite (2)", "fast_int8_free"]


def test_a_name_that_no_page_can_show_is_made_printable():
    told = candidates._told_apart([candidates.Candidate("half of a pair \ud83d"), candidates.Candidate("null\x00")])
    assert [candidate.name.encode("utf-8") for candidate in told]
    assert all(candidate.name.isprintable() for candidate in told)
