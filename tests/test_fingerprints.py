"""A model source that has changed in any of its files is another source."""

from aic_helpers.models.sources import fingerprint
from aic_helpers.runs import run_settings


def test_the_fingerprint_covers_the_checkpoint(tmp_path):
    (tmp_path / "net.py").write_text("def net(images): ...")
    for name in ("weights.index", "weights.data-00000-of-00001"):
        (tmp_path / name).write_bytes(b"a")
    source = run_settings.settle("super_resolution", f"{tmp_path}/net.py:net", f"{tmp_path}/weights").source
    before = fingerprint(source)
    assert fingerprint(source) == before
    (tmp_path / "weights.data-00000-of-00001").write_bytes(b"b")
    assert fingerprint(source) != before


def test_the_fingerprint_covers_what_a_model_file_imports_from_its_folder(tmp_path):
    (tmp_path / "net.py").write_text("import blocks\n\ndef net(images): ...")
    (tmp_path / "blocks.py").write_text("from parts import part")
    (tmp_path / "parts.py").write_text("import net\npart = 1")
    (tmp_path / "other.py").write_text("part = 1")
    source = run_settings.settle("super_resolution", f"{tmp_path}/net.py:net").source
    before = fingerprint(source)
    (tmp_path / "other.py").write_text("part = 2")
    assert fingerprint(source) == before
    (tmp_path / "parts.py").write_text("part = 2")
    assert fingerprint(source) != before
