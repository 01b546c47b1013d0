"""An `.onnx` file -> a callable on arrays, run by ONNX Runtime."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aic_helpers.core import machine
from aic_helpers.core.error_reasons import reason
from aic_helpers.core.errors import InputError, require_file
from aic_helpers.core.installation import needed
from aic_helpers.onnx_graphs.network_ends import TO_FIRST, TO_LAST, takes_channels_first
from aic_helpers.onnx_graphs.shape_propagation import BY_CHANCE
from aic_helpers.onnx_graphs.structures import every_node, read
from aic_helpers.runtimes.formats import ONNX
from aic_helpers.runtimes.image_by_image import OneImageModel

Shape = list[int | None]

PROVIDER = "CPUExecutionProvider"

TOO_NEW = (
    (re.compile(r"IR version: (\d+), max supported IR version: (\d+)"), "IR version"),
    (re.compile(r"Opset (\d+) is under development.*?is till opset (\d+)", re.DOTALL), "opset"),
)
"""How ONNX Runtime says which it knows; it has no function that would."""

ERRORS_ALONE = 3

CODES = re.compile(
    r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .*? failed: ?)?(Fatal error: )?|/\S+\.(cc|h):\d+ "
)

NO_MEMORY = re.compile("bad_alloc|bad allocation|[Ff]ailed to allocate|would require more than")


class OnnxModel(OneImageModel):
    """A loaded `.onnx` file of one image in and one out: call it with a batch, whose images go through one by one.

    Attributes
    ----------
    path : Path
    input_shape : list of int or None
        Batch, height, width and channels, wherever the file has these; None for a side that may be any.
    input_dtype, output_dtype : str
        As the file declares them.
    channels_first : bool
        Whether it takes them before height and width, as its declared shape says.
    runtime, runtime_version, provider : str
    runtime_note : None
    mixing : None
        No two images go through together.

    Raises
    ------
    InputError
        No `.onnx` file, or one that ONNX Runtime can't load.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        self.path = require_file(Path(path), "an ONNX model")
        self._session = session(self.path, threads)
        (given,), (taken,) = self._session.get_inputs(), self._session.get_outputs()
        declared: Shape = [side if isinstance(side, int) else None for side in given.shape]
        self.channels_first = takes_channels_first(declared)
        self.input_shape: Shape = [declared[axis] for axis in TO_LAST] if self.channels_first else declared
        self.input_dtype, self.output_dtype = (_dtype(end.type) for end in (given, taken))
        self.runtime, self.runtime_version, self.provider = ONNX.runtime, version(), PROVIDER
        self.runtime_note, self.mixing = None, None
        self._ends = given.name, taken.name
        self._given: dict[str, NDArray[np.float32]] = {}
        self._taken: NDArray[Any] = np.zeros(0, np.float32)

    @property
    def stateful(self) -> bool:
        """Whether it draws numbers by chance; the file is read anew to see, which a measurement doesn't ask for."""
        return any(node.op_type in BY_CHANCE for node in every_node(read(self.path).model.graph))

    def give(self, image: NDArray[np.float32]) -> None:
        """Hand over the image that `invoke` takes: float32, shape (1, height, width, 3), values in [0, 1]."""
        if not _fits(image.shape, self.input_shape):
            sides = ", ".join("any" if side is None else str(side) for side in self.input_shape)
            raise ValueError(f"the input is declared as ({sides}), the images are {image.shape}")
        own = np.ascontiguousarray(image.transpose(TO_FIRST) if self.channels_first else image)
        self._given = {self._ends[0]: own}

    def invoke(self) -> None:
        """Run the network once; this alone is its time."""
        try:
            (self._taken,) = self._session.run([self._ends[1]], self._given)
        except Exception as error:  # its own classes have no base of their own
            kind = MemoryError if NO_MEMORY.search(str(error)) else RuntimeError
            raise kind(_said(error)) from None

    def output(self) -> NDArray[Any]:
        """Return what the last run gave, (1, height, width, channels) where it is an image."""
        turned = self.channels_first and self._taken.ndim == 4
        return np.ascontiguousarray(self._taken.transpose(TO_LAST)) if turned else self._taken


def session(model: Path | bytes, threads: int | None = None, *, where: str = "memory") -> Any:
    """Return a session of ONNX Runtime on the processor with an `.onnx` file, or the content of one.

    `where` names what a content is of, in an `InputError`.

    Raises
    ------
    InputError
        ONNX Runtime can't load it, or doesn't know its IR version or opset yet.
    """
    with needed(ONNX.extra):
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads or machine.usable_cores(), 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = ERRORS_ALONE
    # An idle session that spins would take a core from the network that is timed in turn with it.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        content = model if isinstance(model, bytes) else str(model)
        return onnxruntime.InferenceSession(content, options, providers=[PROVIDER])
    except Exception as error:  # its own classes have no base of their own
        raise _refusal(where if isinstance(model, bytes) else str(model), error) from None


def _refusal(path: str, error: Exception) -> InputError:
    for pattern, what in TOO_NEW:
        if found := pattern.search(str(error)):
            remedy = f"export it with {what} {found[2]} or older, or take a newer onnxruntime"
            expected = f"an {what} of at most {found[2]}, which ONNX Runtime {version()} knows, in {path}"
            return InputError(expected, found[1], remedy)
    return InputError(f"an ONNX model that ONNX Runtime loads in {path}", _said(error), "export it again")


def _said(error: Exception) -> str:
    """Return what ONNX Runtime says is wrong, without its own codes and places."""
    return reason(RuntimeError(CODES.sub("", str(error))))


def version() -> str:
    """Return the version of ONNX Runtime."""
    import onnxruntime

    return str(onnxruntime.__version__)


def _dtype(kind: str) -> str:
    """Return a type of ONNX Runtime, as in ``tensor(float)``, in the words of numpy."""
    name = kind.removeprefix("tensor(").removesuffix(")")
    return {"float": "float32", "double": "float64"}.get(name, name)


def _fits(found: tuple[int, ...], declared: Shape) -> bool:
    return len(found) == len(declared) and all(
        side in (None, given) for given, side in zip(found, declared, strict=True)
    )
