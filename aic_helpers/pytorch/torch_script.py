"""A PyTorch network -> `.onnx`, in the interpreter that has its packages: ``python torch_script.py REQUEST.json``.

This file is run there as a program. It needs Python 3.8 and torch, and nothing else; no module of the workbench is
imported here, and none imports this. What came of it is written to ``reply`` of the request, as JSON.
"""

import ctypes
import difflib
import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import re
import struct
import sys
import traceback
import warnings
from pathlib import Path

WRAPPERS = (
    "params_ema",
    "params",
    "state_dict",
    "model_state_dict",
    "ema_state_dict",
    "generator",
    "netG",
    "net_g",
    "g_ema",
    "ema",
    "model",
    "network",
    "net",
    "weights",
)
"""Names under which files hold their weights, the better first."""

SAFETENSORS = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
"""Types of safetensors, and what torch calls them."""

MAX_HEADER_BYTES = 100 * 2**20

SHOWN = 3
"""Of names in a line."""

OPSETS = {"TorchScript": 17, "dynamo": 18}

NEEDS_ONNX = "onnx is not installed"


class RefusedError(Exception):
    """What a person can mend: what was expected, found, and what to do."""

    def __init__(self, expected, found, remedy):
        super().__init__(expected, found, remedy)
        self.parts = [" ".join(str(part).split()) for part in (expected, found, remedy)]


def main(request_path):
    request = json.loads(Path(request_path).read_text("utf-8"))
    reply = {"notes": [], "unused": [], "warnings": []}
    opened = _watched()
    try:
        _work(request, reply)
    except RefusedError as refusal:
        reply["refusal"] = refusal.parts
    reply["read_files"] = _digests(opened, request)
    Path(request["reply"]).write_text(json.dumps(reply), "utf-8")


def _work(request, reply):
    import torch

    reply["torch"] = torch.__version__
    reply["has_dynamo"] = importlib.util.find_spec("onnxscript") is not None
    torch.manual_seed(0)  # a network without weights is the same each time
    torch.set_grad_enabled(False)
    network = _network(request, reply).eval().float()
    images = [_tensor(torch, image) for image in request["images"]]
    network = _of_images(torch, network)
    outputs = _run(network, images, request, reply)
    example = _example(images, outputs, request["free"])
    reply["is_exported"] = True
    _export(torch, network, example, request, reply)


# The network.


def _network(request, reply):
    if not request["name"]:
        return _recognised(request, reply)
    module = _module(request)
    network = _built(module, request)
    if request["checkpoint"]:
        _load(network, _weights(request["checkpoint"]), request, reply)
    else:
        reply["notes"].append("no weights were given: it has those that its code gives it")
    return network


def _module(request):
    path = Path(request["path"])
    folder, parts = path.parent, [path.stem]
    while (folder / "__init__.py").is_file():  # it may import from its package by dots
        folder, parts = folder.parent, [folder.name, *parts]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    name = ".".join(parts)
    with PersonsCode(request, "to import"):
        if len(parts) > 1:
            return importlib.import_module(name)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


def _built(module, request):
    import torch

    name, path, arguments = request["name"], request["path"], request["args"]
    if not hasattr(module, name):
        known = [key for key, value in vars(module).items() if _is_builder(value, module)]
        raise RefusedError(
            f"a class or function {name} in {path}", ", ".join(known) or "none of its own", _near(name, known)
        )
    found = getattr(module, name)
    if isinstance(found, torch.nn.Module):
        if arguments:
            raise RefusedError("--args beside a class or a function", f"{name}, a network already", "leave --args out")
        return found
    if not callable(found):
        raise RefusedError(f"a class or a function {name} in {path}", type(found).__name__, "name another")
    _check_arguments(found, name, arguments)
    with PersonsCode(request, "to build"):
        network = found(**arguments)
    if not isinstance(network, torch.nn.Module):
        found = f"{name}(...) gives {type(network).__name__}"
        raise RefusedError(f"a torch.nn.Module from {path}", found, "name the class, or a function that returns one")
    return network


def _is_builder(value, module):
    return callable(value) and getattr(value, "__module__", None) == module.__name__


def _check_arguments(builder, name, arguments):
    try:
        parameters = inspect.signature(builder).parameters
    except (TypeError, ValueError):
        return
    kinds = {one.kind for one in parameters.values()}
    known = [one.name for one in parameters.values() if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
    strange = [one for one in arguments if one not in known]
    if strange and inspect.Parameter.VAR_KEYWORD not in kinds:
        words = f"--args of {_listed(known)}" if known else f"no --args, for {name} takes none"
        raise RefusedError(words, strange[0], _near(strange[0], known) if known else "leave --args out")
    empty = inspect.Parameter.empty
    missing = [one for one in known if parameters[one].default is empty and one not in arguments]
    if missing:
        said = " ".join(f"{one}=..." for one in missing)
        raise RefusedError(f"--args '{said}', which {name} needs", "none of them", "say what it was trained with")


def _recognised(request, reply):
    """Return the network of a file of weights, where spandrel is there and knows it."""
    path = request["checkpoint"]
    weights = _weights(path)
    try:
        from spandrel import ModelLoader
    except Exception as error:  # of another torch than its own, torchvision raises more than an ImportError
        missing = isinstance(error, ImportError) and error.name
        found = f"no {error.name}" if missing else f"a spandrel that can't be loaded ({_said(error)})"
        raise RefusedError(
            f"the network of {path}, which a file of weights doesn't say",
            f"{found} in {sys.executable}; spandrel would recognise many",
            f"give file.py:Network with --checkpoint {Path(path).name}, or install spandrel there",
        ) from None
    try:
        found = ModelLoader(device="cpu").load_from_state_dict(weights)
    except Exception as error:
        raise RefusedError(
            f"a network that spandrel knows in {path}",
            _said(error) if _first_line(error) else "another",
            f"give file.py:Network with --checkpoint {Path(path).name}",
        ) from None
    kind = getattr(getattr(found, "architecture", None), "name", None) or type(found.model).__name__
    reply["notes"].append(f"spandrel recognises {kind}")
    return found.model


# Its weights.


def _weights(path):
    """Return what a file of weights holds, without running anything of it."""
    if path.endswith(".safetensors"):
        return _safetensors(path)
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except TypeError as error:
        if "weights_only" not in str(error):
            raise
        raise RefusedError(
            "torch 1.13 or newer, which reads weights alone", f"torch {torch.__version__}", "install a newer one"
        ) from None
    except Exception as error:
        raise _unreadable(path, " ".join(str(error).split())) from None


def _unreadable(path, said):
    """Return why a file of weights isn't read."""
    expected = f"weights alone in {path}"
    named = re.search(r"GLOBAL (\S+)", said)
    if "TorchScript" in said:
        return RefusedError(
            expected, "a TorchScript archive", "save the state_dict() of the network that it was made from"
        )
    if named or "eights only load failed" in said or "Unsupported" in said:
        found = f"a pickle that calls {named.group(1)}" if named else "a pickle with more than weights"
        remedy = "save its weights alone, torch.save(network.state_dict(), ...), where you trust it"
        return RefusedError(expected, found + "; nothing of it was run", remedy)
    return RefusedError(
        f"a whole file of weights at {path}", f"one that is cut or damaged ({said[:90]})", "copy it again"
    )


def _safetensors(path):
    import torch

    damaged = RefusedError(f"a whole file of weights at {path}", "one that is cut or damaged", "copy it again")
    try:
        with Path(path).open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MAX_HEADER_BYTES:
                raise ValueError(length)
            header = json.loads(file.read(length).decode("utf-8"))
            content = bytearray(file.read())
        header.pop("__metadata__", None)
        return {name: _slice(torch, content, entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, struct.error):
        raise damaged from None


def _slice(torch, content, entry):
    begin, end = entry["data_offsets"]
    kind = getattr(torch, SAFETENSORS[entry["dtype"]])
    if not 0 <= begin <= end <= len(content):
        raise ValueError(end)
    if begin == end:
        return torch.zeros(entry["shape"], dtype=kind)
    return torch.frombuffer(content[begin:end], dtype=kind).reshape(entry["shape"])


def _load(network, found, request, reply):
    """Load weights into a network: unwrapped, and without what stands before all their names."""
    import torch

    wanted = network.state_dict()
    weights = _unwrapped(torch, found, request["checkpoint"], reply)
    weights = _without_prefixes(weights, wanted, reply)
    missing = [name for name in wanted if name not in weights and not name.endswith("num_batches_tracked")]
    unexpected = [name for name in weights if name not in wanted]
    other = [name for name in wanted if name in weights and weights[name].shape != wanted[name].shape]
    parts = {name.partition(".")[0] for name in wanted}
    unknown = [name for name in unexpected if name.partition(".")[0] in parts or name.partition(".")[0].isdigit()]
    if missing or other or unknown:
        raise _of_another(request, wanted, weights, missing, unexpected, other)
    halves = {str(value.dtype)[6:] for name, value in weights.items() if name in wanted and value.is_floating_point()}
    if halves - {"float32"}:
        reply["notes"].append(f"weights of {_listed(sorted(halves - {'float32'}))}, computed in float32")
    if unexpected:  # of parts that it hasn't at all, such as a loss
        reply["notes"].append(f"{len(unexpected)} weights of the file aren't the network's ({_some(unexpected)})")
    reply["unused"] = unexpected
    network.float().load_state_dict({name: value for name, value in weights.items() if name in wanted}, strict=False)


def _unwrapped(torch, found, path, reply):
    under = []
    while isinstance(found, dict):
        tensors = {str(name): value for name, value in found.items() if isinstance(value, torch.Tensor)}
        inside = [name for name, value in found.items() if _holds_tensors(torch, value)]
        if tensors and len(tensors) >= len(inside):
            if under:
                reply["notes"].append(f"weights under {'.'.join(under)}")
            return tensors
        if not inside:
            break
        name = next((name for name in WRAPPERS if name in inside), inside[0])
        under.append(str(name))
        found = found[name]
    raise RefusedError(f"weights by their names in {path}", type(found).__name__, "save the network's state_dict()")


def _holds_tensors(torch, value):
    inside = value.values() if isinstance(value, dict) else ()
    return any(isinstance(one, torch.Tensor) or _holds_tensors(torch, one) for one in inside)


def _without_prefixes(weights, wanted, reply):
    """Return weights by the network's names, where a part such as ``module.`` stands before those of the file."""
    while True:
        fitting = sum(name in wanted for name in weights)
        prefixes = dict.fromkeys(name.partition(".")[0] + "." for name in weights if "." in name)
        choices = {
            prefix: {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}
            for prefix in prefixes
        }
        best = max(choices, key=lambda prefix: sum(name in wanted for name in choices[prefix]), default="")
        if not best or sum(name in wanted for name in choices[best]) <= fitting:
            if best == "module.":  # of a network in parallel, of another architecture: its names tell more without it
                return choices[best]
            return weights
        reply["notes"].append(f"weights without the prefix {best}")
        weights = choices[best]


def _of_another(request, wanted, weights, missing, unexpected, other):
    """Return what keeps weights from being those of a network."""
    found = []
    if missing:
        found.append(f"{len(missing)} of {len(wanted)} keys missing ({_some(missing)})")
    if unexpected:
        found.append(f"{len(unexpected)} unexpected ({_some(unexpected)})")
    if other:
        first = other[0]
        shapes = f"{first} is {tuple(weights[first].shape)}, in the network {tuple(wanted[first].shape)}"
        found.append(f"{len(other)} of another shape ({shapes})")
    remedy = "give the weights of this network, or other --args"
    if missing and unexpected:
        alike = [name for name in unexpected if weights[name].shape == wanted[missing[0]].shape] or unexpected
        close = difflib.get_close_matches(missing[0], alike, n=1, cutoff=0)
        remedy = f"the nearest to {missing[0]} is {close[0]}; {remedy}"
    raise RefusedError(f"the weights of {request['name']} in {request['checkpoint']}", _listed(found), remedy)


# What it makes of images.


def _of_images(torch, network):
    """Return a network that gives one image, the last of what another gives."""

    class OfImages(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, images):
            return _image(torch, self.network(images))[0]

    return OfImages().eval()


def _image(torch, given):
    """Return the last image in what a network gives, and how many tensors that has."""
    tensors = _tensors(torch, given)
    images = [one for one in tensors if one.dim() == 4 and one.shape[1] in (1, 3)] or [
        one for one in tensors if one.dim() == 4
    ]
    if not images:
        shapes = ", ".join(str(tuple(one.shape)) for one in tensors) or type(given).__name__
        raise RefusedError("an image from the network", shapes, "give a tensor of (batch, channels, height, width)")
    return images[-1], len(tensors)


def _tensors(torch, given):
    if isinstance(given, torch.Tensor):
        return [given]
    inside = given.values() if isinstance(given, dict) else given if isinstance(given, (list, tuple)) else ()
    return [tensor for one in inside for tensor in _tensors(torch, one)]


def _tensor(torch, image):
    content = bytearray(Path(image["file"]).read_bytes())
    return torch.frombuffer(content, dtype=torch.float32).reshape(image["shape"])


def _run(network, images, request, reply):
    """Return what a network makes of each image, None where it fails, and write it beside the image."""
    import torch

    outputs, first = [], None
    for image, entry in zip(images, request["images"]):
        try:
            output = network(image).float().contiguous()
        except RefusedError:
            raise
        except Exception as error:
            first = first or error
            outputs.append(None)
            continue
        Path(entry["output"]).write_bytes(ctypes.string_at(output.data_ptr(), output.numel() * 4))
        outputs.append(output)
    reply["shapes"] = [None if one is None else list(one.shape) for one in outputs]
    if first is not None and all(one is None for one in outputs):
        raise _fails(torch, network, images, first, request)
    place = min((one.numel(), place) for place, one in enumerate(outputs) if one is not None)[1]
    again, count = _image(torch, network.network(images[place]))
    if again.shape != outputs[place].shape or not torch.allclose(again.float(), outputs[place], atol=1e-3, rtol=1e-3):
        expected, found = "a network that gives the same for the same image", "another image the second time"
        raise RefusedError(expected, found, "leave chance out of its forward")
    if count > 1:
        reply["notes"].append(f"it gives {count} tensors: the last image of them is taken")
    return outputs


def _fails(torch, network, images, error, request):
    """Return why a network takes no image; whether it would take luma."""
    expected = f"a network of one image (1, {images[0].shape[1]}, height, width)"
    other = 1 if images[0].shape[1] == 3 else 3
    try:
        network(images[0][:, :1].repeat(1, other, 1, 1))
    except Exception:
        return RefusedError(expected, _said(error, request), _remedy(error))
    said = "say --channels y" if other == 1 else "leave --channels out"
    return RefusedError(expected, f"one of {other} channel{'s' * (other > 1)}", said)


def _example(images, outputs, free):
    """Return an image that a network takes, of an odd size where it takes one: what it pads is seen then."""
    taken = [image for image, output in zip(images, outputs) if output is not None]
    return min(taken, key=lambda image: (image.shape[2] % 2 == 0, image.numel())) if free else taken[0]


# The export.


def _export(torch, network, example, request, reply):
    exporter = request["exporter"]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            EXPORTERS[exporter](torch, network, example, request)
        except RefusedError:
            raise
        except Exception as error:
            raise _not_exported(torch, network, example, error, request) from None
    tracer = getattr(torch.jit, "TracerWarning", ())
    own = [one for one in told if issubclass(one.category, tracer) and _is_persons(one.filename, request)]
    reply["warnings"] = [f"{Path(one.filename).name}:{one.lineno}: {_sentence(str(one.message))}" for one in own]


def _sentence(text):
    return " ".join(text.split()).split(". ")[0]


def _torchscript(torch, network, example, request):
    if importlib.util.find_spec("onnx") is None:
        _do_without_onnx()
    axes = {"input": {2: "height", 3: "width"}, "output": {2: "output_height", 3: "output_width"}}
    settings = {"dynamic_axes": axes} if request["free"] else {}
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        settings["dynamo"] = False
    names = {"input_names": ["input"], "output_names": ["output"]}
    opset = OPSETS["TorchScript"]
    torch.onnx.export(network, (example,), request["out"], opset_version=opset, **names, **settings)


def _do_without_onnx():
    """Leave out the one step of torch's exporter that needs onnx: it adds functions of onnxscript, which no network
    here has. Where another version of torch has no such step, its own refusal says that onnx is missing.
    """
    for name in ("torchscript_exporter.onnx_proto_utils", "onnx_proto_utils"):
        try:
            module = importlib.import_module("torch.onnx._internal." + name)
            parameters = list(inspect.signature(module._add_onnxscript_fn).parameters)
        except (ImportError, AttributeError):
            continue
        if parameters == ["model_bytes", "custom_opsets"]:
            module._add_onnxscript_fn = _as_it_is
            return


def _as_it_is(model_bytes, custom_opsets):
    if custom_opsets:
        raise RuntimeError("Module onnx is not installed!")
    return model_bytes


def _dynamo(torch, network, example, request):
    from torch.export import Dim

    shapes = {"images": {2: Dim("height"), 3: Dim("width")}} if request["free"] else None
    names = {"input_names": ["input"], "output_names": ["output"], "dynamic_shapes": shapes}
    settings = {"opset_version": OPSETS["dynamo"], "dynamo": True, "external_data": False}
    torch.onnx.export(network, (example,), request["out"], **names, **settings)


EXPORTERS = {"TorchScript": _torchscript, "dynamo": _dynamo}


def _not_exported(torch, network, example, error, request):
    said = " ".join(str(error).split())
    expected = f"a network that torch {torch.__version__} exports to ONNX"
    if NEEDS_ONNX in said:
        return RefusedError(f"onnx beside torch {torch.__version__} in {sys.executable}", "none", "install onnx there")
    operator = re.search(r"\b(aten|prim|torchvision)(::|\.)\w+", said)
    where = _line_in(str(error), request)
    if operator and not where and request["exporter"] == "TorchScript":
        where = _line_of(torch, network, example, operator.group(0), request)
    found = f"the operator {operator.group(0)}" if operator else _said(error, request)
    return RefusedError(expected, found + (f" at {where}" if operator and where else ""), "write it by other operators")


def _line_of(torch, network, example, operator, request):
    """Return where an operator stands in a person's file."""
    try:
        graph = torch.jit.trace(network, example, check_trace=False).inlined_graph
        nodes = graph.findAllNodes(operator, recurse=True)
    except Exception:
        return ""
    return next((where for node in nodes for where in [_line_in(node.sourceRange(), request)] if where), "")


def _line_in(text, request):
    """Return the first line of a person's files that a text of an error names."""
    for path, line in re.findall(r'([^\s"()]+\.py)(?:", line |\(|:)(\d+)', text):
        if _is_persons(path, request):
            return f"{Path(path).name}:{line}"
    return ""


# What is said of errors, and which files are a person's.


class PersonsCode:
    """Turns what a person's code raises into one line."""

    def __init__(self, request, what):
        self.request, self.what = request, what

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if error is None or isinstance(error, (RefusedError, KeyboardInterrupt)):
            return False
        path, name = self.request["path"], self.request["name"]
        raise RefusedError(f"{name} of {path} {self.what}", _said(error, self.request), _remedy(error)) from None


def _remedy(error):
    if isinstance(error, ImportError) and getattr(error, "name", None):
        return f"install it for {sys.executable}, or take the import out"
    return "mend the network"


def _said(error, request=None):
    """Return an error in a line, and where in a person's own files."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if request and _is_persons(frame.filename, request)]
    where = f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    if isinstance(error, SyntaxError) and error.filename:
        where = f" at {Path(error.filename).name}:{error.lineno}"
        return f"SyntaxError: {error.msg}{where}"
    return f"{type(error).__name__}: {_first_line(error)[:300]}{where}"


def _first_line(error):
    return " ".join((re.sub("\x1b\\[[0-9;]*m", "", str(error)).strip().splitlines() or [""])[0].split())


def _listed(names):
    return ", ".join(names)


def _some(names):
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _near(name, known):
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else "name one of these"


def _is_persons(path, request):
    folder = Path(request["path"] or request["checkpoint"]).parent
    return str(Path(path).absolute()).startswith(f"{folder}{os.sep}") and "-packages" + os.sep not in path


def _watched():
    """Note from here on which files are opened to be read."""
    opened = set()

    def note(event, arguments):
        if event == "open" and isinstance(arguments[0], str) and "r" in (arguments[1] or "r"):
            opened.add(str(Path(arguments[0]).absolute()))

    sys.addaudithook(note)
    return opened


def _digests(opened, request):
    """Return the SHA-256 of what a network's code read beside its own file, by path."""
    modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    files = {str(Path(name).absolute()) for name in modules if name} | opened
    system = [sys.prefix, sys.base_prefix, str(Path(os.__file__).parent), "/proc", "/sys", "/dev", "/etc", "/usr"]
    own = [request["path"], request["checkpoint"], str(Path(__file__).absolute())]
    own += [image[key] for image in request["images"] for key in ("file", "output")] + [request["out"]]
    found = {}
    for file in sorted(files - set(own)):
        ours = file.startswith(tuple(folder + os.sep for folder in system)) or "-packages" + os.sep in file
        if not ours and not file.endswith(".pyc") and Path(file).is_file():
            found[file] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return found


if __name__ == "__main__":
    del sys.path[0]  # this file's folder: what else is in it is none of the network's
    main(sys.argv[1])
