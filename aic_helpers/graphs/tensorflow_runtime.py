"""What of TensorFlow a frozen graph needs: a session, and what imports and reads graphs.

These are inner modules, which load in a third of the time and with two thirds of the memory of TensorFlow as a whole.
They may change with any version. Where one isn't as expected the whole is imported, and its public names serve.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import Any

from aic_helpers.core.quiet_tensorflow import import_tensorflow, is_light, make_light, quiet_start

LIGHT, WHOLE = "tensorflow-light", "tensorflow"
"""Names of the runtime in results: whether TensorFlow's public modules were imported in the process."""

PYTHON_OPERATIONS = frozenset({"PyFunc", "PyFuncStateless", "EagerPyFunc"})
"""They call Python through what TensorFlow's public modules register, and say so where a function is gone."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Runtime:
    """Names of TensorFlow, by what they are in ``tf`` and ``tf.compat.v1``; and why they are those of the whole.

    Attributes
    ----------
    note : str or None
        A line on what was not as expected; None where nothing was.
    """

    Graph: Any
    Session: Any
    ConfigProto: Any
    import_graph_def: Any
    placeholder: Any
    matmul: Any
    as_dtype: Any
    note: str | None = None


def preload() -> None:
    """Import what the light runtime needs, and start nothing: a process that did may fork."""
    make_light()
    runtime()


def name() -> str:
    """Return which runtime this process has."""
    return LIGHT if is_light() else WHOLE


@cache
def runtime() -> Runtime:
    """Return the runtime of this process: the light one after `make_light`, else the whole."""
    if not is_light():
        import_tensorflow()
    try:
        with quiet_start():
            return _inner()
    except Exception as error:  # whatever has changed there
        return whole(f"TensorFlow's inner modules are not as expected ({type(error).__name__}: {error})")


def whole(note: str) -> Runtime:
    """Return the runtime by TensorFlow's public names, with a note on why."""
    import_tensorflow()
    import tensorflow as tf

    old = tf.compat.v1
    return Runtime(
        Graph=tf.Graph,
        Session=old.Session,
        ConfigProto=old.ConfigProto,
        import_graph_def=tf.graph_util.import_graph_def,
        placeholder=old.placeholder,
        matmul=tf.linalg.matmul,
        as_dtype=tf.as_dtype,
        note=f"{note}: all of TensorFlow is imported",
    )


def uses_onednn() -> bool:
    """Return whether oneDNN computes for TensorFlow here: built in, and not switched off."""
    runtime()
    try:
        from tensorflow.python.util import _pywrap_util_port

        return bool(_pywrap_util_port.IsMklEnabled())
    except (ImportError, AttributeError):  # inner modules may change with any version
        return False


@cache
def tell(note: str) -> None:
    """Say once in a process why a worker's runtime was the whole."""
    log.info(note)


def needs_python(graph_def: Any) -> bool:
    """Return whether a graph has operations that call Python."""
    functions = [function.node_def for function in graph_def.library.function]
    return any(node.op in PYTHON_OPERATIONS for nodes in [graph_def.node, *functions] for node in nodes)


def _inner() -> Runtime:
    from tensorflow.core.protobuf.config_pb2 import ConfigProto
    from tensorflow.python.client.session import Session
    from tensorflow.python.framework.dtypes import as_dtype
    from tensorflow.python.framework.importer import import_graph_def
    from tensorflow.python.framework.ops import Graph
    from tensorflow.python.ops.array_ops import placeholder
    from tensorflow.python.ops.gen_math_ops import mat_mul

    return Runtime(Graph, Session, ConfigProto, import_graph_def, placeholder, mat_mul, as_dtype)
