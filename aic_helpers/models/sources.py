"""What a person typed to a model source, and the hash over its files; knows `models_pretrained/models.toml`."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from aic_helpers.core.errors import InputError, nearest, require_file
from aic_helpers.core.project_paths import PACKAGE, PROJECT, challenge_folder, fetch_command
from aic_helpers.core.source_hashes import parsed
from aic_helpers.models.adapters import AS_IT_IS, CHOICES, Adapters, read_adapters
from aic_helpers.reporting.text_tables import typed
from aic_helpers.runtimes.file_formats import HEAD_BYTES, told_format
from aic_helpers.runtimes.formats import FORMATS, FROZEN, LITERT, ONNX, Format, format_by_kind, format_of
from aic_helpers.tracks.catalogue import TRACKS
from aic_helpers.tracks.definitions import Track
from aic_helpers.weights import file_kinds
from aic_helpers.weights.checkpoint_paths import checkpoint_prefix, require_whole

PRETRAINED = PROJECT / "models_pretrained"

NETWORKS = PACKAGE / "models" / "networks.py"
"""The file of the pretrained models' functions."""

Kind = Literal["function", "keras", "saved_model", "meta", "frozen", "litert", "onnx", "torch"]

SOURCES = (
    "a pretrained name, file.py:function, a .keras or .h5 file, a SavedModel folder, a .meta file, a .pb file, "
    "a .tflite file, an .onnx file or a file of PyTorch's weights"
)

CONVERTED: dict[str, Kind] = {FROZEN.suffix: "frozen", LITERT.suffix: "litert", ONNX.suffix: "onnx"}
"""The kinds of files that are of the format of a converted model already."""

WEIGHTS_SUFFIX = re.compile(r"(\.weights)?\.h5$|\.(pth|pt|safetensors)$")
"""What the name of a run's folder leaves out of a file's."""

TENSORFLOW = {"tensorflow", "keras", "tf_keras", "tf_slim"}

MODEL_FILES = tuple(one.model_file for one in FORMATS)
"""What a converted model is called in a run folder."""

FIXED_FILE = "model_fixed.tflite"
"""What the file of one size is called there, where there is one beside that of any size."""


@dataclass(frozen=True)
class ModelSource:
    """A model as a person brings it.

    Attributes
    ----------
    kind : {"function", "keras", "saved_model", "meta", "frozen", "litert", "onnx", "torch"}
    name : str
        What tables call it.
    path : Path
        The Python file, `.keras` or `.h5` file, SavedModel folder, `.meta`, `.pb`, `.tflite` or `.onnx` file, or
        PyTorch's weights alone.
    function : str or None
        The model function's name in the Python file.
    checkpoint : Path or None
        A TensorFlow checkpoint (its prefix or single file), a `.h5` or `.keras` file, or PyTorch's weights.
    track : str or None
        The track that a pretrained model was made for.
    typed : str
        What the person typed.
    adapt : Adapters
        What it takes and gives, where that isn't what the workbench has.
    """

    kind: Kind
    name: str
    path: Path
    function: str | None
    checkpoint: Path | None
    track: str | None
    typed: str
    adapt: Adapters = AS_IT_IS

    @property
    def format(self) -> Format:
        """What it is converted to."""
        return LITERT if self.adapt.precision else format_by_kind(self.kind)

    @property
    def has_fixed_file(self) -> bool:
        """Whether a file of one size, which is timed, may stand beside that of any."""
        return bool(self.adapt.fixed or self.adapt.precision)


def resolve(model: str, checkpoint: str | Path | None = None, adapt: Mapping[str, Any] | None = None) -> ModelSource:
    """Return the model source that `model` (and `checkpoint`) names.

    Parameters
    ----------
    model : str
        A name in `models_pretrained/models.toml`, `file.py:function`, a `.keras` or `.h5` file, a SavedModel folder,
        the `.meta` file beside a checkpoint of TensorFlow 1, a frozen `.pb`, a `.tflite`, an `.onnx`, or
        PyTorch's weights where spandrel may know their network.
    checkpoint : path, optional
        For `file.py:function`: a TensorFlow checkpoint (its prefix, one of its files, or its folder), a `.h5` or
        `.keras` file, or PyTorch's weights. For a `.meta` file by default the one
        beside it.
    adapt : mapping, optional
        What the network takes and gives, and its names: see `aic_helpers.models.adapters.read_adapters`.

    Raises
    ------
    InputError
        Nothing of these kinds is there, or a checkpoint is given to a source that carries its weights; or a key or
        value of `adapt` that there isn't.
    """
    source = replace(_source(model, checkpoint), adapt=read_adapters(adapt))
    if source.kind != "onnx" and source.adapt.layout == CHOICES["layout"][0]:
        source = replace(source, adapt=replace(source.adapt, layout=""))  # as these have it
    if precision := source.adapt.precision:
        source = replace(source, name=f"{source.name}-{precision}")
    if source.adapt.code:
        require_file(Path(source.adapt.code), "a Python file")
        if source.kind != "keras":
            raise InputError("code only beside a .keras or .h5 file", f"it beside {model}", "leave --code out")
    if source.kind == "onnx" and source.adapt.set:
        raise InputError("--set beside a graph of TensorFlow", f"it beside {model}", "make it a constant, then export")
    _require_litert(source, model)
    _require_torch(source, model)
    named = source.adapt.input or source.adapt.output
    if named and source.kind in ("function", "keras", "torch"):
        found = f"{named} beside {model}"
        raise InputError("names of tensors beside a .pb, a .meta, an .onnx or a SavedModel", found, "leave them out")
    return source


def _require_litert(source: ModelSource, model: str) -> None:
    """Refuse what may be said of other networks beside a `.tflite`, and a file of one size beside other networks."""
    said, fixed = source.adapt.given, source.adapt.fixed
    if source.kind in LITERT.kinds:
        other = next((key for key in said if key != "fixed"), None)
        if other:
            raise InputError(
                "a .tflite as it is", f"--{other} beside {model}", "build it into the network, then export"
            )
        if fixed and format_of(require_file(Path(fixed), "a .tflite file")) is not LITERT:
            raise InputError("a .tflite file with --fixed", fixed, "give the network's file of one size")
    elif fixed:
        raise InputError("--fixed beside a .tflite file", f"it beside {model}", "leave --fixed out")


def _require_torch(source: ModelSource, model: str) -> None:
    """Refuse what is said of PyTorch networks beside others, and what can't be said of them."""
    adapt, is_torch = source.adapt, source.kind == "torch"
    others = {"onnx": ("args",)}.get(source.kind, ("python", "args"))  # an .onnx has onnx2tf's
    if not is_torch and (said := next((name for name in others if getattr(adapt, name)), None)):
        raise InputError(f"--{said} beside a PyTorch network", f"it beside {model}", f"leave --{said} out")
    if is_torch and adapt.set:
        remedy = "give the network's arguments with --args"
        raise InputError("--set beside a graph with placeholders", f"it beside {model}", remedy)
    if adapt.args and not source.function:
        raise InputError("--args beside file.py:Network", f"it beside {model}", "leave --args out")
    if is_torch and source.checkpoint:
        file_kinds.require_of_torch(source.checkpoint)


def _source(model: str, checkpoint: str | Path | None) -> ModelSource:
    name, _, function = model.rpartition(":")
    if name.endswith(".py"):
        path = _python_file(Path(name))
        weights = checkpoint_prefix(Path(checkpoint)) if checkpoint else None
        kind: Kind = "torch" if _is_torch(path, weights) else "function"
        return ModelSource(kind, function, path, function, weights, None, model)
    if meta := _meta_file(Path(model)):
        weights = checkpoint_prefix(Path(checkpoint or meta.with_suffix("")))
        return ModelSource("meta", meta.stem, meta, None, weights, None, model)
    if checkpoint and not model.endswith(".py"):
        raise InputError("a checkpoint only beside file.py:function", f"one beside {model}", "leave --checkpoint out")
    if model in pretrained():
        return _pretrained(model)
    return _file_or_folder(model)


def _is_torch(path: Path, weights: Path | None) -> bool:
    """Whether a network is PyTorch's, by what its file imports, and else by its weights."""
    imported = {name.partition(".")[0] for name in _imported(path)}
    if "torch" in imported:
        return True
    kind = file_kinds.weights_kind(weights) if weights else None
    return not imported & TENSORFLOW and kind in file_kinds.OF_TORCH


def _python_file(path: Path) -> Path:
    """Return a model function's file; the networks' own stood elsewhere until the package had packages in it."""
    if path.parts[-2:] == (PACKAGE.name, NETWORKS.name) and not path.exists():
        raise InputError(f"a Python file at {path}", "nothing", f"it is {typed(NETWORKS)} now")
    return require_file(path, "a Python file")


def pretrained() -> dict[str, dict[str, Any]]:
    """Return the entries of `models_pretrained/models.toml` by name."""
    return tomllib.loads((PRETRAINED / "models.toml").read_text("utf-8"))


def run_name(source: ModelSource) -> str:
    """Return what the run folder of a source is called where no other is named.

    A function's holds its file's and its checkpoint's names too, for many a function is called `network`.
    """
    if not source.function or source.track:
        return source.name
    weights = [WEIGHTS_SUFFIX.sub("", source.checkpoint.name)] if source.checkpoint else []
    return "-".join([source.path.stem, source.name, *weights])


def origin(source: ModelSource) -> dict[str, str]:
    """Return what tells a source from any other: a pretrained model's name, or whole paths and the function's name."""
    if source.track:
        return {"pretrained": source.typed, "path": "", "function": "", "checkpoint": ""}
    checkpoint = str(source.checkpoint.resolve()) if source.checkpoint else ""
    path = str(source.path.resolve())
    return {"pretrained": "", "path": path, "function": source.function or "", "checkpoint": checkpoint}


def origin_words(found: Mapping[str, str]) -> str:
    """Return an origin as one would type it."""
    if found["pretrained"]:
        return found["pretrained"]
    function = f":{found['function']}" if found["function"] else ""
    weights = f" with {typed(Path(found['checkpoint']))}" if found["checkpoint"] else ""
    return f"{typed(Path(found['path']))}{function}{weights}"


def is_there(found: Mapping[str, str]) -> bool:
    """Return whether all that an origin names is still in its place; a checkpoint may be the beginning of names."""
    paths = [Path(found[name]) for name in ("path", "checkpoint") if found[name]]
    return all(path.exists() or path.with_name(f"{path.name}.index").exists() for path in paths)


def is_for(source: ModelSource, track: Track) -> bool:
    """Return whether a model may be run on a track: a pretrained one only where networks get and return the same."""
    if source.track is None or source.track == track.name:
        return True
    return is_same_task(TRACKS[source.track], track)


def is_same_task(one: Track, other: Track) -> bool:
    """Return whether networks get and return the same on two tracks."""
    return (one.task.input, one.task.scale) == (other.task.input, other.task.scale)


def baseline_pb(track: Track) -> Path:
    """Return the frozen model that a track times every model beside.

    Raises
    ------
    InputError
        A `.pb` file of which the name alone is known, because the track was not read from its own file.
    """
    beside = track.timed_beside
    if not beside.endswith(".pb"):
        return PRETRAINED / f"{beside}.pb"
    if beside == track.baseline.model:
        found = "its name alone"
        raise InputError(f"the baseline {beside} of the track {track.name}", found, "name the track's file (--track)")
    return Path(beside)


def _pretrained(name: str) -> ModelSource:
    entry = pretrained()[name]
    folder, remedy = PRETRAINED, None
    if entry.get("challenge"):
        folder = challenge_folder() / "models_pretrained"
        remedy = f"call {fetch_command(folder.parent)}, which brings what is missing"
    checkpoint = checkpoint_prefix(folder / entry["checkpoint"], remedy)
    return ModelSource("function", name, NETWORKS, entry["function"], checkpoint, entry["track"], name)


def _file_or_folder(model: str) -> ModelSource:
    path = Path(model)
    if _is_saved_model(path):
        path = path.parent
    elif path.suffix in CONVERTED:
        _require_own_name(require_file(path, "a model"))
        return ModelSource(CONVERTED[path.suffix], path.stem, path, None, None, None, model)
    if path.is_dir() and not file_kinds.is_checkpoint_folder(path) and path.suffix not in file_kinds.BY_SUFFIX:
        require_file(path / "saved_model.pb", "a SavedModel")
        require_whole(path / "variables" / "variables")
        return ModelSource("saved_model", path.resolve().name, path, None, None, None, model)
    if path.suffix == ".py":
        raise InputError("file.py:function", model, f"name the model function, as in {model}:my_network")
    if not path.exists() and not file_kinds.is_checkpoint_prefix(path):
        raise _nothing_there(model)
    kind = file_kinds.file_kind(path)
    if kind and kind.holds_networks:
        return ModelSource("keras", path.stem, path, None, None, None, model)
    if kind in file_kinds.OF_TORCH and path.is_file():
        return ModelSource("torch", path.stem, path, None, None, None, model)
    if kind:
        raise InputError(f"a model at {path}", kind.words, kind.as_model)
    raise InputError(SOURCES, f"{model}, a file of another kind", "give one of these")


def _require_own_name(path: Path) -> None:
    """Raise where a file called as one format of converted models is of another by its content."""
    with path.open("rb") as file:
        found = told_format(file.read(HEAD_BYTES))
    if found and found is not format_of(path):
        expected, told = (file_kinds.BY_SUFFIX[one.suffix].words for one in (format_of(path), found))
        raise InputError(f"{expected} in {path}", told, f"call it by a name that ends with {found.suffix}")


def _nothing_there(model: str) -> InputError:
    """Return that a path leads nowhere, or which name may be meant."""
    if close := nearest(model, pretrained(), ""):
        return InputError(SOURCES, model, close)
    remedy = f"check the path, or take a name of {(PRETRAINED / 'models.toml').relative_to(PROJECT)}"
    return InputError(SOURCES, f"nothing at {model}", remedy)


def _meta_file(path: Path) -> Path | None:
    """Return the graph that TensorFlow 1 saved beside a checkpoint, typed as such or as any part of the checkpoint."""
    if path.suffix == ".meta":
        return require_file(path, "a graph")
    if file_kinds.is_part_of_checkpoint(path) or file_kinds.is_checkpoint_folder(path):
        path = checkpoint_prefix(path)
    beside = path.with_name(f"{path.name}.meta") if path.name else path
    return beside if beside.is_file() else None


def _is_saved_model(path: Path) -> bool:
    """Whether a file is that of a SavedModel: such a one starts with its version, a frozen graph with an operation."""
    if path.name != "saved_model.pb" or not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(1) == b"\x08"


def fingerprint(source: ModelSource) -> str:
    """Return a SHA-256 over a source's files and adapters, so that a changed one is converted again."""
    digest = hashlib.sha256(f"{source.kind} {source.function}".encode())
    said = replace(source.adapt, python="").given  # whose interpreter it was doesn't change a network
    if said:
        digest.update(repr(said).encode())
    for file in _files(source):
        digest.update(f"{file.name} {file.stat().st_size} ".encode("utf-8", "surrogateescape"))
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _files(source: ModelSource) -> Iterator[Path]:
    inside = source.path.rglob("*") if source.path.is_dir() else [source.path]
    yield from sorted(file for file in inside if file.is_file())
    if source.function:
        yield from sorted(_beside(source.path, set()))
    if source.adapt.fixed:
        yield Path(source.adapt.fixed)
    if source.adapt.code:
        yield from sorted({Path(source.adapt.code), *_beside(Path(source.adapt.code), set())})
    if source.checkpoint:
        beside = source.checkpoint.parent.iterdir()
        yield from sorted(file for file in beside if file.name.startswith(source.checkpoint.name))


def _beside(script: Path, found: set[Path]) -> set[Path]:
    """Return the Python files in a script's folder that it imports, those that they import, and packages whole."""
    for name in _imported(script):
        found |= {*script.with_name(name.partition(".")[0] or script.name).rglob("*.py")}
        file = script.with_name(f"{name.partition('.')[0]}.py")
        if file not in found and file != script and file.is_file():
            found |= {file} | _beside(file, found | {file})
    return found


def _imported(script: Path) -> list[str]:
    """Return the names of the modules that a script imports."""
    try:
        tree = parsed(script.read_bytes())
    except (SyntaxError, ValueError):  # converting it tells where
        return []
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    return names + [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
