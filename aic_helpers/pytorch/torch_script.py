"""A PyTorch network -> `.onnx`, in the interpreter that has its packages: ``python torch_script.py REQUEST.json``.

This file is run there as a program. It and the two beside it need Python 3.8 and torch, and nothing else; they import
no module of the workbench, and none imports them. What came of it is written to ``reply`` of the request, as JSON.
"""

import ctypes
import hashlib
import importlib
import importlib.util
import inspect
import json
import os
import re
import sys
import warnings
from pathlib import Path

from torch_script_errors import (
    PersonsCode,
    RefusedError,
    first_line,
    line_in,
    listed,
    near,
    remedy_of,
    words_of,
)
from torch_script_weights import load, read_weights

OPSETS = {"TorchScript": 17, "dynamo": 18}

NEEDS_ONNX = "onnx is not installed"


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
    try:
        import torch
    except ImportError as error:
        found = words_of(error)
        raise RefusedError(f"torch in {sys.executable}", found, "install it there, or name another --python") from None
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
        load(network, read_weights(request["checkpoint"]), request, reply)
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
            f"a class or function {name} in {path}", ", ".join(known) or "none of its own", near(name, known)
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
        words = f"--args of {listed(known)}" if known else f"no --args, for {name} takes none"
        raise RefusedError(words, strange[0], near(strange[0], known) if known else "leave --args out")
    empty = inspect.Parameter.empty
    missing = [one for one in known if parameters[one].default is empty and one not in arguments]
    if missing:
        said = " ".join(f"{one}=..." for one in missing)
        raise RefusedError(f"--args '{said}', which {name} needs", "none of them", "say what it was trained with")


def _recognised(request, reply):
    """Return the network of a file of weights, where spandrel is there and knows it."""
    path = request["checkpoint"]
    weights = read_weights(path)
    try:
        from spandrel import ModelLoader
    except Exception as error:  # of another torch than its own, torchvision raises more than an ImportError
        missing = isinstance(error, ImportError) and error.name
        found = f"no {error.name}" if missing else f"a spandrel that can't be loaded ({words_of(error)})"
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
            words_of(error) if first_line(error) else "another",
            f"give file.py:Network with --checkpoint {Path(path).name}",
        ) from None
    kind = getattr(getattr(found, "architecture", None), "name", None) or type(found.model).__name__
    reply["notes"].append(f"spandrel recognises {kind}")
    return found.model


# What it makes of images.


def _of_images(torch, network):
    """Return a network that gives one image, the last of what another gives."""

    class OfImages(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, images):
            return _image(torch, self.network(images.clone()))[0]  # for one that works in place

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
    if any(not torch.isfinite(output).all() for output in outputs if output is not None):
        remedy = "give it the weights that it was trained to, or mend the network"
        raise RefusedError("an image of numbers from the network", "NaN or infinity in it", remedy)
    again, count = _image(torch, network.network(images[place].clone()))
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
        return RefusedError(expected, words_of(error, request), remedy_of(error))
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
    others = (str(Path(torch.__file__).parent) + os.sep, str(Path(__file__).absolute()))
    own = [one for one in told if issubclass(one.category, tracer) and not one.filename.startswith(others)]
    said = [f"{Path(one.filename).name}:{one.lineno}: {_sentence(str(one.message))}" for one in own]
    reply["warnings"] = list(dict.fromkeys(said))


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
    where = line_in(str(error), request)
    if operator and not where and request["exporter"] == "TorchScript":
        where = _line_of(torch, network, example, operator.group(0), request)
    found = f"the operator {operator.group(0)}" if operator else words_of(error, request)
    return RefusedError(expected, found + (f" at {where}" if operator and where else ""), "write it by other operators")


def _line_of(torch, network, example, operator, request):
    """Return where an operator stands in a person's file."""
    try:
        graph = torch.jit.trace(network, example, check_trace=False).inlined_graph
        nodes = graph.findAllNodes(operator, recurse=True)
    except Exception:
        return ""
    return next((where for node in nodes for where in [line_in(node.sourceRange(), request)] if where), "")


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
    own = [request["path"], request["checkpoint"], *map(str, Path(__file__).absolute().parent.glob("*.py"))]
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
