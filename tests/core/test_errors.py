"""How an error is worded."""

from aic_helpers.core.errors import nearest


def test_the_remedy_for_a_name_that_is_not_known_is_the_nearest_one() -> None:
    assert nearest("limt", ["data", "limit"], "leave it out") == "did you mean limit?"
    assert nearest("xyz", ["data", "limit"], "leave it out") == "leave it out"
    assert nearest("lamp", ["limit"], "leave it out", cutoff=0.4) == "did you mean limit?"
