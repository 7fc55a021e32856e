"""A small stand-in for PyTorch, for MicroPython in a page: what an attention may need, and more.

Names, arguments, results and errors are those of torch. There are float32, int64 and bool, one
device, and no gradients. The tensors are in _tensor.py and, as JavaScript, in calls.js.
"""

import math as _math

from torch import _tensor
from torch._tensor import Tensor, device, dtype  # noqa: F401

__version__ = "2.13 in small"
_MORE = "; here floats are torch.float32 and integers torch.int64"
_TYPES = {
    "float64",
    "float16",
    "bfloat16",
    "double",
    "half",
    "int32",
    "int16",
    "int8",
    "uint8",
    "short",
    "complex64",
    "cfloat",
}
_KNOWN = _tensor.KNOWN | set(
    """autocast amp autograd backends compile cuda mps linalg load save
optim random set_default_dtype sparse enable_grad set_grad_enabled Generator get_default_dtype
from_numpy tensordot vmap dstack bernoulli multinomial normal inner special kron vdot block_diag
index_put bincount histc unravel_index cartesian_prod combinations""".split()
)
_names = globals()
_names.update(_tensor.FUNCTIONS)

float32 = float = _tensor.DTYPES["float32"]  # noqa: A001
int64 = long = _tensor.DTYPES["int64"]
bool = _tensor.DTYPES["bool"]  # noqa: A001
inf, nan, pi, e = _math.inf, _math.nan, _math.pi, _math.e
Size = tuple


class no_grad:  # noqa: N801
    """There are no gradients here, so there is nothing to switch off."""

    def __init__(self, mode=True):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __call__(self, function):
        return function


inference_mode = no_grad


def is_tensor(obj):
    return isinstance(obj, Tensor)


def is_floating_point(input):
    return input.dtype is float32


class finfo:  # noqa: N801
    """The limits of a type of floats."""

    bits, eps, resolution = 32, 1.1920928955078125e-07, 1e-06
    max, min = 3.4028234663852886e38, -3.4028234663852886e38
    tiny = smallest_normal = 1.1754943508222875e-38
    dtype = "float32"

    def __init__(self, type=float32):
        if type is not float32:
            raise TypeError(
                "torch.finfo() requires a floating point input type. "
                "Use torch.iinfo to handle 'torch.finfo'"
            )


class iinfo:  # noqa: N801
    """The limits of a type of integers."""

    bits, max, min, dtype = 64, (1 << 63) - 1, -(1 << 63), "int64"

    def __init__(self, type):
        if type is not int64:
            raise TypeError(
                "torch.iinfo() requires an integer input type. "
                "Use torch.finfo to handle 'torch.iinfo'"
            )


def meshgrid(*tensors, indexing="ij"):
    """Tables of what stands in each row, in each column, and so on."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tensors[0]
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received: ' + indexing
        )
    shape = [tensor.numel() for tensor in tensors]
    tables = []
    for dim, tensor in enumerate(tensors):
        sizes = [1] * len(shape)
        sizes[dim] = -1
        table = tensor.reshape(sizes).expand(shape)
        tables.append(table.transpose(0, 1) if indexing == "xy" and len(shape) > 1 else table)
    return tuple(tables)


from torch import nn  # noqa: E402, F401 (it needs the names above, and not the function below)


def __getattr__(name):
    if name in _TYPES or name in _KNOWN:
        raise AttributeError(_tensor.elsewhere("torch." + name) + (_MORE if name in _TYPES else ""))
    raise AttributeError(f"module 'torch' has no attribute '{name}'")
