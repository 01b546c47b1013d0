"""The exit status that a result stands for."""

import pytest
from fixtures.run_folders import typed

from aic_helpers.cli import options
from aic_helpers.cli.exit_codes import DONE, RULE_BROKEN
from aic_helpers.runs.schema import Result

RULE = {"name": "size", "limit": "1 MB", "found": "2 MB", "evidence": "-", "remedy": "shrink it"}


def result(metrics: dict | None = None, passed: bool | None = True) -> Result:
    parts = {"data": {"name": "sample", "note": ""}, "model": None, "metrics": metrics, "profile": None}
    rules = [{**RULE, "passed": passed}]
    return typed(Result, {"track": "enhancement", **parts, "requirements": rules, "scores": {}, "environment": {}})


def doubtful(kind: str) -> dict:
    return {"psnr_db": 20.0, "doubts": [{"kind": kind, "text": "why"}]}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (result(), DONE),
        (result(passed=None), DONE),
        (result(passed=False), RULE_BROKEN),
        (result({"failed": "1 of 7 images"}), RULE_BROKEN),
        (result(doubtful("range")), RULE_BROKEN),
        (result(doubtful("repeat")), RULE_BROKEN),
        (result(doubtful("identity")), DONE),
        (result(doubtful("colour")), DONE),
    ],
)
def test_the_status_of_a_result(found: Result, status: int) -> None:
    assert options.verdict(found) == status


def test_a_step_answers_for_its_own_part() -> None:
    assert options.verdict(result(doubtful("range"), passed=False), ("model",)) == DONE
