"""What Python finds in a page besides torch: imports that say what there is, and a fuller math."""
import builtins
import math
import sys

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
        return built_in(name, *more)
    except ImportError:
        raise ImportError(f"{name} is not in this page: you can import torch, torch.nn, "
                          "torch.nn.functional and math.") from None


class Math:
    """MicroPython's math, and what is missing there."""
    __name__ = "math"

    def __getattr__(self, name):
        raise AttributeError(f"module 'math' has no attribute '{name}'")


def prod(iterable, start=1):
    for number in iterable:
        start *= number
    return start


def gcd(a, b):
    while b:
        a, b = b, a % b
    return abs(a)


def fuller(module):
    more = Math()
    for name in dir(module):
        if not name.startswith("__"):
            setattr(more, name, getattr(module, name))
    more.prod, more.gcd, more.fsum = prod, gcd, sum
    more.comb = lambda n, k: more.factorial(n) // (more.factorial(k) * more.factorial(n - k))
    more.isqrt = lambda n: int(more.sqrt(n))
    more.hypot = lambda *sides: more.sqrt(sum(side * side for side in sides))
    more.exp2 = lambda x: 2.0 ** x
    return more


sys.modules["math"] = fuller(math)
built_in, builtins.__import__ = builtins.__import__, importing
