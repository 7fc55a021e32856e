"""What Python finds in a page besides torch: imports that say what there is, and a fuller math."""

import builtins
import sys

import _math
import _torch
import torch


def to_float(thing=0):
    """float(x), of tensors, too."""
    kind = torch._tensor
    if isinstance(thing, torch.Tensor):
        return float(kind.read(_torch.operators.number(thing._js)))
    return float(thing)


# Imports ------------------------------------------------------------------------------------------


def importing(name, *more):
    """import, with an error that says what there is to import."""
    try:
        if name.split(".")[0] in ("js", "jsffi", "uctypes"):
            raise ImportError(name)  # not for heads: JavaScript's side, and bare memory
        return built_in(name, *more)
    except ImportError:
        raise ImportError(
            f"{name} is not in this page: you can import torch, torch.nn, "
            "torch.nn.functional and math."
        ) from None


def asking(prompt=""):
    raise OSError("input() does not work in this page: write the value into the code")


sys.modules["math"] = _math
for name in ("js", "jsffi"):
    sys.modules.pop(name, None)
builtins.input = asking
built_in, builtins.__import__ = builtins.__import__, importing
