"""Import TensorFlow without its start-up notes.

TensorFlow 2.21 writes four lines on stderr while it is imported, whatever TF_CPP_MIN_LOG_LEVEL says. They would
stand in every executed notebook, and before the one line that a command says in error.
"""

from __future__ import annotations

import os
import sys
import tempfile


def import_tensorflow() -> None:
    """Import TensorFlow; what it writes on stderr meanwhile is shown only if the import fails.

    An interruption is no failure: it shows nothing.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    with tempfile.TemporaryFile() as log:
        stderr = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except Exception:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
