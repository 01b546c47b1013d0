"""Files of PyTorch's weights, read without running anything of them, and put into a network. Run where torch is."""

import difflib
import json
import math
import re
import struct
import tarfile
from pathlib import Path

from torch_script_errors import RefusedError, listed, some

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


def read_weights(path):
    """Return what a file of weights holds, without running anything of it."""
    if path.endswith(".safetensors"):
        return _safetensors(path)
    import torch

    if _is_tar(path):
        raise RefusedError(
            f"weights alone in {path}",
            "a tar archive, of which torch before 2.6 runs code; nothing of it was read",
            "save its weights anew, torch.save(network.state_dict(), ...), where you trust it",
        )
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


def _is_tar(path):
    """Whether a file is a tar archive of anything; one that starts with zeros is an empty one, or damaged."""
    if not Path(path).is_file() or not tarfile.is_tarfile(path):
        return False
    with Path(path).open("rb") as file:
        return file.read(1) != b"\0"


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
        strange = sorted({str(entry["dtype"]) for entry in header.values()} - set(SAFETENSORS))
        if strange:
            expected = f"weights of {', '.join(SAFETENSORS)} in {path}"
            raise RefusedError(expected, listed(strange), "save them as float16 or float32")
        return {name: _slice(torch, content, entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError, struct.error):
        raise damaged from None


def _slice(torch, content, entry):
    (begin, end), shape = entry["data_offsets"], entry["shape"]
    kind = getattr(torch, SAFETENSORS[entry["dtype"]])
    values = math.prod(shape)
    wanted = values * torch.empty(0, dtype=kind).element_size()
    if not 0 <= begin <= end <= len(content) or end - begin != wanted or min([0, *shape]) < 0:
        raise ValueError(end)
    if not values:
        return torch.zeros(shape, dtype=kind)
    return torch.frombuffer(content[begin:end], dtype=kind).reshape(shape)


def load(network, found, request, reply):
    """Load weights into a network: unwrapped, and without what stands before all their names."""
    import torch

    wanted = network.state_dict()
    weights = _unwrapped(torch, found, request["checkpoint"], reply)
    weights, left = _without_prefixes(weights, wanted, reply)
    missing = [name for name in wanted if name not in weights and not name.endswith("num_batches_tracked")]
    unexpected = [*(name for name in weights if name not in wanted), *left]
    other = [name for name in wanted if name in weights and weights[name].shape != wanted[name].shape]
    parts = {name.partition(".")[0] for name in wanted}
    unknown = [name for name in unexpected if name.partition(".")[0] in parts or name.partition(".")[0].isdigit()]
    if missing or other or unknown:
        raise _of_another(request, wanted, {**left, **weights}, missing, unexpected, other)
    halves = {str(value.dtype)[6:] for name, value in weights.items() if name in wanted and value.is_floating_point()}
    if halves - {"float32"}:
        reply["notes"].append(f"weights of {listed(sorted(halves - {'float32'}))}, computed in float32")
    if unexpected:  # of parts that it hasn't at all, such as a loss
        reply["notes"].append(f"{len(unexpected)} weights of the file aren't the network's ({some(unexpected)})")
    reply["unused"] = unexpected
    network.float().load_state_dict({name: value for name, value in weights.items() if name in wanted}, strict=False)


def _unwrapped(torch, found, path, reply):
    under = []
    while isinstance(found, dict):
        tensors = {str(name): value for name, value in found.items() if isinstance(value, torch.Tensor)}
        inside = [name for name, value in found.items() if _holds_tensors(torch, value)]
        known = [name for name in WRAPPERS if name in inside]
        if tensors and not known and len(tensors) >= len(inside):  # else they are a step, or a rate of decay
            if under:
                reply["notes"].append(f"weights under {'.'.join(under)}")
            return tensors
        if not inside:
            break
        name = (known or inside)[0]
        under.append(str(name))
        found = found[name]
    raise RefusedError(f"weights by their names in {path}", type(found).__name__, "save the network's state_dict()")


def _holds_tensors(torch, value):
    inside = value.values() if isinstance(value, dict) else ()
    return any(isinstance(one, torch.Tensor) or _holds_tensors(torch, one) for one in inside)


def _without_prefixes(weights, wanted, reply):
    """Return weights by the network's names, where a part such as ``module.`` stands before those of the file; and
    what is left over, by the file's names.
    """
    before, left = "", {}
    while True:
        prefixes = dict.fromkeys(name.partition(".")[0] + "." for name in weights if "." in name)
        choices = {
            prefix: {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}
            for prefix in sorted(prefixes, key=_rank)
        }
        fitting = {prefix: sum(name in wanted for name in choice) for prefix, choice in choices.items()}
        best = max(fitting, key=lambda prefix: fitting[prefix], default="")
        # Without that of a network in parallel, names tell more, where it is of another architecture.
        is_better = best and fitting[best] > sum(name in wanted for name in weights)
        if not is_better and best != "module.":
            return weights, left
        if is_better:
            others = [before + one for one in fitting if one != best and fitting[one] == fitting[best]]
            told = f"; {listed(others)} would fit as well" if others else ""
            reply["notes"].append(f"weights without the prefix {before}{best}{told}")
        left.update({before + name: value for name, value in weights.items() if not name.startswith(best)})
        before, weights = before + best, choices[best]


def _rank(prefix):
    """Return a prefix's place among those that hold weights, the better first."""
    name = prefix[:-1]
    return WRAPPERS.index(name) if name in WRAPPERS else len(WRAPPERS)


def _of_another(request, wanted, weights, missing, unexpected, other):
    """Return what keeps weights from being those of a network."""
    found = []
    if missing:
        found.append(f"{len(missing)} of {len(wanted)} keys missing ({some(missing)})")
    if unexpected:
        found.append(f"{len(unexpected)} unexpected ({some(unexpected)})")
    if other:
        first = other[0]
        shapes = f"{first} is {tuple(weights[first].shape)}, in the network {tuple(wanted[first].shape)}"
        found.append(f"{len(other)} of another shape ({shapes})")
    remedy = "give the weights of this network, or other --args"
    if missing and unexpected:
        alike = [name for name in unexpected if weights[name].shape == wanted[missing[0]].shape] or unexpected
        close = difflib.get_close_matches(missing[0], alike, n=1, cutoff=0)
        remedy = f"the nearest to {missing[0]} is {close[0]}; {remedy}"
    raise RefusedError(f"the weights of {request['name']} in {request['checkpoint']}", listed(found), remedy)
