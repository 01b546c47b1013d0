"""What systems leave beside a person's own files."""

import pytest

from aic_helpers.data.system_litter import is_litter


@pytest.mark.parametrize("name", ["._1.png", "._net.py", ".DS_Store", "Thumbs.db", "Desktop.ini", "__MACOSX", "@eaDir"])
def test_litter(name):
    assert is_litter(name)


@pytest.mark.parametrize("name", ["1.png", "_1.png", ".hidden.png", "thumbs.png", "ds_store"])
def test_a_persons_own(name):
    assert not is_litter(name)
