"""Locks between processes."""

import subprocess
import sys
from contextlib import contextmanager

import pytest

from aic_helpers.core.errors import InputError
from aic_helpers.core.locks import alone, locked

HOLD = (
    "import sys; from pathlib import Path; from aic_helpers.core.locks import locked\n"
    "with locked(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def held_elsewhere(path):
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        yield other


def take(path):
    with locked(path, refusal=InputError("no other", "one", "wait")):
        raise ValueError("reached")


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_another_process_is_refused_until_the_first_has_ended(tmp_path, kind):
    path = tmp_path if kind == "folder" else tmp_path / "lock"
    with held_elsewhere(path) as other:
        with pytest.raises(InputError, match=r"^expected no other, found one: wait$"):
            take(path)
        other.kill()
    with pytest.raises(ValueError, match="reached"):
        take(path)
    assert list(tmp_path.iterdir()) == ([] if kind == "folder" else [path])


def test_who_waits_says_so_and_gets_the_lock_in_the_end(tmp_path):
    with held_elsewhere(tmp_path) as other:
        told = []

        def waits():
            told.append("waits")
            other.stdin.close()

        with locked(tmp_path, waits=waits):
            assert told == ["waits"]


def test_nobody_waits_for_a_lock_that_is_free(tmp_path):
    with locked(tmp_path / "lock", waits=lambda: pytest.fail("waited")):
        pass


def test_a_folder_that_a_command_works_in_is_refused(tmp_path):
    words = r"^expected a folder that no other command works in at .*, found one at work: wait for it, or name another$"
    with alone(tmp_path), pytest.raises(InputError, match=words), alone(tmp_path):
        pass
