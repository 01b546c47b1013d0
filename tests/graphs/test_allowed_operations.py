"""The list of operations that strangers' graphs may hold, against what TensorFlow says of each."""

from __future__ import annotations

import pytest

from aic_helpers.graphs.allowed_operations import GROUPS

pytestmark = pytest.mark.tensorflow


def test_allowed_operations_exist_and_have_no_side_effects_that_tensorflow_knows_of() -> None:
    """A typing error in the list would forbid what it should allow; a stateful operation needs a reason."""
    from tensorflow.python.framework import op_def_registry

    known = {name for group in GROUPS.values() for name in group.split()}
    missing = {name for name in known if op_def_registry.get(name) is None}
    assert missing == set()
    stateful = {name for name in known if op_def_registry.get(name).is_stateful}
    assert stateful <= {
        # chance, lists in memory, loops and conditions, assertions: nothing outside the process
        *GROUPS["chance"].split(),
        *GROUPS["lists of tensors in memory"].split(),
        *GROUPS["control flow"].split(),
        "Assert",
        "CheckNumerics",
        "GuaranteeConst",
    }
